/**
 * Memory-type selector: which of a backend's memory types serves a request.
 *
 * Cost     O(memory types), of which a backend has a handful.
 * Promise  two passes: first a type with all required and all preferred properties, then one with the
 *          required alone; within a pass the backend's own order decides, types with an avoided property come
 *          last.
 * Refusal  properties that no {@link MemoryProperty} names are ignored.
 */
import { withBit } from '../base/bits.ts';
import { checkInteger } from '../base/check.ts';
import { MemoryProperty, type MemoryType } from './port.ts';

/** What a memory type must, should and should not be: bits of {@link MemoryProperty}. */
export interface MemoryTypeWish {
  readonly required: number;
  readonly preferred?: number;
  readonly avoided?: number;
  /** Bit i allows memory type i. Default: all. */
  readonly typeMask?: number;
}

/** The most memory types a backend may offer. */
const MAX_TYPES = 31;
const ALL_TYPES: number = 2 ** 31 - 1;

let known = 0;
for (const bit of Object.values(MemoryProperty)) known |= bit;
const KNOWN_PROPERTIES: number = known;

/** Picks memory types from one backend's table. */
export class MemoryTypeSelector {
  private readonly types: readonly MemoryType[];

  /** @throws UsageError `bad-argument` when the table is empty or has more than 31 types */
  constructor(types: readonly MemoryType[]) {
    checkInteger(types?.length, 'memoryTypes.length', 1, MAX_TYPES, 'bad-argument');
    this.types = types;
  }

  /** The index of the memory type that fits best, or -1 when none has the required properties. */
  select(wish: MemoryTypeWish): number {
    const required = wish.required & KNOWN_PROPERTIES;
    const preferred = (wish.preferred ?? 0) & KNOWN_PROPERTIES;
    const avoided = (wish.avoided ?? 0) & KNOWN_PROPERTIES;
    const mask = wish.typeMask ?? ALL_TYPES;
    for (const wanted of [required | preferred, required]) {
      const clean = this.first(wanted, avoided, mask);
      if (clean !== -1) return clean;
      const any = this.first(wanted, 0, mask);
      if (any !== -1) return any;
    }
    return -1;
  }

  private first(wanted: number, avoided: number, mask: number): number {
    return this.types.findIndex(
      (type, index) =>
        (mask & withBit(0, index)) !== 0 &&
        (type.properties & wanted) === wanted &&
        (type.properties & avoided) === 0,
    );
  }
}
