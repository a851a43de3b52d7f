/**
 * Bind-group cache: the bind group of a layout and what stands in it, made once and used again.
 *
 * Cost     a hit is O(entries) and makes no object: 0.1 µs of processor time for one entry, 0.3 µs for four,
 *          against 0.5 and 1 µs with keys that are strings, and 12 and 20 µs to make the group (Node 20, Dawn
 *          on a software device). A miss makes the group and a key.
 * Promise  never hands out a group of other bytes: buffer, offset and size are read anew at each call and are
 *          part of the key, so an allocation that has moved (whose `version` has grown) or was resized gets
 *          another group. At most `capacity` groups; the least recently used leaves.
 * Refusal  keeps what it is not told of until it leaves by age: `forget` a buffer when it is destroyed. Not
 *          for external textures, which end by themselves. Groups that the device found invalid are kept like
 *          others. The same entries in another order are another group.
 */
import { UsageError } from '@gpuheap/core';
import { checkInteger, checkOptions, show } from '@gpuheap/core/backend';
import { NO_SLOT, RecentKeys } from './recent-keys.ts';

/** What a device needs to have so that bind groups can be made; a `GPUDevice` fits. */
export interface BindGroupDevice<Layout, Resource, Group> {
  createBindGroup(descriptor: {
    layout: Layout;
    entries: Iterable<{ binding: number; resource: Resource }>;
  }): Group;
}

/** One entry of a bind group. */
export interface CachedEntry<Resource> {
  readonly binding: number;
  /**
   * An allocation, or anything with `buffer`, `offset` and `size` in bytes (padded to 4, as by `binding()`);
   * else a sampler, a texture view or a whole buffer, known by its identity.
   */
  readonly resource: Resource;
  /**
   * The layout takes its offset from `setBindGroup`: the group starts at byte 0, and serves every range of
   * that buffer and size. Pass the allocation's `offset` there.
   */
  readonly dynamic?: boolean;
}

/** How a {@link BindGroupCache} behaves. */
export interface BindGroupCacheOptions {
  /** Groups held at most, 1 to 2^20; default 4096. */
  readonly capacity?: number;
}

/** A range of a buffer among the resources. */
interface BufferRange {
  readonly buffer?: object;
  readonly offset?: number;
  readonly size?: number;
}

const DEFAULT_CAPACITY = 4096;
/** A key is the layout, then of each entry binding, resource, offset and size; those of no range are 0. */
const ENTRY_WORDS = 4;

/** Bind groups of one device. */
export class BindGroupCache<Layout extends object, Resource extends object, Group> {
  private readonly device: BindGroupDevice<Layout, Resource, Group>;
  private readonly keys: RecentKeys;
  private readonly groups: (Group | undefined)[];
  private readonly ids = new WeakMap<object, number>();
  private lastId = 0;
  /** The key of the call under way, longer than needed after a longer one. */
  private readonly words: number[] = [];
  private hitCount = 0;
  private missCount = 0;
  private evictionCount = 0;

  /** @throws UsageError `bad-argument`, `unknown-option` */
  constructor(device: BindGroupDevice<Layout, Resource, Group>, options: BindGroupCacheOptions = {}) {
    checkOptions(options, 'options', ['capacity']);
    const { capacity = DEFAULT_CAPACITY } = options;
    checkInteger(capacity, 'capacity', 1, 2 ** 20, 'bad-argument');
    if (typeof device?.createBindGroup !== 'function') {
      throw new UsageError('bad-argument', `device is ${show(device)}; pass a GPUDevice`);
    }
    this.device = device;
    this.keys = new RecentKeys(capacity);
    this.groups = new Array(capacity).fill(undefined);
  }

  /** Groups that it holds at most. */
  get capacity(): number {
    return this.keys.capacity;
  }

  /** Groups that it holds. */
  get size(): number {
    return this.keys.size;
  }

  /** Calls that found their group. */
  get hits(): number {
    return this.hitCount;
  }

  /** Calls that made their group. */
  get misses(): number {
    return this.missCount;
  }

  /** Groups that left to make room. */
  get evictions(): number {
    return this.evictionCount;
  }

  /**
   * The bind group of `layout` with `entries`. Keep the array of entries and pass it again: it is only read.
   * O(entries).
   * @throws UsageError `bad-argument`, `bad-offset`, `bad-size`; `dead-allocation` for a freed allocation
   */
  get(layout: Layout, entries: readonly CachedEntry<Resource>[]): Group {
    const length = this.writeKey(layout, entries);
    const found = this.keys.find(this.words, length);
    if (found !== NO_SLOT) {
      this.hitCount++;
      return this.groups[found] as Group;
    }
    const group = this.device.createBindGroup({ layout, entries: this.describeEntries(entries) });
    this.missCount++;
    if (this.size === this.capacity) {
      this.evictionCount++;
      this.drop(this.keys.oldest);
    }
    this.groups[this.keys.add(this.words, length)] = group;
    return group;
  }

  /**
   * Drops every group that has this buffer, other resource or layout in it; answers how many. Call it for
   * what is destroyed. O(size × entries).
   */
  forget(object: object): number {
    const id = this.ids.get(object);
    if (id === undefined) return 0;
    let count = 0;
    for (let slot = 0; slot < this.capacity; slot++) {
      const key = this.keys.keyAt(slot);
      if (key === undefined || !hasId(key, id)) continue;
      this.drop(slot);
      count++;
    }
    return count;
  }

  /** Drops every group. The figures stay. */
  clear(): void {
    while (this.size > 0) this.drop(this.keys.oldest);
  }

  private drop(slot: number): void {
    this.keys.remove(slot);
    this.groups[slot] = undefined;
  }

  /** Writes the key of a call to `words`; answers its length. */
  private writeKey(layout: Layout, entries: readonly CachedEntry<Resource>[]): number {
    const { words } = this;
    checkObject(layout, 'layout');
    if (!Array.isArray(entries)) {
      throw new UsageError('bad-argument', `entries is ${show(entries)}; pass an array of entries`);
    }
    words[0] = this.idOf(layout);
    let length = 1;
    for (let i = 0; i < entries.length; i++) {
      const entry: CachedEntry<Resource> = entries[i];
      checkObject(entry, 'entry');
      const { binding, resource, dynamic } = entry;
      checkObject(resource, 'entry.resource');
      checkInteger(binding, 'entry.binding', 0, 65_535, 'bad-argument');
      const range: BufferRange = resource;
      const { buffer } = range;
      words[length] = binding;
      words[length + 1] = this.idOf(buffer ?? resource);
      words[length + 2] = buffer === undefined || dynamic === true ? 0 : offsetOf(range);
      words[length + 3] = buffer === undefined ? 0 : sizeOf(range);
      length += ENTRY_WORDS;
    }
    return length;
  }

  private idOf(object: object): number {
    let id = this.ids.get(object);
    if (id === undefined) {
      id = ++this.lastId;
      this.ids.set(object, id);
    }
    return id;
  }

  /** The entries as the device takes them, with the offsets and sizes of the key. */
  private describeEntries(
    entries: readonly CachedEntry<Resource>[],
  ): { binding: number; resource: Resource }[] {
    return entries.map(({ binding, resource }, i) => {
      const { buffer }: BufferRange = resource;
      if (buffer === undefined) return { binding, resource };
      const at = 1 + i * ENTRY_WORDS;
      const range = { buffer, offset: this.words[at + 2], size: this.words[at + 3] };
      return { binding, resource: range as unknown as Resource };
    });
  }
}

function checkObject(value: unknown, name: string): void {
  if (value === null || typeof value !== 'object') {
    throw new UsageError('bad-argument', `${name} is ${show(value)}; pass what createBindGroup takes`);
  }
}

function offsetOf({ offset }: BufferRange): number {
  checkInteger(offset, 'entry.resource.offset', 0, Number.MAX_SAFE_INTEGER, 'bad-offset');
  return offset;
}

/** Whole dwords, so that storage of an odd size can be bound. */
function sizeOf({ size }: BufferRange): number {
  checkInteger(size, 'entry.resource.size', 1, Number.MAX_SAFE_INTEGER - 3, 'bad-size');
  return Math.ceil(size / 4) * 4;
}

function hasId(key: readonly number[], id: number): boolean {
  if (key[0] === id) return true;
  for (let at = 2; at < key.length; at += ENTRY_WORDS) if (key[at] === id) return true;
  return false;
}
