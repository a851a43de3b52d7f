/**
 * Span: the geometry that every kind shares. Checks arguments at the door and turns bytes into units.
 *
 * Cost     O(1), a few nanoseconds; no division remainder of doubles on the way.
 * Promise  units fit 31 bits; conversions are exact up to 2^53-1 bytes.
 */
import { checkInteger, checkOptions, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { MAX_UNITS, type Units } from '../base/quantities.ts';
import { MAX_ALIGNMENT, type SuballocatorOptions } from './suballocator.ts';

const KNOWN_OPTIONS = ['capacity', 'granularity'] as const;

export class Span {
  /** Bytes, a multiple of the granularity. */
  readonly capacity: number;
  /** Bytes per unit. */
  readonly granularity: number;
  readonly capacityUnits: Units;
  private readonly reciprocal: number;
  // The alignment asked for last and what it is in units: callers rarely change it.
  private lastAlignment = 1;
  private lastAlignmentUnits: Units = 1;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity` */
  constructor(options: SuballocatorOptions, moreOptions: readonly string[] = []) {
    checkOptions(options, 'options', [...KNOWN_OPTIONS, ...moreOptions]);
    const { capacity, granularity = 1 } = options;
    checkInteger(granularity, 'granularity', 1, Number.MAX_SAFE_INTEGER, 'bad-granularity');
    checkInteger(capacity, 'capacity', 1, Number.MAX_SAFE_INTEGER, 'bad-capacity');
    const capacityUnits = (capacity - (capacity % granularity)) / granularity;
    if (capacityUnits < 1) {
      throw new UsageError(
        'bad-capacity',
        `capacity ${capacity} is less than one unit of ${granularity} bytes; raise it`,
      );
    }
    if (capacityUnits > MAX_UNITS) {
      const fitting = Math.ceil(capacity / MAX_UNITS);
      throw new UsageError(
        'bad-capacity',
        `capacity ${capacity} is ${capacityUnits} units of ${granularity} bytes, the most is ${MAX_UNITS}; a granularity of ${fitting} would fit`,
      );
    }
    this.capacity = capacityUnits * granularity;
    this.granularity = granularity;
    this.capacityUnits = capacityUnits;
    this.reciprocal = 1 / granularity;
  }

  /**
   * Units that hold `size` bytes; more than `capacityUnits` when it can not fit.
   * @throws UsageError `bad-size`
   */
  unitsOfSize(size: number): Units {
    if (!(Number.isSafeInteger(size) && size > 0)) {
      throw new UsageError('bad-size', `size is ${show(size)}; pass an integer from 1 to 2^53-1`);
    }
    const granularity = this.granularity;
    if (granularity === 1) return size;
    // A product with the reciprocal is faster than a division and may be off by one unit; the products below
    // are exact.
    const units = Math.ceil(size * this.reciprocal);
    if ((units - 1) * granularity >= size) return units - 1;
    return units * granularity < size ? units + 1 : units;
  }

  /**
   * The alignment in units: an offset of k units is a multiple of `alignment` bytes iff k is a multiple of
   * the answer.
   * @throws UsageError `bad-alignment`
   */
  unitsOfAlignment(alignment: number): Units {
    if (alignment === this.lastAlignment) return this.lastAlignmentUnits;
    checkInteger(alignment, 'alignment', 1, MAX_ALIGNMENT, 'bad-alignment');
    const units = alignment / greatestCommonDivisor(alignment, this.granularity);
    this.lastAlignment = alignment;
    this.lastAlignmentUnits = units;
    return units;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  let left = a;
  let right = b;
  while (right !== 0) {
    const rest = left % right;
    left = right;
    right = rest;
  }
  return left;
}
