/**
 * Validate: everything that is wrong with a suballocator, as sentences. Level 1 of the checks; tests call it
 * after every step, users may.
 *
 * Cost     O(ranges).
 * Promise  asks through the contract alone, so it shares no code with what it checks; never throws, always
 *          ends, changes nothing. An empty answer means: every region is tiled, free neighbours are merged
 *          where the kind promises it and never across a border, all is counted, and every live handle
 *          answers for its range.
 * Refusal  can not see alignments, which are not kept, nor what a range held before.
 */
import type { Handle } from '../base/quantities.ts';
import {
  NO_SPACE,
  type RangeView,
  type RegionView,
  type Suballocator,
  type SuballocatorStatistics,
} from '../ranges/suballocator.ts';
import { checkCapabilities } from './validate-capabilities.ts';

/** What the walk over `ranges()` adds up. Bytes and counts. */
interface Recount {
  used: number;
  liveCount: number;
  holeCount: number;
  /** The longest free range. */
  largestFree: number;
  /** The longest row of free ranges within a region: more than one where neighbours stay apart. */
  longestRow: number;
}

/** Sums beyond 2^53 are rounded; what is worked out from them may differ in the last bits. */
const ROUNDING = 2 ** -48;

/** Figures that are whole numbers below 2^53. */
const COUNTS = [
  'capacity',
  'used',
  'requested',
  'free',
  'largestFree',
  'liveCount',
  'holeCount',
  'peakUsed',
  'peakLiveCount',
  'allocationCount',
  'freeCount',
  'splitCount',
  'mergeCount',
] as const;

/**
 * All violations of the contract that can be seen now, each a sentence; empty when there are none. O(ranges).
 */
export function validate(suballocator: Suballocator): string[] {
  const violations: string[] = [];
  try {
    checkCapabilities(suballocator, violations);
    const regions = regionsOf(suballocator, violations);
    const recount = walkRanges(suballocator, regions, violations);
    checkStatistics(suballocator, recount, violations);
    checkLargest(suballocator, recount, violations);
    checkVisits(suballocator, violations);
  } catch (error) {
    violations.push(`A question that must not throw threw: ${String(error)}.`);
  }
  return violations;
}

/** The regions, checked: whole units, in order, apart, and together the capacity. */
function regionsOf(suballocator: Suballocator, violations: string[]): readonly RegionView[] {
  const { capacity, granularity } = suballocator;
  if (!Number.isSafeInteger(granularity) || granularity < 1) {
    violations.push(`The granularity is ${granularity}, not a positive integer.`);
  }
  const regions = suballocator.regions?.() ?? [{ offset: 0, size: capacity }];
  let sum = 0;
  let reached = 0;
  for (const { offset, size } of regions) {
    const isWhole = offset >= 0 && size > 0 && offset % granularity === 0 && size % granularity === 0;
    if (!isWhole || !Number.isSafeInteger(offset + size)) {
      violations.push(`The region of ${size} bytes at ${offset} is not of whole units of ${granularity}.`);
    }
    if (offset < reached) violations.push(`The region at ${offset} begins before the one before it ends.`);
    reached = offset + size;
    sum += size;
  }
  if (sum !== capacity) violations.push(`The capacity is ${capacity}; the regions have ${sum}.`);
  return regions;
}

/** `eachRange`, where there is one, tells what `ranges` does. */
function checkVisits(suballocator: Suballocator, violations: string[]): void {
  // A walk that has gone wrong might never end.
  if (suballocator.eachRange === undefined || violations.length > 0) return;
  const told: number[] = [];
  suballocator.eachRange((...range) => told.push(...range));
  const walked = [...suballocator.ranges()].flatMap(({ offset, size, handle }) => [offset, size, handle]);
  if (told.length === walked.length && told.every((number, k) => number === walked[k])) return;
  violations.push('What eachRange() tells is not what ranges() yields.');
}

function walkRanges(
  suballocator: Suballocator,
  regions: readonly RegionView[],
  violations: string[],
): Recount {
  const { granularity, capabilities } = suballocator;
  const recount: Recount = { used: 0, liveCount: 0, holeCount: 0, largestFree: 0, longestRow: 0 };
  const seen = new Set<Handle>();
  let index = 0;
  let reached = regions[0]?.offset ?? 0;
  let end = endOf(regions[0]);
  /** Free bytes directly before `reached`, within its region. */
  let row = 0;
  for (const range of suballocator.ranges()) {
    const { offset, size, handle } = range;
    const next = regions[index + 1];
    if (reached >= end && next !== undefined) {
      index++;
      row = 0;
      reached = next.offset;
      end = endOf(next);
    }
    if (offset !== reached) {
      violations.push(`The range at ${offset} should begin at ${reached}, where the one before it ends.`);
    }
    if (!(size > 0) || size % granularity !== 0) {
      violations.push(
        `The range at ${offset} has ${size} bytes, not a positive multiple of the granularity.`,
      );
      break; // The walk might never end.
    }
    reached = offset + size;
    if (handle === NO_SPACE) {
      if (row > 0 && capabilities.mergesNeighbours) {
        violations.push(`The free range at ${offset} was not joined with the free one before it.`);
      }
      row += size;
      countHole(recount, size, row);
    } else {
      row = 0;
      if (seen.has(handle)) violations.push(`Handle ${handle} names two ranges, one of them at ${offset}.`);
      seen.add(handle);
      recount.liveCount++;
      recount.used += size;
      checkHandle(suballocator, range, violations);
    }
    if (reached > end) {
      violations.push(`The range at ${offset} ends at ${reached}, its region at ${end}.`);
      break; // So is this.
    }
  }
  if (reached < end || index + 1 < regions.length) {
    violations.push(`The ranges end at ${reached}; the last region ends at ${endOf(regions.at(-1))}.`);
  }
  return recount;
}

function endOf(region: RegionView | undefined): number {
  return region === undefined ? 0 : region.offset + region.size;
}

function countHole(recount: Recount, size: number, row: number): void {
  recount.holeCount++;
  if (size > recount.largestFree) recount.largestFree = size;
  if (row > recount.longestRow) recount.longestRow = row;
}

function checkHandle(suballocator: Suballocator, range: RangeView, violations: string[]): void {
  const { offset, size, handle } = range;
  try {
    const saidOffset = suballocator.offsetOf(handle);
    const saidSize = suballocator.sizeOf(handle);
    if (saidOffset !== offset || saidSize !== size) {
      const said = `[${saidOffset}, ${saidOffset + saidSize})`;
      violations.push(`Handle ${handle} answers ${said}; its range is [${offset}, ${offset + size}).`);
    }
  } catch (error) {
    violations.push(`Handle ${handle} of the live range at ${offset} is refused: ${String(error)}.`);
  }
}

function checkStatistics(suballocator: Suballocator, recount: Recount, violations: string[]): void {
  const said = suballocator.statistics();
  const { used, liveCount, holeCount, largestFree } = recount;
  const free = suballocator.capacity - used;
  compare(violations, 'capacity', said.capacity, suballocator.capacity);
  compare(violations, 'used', said.used, used);
  compare(violations, 'free', said.free, free);
  compare(violations, 'liveCount', said.liveCount, liveCount);
  compare(violations, 'holeCount', said.holeCount, holeCount);
  compare(violations, 'freeCount', said.freeCount, said.allocationCount - liveCount);
  compare(violations, 'fragmentation', said.fragmentation, free === 0 ? 0 : 1 - said.largestFree / free);
  const freedBytes = said.allocatedBytes - used;
  const isRounded = Math.abs(said.freedBytes - freedBytes) <= ROUNDING * said.allocatedBytes;
  if (!isRounded) compare(violations, 'freedBytes', said.freedBytes, freedBytes);
  if (suballocator.capabilities.exactLargestFree) {
    compare(violations, 'largestFree', said.largestFree, largestFree);
  } else if (said.largestFree > largestFree || said.largestFree > 0 !== free > 0) {
    violations.push(
      `Statistics say largestFree is ${said.largestFree}; the longest free range is ${largestFree}.`,
    );
  }
  checkFigures(said, violations);
}

function compare(
  violations: string[],
  name: keyof SuballocatorStatistics,
  figure: number,
  value: number,
): void {
  if (figure !== value) violations.push(`Statistics say ${name} is ${figure}; a recount says ${value}.`);
}

function checkFigures(said: SuballocatorStatistics, violations: string[]): void {
  for (const name of COUNTS) {
    const figure = said[name];
    if (!Number.isSafeInteger(figure) || figure < 0) refuse(name, figure);
  }
  // Bytes since construction may pass 2^53.
  if (!Number.isInteger(said.allocatedBytes)) refuse('allocatedBytes', said.allocatedBytes);
  if (!(said.freedBytes >= 0)) refuse('freedBytes', said.freedBytes);
  if (!(said.fragmentation >= 0 && said.fragmentation < 1)) {
    violations.push(`Statistics say fragmentation is ${said.fragmentation}, not in [0, 1).`);
  }
  // Every request is at least a byte, and was rounded up.
  if (said.requested > said.used || said.requested < said.liveCount) {
    violations.push(
      `${said.requested} bytes requested in ${said.liveCount} ranges can not use ${said.used}.`,
    );
  }
  if (said.peakUsed < said.used || said.peakLiveCount < said.liveCount) {
    violations.push('A peak is below the present figure.');
  }

  function refuse(name: string, figure: number): void {
    violations.push(`Statistics say ${name} is ${figure}, not an integer from 0 up.`);
  }
}

function checkLargest(suballocator: Suballocator, recount: Recount, violations: string[]): void {
  const largest = suballocator.largestAllocatable();
  const least = suballocator.capabilities.exact ? recount.largestFree : 0;
  if (largest < least || largest > recount.longestRow) {
    violations.push(
      `The largest allocatable is ${largest}; the longest free range is ${recount.largestFree}.`,
    );
  }
}
