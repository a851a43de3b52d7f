/**
 * Mock backend: the port over a virtual GPU.
 *
 * Cost     a write copies its bytes when it is called, and once more when its turn comes.
 * Promise  checks everything before it changes anything. What is mapped is real bytes, detached when the
 *          buffer goes back.
 * Refusal  no staging: what is read is copied out of the buffer itself. `stagingBytes` says what staging
 *          would hold.
 */
import {
  type AdoptedBuffer,
  type BackendLimits,
  type BufferDescriptor,
  BufferTable,
  BufferUsage,
  bytesOfView,
  type CopyRegion,
  type CreatedBuffer,
  checkAdoption,
  checkDescriptor,
  checkInteger,
  checkMap,
  checkMapped,
  checkRegions,
  checkSpan,
  checkTimeline,
  checkUnmapped,
  checkUsage,
  type DeviceLoss,
  type GpuBackend,
  type MemoryType,
  type Serial,
  show,
} from '@gpuheap/core/backend';
import { BackendError, UsageError } from '@gpuheap/core/errors';
import { byteLengthOf, describeRegions, idOf } from './call-details.ts';
import type { FlyingRead, Toucher } from './hazards.ts';
import type { Machine } from './machine.ts';
import { Mappings } from './mappings.ts';
import { MockBuffer } from './mock-buffer.ts';
import type { Deferred } from './settlement.ts';

/** Reads are staged in multiples of it. */
const STAGING_STEP = 4;
/** No engine makes a larger Uint8Array. */
const MOST_ARRAY_BYTES = 2 ** 32;

/** A backend on a virtual GPU; made by `MockGpu.backend()`. */
export class MockBackend implements GpuBackend<MockBuffer> {
  readonly limits: BackendLimits;
  readonly memoryTypes: readonly MemoryType[];
  readonly reuseAfter: 'submitted' | 'completed';
  readonly lost: Promise<DeviceLoss>;
  private readonly machine: Machine;
  private readonly buffers = new BufferTable<MockBuffer, MockBuffer>();
  private readonly mappings = new Mappings();
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

  get timelineCount(): number {
    return this.machine.timelines.count;
  }

  get completedSerial(): Serial {
    return this.machine.timelines.completedSerial;
  }

  get isLost(): boolean {
    return this.isLostNow;
  }

  /** As the port says. @throws UsageError `too-large` also where it is born mapped, beyond 4 GiB */
  createBuffer(descriptor: BufferDescriptor): CreatedBuffer<MockBuffer> {
    return this.machine.call(
      'createBuffer',
      () => ({ ...descriptor }),
      ({ failure, delaySteps }) => {
        this.checkUsable();
        checkDescriptor(descriptor, this.limits, this.memoryTypes);
        if (this.machine.loss !== undefined) throw this.machine.lossError();
        const { size, usage, memoryType, label = '', mapped = false } = descriptor;
        if (mapped) checkArraySize(size);
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
        if (!mapped) return { buffer, settled: settled.promise };
        const bytes = new Uint8Array(size);
        buffer.give({ offset: 0, bytes });
        return { buffer, settled: settled.promise, bytes };
      },
    );
  }

  adoptBuffer(buffer: MockBuffer, descriptor: AdoptedBuffer): void {
    this.machine.call(
      'adoptBuffer',
      () => ({ buffer: idOf(buffer), ...descriptor }),
      () => {
        this.checkUsable();
        if (!(buffer instanceof MockBuffer) || buffer.home !== this.machine.identity) {
          throw new UsageError('foreign-object', `buffer is ${show(buffer)}; pass one of this virtual GPU`);
        }
        if (buffer.isDestroyed) throw new UsageError('dead-buffer', 'buffer was destroyed; pass a live one');
        const { sizeBytes: size, usage, mapState } = buffer;
        checkAdoption(descriptor, { size, usage, mapState });
        this.buffers.adopt(buffer, buffer, 'buffer');
      },
    );
  }

  destroyBuffer(buffer: MockBuffer): void {
    this.machine.call(
      'destroyBuffer',
      () => ({ buffer: idOf(buffer) }),
      () => {
        this.checkUsable();
        const isAdopted = this.buffers.adoptedBuffers.has(buffer);
        this.buffers.remove(buffer, 'buffer');
        this.mappings.end(buffer);
        if (!isAdopted) this.machine.destroyBuffer(buffer);
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
        checkUnmapped(buffer, 'buffer');
        if (bytes.length === 0 || buffer.isRefused || this.machine.loss !== undefined) return;
        // Work that is done at once needs no copy of its own.
        const taken = this.machine.timelines.at(0).isIdleAndEager ? bytes : new Uint8Array(bytes);
        const writes = [{ buffer, offset, size: taken.length }];
        const run = (): void => buffer.contents.write(offset, taken);
        this.machine.submit({ by: 'write', reads: [], writes, run });
      },
    );
  }

  clear(buffer: MockBuffer, offset: number, size: number): void {
    this.machine.call(
      'clear',
      () => ({ buffer: idOf(buffer), offset, size }),
      () => {
        this.checkUsable();
        this.buffers.get(buffer, 'buffer');
        checkUsage(buffer, BufferUsage.COPY_DST, 'buffer', 'COPY_DST');
        checkSpan(offset, size, buffer, this.limits.copyAlignment, 'buffer');
        checkUnmapped(buffer, 'buffer');
        if (size === 0 || buffer.isRefused || this.machine.loss !== undefined) return;
        const run = (): void => buffer.contents.clear(offset, size);
        this.machine.submit({ by: 'clear', reads: [], writes: [{ buffer, offset, size }], run });
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
        if (!isMappable) checkUnmapped(buffer, 'buffer');
        checkArraySize(size);
        const read = this.machine.settlement.make<Uint8Array>(this, delaySteps);
        if (this.machine.loss !== undefined) {
          read.reject(this.machine.lossError());
        } else {
          if (isMappable) this.mappings.holdForRead(buffer, read);
          else this.holdStaging(read, size);
          this.queueRead(buffer, offset, size, read, failure !== undefined);
        }
        return read.promise;
      },
    );
  }

  /** As the port says. @throws UsageError also `too-large`, beyond 4 GiB */
  map(buffer: MockBuffer, offset: number, size: number): Promise<Uint8Array> {
    return this.machine.call(
      'map',
      () => ({ buffer: idOf(buffer), offset, size }),
      ({ failure, delaySteps }) => {
        this.checkUsable();
        checkMap(this.buffers.get(buffer, 'buffer'), offset, size);
        checkArraySize(size);
        const map = this.machine.settlement.make<Uint8Array>(this, delaySteps);
        if (this.machine.loss !== undefined) {
          map.reject(this.machine.lossError());
          return map.promise;
        }
        const mapped = this.mappings.holdForMap(buffer, offset, map);
        this.machine.afterUses(buffer, () => {
          if (failure !== undefined) map.reject(failed('the map'));
          else if (buffer.isRefused || buffer.isDestroyed) map.reject(gone('the map'));
          else map.resolve(buffer.contents.read(offset, size));
        });
        return mapped;
      },
    );
  }

  unmap(buffer: MockBuffer): void {
    this.machine.call(
      'unmap',
      () => ({ buffer: idOf(buffer) }),
      () => {
        this.checkUsable();
        checkMapped(this.buffers.get(buffer, 'buffer'));
        buffer.takeBack(!buffer.isRefused && this.machine.loss === undefined);
      },
    );
  }

  signal(timeline = 0): Serial {
    return this.machine.call(
      'signal',
      () => ({ timeline }),
      ({ delaySteps }) => {
        this.checkUsable();
        checkTimeline(timeline, this.timelineCount);
        this.signalled = this.machine.timelines.signal(timeline, delaySteps);
        return this.signalled;
      },
    );
  }

  completedOn(timeline: number): Serial {
    this.checkUsable();
    return this.machine.timelines.at(timeline).completedSerial;
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
    const error = new BackendError('device-lost', 'the backend was disposed; make a new one');
    this.machine.settlement.abandon(() => error, this);
    this.mappings.giveUpAll(error);
    for (const buffer of this.buffers.adoptedBuffers) this.mappings.end(buffer);
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
    const isTaken = this.machine.submit({
      by: 'read',
      reads: [flyingRead(buffer, offset, size, 'read')],
      writes: [],
      run: () => {
        if (mustFail) read.reject(failed('the read'));
        else if (buffer.isRefused) read.reject(gone('the read'));
        else read.resolve(buffer.contents.read(offset, size));
      },
    });
    if (!isTaken) read.reject(gone('the read'));
  }

  private holdStaging(read: Deferred<Uint8Array>, size: number): void {
    const bytes = Math.ceil(size / STAGING_STEP) * STAGING_STEP;
    this.stagedBytes += bytes;
    read.onSettled = () => {
      this.stagedBytes -= bytes;
    };
  }
}

function failed(what: string): BackendError {
  return new BackendError('backend-failed', `${what} failed, as it was told to`);
}

function gone(what: string): BackendError {
  return new BackendError(
    'backend-failed',
    `${what} failed: the buffer was refused by the device, or destroyed`,
  );
}

function checkArraySize(size: number): void {
  if (size <= MOST_ARRAY_BYTES) return;
  throw new UsageError('too-large', `${size} bytes are more than one array holds; take them piece by piece`);
}

function flyingRead(buffer: MockBuffer, offset: number, size: number, reader: Toucher): FlyingRead {
  return { buffer, offset, size, reader, isTorn: false };
}
