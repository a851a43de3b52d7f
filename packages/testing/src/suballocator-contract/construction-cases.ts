/** Construction cases: what a fresh suballocator says about itself, and which options are refused. */
import { NO_SPACE } from '@gpuheap/core/ranges';
import { BAD_INTEGERS, BAD_OPTIONS } from './bad-values.ts';
import { type Checks, shown } from './checks.ts';
import {
  ALIGNMENTS,
  type ContractCase,
  GRANULARITIES,
  type MakeSuballocator,
  makeWitness,
  serves,
} from './contract-case.ts';
import { readState, STATISTICS_FIELDS } from './state.ts';

const group = 'construction';
const MOST_UNITS = 2 ** 31 - 1;

/** Options, figures at birth, and spans at the limits. */
export function constructionCases(make: MakeSuballocator): ContractCase[] {
  return [
    { group, name: 'says what it is', run: (check) => checkSelf(make, check) },
    {
      group,
      name: 'rounds the capacity down to the granularity',
      run: (check) => checkRounding(make, check),
    },
    { group, name: 'refuses bad options', run: (check) => checkBadOptions(make, check) },
    {
      group,
      name: 'refuses a span of too many units and names what fits',
      run: (c) => checkTooLong(make, c),
    },
    {
      group,
      name: 'spans one unit, and as many units and bytes as can be',
      run: (c) => checkLimits(make, c),
    },
  ];
}

function checkSelf(make: MakeSuballocator, check: Checks): void {
  const subject = make({ capacity: 1000 });
  check.that(/^[a-z][a-z0-9-]*$/.test(subject.kind), `The kind is ${shown(subject.kind)}, not a plain name.`);
  check.same(subject.capacity, 1000, 'capacity');
  check.same(subject.granularity, 1, 'The default granularity');
  for (const ability of ['freesInAnyOrder', 'anyAlignment', 'exact'] as const) {
    check.same(typeof subject.capabilities[ability], 'boolean', `Type of capabilities.${ability}`);
  }
  const { ranges, statistics } = readState(subject);
  check.same(ranges.length, 1, 'Number of ranges of a fresh span');
  check.same(ranges[0]?.handle, NO_SPACE, 'Handle of its free range');
  check.same(
    Object.keys(statistics).sort().join(),
    [...STATISTICS_FIELDS].sort().join(),
    'Statistics fields',
  );
  for (const field of STATISTICS_FIELDS) {
    const whole = field === 'capacity' || field === 'free' || field === 'largestFree';
    check.same(statistics[field], whole ? 1000 : field === 'holeCount' ? 1 : 0, `${field} of a fresh span`);
  }
}

function checkRounding(make: MakeSuballocator, check: Checks): void {
  for (const granularity of [...GRANULARITIES, 3, 7]) {
    for (const units of [1, 2, 3, 15, 16, 17, 1023, 1025]) {
      for (const rest of [0, 1, Math.floor(granularity / 2), granularity - 1]) {
        if (rest >= granularity || rest < 0) continue;
        const subject = make({ capacity: units * granularity + rest, granularity });
        check.same(subject.capacity, units * granularity, `capacity of ${units} units of ${granularity}`);
        check.same(subject.granularity, granularity, 'granularity');
        check.same(subject.largestAllocatable(), units * granularity, 'largestAllocatable()');
      }
    }
  }
}

function checkBadOptions(make: MakeSuballocator, check: Checks): void {
  const force = make as (options: unknown) => unknown;
  for (const bad of BAD_OPTIONS) {
    check.refuses(() => force(bad), ['bad-argument'], `Options ${shown(bad)}`);
  }
  for (const bad of BAD_INTEGERS) {
    const said = shown(bad);
    check.refuses(() => force({ capacity: bad }), ['bad-capacity'], `Capacity ${said}`);
    check.refuses(
      () => force({ capacity: 1024, granularity: bad }),
      ['bad-granularity'],
      `Granularity ${said}`,
    );
  }
  check.refuses(() => force({}), ['bad-capacity'], 'No capacity');
  check.refuses(() => force({ granularity: 16 }), ['bad-capacity'], 'No capacity');
  check.refuses(() => force({ capacity: 1024, size: 1 }), ['unknown-option'], 'An unknown option');
  check.refuses(() => force({ capacity: 1024, Granularity: 4 }), ['unknown-option'], 'A misspelt option');
  for (const granularity of GRANULARITIES) {
    if (granularity === 1) continue;
    const capacity = granularity - 1;
    check.refuses(
      () => make({ capacity, granularity }),
      ['bad-capacity'],
      `Less than a unit of ${granularity}`,
    );
  }
}

function checkTooLong(make: MakeSuballocator, check: Checks): void {
  for (const capacity of [2 ** 31, 2 ** 32, 2 ** 40 + 1, 2 ** 53 - 1]) {
    check.refuses(() => make({ capacity }), ['bad-capacity'], `Capacity ${capacity} in units of 1`);
    const named = numbersIn(messageOf(() => make({ capacity }))).some((granularity) => {
      const units = Math.floor(capacity / granularity);
      return granularity > 1 && granularity < capacity && units >= 1 && units <= MOST_UNITS;
    });
    check.that(named, `The refusal of capacity ${capacity} names no granularity that would fit.`);
  }
}

function checkLimits(make: MakeSuballocator, check: Checks): void {
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
    const witness = makeWitness(make, { capacity, granularity }, check);
    const whole = capacity - (capacity % granularity);
    check.same(witness.subject.capacity, whole, `capacity of ${capacity} in units of ${granularity}`);
    for (const alignment of [...ALIGNMENTS, 2 ** 31 - 1]) {
      if (!serves(witness.subject, alignment)) continue;
      witness.askLargest(alignment);
      check.that(
        witness.allocate(whole, alignment) !== NO_SPACE,
        `An empty span of ${whole} refuses ${whole} bytes.`,
      );
      check.same(witness.allocate(1, alignment), NO_SPACE, 'allocate(1) on a full span');
      check.same(witness.askLargest(alignment), 0, 'largestAllocatable() of a full span');
      witness.freeAt(0);
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
