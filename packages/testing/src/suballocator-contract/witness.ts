/**
 * Witness: works a suballocator, one method an operation of the contract, and checks whatever comes of it.
 *
 * Cost     O(ranges) an operation.
 * Promise  throws ContractViolation at the first operation after which the subject's answers, the books and
 *          the oracles differ:
 *          in bounds, aligned, disjoint, tiled, merged, counted, complete, unmoved; a refused call has
 *          changed nothing.
 */
import { digest } from '@gpuheap/core/debug';
import {
  type Handle,
  NO_SPACE,
  type RangeRequest,
  type RegionView,
  type Strategy,
  type Suballocator,
  type SuballocatorOptions,
} from '@gpuheap/core/ranges';
import { type BadCall, badCallOn, badCallsOn, makeCall, textOfCall } from './bad-calls.ts';
import type { KnownMark, KnownRange } from './books.ts';
import type { Checks } from './checks.ts';
import type { Contract } from './contract-case.ts';
import { Observer, type WitnessOptions } from './observer.ts';
import { countsSplits } from './verification.ts';

/** See the head of the file. */
export class Witness extends Observer {
  /** Live ranges, oldest first. */
  get live(): readonly KnownRange[] {
    return this.books.live;
  }

  /** Handles whose range has ended, oldest first. */
  get ended(): readonly Handle[] {
    return this.books.ended;
  }

  /** The free ranges, as they were shown last. */
  get holes(): RegionView[] {
    return this.shown.holes();
  }

  /** A witness of a restored twin, with books of its own. */
  fork(): Witness {
    const fork = new Witness(this.contract, this.twin(), this.check, { books: this.books.copy() });
    fork.verify('restore()');
    return fork;
  }

  /** Allocates, and checks whatever comes of it. */
  allocate(size: number, alignment = 1): Handle {
    const call = `allocate(${size}, ${alignment})`;
    const handle = this.subject.allocate(size, alignment);
    if (handle === NO_SPACE) this.acceptRefusal(call, size, alignment);
    else this.acceptRange(call, handle, size, alignment);
    return handle;
  }

  /** Allocates all or nothing. */
  allocateMany(requests: readonly RangeRequest[]): readonly Handle[] | undefined {
    const call = `allocateMany(${JSON.stringify(requests)})`;
    const handles = this.subject.allocateMany(requests);
    if (handles === undefined) {
      if (this.watching) {
        this.completeness.checkManyRefused(call, requests, this.twin());
        this.unchanged(call);
      }
      return undefined;
    }
    this.check.same(handles.length, requests.length, `Number of handles of ${call}`);
    for (const [i, handle] of handles.entries()) {
      const { size, alignment = 1 } = requests[i] as RangeRequest;
      this.noteRange(call, handle, size, alignment);
    }
    this.books.notePeaks();
    this.verify(call);
    return handles;
  }

  /** Allocates by a strategy. */
  allocateBy(strategy: Strategy, size: number, alignment = 1): Handle {
    const call = `allocateBy('${strategy}', ${size}, ${alignment})`;
    const { subject, watching } = this;
    const handle = subject.allocateBy?.(strategy, size, alignment) ?? NO_SPACE;
    if (handle === NO_SPACE) this.acceptRefusal(call, size, alignment);
    else {
      if (watching) this.completeness.checkStrategy(call, subject, handle, this.shown, strategy, alignment);
      this.acceptRange(call, handle, size, alignment);
    }
    return handle;
  }

  /** Allocates at an offset. */
  allocateAt(offset: number, size: number): Handle {
    const call = `allocateAt(${offset}, ${size})`;
    const handle = this.subject.allocateAt?.(offset, size) ?? NO_SPACE;
    if (handle === NO_SPACE) {
      if (this.watching) this.completeness.checkPlaceRefused(call, this.subject, this.books, offset, size);
      this.unchanged(call);
      return NO_SPACE;
    }
    this.check.same(this.subject.offsetOf(handle), offset, `offsetOf after ${call}`);
    this.acceptRange(call, handle, size, 1);
    return handle;
  }

  /** Frees the live range at `index`, counted from the oldest. */
  freeAt(index: number): void {
    const range = this.rangeAt(index);
    const call = `free(${range.handle})`;
    this.subject.free(range.handle);
    this.noteEnd(range, call);
    this.verify(call);
  }

  /** Makes the live range at `index` shorter or longer. */
  resizeAt(index: number, size: number): boolean {
    const range = this.rangeAt(index);
    const before = range.size;
    const call = `resize(${range.handle}, ${size}) of [${range.offset}, ${range.offset + before})`;
    const done = this.subject.resize?.(range.handle, size) ?? false;
    if (this.watching) this.completeness.checkResize(call, this.subject, this.books, range, size, done);
    if (!done) {
      this.unchanged(call);
      return false;
    }
    const after = this.subject.sizeOf(range.handle);
    this.completeness.checkReserved(call, this.subject, size, after);
    this.tell(call, (oracle) => oracle.give(range.offset, before) ?? oracle.take(range.offset, after));
    this.books.resize(range, after, size);
    this.books.notePeaks();
    this.trusting = true;
    this.verify(call);
    return true;
  }

  /** Resets. */
  reset(): void {
    this.subject.reset();
    this.books.endAll();
    this.panel?.forEach((oracle) => {
      oracle.clear();
    });
    // What a reset joins, a kind may count as merges; it cuts nothing.
    if (this.watching && countsSplits(this.subject)) {
      const { splitCount } = this.subject.statistics();
      this.check.same(splitCount, this.books.splitCount, 'splitCount after reset()');
    }
    this.trusting = true;
    this.verify('reset()');
  }

  /** Manages more of the one region. */
  grow(capacity: number): void {
    const call = `grow(${capacity})`;
    const before = this.books.capacity;
    const more = capacity - (capacity % this.subject.granularity) - before;
    this.subject.grow?.(capacity);
    if (more > 0) this.noteOpen(call, before, more, true);
    else this.unchanged(call);
  }

  /** Manages less of the one region; answers whether. */
  shrinkTo(capacity: number): boolean {
    const call = `shrinkTo(${capacity})`;
    const end = capacity - (capacity % this.subject.granularity);
    const done = this.subject.shrinkTo?.(capacity) ?? false;
    this.check.same(done, this.books.liveEnd <= end, call);
    const less = this.books.capacity - end;
    if (done && less > 0) this.noteClose(call, end, less);
    else this.unchanged(call);
    return done;
  }

  /** Manages a region more. */
  track(offset: number, size: number): void {
    this.subject.track?.(offset, size);
    this.noteOpen(`track(${offset}, ${size})`, offset, size, false);
  }

  /** Manages a region less; answers whether. */
  untrackAt(index: number): boolean {
    const { offset, size } = this.books.regions[index] as RegionView;
    const call = `untrack(${offset})`;
    const isEmpty = !this.live.some((range) => range.offset >= offset && range.offset < offset + size);
    const done = this.subject.untrack?.(offset) ?? false;
    this.check.same(done, isEmpty, call);
    if (done) this.noteClose(call, offset, size);
    else this.unchanged(call);
    return done;
  }

  /** Takes a mark. */
  mark(): void {
    const mark = this.subject.mark?.() ?? Number.NaN;
    this.check.that(Number.isSafeInteger(mark), () => `mark() answered ${mark}, no safe integer.`);
    this.books.marks.push({ mark, births: this.books.allocationCount });
    this.unchanged('mark()');
  }

  /** Frees up to the mark at `index`, counted from the oldest. */
  freeUpTo(index: number): void {
    const { mark, births } = this.books.marks[index] as KnownMark;
    const call = `freeUpTo(${mark}), given after ${births} ranges,`;
    const before = this.live.filter(({ birth }) => birth < births);
    const count = this.subject.freeUpTo?.(mark) ?? Number.NaN;
    this.check.same(count, before.length, call);
    for (const range of before) this.noteEnd(range, call);
    this.verify(call);
  }

  /** Goes on with what `restore` makes of the serialized subject. */
  restore(): void {
    if (!this.watching) {
      this.subject = this.twin();
      return;
    }
    const before = digest(this.subject);
    // As if it were sent to a thread.
    const twin = this.contract.restore(cloned(this.subject.serialize()));
    this.check.same(digest(twin), before, 'The digest of what was restored');
    const abandoned = { subject: this.subject, digest: before };
    this.subject = twin;
    this.unchanged('restore()');
    const stale = this.ended.at(-1);
    if (stale !== undefined) {
      this.refused(`free(${stale}), stale, after restore()`, ['stale-handle'], (it) => it.free(stale));
    }
    this.verify('restore()');
    this.abandoned = abandoned;
  }

  /** Makes a call that must be refused with one of the codes and must change nothing. */
  refused(call: string, codes: readonly string[], act: (subject: Suballocator) => unknown): void {
    this.check.refuses(() => act(this.subject), codes, call);
    this.unchanged(call);
  }

  /** Makes one of the calls that must be refused. */
  callBadly(pick: number): void {
    const call = badCallOn(this.subject, this.books, pick);
    if (call !== undefined) this.refuse(call);
  }

  /** Makes every call that must be refused. Answers them. */
  callAllBadly(): readonly BadCall[] {
    const calls = badCallsOn(this.subject, this.books);
    for (const call of calls) this.refuse(call);
    return calls;
  }

  private refuse(call: BadCall): void {
    const text = (): string => textOfCall(call);
    this.check.refuses(() => makeCall(call, this.subject), call.codes, text);
    this.unchanged(text);
  }

  /** Asks for the largest allocatable, compares the answer with the oracles', and tries it on twins. */
  askLargest(alignment: number): number {
    const call = `largestAllocatable(${alignment})`;
    const answer = this.subject.largestAllocatable(alignment);
    if (!this.watching) return answer;
    this.completeness.checkLargest(call, this.subject, answer, alignment, this.shown, this.oracles());
    this.unchanged(call);
    const more = answer + this.subject.granularity;
    const twin = this.twin();
    if (Number.isSafeInteger(more)) {
      this.check.same(twin.allocate(more, alignment), NO_SPACE, `A unit more than ${call}`);
    }
    if (answer > 0) {
      const handle = twin.allocate(answer, alignment);
      this.check.that(handle !== NO_SPACE, () => `${call} is ${answer}, which is refused.`);
    }
    return answer;
  }

  /** Whether the subject ever answered this handle. */
  hasGiven(handle: unknown): boolean {
    return this.books.given.has(handle as Handle);
  }

  private acceptRefusal(call: string, size: number, alignment: number): void {
    if (!this.watching) return;
    const { subject, books, shown } = this;
    this.completeness.checkRefused(call, subject, books, shown, this.oracles(), size, alignment);
    this.unchanged(call);
  }

  private acceptRange(call: string, handle: Handle, size: number, alignment: number): void {
    this.noteRange(call, handle, size, alignment);
    this.books.notePeaks();
    this.verify(call);
  }

  private rangeAt(index: number): KnownRange {
    const range = this.live[index];
    if (range === undefined) throw new RangeError(`no live range ${index}`);
    return range;
  }
}

/** A witness over a fresh subject. */
export function makeWitness(
  contract: Contract,
  options: SuballocatorOptions,
  check: Checks,
  more: WitnessOptions = {},
): Witness {
  const witness = new Witness(contract, contract.make(options), check, more);
  witness.verify('construction');
  return witness;
}

/**
 * A copy as another thread would get it. The type libraries of the language alone do not know the function.
 */
function cloned<T>(value: T): T {
  const host = globalThis as unknown as { structuredClone(value: T): T };
  return host.structuredClone(value);
}
