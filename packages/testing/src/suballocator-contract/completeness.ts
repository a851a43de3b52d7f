/**
 * Completeness: whether what was answered is what had to be answered. A refusal is right only where no legal
 * place is; a strategy has to find the place that it names.
 *
 * Promise  exact kinds are measured against the oracles; others against their own `largestAllocatable`, and
 *          against the rule that their documentation states, where the contract's options give it as code.
 */
import {
  type Handle,
  NO_SPACE,
  type RangeRequest,
  type RegionView,
  type Strategy,
  type Suballocator,
} from '@gpuheap/core/ranges';
import type { SpaceOracle } from '../oracles/space-oracle.ts';
import type { Books, KnownRange } from './books.ts';
import type { Checks } from './checks.ts';
import type { Contract } from './contract-case.ts';
import type { ShownState } from './state.ts';

/** See the head of the file. */
export class Completeness {
  private readonly contract: Contract;
  private readonly check: Checks;

  constructor(contract: Contract, check: Checks) {
    this.contract = contract;
    this.check = check;
  }

  /** A request was refused. */
  checkRefused(
    call: string,
    subject: Suballocator,
    books: Books,
    shown: ShownState,
    oracles: readonly SpaceOracle[],
    size: number,
    alignment: number,
  ): void {
    const { capabilities, capacity, granularity } = subject;
    const bytes = roundedUp(size, granularity);
    const row = this.agreedLargest(oracles, alignment);
    if (capabilities.exact) {
      const most = capabilities.mergesNeighbours ? row : largestIn(shown.holes(), alignment, granularity);
      this.check.that(bytes > most, () => `${call} was refused, though a free range holds ${most}.`);
    }
    const said = subject.largestAllocatable(alignment);
    this.check.that(bytes > said, () => `${call} was refused, though largestAllocatable is ${said}.`);
    const isEmpty = books.live.length === 0 && books.regions.length === 1 && books.regions[0]?.offset === 0;
    this.check.that(
      bytes > capacity || !isEmpty || !capabilities.exactSizes,
      () => `${call} was refused by an empty span of ${capacity}.`,
    );
    const { mustServe } = this.contract;
    if (mustServe === undefined) return;
    const isDue = mustServe({ size, alignment }, shown.holes(), subject);
    this.check.that(!isDue, () => `${call} was refused, against the rule of the kind.`);
  }

  /** All requests were refused; `twin` is in the state from before. */
  checkManyRefused(call: string, requests: readonly RangeRequest[], twin: Suballocator): void {
    const isServed = requests.every(({ size, alignment }) => twin.allocate(size, alignment) !== NO_SPACE);
    this.check.that(!isServed, () => `${call} was refused, though one after the other is served.`);
  }

  /** A strategy has chosen; `shown` is from before. */
  checkStrategy(
    call: string,
    subject: Suballocator,
    handle: Handle,
    shown: ShownState,
    strategy: Strategy,
    alignment: number,
  ): void {
    const { exact, exactSizes, mergesNeighbours } = subject.capabilities;
    if (!exact || !exactSizes || !mergesNeighbours || strategy === 'min-time') return;
    const { granularity } = subject;
    const offset = subject.offsetOf(handle);
    const units = subject.sizeOf(handle) / granularity;
    const step = stepUnits(alignment, granularity);
    const fitting = shown.holes().filter((hole) => {
      const start = Math.ceil(hole.offset / granularity / step) * step;
      return start + units <= (hole.offset + hole.size) / granularity;
    });
    if (strategy === 'min-waste') {
      const chosen = fitting.find((hole) => hole.offset <= offset && offset < hole.offset + hole.size);
      const least = Math.min(...fitting.map((hole) => hole.size));
      this.check.same(chosen?.size, least, `Size of the free range that ${call} has chosen`);
      return;
    }
    const lowest = fitting.at(0)?.offset ?? 0;
    const last = fitting.at(-1) ?? { offset: 0, size: 0 };
    const latest = (last.offset + last.size) / granularity - units;
    const expected =
      strategy === 'min-offset' ? Math.ceil(lowest / granularity / step) * step : latest - (latest % step);
    this.check.same(offset, expected * granularity, `offsetOf after ${call}`);
  }

  /** A place was refused. */
  checkPlaceRefused(call: string, subject: Suballocator, books: Books, offset: number, size: number): void {
    const { exactSizes, freesInAnyOrder } = subject.capabilities;
    const bytes = roundedUp(size, subject.granularity);
    const isFree = bytes <= books.capacity && books.isFree(offset, Number(bytes));
    this.check.that(
      !isFree || !exactSizes || !freesInAnyOrder,
      () => `${call} was refused, though all of it is free.`,
    );
  }

  /** A range was resized, or was not; the books are from before. */
  checkResize(
    call: string,
    subject: Suballocator,
    books: Books,
    range: KnownRange,
    size: number,
    done: boolean,
  ): void {
    const { end } = books.gapAround(range.offset);
    const bytes = roundedUp(size, subject.granularity);
    if (subject.capabilities.exactSizes) this.check.same(done, bytes <= end - range.offset, call);
    else this.check.that(done || bytes > range.size, () => `${call} was refused, though it has the bytes.`);
  }

  /** A range of `reserved` bytes serves a request of `size`. */
  checkReserved(call: string, subject: Suballocator, size: number, reserved: number): void {
    const { granularity, capabilities } = subject;
    if (capabilities.exactSizes) {
      this.check.same(reserved, Number(roundedUp(size, granularity)), `sizeOf after ${call}`);
    } else {
      const isEnough = reserved >= size && reserved % granularity === 0;
      this.check.that(isEnough, () => `sizeOf after ${call} is ${reserved}.`);
    }
  }

  /** `largestAllocatable` has answered. */
  checkLargest(
    call: string,
    subject: Suballocator,
    answer: number,
    alignment: number,
    shown: ShownState,
    oracles: readonly SpaceOracle[],
  ): void {
    const { capabilities, granularity } = subject;
    const row = this.agreedLargest(oracles, alignment);
    const most = capabilities.mergesNeighbours ? row : largestIn(shown.holes(), alignment, granularity);
    if (capabilities.exact) this.check.same(answer, most, call);
    else
      this.check.that(answer >= 0 && answer <= row, () => `${call} is ${answer}, of ${row} that are free.`);
    this.check.that(answer % granularity === 0, () => `${call} is ${answer}, not whole units.`);
  }

  /** Bytes of the largest legal place, on which all oracles must agree. */
  private agreedLargest(oracles: readonly SpaceOracle[], alignment: number): number {
    let agreed = -1;
    for (const oracle of oracles) {
      const answer = oracle.largest(alignment);
      if (agreed < 0) agreed = answer;
      else this.check.same(answer, agreed, `By the ${oracle.name}, the largest for alignment ${alignment}`);
    }
    return agreed;
  }
}

/** Bytes of the whole units that hold `size` bytes, exactly. */
function roundedUp(size: number, granularity: number): bigint {
  const unit = BigInt(granularity);
  return ((BigInt(size) + unit - 1n) / unit) * unit;
}

/** The alignment in units: what the offset in units must be a multiple of. */
function stepUnits(alignment: number, granularity: number): number {
  let shared = alignment;
  for (let rest = granularity; rest !== 0; ) [shared, rest] = [rest, shared % rest];
  return alignment / shared;
}

/** The most bytes that one of the free ranges holds at a multiple of `alignment`. */
function largestIn(holes: readonly RegionView[], alignment: number, granularity: number): number {
  const step = stepUnits(alignment, granularity);
  let best = 0;
  for (const { offset, size } of holes) {
    const start = Math.ceil(offset / granularity / step) * step;
    best = Math.max(best, (offset + size) / granularity - start);
  }
  return best * granularity;
}
