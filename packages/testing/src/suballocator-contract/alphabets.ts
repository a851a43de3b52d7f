/**
 * Alphabets: the operations that exhaustive sequences are made of, on a span of 16 units. One for allocate
 * and free, one for every optional operation among few others, one with a bit of everything.
 */
import type { Strategy } from '@gpuheap/core/ranges';
import type { Contract } from './contract-case.ts';
import type { Operation } from './operations.ts';

/** What can follow is `always`, and `perLive` for every live range, and so on. Sizes in units. */
export interface Alphabet {
  readonly name: string;
  /** Length of the sequences in the deep tier. */
  readonly depth: number;
  readonly always: readonly Operation[];
  readonly perLive: (pick: number) => readonly Operation[];
  readonly perMark?: (pick: number) => readonly Operation[];
  readonly perRegion?: (pick: number) => readonly Operation[];
}

const RESET: Operation = { act: 'reset' };
const freeOne = (pick: number): readonly Operation[] => [{ act: 'free', pick }];

function take(size: number, alignment = 1): Operation {
  return { act: 'allocate', size, alignment };
}

/** Those that the contract's capabilities give something to do. */
export function alphabetsOf({ capabilities }: Contract): Alphabet[] {
  const { strategies, allocateAt, resize, grow, shrinkTo, track, freeUpTo } = capabilities;
  const found = [PLAIN, MANY, RESTORED];
  if (strategies.length > 0) found.push(byStrategy(strategies));
  if (allocateAt) found.push(PLACED);
  if (resize) found.push(RESIZED);
  if (grow || shrinkTo) found.push(withSpan(grow, shrinkTo));
  if (track) found.push(WITH_REGIONS);
  if (freeUpTo) found.push(MARKED);
  return found;
}

/** A unit, odd sizes that must be aligned, a half, the whole. */
const PLAIN: Alphabet = {
  name: 'allocate and free',
  depth: 7,
  always: [RESET, take(1), take(2, 4), take(3), take(5, 4), take(8), take(16)],
  perLive: freeOne,
};

const MANY: Alphabet = {
  name: 'allocateMany',
  depth: 7,
  always: [take(5), manyOf([3, 1], [2, 4]), manyOf([4, 1], [4, 1], [9, 1]), manyOf([1, 1], [1, 8], [6, 2])],
  perLive: freeOne,
};

const RESTORED: Alphabet = {
  name: 'restore',
  depth: 6,
  always: [RESET, take(3), take(5, 4), { act: 'restore' }],
  perLive: freeOne,
};

const PLACED: Alphabet = {
  name: 'allocateAt',
  depth: 6,
  always: [
    take(3),
    { act: 'allocate at', unit: 0, size: 2 },
    { act: 'allocate at', unit: 4, size: 4 },
    { act: 'allocate at', unit: 7, size: 1 },
    { act: 'allocate at', unit: 15, size: 1 },
    { act: 'allocate at', unit: 14, size: 3 },
  ],
  perLive: freeOne,
};

const RESIZED: Alphabet = {
  name: 'resize',
  depth: 6,
  always: [take(3), take(5, 4)],
  perLive: (pick) => [
    { act: 'free', pick },
    { act: 'resize', pick, size: 2 },
    { act: 'fill', pick, moreUnits: 0 },
    { act: 'fill', pick, moreUnits: 1 },
  ],
};

const WITH_REGIONS: Alphabet = {
  name: 'track and untrack',
  depth: 6,
  always: [RESET, take(3), take(9, 2)],
  perLive: freeOne,
  perRegion: (pick) => [
    { act: 'track', pick, skipUnits: 0, units: 4 },
    { act: 'track', pick, skipUnits: 3, units: 2 },
    { act: 'untrack', pick },
  ],
};

const MARKED: Alphabet = {
  name: 'mark and freeUpTo',
  depth: 7,
  always: [RESET, take(3), take(5, 4), { act: 'mark' }],
  perLive: freeOne,
  perMark: (pick) => [{ act: 'free up to', pick }],
};

function manyOf(...requests: readonly (readonly [number, number])[]): Operation {
  return { act: 'allocate many', requests: requests.map(([size, alignment]) => ({ size, alignment })) };
}

function byStrategy(strategies: readonly Strategy[]): Alphabet {
  return {
    name: 'allocateBy',
    depth: 6,
    always: [
      take(5),
      ...strategies.map((strategy): Operation => ({ act: 'allocate by', strategy, size: 2, alignment: 4 })),
    ],
    perLive: freeOne,
  };
}

function withSpan(grow: boolean, shrinkTo: boolean): Alphabet {
  const shrinks: readonly Operation[] = [
    { act: 'shrink', lessUnits: 4 },
    { act: 'shrink to live', moreUnits: 0 },
    { act: 'shrink to live', moreUnits: -1 },
  ];
  return {
    name: 'grow and shrinkTo',
    depth: 7,
    always: [
      take(3),
      take(9, 4),
      ...(grow ? [{ act: 'grow', moreUnits: 4 } as const] : []),
      ...(shrinkTo ? shrinks : []),
    ],
    perLive: freeOne,
  };
}

/** The same operation in units of `granularity` bytes. */
export function inUnits(operation: Operation, granularity: number): Operation {
  if (operation.act === 'allocate many') {
    const requests = operation.requests.map(({ size, alignment }) => ({
      size: size * granularity,
      alignment: alignment * granularity,
    }));
    return { ...operation, requests };
  }
  const size = 'size' in operation ? { size: operation.size * granularity } : {};
  const alignment = 'alignment' in operation ? { alignment: operation.alignment * granularity } : {};
  return { ...operation, ...size, ...alignment };
}
