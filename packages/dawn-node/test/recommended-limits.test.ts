import { recommendedLimits } from '@gpuheap/webgpu';
import { describe, expect, it } from 'vitest';
import { create } from 'webgpu';
import { keptGpu } from '../src/gpu-vault.ts';
import { openDawn } from '../src/open-dawn.ts';
import { findSoftwareVulkan } from '../src/software/software-vulkan.ts';
import { withVulkanDriver } from '../src/vulkan-environment.ts';

/** A fresh adapter: each gives one device. */
async function requestAdapter(kind: 'software' | 'null'): Promise<GPUAdapter> {
  if (kind === 'null') {
    const adapter = await keptGpu('null', () => create(['backend=null'])).requestAdapter();
    return adapter!;
  }
  // Brings the loader of the driver, and keeps the GPU object that is asked here.
  (await openDawn({ device: kind })).close();
  const manifest = (await findSoftwareVulkan())?.manifest;
  const adapter = await withVulkanDriver(manifest, () =>
    keptGpu(`software ${manifest}`, () => create([])).requestAdapter({ forceFallbackAdapter: true }),
  );
  return adapter!;
}

/** Limits are getters of a prototype: read one by one. */
function limitsOf({ limits }: GPUAdapter | GPUDevice, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, limits[name as keyof GPUSupportedLimits]]));
}

describe.each(['software', 'null'] as const)('recommended limits on the %s adapter', (kind) => {
  it('are granted, all of them', async () => {
    const adapter = await requestAdapter(kind);
    const requiredLimits = recommendedLimits(adapter);
    const names = Object.keys(requiredLimits);
    expect(names).toContain('maxBufferSize');
    expect(names).toContain('minStorageBufferOffsetAlignment');
    expect(names.length).toBeGreaterThanOrEqual(13);
    const device = await adapter.requestDevice({ requiredLimits });
    expect(limitsOf(device, names)).toEqual(limitsOf(adapter, names));
    device.destroy();
  });

  it('are granted with wishes, which hold them back', async () => {
    const adapter = await requestAdapter(kind);
    const wishes = {
      maxBufferSize: 2 ** 28 + 4,
      maxStorageBufferBindingSize: 2 ** 27 + 4,
      maxStorageBuffersPerShaderStage: 9,
      maxVertexBuffers: 8,
      minUniformBufferOffsetAlignment: 256,
      minStorageBufferOffsetAlignment: 256,
    };
    // The null adapter offers the defaults and no more.
    const expected = kind === 'null' ? limitsOf(adapter, Object.keys(wishes)) : wishes;
    const device = await adapter.requestDevice({ requiredLimits: recommendedLimits(adapter, wishes) });
    expect(limitsOf(device, Object.keys(wishes))).toEqual(expected);
    device.destroy();
  });
});
