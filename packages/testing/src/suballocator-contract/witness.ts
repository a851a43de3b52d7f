/**
 * Witness: works a suballocator, keeps its own books about it, and checks every invariant after every
 * operation.
 *
 * Cost     O(live ranges) an operation, times the oracles.
 * Promise  throws ContractViolation at the first operation after which the subject's answers and the books
 *          differ:
 *          in bounds, aligned, disjoint, tiled, merged, counted, complete, unmoved; a refused call has
 *          changed nothing.
 */
import { validate } from '@gpuheap/core/debug';
import {
  type Handle,
  NO_SPACE,
  type RangeView,
  type Suballocator,
  type SuballocatorStatistics,
} from '@gpuheap/core/ranges';
import type { SpaceOracle } from '../oracles/space-oracle.ts';
import { type Checks, ContractViolation } from './checks.ts';
import { differenceOf, readState, STATISTICS_FIELDS, type State } from './state.ts';

/** A live range as the witness knows it. Bytes. */
export interface WitnessedRange {
  readonly handle: Handle;
  readonly offset: number;
  readonly size: number;
  readonly requested: number;
}

/** Counters that only grow, and that no look at the present can tell. */
type History = Pick<
  SuballocatorStatistics,
  'peakUsed' | 'peakLiveCount' | 'allocationCount' | 'freeCount' | 'splitCount' | 'mergeCount'
>;

/** See the head of the file. */
export class Witness {
  /** Live ranges, oldest first. */
  readonly live: WitnessedRange[] = [];
  /** Handles whose range has ended, oldest first. */
  readonly ended: Handle[] = [];
  readonly subject: Suballocator;
  private readonly oracles: readonly SpaceOracle[];
  private readonly check: Checks;
  private readonly byHandle = new Map<Handle, WitnessedRange>();
  private readonly everGiven = new Set<Handle>();
  private readonly history: History = {
    peakUsed: 0,
    peakLiveCount: 0,
    allocationCount: 0,
    freeCount: 0,
    splitCount: 0,
    mergeCount: 0,
  };
  private state: State;
  private watching = true;

  /** `oracles`: one or more, in the state of the subject, which is empty. */
  constructor(subject: Suballocator, oracles: readonly SpaceOracle[], check: Checks) {
    this.subject = subject;
    this.oracles = oracles;
    this.check = check;
    this.state = readState(subject);
    this.verify('construction');
  }

  /**
   * Runs `act` without checks in between; what came of it is checked by the next operation, but splits and
   * merges.
   */
  unwatched(act: () => void): void {
    this.watching = false;
    act();
    this.watching = true;
    this.state = readState(this.subject);
    this.history.splitCount = this.state.statistics.splitCount;
    this.history.mergeCount = this.state.statistics.mergeCount;
  }

  /** Allocates, and checks whatever comes of it. */
  allocate(size: number, alignment = 1): Handle {
    const call = `allocate(${size}, ${alignment})`;
    const handle = this.subject.allocate(size, alignment);
    if (handle === NO_SPACE) this.acceptRefusal(call, size, alignment);
    else this.acceptRange(call, handle, size, alignment);
    return handle;
  }

  /** Frees the live range at `index`, counted from the oldest. */
  freeAt(index: number): void {
    const range = this.live[index];
    if (range === undefined) throw new RangeError(`no live range ${index}`);
    this.subject.free(range.handle);
    this.live.splice(index, 1);
    this.byHandle.delete(range.handle);
    this.ended.push(range.handle);
    for (const oracle of this.oracles) {
      this.complain(oracle, oracle.give(range.offset, range.size), `free of ${range.handle}`);
    }
    const end = range.offset + range.size;
    for (const { offset, size, handle } of this.state.ranges) {
      const isNeighbour = offset + size === range.offset || offset === end;
      if (handle === NO_SPACE && isNeighbour) this.history.mergeCount++;
    }
    this.history.freeCount++;
    this.verify(`free(${range.handle})`);
  }

  /** Resets. */
  reset(): void {
    this.subject.reset();
    this.history.freeCount += this.live.length;
    for (const { handle } of this.live) this.ended.push(handle);
    this.live.length = 0;
    this.byHandle.clear();
    for (const oracle of this.oracles) oracle.clear();
    if (this.watching) {
      // A kind may count what a reset joins, or not.
      const { mergeCount, splitCount } = this.subject.statistics();
      this.check.that(mergeCount >= this.history.mergeCount, 'reset() has lowered mergeCount.');
      this.history.mergeCount = mergeCount;
      this.check.same(splitCount, this.history.splitCount, 'splitCount after reset()');
    }
    this.verify('reset()');
  }

  /** Makes a call that must be refused with one of the codes and must change nothing. */
  refused(call: string, codes: readonly string[], act: (subject: Suballocator) => unknown): void {
    this.check.refuses(() => act(this.subject), codes, call);
    this.unchanged(call);
  }

  /** Asks for the largest allocatable and compares the answer with the oracles'. */
  askLargest(alignment: number): number {
    const call = `largestAllocatable(${alignment})`;
    const answer = this.subject.largestAllocatable(alignment);
    const most = this.largest(alignment);
    if (this.subject.capabilities.exact) this.check.same(answer, most, call);
    else this.check.that(answer >= 0 && answer <= most, () => `${call} is ${answer}, more than fits.`);
    this.unchanged(call);
    return answer;
  }

  /** Whether the subject ever answered this handle. */
  hasGiven(handle: unknown): boolean {
    return this.everGiven.has(handle as Handle);
  }

  /** Bytes of the largest legal place, on which all oracles must agree. */
  largest(alignment: number): number {
    const answers = this.oracles.map((oracle) => oracle.largest(alignment));
    const first = answers[0] as number;
    this.check.that(
      answers.every((answer) => answer === first),
      () => `The oracles disagree about alignment ${alignment}: ${answers.join(', ')}.`,
    );
    return first;
  }

  /** Checks all invariants now. */
  verify(call: string): void {
    if (!this.watching) return;
    this.state = readState(this.subject);
    this.verifyRanges(call);
    this.verifyStatistics(call);
    const violations = validate(this.subject);
    this.check.that(violations.length === 0, () => `After ${call}: ${violations.join(' ')}`);
  }

  private acceptRefusal(call: string, size: number, alignment: number): void {
    if (!this.watching) return;
    const { capacity, granularity, capabilities } = this.subject;
    const units = unitsOf(size, granularity);
    const fits = units * BigInt(granularity) <= BigInt(this.largest(alignment));
    this.check.that(
      !(capabilities.exact && fits),
      () => `${call} was refused, though a free range holds it.`,
    );
    this.check.that(
      this.live.length > 0 || size > capacity,
      () => `${call} was refused by an empty span of ${capacity}.`,
    );
    this.unchanged(call);
  }

  private acceptRange(call: string, handle: Handle, size: number, alignment: number): void {
    const subject = this.subject;
    const check: Checks = this.check;
    check.that(Number.isSafeInteger(handle), () => `${call} answered ${String(handle)}, no safe integer.`);
    check.that(!this.everGiven.has(handle), () => `${call} answered handle ${handle} a second time.`);
    const offset = subject.offsetOf(handle);
    const reserved = Number(unitsOf(size, subject.granularity) * BigInt(subject.granularity));
    check.same(subject.sizeOf(handle), reserved, `sizeOf after ${call}`);
    check.that(offset % alignment === 0, () => `${call} answered offset ${offset}, which is not aligned.`);
    for (const oracle of this.oracles) this.complain(oracle, oracle.take(offset, reserved), call);
    const range = { handle, offset, size: reserved, requested: size };
    this.live.push(range);
    this.byHandle.set(handle, range);
    this.everGiven.add(handle);
    this.countAllocation(range);
    this.verify(call);
  }

  private countAllocation({ offset, size }: WitnessedRange): void {
    const { history, live, state } = this;
    const end = offset + size;
    const hole = state.ranges.find((each) => each.offset <= offset && end <= each.offset + each.size);
    if (this.watching && hole !== undefined) {
      history.splitCount += (hole.offset < offset ? 1 : 0) + (end < hole.offset + hole.size ? 1 : 0);
    }
    history.allocationCount++;
    history.peakLiveCount = Math.max(history.peakLiveCount, live.length);
    history.peakUsed = Math.max(history.peakUsed, sumOf(live, 'size'));
  }

  private verifyRanges(call: string): void {
    let reached = 0;
    let liveCount = 0;
    const holes: string[] = [];
    for (const range of this.state.ranges) {
      const start = reached;
      this.check.that(range.offset === start, () => `After ${call}: no range begins at ${start}.`);
      this.check.that(range.size > 0, () => `After ${call}: the range at ${start} is empty.`);
      reached += range.size;
      if (range.handle === NO_SPACE) holes.push(`${range.offset}+${range.size}`);
      else {
        liveCount++;
        this.verifyLive(call, range);
      }
    }
    this.check.same(reached, this.subject.capacity, `End of the last range after ${call}`);
    this.check.same(liveCount, this.live.length, `Number of live ranges after ${call}`);
    for (const oracle of this.oracles) {
      const expected = oracle.freeRanges().map(({ offset, size }) => `${offset}+${size}`);
      this.check.same(
        holes.join(' '),
        expected.join(' '),
        `Free ranges after ${call}, by the ${oracle.name},`,
      );
    }
  }

  private verifyLive(call: string, { offset, size, handle }: RangeView): void {
    const known = this.byHandle.get(handle);
    this.check.that(
      known !== undefined && known.offset === offset && known.size === size,
      () =>
        `After ${call}: the live range [${offset}, ${offset + size}) as ${handle} was never given out so.`,
    );
    const saidOffset = this.subject.offsetOf(handle);
    const saidSize = this.subject.sizeOf(handle);
    this.check.that(
      saidOffset === offset && saidSize === size,
      () => `After ${call}: handle ${handle} answers [${saidOffset}, ${saidOffset + saidSize}).`,
    );
  }

  private verifyStatistics(call: string): void {
    const { subject, live, history, oracles } = this;
    const holes = (oracles[0] as SpaceOracle).freeRanges();
    const used = sumOf(live, 'size');
    const expected: SuballocatorStatistics = {
      capacity: subject.capacity,
      used,
      requested: sumOf(live, 'requested'),
      free: subject.capacity - used,
      largestFree: holes.reduce((most, { size }) => Math.max(most, size), 0),
      liveCount: live.length,
      holeCount: holes.length,
      ...history,
    };
    for (const field of STATISTICS_FIELDS) {
      this.check.same(this.state.statistics[field], expected[field], `${field} after ${call}`);
    }
    const largest = subject.largestAllocatable();
    if (subject.capabilities.exact) {
      this.check.same(largest, expected.largestFree, `largestAllocatable() after ${call}`);
    } else {
      this.check.that(largest <= expected.largestFree, `largestAllocatable() is too large after ${call}.`);
    }
  }

  private unchanged(call: string): void {
    if (!this.watching) return;
    const after = readState(this.subject);
    const difference = differenceOf(this.state, after);
    this.check.that(difference === undefined, () => `${call} was refused, but ${difference}.`);
  }

  private complain(oracle: SpaceOracle, complaint: string | undefined, call: string): void {
    if (complaint !== undefined)
      throw new ContractViolation(`${call}: ${complaint}, says the ${oracle.name}.`);
  }
}

/** Whole units that hold `size` bytes, exactly. */
function unitsOf(size: number, granularity: number): bigint {
  return (BigInt(size) + BigInt(granularity) - 1n) / BigInt(granularity);
}

function sumOf(ranges: readonly WitnessedRange[], field: 'size' | 'requested'): number {
  return ranges.reduce((sum, range) => sum + range[field], 0);
}
