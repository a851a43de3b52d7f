import { digest, validate } from '@gpuheap/core/debug';
import { Binned, type Handle, NO_SPACE, type SuballocatorOptions, Tlsf } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';

/** A parent that a test can look at, and that fails when told to, as one whose table is full does. */
class Watched extends Tlsf {
  static last: Watched;
  isFull = false;

  constructor(options: SuballocatorOptions) {
    super(options);
    Watched.last = this;
  }

  override allocate(size: number, alignment?: number): Handle {
    return this.isFull ? NO_SPACE : super.allocate(size, alignment);
  }

  override resize(handle: Handle, size: number): boolean {
    return !this.isFull && super.resize(handle, size);
  }
}

/** Slabs of 16 slots of 4 units each, in a span of 64 such slabs. */
function makeSlots(): { binned: Binned; parent: Watched } {
  const binned = new Binned({ capacity: 4096, classes: [4], parent: Watched });
  return { binned, parent: Watched.last };
}

function times(count: number, make: (index: number) => Handle): Handle[] {
  const handles = Array.from({ length: count }, (_, index) => make(index));
  expect(handles).not.toContain(NO_SPACE);
  return handles;
}

function offsetsOf(binned: Binned, handles: readonly Handle[]): number[] {
  return handles.map((handle) => binned.offsetOf(handle));
}

describe('binned: slabs come', () => {
  it('one for so many requests as it has slots, which lie side by side', () => {
    const { binned, parent } = makeSlots();
    const handles = times(16, () => binned.allocate(3));
    expect(parent.statistics()).toMatchObject({ liveCount: 1, used: 64 });
    expect(offsetsOf(binned, handles).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 16 }, (_, index) => index * 4),
    );
    expect(binned.statistics()).toMatchObject({ used: 64, requested: 48, splitCount: 15 + 1 });
    times(1, () => binned.allocate(4));
    expect(parent.statistics().liveCount).toBe(2);
  });

  it('only as far as an eighth of the span stays; then ranges of the parent serve', () => {
    const { binned, parent } = makeSlots();
    times(56 * 16, () => binned.allocate(4));
    expect(parent.statistics()).toMatchObject({ liveCount: 56, free: 512 });
    const own = times(128, () => binned.allocate(4));
    expect(parent.statistics()).toMatchObject({ liveCount: 56 + 128, free: 0 });
    expect(binned.allocate(1)).toBe(NO_SPACE);
    // What the parent served goes back whole.
    for (const handle of own) binned.free(handle);
    expect(binned.largestAllocatable()).toBe(512);
    expect(parent.statistics().liveCount).toBe(56);
  });

  it('not where none can be carved: the item is served alone while it fits', () => {
    // A slab has four slots at least, 32 of 64 units; a second one would leave nothing.
    const binned = new Binned({ capacity: 64, classes: [8], parent: Watched });
    const parent = Watched.last;
    times(4, () => binned.allocate(8));
    expect(parent.statistics()).toMatchObject({ liveCount: 1, used: 32 });
    const alone = times(4, () => binned.allocate(5));
    expect(alone.map((handle) => binned.sizeOf(handle))).toEqual([5, 5, 5, 5]);
    expect(parent.statistics()).toMatchObject({ liveCount: 5, used: 52 });
    expect(binned.largestAllocatable()).toBe(12);
    expect(binned.allocate(13)).toBe(NO_SPACE);
    times(1, () => binned.allocate(12));
    expect(binned.statistics().free).toBe(0);
  });

  it('not for what is longer than every class', () => {
    const { binned, parent } = makeSlots();
    const handle = binned.allocate(5);
    expect([binned.sizeOf(handle), parent.statistics().used]).toEqual([5, 5]);
    binned.free(handle);
    expect(parent.statistics().liveCount).toBe(0);
  });

  it('not when the parent has no range for them: nothing has changed then', () => {
    const { binned, parent } = makeSlots();
    const before = digest(binned);
    parent.isFull = true;
    expect(binned.allocate(4)).toBe(NO_SPACE);
    expect(binned.allocate(4, 4)).toBe(NO_SPACE);
    expect(digest(binned)).toBe(before);
    parent.isFull = false;
    times(1, () => binned.allocate(4));
  });
});

describe('binned: slabs go', () => {
  it('back to work from behind others that are empty, where these do not suit', () => {
    const { binned, parent } = makeSlots();
    // With so many live, some free slots may be loose.
    const first = times(160, () => binned.allocate(4));
    const even = times(16, () => binned.allocate(4));
    // From here on slabs begin at odd offsets.
    const five = binned.allocate(5);
    const odd = times(32, () => binned.allocate(4));
    const last = times(16, () => binned.allocate(4));
    last.sort((a, b) => binned.offsetOf(a) - binned.offsetOf(b));
    const [kept, ...others] = last as [Handle, ...Handle[]];
    // The last ones of three slabs stay loose.
    const isLast = (_: Handle, index: number): boolean => index % 16 === 0;
    const emptied = [...even, ...odd];
    const rest = emptied.filter((handle, index) => !isLast(handle, index));
    for (const handle of [...others, ...rest, ...emptied.filter(isLast)]) binned.free(handle);
    // The last slab can not be cut, but all loose slots have been sent home for that: three slabs are empty.
    parent.isFull = true;
    expect(binned.shrinkTo(binned.offsetOf(kept) + 8)).toBe(false);
    expect(parent.statistics().liveCount).toBe(15);
    const taken = binned.allocate(4, 4);
    expect(binned.offsetOf(taken) % 4).toBe(0);
    expect(validate(binned)).toEqual([]);
    // Those in front of it stand there still: in the end all their places make one.
    parent.isFull = false;
    for (const handle of [...first, five, kept, taken]) binned.free(handle);
    times(1, () => binned.allocate(4096));
  });

  it('when all their slots are free, but for the slots that may be loose and one slab', () => {
    const { binned, parent } = makeSlots();
    const handles = times(20 * 16, () => binned.allocate(4));
    expect(parent.statistics().liveCount).toBe(20);
    let most = 20;
    for (const [i, handle] of handles.entries()) {
      binned.free(handle);
      const live = handles.length - i - 1;
      const slabs = parent.statistics().liveCount;
      expect(slabs).toBeLessThanOrEqual(most);
      most = slabs;
      // One slab may stand empty, one may be drained, and one slot in 32, or 17, may be loose.
      expect(slabs).toBeLessThanOrEqual(Math.ceil(live / 16) + 3);
    }
    expect(parent.statistics().liveCount).toBeLessThanOrEqual(3);
    expect(validate(binned)).toEqual([]);
  });

  it('not each time that one is empty: a request and its end, time and again, carve nothing', () => {
    for (const slabs of [1, 2, 3, 9]) {
      const { binned, parent } = makeSlots();
      times(slabs * 16, () => binned.allocate(4));
      binned.free(binned.allocate(4));
      const { allocationCount } = parent.statistics();
      for (let round = 0; round < 200; round++) {
        const more = times(1 + (round % 16), () => binned.allocate(4));
        for (const handle of more) binned.free(handle);
      }
      expect(parent.statistics().allocationCount).toBeLessThanOrEqual(allocationCount + 1);
    }
  });

  it('when a longer request needs their place', () => {
    const { binned, parent } = makeSlots();
    const handles = times(56 * 16, () => binned.allocate(4));
    for (const handle of handles) binned.free(handle);
    expect(parent.statistics().liveCount).toBeGreaterThan(0);
    const whole = binned.allocate(4096);
    expect(whole).not.toBe(NO_SPACE);
    expect(parent.statistics().liveCount).toBe(1);
    expect(binned.statistics()).toMatchObject({ free: 0, holeCount: 0, liveCount: 1 });
  });

  it('all of them, for a request that only their places together hold', () => {
    const { binned } = makeSlots();
    const handles = times(56 * 16, () => binned.allocate(4));
    const tail = times(4, () => binned.allocate(128));
    const at = new Map(handles.map((handle) => [binned.offsetOf(handle), handle]));
    // Two neighbouring slabs, every slot of them.
    for (let offset = 640; offset < 768; offset += 4) binned.free(at.get(offset) as Handle);
    expect(binned.largestAllocatable()).toBe(128);
    expect(binned.largestAllocatable(256)).toBe(binned.largestAllocatable(512));
    const before = digest(binned);
    expect(binned.allocate(129)).toBe(NO_SPACE);
    expect(binned.allocate(65, 256)).toBe(NO_SPACE);
    expect(digest(binned)).toBe(before);
    const found = binned.allocate(128, 128);
    expect(binned.offsetOf(found)).toBe(640);
    for (const handle of tail) binned.free(handle);
    expect(validate(binned)).toEqual([]);
  });

  it('in vain when the parent refuses even so: then a slot that is too long serves, or nothing does', () => {
    const binned = new Binned({ capacity: 4096, classes: [4, 16], parent: Watched });
    const parent = Watched.last;
    const kept = times(2, () => binned.allocate(16));
    parent.isFull = true;
    const long = times(2, () => binned.allocate(3));
    expect(long.map((handle) => binned.sizeOf(handle))).toEqual([16, 16]);
    const [first] = kept;
    binned.free(first as Handle);
    for (const handle of [...kept.slice(1), ...long]) binned.free(handle);
    // Every slab goes before the parent is asked again.
    const free = binned.largestAllocatable();
    expect(free).toBe(4096);
    expect(binned.allocate(100)).toBe(NO_SPACE);
    parent.isFull = false;
    times(1, () => binned.allocate(4096));
  });
});

describe('binned: alignment', () => {
  it('is kept in every class, in slots used before too', () => {
    const classes = [1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 36];
    const binned = new Binned({ capacity: 2 ** 14, classes });
    for (let round = 0; round < 3; round++) {
      const handles: Handle[] = [];
      for (const size of classes) {
        for (const alignment of [1, 2, 3, 4, 5, 8, 12, 16, 36, 64]) {
          const handle = binned.allocate(size, alignment);
          expect(binned.offsetOf(handle) % alignment).toBe(0);
          handles.push(handle);
        }
      }
      expect(validate(binned)).toEqual([]);
      for (const handle of handles.filter((_, index) => (index + round) % 3 !== 0)) binned.free(handle);
    }
  });

  it('is met by a slot as long as the alignment asks, when that is at most twice the request', () => {
    const binned = new Binned({ capacity: 4096, classes: [2, 3, 4, 6], parent: Watched });
    const parent = Watched.last;
    expect(binned.sizeOf(binned.allocate(2, 3))).toBe(3);
    expect(binned.sizeOf(binned.allocate(3, 4))).toBe(4);
    expect(binned.sizeOf(binned.allocate(4, 6))).toBe(6);
    // The slab of fours is aligned by chance; the others need be, and three slabs have come.
    expect(parent.statistics().liveCount).toBe(3);
    // Too long for two units, and in no class for seven.
    expect(binned.sizeOf(binned.allocate(2, 5))).toBe(2);
    expect(binned.sizeOf(binned.allocate(7, 8))).toBe(7);
    // Five is served by sixes, which are no multiples of it.
    expect(binned.sizeOf(binned.allocate(5, 5))).toBe(5);
    expect(parent.statistics().liveCount).toBe(6);
  });

  it('finds an aligned slot among those that are free before it carves another slab', () => {
    const binned = new Binned({ capacity: 4096, classes: [4], parent: Watched });
    const parent = Watched.last;
    // At 4, so that slots are at multiples of 4 and not of 8.
    times(1, () => binned.allocate(4));
    const aligned = times(15, () => binned.allocate(4, 4));
    expect(parent.statistics().liveCount).toBe(1);
    expect(new Set(offsetsOf(binned, aligned)).size).toBe(15);
    times(1, () => binned.allocate(4, 4));
    expect(parent.statistics().liveCount).toBe(2);
  });

  it('is served alone where no slab can be carved so', () => {
    const binned = new Binned({ capacity: 100, classes: [8], parent: Watched });
    times(8, () => binned.allocate(8));
    const alone = times(4, () => binned.allocate(8, 8));
    expect(offsetsOf(binned, alone)).toEqual([64, 72, 80, 88]);
    expect(binned.allocate(8, 8)).toBe(NO_SPACE);
    times(1, () => binned.allocate(4));
    expect(binned.statistics().free).toBe(0);
  });
});

/** Units that slabs and longer ranges take of the parent, which is another one after an undo. */
function usedOfParent(binned: Binned): number | undefined {
  return (binned.serialize().parts['parent.figures'] as Float64Array)[0];
}

describe('binned: what is undone', () => {
  it('leaves no slab that was carved for it', () => {
    const { binned } = makeSlots();
    const kept = times(20, () => binned.allocate(4));
    const before = {
      views: [...binned.ranges()],
      statistics: binned.statistics(),
      parent: usedOfParent(binned),
    };
    const requests = [...Array.from({ length: 300 }, () => ({ size: 4 })), { size: 4000 }];
    expect(binned.allocateMany(requests)).toBe(undefined);
    expect({
      views: [...binned.ranges()],
      statistics: binned.statistics(),
      parent: usedOfParent(binned),
    }).toEqual(before);
    for (const handle of kept) binned.free(handle);
    expect(validate(binned)).toEqual([]);
  });

  it('has the slabs again that it gave back', () => {
    const { binned } = makeSlots();
    const handles = times(40 * 16, () => binned.allocate(4));
    for (const handle of handles) binned.free(handle);
    const before = {
      views: [...binned.ranges()],
      statistics: binned.statistics(),
      used: usedOfParent(binned),
    };
    expect(before.used).toBeGreaterThan(0);
    // The first takes every slab's place, and the second does not fit beside it.
    expect(binned.allocateMany([{ size: 4000 }, { size: 200 }])).toBe(undefined);
    expect({
      views: [...binned.ranges()],
      statistics: binned.statistics(),
      used: usedOfParent(binned),
    }).toEqual(before);
    expect(validate(binned)).toEqual([]);
    expect(binned.allocateMany([{ size: 4000 }, { size: 96 }])).toHaveLength(2);
  });

  it('gives slabs back after a bad request as before', () => {
    const { binned } = makeSlots();
    expect(codeOf(() => binned.allocateMany([{ size: 4 }, { size: 0 }]))).toBe('bad-size');
    const handles = times(40 * 16, () => binned.allocate(4));
    for (const handle of handles) binned.free(handle);
    expect(binned.largestAllocatable()).toBe(4096);
    expect(Watched.last.statistics().liveCount).toBeLessThanOrEqual(3);
  });
});

describe('binned: spans', () => {
  it('shrink by giving slabs back and cutting the last one', () => {
    const { binned, parent } = makeSlots();
    const handles = times(3 * 16, () => binned.allocate(4));
    const sorted = [...handles].sort((a, b) => binned.offsetOf(a) - binned.offsetOf(b));
    for (const handle of sorted.slice(20)) binned.free(handle);
    expect(binned.shrinkTo(79)).toBe(false);
    expect(binned.shrinkTo(82)).toBe(true);
    expect([binned.capacity, parent.capacity]).toEqual([82, 82]);
    expect(binned.statistics()).toMatchObject({ liveCount: 20, used: 80, free: 2 });
    expect(validate(binned)).toEqual([]);
    for (const handle of sorted.slice(0, 20)) binned.free(handle);
    expect(binned.largestAllocatable()).toBe(82);
    binned.grow(4096);
    times(1, () => binned.allocate(4096));
  });

  it('keep what is free in front of the cut, and use the records behind it again', () => {
    const { binned, parent } = makeSlots();
    let bytes = 0;
    for (let round = 0; round < 300; round++) {
      binned.grow(4096);
      const handles = times(32, () => binned.allocate(4));
      const sorted = [...handles].sort((a, b) => binned.offsetOf(a) - binned.offsetOf(b));
      for (const handle of sorted.slice(17)) binned.free(handle);
      expect(binned.shrinkTo(64 + 32)).toBe(true);
      expect(parent.statistics()).toMatchObject({ liveCount: 2, used: 96 });
      // One of the eight that the second slab has left is live.
      const again = times(7, () => binned.allocate(4));
      expect(parent.statistics()).toMatchObject({ liveCount: 2, used: 96 });
      expect(validate(binned)).toEqual([]);
      for (const handle of [...sorted.slice(0, 17), ...again]) binned.free(handle);
      if (round === 20) bytes = binned.metadataBytes;
    }
    expect(binned.metadataBytes).toBe(bytes);
  });

  it('do not shrink while the parent can not cut the last slab', () => {
    const { binned, parent } = makeSlots();
    const handles = times(16, () => binned.allocate(4));
    for (const handle of handles.filter((each) => binned.offsetOf(each) >= 20)) binned.free(handle);
    parent.isFull = true;
    expect(binned.shrinkTo(22)).toBe(false);
    expect(binned.capacity).toBe(4096);
    parent.isFull = false;
    expect(binned.shrinkTo(22)).toBe(true);
    expect(validate(binned)).toEqual([]);
  });

  it('let a region go when only slots that are free are in it', () => {
    const binned = new Binned({ capacity: 64, classes: [4], parent: Watched });
    const fill = times(16, () => binned.allocate(4));
    binned.track(128, 256);
    const there = times(20, () => binned.allocate(4));
    expect(there.every((handle) => binned.offsetOf(handle) >= 128)).toBe(true);
    expect(binned.untrack(128)).toBe(false);
    for (const handle of there.slice(1)) binned.free(handle);
    expect(binned.untrack(128)).toBe(false);
    binned.free(there[0] as Handle);
    expect(binned.untrack(128)).toBe(true);
    expect(binned.capacity).toBe(64);
    expect(offsetsOf(binned, fill).length).toBe(16);
    expect(codeOf(() => binned.untrack(128))).toBe('bad-region');
  });
});
