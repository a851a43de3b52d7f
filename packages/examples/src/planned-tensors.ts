/** Tensors of a network whose order is known: planned once, in as many buffers as WebGPU's rules ask for. */
import { BufferUsage, GpuHeap } from '@gpuheap/core';
import { planLifetimes } from '@gpuheap/core/planning';
import { MockGpu } from '@gpuheap/mock';

// Node i reads tensor i - 1 and writes tensor i; the last node reads the first result too.
const sizes = [60_000, 20_000, 50_000, 10_000, 40_000, 1000];
const tensors = sizes.map((size, node) => ({
  size,
  firstUse: node,
  lastUse: node === 0 ? 5 : Math.min(node + 1, 5),
  conflictsWith: node === 0 ? [] : node === 5 ? [4, 0] : [node - 1],
}));
const plan = planLifetimes(tensors);

const heap = new GpuHeap(new MockGpu().backend());
const buffers: ReturnType<typeof heap.allocate>[] = [];
for (const { size } of plan.buffers) {
  // What was planned into two buffers may not come to lie in one.
  buffers.push(heap.allocate({ size, usage: BufferUsage.STORAGE, access: 'write', apartFrom: [...buffers] }));
}
plan.placements.forEach(({ buffer, offset }, node) => {
  const start = (buffers[buffer]?.offset ?? 0) + offset; // Bind it with the size of the tensor.
  console.log(`tensor ${node}: buffer ${buffer}, from byte ${start}`);
});
console.log(`in two GPU buffers: ${buffers[0]?.buffer !== buffers[1]?.buffer}`);
const sum = sizes.reduce((a, b) => a + b, 0);
console.log(`${plan.peakBytes} bytes instead of ${sum}: ${plan.reason}`);
heap.dispose();
