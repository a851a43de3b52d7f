/**
 * Size classes: the lengths that slots may have, how many slots a slab of each has, and which class a request
 * takes.
 *
 * Layout   classes in units, ascending. Derived ones are every length up to 16 units, then eight a power of
 *          two, up to 256 units:
 *
 *            1 2 3 … 15 16 18 20 … 30 32 36 40 … 60 64 72 … 240 256
 *
 *          Slabs of derived classes are about 128 units long: 64 slots at most, and one slot for what is
 *          longer than 64 units. Most bytes are in the longest classes; a slab of many slots is rarely empty,
 *          and what is free in it serves nothing else.
 * Cost     a look-up: one load. The table has two bytes for every unit of the longest class, 128 KiB at most.
 * Promise  a request takes the shortest class that holds it; a derived one is less than an eighth longer.
 * Refusal  255 classes of at most 65,535 units; others throw.
 */
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { type Units, unitsFromBytes } from '../base/quantities.ts';

const MOST_CLASSES = 255;
const MOST_CLASS_UNITS = 65_535;
const CLASSES_PER_DOUBLING = 8;
/** The longest class that is derived, however long the span. */
const MOST_DERIVED_UNITS = 256;
/** How often the longest derived class fits the span, at least. */
const LEAST_PARTS = 256;
/** How long a slab of a derived class should be. */
const DERIVED_SLAB_UNITS = 128;
/** How long a slab of a given class should be: this part of the span, or shorter. */
const GIVEN_SLAB_PARTS = 64;
const LEAST_GIVEN_SLOTS = 4;
const MOST_SLOTS = 64;

/** One class. */
export interface SizeClass {
  /** Length of a slot. */
  readonly units: Units;
  /** Slots of a slab, 1 or more. */
  readonly slots: number;
}

/** Classes for a span: up to 256 units, as far as that is a small part of it. Ascending. */
export function deriveClasses(capacityUnits: Units): SizeClass[] {
  const most = Math.min(MOST_DERIVED_UNITS, capacityUnits / LEAST_PARTS);
  const classes: SizeClass[] = [];
  let step = 1;
  for (let units = 1; units <= most; units += step) {
    classes.push({ units, slots: clamp(DERIVED_SLAB_UNITS / units, 1) });
    if (units === step * CLASSES_PER_DOUBLING * 2) step *= 2;
  }
  return classes;
}

/**
 * Classes as given in bytes, in any order, each rounded up to whole units. Ascending.
 * @throws UsageError `bad-argument`, `bad-size`
 */
export function classesFromBytes(
  sizes: readonly number[],
  granularity: number,
  capacityUnits: Units,
): SizeClass[] {
  if (!Array.isArray(sizes) || sizes.length > MOST_CLASSES) {
    throw new UsageError(
      'bad-argument',
      `classes is ${show(sizes)}; pass an array of at most ${MOST_CLASSES} sizes in bytes`,
    );
  }
  const lengths = new Set<Units>();
  for (const size of sizes as readonly unknown[]) {
    const units =
      Number.isSafeInteger(size) && (size as number) > 0 ? unitsFromBytes(size as number, granularity) : 0;
    if (units < 1 || units > MOST_CLASS_UNITS) {
      throw new UsageError(
        'bad-size',
        `a size class is ${show(size)}; pass integers from 1 to ${MOST_CLASS_UNITS} units of ${granularity} bytes`,
      );
    }
    lengths.add(units);
  }
  const slabUnits = capacityUnits / GIVEN_SLAB_PARTS;
  return [...lengths]
    .sort((a, b) => a - b)
    .map((units) => ({ units, slots: clamp(slabUnits / units, LEAST_GIVEN_SLOTS) }));
}

/**
 * For each length from 0 to the longest class, the shortest class that holds it, times `factor`. O(units).
 */
export function tabulateClasses(lengths: readonly Units[], factor: number): Uint16Array {
  const table = new Uint16Array((lengths.at(-1) ?? 0) + 1);
  let at = 0;
  for (let units = 0; units < table.length; units++) {
    if (units > (lengths[at] as Units)) at++;
    table[units] = at * factor;
  }
  return table;
}

function clamp(slots: number, least: number): number {
  return Math.max(least, Math.min(MOST_SLOTS, Math.floor(slots)));
}
