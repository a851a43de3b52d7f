import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackendError, BufferUsage } from '@gpuheap/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type DawnDevice, findSoftwareVulkan, type OpenDawnOptions, openDawn } from '../src/index.ts';

const BOTH_WAYS = BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
const DRIVER_VARIABLES = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES', 'XDG_RUNTIME_DIR'];
const opened: DawnDevice[] = [];

async function open(options?: OpenDawnOptions): Promise<DawnDevice> {
  const dawn = await openDawn(options);
  opened.push(dawn);
  return dawn;
}

afterEach(() => {
  vi.unstubAllEnvs();
  for (const dawn of opened.splice(0)) dawn.close();
});

describe('openDawn', () => {
  it('opens a software device that moves bytes', async () => {
    const dawn = await open({ device: 'software' });
    expect(dawn.kind).toBe('software');
    expect(dawn.adapterInfo.isFallbackAdapter).toBe(true);
    const backend = dawn.backend();
    const { buffer, settled } = backend.createBuffer({ size: 64, usage: BOTH_WAYS, memoryType: 0 });
    await settled;
    backend.write(buffer, 8, Uint8Array.of(1, 2, 3, 4));
    expect(await backend.read(buffer, 7, 6)).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 0));
    backend.dispose();
  });

  it('asks for the largest buffers and bindings that the adapter has', async () => {
    const { device } = await open({ device: 'software' });
    expect(device.limits.maxBufferSize).toBeGreaterThan(256 * 1024 * 1024);
    expect(device.limits.maxStorageBufferBindingSize).toBeGreaterThan(128 * 1024 * 1024);
  });

  it('asks for the limits it is given, and refuses those beyond the adapter', async () => {
    const { device } = await open({
      device: 'software',
      requiredLimits: { maxBufferSize: 256 * 1024 * 1024 },
    });
    expect(device.limits.maxBufferSize).toBe(256 * 1024 * 1024);
    const beyond = openDawn({ device: 'software', requiredLimits: { maxBindGroups: 10_000 } });
    await expect(beyond).rejects.toMatchObject({ name: 'BackendError', code: 'backend-failed' });
  });

  it('opens something by default, hardware or software', async () => {
    const dawn = await open();
    expect(['hardware', 'software']).toContain(dawn.kind);
  });

  it('writes views of shared memory', async () => {
    const backend = (await open({ device: 'software' })).backend();
    const { buffer } = backend.createBuffer({ size: 16, usage: BOTH_WAYS, memoryType: 0 });
    const shared = new Uint8Array(new SharedArrayBuffer(16), 4, 8).fill(9);
    backend.write(buffer, 4, shared);
    expect(await backend.read(buffer, 0, 16)).toEqual(
      Uint8Array.of(0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 0, 0, 0, 0),
    );
  });

  it('leaves the environment as it was, also when many are opened at once', async () => {
    const before = DRIVER_VARIABLES.map((name) => process.env[name]);
    const all = await Promise.all([1, 2, 3].map(() => open({ device: 'software' })));
    expect(all.map(({ kind }) => kind)).toEqual(['software', 'software', 'software']);
    expect(DRIVER_VARIABLES.map((name) => process.env[name])).toEqual(before);
  });

  it('opens the null device, which validates', async () => {
    const dawn = await open({ device: 'null' });
    expect(dawn.kind).toBe('null');
    dawn.device.pushErrorScope('validation');
    dawn.device.createBuffer({ size: 4, usage: 0 });
    expect(await dawn.device.popErrorScope()).not.toBeNull();
  });

  it('tells backends of its end, and closes twice without a word', async () => {
    const dawn = await open({ device: 'software' });
    const backend = dawn.backend();
    dawn.close();
    dawn.close();
    expect((await backend.lost).reason).toBe('destroyed');
    await expect(dawn.device.lost).resolves.toMatchObject({ reason: 'destroyed' });
  });

  it.each([
    ['an unknown kind', { device: 'gpu' }, 'bad-argument'],
    ['an unknown option', { adapter: 1 }, 'unknown-option'],
    ['limits that are none', { requiredLimits: 7 }, 'bad-argument'],
    ['an empty folder name', { cacheFolder: '' }, 'bad-argument'],
    ['no object', 'hardware', 'bad-argument'],
  ])('refuses %s', async (_, options, code) => {
    await expect(openDawn(options as OpenDawnOptions)).rejects.toMatchObject({ name: 'UsageError', code });
  });

  it('does not take a driver on the CPU for hardware, whatever its name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gpuheap-test-'));
    const found = await findSoftwareVulkan();
    const text = await readFile(found?.manifest ?? '', 'utf8');
    const disguised = join(folder, 'fast_card.json');
    await writeFile(disguised, text);
    vi.stubEnv('VK_DRIVER_FILES', disguised);
    await expect(openDawn({ device: 'hardware' })).rejects.toMatchObject({ code: 'no-adapter' });
    expect((await open()).kind).toBe('software');
    await rm(folder, { recursive: true });
  });

  it('says why a software driver could not be unpacked, where there is no other', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gpuheap-test-'));
    const cacheFolder = join(folder, 'a-file');
    await writeFile(cacheFolder, '');
    const software = await openDawn({ device: 'software', cacheFolder }).catch((error: unknown) => error);
    if (software instanceof BackendError) {
      expect(software.code).toBe('no-adapter');
      expect(software.message).toMatch(/the software driver could not be unpacked: Error: (EEXIST|ENOTDIR)/);
    } else {
      opened.push(software as DawnDevice);
      expect((software as DawnDevice).kind).toBe('software');
    }
    await rm(folder, { recursive: true });
  });

  it('says what to install when there is no hardware', async () => {
    const hardware = await openDawn({ device: 'hardware' }).catch((error: unknown) => error);
    if (hardware instanceof BackendError) {
      expect(hardware.code).toBe('no-adapter');
      expect(hardware.message).toContain('npm install @sparticuz/chromium');
    } else {
      opened.push(hardware as DawnDevice);
      expect(existsSync('/dev/dri') || existsSync('/dev/nvidia0') || process.platform !== 'linux').toBe(true);
    }
  });
});
