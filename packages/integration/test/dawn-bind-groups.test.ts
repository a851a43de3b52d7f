import { type Allocation, BufferUsage } from '@gpuheap/core';
import { type DawnHeap, openDawnHeap } from '@gpuheap/dawn-node';
import { BindGroupCache } from '@gpuheap/webgpu';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const COUNT = 64;
const COMPUTE = 4;

// Writable on both sides: uses of one buffer are then all alike, wherever the heap puts the two.
const SHADER = `
@group(0) @binding(0) var<storage, read_write> source: array<u32>;
@group(0) @binding(1) var<storage, read_write> target_: array<u32>;
@group(0) @binding(2) var<uniform> summand: u32;
@compute @workgroup_size(${COUNT}) fn main(@builtin(local_invocation_index) i: u32) {
  target_[i] = source[i] + summand;
}`;

let heap: DawnHeap;
let layout: GPUBindGroupLayout;
let pipeline: GPUComputePipeline;
const errors: string[] = [];

beforeEach(async () => {
  heap = await openDawnHeap({ device: 'software', chunkBytes: 65_536 });
  const { device } = heap;
  errors.length = 0;
  device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message));
  layout = device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: COMPUTE, buffer: { type: 'storage' } },
      { binding: 1, visibility: COMPUTE, buffer: { type: 'storage' } },
      { binding: 2, visibility: COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } },
    ],
  });
  pipeline = device.createComputePipeline({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ code: SHADER }) },
  });
});

afterEach(async () => {
  await heap.device.queue.onSubmittedWorkDone();
  heap.dispose();
  expect(errors).toEqual([]);
});

const tensor = (): Allocation<GPUBuffer> =>
  heap.allocate({ size: COUNT * 4, usage: BufferUsage.STORAGE, access: 'write' });

const summandOf = (value: number): Allocation<GPUBuffer> => {
  const allocation = heap.allocate({ size: 4, usage: BufferUsage.UNIFORM });
  allocation.write(Uint32Array.of(value));
  return allocation;
};

type Step = readonly [
  source: Allocation<GPUBuffer>,
  target: Allocation<GPUBuffer>,
  summand: Allocation<GPUBuffer>,
];

/** One submission of dispatches in order, each with its group from the cache. */
function run(
  cache: BindGroupCache<GPUBindGroupLayout, GPUBindingResource, GPUBindGroup>,
  steps: Step[],
): void {
  const encoder = heap.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  for (const [source, target, summand] of steps) {
    const group = cache.get(layout, [
      { binding: 0, resource: source },
      { binding: 1, resource: target },
      { binding: 2, resource: summand, dynamic: true },
    ]);
    pass.setBindGroup(0, group, [summand.offset]);
    pass.dispatchWorkgroups(1);
  }
  pass.end();
  heap.device.queue.submit([encoder.finish()]);
  heap.endFrame();
}

const numbersOf = async (allocation: Allocation<GPUBuffer>): Promise<number[]> => {
  const bytes = await allocation.read();
  return [...new Uint32Array(bytes.buffer, bytes.byteOffset, COUNT)];
};

const counting = (from: number): number[] => Array.from({ length: COUNT }, (_, i) => i + from);

describe('a bind-group cache on Dawn', () => {
  it('makes the groups of a chain once, whatever the dynamic offsets', async () => {
    const cache = new BindGroupCache(heap.device);
    const chain = Array.from({ length: 9 }, tensor);
    const summands = [1, 10, 100].map(summandOf);
    chain[0]!.write(Uint32Array.from(counting(0)));
    for (const [frame, summand] of summands.entries()) {
      run(
        cache,
        chain.slice(1).map((target, i): Step => [chain[i]!, target, summand]),
      );
      expect(cache).toMatchObject({ misses: 8, hits: 8 * frame, size: 8 });
      expect(await numbersOf(chain[8]!)).toEqual(counting(8 * 10 ** frame));
    }
  });

  it('makes another group for what lives elsewhere now, and none for what lives where it was', async () => {
    const cache = new BindGroupCache(heap.device);
    const [source, first, second] = [tensor(), tensor(), tensor()];
    const summand = summandOf(5);
    source.write(Uint32Array.from(counting(0)));
    run(cache, [[source, first, summand]]);
    run(cache, [[source, second, summand]]);
    expect(cache.misses).toBe(2);
    const place = first.offset;
    first.free();
    heap.endFrame();
    const heir = tensor();
    expect(heir.offset).toBe(place);
    run(cache, [[second, heir, summand]]);
    run(cache, [[source, heir, summand]]);
    expect(cache).toMatchObject({ misses: 3, hits: 1 });
    expect(await numbersOf(heir)).toEqual(counting(5));
    expect(await numbersOf(second)).toEqual(counting(5));
  });

  it('works on when it holds one group, and when it has forgotten a buffer', async () => {
    const cache = new BindGroupCache(heap.device, { capacity: 1 });
    const tensors = Array.from({ length: 5 }, tensor);
    const summand = summandOf(2);
    tensors[0]!.write(Uint32Array.from(counting(0)));
    const steps = tensors.slice(1).map((target, i): Step => [tensors[i]!, target, summand]);
    run(cache, steps);
    expect(cache).toMatchObject({ size: 1, evictions: 3 });
    expect(cache.forget(tensors[0]!.buffer)).toBe(1);
    expect(cache.size).toBe(0);
    run(cache, steps);
    expect(await numbersOf(tensors[4]!)).toEqual(counting(8));
  });
});
