/** Mark cases: `freeUpTo` ends what was given out before the mark, all of it, and nothing that came later. */
import { NO_SPACE } from '@gpuheap/core/ranges';
import type { Checks } from './checks.ts';
import type { Contract, ContractCase } from './contract-case.ts';
import { makeWitness } from './witness.ts';

const group = 'mark and freeUpTo';

/** Frames in flight, marks used late, twice and out of order. */
export function markCases(contract: Contract): ContractCase[] {
  return [
    {
      group,
      name: 'frees frames in flight, one mark a frame',
      run: (check) => checkFrames(contract, check),
    },
    {
      group,
      name: 'takes marks out of order, twice, and with nothing before them',
      run: (check) => checkOrders(contract, check),
    },
    {
      group,
      name: 'leaves out what has ended already, and survives a reset',
      run: (check) => checkEnded(contract, check),
    },
  ];
}

function checkFrames(contract: Contract, check: Checks): void {
  for (const inFlight of [1, 2, 3]) {
    const witness = makeWitness(contract, { capacity: 1000 * 12, granularity: 12 }, check);
    for (let frame = 0; frame < 60; frame++) {
      for (let i = 0; i < 5; i++) witness.allocate(12 * (1 + ((frame * 7 + i * 13) % 50)));
      witness.mark();
      if (frame >= inFlight) witness.freeUpTo(frame - inFlight);
    }
    witness.freeUpTo(59);
    check.same(witness.live.length, 0, 'Ranges left after the last mark');
    const { subject } = witness;
    check.that(witness.allocate(subject.largestAllocatable()) !== NO_SPACE, 'The emptied span refuses.');
  }
}

function checkOrders(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: 4096 }, check);
  witness.mark();
  witness.freeUpTo(0);
  for (let i = 0; i < 6; i++) {
    witness.allocate(100);
    witness.mark();
    witness.mark();
  }
  for (const index of [0, 4, 2, 4, 3, 9, 12, 12, 0]) {
    witness.freeUpTo(index);
    witness.allocate(50);
  }
  check.same(witness.live.length, 9, 'Ranges that came after the marks');
}

function checkEnded(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: 4096 }, check);
  for (let i = 0; i < 8; i++) witness.allocate(100);
  witness.mark();
  for (const index of [5, 0, 2]) witness.freeAt(index);
  witness.freeUpTo(0);
  for (let i = 0; i < 4; i++) witness.allocate(100);
  witness.mark();
  witness.reset();
  for (let i = 0; i < 4; i++) witness.allocate(100);
  witness.freeUpTo(1);
  witness.freeUpTo(0);
  check.same(witness.live.length, 4, 'Ranges from after the reset');
  witness.restore();
  witness.mark();
  witness.freeUpTo(2);
  check.same(witness.live.length, 0, 'Ranges left');
}
