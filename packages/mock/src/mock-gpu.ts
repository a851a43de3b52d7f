/**
 * Mock GPU: a virtual GPU that moves real bytes, whose clock is the test's.
 *
 * Cost     work is done once, when the clock is moved; memory is taken by what was written, not by the size
 *          of buffers.
 * Promise  deterministic: no timer, no date, no randomness but a seed. The same calls give the same bytes,
 *          hazards and order of promises.
 * Refusal  runs no shaders and draws nothing: an encoder states the ranges that it uses.
 * Source   WebGPU specification: usage scopes, buffer mapping, queue timeline.
 */
import {
  type BackendLimits,
  type BufferDescriptor,
  BufferUsage,
  checkDescriptor,
  checkInteger,
  checkOneOf,
  checkOptions,
  checkSpan,
  type DeviceLoss,
  MemoryProperty,
  type Serial,
  show,
} from '@gpuheap/core/backend';
import { UsageError } from '@gpuheap/core/errors';
import type { CallKind, MockCall } from './call-log.ts';
import type { Faults } from './faults.ts';
import type { Hazard } from './hazards.ts';
import { Machine } from './machine.ts';
import { MockBackend } from './mock-backend.ts';
import { MockBuffer } from './mock-buffer.ts';
import { MockEncoder } from './mock-encoder.ts';
import { type MockGpuOptions, resolveOptions } from './mock-options.ts';
import type { MockUse } from './usage-scope.ts';

/** How a buffer is made beside a backend. Default `memoryType`: the first in which the usage is legal. */
export type OutsideBuffer = Omit<BufferDescriptor, 'memoryType' | 'mapped'> & {
  readonly memoryType?: number;
};

/** A virtual GPU with one queue, or several. */
export class MockGpu {
  readonly limits: BackendLimits;
  /** What to break, and when. */
  readonly faults: Faults;
  private readonly machine: Machine;

  /** @throws UsageError `bad-argument`, `unknown-option` */
  constructor(options: MockGpuOptions = {}) {
    this.machine = new Machine(resolveOptions(options));
    this.limits = this.machine.limits;
    this.faults = this.machine.faults;
  }

  /**
   * A backend on this GPU. Several share its queue, clock and memory, and take one another's buffers for
   * foreign.
   */
  backend(): MockBackend {
    return new MockBackend(this.machine);
  }

  /**
   * A buffer that no backend knows, as a user of the GPU makes it beside the backend, to be adopted.
   * @throws UsageError as `createBuffer` · OutOfMemoryError `refused-by-device` · BackendError `device-lost`
   */
  makeBuffer(descriptor: OutsideBuffer): MockBuffer {
    checkOptions(descriptor, 'descriptor', ['size', 'usage', 'memoryType', 'label']);
    const { memoryTypes } = this.machine.settings;
    const { MAP_READ, MAP_WRITE } = BufferUsage;
    const isMapped =
      typeof descriptor.usage === 'number' && (descriptor.usage & (MAP_READ | MAP_WRITE)) !== 0;
    const first = memoryTypes.findIndex(({ properties }) => (properties & MemoryProperty.HOST_VISIBLE) !== 0);
    const whole = { memoryType: isMapped ? first : 0, ...descriptor };
    checkDescriptor(whole, this.limits, memoryTypes);
    if (this.machine.loss !== undefined) throw this.machine.lossError();
    const { size, usage, memoryType, label = '' } = whole;
    const shortage = this.machine.shortage(size, memoryType);
    if (shortage !== undefined) throw shortage;
    return this.machine.makeBuffer({ sizeBytes: size, usage, memoryType, label }, false);
  }

  /**
   * Destroys a buffer, as its owner does beside the backend, whoever knows it.
   * @throws UsageError `foreign-object`, `dead-buffer`
   */
  destroyBuffer(buffer: MockBuffer): void {
    this.checkBuffer(buffer);
    if (buffer.isDestroyed) throw new UsageError('dead-buffer', 'buffer was destroyed; use a live one');
    this.machine.destroyBuffer(buffer);
  }

  /** An encoder, as a user of the GPU has beside the backend. */
  recordEncoder(): MockEncoder {
    return new MockEncoder(this.machine);
  }

  /**
   * Submits an encoder with one usage scope; answers whether it was legal and taken.
   * @throws UsageError as `MockEncoder.dispatch`
   */
  dispatch(uses: readonly MockUse[], timeline = 0): boolean {
    const encoder = this.recordEncoder();
    encoder.dispatch(uses);
    return encoder.submit(timeline);
  }

  /**
   * Moves the clock: all work up to a signal is done, on the other timelines up to their last signal before.
   * @throws UsageError `bad-argument` for one never signalled
   */
  completeUpTo(serial: Serial): void {
    this.machine.settlement.complete(() => this.machine.timelines.completeUpTo(serial));
  }

  /**
   * Moves the clock of one timeline: its work up to its last signal that is not above `serial` is done, by
   * default all of it.
   * @throws UsageError `bad-argument` for no such timeline, or a serial never signalled
   */
  completeOn(timeline: number, serial?: Serial): void {
    this.machine.settlement.complete(() => this.machine.timelines.completeOn(timeline, serial));
  }

  /** Moves the clock: all work is done, a timeline after the other. */
  completeAll(): void {
    this.machine.settlement.complete(() => this.machine.timelines.completeAll());
  }

  /**
   * Settles up to `count` promises that are due, all by default; answers how many. For `settleWhen:
   * 'manual'`.
   */
  settle(count: number = Number.MAX_SAFE_INTEGER): number {
    checkInteger(count, 'count', 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
    return this.machine.settlement.settle(count);
  }

  /**
   * Loses the device: what is queued is never done, what waits rejects with `device-lost`. Only the first
   * call counts.
   * @throws UsageError `bad-argument`
   */
  lose(message = 'the test took it away', reason: DeviceLoss['reason'] = 'unknown'): void {
    if (typeof message !== 'string')
      throw new UsageError('bad-argument', `message is ${show(message)}; pass a string`);
    checkOneOf(reason, 'reason', ['unknown', 'destroyed']);
    this.machine.lose({ reason, message });
  }

  /** Whether the device is lost. */
  get isLost(): boolean {
    return this.machine.loss !== undefined;
  }

  /** What went wrong between calls so far. */
  get hazards(): readonly Hazard[] {
    return this.machine.hazards.hazards;
  }

  /** The hazards for which WebGPU drops a submission and calls its error handler, a sentence each. */
  get errors(): readonly string[] {
    return this.hazards.filter(({ kind }) => !kind.startsWith('overwrite-')).map(({ message }) => message);
  }

  /** Every call so far; empty when `recordCalls` is off. */
  get calls(): readonly MockCall[] {
    return this.machine.log.calls;
  }

  /** How many calls there were of each kind, refused ones included. */
  get counts(): Readonly<Record<CallKind, number>> {
    return this.machine.log.counts;
  }

  /** How many calls there were of all kinds. */
  get callCount(): number {
    return this.machine.log.total;
  }

  /** The latest serial that was signalled by any backend. */
  get signalledSerial(): Serial {
    return this.machine.timelines.signalledSerial;
  }

  /** The largest serial that is reached with all before it, on every timeline. */
  get completedSerial(): Serial {
    return this.machine.timelines.completedSerial;
  }

  /** Pieces of work, signals included, that are submitted and not done. */
  get queuedCount(): number {
    return this.machine.timelines.queuedCount;
  }

  /** Promises that are not settled. */
  get openPromiseCount(): number {
    return this.machine.settlement.openCount;
  }

  /** Buffers that nobody has destroyed, those of all backends. */
  get buffers(): ReadonlySet<MockBuffer> {
    return this.machine.buffers;
  }

  /** Bytes of those buffers, without refused ones. O(buffers) */
  get heldBytes(): number {
    return this.machine.heldBytes;
  }

  /** Bytes taken from the capacity: held ones, and those of destroyed buffers whose work is not done. */
  get occupiedBytes(): number {
    return this.machine.occupiedBytes;
  }

  /**
   * What a buffer holds now; work that is queued has not touched it yet.
   * @throws UsageError `foreign-object`, `out-of-bounds`
   */
  peek(buffer: MockBuffer, offset = 0, size: number = buffer.sizeBytes - offset): Uint8Array {
    this.checkBuffer(buffer);
    checkSpan(offset, size, buffer, 1, 'buffer');
    return buffer.contents.read(offset, size);
  }

  private checkBuffer(buffer: MockBuffer): void {
    if (buffer instanceof MockBuffer && buffer.home === this.machine.identity) return;
    throw new UsageError('foreign-object', `buffer is ${show(buffer)} that this virtual GPU did not make`);
  }
}

/** A backend on a virtual GPU of its own. With `autoComplete` it needs nobody to drive the clock. */
export function createMockBackend(options: MockGpuOptions = {}): MockBackend {
  return new MockGpu(options).backend();
}
