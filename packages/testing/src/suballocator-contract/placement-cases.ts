/**
 * Placement cases: filling, freeing, merging and serving again, step by step.
 *
 * Refusal  scenes that count on sizes being what was asked for are for kinds that say so.
 */
import { NO_SPACE, type SuballocatorStatistics } from '@gpuheap/core/ranges';
import type { Checks } from './checks.ts';
import { ALIGNMENTS, type Contract, type ContractCase, serves } from './contract-case.ts';
import { makeWitness, type Witness } from './witness.ts';

const group = 'placement';

/** Scenes that every kind must play, whatever its placement. */
export function placementCases(contract: Contract): ContractCase[] {
  const scene = (name: string, run: (contract: Contract, check: Checks) => void): ContractCase => {
    return { group, name, run: (check) => run(contract, check) };
  };
  const scenes = [
    scene('fills a span until nothing fits, and empties it in any order', checkFill),
    scene('joins with free neighbours on the left, on the right, on both sides', checkMerge),
    scene('serves the same size where one was freed', checkSameAgain),
    scene('starts anew after a reset, and keeps its history', checkReset),
    scene('fills and returns the record that statistics() is given', checkInto),
    scene('can be walked twice, and in part', checkWalk),
    scene('aligns every offset', checkAlignment),
  ];
  if (!contract.capabilities.exactSizes) return scenes;
  return [
    ...scenes,
    scene('fills a span to the last unit', checkTightFill),
    scene('serves a checkerboard exactly', checkCheckerboard),
  ];
}

const ORDERS = ['oldest first', 'newest first', 'inside out'] as const;

function freeAll(witness: Witness, order: (typeof ORDERS)[number]): void {
  while (witness.live.length > 0) {
    const last = witness.live.length - 1;
    witness.freeAt(order === 'oldest first' ? 0 : order === 'newest first' ? last : Math.floor(last / 2));
  }
}

/** What an empty span can give, it must give again. */
function serveLargest(witness: Witness, most: number, check: Checks): void {
  check.same(witness.subject.largestAllocatable(), most, 'largestAllocatable() of the emptied span');
  check.that(witness.allocate(most) !== NO_SPACE, `The emptied span refuses ${most} bytes.`);
}

function checkFill(contract: Contract, check: Checks): void {
  for (const granularity of [1, 4, 36]) {
    for (const order of ORDERS) {
      const witness = makeWitness(contract, { capacity: 64 * granularity, granularity }, check);
      const most = witness.subject.largestAllocatable();
      for (const units of [1, 3, 2, 5, 1]) witness.allocate(units * granularity);
      while (witness.allocate(1) !== NO_SPACE);
      check.same(witness.askLargest(1), 0, 'largestAllocatable() when allocate(1) is refused');
      freeAll(witness, order);
      serveLargest(witness, most, check);
    }
  }
}

function checkTightFill(contract: Contract, check: Checks): void {
  for (const granularity of [1, 4, 36]) {
    for (const order of ORDERS) {
      const witness = makeWitness(contract, { capacity: 21 * granularity, granularity }, check);
      for (let units = 1; units <= 6; units++) {
        // 1 + 2 + … + 6 units, each a byte short of a whole unit: rounding must fill the span.
        const size = Math.max(1, units * granularity - (granularity > 1 ? 1 : 0));
        check.that(witness.allocate(size) !== NO_SPACE, `allocate(${size}) fails though all fit in a row.`);
      }
      check.same(witness.allocate(1), NO_SPACE, 'allocate(1) on a full span');
      check.same(witness.subject.statistics().free, 0, 'free of a full span');
      freeAll(witness, order);
      serveLargest(witness, 21 * granularity, check);
    }
  }
}

function checkMerge(contract: Contract, check: Checks): void {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  for (const order of orders) {
    const witness = makeWitness(contract, { capacity: 30 }, check);
    const most = witness.subject.largestAllocatable();
    const handles = [7, 11, 12].map((size) => witness.allocate(size));
    for (const [step, which] of order.entries()) {
      const at = witness.live.findIndex((range) => range.handle === handles[which]);
      if (at >= 0) witness.freeAt(at);
      if (serves(witness.subject, step + 1)) witness.askLargest(step + 1);
    }
    if (contract.capabilities.mergesNeighbours) {
      check.same(witness.subject.statistics().holeCount, 1, 'holeCount of the emptied span');
    }
    serveLargest(witness, most, check);
  }
}

function checkSameAgain({ make, capabilities }: Contract, check: Checks): void {
  for (let size = 1; size <= 300; size++) {
    const subject = make({ capacity: 4 * size });
    const handles = [1, 2, 3, 4].map(() => subject.allocate(size)).filter((handle) => handle !== NO_SPACE);
    check.that(
      handles.length === 4 || !capabilities.exactSizes,
      () => `Four of ${size} do not fill ${4 * size}.`,
    );
    const [first, second] = handles;
    if (first === undefined) continue;
    // What was given out in order may only come back when all has ended.
    if (capabilities.freesInAnyOrder) subject.free(second ?? first);
    else for (const handle of handles) subject.free(handle);
    check.that(subject.allocate(size) !== NO_SPACE, () => `Freeing ${size} does not make room for ${size}.`);
  }
}

function checkCheckerboard(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: 64 }, check);
  for (let i = 0; i < 16; i++) witness.allocate(4);
  for (let i = 0; i < 8; i++) witness.freeAt(i);
  check.same(witness.allocate(5), NO_SPACE, 'allocate(5) between holes of 4');
  check.same(witness.allocate(8), NO_SPACE, 'allocate(8) between holes of 4');
  if (contract.capabilities.freesInAnyOrder) {
    for (let i = 0; i < 8; i++) check.that(witness.allocate(4) !== NO_SPACE, 'A hole of 4 does not serve 4.');
  }
  freeAll(witness, 'oldest first');
  serveLargest(witness, 64, check);
}

function checkReset(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: 100 }, check);
  const most = witness.subject.largestAllocatable();
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 4 + round; i++) witness.allocate(10 + round);
    if (round % 2 === 0) witness.freeAt(Math.min(1, witness.live.length - 1));
    witness.reset();
    const { used, liveCount, free } = witness.subject.statistics();
    check.same([used, liveCount, free].join(), '0,0,100', 'used, live and free after reset()');
    serveLargest(witness, most, check);
    witness.reset();
  }
  witness.reset();
  check.that(witness.subject.statistics().peakUsed >= most, 'The peak was lost in a reset.');
}

function checkInto({ make }: Contract, check: Checks): void {
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

function checkWalk({ make }: Contract, check: Checks): void {
  const subject = make({ capacity: 100 });
  for (let i = 0; i < 5; i++) subject.allocate(10);
  const walked = (): string => JSON.stringify([...subject.ranges()]);
  const first = walked();
  check.same(walked(), first, 'The second walk');
  const walk = subject.ranges();
  check.that(walk[Symbol.iterator]() === walk, 'ranges() is not an iterable iterator.');
  check.same(walk.next().value?.offset, 0, 'Offset of the first range');
  check.same(subject.ranges().next().value?.offset, 0, 'Offset of the first range of another walk');
  for (const range of walk) if (range.offset > 20) break;
  check.same(walked(), first, 'The walk after an unfinished one');
}

function checkAlignment(contract: Contract, check: Checks): void {
  for (const granularity of [1, 4, 36, 256, 1000]) {
    const witness = makeWitness(contract, { capacity: 2_000_000 * granularity, granularity }, check);
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
