/** Heap target: the resources of a trace as allocations of one `GpuHeap`. */
import { type Allocation, BufferUsage, GpuHeap, type GpuHeapOptions, type HeapSnapshot } from '@gpuheap/core';
import type { MeasuredBackend } from './measured-backend.ts';
import type { ReplayTarget, ResourceRequest } from './replay-target.ts';

/** Few large buffers serve all resources. */
export class HeapTarget<Buffer> implements ReplayTarget<Buffer, Allocation<Buffer>> {
  readonly mode = 'gpuheap';
  readonly backend: MeasuredBackend<Buffer>;
  /** The heap under test. */
  readonly heap: GpuHeap<Buffer>;

  constructor(backend: MeasuredBackend<Buffer>, options: GpuHeapOptions = {}) {
    this.backend = backend;
    this.heap = new GpuHeap(backend, options);
  }

  get pendingBytes(): number {
    return this.heap.statistics().pendingBytes;
  }

  create({ size, usage, location, label }: ResourceRequest): Allocation<Buffer> {
    const access = (usage & BufferUsage.STORAGE) !== 0 ? 'write' : 'read';
    return this.heap.allocate({ size, usage, access, location, label });
  }

  destroy(resource: Allocation<Buffer>): void {
    resource.free();
  }

  write(resource: Allocation<Buffer>, offset: number, data: Uint8Array): void {
    resource.write(data, offset);
  }

  copy(
    source: Allocation<Buffer>,
    sourceOffset: number,
    target: Allocation<Buffer>,
    targetOffset: number,
    size: number,
  ): void {
    this.heap.copy(source, sourceOffset, target, targetOffset, size);
  }

  read(resource: Allocation<Buffer>, offset: number, size: number): Promise<Uint8Array> {
    return resource.read(offset, size);
  }

  submitted(): void {
    this.heap.submitted();
  }

  endFrame(): void {
    this.heap.endFrame();
  }

  snapshot(): HeapSnapshot {
    return this.heap.snapshot();
  }

  dispose(): void {
    this.heap.dispose();
  }
}
