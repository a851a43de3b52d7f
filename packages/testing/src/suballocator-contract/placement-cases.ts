/**
 * Placement cases: filling, freeing, merging and serving again, step by step, and that placement repeats
 * itself.
 */
import { type Handle, NO_SPACE, type SuballocatorStatistics } from '@gpuheap/core/ranges';
import type { Checks } from './checks.ts';
import {
  ALIGNMENTS,
  type ContractCase,
  type MakeSuballocator,
  makeWitness,
  serves,
} from './contract-case.ts';
import { makeProgram, perform } from './operations.ts';
import { differenceOf, readState } from './state.ts';
import type { Witness } from './witness.ts';

const group = 'placement';

/** Scenes that every kind must play, whatever its placement. */
export function placementCases(make: MakeSuballocator): ContractCase[] {
  return [
    {
      group,
      name: 'fills a span to the last unit and empties it in any order',
      run: (c) => checkFill(make, c),
    },
    {
      group,
      name: 'joins with free neighbours on the left, on the right, on both sides',
      run: (c) => checkMerge(make, c),
    },
    { group, name: 'serves the same size where one was freed', run: (check) => checkSameAgain(make, check) },
    { group, name: 'serves a checkerboard exactly', run: (check) => checkCheckerboard(make, check) },
    {
      group,
      name: 'starts anew after a reset, and keeps its history',
      run: (check) => checkReset(make, check),
    },
    {
      group,
      name: 'fills and returns the record that statistics() is given',
      run: (c) => checkInto(make, c),
    },
    { group, name: 'can be walked twice, and in part', run: (check) => checkWalk(make, check) },
    { group, name: 'places alike when it is asked alike', run: (check) => checkDeterminism(make, check) },
    { group, name: 'aligns every offset', run: (check) => checkAlignment(make, check) },
  ];
}

function checkFill(make: MakeSuballocator, check: Checks): void {
  for (const granularity of [1, 4, 36]) {
    for (const order of ['oldest first', 'newest first', 'inside out'] as const) {
      const witness = makeWitness(make, { capacity: 21 * granularity, granularity }, check);
      for (let units = 1; units <= 6; units++) {
        // 1 + 2 + … + 6 units, each a byte short of a whole unit: rounding must fill the span.
        const size = Math.max(1, units * granularity - (granularity > 1 ? 1 : 0));
        check.that(witness.allocate(size) !== NO_SPACE, `allocate(${size}) fails though all fit in a row.`);
      }
      check.same(witness.allocate(1), NO_SPACE, 'allocate(1) on a full span');
      check.same(witness.subject.statistics().free, 0, 'free of a full span');
      while (witness.live.length > 0) freeOne(witness, order);
      check.that(
        witness.allocate(21 * granularity) !== NO_SPACE,
        'The emptied span does not serve its capacity.',
      );
    }
  }
}

function freeOne(witness: Witness, order: 'oldest first' | 'newest first' | 'inside out'): void {
  const last = witness.live.length - 1;
  witness.freeAt(order === 'oldest first' ? 0 : order === 'newest first' ? last : Math.floor(last / 2));
}

function checkMerge(make: MakeSuballocator, check: Checks): void {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  for (const order of orders) {
    const witness = makeWitness(make, { capacity: 30 }, check);
    const handles = [7, 11, 12].map((size) => witness.allocate(size));
    for (const [step, which] of order.entries()) {
      witness.freeAt(witness.live.findIndex((range) => range.handle === handles[which]));
      if (witness.subject.capabilities.exact) witness.askLargest(step + 1);
    }
    check.same(witness.subject.statistics().holeCount, 1, 'holeCount of the emptied span');
    check.that(witness.allocate(30) !== NO_SPACE, 'The emptied span does not serve its capacity.');
  }
}

function checkSameAgain(make: MakeSuballocator, check: Checks): void {
  for (let size = 1; size <= 300; size++) {
    const subject = make({ capacity: 3 * size });
    const handles = [subject.allocate(size), subject.allocate(size), subject.allocate(size)] as const;
    check.that(!handles.includes(NO_SPACE), () => `Three of ${size} do not fill ${3 * size}.`);
    // The newest is the top of the kinds that free in order.
    subject.free(subject.capabilities.freesInAnyOrder ? handles[1] : handles[2]);
    check.that(subject.allocate(size) !== NO_SPACE, () => `Freeing ${size} does not make room for ${size}.`);
  }
}

function checkCheckerboard(make: MakeSuballocator, check: Checks): void {
  const witness = makeWitness(make, { capacity: 64 }, check);
  for (let i = 0; i < 16; i++) witness.allocate(4);
  for (let i = 0; i < 8; i++) witness.freeAt(i);
  check.same(witness.allocate(5), NO_SPACE, 'allocate(5) between holes of 4');
  check.same(witness.allocate(8), NO_SPACE, 'allocate(8) between holes of 4');
  if (witness.subject.capabilities.freesInAnyOrder) {
    for (let i = 0; i < 8; i++) check.that(witness.allocate(4) !== NO_SPACE, 'A hole of 4 does not serve 4.');
  }
  while (witness.live.length > 0) witness.freeAt(0);
  check.that(witness.allocate(64) !== NO_SPACE, 'The emptied span does not serve its capacity.');
}

function checkReset(make: MakeSuballocator, check: Checks): void {
  const witness = makeWitness(make, { capacity: 100 }, check);
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 4 + round; i++) witness.allocate(10 + round);
    if (round % 2 === 0) witness.freeAt(1);
    witness.reset();
    const { used, liveCount, holeCount, free } = witness.subject.statistics();
    check.same(
      [used, liveCount, holeCount, free].join(),
      '0,0,1,100',
      'used, live, holes and free after reset()',
    );
    check.that(witness.allocate(100) !== NO_SPACE, 'A reset span does not serve its capacity.');
    witness.reset();
  }
  witness.reset();
  check.same(witness.subject.statistics().peakUsed, 100, 'peakUsed after resets');
}

function checkInto(make: MakeSuballocator, check: Checks): void {
  const subject = make({ capacity: 100 });
  subject.allocate(30);
  const into = subject.statistics();
  check.that(
    subject.statistics() !== into,
    'statistics() answers the same record twice without being given it.',
  );
  for (const field of Object.keys(into) as (keyof SuballocatorStatistics)[]) into[field] = -1;
  check.that(subject.statistics(into) === into, 'statistics(into) does not answer the record it was given.');
  const fresh = subject.statistics();
  for (const field of Object.keys(fresh) as (keyof SuballocatorStatistics)[]) {
    check.same(into[field], fresh[field], `${field} of a filled record`);
  }
}

function checkWalk(make: MakeSuballocator, check: Checks): void {
  const subject = make({ capacity: 100 });
  for (let i = 0; i < 5; i++) subject.allocate(10);
  const first = [...subject.ranges()].map((range) => ({ ...range }));
  const second = [...subject.ranges()].map((range) => ({ ...range }));
  check.same(JSON.stringify(second), JSON.stringify(first), 'The second walk');
  const walk = subject.ranges();
  check.that(walk[Symbol.iterator]() === walk, 'ranges() is not an iterable iterator.');
  check.same(walk.next().value?.offset, 0, 'Offset of the first range');
  check.same(subject.ranges().next().value?.offset, 0, 'Offset of the first range of another walk');
  for (const range of walk) if (range.offset > 20) break;
  subject.free(subject.allocate(10));
  check.same([...subject.ranges()].length, first.length, 'Ranges after an unfinished walk');
}

function checkDeterminism(make: MakeSuballocator, check: Checks): void {
  for (let seed = 1001; seed < 1021; seed++) {
    const { capabilities } = make({ capacity: 1 });
    const { capacity, granularity, operations } = makeProgram(seed, 150, capabilities);
    const [one, two] = [1, 2].map(() => makeWitness(make, { capacity, granularity }, check)) as [
      Witness,
      Witness,
    ];
    for (const operation of operations) {
      one.unwatched(() => perform(one, operation));
      two.unwatched(() => perform(two, operation));
    }
    const difference = differenceOf(withoutHandles(one), withoutHandles(two));
    check.that(difference === undefined, () => `Seed ${seed}, placed twice: ${difference}.`);
  }
}

function withoutHandles(witness: Witness): ReturnType<typeof readState> {
  const { ranges, statistics } = readState(witness.subject);
  const live: Handle = 1;
  return {
    ranges: ranges.map(({ offset, size, handle }) => ({
      offset,
      size,
      handle: handle === NO_SPACE ? NO_SPACE : live,
    })),
    statistics,
  };
}

function checkAlignment(make: MakeSuballocator, check: Checks): void {
  for (const granularity of [1, 4, 36, 256, 1000]) {
    const witness = makeWitness(make, { capacity: 2_000_000 * granularity, granularity }, check);
    for (const alignment of [...ALIGNMENTS, 7, 24, 48, 4096, 65_536]) {
      if (!serves(witness.subject, alignment)) continue;
      for (const size of [1, alignment - 1, alignment, alignment + 1]) {
        if (size > 0)
          check.that(witness.allocate(size, alignment) !== NO_SPACE, `allocate(${size}) fails early.`);
      }
    }
    while (witness.live.length > 4) witness.freeAt(Math.floor(witness.live.length / 2));
    for (const alignment of ALIGNMENTS) if (serves(witness.subject, alignment)) witness.askLargest(alignment);
  }
}
