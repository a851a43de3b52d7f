import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasHardwareDriver } from '../src/vulkan-environment.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpuheap-test-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

describe('hasHardwareDriver', () => {
  it.each(['XDG_CONFIG_HOME', 'XDG_CONFIG_DIRS', 'XDG_DATA_HOME', 'XDG_DATA_DIRS'])(
    'finds the manifest of a driver in %s, and takes a software one for none',
    async (name) => {
      const before = hasHardwareDriver();
      vi.stubEnv(name, folder);
      const manifests = join(folder, 'vulkan', 'icd.d');
      await mkdir(manifests, { recursive: true });
      await writeFile(join(manifests, 'lvp_icd.x86_64.json'), '{}');
      if (!before) expect(hasHardwareDriver()).toBe(false);
      await writeFile(join(manifests, 'radeon_icd.x86_64.json'), '{}');
      expect(hasHardwareDriver()).toBe(true);
    },
  );
});
