/**
 * Counting backend: the one place through which `core` calls a backend. Same port in and out, and it keeps
 * the books.
 *
 * Promise  `reservedBytes` is what the backend holds for us at this moment; counts only grow.
 */
import type { Serial } from '../base/quantities.ts';
import type {
  BackendLimits,
  BufferDescriptor,
  CopyRegion,
  CreatedBuffer,
  DeviceLoss,
  GpuBackend,
  MemoryType,
} from './port.ts';

export class CountingBackend<Buffer> implements GpuBackend<Buffer> {
  /** Bytes of the buffers that exist now, without the backend's own staging. */
  bufferBytes = 0;
  /** Largest `bufferBytes + stagingBytes` seen at a creation or a read. */
  peakReservedBytes = 0;
  createdBufferCount = 0;
  destroyedBufferCount = 0;
  writeCount = 0;
  writtenBytes = 0;
  copyCount = 0;
  copiedBytes = 0;
  readCount = 0;
  private readonly inner: GpuBackend<Buffer>;
  private readonly sizes = new Map<Buffer, number>();

  constructor(inner: GpuBackend<Buffer>) {
    this.inner = inner;
  }

  /** Bytes held from the device: buffers and the backend's own staging. */
  get reservedBytes(): number {
    return this.bufferBytes + this.inner.stagingBytes;
  }

  get limits(): BackendLimits {
    return this.inner.limits;
  }

  get memoryTypes(): readonly MemoryType[] {
    return this.inner.memoryTypes;
  }

  get stagingBytes(): number {
    return this.inner.stagingBytes;
  }

  get completedSerial(): Serial {
    return this.inner.completedSerial;
  }

  get reuseAfter(): 'submitted' | 'completed' {
    return this.inner.reuseAfter;
  }

  get lost(): Promise<DeviceLoss> {
    return this.inner.lost;
  }

  get isLost(): boolean {
    return this.inner.isLost;
  }

  createBuffer(descriptor: BufferDescriptor): CreatedBuffer<Buffer> {
    const created = this.inner.createBuffer(descriptor);
    this.sizes.set(created.buffer, descriptor.size);
    this.bufferBytes += descriptor.size;
    this.createdBufferCount++;
    this.notePeak();
    return created;
  }

  destroyBuffer(buffer: Buffer): void {
    this.inner.destroyBuffer(buffer);
    this.bufferBytes -= this.sizes.get(buffer) ?? 0;
    this.sizes.delete(buffer);
    this.destroyedBufferCount++;
  }

  write(buffer: Buffer, offset: number, data: ArrayBufferView): void {
    this.inner.write(buffer, offset, data);
    this.writeCount++;
    this.writtenBytes += data.byteLength;
  }

  copy(regions: readonly CopyRegion<Buffer>[]): void {
    this.inner.copy(regions);
    this.copyCount++;
    for (const region of regions) this.copiedBytes += region.size;
  }

  read(buffer: Buffer, offset: number, size: number): Promise<Uint8Array> {
    const bytes = this.inner.read(buffer, offset, size);
    this.readCount++;
    this.notePeak();
    return bytes;
  }

  signal(): Serial {
    return this.inner.signal();
  }

  whenCompleted(serial: Serial): Promise<void> {
    return this.inner.whenCompleted(serial);
  }

  dispose(): void {
    this.inner.dispose();
    this.destroyedBufferCount += this.sizes.size;
    this.sizes.clear();
    this.bufferBytes = 0;
  }

  private notePeak(): void {
    const reserved = this.reservedBytes;
    if (reserved > this.peakReservedBytes) this.peakReservedBytes = reserved;
  }
}
