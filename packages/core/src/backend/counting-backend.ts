/**
 * Counting backend: the one place through which `core` calls a backend. Same port in and out, and it keeps
 * the books.
 *
 * Promise  `reservedBytes` is what the backend holds for us at this moment; counts only grow.
 */
import { ForwardingBackend } from './forwarding-backend.ts';
import type { AdoptedBuffer, BufferDescriptor, CopyRegion, CreatedBuffer, GpuBackend } from './port.ts';

/** A backend that keeps the books. */
export class CountingBackend<Buffer> extends ForwardingBackend<Buffer> {
  /** Bytes of the buffers that were made here and exist now, without the backend's own staging. */
  bufferBytes = 0;
  /** Bytes of the adopted buffers that are known now. */
  adoptedBytes = 0;
  /** Bytes of textures, claimed by those who make them. */
  textureBytes = 0;
  /** Those who make them, for what they hold besides. */
  texturePorts: readonly { readonly stagingBytes: number }[] = [];
  /** Largest `reservedBytes` seen at a creation, a claim, an adoption or a read. */
  peakReservedBytes = 0;
  createdBufferCount = 0;
  destroyedBufferCount = 0;
  writeCount = 0;
  writtenBytes = 0;
  clearCount = 0;
  clearedBytes = 0;
  copyCount = 0;
  copiedBytes = 0;
  readCount = 0;
  private readonly sizes = new Map<Buffer, number>();
  private readonly adopted = new Map<Buffer, number>();

  /** Bytes held from the device: buffers, adopted ones too, textures, and the staging of the ports. */
  get reservedBytes(): number {
    return this.bufferBytes + this.adoptedBytes + this.textureBytes + this.stagingBytes;
  }

  /** Bytes that the backend holds for its own use, and the texture ports beside it. O(ports). */
  override get stagingBytes(): number {
    let bytes = this.inner.stagingBytes;
    const { texturePorts } = this;
    for (let k = 0; k < texturePorts.length; k++) {
      const port = texturePorts[k] as { readonly stagingBytes: number };
      // One port may serve several.
      if (texturePorts.indexOf(port) === k) bytes += port.stagingBytes;
    }
    return bytes;
  }

  override createBuffer(descriptor: BufferDescriptor): CreatedBuffer<Buffer> {
    const created = super.createBuffer(descriptor);
    this.noteCreated(created.buffer, descriptor.size);
    return created;
  }

  /** Counts a buffer that the backend has made. */
  noteCreated(buffer: Buffer, sizeBytes: number): void {
    this.sizes.set(buffer, sizeBytes);
    this.bufferBytes += sizeBytes;
    this.createdBufferCount++;
    this.notePeak();
  }

  override adoptBuffer(buffer: Buffer, descriptor: AdoptedBuffer): void {
    super.adoptBuffer(buffer, descriptor);
    this.adopted.set(buffer, descriptor.size);
    this.adoptedBytes += descriptor.size;
    this.notePeak();
  }

  /** As the port says; an adopted buffer is forgotten, which counts as no destruction. */
  override destroyBuffer(buffer: Buffer): void {
    const isAdopted = this.adopted.has(buffer);
    const sizes = isAdopted ? this.adopted : this.sizes;
    const sizeBytes = sizes.get(buffer);
    // Before the backend has it back: from then on it may give the same name to another.
    sizes.delete(buffer);
    try {
      super.destroyBuffer(buffer);
    } catch (error) {
      if (sizeBytes !== undefined) sizes.set(buffer, sizeBytes);
      throw error;
    }
    if (isAdopted) {
      this.adoptedBytes -= sizeBytes as number;
      return;
    }
    this.bufferBytes -= sizeBytes as number;
    this.destroyedBufferCount++;
  }

  override write(buffer: Buffer, offset: number, data: ArrayBufferView): void {
    super.write(buffer, offset, data);
    this.writeCount++;
    this.writtenBytes += data.byteLength;
  }

  override clear(buffer: Buffer, offset: number, size: number): void {
    super.clear(buffer, offset, size);
    this.clearCount++;
    this.clearedBytes += size;
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
    this.adopted.clear();
    this.adoptedBytes = 0;
  }

  /** Goes on with another backend, which holds nothing of ours yet; the one before keeps what it had. */
  replaceInner(inner: GpuBackend<Buffer>): void {
    this.inner = inner;
    this.destroyedBufferCount += this.sizes.size;
    this.sizes.clear();
    this.adopted.clear();
    this.bufferBytes = 0;
    this.adoptedBytes = 0;
  }

  protected notePeak(): void {
    const reserved = this.reservedBytes;
    if (reserved > this.peakReservedBytes) this.peakReservedBytes = reserved;
  }
}
