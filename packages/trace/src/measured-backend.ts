/**
 * Measured backend: counts and times every call of a backend. Same port in and out.
 *
 * Cost     two clock readings a call.
 * Promise  `reservedBytes` is what the backend holds at this moment; the peak misses no creation and no read.
 * Refusal  times what the calling thread spends inside the calls, not what the GPU does afterwards.
 */
import type { BufferDescriptor, CopyRegion, CreatedBuffer, GpuBackend, Serial } from '@gpuheap/core';
import { CountingBackend } from '@gpuheap/core/backend';

/** Milliseconds inside the graphics API, by what was asked of it. */
export interface ApiTimes {
  create: number;
  destroy: number;
  write: number;
  clear: number;
  copy: number;
  /** Copies that stand for the dispatches of the recorded program. */
  fill: number;
  read: number;
  /** Maps and unmaps of upload buffers. */
  map: number;
  signal: number;
}

/** Milliseconds since some fixed moment. */
export type Clock = () => number;

/** A backend that keeps the books, times included. */
export class MeasuredBackend<Buffer> extends CountingBackend<Buffer> {
  readonly times: ApiTimes = {
    create: 0,
    destroy: 0,
    write: 0,
    clear: 0,
    copy: 0,
    fill: 0,
    read: 0,
    map: 0,
    signal: 0,
  };
  readonly clock: Clock;
  /** Bytes of all buffers ever made. */
  createdBytes = 0;

  constructor(inner: GpuBackend<Buffer>, clock: Clock = () => performance.now()) {
    super(inner);
    this.clock = clock;
  }

  override createBuffer(descriptor: BufferDescriptor): CreatedBuffer<Buffer> {
    const from = this.clock();
    const created = super.createBuffer(descriptor);
    this.times.create += this.clock() - from;
    this.createdBytes += descriptor.size;
    return created;
  }

  override destroyBuffer(buffer: Buffer): void {
    const from = this.clock();
    super.destroyBuffer(buffer);
    this.times.destroy += this.clock() - from;
  }

  override write(buffer: Buffer, offset: number, data: ArrayBufferView): void {
    const from = this.clock();
    super.write(buffer, offset, data);
    this.times.write += this.clock() - from;
  }

  override clear(buffer: Buffer, offset: number, size: number): void {
    const from = this.clock();
    super.clear(buffer, offset, size);
    this.times.clear += this.clock() - from;
  }

  override copy(regions: readonly CopyRegion<Buffer>[]): void {
    const from = this.clock();
    super.copy(regions);
    this.times.copy += this.clock() - from;
  }

  /** As `copy`, booked as a stand-in for dispatches. */
  fill(regions: readonly CopyRegion<Buffer>[]): void {
    const from = this.clock();
    this.inner.copy(regions);
    this.times.fill += this.clock() - from;
  }

  override read(buffer: Buffer, offset: number, size: number): Promise<Uint8Array> {
    const from = this.clock();
    const bytes = super.read(buffer, offset, size);
    this.times.read += this.clock() - from;
    return bytes;
  }

  override map(buffer: Buffer, offset: number, size: number): Promise<Uint8Array> {
    const from = this.clock();
    const bytes = super.map(buffer, offset, size);
    this.times.map += this.clock() - from;
    return bytes;
  }

  override unmap(buffer: Buffer): void {
    const from = this.clock();
    super.unmap(buffer);
    this.times.map += this.clock() - from;
  }

  override signal(timeline = 0): Serial {
    const from = this.clock();
    const serial = super.signal(timeline);
    this.times.signal += this.clock() - from;
    return serial;
  }
}
