/** Late scene: a device whose word on buffers comes when a test says so, and may be no. */
import type { GpuHeapOptions } from '../../src/index.ts';
import { openHeap } from './open-heap.ts';
import { drain } from './watched.ts';

const KIB = 1024;

/** A heap of small chunks on a GPU that does everything at once but give its word on buffers. */
export function openLate(options: GpuHeapOptions = {}) {
  const opened = openHeap(
    { chunkBytes: 64 * KIB, ...options },
    { reuseAfter: 'submitted', settleWhen: 'manual' },
  );
  const settle = async (): Promise<void> => {
    opened.gpu.completeAll();
    opened.gpu.settle();
    await drain();
  };
  const refuseNext = (): void => {
    opened.gpu.faults.refuseCreation({ atCall: opened.gpu.counts.createBuffer + 1, when: 'late' });
  };
  return { ...opened, settle, refuseNext };
}
