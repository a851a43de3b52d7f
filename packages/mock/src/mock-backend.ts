/**
 * Mock backend: the port over a virtual GPU.
 *
 * Cost     a write copies its bytes when it is called, and once more when its turn comes.
 * Promise  checks everything before it changes anything; enforces more than a real device can: a buffer under
 *          a mapping is refused at once, where a device drops the submission in silence.
 * Refusal  no staging: what is read is copied out of the buffer itself. `stagingBytes` says what staging
 *          would hold.
 */
import {
  type BackendLimits,
  type BufferDescriptor,
  BufferTable,
  BufferUsage,
  bytesOfView,
  type CopyRegion,
  type CreatedBuffer,
  checkDescriptor,
  checkInteger,
  checkRegions,
  checkSpan,
  checkUsage,
  type DeviceLoss,
  type GpuBackend,
  type MemoryType,
  type Serial,
  show,
} from '@gpuheap/core/backend';
import { BackendError, UsageError } from '@gpuheap/core/errors';
import { describe, type FlyingRead, type Toucher } from './hazards.ts';
import type { Machine } from './machine.ts';
import type { MockBuffer } from './mock-buffer.ts';
import type { Deferred } from './settlement.ts';

/** Reads are staged in multiples of it. */
const STAGING_STEP = 4;
/** No engine makes a larger Uint8Array. */
const MOST_READ_BYTES = 2 ** 32;

/** A backend on a virtual GPU; made by `MockGpu.backend()`. */
export class MockBackend implements GpuBackend<MockBuffer> {
  readonly limits: BackendLimits;
  readonly memoryTypes: readonly MemoryType[];
  readonly reuseAfter: 'submitted' | 'completed';
  readonly lost: Promise<DeviceLoss>;
  private readonly machine: Machine;
  private readonly buffers = new BufferTable<MockBuffer, MockBuffer>();
  private readonly mappings = new Map<MockBuffer, Set<Deferred<Uint8Array>>>();
  private announceLoss: (loss: DeviceLoss) => void = () => {};
  private isLostNow = false;
  private isDisposed = false;
  private stagedBytes = 0;
  private signalled: Serial = 0;

  constructor(machine: Machine) {
    this.machine = machine;
    this.limits = machine.limits;
    this.memoryTypes = machine.settings.memoryTypes;
    this.reuseAfter = machine.settings.reuseAfter;
    this.lost = new Promise((resolve) => {
      this.announceLoss = resolve;
    });
    machine.whenLost((loss) => this.noteLoss(loss));
  }

  get stagingBytes(): number {
    return this.stagedBytes;
  }

  get completedSerial(): Serial {
    return this.machine.timeline.completedSerial;
  }

  get isLost(): boolean {
    return this.isLostNow;
  }

  createBuffer(descriptor: BufferDescriptor): CreatedBuffer<MockBuffer> {
    return this.machine.call(
      'createBuffer',
      () => ({ ...descriptor }),
      ({ failure, delaySteps }) => {
        this.checkUsable();
        checkDescriptor(descriptor, this.limits, this.memoryTypes);
        if (this.machine.loss !== undefined) throw this.machine.lossError();
        const { size, usage, memoryType, label = '' } = descriptor;
        const told = this.machine.faults.creationRefusal(size);
        const shortage = this.machine.shortage(size, memoryType);
        const refusal = told === undefined ? shortage : this.machine.refusal(size, 'it was told to');
        const when = told ?? this.machine.settings.refuseCapacity;
        if (refusal !== undefined && when === 'now') throw refusal;
        const error = failure === undefined ? refusal : failed('the creation');
        const buffer = this.machine.makeBuffer(
          { sizeBytes: size, usage, memoryType, label },
          error !== undefined,
        );
        this.buffers.add(buffer, buffer);
        const settled = this.machine.settlement.make<void>(this, delaySteps);
        if (error === undefined) settled.resolve();
        else settled.reject(error);
        return { buffer, settled: settled.promise };
      },
    );
  }

  destroyBuffer(buffer: MockBuffer): void {
    this.machine.call(
      'destroyBuffer',
      () => ({ buffer: idOf(buffer) }),
      () => {
        this.checkUsable();
        this.buffers.remove(buffer, 'buffer');
        // A mapping does not outlive its buffer.
        for (const mapping of this.mappings.get(buffer) ?? []) {
          mapping.reject(
            new BackendError('backend-failed', `${describe(buffer)} was destroyed while a read mapped it`),
          );
        }
        this.machine.destroyBuffer(buffer);
      },
    );
  }

  write(buffer: MockBuffer, offset: number, data: ArrayBufferView): void {
    this.machine.call(
      'write',
      () => ({ buffer: idOf(buffer), offset, size: byteLengthOf(data) }),
      () => {
        this.checkUsable();
        this.buffers.get(buffer, 'buffer');
        const bytes = bytesOfView(data);
        checkUsage(buffer, BufferUsage.COPY_DST, 'buffer', 'COPY_DST');
        checkSpan(offset, bytes.length, buffer, this.limits.copyAlignment, 'buffer');
        checkUnmapped(buffer);
        if (bytes.length === 0 || buffer.isRefused || this.machine.loss !== undefined) return;
        // Work that is done at once needs no copy of its own.
        const taken = this.machine.timeline.isIdleAndEager ? bytes : new Uint8Array(bytes);
        const writes = [{ buffer, offset, size: taken.length }];
        const run = (): void => buffer.contents.write(offset, taken);
        this.machine.submit({ by: 'write', reads: [], writes, run });
      },
    );
  }

  copy(regions: readonly CopyRegion<MockBuffer>[]): void {
    this.machine.call(
      'copy',
      () => ({ regions: describeRegions(regions) }),
      () => {
        this.checkUsable();
        const touched = checkRegions(regions, this.buffers, this.limits);
        for (const buffer of touched) checkUnmapped(buffer);
        if (regions.length === 0 || this.machine.loss !== undefined) return;
        if (touched.some((buffer) => buffer.isRefused)) return;
        // The caller may change its regions once this has returned.
        const taken = regions.map((region) => ({ ...region }));
        this.machine.submit({
          by: 'copy',
          reads: taken.map(({ source, sourceOffset, size }) =>
            flyingRead(source, sourceOffset, size, 'copy'),
          ),
          writes: taken.map(({ target, targetOffset, size }) => ({
            buffer: target,
            offset: targetOffset,
            size,
          })),
          run: () => {
            for (const { source, sourceOffset, target, targetOffset, size } of taken) {
              target.contents.copyFrom(source.contents, sourceOffset, targetOffset, size);
            }
          },
        });
      },
    );
  }

  /** As the port says. @throws UsageError also `too-large`, beyond 4 GiB */
  read(buffer: MockBuffer, offset: number, size: number): Promise<Uint8Array> {
    return this.machine.call(
      'read',
      () => ({ buffer: idOf(buffer), offset, size }),
      ({ failure, delaySteps }) => {
        this.checkUsable();
        this.buffers.get(buffer, 'buffer');
        const isMappable = (buffer.usage & BufferUsage.MAP_READ) !== 0;
        if (!isMappable) checkUsage(buffer, BufferUsage.COPY_SRC, 'buffer', 'COPY_SRC');
        checkSpan(offset, size, buffer, 1, 'buffer');
        if (size > MOST_READ_BYTES) {
          throw new UsageError(
            'too-large',
            `${size} bytes are more than one array holds; read them piece by piece`,
          );
        }
        const read = this.machine.settlement.make<Uint8Array>(this, delaySteps);
        if (this.machine.loss !== undefined) {
          read.reject(this.machine.lossError());
        } else {
          if (isMappable) this.holdMapping(buffer, read);
          else this.holdStaging(read, size);
          this.queueRead(buffer, offset, size, read, failure !== undefined);
        }
        return read.promise;
      },
    );
  }

  signal(): Serial {
    return this.machine.call(
      'signal',
      () => ({}),
      ({ delaySteps }) => {
        this.checkUsable();
        this.signalled = this.machine.timeline.signal(delaySteps);
        return this.signalled;
      },
    );
  }

  whenCompleted(serial: Serial): Promise<void> {
    return this.machine.call(
      'whenCompleted',
      () => ({ serial }),
      ({ failure, delaySteps }) => {
        this.checkUsable();
        checkInteger(serial, 'serial', 0, this.signalled, 'bad-argument');
        const reached = this.machine.settlement.make<void>(this, delaySteps);
        if (failure !== undefined) reached.reject(failed('the wait'));
        else this.machine.wait(serial, reached);
        return reached.promise;
      },
    );
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.noteLoss({ reason: 'destroyed', message: 'the backend was disposed' });
    this.machine.settlement.abandon(
      () => new BackendError('device-lost', 'the backend was disposed; make a new one'),
      this,
    );
    for (const buffer of this.buffers.removeAll()) this.machine.destroyBuffer(buffer);
  }

  private noteLoss(loss: DeviceLoss): void {
    this.isLostNow = true;
    this.announceLoss(loss);
  }

  private checkUsable(): void {
    if (this.isDisposed) throw new UsageError('disposed', 'this backend was disposed; make a new one');
  }

  private queueRead(
    buffer: MockBuffer,
    offset: number,
    size: number,
    read: Deferred<Uint8Array>,
    mustFail: boolean,
  ): void {
    this.machine.submit({
      by: 'read',
      reads: [flyingRead(buffer, offset, size, 'read')],
      writes: [],
      run: () => {
        if (mustFail) read.reject(failed('the read'));
        else if (buffer.isRefused) read.reject(failed('the read: the device had refused the buffer'));
        else read.resolve(buffer.contents.read(offset, size));
      },
    });
  }

  private holdStaging(read: Deferred<Uint8Array>, size: number): void {
    const bytes = Math.ceil(size / STAGING_STEP) * STAGING_STEP;
    this.stagedBytes += bytes;
    read.onSettled = () => {
      this.stagedBytes -= bytes;
    };
  }

  private holdMapping(buffer: MockBuffer, read: Deferred<Uint8Array>): void {
    const mappings = this.mappings.get(buffer) ?? new Set();
    this.mappings.set(buffer, mappings.add(read));
    buffer.mappingCount++;
    read.onSettled = () => {
      buffer.mappingCount--;
      mappings.delete(read);
      if (mappings.size === 0) this.mappings.delete(buffer);
    };
  }
}

function failed(what: string): BackendError {
  return new BackendError('backend-failed', `${what} failed, as it was told to`);
}

function flyingRead(buffer: MockBuffer, offset: number, size: number, reader: Toucher): FlyingRead {
  return { buffer, offset, size, reader, isTorn: false };
}

function checkUnmapped(buffer: MockBuffer): void {
  if (buffer.mappingCount === 0) return;
  throw new UsageError(
    'bad-usage',
    `${describe(buffer)} is mapped by a read; wait until its promise has settled`,
  );
}

/** @throws UsageError `bad-data`, also for a view whose memory went elsewhere */
function byteLengthOf(data: unknown): unknown {
  try {
    return ArrayBuffer.isView(data) ? data.byteLength : show(data);
  } catch {
    return 'detached';
  }
}

function idOf(buffer: unknown): unknown {
  return buffer !== null && typeof buffer === 'object' ? (buffer as { id?: unknown }).id : show(buffer);
}

function describeRegions(regions: unknown): unknown {
  if (!Array.isArray(regions)) return show(regions);
  return regions.map((region: unknown) => {
    if (region === null || typeof region !== 'object') return show(region);
    const { source, target, ...numbers } = region as CopyRegion<MockBuffer>;
    return { ...numbers, source: idOf(source), target: idOf(target) };
  });
}
