import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BufferUsage } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { openDawnHeap } from '../src/index.ts';

const USAGE = BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST;

describe('openDawnHeap', () => {
  it('keeps the bytes of many allocations, reused ranges too', async () => {
    const heap = await openDawnHeap({ device: 'software', chunkBytes: 1024 * 1024 });
    const pattern = (id: number, size: number) => Uint8Array.from({ length: size }, (_, at) => id * 31 + at);
    const kept = new Map<number, ReturnType<typeof heap.allocate>>();
    for (let id = 0; id < 300; id++) {
      const size = 1 + ((id * 977) % 9000);
      const allocation = heap.allocate({ size, usage: USAGE, label: `resource ${id}` });
      allocation.write(pattern(id, size));
      kept.set(id, allocation);
      if (id % 3 === 0) {
        const oldest = [...kept.keys()][0] ?? id;
        kept.get(oldest)?.free();
        kept.delete(oldest);
      }
      if (id % 20 === 0) heap.endFrame();
    }
    for (const [id, allocation] of kept) {
      const bytes = await allocation.read();
      expect(Buffer.compare(bytes, pattern(id, allocation.size)), `resource ${id}`).toBe(0);
    }
    expect(heap.statistics().allocationCount).toBe(kept.size);
    heap.dispose();
    expect((await heap.device.lost).reason).toBe('destroyed');
  });

  it('binds its ranges in a compute shader', async () => {
    const heap = await openDawnHeap({ device: 'software' });
    const { device } = heap;
    const numbers = heap.allocate({ size: 256, usage: USAGE, access: 'write' });
    numbers.write(Uint32Array.from({ length: 64 }, (_, at) => at));
    const code =
      '@group(0) @binding(0) var<storage, read_write> n: array<u32>;' +
      '@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u)' +
      '{ n[id.x] = n[id.x] * 3u; }';
    const module = device.createShaderModule({ code });
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
    const layout = pipeline.getBindGroupLayout(0);
    const group = device.createBindGroup({ layout, entries: [{ binding: 0, resource: numbers.binding() }] });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(1);
    pass.end();
    device.queue.submit([encoder.finish()]);
    heap.endFrame();
    const bytes = await numbers.read();
    expect([...new Uint32Array(bytes.buffer)]).toEqual(Array.from({ length: 64 }, (_, at) => at * 3));
    heap.dispose();
  });

  it('passes on what is for the device', async () => {
    const cacheFolder = await mkdtemp(join(tmpdir(), 'gpuheap-test-'));
    const requiredLimits = { maxBufferSize: 256 * 1024 * 1024 };
    const heap = await openDawnHeap({ device: 'software', requiredLimits, cacheFolder });
    expect(heap.device.limits.maxBufferSize).toBe(256 * 1024 * 1024);
    expect(heap.dawn.kind).toBe('software');
    expect(await readdir(cacheFolder)).toHaveLength(1);
    heap.dispose();
    await rm(cacheFolder, { recursive: true });
    const any = await openDawnHeap();
    expect(['hardware', 'software']).toContain(any.dawn.kind);
    any.dispose();
  });

  it('refuses what are no options', async () => {
    for (const options of [null, 7, 'software']) {
      const opening = openDawnHeap(options as never);
      await expect(opening).rejects.toMatchObject({ name: 'UsageError', code: 'bad-argument' });
    }
  });

  it('refuses unknown options, and closes what it had opened', async () => {
    const options = { device: 'software', chunkbytes: 1 } as const;
    await expect(openDawnHeap(options)).rejects.toMatchObject({ code: 'unknown-option' });
  });
});
