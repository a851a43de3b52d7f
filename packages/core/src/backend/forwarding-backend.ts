/**
 * Forwarding backend: a backend before another that changes nothing. What wraps a backend begins here.
 */
import type { Serial } from '../base/quantities.ts';
import type {
  AdoptedBuffer,
  BackendLimits,
  BufferDescriptor,
  CopyRegion,
  CreatedBuffer,
  DeviceLoss,
  GpuBackend,
  MemoryType,
} from './port.ts';

/** Same port in and out: hands every call on. Override what shall be different. */
export class ForwardingBackend<Buffer> implements GpuBackend<Buffer> {
  /** The backend behind it. */
  inner: GpuBackend<Buffer>;

  constructor(inner: GpuBackend<Buffer>) {
    this.inner = inner;
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

  get timelineCount(): number {
    return this.inner.timelineCount;
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
    return this.inner.createBuffer(descriptor);
  }

  adoptBuffer(buffer: Buffer, descriptor: AdoptedBuffer): void {
    this.inner.adoptBuffer(buffer, descriptor);
  }

  destroyBuffer(buffer: Buffer): void {
    this.inner.destroyBuffer(buffer);
  }

  write(buffer: Buffer, offset: number, data: ArrayBufferView): void {
    this.inner.write(buffer, offset, data);
  }

  clear(buffer: Buffer, offset: number, size: number): void {
    this.inner.clear(buffer, offset, size);
  }

  copy(regions: readonly CopyRegion<Buffer>[]): void {
    this.inner.copy(regions);
  }

  read(buffer: Buffer, offset: number, size: number): Promise<Uint8Array> {
    return this.inner.read(buffer, offset, size);
  }

  map(buffer: Buffer, offset: number, size: number): Promise<Uint8Array> {
    return this.inner.map(buffer, offset, size);
  }

  unmap(buffer: Buffer): void {
    this.inner.unmap(buffer);
  }

  signal(timeline = 0): Serial {
    return this.inner.signal(timeline);
  }

  completedOn(timeline: number): Serial {
    return this.inner.completedOn(timeline);
  }

  whenCompleted(serial: Serial): Promise<void> {
    return this.inner.whenCompleted(serial);
  }

  dispose(): void {
    this.inner.dispose();
  }
}
