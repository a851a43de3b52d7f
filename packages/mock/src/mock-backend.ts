/**
 * Mock backend: the port to the virtual GPU.
 *
 * Promise  keeps every sentence of the port; what a real device would find out late is found out late here too.
 */
import {
  BackendError,
  type BackendLimits,
  type BufferDescriptor,
  BufferUsage,
  type CopyRegion,
  type CreatedBuffer,
  type DeviceLoss,
  type GpuBackend,
  type MemoryType,
  OutOfMemoryError,
  type Serial,
  UsageError,
} from '@gpuheap/core';
import {
  BufferTable,
  checkData,
  checkDescriptor,
  checkRegions,
  checkSpan,
  checkUsage,
  show,
} from '@gpuheap/core/backend';
import { MockBuffer } from './mock-buffer.ts';
import type { MockHost } from './mock-host.ts';

type Reject = (error: BackendError) => void;

export class MockBackend implements GpuBackend<MockBuffer> {
  /** The GPU that it is a door to. */
  readonly gpu: MockHost;
  readonly lost: Promise<DeviceLoss>;
  private readonly buffers = new BufferTable<MockBuffer, MockBuffer>();
  private readonly waiting = new Set<Reject>();
  private announce: (loss: DeviceLoss) => void = () => {};
  private isDisposed = false;

  /** Made by `MockGpu.backend()`. */
  constructor(gpu: MockHost) {
    this.gpu = gpu;
    this.lost = new Promise((resolve) => {
      this.announce = resolve;
    });
  }

  get limits(): BackendLimits {
    return this.gpu.limits;
  }

  get memoryTypes(): readonly MemoryType[] {
    return this.gpu.memoryTypes;
  }

  /** The virtual GPU reads without staging. */
  get stagingBytes(): number {
    return 0;
  }

  get reuseAfter(): 'submitted' | 'completed' {
    return this.gpu.reuseAfter;
  }

  get completedSerial(): Serial {
    return this.gpu.timeline.completedSerial;
  }

  get isLost(): boolean {
    return this.gpu.isLost || this.isDisposed;
  }

  createBuffer(descriptor: BufferDescriptor): CreatedBuffer<MockBuffer> {
    this.checkUsable();
    checkDescriptor(descriptor, this.limits, this.memoryTypes);
    this.gpu.enterCall('createBuffer');
    if (this.gpu.isLost) throw lostError();
    const { size, usage, memoryType, label = '' } = descriptor;
    const fate = this.gpu.faults.nextCreation(size);
    if (fate === 'now') throw this.refusal(size);
    const isRefused = fate === 'late' || !this.gpu.hasRoomFor(size);
    const buffer = new MockBuffer(this.gpu.nextBufferId(), size, usage, memoryType, label);
    buffer.isRefused = isRefused;
    this.gpu.buffers.add(buffer);
    this.buffers.add(buffer, buffer);
    return { buffer, settled: this.gpu.settlements.promise(isRefused ? this.refusal(size) : undefined) };
  }

  destroyBuffer(buffer: MockBuffer): void {
    this.checkUsable();
    this.buffers.get(buffer, 'buffer');
    this.gpu.enterCall('destroyBuffer');
    this.buffers.remove(buffer, 'buffer');
    this.release(buffer);
  }

  write(buffer: MockBuffer, offset: number, data: ArrayBufferView): void {
    this.checkUsable();
    const record = this.buffers.get(buffer, 'buffer');
    checkData(data);
    checkUsage(record, BufferUsage.COPY_DST, 'buffer', 'COPY_DST');
    checkSpan(offset, data.byteLength, record, this.limits.copyAlignment, 'buffer');
    this.gpu.enterCall('write');
    if (!this.canRun([buffer])) return;
    const taken = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    this.gpu.timeline.submit(() => buffer.memory.write(offset, taken));
  }

  copy(regions: readonly CopyRegion<MockBuffer>[]): void {
    this.checkUsable();
    const touched = checkRegions(regions, this.buffers, this.limits);
    this.gpu.enterCall('copy');
    if (!this.canRun(touched)) return;
    const taken = regions.map((region) => ({ ...region }));
    this.gpu.timeline.submit(() => {
      for (const { source, sourceOffset, target, targetOffset, size } of taken) {
        target.memory.write(targetOffset, source.memory.read(sourceOffset, size));
      }
    });
  }

  read(buffer: MockBuffer, offset: number, size: number): Promise<Uint8Array> {
    this.checkUsable();
    const record = this.buffers.get(buffer, 'buffer');
    const isMappable = (record.usage & BufferUsage.MAP_READ) !== 0;
    if (!isMappable) checkUsage(record, BufferUsage.COPY_SRC, 'buffer', 'COPY_SRC');
    checkSpan(offset, size, record, 1, 'buffer');
    this.gpu.enterCall('read');
    if (this.gpu.isLost) return this.guard(new Promise(() => {}));
    if (buffer.isRefused) {
      return this.guard(
        Promise.reject(new BackendError('backend-failed', 'the read failed: the buffer was refused')),
      );
    }
    if (isMappable && size > 0) buffer.isMapped = true;
    return this.guard(
      new Promise((resolve) => {
        this.gpu.timeline.submit(() => {
          buffer.isMapped = false;
          resolve(buffer.memory.read(offset, size));
        });
      }),
    );
  }

  signal(): Serial {
    this.checkUsable();
    this.gpu.enterCall('signal');
    return this.gpu.timeline.signal();
  }

  whenCompleted(serial: Serial): Promise<void> {
    this.checkUsable();
    if (!Number.isSafeInteger(serial) || serial < 0 || serial > this.gpu.timeline.signalledSerial) {
      throw new UsageError('bad-argument', `serial is ${show(serial)}; pass what signal() returned`);
    }
    this.gpu.enterCall('whenCompleted');
    return this.guard(this.gpu.timeline.wait(serial));
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    for (const buffer of this.buffers.removeAll()) this.release(buffer);
    this.deviceLost({ reason: 'destroyed', message: 'the backend was disposed of' });
  }

  /** The device is gone. For the GPU. */
  deviceLost(loss: DeviceLoss): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const reject of waiting) reject(lostError());
    this.announce(loss);
  }

  private release(buffer: MockBuffer): void {
    buffer.isDestroyed = true;
    this.gpu.buffers.delete(buffer);
    // Work that was submitted before still sees the bytes.
    this.gpu.timeline.submit(() => buffer.memory.clear());
  }

  private checkUsable(): void {
    if (this.isDisposed) throw new UsageError('disposed', 'this backend has been disposed of; make another');
  }

  /** Whether work on these buffers does anything. A submission that uses a mapped buffer is an error, as in WebGPU. */
  private canRun(buffers: readonly MockBuffer[]): boolean {
    if (this.gpu.isLost) return false;
    for (const buffer of buffers) {
      if (buffer.isRefused) return false;
      if (buffer.isMapped) return this.gpu.report(`buffer ${buffer.id} ${buffer.label} used while mapped`);
    }
    return true;
  }

  private guard<T>(work: Promise<T>): Promise<T> {
    const guarded = new Promise<T>((resolve, reject) => {
      if (this.isLost) {
        reject(lostError());
        return;
      }
      this.waiting.add(reject);
      work.then(resolve, reject).finally(() => this.waiting.delete(reject));
    });
    // Whoever asked still sees the rejection; nobody has to ask.
    guarded.catch(() => {});
    return guarded;
  }

  private refusal(requestedBytes: number): OutOfMemoryError {
    const reservedBytes = this.gpu.heldBytes;
    return new OutOfMemoryError(
      'refused-by-device',
      `the virtual GPU refused ${requestedBytes} bytes while ${reservedBytes} are held; free some`,
      {
        requestedBytes,
        largestFreeBytes: 0,
        freeBytes: 0,
        pendingBytes: 0,
        reservedBytes,
        budgetBytes: Number.POSITIVE_INFINITY,
      },
    );
  }
}

function lostError(): BackendError {
  return new BackendError('device-lost', 'the virtual GPU is lost; make another');
}
