/**
 * Boundary cases: sizes and offsets one below, at and one above every power of two, in every number range.
 */
import { NO_SPACE } from '@gpuheap/core/ranges';
import { scale } from '../scale.ts';
import type { Checks } from './checks.ts';
import { ALIGNMENTS, type Contract, type ContractCase, serves } from './contract-case.ts';
import { makeWitness, type Witness } from './witness.ts';

const group = 'boundaries';
const MOST_UNITS = 2 ** 31 - 1;
const MOST_BYTES = 2 ** 53 - 1;

/** Powers of two and their neighbours as sizes, as capacities and as offsets. */
export function boundaryCases(contract: Contract): ContractCase[] {
  const { exact, exactSizes, freesInAnyOrder, grow, shrinkTo, track } = contract.capabilities;
  const eachPower = (
    name: string,
    run: (contract: Contract, exponent: number, check: Checks) => void,
  ): ContractCase => ({
    group,
    name: `${name} every power of two to 2^53`,
    run: (check) => {
      const step = scale(1, 1, 13);
      for (let exponent = 0; exponent <= 53; exponent += step) run(contract, exponent, check);
    },
  });
  return [
    eachPower('sizes around', checkSizes),
    eachPower('offsets across', checkOffsets),
    eachPower('capacities around', checkCapacities),
    ...(grow && shrinkTo ? [eachPower('grows and shrinks around', checkSpans)] : []),
    ...(track ? [eachPower('regions around', checkRegions)] : []),
    ...(exact && exactSizes && freesInAnyOrder
      ? [
          {
            group,
            name: 'holes around every power of two serve exactly their size',
            run: (check: Checks) => checkHoles(contract, check),
          },
        ]
      : []),
  ];
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

function isSpan(capacity: number, granularity: number): boolean {
  const units = Math.floor(capacity / granularity);
  return units >= 1 && units <= MOST_UNITS;
}

function checkSizes(contract: Contract, exponent: number, check: Checks): void {
  const { resize, strategies } = contract.capabilities;
  for (const size of trio(exponent)) {
    for (const granularity of granularitiesFor(Math.min(MOST_BYTES, size * 2 + 2000))) {
      const capacity = Math.min(MOST_BYTES, size * 2 + 2000 * granularity);
      if (!isSpan(capacity, granularity)) continue;
      const witness = makeWitness(contract, { capacity, granularity }, check);
      for (const alignment of ALIGNMENTS) {
        if (!serves(witness.subject, alignment)) continue;
        // Off the start, so that the alignment matters.
        if (capacity < MOST_BYTES) witness.allocate(1);
        witness.allocate(size, alignment);
        witness.allocate(size, alignment);
        witness.askLargest(alignment);
        witness.reset();
      }
      for (const strategy of strategies) witness.allocateBy(strategy, size);
      witness.reset();
      if (resize) resizeTo(witness, size);
    }
  }
}

/** From one unit to the size, beyond it, and back. */
function resizeTo(witness: Witness, size: number): void {
  const { capacity, granularity } = witness.subject;
  witness.allocate(1);
  for (const to of [size, size + 1, capacity, capacity + 1, size, Math.max(1, size - granularity), 1]) {
    if (to <= MOST_BYTES) witness.resizeAt(0, to);
  }
}

function checkOffsets(contract: Contract, exponent: number, check: Checks): void {
  const { exactSizes, allocateAt } = contract.capabilities;
  for (const border of trio(exponent)) {
    for (const granularity of granularitiesFor(Math.min(MOST_BYTES, border * 2))) {
      const capacity = Math.min(MOST_BYTES, border + 5000 * granularity);
      const below = border - (border % granularity) - granularity;
      if (!isSpan(capacity, granularity) || below < granularity) continue;
      const witness = makeWitness(contract, { capacity, granularity }, check);
      const isServed = witness.allocate(below) !== NO_SPACE;
      check.that(isServed || !exactSizes, `An empty span of ${capacity} refuses ${below} bytes.`);
      if (isServed) crossBorder(witness);
      witness.reset();
      if (allocateAt) placeAround(witness, below + granularity);
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

/** On both sides of an offset, and over it. */
function placeAround(witness: Witness, offset: number): void {
  const { granularity } = witness.subject;
  witness.allocateAt(offset, granularity);
  witness.allocateAt(offset - granularity, granularity);
  witness.allocateAt(offset - granularity, 2 * granularity);
  witness.allocateAt(0, offset - granularity);
  while (witness.live.length > 1) witness.freeAt(0);
  witness.allocateAt(offset - granularity, 2 * granularity);
}

function checkCapacities(contract: Contract, exponent: number, check: Checks): void {
  for (const capacity of trio(exponent)) {
    for (const granularity of granularitiesFor(capacity)) {
      if (!isSpan(capacity, granularity)) continue;
      const witness = makeWitness(contract, { capacity, granularity }, check);
      const whole = witness.subject.largestAllocatable();
      check.that(witness.allocate(whole) !== NO_SPACE, `An empty span of ${capacity} refuses ${whole}.`);
      witness.freeAt(0);
      witness.allocate(whole - granularity || granularity);
      witness.allocate(granularity);
      witness.allocate(1);
      witness.freeAt(0);
      witness.reset();
    }
  }
}

function checkSpans(contract: Contract, exponent: number, check: Checks): void {
  for (const capacity of trio(exponent)) {
    for (const granularity of granularitiesFor(capacity)) {
      if (!isSpan(capacity, granularity)) continue;
      const witness = makeWitness(contract, { capacity: granularity, granularity }, check);
      witness.allocate(1);
      witness.grow(capacity);
      witness.allocate(witness.subject.largestAllocatable() || 1);
      const [last] = witness.live.slice(1);
      if (last !== undefined) witness.freeAt(1);
      witness.shrinkTo(Math.max(granularity, Math.floor(capacity / 2)));
      witness.shrinkTo(granularity);
    }
  }
}

function checkRegions(contract: Contract, exponent: number, check: Checks): void {
  for (const border of trio(exponent)) {
    for (const granularity of granularitiesFor(Math.min(MOST_BYTES, border * 2))) {
      const offset = border - (border % granularity);
      const size = 3 * granularity;
      if (offset < granularity || offset + size > MOST_BYTES || !isSpan(offset + size, granularity)) continue;
      const witness = makeWitness(contract, { capacity: granularity, granularity }, check);
      witness.track(offset, size);
      while (witness.allocate(1) !== NO_SPACE);
      while (witness.live.length > 0) witness.freeAt(0);
      witness.untrackAt(1);
    }
  }
}

/** A hole of n units, between live ranges: n fits, n + 1 does not. */
function checkHoles(contract: Contract, check: Checks): void {
  for (let exponent = 0; exponent <= 29; exponent++) {
    for (const units of trio(exponent)) {
      for (const granularity of [1, 36, 65_536]) {
        const capacity = (units + 2) * granularity;
        const witness = makeWitness(contract, { capacity, granularity }, check);
        witness.allocate(granularity);
        witness.allocate(units * granularity);
        witness.allocate(granularity);
        witness.freeAt(1);
        const more = (units + 1) * granularity;
        check.same(witness.allocate(more), NO_SPACE, `${units + 1} units in a hole of ${units}`);
        if (units > 1) {
          witness.allocate((units - 1) * granularity);
          witness.freeAt(2);
        }
        const isServed = witness.allocate(units * granularity) !== NO_SPACE;
        check.that(isServed, `A hole of ${units} units refuses them.`);
      }
    }
  }
}
