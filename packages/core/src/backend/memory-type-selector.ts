/**
 * Memory-type selector: which of a backend's memory types serves a request.
 *
 * Cost     O(memory types), of which a backend has a handful; for when a pool is made, not for every request.
 * Promise  two passes: first a type with all required and all preferred properties, then one with the
 *          required alone; within a pass the backend's own order decides, types with an avoided property come
 *          last. Questions about an index that no type has are answered, not refused.
 * Refusal  properties that no {@link MemoryProperty} names are ignored. Some of what is preferred is no
 *          better than none of it. Heaps are not asked how full they are.
 */
import { withBit } from '../base/bits.ts';
import { checkInteger, checkOptions, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { MemoryProperty, type MemoryType } from './port.ts';

const { DEVICE_LOCAL, HOST_VISIBLE, HOST_COHERENT, HOST_CACHED, LAZILY_ALLOCATED } = MemoryProperty;

/** What a memory type must, should and should not be: bits of {@link MemoryProperty}, 0 to 2^32-1. */
export interface MemoryTypeWish {
  readonly required: number;
  readonly preferred?: number;
  readonly avoided?: number;
  /** Bit i allows memory type i; 0 to 2^32-1. Default: all. */
  readonly typeMask?: number;
}

/** What memory is wanted for, and the wish that finds it. */
export interface MemoryWishes {
  /**
   * Fast for the GPU, which alone uses it; whatever there is, where no memory is. Never lazily allocated
   * memory if there is other, since buffers can not live there. In WebGPU: a buffer without MAP usage.
   */
  readonly gpu: MemoryTypeWish;
  /**
   * The CPU writes it in place and the GPU uses it where it is, near the GPU if such memory exists. In WebGPU
   * it does not: what is mapped is not the GPU's, so this answers what `upload` does, to be copied from.
   */
  readonly host: MemoryTypeWish;
  /**
   * The CPU fills it once, from front to back, and the GPU copies from it: not cached, as filling cached
   * memory would push other data out of the CPU's caches. In WebGPU: MAP_WRITE | COPY_SRC.
   */
  readonly upload: MemoryTypeWish;
  /**
   * The GPU copies into it and the CPU reads: cached, without which reading is many times slower. Where it is
   * not coherent, flushing is the backend's business. In WebGPU: MAP_READ | COPY_DST.
   */
  readonly readback: MemoryTypeWish;
  /**
   * Attachments that live within one render pass: lazily allocated memory, which tiled GPUs need not back, or
   * else what is fast for the GPU; -1 where neither exists. Not for buffers, which can not live there, and so
   * not for allocations whose lifetime is short. In WebGPU: a texture with TRANSIENT_ATTACHMENT.
   */
  readonly transient: MemoryTypeWish;
}

/** The wish for each intent. To narrow one down: `{ ...MEMORY_WISHES.upload, typeMask }`. */
export const MEMORY_WISHES: MemoryWishes = {
  gpu: { required: 0, preferred: DEVICE_LOCAL, avoided: LAZILY_ALLOCATED },
  host: { required: HOST_VISIBLE, preferred: DEVICE_LOCAL | HOST_COHERENT },
  upload: { required: HOST_VISIBLE, preferred: HOST_COHERENT, avoided: HOST_CACHED },
  readback: { required: HOST_VISIBLE, preferred: HOST_CACHED },
  transient: { required: DEVICE_LOCAL, preferred: LAZILY_ALLOCATED },
};

/** The most memory types a backend may offer. */
const MAX_TYPES = 31;
const ALL_TYPES: number = 2 ** 31 - 1;
/** Flag words of explicit APIs have 32 bits. */
const MOST_FLAGS: number = 2 ** 32 - 1;
const WISH_FIELDS = ['required', 'preferred', 'avoided', 'typeMask'] as const;

const KNOWN_PROPERTIES: number = DEVICE_LOCAL | HOST_VISIBLE | HOST_COHERENT | HOST_CACHED | LAZILY_ALLOCATED;

/** Picks memory types from one backend's table, and answers questions about them. */
export class MemoryTypeSelector {
  private readonly types: readonly MemoryType[];

  /** @throws UsageError `bad-argument` for no types, more than 31, or what is no memory type */
  constructor(types: readonly MemoryType[]) {
    checkInteger(types?.length, 'memoryTypes.length', 1, MAX_TYPES, 'bad-argument');
    for (let index = 0; index < types.length; index++) checkType(types[index], `memoryTypes[${index}]`);
    this.types = types;
  }

  /**
   * The index of the memory type that fits best, or -1 when none has the required properties. O(types).
   * @throws UsageError `bad-argument`, `unknown-option`
   */
  select(wish: MemoryTypeWish): number {
    checkWish(wish);
    const required = wish.required & KNOWN_PROPERTIES;
    const preferred = (wish.preferred ?? 0) & KNOWN_PROPERTIES;
    const avoided = (wish.avoided ?? 0) & KNOWN_PROPERTIES;
    const mask = wish.typeMask ?? ALL_TYPES;
    const best = this.pick(required | preferred, avoided, mask);
    return best === -1 ? this.pick(required, avoided, mask) : best;
  }

  /** The memory type of an index; undefined where there is none, as for the -1 of `select`. */
  typeAt(index: number): MemoryType | undefined {
    return Number.isInteger(index) ? this.types[index] : undefined;
  }

  /**
   * Bytes of the heap that types with this `heapIndex` draw from, Infinity when the API does not tell; 0
   * where no type does. O(types).
   */
  heapSizeOf(heapIndex: number): number {
    for (const type of this.types) if (type.heapIndex === heapIndex) return type.heapSizeBytes;
    return 0;
  }

  /** Whether the memory type of an index is fast for the GPU; false where there is none. */
  isDeviceLocal(index: number): boolean {
    return ((this.typeAt(index)?.properties ?? 0) & DEVICE_LOCAL) !== 0;
  }

  /** Whether the CPU can fill or read the memory type of an index; false where there is none. */
  isHostVisible(index: number): boolean {
    return ((this.typeAt(index)?.properties ?? 0) & HOST_VISIBLE) !== 0;
  }

  /** The first type with all of `wanted` and nothing avoided, or else with something avoided, or -1. */
  private pick(wanted: number, avoided: number, mask: number): number {
    let tainted = -1;
    for (let index = 0; index < this.types.length; index++) {
      const { properties } = this.types[index];
      if ((mask & withBit(0, index)) === 0 || (properties & wanted) !== wanted) continue;
      if ((properties & avoided) === 0) return index;
      if (tainted === -1) tainted = index;
    }
    return tainted;
  }
}

function checkType(type: MemoryType, name: string): void {
  if (type === null || typeof type !== 'object') {
    throw new UsageError('bad-argument', `${name} is ${show(type)}; pass a memory type`);
  }
  checkInteger(type.properties, `${name}.properties`, 0, MOST_FLAGS, 'bad-argument');
  checkInteger(type.heapIndex, `${name}.heapIndex`, 0, MOST_FLAGS, 'bad-argument');
  const size: unknown = type.heapSizeBytes;
  if (typeof size !== 'number' || !(size >= 0)) {
    throw new UsageError('bad-argument', `${name}.heapSizeBytes is ${show(size)}; pass bytes, or Infinity`);
  }
}

function checkWish(wish: MemoryTypeWish): void {
  checkOptions(wish, 'wish', WISH_FIELDS);
  const { required, preferred = 0, avoided = 0, typeMask = 0 } = wish;
  checkInteger(required, 'required', 0, MOST_FLAGS, 'bad-argument');
  checkInteger(preferred, 'preferred', 0, MOST_FLAGS, 'bad-argument');
  checkInteger(avoided, 'avoided', 0, MOST_FLAGS, 'bad-argument');
  checkInteger(typeMask, 'typeMask', 0, MOST_FLAGS, 'bad-argument');
}
