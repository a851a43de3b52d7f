/**
 * Validate: everything that is wrong with a suballocator, as sentences. Level 1 of the checks; tests call it
 * after every step, users may.
 *
 * Cost     O(ranges).
 * Promise  asks through the contract alone, so it shares no code with what it checks; never throws, always
 *          ends, changes nothing. An empty answer means: tiled, merged, counted, and every live handle
 *          answers for its range.
 * Refusal  can not see alignments, which are not kept, nor what a range held before.
 */
import type { Handle } from '../base/quantities.ts';
import {
  NO_SPACE,
  type RangeView,
  type Suballocator,
  type SuballocatorStatistics,
} from '../ranges/suballocator.ts';

/** What the walk over `ranges()` adds up. */
interface Recount {
  used: number;
  liveCount: number;
  holeCount: number;
  largestFree: number;
}

/**
 * All violations of the contract that can be seen now, each a sentence; empty when there are none. O(ranges).
 */
export function validate(suballocator: Suballocator): string[] {
  const violations: string[] = [];
  try {
    checkSpan(suballocator, violations);
    const recount = walkRanges(suballocator, violations);
    checkStatistics(suballocator, recount, violations);
    checkLargest(suballocator, recount, violations);
  } catch (error) {
    violations.push(`A question that must not throw threw: ${String(error)}.`);
  }
  return violations;
}

function checkSpan({ capacity, granularity }: Suballocator, violations: string[]): void {
  if (!Number.isSafeInteger(granularity) || granularity < 1) {
    violations.push(`The granularity is ${granularity}, not a positive integer.`);
  }
  if (!Number.isSafeInteger(capacity) || capacity < granularity || capacity % granularity !== 0) {
    violations.push(`The capacity is ${capacity}, not a positive multiple of ${granularity}.`);
  }
}

function walkRanges(suballocator: Suballocator, violations: string[]): Recount {
  const recount: Recount = { used: 0, liveCount: 0, holeCount: 0, largestFree: 0 };
  const seen = new Set<Handle>();
  let reached = 0;
  let wasFree = false;
  for (const range of suballocator.ranges()) {
    const { offset, size, handle } = range;
    if (offset !== reached) {
      violations.push(`The range at ${offset} should begin at ${reached}, where the one before it ends.`);
    }
    if (!(size > 0) || size % suballocator.granularity !== 0) {
      violations.push(
        `The range at ${offset} has ${size} bytes, not a positive multiple of the granularity.`,
      );
      break; // The walk might never end.
    }
    if (handle === NO_SPACE) {
      if (wasFree) violations.push(`The free range at ${offset} was not joined with the free one before it.`);
      recount.holeCount++;
      recount.largestFree = Math.max(recount.largestFree, size);
    } else {
      if (seen.has(handle)) violations.push(`Handle ${handle} names two ranges, one of them at ${offset}.`);
      seen.add(handle);
      recount.liveCount++;
      recount.used += size;
      checkHandle(suballocator, range, violations);
    }
    wasFree = handle === NO_SPACE;
    reached = offset + size;
    if (reached > suballocator.capacity) break; // So is this: reported below.
  }
  if (reached !== suballocator.capacity) {
    violations.push(`The ranges end at ${reached}; the capacity is ${suballocator.capacity}.`);
  }
  return recount;
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
  const expected: Partial<SuballocatorStatistics> = {
    ...recount,
    capacity: suballocator.capacity,
    free: suballocator.capacity - recount.used,
    freeCount: said.allocationCount - recount.liveCount,
  };
  for (const [name, value] of Object.entries(expected)) {
    const figure = said[name as keyof SuballocatorStatistics];
    if (figure !== value) violations.push(`Statistics say ${name} is ${figure}; a recount says ${value}.`);
  }
  for (const [name, figure] of Object.entries(said)) {
    if (!Number.isSafeInteger(figure) || figure < 0) {
      violations.push(`Statistics say ${name} is ${figure}, not an integer from 0 up.`);
    }
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
}

function checkLargest(suballocator: Suballocator, recount: Recount, violations: string[]): void {
  const largest = suballocator.largestAllocatable();
  const least = suballocator.capabilities.exact ? recount.largestFree : 0;
  if (largest < least || largest > recount.largestFree) {
    violations.push(
      `The largest allocatable is ${largest}; the longest free range is ${recount.largestFree}.`,
    );
  }
}
