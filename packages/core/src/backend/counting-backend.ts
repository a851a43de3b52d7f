/**
 * Counting backend: the one place through which `core` calls a backend. Same port in and out, and it keeps
 * the books.
 *
 * Promise  `reservedBytes` is what the backend holds for us at this moment; counts only grow.
 */
import { ForwardingBackend } from './forwarding-backend.ts';
import type { BufferDescriptor, CopyRegion, CreatedBuffer } from './port.ts';

/** A backend that keeps the books. */
export class CountingBackend<Buffer> extends ForwardingBackend<Buffer> {
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
  private readonly sizes = new Map<Buffer, number>();

  /** Bytes held from the device: buffers and the backend's own staging. */
  get reservedBytes(): number {
    return this.bufferBytes + this.inner.stagingBytes;
  }

  override createBuffer(descriptor: BufferDescriptor): CreatedBuffer<Buffer> {
    const created = super.createBuffer(descriptor);
    this.sizes.set(created.buffer, descriptor.size);
    this.bufferBytes += descriptor.size;
    this.createdBufferCount++;
    this.notePeak();
    return created;
  }

  override destroyBuffer(buffer: Buffer): void {
    super.destroyBuffer(buffer);
    this.bufferBytes -= this.sizes.get(buffer) ?? 0;
    this.sizes.delete(buffer);
    this.destroyedBufferCount++;
  }

  override write(buffer: Buffer, offset: number, data: ArrayBufferView): void {
    super.write(buffer, offset, data);
    this.writeCount++;
    this.writtenBytes += data.byteLength;
  }

  override copy(regions: readonly CopyRegion<Buffer>[]): void {
    super.copy(regions);
    this.copyCount++;
    for (const region of regions) this.copiedBytes += region.size;
  }

  override read(buffer: Buffer, offset: number, size: number): Promise<Uint8Array> {
    const bytes = super.read(buffer, offset, size);
    this.readCount++;
    this.notePeak();
    return bytes;
  }

  override dispose(): void {
    super.dispose();
    this.destroyedBufferCount += this.sizes.size;
    this.sizes.clear();
    this.bufferBytes = 0;
  }

  private notePeak(): void {
    const reserved = this.reservedBytes;
    if (reserved > this.peakReservedBytes) this.peakReservedBytes = reserved;
  }
}
