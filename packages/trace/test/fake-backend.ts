/** Fake backend: byte arrays that complete at once, for replays. Can be told to spoil what it stores. */
import {
  type AdoptedBuffer,
  type BackendLimits,
  type BufferDescriptor,
  BufferUsage,
  type CopyRegion,
  type CreatedBuffer,
  type DeviceLoss,
  type GpuBackend,
  MemoryProperty,
  type MemoryType,
  type Serial,
} from '@gpuheap/core';

export interface FakeBuffer {
  readonly bytes: Uint8Array;
  readonly usage: number;
  readonly label: string;
  /** What the CPU has of it. */
  mapped?: { readonly offset: number; readonly bytes: Uint8Array } | undefined;
}

export class FakeBackend implements GpuBackend<FakeBuffer> {
  readonly limits: BackendLimits = {
    maxBufferSize: 2 ** 30,
    maxUniformBindingSize: 65_536,
    maxStorageBindingSize: 2 ** 30,
    uniformOffsetAlignment: 256,
    storageOffsetAlignment: 256,
    copyAlignment: 4,
    copiesWithinBuffer: false,
  };
  readonly memoryTypes: readonly MemoryType[] = [
    MemoryProperty.DEVICE_LOCAL,
    MemoryProperty.HOST_VISIBLE | MemoryProperty.HOST_COHERENT,
    MemoryProperty.HOST_VISIBLE | MemoryProperty.HOST_CACHED,
  ].map((properties) => ({ properties, heapIndex: 0, heapSizeBytes: Number.POSITIVE_INFINITY }));
  readonly stagingBytes: number = 0;
  readonly reuseAfter = 'submitted' as const;
  readonly timelineCount = 1;
  readonly isLost: boolean = false;
  readonly lost: Promise<DeviceLoss> = new Promise(() => {});
  completedSerial: Serial = 0;
  readonly live: Set<FakeBuffer> = new Set();
  /** Called after every write with the bytes that it stored. */
  onWrite: (stored: Uint8Array) => void = () => {};

  createBuffer({ size, usage, label = '', mapped }: BufferDescriptor): CreatedBuffer<FakeBuffer> {
    const buffer: FakeBuffer = { bytes: new Uint8Array(size), usage, label };
    this.live.add(buffer);
    if (mapped !== true) return { buffer, settled: Promise.resolve() };
    const bytes = new Uint8Array(size);
    buffer.mapped = { offset: 0, bytes };
    return { buffer, settled: Promise.resolve(), bytes };
  }

  adoptBuffer(buffer: FakeBuffer, { size }: AdoptedBuffer): void {
    if (size !== buffer.bytes.length) throw new Error(`${buffer.label} has another size`);
    this.live.add(buffer);
  }

  destroyBuffer(buffer: FakeBuffer): void {
    if (!this.live.delete(buffer)) throw new Error(`${buffer.label} is dead`);
  }

  write(buffer: FakeBuffer, offset: number, data: ArrayBufferView): void {
    this.check(buffer, BufferUsage.COPY_DST, offset, data.byteLength);
    buffer.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    this.onWrite(buffer.bytes.subarray(offset, offset + data.byteLength));
  }

  clear(buffer: FakeBuffer, offset: number, size: number): void {
    this.check(buffer, BufferUsage.COPY_DST, offset, size);
    buffer.bytes.fill(0, offset, offset + size);
  }

  copy(regions: readonly CopyRegion<FakeBuffer>[]): void {
    for (const { source, sourceOffset, target, targetOffset, size } of regions) {
      if (source === target) throw new Error('copy within one buffer');
      this.check(source, BufferUsage.COPY_SRC, sourceOffset, size);
      this.check(target, BufferUsage.COPY_DST, targetOffset, size);
      target.bytes.set(source.bytes.subarray(sourceOffset, sourceOffset + size), targetOffset);
    }
  }

  read(buffer: FakeBuffer, offset: number, size: number): Promise<Uint8Array> {
    if ((buffer.usage & (BufferUsage.COPY_SRC | BufferUsage.MAP_READ)) === 0) throw new Error('not readable');
    if (!this.live.has(buffer)) throw new Error(`${buffer.label} is dead`);
    return Promise.resolve(buffer.bytes.slice(offset, offset + size));
  }

  map(buffer: FakeBuffer, offset: number, size: number): Promise<Uint8Array> {
    this.check(buffer, BufferUsage.MAP_WRITE, offset, size);
    const bytes = buffer.bytes.slice(offset, offset + size);
    buffer.mapped = { offset, bytes };
    return Promise.resolve(bytes);
  }

  unmap(buffer: FakeBuffer): void {
    if (buffer.mapped === undefined) throw new Error(`${buffer.label} is not mapped`);
    buffer.bytes.set(buffer.mapped.bytes, buffer.mapped.offset);
    buffer.mapped = undefined;
  }

  signal(): Serial {
    this.completedSerial++;
    return this.completedSerial;
  }

  completedOn(): Serial {
    return this.completedSerial;
  }

  whenCompleted(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): void {
    this.live.clear();
  }

  private check(buffer: FakeBuffer, usage: number, offset: number, size: number): void {
    if (!this.live.has(buffer)) throw new Error(`${buffer.label} is dead`);
    if (buffer.mapped !== undefined) throw new Error(`${buffer.label} is mapped`);
    if ((buffer.usage & usage) === 0) throw new Error(`${buffer.label} lacks usage ${usage}`);
    if (offset % 4 !== 0 || size % 4 !== 0) throw new Error(`${size} bytes at ${offset} are misaligned`);
    if (offset + size > buffer.bytes.byteLength) throw new Error(`${size} bytes at ${offset} are outside`);
  }
}
