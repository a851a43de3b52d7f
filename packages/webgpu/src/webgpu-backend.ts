/**
 * WebGPU backend: the port to any `GPUDevice`, in browsers and elsewhere.
 *
 * Cost     a write is one call of the queue, a clear or copy one submission; a read is one submission and
 *          one map; a buffer is one device buffer and, unless `creationChecks` is `none`, two error scopes.
 * Promise  no uncaptured device error and no unhandled rejection comes from here; a foreign device or buffer
 *          is never destroyed.
 * Refusal  can not tell whether an adopted buffer is of this device, nor whether it is valid: the device says
 *          so where it is used. What is read is copied out here; mapped memory is handed out for uploads
 *          alone.
 * Source   WebGPU, W3C. One queue runs in order, so a range may be reused as soon as its last use is
 *          submitted.
 */
import {
  type AdoptedBuffer,
  BackendError,
  type BackendLimits,
  type BufferDescriptor,
  BufferUsage,
  type CopyRegion,
  type CreatedBuffer,
  type DeviceLoss,
  type GpuBackend,
  MemoryProperty,
  type MemoryType,
  OutOfMemoryError,
  type Serial,
  UsageError,
} from '@gpuheap/core';
import {
  BufferTable,
  bytesOfView,
  checkAdoption,
  checkDescriptor,
  checkMap,
  checkMapped,
  checkRegions,
  checkSpan,
  checkTimeline,
  checkUnmapped,
  checkUsage,
  show,
} from '@gpuheap/core/backend';
import { readBuffer } from './buffer-reader.ts';
import type { BufferRecord } from './buffer-record.ts';
import type { WebGpuBuffer, WebGpuBufferDescriptor, WebGpuDevice } from './device-types.ts';
import { NOTHING_WRONG, runInScopes, type ScopedRun, type ScopeVerdict } from './error-scopes.ts';
import { FenceLine } from './fence-line.ts';
import { LossWatch } from './loss-watch.ts';
import { MappedReader } from './mapped-reader.ts';
import { ReadStaging } from './read-staging.ts';
import { UploadMaps } from './upload-maps.ts';
import { resolveOptions, type WebGpuBackendOptions } from './webgpu-options.ts';
import { plainBytes } from './write-bytes.ts';

const COPY_ALIGNMENT = 4;

const MEMORY_TYPES: readonly MemoryType[] = [
  MemoryProperty.DEVICE_LOCAL,
  MemoryProperty.HOST_VISIBLE | MemoryProperty.HOST_COHERENT,
  MemoryProperty.HOST_VISIBLE | MemoryProperty.HOST_CACHED,
].map((properties) => ({ properties, heapIndex: 0, heapSizeBytes: Number.POSITIVE_INFINITY }));

/** The backend over a WebGPU device. Memory types: 0 device, 1 upload, 2 readback. */
export class WebGpuBackend<Buffer extends WebGpuBuffer> implements GpuBackend<Buffer> {
  readonly limits: BackendLimits;
  readonly memoryTypes: readonly MemoryType[] = MEMORY_TYPES;
  readonly reuseAfter = 'submitted' as const;
  /** A device has one queue. */
  readonly timelineCount = 1;
  /** The device that it was given. */
  readonly device: WebGpuDevice<Buffer>;
  private readonly creationChecks: 'error-scope' | 'none';
  private readonly copySharedViews: boolean;
  private readonly watch: LossWatch;
  private readonly fences: FenceLine<Buffer>;
  private readonly staging: ReadStaging<Buffer>;
  private readonly mapped: MappedReader<Buffer>;
  private readonly uploads: UploadMaps<Buffer>;
  private readonly buffers = new BufferTable<Buffer, BufferRecord>();
  private disposed = false;

  /** @throws UsageError `bad-argument`, `unknown-option` */
  constructor(device: WebGpuDevice<Buffer>, options: WebGpuBackendOptions = {}) {
    const { creationChecks, copySharedViews } = resolveOptions(options);
    this.limits = readLimits(device);
    this.device = device;
    this.creationChecks = creationChecks;
    this.copySharedViews = copySharedViews;
    this.watch = new LossWatch(device.lost);
    this.fences = new FenceLine(device.queue, this.watch);
    this.staging = new ReadStaging(device);
    this.mapped = new MappedReader(device, this.watch, creationChecks === 'error-scope');
    this.uploads = new UploadMaps(device, this.watch, creationChecks === 'error-scope');
  }

  get stagingBytes(): number {
    return this.staging.heldBytes;
  }

  get completedSerial(): Serial {
    return this.fences.completedSerial;
  }

  get lost(): Promise<DeviceLoss> {
    return this.watch.lost;
  }

  get isLost(): boolean {
    return this.watch.isLost;
  }

  createBuffer(descriptor: BufferDescriptor): CreatedBuffer<Buffer> {
    this.checkUsable();
    checkDescriptor(descriptor, this.limits, this.memoryTypes);
    if (this.watch.isLost) throw this.watch.error();
    const { size, usage, mapped = false } = descriptor;
    const { result: buffer, verdict } = this.runChecked(descriptor);
    const bytes = mapped ? mappedBytes(buffer) : undefined;
    const grant = this.creationChecks === 'none' ? 'granted' : 'asked';
    const mapState = mapped ? 'mapped' : 'unmapped';
    const record: BufferRecord = { sizeBytes: size, usage, grant, mapState, readCount: 0 };
    this.buffers.add(buffer, record);
    const settled = this.watch.guard(verdict.then((told) => this.settle(record, told)));
    return bytes === undefined ? { buffer, settled } : { buffer, settled, bytes };
  }

  /** As the port says. Size and usage are compared with what the buffer says of itself, where it does. */
  adoptBuffer(buffer: Buffer, descriptor: AdoptedBuffer): void {
    this.checkUsable();
    checkIsBuffer(buffer);
    checkAdoption(descriptor, buffer);
    const { size, usage } = descriptor;
    const record: BufferRecord = {
      sizeBytes: size,
      usage,
      grant: 'granted',
      mapState: 'unmapped',
      readCount: 0,
    };
    this.buffers.adopt(buffer, record, 'buffer');
  }

  destroyBuffer(buffer: Buffer): void {
    this.checkUsable();
    const record = this.buffers.get(buffer, 'buffer');
    const isAdopted = this.buffers.adoptedBuffers.has(buffer);
    this.buffers.remove(buffer, 'buffer');
    if (isAdopted) {
      unmapOurs(buffer, record);
      return;
    }
    // Reads that wait for another find that it is gone.
    record.mapState = 'unmapped';
    buffer.destroy();
  }

  /** As the port says. What is written to a buffer that the device refused, or after a loss, goes nowhere. */
  write(buffer: Buffer, offset: number, data: ArrayBufferView): void {
    this.checkUsable();
    const record = this.buffers.get(buffer, 'buffer');
    const bytes = bytesOfView(data);
    checkUsage(record, BufferUsage.COPY_DST, 'buffer', 'COPY_DST');
    checkSpan(offset, bytes.length, record, COPY_ALIGNMENT, 'buffer');
    checkUnmapped(record, 'buffer');
    if (bytes.length === 0) return;
    const plain = plainBytes(bytes, this.copySharedViews);
    this.act([record], () => this.device.queue.writeBuffer(buffer, offset, plain));
  }

  /** As the port says. What is cleared of a refused buffer, or after a loss, stays as it is. */
  clear(buffer: Buffer, offset: number, size: number): void {
    this.checkUsable();
    const record = this.buffers.get(buffer, 'buffer');
    checkUsage(record, BufferUsage.COPY_DST, 'buffer', 'COPY_DST');
    checkSpan(offset, size, record, COPY_ALIGNMENT, 'buffer');
    checkUnmapped(record, 'buffer');
    if (size === 0) return;
    this.act([record], () => {
      const encoder = this.device.createCommandEncoder();
      encoder.clearBuffer(buffer, offset, size);
      this.device.queue.submit([encoder.finish()]);
    });
  }

  /** As the port says. A submission that touches a refused buffer, or comes after a loss, does nothing. */
  copy(regions: readonly CopyRegion<Buffer>[]): void {
    this.checkUsable();
    const records = checkRegions(regions, this.buffers, this.limits);
    if (regions.length === 0) return;
    this.act(records, () => {
      const encoder = this.device.createCommandEncoder();
      for (const { source, sourceOffset, target, targetOffset, size } of regions) {
        encoder.copyBufferToBuffer(source, sourceOffset, target, targetOffset, size);
      }
      this.device.queue.submit([encoder.finish()]);
    });
  }

  read(buffer: Buffer, offset: number, size: number): Promise<Uint8Array> {
    this.checkUsable();
    const record = this.buffers.get(buffer, 'buffer');
    const isMappable = (record.usage & BufferUsage.MAP_READ) !== 0;
    if (!isMappable) checkUsage(record, BufferUsage.COPY_SRC, 'buffer', 'COPY_SRC');
    checkSpan(offset, size, record, 1, 'buffer');
    if (isMappable) return this.mapped.read(buffer, record, offset, size);
    checkUnmapped(record, 'buffer');
    const { device, watch, staging, creationChecks } = this;
    const host = { device, watch, staging, creationChecks, refusal: this.refusal.bind(this) };
    return readBuffer(host, buffer, record, offset, size);
  }

  map(buffer: Buffer, offset: number, size: number): Promise<Uint8Array> {
    this.checkUsable();
    const record = this.buffers.get(buffer, 'buffer');
    checkMap(record, offset, size);
    return this.uploads.map(buffer, record, offset, size);
  }

  unmap(buffer: Buffer): void {
    this.checkUsable();
    const record = this.buffers.get(buffer, 'buffer');
    checkMapped(record);
    buffer.unmap();
    record.mapState = 'unmapped';
  }

  signal(timeline = 0): Serial {
    this.checkUsable();
    checkTimeline(timeline, this.timelineCount);
    this.staging.tick();
    return this.fences.signal();
  }

  completedOn(timeline: number): Serial {
    this.checkUsable();
    checkTimeline(timeline, this.timelineCount);
    return this.fences.completedSerial;
  }

  whenCompleted(serial: Serial): Promise<void> {
    this.checkUsable();
    return this.fences.whenCompleted(serial);
  }

  /**
   * Destroys the idle staging buffers. They are trimmed anyway, in time and when the device refuses a buffer.
   */
  trimStaging(): void {
    this.checkUsable();
    this.staging.trim();
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.watch.lose({ reason: 'destroyed', message: 'the backend was disposed' });
    for (const buffer of this.buffers.adoptedBuffers) unmapOurs(buffer, this.buffers.get(buffer, 'buffer'));
    for (const buffer of this.buffers.removeAll()) buffer.destroy();
    this.staging.dispose();
  }

  private checkUsable(): void {
    if (this.disposed) throw new UsageError('disposed', 'this backend was disposed; make a new one');
  }

  /** Runs device calls that touch `records`; those whose grant is open may still turn out to be invalid. */
  private act(records: readonly BufferRecord[], run: () => void): void {
    if (this.watch.isLost || records.some((record) => record.grant === 'refused')) return;
    if (records.some((record) => record.grant === 'asked')) runInScopes(this.device, run);
    else run();
  }

  private runChecked({ size, usage, label, mapped = false }: BufferDescriptor): ScopedRun<Buffer> {
    const asked: WebGpuBufferDescriptor = { size, usage };
    if (label !== undefined) asked.label = label;
    if (mapped) asked.mappedAtCreation = true;
    const create = (): Buffer => this.device.createBuffer(asked);
    try {
      if (this.creationChecks === 'error-scope') return runInScopes(this.device, create);
      return { result: create(), verdict: Promise.resolve(NOTHING_WRONG) };
    } catch (cause) {
      // So WebGPU says that there is no memory for the mapped bytes.
      if (mapped && cause instanceof RangeError) throw this.refusal(size, cause.message);
      throw new BackendError('backend-failed', 'the device could not make a buffer', { cause });
    }
  }

  private settle(record: BufferRecord, verdict: ScopeVerdict): void {
    if (verdict.outOfMemory === undefined && verdict.validation === undefined) {
      record.grant = 'granted';
      return;
    }
    record.grant = 'refused';
    if (verdict.outOfMemory !== undefined) throw this.refusal(record.sizeBytes, verdict.outOfMemory);
    throw new BackendError('backend-failed', `the device refused a buffer: ${verdict.validation}`);
  }

  private refusal(requestedBytes: number, reason: string): OutOfMemoryError {
    // Memory is short: what is only kept for later reads goes first.
    this.staging.trim();
    const reservedBytes = this.buffers.liveBytes + this.staging.heldBytes;
    return new OutOfMemoryError(
      'refused-by-device',
      `the device refused ${requestedBytes} bytes (${reason}) while ${reservedBytes} are held; free some`,
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

/** A backend over `device`. @throws UsageError `bad-argument`, `unknown-option` */
export function createWebGpuBackend<Buffer extends WebGpuBuffer>(
  device: WebGpuDevice<Buffer>,
  options: WebGpuBackendOptions = {},
): WebGpuBackend<Buffer> {
  return new WebGpuBackend(device, options);
}

/** All bytes of a buffer that was born mapped. */
function mappedBytes(buffer: WebGpuBuffer): Uint8Array {
  try {
    return new Uint8Array(buffer.getMappedRange());
  } catch (cause) {
    buffer.destroy();
    throw new BackendError('backend-failed', 'the device did not map a new buffer', { cause });
  }
}

/** Takes our mapping, if there is one, from a buffer that stays the caller's. */
function unmapOurs(buffer: WebGpuBuffer, record: BufferRecord): void {
  if (record.mapState === 'unmapped') return;
  record.mapState = 'unmapped';
  buffer.unmap();
}

function checkIsBuffer(value: unknown): void {
  const buffer = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const methods = ['mapAsync', 'getMappedRange', 'unmap', 'destroy'];
  if (methods.every((name) => typeof buffer[name] === 'function')) return;
  throw new UsageError('foreign-object', `buffer is ${show(value)}; pass a GPUBuffer`);
}

function readLimits<Buffer extends WebGpuBuffer>(device: WebGpuDevice<Buffer>): BackendLimits {
  const limits = typeof device === 'object' && device !== null ? device.limits : undefined;
  if (limits === undefined || typeof limits !== 'object' || typeof device.createBuffer !== 'function') {
    throw new UsageError('bad-argument', `device is ${show(device)}; pass a GPUDevice`);
  }
  return {
    maxBufferSize: limits.maxBufferSize,
    maxUniformBindingSize: limits.maxUniformBufferBindingSize,
    maxStorageBindingSize: limits.maxStorageBufferBindingSize,
    uniformOffsetAlignment: limits.minUniformBufferOffsetAlignment,
    storageOffsetAlignment: limits.minStorageBufferOffsetAlignment,
    copyAlignment: COPY_ALIGNMENT,
    copiesWithinBuffer: false,
  };
}
