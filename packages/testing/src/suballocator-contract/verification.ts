/**
 * Verification: what a suballocator shows against what the books say, sentence by sentence of the contract.
 *
 * Cost     O(ranges); nothing is made unless something is wrong, because this runs after every operation.
 */
import type { Handle, Suballocator, SuballocatorStatistics } from '@gpuheap/core/ranges';
import type { SpaceOracle } from '../oracles/space-oracle.ts';
import type { Books } from './books.ts';
import type { Checks } from './checks.ts';
import { RangeWalk } from './range-walk.ts';
import { type ShownState, STATISTICS_FIELDS } from './state.ts';

/** Bytes since construction may pass 2^53, and fragmentation is no integer: the last bits may differ. */
const ROUNDING = 2 ** -48;

/** Whether splits and merges can be told from outside. */
export function countsSplits({ capabilities }: Suballocator): boolean {
  return capabilities.mergesNeighbours && capabilities.freesInAnyOrder;
}

/** Throws at the first sentence that does not hold; `call` says after what. */
export function verifyShown(
  subject: Suballocator,
  shown: ShownState,
  books: Books,
  check: Checks,
  call: string,
): void {
  const { offsets, sizes, handles, count } = shown;
  const walk = new RangeWalk(subject, books, check, call);
  for (let i = 0; i < count; i++) {
    walk.step(offsets[i] as number, sizes[i] as number, handles[i] as Handle);
  }
  walk.finish();
  verifyRegions(shown, books, check, call);
  verifyStatistics(subject, shown.statistics, books, walk, check, call);
}

function verifyRegions({ regions }: ShownState, books: Books, check: Checks, call: string): void {
  if (regions === undefined) return;
  check.same(regions.length, books.regions.length, `Number of regions after ${call}`);
  for (const [i, { offset, size }] of books.regions.entries()) {
    check.that(
      regions[i]?.offset === offset && regions[i]?.size === size,
      () => `After ${call}: region ${i} is not [${offset}, ${offset + size}).`,
    );
  }
}

function verifyStatistics(
  { capabilities, capacity }: Subject,
  said: SuballocatorStatistics,
  books: Books,
  { holeCount, longest }: RangeWalk,
  check: Checks,
  call: string,
): void {
  const free = books.capacity - books.used;
  const allocatedBytes = books.allocatedUnits * books.granularity;
  const { largestFree } = said;
  if (capacity !== books.capacity) check.same(capacity, books.capacity, `capacity after ${call}`);
  if (!capabilities.exactLargestFree) {
    check.that(
      largestFree <= longest && largestFree > 0 === free > 0,
      () => `After ${call}: largestFree is ${largestFree}, the longest free range ${longest}.`,
    );
  }
  const expected: SuballocatorStatistics = {
    capacity: books.capacity,
    used: books.used,
    requested: books.requested,
    free,
    largestFree: capabilities.exactLargestFree ? longest : largestFree,
    liveCount: books.live.length,
    holeCount,
    fragmentation: free === 0 ? 0 : 1 - largestFree / free,
    peakUsed: books.peakUsed,
    peakLiveCount: books.peakLiveCount,
    allocationCount: books.allocationCount,
    freeCount: books.freeCount,
    allocatedBytes,
    freedBytes: allocatedBytes - books.used,
    splitCount: books.splitCount,
    mergeCount: books.mergeCount,
  };
  for (const field of STATISTICS_FIELDS) {
    const figure = said[field];
    if (figure === expected[field]) continue;
    const rounded =
      field === 'fragmentation'
        ? 1
        : field === 'allocatedBytes' || field === 'freedBytes'
          ? allocatedBytes
          : 0;
    if (Math.abs(figure - expected[field]) <= rounded * ROUNDING) continue;
    check.fail(`${field} after ${call} is ${figure}, not ${expected[field]}.`);
  }
  check.count += STATISTICS_FIELDS.length;
}

type Subject = Pick<Suballocator, 'capabilities' | 'capacity'>;

/** Throws unless every oracle sees the free bytes of the books. O(ranges × oracles). */
export function verifyOracles(
  oracles: readonly SpaceOracle[],
  books: Books,
  check: Checks,
  call: string,
): void {
  const gaps = books.gaps();
  for (const oracle of oracles) {
    const free = oracle.freeRanges();
    const isSame =
      free.length === gaps.length &&
      free.every(({ offset, size }, i) => offset === gaps[i]?.offset && size === gaps[i]?.size);
    check.that(isSame, () => {
      const text = free.map(({ offset, size }) => `${offset}+${size}`).join(' ');
      return `After ${call}: free by the ${oracle.name} are ${text}.`;
    });
  }
}
