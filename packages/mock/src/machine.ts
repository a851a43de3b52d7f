/**
 * Machine: the inside of a virtual GPU, shared by its backends and encoders.
 *
 * Promise  every call passes through `call`, where it is counted, logged and, if so told, broken before it
 *          has changed anything. What is lost stays lost.
 * Refusal  checks no arguments: that is the business of who calls it.
 */
import type { BackendLimits, DeviceLoss, MemoryType, Serial } from '@gpuheap/core/backend';
import { BackendError, GpuMemoryError, OutOfMemoryError } from '@gpuheap/core/errors';
import { type CallKind, CallLog, type MockCall } from './call-log.ts';
import { Faults, type StruckCall } from './faults.ts';
import { type FlyingRead, HazardWatch, type TouchedRange, type Toucher, unusableHazard } from './hazards.ts';
import { MockBuffer, type MockBufferFacts } from './mock-buffer.ts';
import type { MockGpuSettings } from './mock-options.ts';
import { type Deferred, Settlement } from './settlement.ts';
import { Timelines } from './timelines.ts';

/** One submission: what it reads, what it overwrites, and what it does. */
export interface Submission {
  readonly by: Toucher;
  readonly reads: readonly FlyingRead[];
  readonly writes: readonly TouchedRange[];
  /** Default 0. */
  readonly timeline?: number;
  run(): void;
}

/** The inside of one virtual GPU. */
export class Machine {
  /** What its buffers are known by. */
  readonly identity: object = {};
  readonly settings: MockGpuSettings;
  readonly log: CallLog;
  readonly faults: Faults;
  readonly settlement: Settlement;
  readonly hazards: HazardWatch;
  readonly timelines: Timelines;
  readonly buffers: Set<MockBuffer> = new Set();
  private readonly heapBytes = new Map<number, number>();
  /** Destroyed buffers whose work is not done. */
  private readonly dying = new Set<MockBuffer>();
  private readonly onLoss: ((loss: DeviceLoss) => void)[] = [];
  private waiters: { readonly serial: Serial; readonly deferred: Deferred<void> }[] = [];
  private bufferCount = 0;
  private lossNow: DeviceLoss | undefined;

  constructor(settings: MockGpuSettings) {
    this.settings = settings;
    this.log = new CallLog(settings.recordCalls);
    this.faults = new Faults(this.log);
    this.settlement = new Settlement(settings.settleWhen, settings.settleOrder);
    this.hazards = new HazardWatch(settings.reuseAfter === 'completed');
    this.timelines = new Timelines(settings.timelines, settings.autoComplete, () => this.reached());
  }

  get limits(): BackendLimits {
    return this.settings.limits;
  }

  /** Why the device is lost, or undefined. */
  get loss(): DeviceLoss | undefined {
    return this.lossNow;
  }

  /** Bytes of live buffers that were granted. O(buffers) */
  get heldBytes(): number {
    let bytes = 0;
    for (const buffer of this.buffers) if (!buffer.isRefused) bytes += buffer.sizeBytes;
    return bytes;
  }

  /**
   * Bytes that are not free: held ones, and those of destroyed buffers whose work is not done. O(memory
   * heaps)
   */
  get occupiedBytes(): number {
    let bytes = 0;
    for (const occupied of this.heapBytes.values()) bytes += occupied;
    return bytes;
  }

  /** Runs one call of a backend or encoder, unless a fault strikes it. */
  call<T>(kind: CallKind, describe: () => MockCall['details'], body: (struck: StruckCall) => T): T {
    // Taken before the call: what was passed may change while it runs.
    const details = this.settings.recordCalls ? describe() : {};
    this.log.count(kind);
    const number = this.log.total;
    const numberOfKind = this.log.counts[kind];
    const keep = (outcome: string): void => this.log.keep({ kind, number, numberOfKind, details, outcome });
    try {
      const struck = this.faults.strike(kind);
      if (struck.isLost) this.lose({ reason: 'unknown', message: `lost at call ${number}, a ${kind}` });
      if (struck.failure === 'now')
        throw new BackendError('backend-failed', `call ${number}, a ${kind}, was told to fail`);
      const answer = body(struck);
      keep('done');
      return answer;
    } catch (error) {
      keep(error instanceof GpuMemoryError ? error.code : String(error));
      throw error;
    }
  }

  /** Why a creation does not fit the memory, or undefined. */
  shortage(sizeBytes: number, memoryType: number): OutOfMemoryError | undefined {
    const { capacityBytes } = this.settings;
    const { heapIndex, heapSizeBytes: heapCapacity } = this.memoryType(memoryType);
    const heapBytes = this.heapBytes.get(heapIndex) ?? 0;
    if (sizeBytes <= capacityBytes - this.occupiedBytes && sizeBytes <= heapCapacity - heapBytes)
      return undefined;
    return this.refusal(sizeBytes, `it has ${Math.min(capacityBytes, heapCapacity)}`);
  }

  /** The error of a creation that the device refuses. */
  refusal(sizeBytes: number, why: string): OutOfMemoryError {
    const reservedBytes = this.occupiedBytes;
    return new OutOfMemoryError(
      'refused-by-device',
      `the virtual GPU refused ${sizeBytes} bytes while ${reservedBytes} are held (${why}); free some`,
      {
        requestedBytes: sizeBytes,
        largestFreeBytes: 0,
        freeBytes: 0,
        pendingBytes: 0,
        reservedBytes,
        budgetBytes: Number.POSITIVE_INFINITY,
      },
    );
  }

  /** A buffer; one that is refused takes no memory. */
  makeBuffer(facts: MockBufferFacts, isRefused: boolean): MockBuffer {
    this.bufferCount++;
    const buffer = new MockBuffer(this.identity, this.bufferCount, facts);
    buffer.isRefused = isRefused;
    if (!isRefused) this.charge(facts.memoryType, facts.sizeBytes);
    this.buffers.add(buffer);
    return buffer;
  }

  /** Ends a buffer's life for callers; its memory goes when the work before is done. */
  destroyBuffer(buffer: MockBuffer): void {
    if (buffer.isDestroyed) return;
    buffer.isDestroyed = true;
    buffer.takeBack(false);
    this.buffers.delete(buffer);
    this.dying.add(buffer);
    if (this.lossNow === undefined) this.afterUses(buffer, () => this.release(buffer));
    else this.release(buffer);
  }

  /**
   * Queues a submission, and reports what it overwrites too early. Answers whether it was taken: one that
   * uses a destroyed or mapped buffer is dropped whole and reported, one after a loss is dropped in silence.
   */
  submit(submission: Submission): boolean {
    const { by, reads, writes } = submission;
    const ranges = [...reads, ...writes];
    if (this.reportUnusable(ranges, by) || this.lossNow !== undefined) return false;
    for (const range of writes) this.hazards.overwrite(range, by);
    const { timeline: number = 0 } = submission;
    const timeline = this.timelines.at(number);
    if (timeline.isIdleAndEager) {
      timeline.submit(() => submission.run());
      return true;
    }
    for (const { buffer } of ranges) buffer.usedOn.add(number);
    this.hazards.begin('flights', reads);
    timeline.submit(() => {
      submission.run();
      this.hazards.end('flights', reads);
    });
    return true;
  }

  /** Reports the ranges that no work may use now; whether there are any. O(ranges) */
  reportUnusable(ranges: readonly TouchedRange[], by: Toucher): boolean {
    let isAny = false;
    for (const range of ranges) {
      const hazard = unusableHazard(range, by);
      if (hazard === undefined) continue;
      this.hazards.report(hazard);
      isAny = true;
    }
    return isAny;
  }

  /** Runs `run` when all that was submitted to the timelines that have used the buffer is done. */
  afterUses(buffer: MockBuffer, run: () => void): void {
    let left = buffer.usedOn.size;
    const arrive = (): void => {
      left--;
      if (left === 0) run();
    };
    for (const timeline of buffer.usedOn) this.timelines.at(timeline).submit(arrive);
  }

  /** Resolves `deferred` when `serial` is reached. */
  wait(serial: Serial, deferred: Deferred<void>): void {
    if (this.timelines.isReached(serial)) deferred.resolve();
    else if (this.lossNow !== undefined) deferred.reject(this.lossError());
    else this.waiters.push({ serial, deferred });
  }

  /** Tells `listener` of the loss, now if there was one. */
  whenLost(listener: (loss: DeviceLoss) => void): void {
    if (this.lossNow === undefined) this.onLoss.push(listener);
    else listener(this.lossNow);
  }

  /**
   * Loses the device: nothing that is queued is ever done, everything that waits rejects. Only the first
   * counts.
   */
  lose(loss: DeviceLoss): void {
    if (this.lossNow !== undefined) return;
    this.lossNow = loss;
    this.timelines.stop();
    for (const buffer of this.dying) this.release(buffer);
    this.waiters = [];
    this.settlement.abandon(() => this.lossError());
    for (const listener of this.onLoss) listener(loss);
  }

  /** What a call that needs the device throws after the loss. */
  lossError(): BackendError {
    const { reason, message } = this.lossNow as DeviceLoss;
    return new BackendError('device-lost', `the virtual GPU is lost (${reason}: ${message}); make a new one`);
  }

  private charge(memoryType: number, bytes: number): void {
    const { heapIndex } = this.memoryType(memoryType);
    this.heapBytes.set(heapIndex, (this.heapBytes.get(heapIndex) ?? 0) + bytes);
  }

  /** One that there is: descriptors are checked before they come here. */
  private memoryType(number: number): MemoryType {
    return this.settings.memoryTypes[number] as MemoryType;
  }

  private release(buffer: MockBuffer): void {
    this.dying.delete(buffer);
    buffer.contents.release();
    if (!buffer.isRefused) this.charge(buffer.memoryType, -buffer.sizeBytes);
  }

  private reached(): void {
    const due = this.waiters.filter(({ serial }) => this.timelines.isReached(serial));
    this.waiters = this.waiters.filter(({ serial }) => !this.timelines.isReached(serial));
    for (const { deferred } of due) deferred.resolve();
  }
}
