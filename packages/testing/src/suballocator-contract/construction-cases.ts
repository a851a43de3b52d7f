/** Construction cases: what a fresh suballocator says about itself, and which options are refused. */
import { NO_SPACE, type SuballocatorCapabilities } from '@gpuheap/core/ranges';
import { BAD_INTEGERS, BAD_OPTIONS } from './bad-values.ts';
import { type Checks, shown } from './checks.ts';
import { ALIGNMENTS, type Contract, type ContractCase, GRANULARITIES, serves } from './contract-case.ts';
import { STATISTICS_FIELDS } from './state.ts';
import { makeWitness } from './witness.ts';

const group = 'construction';
const MOST_UNITS = 2 ** 31 - 1;

/** What `capabilities` must say, and no more. */
const ABILITIES: readonly (keyof SuballocatorCapabilities)[] = [
  'freesInAnyOrder',
  'anyAlignment',
  'exact',
  'exactSizes',
  'mergesNeighbours',
  'exactLargestFree',
  'strategies',
  'allocateAt',
  'resize',
  'grow',
  'shrinkTo',
  'track',
  'freeUpTo',
];

/** Options, figures at birth, and spans at the limits. */
export function constructionCases(contract: Contract): ContractCase[] {
  return [
    { group, name: 'says what it is and what it can', run: (check) => checkSelf(contract, check) },
    {
      group,
      name: 'rounds the capacity down to the granularity',
      run: (check) => checkRounding(contract, check),
    },
    { group, name: 'refuses bad options', run: (check) => checkBadOptions(contract, check) },
    {
      group,
      name: 'refuses a span of too many units and names what fits',
      run: (check) => checkTooLong(contract, check),
    },
    {
      group,
      name: 'spans one unit, and as many units and bytes as can be',
      run: (check) => checkLimits(contract, check),
    },
  ];
}

function checkSelf(contract: Contract, check: Checks): void {
  const { subject } = makeWitness(contract, { capacity: 1000 }, check);
  const { capabilities, kind } = subject;
  check.that(/^[a-z][a-z0-9-]*$/.test(kind), `The kind is ${shown(kind)}, not a plain name.`);
  check.same(subject.capacity, 1000, 'capacity');
  check.same(subject.granularity, 1, 'The default granularity');
  check.same(Object.keys(capabilities).sort().join(), [...ABILITIES].sort().join(), 'Names of capabilities');
  for (const ability of ABILITIES) {
    if (ability === 'strategies')
      check.that(Array.isArray(capabilities.strategies), 'Strategies are no array.');
    else check.same(typeof capabilities[ability], 'boolean', `Type of capabilities.${ability}`);
  }
  check.same(
    JSON.stringify(contract.make({ capacity: 4096, granularity: 4 }).capabilities),
    JSON.stringify(capabilities),
    'Capabilities of another instance',
  );
  const statistics = subject.statistics();
  const fields = [...STATISTICS_FIELDS].sort().join();
  check.same(Object.keys(statistics).sort().join(), fields, 'Names of the statistics');
  for (const { handle } of subject.ranges()) check.same(handle, NO_SPACE, 'Handle of a fresh range');
}

function checkRounding(contract: Contract, check: Checks): void {
  for (const granularity of [...GRANULARITIES, 3, 7]) {
    for (const units of [1, 2, 3, 15, 16, 17, 1023, 1025]) {
      for (const rest of [0, 1, Math.floor(granularity / 2), granularity - 1]) {
        if (rest >= granularity || rest < 0) continue;
        const subject = contract.make({ capacity: units * granularity + rest, granularity });
        const largest = subject.largestAllocatable();
        check.same(subject.capacity, units * granularity, `capacity of ${units} units of ${granularity}`);
        check.same(subject.granularity, granularity, 'granularity');
        if (contract.capabilities.exactSizes) check.same(largest, subject.capacity, 'largestAllocatable()');
        else check.that(largest > 0, `A span of ${units} units has nothing to give.`);
      }
    }
  }
}

function checkBadOptions({ make }: Contract, check: Checks): void {
  const force = make as (options: unknown) => unknown;
  for (const bad of BAD_OPTIONS) {
    check.refuses(() => force(bad), ['bad-argument'], `Options ${shown(bad)}`);
  }
  for (const bad of BAD_INTEGERS) {
    const said = shown(bad);
    check.refuses(() => force({ capacity: bad }), ['bad-capacity'], `Capacity ${said}`);
    for (const granularity of GRANULARITIES) {
      const act = (): unknown => force({ capacity: bad, granularity });
      check.refuses(act, ['bad-capacity'], `Capacity ${said} in units of ${granularity}`);
    }
    for (const capacity of [1, 1024, 2 ** 31]) {
      const act = (): unknown => force({ capacity, granularity: bad });
      check.refuses(act, ['bad-granularity'], `Granularity ${said} of a span of ${capacity}`);
    }
  }
  check.refuses(() => force({}), ['bad-capacity'], 'No capacity');
  check.refuses(() => force({ granularity: 16 }), ['bad-capacity'], 'No capacity');
  check.refuses(() => force({ capacity: 1024, size: 1 }), ['unknown-option'], 'An unknown option');
  check.refuses(() => force({ capacity: 1024, Granularity: 4 }), ['unknown-option'], 'A misspelt option');
  for (const granularity of GRANULARITIES) {
    if (granularity === 1) continue;
    const capacity = granularity - 1;
    const said = `Less than a unit of ${granularity}`;
    check.refuses(() => make({ capacity, granularity }), ['bad-capacity'], said);
  }
}

function checkTooLong({ make }: Contract, check: Checks): void {
  for (const capacity of [2 ** 31, 2 ** 32, 2 ** 40 + 1, 2 ** 53 - 1]) {
    check.refuses(() => make({ capacity }), ['bad-capacity'], `Capacity ${capacity} in units of 1`);
    const named = numbersIn(messageOf(() => make({ capacity }))).some((granularity) => {
      const units = Math.floor(capacity / granularity);
      return granularity > 1 && granularity < capacity && units >= 1 && units <= MOST_UNITS;
    });
    check.that(named, `The refusal of capacity ${capacity} names no granularity that would fit.`);
  }
}

function checkLimits(contract: Contract, check: Checks): void {
  const spans = [
    [1, 1],
    [36, 36],
    [65_536, 65_536],
    [2 ** 53 - 1, 2 ** 53 - 1],
    [MOST_UNITS, 1],
    [MOST_UNITS * 4, 4],
    [MOST_UNITS * 65_536, 65_536],
    [2 ** 53 - 1, 2 ** 22],
    [2 ** 53 - 1, 2 ** 22 + 1],
    [2 ** 53 - 1, 2 ** 30 - 1],
  ] as const;
  for (const [capacity, granularity] of spans) {
    const witness = makeWitness(contract, { capacity, granularity }, check);
    const whole = capacity - (capacity % granularity);
    check.same(witness.subject.capacity, whole, `capacity of ${capacity} in units of ${granularity}`);
    for (const alignment of [...ALIGNMENTS, 2 ** 31 - 1]) {
      if (!serves(witness.subject, alignment)) continue;
      const most = witness.askLargest(alignment);
      if (contract.capabilities.exactSizes) check.same(most, whole, 'largestAllocatable() of an empty span');
      check.that(witness.allocate(most, alignment) !== NO_SPACE, `An empty span refuses ${most} bytes.`);
      if (contract.capabilities.exactSizes) {
        check.same(witness.allocate(1, alignment), NO_SPACE, 'allocate(1) on a full span');
        check.same(witness.askLargest(alignment), 0, 'largestAllocatable() of a full span');
      }
      witness.freeAt(0);
      witness.reset();
    }
    check.that(witness.allocate(1) !== NO_SPACE, 'An empty span refuses a byte.');
    witness.reset();
  }
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return '';
}

function numbersIn(text: string): number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}
