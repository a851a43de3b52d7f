/**
 * Operations: what can be done to a suballocator as plain data, so that a failing program can be made
 * shorter, printed, and run again.
 *
 * Promise  an operation means something whatever came before it, so any part of a program is a program;
 *          without anything to work on, it does nothing.
 */
import type { RangeRequest, Strategy } from '@gpuheap/core/ranges';
import type { KnownRange, KnownRegion } from './books.ts';
import type { Witness } from './witness.ts';

/**
 * One step. Sizes are bytes, `units` and what ends in it are units. `pick` chooses among what is there at
 * that moment: the remainder by its number, -1 the newest.
 */
export type Operation =
  | { readonly act: 'allocate'; readonly size: number; readonly alignment: number }
  | { readonly act: 'allocate many'; readonly requests: readonly Required<RangeRequest>[] }
  | {
      readonly act: 'allocate by';
      readonly strategy: Strategy;
      readonly size: number;
      readonly alignment: number;
    }
  | { readonly act: 'allocate at'; readonly unit: number; readonly size: number }
  /** At `skipUnits` into a free range; its whole rest where `size` is 0. */
  | {
      readonly act: 'allocate in hole';
      readonly pick: number;
      readonly skipUnits: number;
      readonly size: number;
    }
  | { readonly act: 'free'; readonly pick: number }
  | { readonly act: 'resize'; readonly pick: number; readonly size: number }
  /** To the end of the free bytes behind it, and so many units more. */
  | { readonly act: 'fill'; readonly pick: number; readonly moreUnits: number }
  | { readonly act: 'grow'; readonly moreUnits: number }
  | { readonly act: 'shrink'; readonly lessUnits: number }
  /** To the end of the last live range, and so many units more. */
  | { readonly act: 'shrink to live'; readonly moreUnits: number }
  /** `skipUnits` behind a region: 0 where it ends. */
  | { readonly act: 'track'; readonly pick: number; readonly skipUnits: number; readonly units: number }
  | { readonly act: 'untrack'; readonly pick: number }
  | { readonly act: 'free up to'; readonly pick: number }
  | { readonly act: 'bad call'; readonly pick: number }
  | { readonly act: 'ask largest'; readonly alignment: number }
  | { readonly act: 'reset' | 'mark' | 'restore' };

/** A span and what is done to it. */
export interface Program {
  readonly capacity: number;
  readonly granularity: number;
  readonly operations: readonly Operation[];
}

const MOST_UNITS = 2 ** 31 - 1;

/** Does one operation to the witness's subject, and checks all that can be checked about it. */
export function perform(witness: Witness, operation: Operation): void {
  switch (operation.act) {
    case 'allocate':
      witness.allocate(operation.size, operation.alignment);
      return;
    case 'allocate many':
      witness.allocateMany(operation.requests);
      return;
    case 'allocate by':
      witness.allocateBy(operation.strategy, operation.size, operation.alignment);
      return;
    case 'allocate at':
      witness.allocateAt(operation.unit * witness.subject.granularity, operation.size);
      return;
    case 'allocate in hole':
      allocateInHole(witness, operation.pick, operation.skipUnits, operation.size);
      return;
    case 'ask largest':
      witness.askLargest(operation.alignment);
      return;
    case 'bad call':
      witness.callBadly(operation.pick);
      return;
    case 'reset':
      witness.reset();
      return;
    case 'mark':
      witness.mark();
      return;
    case 'restore':
      witness.restore();
      return;
    default:
      if ('pick' in operation) performOnOne(witness, operation);
      else performOnSpan(witness, operation);
  }
}

type OperationOn<Act extends Operation['act']> = Extract<Operation, { readonly act: Act }>;

/** What is done to a range, a region or a mark. */
function performOnOne(
  witness: Witness,
  operation: OperationOn<'free' | 'resize' | 'fill' | 'track' | 'untrack' | 'free up to'>,
): void {
  const { live, books, subject } = witness;
  const { regions, marks } = books;
  const index = indexOf(operation.pick, live.length);
  switch (operation.act) {
    case 'free':
      if (live.length > 0) witness.freeAt(index);
      return;
    case 'resize':
      if (live.length > 0) witness.resizeAt(index, operation.size);
      return;
    case 'fill': {
      if (live.length === 0) return;
      const { offset } = live[index] as KnownRange;
      const size = books.gapAround(offset).end - offset + operation.moreUnits * subject.granularity;
      if (size > 0 && Number.isSafeInteger(size)) witness.resizeAt(index, size);
      return;
    }
    case 'track':
      track(witness, operation);
      return;
    case 'untrack':
      // The last one stays, so that there is something to do.
      if (regions.length > 1) witness.untrackAt(indexOf(operation.pick, regions.length));
      return;
    default:
      if (marks.length > 0) witness.freeUpTo(indexOf(operation.pick, marks.length));
  }
}

/** What is done to the span, while it is one region from 0 on. */
function performOnSpan(witness: Witness, operation: OperationOn<'grow' | 'shrink' | 'shrink to live'>): void {
  const { books, subject } = witness;
  const { granularity } = subject;
  if (books.regions.length !== 1 || books.regions[0]?.offset !== 0) return;
  if (operation.act === 'grow') {
    const capacity = books.capacity + operation.moreUnits * granularity;
    if (capacity <= MOST_UNITS * granularity && Number.isSafeInteger(capacity)) witness.grow(capacity);
    return;
  }
  const end =
    operation.act === 'shrink'
      ? books.capacity - operation.lessUnits * granularity
      : books.liveEnd + operation.moreUnits * granularity;
  if (end >= granularity && end <= books.capacity) witness.shrinkTo(end);
}

function allocateInHole(witness: Witness, pick: number, skipUnits: number, size: number): void {
  const { granularity } = witness.subject;
  const gaps = witness.books.gaps();
  const gap = gaps[indexOf(pick, gaps.length)];
  if (gap === undefined) return;
  const skip = (skipUnits % (gap.size / granularity)) * granularity;
  witness.allocateAt(gap.offset + skip, size === 0 ? gap.size - skip : size);
}

function track(witness: Witness, { pick, skipUnits, units }: OperationOn<'track'>): void {
  const { granularity } = witness.subject;
  const { regions } = witness.books;
  const index = indexOf(pick, regions.length);
  const region = regions[index] as KnownRegion;
  const offset = region.offset + region.size + skipUnits * granularity;
  const next = regions[index + 1]?.offset ?? Math.min(MOST_UNITS * granularity, Number.MAX_SAFE_INTEGER);
  const room = Math.floor(Math.max(0, next - offset) / granularity) * granularity;
  if (room > 0) witness.track(offset, Math.min(room, units * granularity));
}

/** The index that a pick chooses among `count`. */
export function indexOf(pick: number, count: number): number {
  return pick < 0 ? count - 1 : pick % Math.max(1, count);
}

/** An operation as a line of a report. */
export function textOf(operation: Operation): string {
  switch (operation.act) {
    case 'allocate':
      return `allocate(${operation.size}, ${operation.alignment})`;
    case 'allocate many': {
      const requests = operation.requests.map(
        ({ size, alignment }) => `{ size: ${size}, alignment: ${alignment} }`,
      );
      return `allocateMany([${requests.join(', ')}])`;
    }
    case 'allocate by':
      return `allocateBy('${operation.strategy}', ${operation.size}, ${operation.alignment})`;
    case 'allocate at':
      return `allocateAt(unit ${operation.unit}, ${operation.size})`;
    case 'allocate in hole':
      return `allocateAt(${operation.skipUnits} units into hole ${operation.pick}, ${operation.size || 'the rest'})`;
    case 'ask largest':
      return `largestAllocatable(${operation.alignment})`;
    case 'free':
      return `free ${picked(operation.pick)}`;
    case 'resize':
      return `resize ${picked(operation.pick)} to ${operation.size}`;
    case 'fill':
      return `resize ${picked(operation.pick)} to what is free behind it, and ${operation.moreUnits} units`;
    case 'grow':
      return `grow by ${operation.moreUnits} units`;
    case 'shrink':
      return `shrink by ${operation.lessUnits} units`;
    case 'shrink to live':
      return `shrink to the last live range, and ${operation.moreUnits} units`;
    case 'track':
      return `track ${operation.units} units, ${operation.skipUnits} behind region ${operation.pick}`;
    case 'untrack':
      return `untrack region ${operation.pick}`;
    case 'free up to':
      return `freeUpTo(mark ${operation.pick})`;
    case 'bad call':
      return `bad call ${operation.pick}`;
    default:
      return `${operation.act}()`;
  }
}

function picked(pick: number): string {
  return pick < 0 ? 'the newest' : `number ${pick} of the live, oldest first,`;
}
