/** When freed memory comes back: a virtual GPU whose clock is ours, two frames behind. */
import { BufferUsage, GpuHeap } from '@gpuheap/core';
import { MockGpu } from '@gpuheap/mock';

const gpu = new MockGpu();
const heap = new GpuHeap(gpu.backend());
const serials: number[] = [];
for (let frame = 0; frame < 5; frame++) {
  const particles = heap.allocate({ size: 4096, usage: BufferUsage.VERTEX, label: `frame ${frame}` });
  console.log(`frame ${frame} draws from offset ${particles.offset}`);
  particles.free();
  serials.push(heap.endFrame());
  gpu.completeUpTo(serials[frame - 2] ?? 0);
}
console.log(`${heap.statistics().pendingBytes} bytes wait for the GPU`);
heap.dispose();
