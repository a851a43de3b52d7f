/**
 * Forwarding backend: a backend before another that changes nothing. What wraps a backend begins here.
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

/** Same port in and out: hands every call on. Override what shall be different. */
export class ForwardingBackend<Buffer> implements GpuBackend<Buffer> {
  /** The backend behind it. */
  readonly inner: GpuBackend<Buffer>;

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

  destroyBuffer(buffer: Buffer): void {
    this.inner.destroyBuffer(buffer);
  }

  write(buffer: Buffer, offset: number, data: ArrayBufferView): void {
    this.inner.write(buffer, offset, data);
  }

  copy(regions: readonly CopyRegion<Buffer>[]): void {
    this.inner.copy(regions);
  }

  read(buffer: Buffer, offset: number, size: number): Promise<Uint8Array> {
    return this.inner.read(buffer, offset, size);
  }

  signal(): Serial {
    return this.inner.signal();
  }

  whenCompleted(serial: Serial): Promise<void> {
    return this.inner.whenCompleted(serial);
  }

  dispose(): void {
    this.inner.dispose();
  }
}
