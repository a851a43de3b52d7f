/**
 * Boundary cases: sizes and offsets one below, at and one above every power of two, in every number range.
 */
import { NO_SPACE } from '@gpuheap/core/ranges';
import type { Checks } from './checks.ts';
import {
  ALIGNMENTS,
  type ContractCase,
  type MakeSuballocator,
  makeWitness,
  serves,
} from './contract-case.ts';
import type { Witness } from './witness.ts';

const group = 'boundaries';
const MOST_UNITS = 2 ** 31 - 1;
const MOST_BYTES = 2 ** 53 - 1;

/** Powers of two and their neighbours as sizes, as capacities and as offsets. */
export function boundaryCases(make: MakeSuballocator): ContractCase[] {
  return [
    {
      group,
      name: 'sizes around every power of two to 2^53',
      run: (check) => eachPower((n) => checkSizes(make, n, check)),
    },
    {
      group,
      name: 'offsets across every power of two to 2^53',
      run: (c) => eachPower((n) => checkOffsets(make, n, c)),
    },
    {
      group,
      name: 'capacities around every power of two',
      run: (c) => eachPower((n) => checkCapacities(make, n, c)),
    },
    {
      group,
      name: 'holes around every power of two serve exactly their size',
      run: (c) => checkHoles(make, c),
    },
  ];
}

function eachPower(run: (exponent: number) => void): void {
  for (let exponent = 0; exponent <= 53; exponent++) run(exponent);
}

/** 2^n - 1, 2^n and 2^n + 1, as far as they are positive safe integers. */
function trio(exponent: number): number[] {
  return [2 ** exponent - 1, 2 ** exponent, 2 ** exponent + 1].filter(
    (value) => value > 0 && value <= MOST_BYTES,
  );
}

/** Granularities in which a span of about `bytes` can be made: the finest, and coarser odd ones. */
function granularitiesFor(bytes: number): number[] {
  const finest = Math.ceil(bytes / MOST_UNITS);
  return [finest, finest + 1, 36, 2 ** 22 + 1, 2 ** 40].filter((granularity) => granularity >= finest);
}

function checkSizes(make: MakeSuballocator, exponent: number, check: Checks): void {
  for (const size of trio(exponent)) {
    for (const granularity of granularitiesFor(Math.min(MOST_BYTES, size * 2 + 2000))) {
      const capacity = Math.min(MOST_BYTES, size * 2 + 2000 * granularity);
      if (!isSpan(capacity, granularity)) continue;
      const witness = makeWitness(make, { capacity, granularity }, check);
      for (const alignment of ALIGNMENTS) {
        if (!serves(witness.subject, alignment)) continue;
        // Off the start, so that the alignment matters.
        if (capacity < MOST_BYTES) witness.allocate(1);
        witness.allocate(size, alignment);
        witness.allocate(size, alignment);
        witness.askLargest(alignment);
        witness.reset();
      }
    }
  }
}

function checkOffsets(make: MakeSuballocator, exponent: number, check: Checks): void {
  for (const border of trio(exponent)) {
    for (const granularity of granularitiesFor(Math.min(MOST_BYTES, border * 2))) {
      const capacity = Math.min(MOST_BYTES, border + 5000 * granularity);
      const below = border - (border % granularity) - granularity;
      if (!isSpan(capacity, granularity) || below < granularity) continue;
      const witness = makeWitness(make, { capacity, granularity }, check);
      check.that(
        witness.allocate(below) !== NO_SPACE,
        `An empty span of ${capacity} refuses ${below} bytes.`,
      );
      crossBorder(witness);
    }
  }
}

function crossBorder(witness: Witness): void {
  const { granularity } = witness.subject;
  for (const alignment of ALIGNMENTS) {
    if (serves(witness.subject, alignment)) witness.allocate(granularity, alignment);
  }
  witness.allocate(3 * granularity);
  while (witness.live.length > 2) witness.freeAt(1 + ((witness.live.length * 7) % (witness.live.length - 1)));
  for (const alignment of ALIGNMENTS) {
    if (serves(witness.subject, alignment)) witness.askLargest(alignment);
  }
  witness.freeAt(0);
}

function checkCapacities(make: MakeSuballocator, exponent: number, check: Checks): void {
  for (const capacity of trio(exponent)) {
    for (const granularity of granularitiesFor(capacity)) {
      if (!isSpan(capacity, granularity)) continue;
      const witness = makeWitness(make, { capacity, granularity }, check);
      const whole = witness.subject.capacity;
      check.that(witness.allocate(whole) !== NO_SPACE, `An empty span of ${whole} refuses its capacity.`);
      witness.freeAt(0);
      witness.allocate(whole - granularity || granularity);
      witness.allocate(granularity);
      check.same(witness.allocate(1), NO_SPACE, 'allocate(1) on a full span');
      witness.freeAt(0);
      witness.reset();
    }
  }
}

/** A hole of n units, between live ranges: n fits, n + 1 does not. */
function checkHoles(make: MakeSuballocator, check: Checks): void {
  for (let exponent = 0; exponent <= 29; exponent++) {
    for (const units of trio(exponent)) {
      for (const granularity of [1, 36, 65_536]) {
        const witness = makeWitness(make, { capacity: (units + 2) * granularity, granularity }, check);
        if (!witness.subject.capabilities.freesInAnyOrder) continue;
        witness.allocate(granularity);
        witness.allocate(units * granularity);
        witness.allocate(granularity);
        witness.freeAt(1);
        check.same(
          witness.allocate((units + 1) * granularity),
          NO_SPACE,
          `${units + 1} units in a hole of ${units}`,
        );
        if (units > 1) {
          witness.allocate((units - 1) * granularity);
          witness.freeAt(2);
        }
        check.that(
          witness.allocate(units * granularity) !== NO_SPACE,
          `A hole of ${units} units refuses them.`,
        );
      }
    }
  }
}

function isSpan(capacity: number, granularity: number): boolean {
  const units = Math.floor(capacity / granularity);
  return units >= 1 && units <= MOST_UNITS;
}
