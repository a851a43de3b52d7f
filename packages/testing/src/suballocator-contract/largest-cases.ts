/**
 * Largest cases: an allocate of what `largestAllocatable` answers succeeds, and of one unit more does not.
 */
import { NO_SPACE, type Suballocator } from '@gpuheap/core/ranges';
import { scale } from '../scale.ts';
import type { Checks } from './checks.ts';
import {
  ALIGNMENTS,
  type ContractCase,
  type MakeSuballocator,
  makeWitness,
  serves,
} from './contract-case.ts';
import { makeProgram, type Program, perform } from './operations.ts';

/** Asked on random states, and tried on twins in the same state. */
export function largestCases(make: MakeSuballocator): ContractCase[] {
  return [
    {
      group: 'largest allocatable',
      name: 'is exact for every alignment, on random states',
      run: (check) => {
        for (let seed = 1; seed <= scale(120, 3000); seed++) checkState(make, seed, check);
      },
    },
  ];
}

function checkState(make: MakeSuballocator, seed: number, check: Checks): void {
  const program = makeProgram(seed + 500_000, 10 + (seed % 50), make({ capacity: 1 }).capabilities);
  const asked = replayed(make, program, check);
  for (const alignment of [...ALIGNMENTS, 7, 4096]) {
    if (!serves(asked, alignment)) continue;
    const largest = asked.largestAllocatable(alignment);
    const said = `seed ${seed}: largestAllocatable(${alignment}) is ${largest}`;
    const twin = replayed(make, program, check);
    const more = largest + twin.granularity;
    check.that(
      more > 2 ** 53 - 1 || twin.allocate(more, alignment) === NO_SPACE,
      `${said}, yet ${more} fits.`,
    );
    check.that(largest === 0 || twin.allocate(largest, alignment) !== NO_SPACE, `${said}, but does not fit.`);
  }
}

function replayed(make: MakeSuballocator, program: Program, check: Checks): Suballocator {
  const witness = makeWitness(make, { capacity: program.capacity, granularity: program.granularity }, check);
  witness.unwatched(() => {
    for (const operation of program.operations) perform(witness, operation);
  });
  return witness.subject;
}
