/** Region cases: `track` and `untrack`. No range reaches across a border, none is lost with its region. */
import { NO_SPACE } from '@gpuheap/core/ranges';
import type { Checks } from './checks.ts';
import type { Contract, ContractCase } from './contract-case.ts';
import { makeWitness, type Witness } from './witness.ts';

const group = 'track and untrack';

/** Regions that touch, that lie apart, in front and between; borders; letting go. */
export function regionCases(contract: Contract): ContractCase[] {
  return [
    {
      group,
      name: 'manages regions in any order, in front, between, behind',
      run: (check) => checkOrders(contract, check),
    },
    {
      group,
      name: 'never joins, and serves nothing, across a border',
      run: (check) => checkBorders(contract, check),
    },
    {
      group,
      name: 'lets a region go only when nothing lives in it',
      run: (check) => checkUntrack(contract, check),
    },
    { group, name: 'keeps its regions through a reset', run: (check) => checkReset(contract, check) },
    {
      group,
      name: 'can let everything go, and begin elsewhere',
      run: (check) => checkElsewhere(contract, check),
    },
  ];
}

/** Offset and size in units, all apart from [0, 10). */
const REGIONS = [
  [10, 5],
  [15, 1],
  [20, 7],
  [27, 3],
  [100, 50],
] as const;

function checkOrders(contract: Contract, check: Checks): void {
  for (const granularity of [1, 12]) {
    for (let turn = 0; turn < REGIONS.length; turn++) {
      const regions = [...REGIONS.slice(turn), ...REGIONS.slice(0, turn)];
      for (const order of [regions, regions.toReversed()]) {
        const witness = makeWitness(contract, { capacity: 10 * granularity, granularity }, check);
        for (const [offset, size] of order) {
          witness.track(offset * granularity, size * granularity);
          witness.allocate(2 * granularity);
        }
        while (witness.allocate(granularity) !== NO_SPACE);
        while (witness.live.length > 0) witness.freeAt(Math.floor(witness.live.length / 2));
        while (witness.books.regions.length > 1) witness.untrackAt(turn % witness.books.regions.length);
      }
    }
  }
}

function checkBorders(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: 16 }, check);
  const most = witness.subject.largestAllocatable();
  for (const offset of [16, 32]) {
    witness.track(offset, 16);
    check.same(witness.askLargest(1), most, 'largestAllocatable() beside regions as long');
    check.same(witness.allocate(17), NO_SPACE, 'allocate(17) in regions of 16');
  }
  if (contract.capabilities.allocateAt) {
    check.same(witness.allocateAt(15, 2), NO_SPACE, 'allocateAt(15, 2), across the border at 16,');
    check.that(witness.allocateAt(15, 1) !== NO_SPACE, 'The unit in front of the border is refused.');
    check.that(witness.allocateAt(16, 1) !== NO_SPACE, 'The unit behind the border is refused.');
    if (contract.capabilities.resize) {
      check.that(!witness.resizeAt(0, 2), 'A range was resized across the border.');
    }
    while (witness.live.length > 0) witness.freeAt(0);
  }
  fillAndEmpty(witness);
  const { holeCount } = witness.subject.statistics();
  if (contract.capabilities.mergesNeighbours) check.same(holeCount, 3, 'holeCount of three empty regions');
  check.same(witness.askLargest(1), most, 'largestAllocatable() of three empty regions');
}

function fillAndEmpty(witness: Witness): void {
  while (witness.allocate(1) !== NO_SPACE);
  while (witness.live.length > 0) witness.freeAt((witness.live.length * 5) % witness.live.length);
}

function checkUntrack(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: 16 }, check);
  for (const offset of [16, 40, 56]) witness.track(offset, 16);
  while (witness.allocate(5) !== NO_SPACE);
  // Emptied one range at a time: a region goes with its last one, not before.
  while (witness.live.length > 0) {
    witness.freeAt(witness.live.length - 1);
    for (let index = witness.books.regions.length - 1; index > 0; index--) witness.untrackAt(index);
  }
  check.same(witness.books.regions.length, 1, 'Number of regions left');
  witness.track(16, 16);
  witness.untrackAt(0);
  witness.allocate(16);
  witness.untrackAt(0);
}

function checkReset(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: 16 }, check);
  for (const offset of [16, 40]) witness.track(offset, 16);
  for (let round = 0; round < 3; round++) {
    for (const size of [5, 16, 3, 2]) witness.allocate(size);
    witness.reset();
  }
  witness.untrackAt(1);
  fillAndEmpty(witness);
}

function checkElsewhere(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: 64 }, check);
  check.that(witness.untrackAt(0), 'The first region can not be let go.');
  check.same(witness.subject.capacity, 0, 'capacity without a region');
  check.same(witness.allocate(1), NO_SPACE, 'allocate(1) without a region');
  witness.reset();
  witness.restore();
  for (const offset of [1024, 512, 2 ** 31 - 65]) {
    witness.track(offset, 64);
    fillAndEmpty(witness);
  }
  witness.untrackAt(1);
  fillAndEmpty(witness);
}
