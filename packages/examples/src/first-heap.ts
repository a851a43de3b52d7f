/** The first heap: on a GPU where there is one, on the virtual one elsewhere. */
import { BackendError, BufferUsage, GpuHeap } from '@gpuheap/core';
import { openDawnHeap } from '@gpuheap/dawn-node';
import { MockGpu } from '@gpuheap/mock';

const heap = await openDawnHeap().catch((error: unknown) => {
  if (error instanceof BackendError) return new GpuHeap(new MockGpu().backend());
  throw error;
});
const rock = heap.allocate({ size: 1200, usage: BufferUsage.VERTEX, label: 'rock' });
const tree = heap.allocate({ size: 3600, usage: BufferUsage.VERTEX, label: 'tree' });
tree.write(new Float32Array([1, 2, 3]));
console.log(`rock and tree share a buffer: ${rock.buffer === tree.buffer}`);

rock.free();
heap.endFrame(); // After the frame's last queue.submit.
const { requestedBytes, createdBufferCount } = heap.statistics();
console.log(`${requestedBytes} bytes asked for, ${createdBufferCount} buffer made`);
console.log(`read back: ${new Float32Array((await tree.read(0, 12)).slice().buffer).join(' ')}`);
heap.dispose();
