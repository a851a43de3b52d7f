import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  defaultCacheFolder,
  findChromiumPackage,
  findSoftwareVulkan,
  unpackOnce,
} from '../src/software/index.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpuheap-test-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** The library that a driver manifest names, as the Vulkan loader finds it. */
async function driverOf(manifest: string): Promise<string> {
  const { ICD } = JSON.parse(await readFile(manifest, 'utf8')) as { ICD: { library_path: string } };
  return resolve(dirname(manifest), ICD.library_path);
}

describe('findSoftwareVulkan', () => {
  it('unpacks driver and loader once', async () => {
    const cacheFolder = join(folder, 'deep', 'cache');
    const found = await findSoftwareVulkan({ cacheFolder });
    expect(found?.source).toBe('npm');
    expect(existsSync(await driverOf(found?.manifest ?? ''))).toBe(true);
    const before = await stat(found?.loader ?? '');
    expect(await findSoftwareVulkan({ cacheFolder })).toEqual(found);
    expect((await stat(found?.loader ?? '')).ino).toBe(before.ino);
  });

  it('mends what was damaged', async () => {
    const found = await findSoftwareVulkan({ cacheFolder: folder });
    const manifest = found?.manifest ?? '';
    await rm(await driverOf(manifest));
    await writeFile(manifest, '{"ICD":{"library_path":"/nowhere.so"}}');
    await findSoftwareVulkan({ cacheFolder: folder });
    expect(existsSync(await driverOf(manifest))).toBe(true);
  });

  it('may mend one manifest many times at once', async () => {
    const found = await findSoftwareVulkan({ cacheFolder: folder });
    const manifest = found?.manifest ?? '';
    for (let round = 0; round < 10; round++) {
      await writeFile(manifest, '{"ICD":{"library_path":"/nowhere.so"}}');
      const all = await Promise.all([1, 2, 3, 4].map(() => findSoftwareVulkan({ cacheFolder: folder })));
      expect(all.map((each) => each?.source)).toEqual(['npm', 'npm', 'npm', 'npm']);
      expect(existsSync(await driverOf(manifest))).toBe(true);
    }
    expect(await readdir(dirname(manifest))).toHaveLength((await readdir(found?.folder ?? '')).length);
  });

  it('may run many times at once, and leaves nothing behind', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => findSoftwareVulkan({ cacheFolder: folder })));
    expect(new Set(all.map((found) => found?.folder)).size).toBe(1);
    expect(existsSync(await driverOf(all[0]?.manifest ?? ''))).toBe(true);
    expect(await readdir(folder)).toHaveLength(1);
  });
});

describe('unpackOnce', () => {
  it('shows a folder only when it is complete', async () => {
    const target = join(folder, 'whole');
    await unpackOnce(target, ['a'], async (into) => {
      await writeFile(join(into, 'a'), 'one');
      expect(existsSync(target)).toBe(false);
    });
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('one');
  });

  it('leaves nothing behind when filling fails', async () => {
    const failing = unpackOnce(join(folder, 'whole'), ['a'], () => Promise.reject(new Error('disk full')));
    await expect(failing).rejects.toThrow('disk full');
    expect(await readdir(folder)).toEqual([]);
  });

  it('tells when what was filled is gone', async () => {
    const failing = unpackOnce(join(folder, 'whole'), ['a'], (into) => rm(into, { recursive: true }));
    await expect(failing).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('keeps the files that were there', async () => {
    const target = join(folder, 'whole');
    const fill = (text: string) => async (into: string) => {
      for (const file of ['a', 'b']) await writeFile(join(into, file), text);
    };
    await unpackOnce(target, ['a', 'b'], fill('first'));
    await rm(join(target, 'b'));
    await unpackOnce(target, ['a', 'b'], fill('second'));
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('first');
    expect(await readFile(join(target, 'b'), 'utf8')).toBe('second');
  });
});

describe('where things are', () => {
  it('is the cache folder of the user', () => {
    vi.stubEnv('XDG_CACHE_HOME', '/somewhere/cache');
    expect(defaultCacheFolder()).toBe('/somewhere/cache/gpuheap');
    vi.stubEnv('XDG_CACHE_HOME', '');
    vi.stubEnv('HOME', '/home/someone');
    expect(defaultCacheFolder()).toBe('/home/someone/.cache/gpuheap');
  });

  it('is the installed package', () => {
    const found = findChromiumPackage();
    expect(found?.version).toMatch(/^\d+\./);
    expect(existsSync(join(found?.binFolder ?? '', 'swiftshader.tar.br'))).toBe(true);
  });
});
