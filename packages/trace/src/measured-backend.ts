/**
 * Measured backend: counts and times every call of a backend. Same port in and out.
 *
 * Cost     two clock readings a call.
 * Promise  `reservedBytes` is what the backend holds at this moment; the peak misses no creation and no read.
 * Refusal  times what the calling thread spends inside the calls, not what the GPU does afterwards.
 */
import type {
  BackendLimits,
  BufferDescriptor,
  CopyRegion,
  CreatedBuffer,
  DeviceLoss,
  GpuBackend,
  MemoryType,
  Serial,
} from '@gpuheap/core';

/** Milliseconds inside the graphics API, by what was asked of it. */
export interface ApiTimes {
  create: number;
  destroy: number;
  write: number;
  copy: number;
  /** Copies that stand for the dispatches of the recorded program. */
  fill: number;
  read: number;
  signal: number;
}

/** Milliseconds since some fixed moment. */
export type Clock = () => number;

/** A backend that keeps the books. */
export class MeasuredBackend<Buffer> implements GpuBackend<Buffer> {
  /** The backend itself, for calls that shall not be counted. */
  readonly raw: GpuBackend<Buffer>;
  readonly times: ApiTimes = { create: 0, destroy: 0, write: 0, copy: 0, fill: 0, read: 0, signal: 0 };
  readonly clock: Clock;
  createdCount = 0;
  destroyedCount = 0;
  createdBytes = 0;
  /** Bytes of the buffers that exist now. */
  bufferBytes = 0;
  peakReservedBytes = 0;
  writeCount = 0;
  writtenBytes = 0;
  private readonly sizes = new Map<Buffer, number>();

  constructor(raw: GpuBackend<Buffer>, clock: Clock = () => performance.now()) {
    this.raw = raw;
    this.clock = clock;
  }

  /** Bytes held from the device: buffers and the backend's own staging. */
  get reservedBytes(): number {
    return this.bufferBytes + this.raw.stagingBytes;
  }

  get limits(): BackendLimits {
    return this.raw.limits;
  }

  get memoryTypes(): readonly MemoryType[] {
    return this.raw.memoryTypes;
  }

  get stagingBytes(): number {
    return this.raw.stagingBytes;
  }

  get completedSerial(): Serial {
    return this.raw.completedSerial;
  }

  get reuseAfter(): 'submitted' | 'completed' {
    return this.raw.reuseAfter;
  }

  get lost(): Promise<DeviceLoss> {
    return this.raw.lost;
  }

  get isLost(): boolean {
    return this.raw.isLost;
  }

  createBuffer(descriptor: BufferDescriptor): CreatedBuffer<Buffer> {
    const from = this.clock();
    const created = this.raw.createBuffer(descriptor);
    this.times.create += this.clock() - from;
    this.sizes.set(created.buffer, descriptor.size);
    this.createdCount++;
    this.createdBytes += descriptor.size;
    this.bufferBytes += descriptor.size;
    this.notePeak();
    return created;
  }

  destroyBuffer(buffer: Buffer): void {
    const from = this.clock();
    this.raw.destroyBuffer(buffer);
    this.times.destroy += this.clock() - from;
    this.bufferBytes -= this.sizes.get(buffer) ?? 0;
    this.sizes.delete(buffer);
    this.destroyedCount++;
  }

  write(buffer: Buffer, offset: number, data: ArrayBufferView): void {
    const from = this.clock();
    this.raw.write(buffer, offset, data);
    this.times.write += this.clock() - from;
    this.writeCount++;
    this.writtenBytes += data.byteLength;
  }

  copy(regions: readonly CopyRegion<Buffer>[]): void {
    const from = this.clock();
    this.raw.copy(regions);
    this.times.copy += this.clock() - from;
  }

  /** As `copy`, booked as a stand-in for dispatches. */
  fill(regions: readonly CopyRegion<Buffer>[]): void {
    const from = this.clock();
    this.raw.copy(regions);
    this.times.fill += this.clock() - from;
  }

  read(buffer: Buffer, offset: number, size: number): Promise<Uint8Array> {
    const from = this.clock();
    const bytes = this.raw.read(buffer, offset, size);
    this.times.read += this.clock() - from;
    this.notePeak();
    return bytes;
  }

  signal(): Serial {
    const from = this.clock();
    const serial = this.raw.signal();
    this.times.signal += this.clock() - from;
    return serial;
  }

  whenCompleted(serial: Serial): Promise<void> {
    return this.raw.whenCompleted(serial);
  }

  /** Disposes of the backend that it was given. */
  dispose(): void {
    this.raw.dispose();
    this.destroyedCount += this.sizes.size;
    this.sizes.clear();
    this.bufferBytes = 0;
  }

  private notePeak(): void {
    const reserved = this.reservedBytes;
    if (reserved > this.peakReservedBytes) this.peakReservedBytes = reserved;
  }
}
