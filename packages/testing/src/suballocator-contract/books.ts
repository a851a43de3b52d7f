/**
 * Books: what must be true of a suballocator after what was asked of it, and what it answered. Kept by the
 * witness, who compares them with what the suballocator shows.
 *
 * Layout   live ranges twice, oldest first and in offset order; regions in offset order. Bytes.
 * Cost     O(log ranges) a change, but for moving the lists.
 */
import type { Handle } from '@gpuheap/core/ranges';

/** A live range as the books know it. Bytes. */
export interface KnownRange {
  readonly handle: Handle;
  readonly offset: number;
  size: number;
  requested: number;
  /** Ranges given out before it. */
  readonly birth: number;
}

/** Bytes [offset, offset + size) that are managed. */
export interface KnownRegion {
  readonly offset: number;
  size: number;
}

/** A mark, and how many ranges had been given out by then. */
export interface KnownMark {
  readonly mark: number;
  readonly births: number;
}

/** See the head of the file. */
export class Books {
  readonly granularity: number;
  /** Oldest first. */
  live: KnownRange[] = [];
  /** In offset order. */
  byOffset: KnownRange[] = [];
  readonly byHandle: Map<Handle, KnownRange> = new Map();
  /** Every handle that was ever answered. */
  readonly given: Set<Handle> = new Set();
  /** Handles whose range has ended, oldest first. */
  ended: Handle[] = [];
  regions: KnownRegion[];
  marks: KnownMark[] = [];
  capacity: number;
  used = 0;
  requested = 0;
  peakUsed = 0;
  peakLiveCount = 0;
  allocationCount = 0;
  freeCount = 0;
  /** Units, so that the sum stays exact; bytes may pass 2^53. */
  allocatedUnits = 0;
  splitCount = 0;
  mergeCount = 0;
  /** Changes so far, to tell whether there was one. */
  changeCount = 0;

  constructor(capacity: number, granularity: number) {
    this.capacity = capacity;
    this.granularity = granularity;
    this.regions = [{ offset: 0, size: capacity }];
  }

  /** The same books, to go on apart. O(ranges). */
  copy(): Books {
    const twin = new Books(this.capacity, this.granularity);
    const { live, byOffset, byHandle, given, granularity, ...plain } = this;
    Object.assign(twin, plain);
    twin.ended = [...this.ended];
    twin.marks = [...this.marks];
    twin.regions = this.regions.map((region) => ({ ...region }));
    for (const handle of given) twin.given.add(handle);
    twin.live = live.map((range) => ({ ...range }));
    for (const range of twin.live) twin.byHandle.set(range.handle, range);
    twin.byOffset = byOffset.map(({ handle }) => twin.byHandle.get(handle) as KnownRange);
    return twin;
  }

  /** A range was given out. Peaks are counted by `notePeaks`. */
  begin(handle: Handle, offset: number, size: number, requested: number): void {
    this.changeCount++;
    const range = { handle, offset, size, requested, birth: this.allocationCount };
    this.live.push(range);
    this.byOffset.splice(this.firstFrom(offset), 0, range);
    this.byHandle.set(handle, range);
    this.given.add(handle);
    this.allocationCount++;
    this.allocatedUnits += size / this.granularity;
    this.used += size;
    this.requested += requested;
  }

  notePeaks(): void {
    if (this.used > this.peakUsed) this.peakUsed = this.used;
    if (this.live.length > this.peakLiveCount) this.peakLiveCount = this.live.length;
  }

  /** A live range ended. */
  end(range: KnownRange): void {
    this.changeCount++;
    this.live.splice(this.live.indexOf(range), 1);
    this.byOffset.splice(this.firstFrom(range.offset), 1);
    this.retire(range);
  }

  /** Every range ended. */
  endAll(): void {
    this.changeCount++;
    for (const range of this.live) this.retire(range);
    this.live = [];
    this.byOffset = [];
  }

  /** A live range became shorter or longer. */
  resize(range: KnownRange, size: number, requested: number): void {
    this.changeCount++;
    this.used += size - range.size;
    this.requested += requested - range.requested;
    this.allocatedUnits += Math.max(0, size - range.size) / this.granularity;
    range.size = size;
    range.requested = requested;
  }

  /** More bytes are managed: a region of their own, or more of the one that ends where they begin. */
  open(offset: number, size: number, asMore: boolean): void {
    this.changeCount++;
    this.capacity += size;
    const before = this.regions.find((region) => region.offset + region.size === offset);
    if (asMore && before !== undefined) before.size += size;
    else this.regions = [...this.regions, { offset, size }].sort((a, b) => a.offset - b.offset);
  }

  /** Fewer bytes are managed: a region less, or one that ends earlier. */
  close(offset: number, size: number): void {
    this.changeCount++;
    this.capacity -= size;
    const region = this.regions.find((each) => each.offset + each.size === offset + size);
    if (region !== undefined) region.size -= size;
    this.regions = this.regions.filter((each) => each.size > 0);
  }

  /** Where the free bytes around `offset` begin and end; those of a live range count as free. */
  gapAround(offset: number): { start: number; end: number } {
    const region = this.regions.find((each) => each.offset <= offset && offset < each.offset + each.size);
    if (region === undefined) return { start: offset, end: offset };
    const at = this.firstFrom(offset);
    const left = this.byOffset[at - 1];
    const right = this.byOffset[this.byOffset[at]?.offset === offset ? at + 1 : at];
    return {
      start: Math.max(region.offset, left === undefined ? 0 : left.offset + left.size),
      end: Math.min(region.offset + region.size, right?.offset ?? Number.MAX_SAFE_INTEGER),
    };
  }

  /** Whether one region holds all of these bytes and no live range has any of them. */
  isFree(offset: number, size: number): boolean {
    const next = this.byOffset[this.firstFrom(offset)];
    if (next !== undefined && next.offset === offset) return false;
    const { start, end } = this.gapAround(offset);
    return start <= offset && offset + size <= end;
  }

  /** Where the last live range ends; 0 when there is none. */
  get liveEnd(): number {
    const last = this.byOffset.at(-1);
    return last === undefined ? 0 : last.offset + last.size;
  }

  /** The free bytes as rows between live ranges, within their regions. O(ranges). */
  gaps(): { offset: number; size: number }[] {
    const found: { offset: number; size: number }[] = [];
    let at = 0;
    for (const region of this.regions) {
      const end = region.offset + region.size;
      let reached = region.offset;
      for (; at < this.byOffset.length; at++) {
        const { offset, size } = this.byOffset[at] as KnownRange;
        if (offset >= end) break;
        if (offset > reached) found.push({ offset: reached, size: offset - reached });
        reached = offset + size;
      }
      if (reached < end) found.push({ offset: reached, size: end - reached });
    }
    return found;
  }

  private retire(range: KnownRange): void {
    this.byHandle.delete(range.handle);
    this.ended.push(range.handle);
    this.freeCount++;
    this.used -= range.size;
    this.requested -= range.requested;
  }

  /** The index of the first live range that begins at `offset` or behind it. */
  private firstFrom(offset: number): number {
    const { byOffset } = this;
    let low = 0;
    let high = byOffset.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((byOffset[middle] as KnownRange).offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
