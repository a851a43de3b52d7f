/** Many cases: `allocateMany` gives all or nothing. */
import { digest } from '@gpuheap/core/debug';
import { NO_SPACE, type RangeRequest } from '@gpuheap/core/ranges';
import type { Checks } from './checks.ts';
import type { Contract, ContractCase } from './contract-case.ts';
import { makeWitness } from './witness.ts';

const group = 'allocateMany';

/** All, none, and nothing at all. */
export function manyCases(contract: Contract): ContractCase[] {
  return [
    { group, name: 'reserves all in their order', run: (check) => checkAll(contract, check) },
    {
      group,
      name: 'changes nothing when one does not fit, whichever it is',
      run: (check) => checkNone(contract, check),
    },
    {
      group,
      name: 'changes nothing when together they fit, but not where they go',
      run: (check) => checkMisplaced(contract, check),
    },
    { group, name: 'answers no handles for no requests', run: (check) => checkEmpty(contract, check) },
  ];
}

function checkAll(contract: Contract, check: Checks): void {
  for (const granularity of [1, 12]) {
    const options = { capacity: 2 ** 14 * granularity, granularity };
    const witness = makeWitness(contract, options, check);
    const requests = [1, 2, 40, 3, 100].map((units) => ({ size: units * granularity }));
    const handles = witness.allocateMany(requests) ?? [];
    check.same(handles.length, requests.length, 'Number of handles');
    for (const [i, handle] of handles.entries()) {
      const { size } = requests[i] as RangeRequest;
      check.that(witness.subject.sizeOf(handle) >= size, `Handle ${i} is not of the request for ${size}.`);
    }
    // One call after the other comes to the same.
    const single = makeWitness(contract, options, check);
    for (const { size } of requests) single.allocate(size);
    check.same(digest(witness.subject), digest(single.subject), 'The digest, compared with single calls,');
  }
}

function checkNone(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: 4096 }, check);
  for (let i = 0; i < 8; i++) witness.allocate(100);
  for (const index of [1, 2, 4]) if (index < witness.live.length) witness.freeAt(index);
  const before = digest(witness.subject);
  const tooLarge = { size: witness.subject.largestAllocatable() + 1 };
  for (let at = 0; at < 6; at++) {
    const requests = Array.from({ length: 6 }, (_, i) => (i === at ? tooLarge : { size: 10 + i }));
    check.same(witness.allocateMany(requests), undefined, `allocateMany with request ${at} too large`);
    check.same(digest(witness.subject), before, 'The digest');
  }
  // Each fits alone, all do not.
  const half = { size: Math.ceil(witness.subject.largestAllocatable() / 2) + 1 };
  witness.allocateMany([half, half, half, half, half, half, half, half, half, half]);
  check.same(digest(witness.subject), before, 'The digest');
  check.that(witness.allocate(half.size) !== NO_SPACE, 'The refusals have cost room.');
}

function checkMisplaced(contract: Contract, check: Checks): void {
  for (const first of [0, 1]) {
    const witness = makeWitness(contract, { capacity: 200 }, check);
    for (const size of [100, 100]) witness.allocate(size);
    // Freed, they may lie as two pieces; the first request may go to either of them.
    for (const index of [first, 0]) if (witness.live.length > index) witness.freeAt(index);
    const before = digest(witness.subject);
    const handles = witness.allocateMany([{ size: 50 }, { size: 120 }]);
    if (handles === undefined) check.same(digest(witness.subject), before, 'The digest');
  }
}

function checkEmpty(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: 4096 }, check);
  const before = digest(witness.subject);
  check.same(witness.allocateMany([])?.length, 0, 'Number of handles for no requests');
  check.same(digest(witness.subject), before, 'The digest');
}
