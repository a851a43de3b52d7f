import { digest, validate } from '@gpuheap/core/debug';
import {
  BestFit,
  Binned,
  Buddy,
  Fixed,
  Linear,
  Ring,
  type Suballocator,
  type SuballocatorOptions,
  type SuballocatorState,
  Tlsf,
} from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';

const GIANT = 2 ** 40;

const KINDS: readonly (readonly [string, (options: SuballocatorOptions) => Suballocator])[] = [
  ['linear', (options) => new Linear(options)],
  ['ring', (options) => new Ring(options)],
  ['fixed', (options) => new Fixed(options)],
  ['buddy', (options) => new Buddy(options)],
  ['tlsf', (options) => new Tlsf(options)],
  ['best-fit', (options) => new BestFit(options)],
  ['binned', (options) => new Binned(options)],
];

describe('figures', () => {
  it.each(KINDS)('know what was asked for where a unit is more than 2^31 bytes: %s', (_name, make) => {
    const subject = make({ capacity: 64 * GIANT, granularity: GIANT });
    const sizes = [1, GIANT, GIANT - 2 ** 31 + 1, GIANT - 2 ** 31, 2 * GIANT - 1, 3];
    const handles = sizes.map((size) => subject.allocate(size));
    const sum = sizes.reduce((total, size) => total + size, 0);
    expect(subject.statistics()).toMatchObject({ used: 7 * GIANT, requested: sum });
    expect(subject.resize?.(handles[5] as number, 2 ** 33)).toBe(true);
    expect(subject.statistics().requested).toBe(sum - 3 + 2 ** 33);
    expect(subject.resize?.(handles[5] as number, GIANT)).toBe(true);
    expect(subject.statistics().requested).toBe(sum - 3 + GIANT);
    const before = subject.statistics();
    expect(subject.allocateMany([{ size: 5 }, { size: 60 * GIANT }])).toBe(undefined);
    expect(subject.statistics()).toEqual(before);
    for (const [i, handle] of handles.entries()) {
      subject.free(handle);
      const left = sizes.slice(i + 1, 5).reduce((total, size) => total + size, 0);
      expect(subject.statistics().requested).toBe(i < 5 ? left + GIANT : 0);
    }
    subject.allocate(7);
    subject.reset();
    expect(subject.statistics()).toMatchObject({ requested: 0, used: 0 });
    expect(validate(subject)).toEqual([]);
  });

  it('keep slacks of giant units in a state, and refuse such as can not be', () => {
    const tlsf = new Tlsf({ capacity: 64 * GIANT, granularity: GIANT });
    const handles = [1, 2 ** 35, GIANT].map((size) => tlsf.allocate(size));
    const state = tlsf.serialize();
    const twin = Tlsf.restore(state);
    expect(digest(twin)).toBe(digest(tlsf));
    twin.free(handles[0] as number);
    expect(twin.statistics().requested).toBe(2 ** 35 + GIANT);
    const wide = state.parts['wideSlacks'] as Float64Array;
    const [first, firstSlack, second, secondSlack] = wide as unknown as [number, number, number, number];
    expect([firstSlack, secondSlack]).toEqual([GIANT - 1, GIANT - 2 ** 35]);
    const wrong: (Float64Array | Int32Array | undefined)[] = [
      undefined,
      Int32Array.from([first, -1, second, -1]),
      ...[
        [],
        [first, firstSlack],
        [first, firstSlack, second],
        [first, firstSlack, second, secondSlack, second + 6, 1],
        [first, firstSlack + 1, second, secondSlack - 1],
        [first, firstSlack - 1, second, secondSlack],
        [first, firstSlack - 0.5, second, secondSlack + 0.5],
        [first, -1, second, secondSlack + firstSlack + 1],
        [second, firstSlack, second, secondSlack],
      ].map((numbers) => Float64Array.from(numbers)),
    ];
    for (const wideSlacks of wrong) {
      const { wideSlacks: _whole, ...others } = state.parts;
      const parts = wideSlacks === undefined ? others : { ...others, wideSlacks };
      expect(() => Tlsf.restore({ ...state, parts })).toThrow(/contradict/);
    }
  });

  it('are as before when several ranges of giant units are refused', () => {
    const tlsf = new Tlsf({ capacity: 4 * GIANT, granularity: GIANT });
    tlsf.allocate(1);
    const before = tlsf.serialize();
    expect(tlsf.allocateMany([{ size: 2 }, { size: 3 }, { size: 2 * GIANT }])).toBe(undefined);
    expect(tlsf.serialize()).toEqual(before);
  });

  it('are refused when they are none, even where nothing lives', () => {
    const state = new Tlsf({ capacity: 64 }).serialize();
    expect(Object.keys(state.parts)).not.toContain('wideSlacks');
    const figures = state.parts['figures'] as Float64Array;
    const wrong = [
      { figures: figures.with(3, 0.5) },
      { figures: figures.with(3, Number.NaN) },
      { figures: Float64Array.of(...figures, 0) },
      { figures: figures.slice(0, -1) },
      { figures: new Float64Array() },
      { figures: Int32Array.from(figures) },
      { wideSlacks: new Int32Array() },
      { wideSlacks: Float64Array.of(6) },
    ];
    for (const parts of wrong) {
      expect(() => Tlsf.restore({ ...state, parts: { ...state.parts, ...parts } })).toThrow(/contradict/);
    }
    expect(Tlsf.restore({ ...state, parts: { ...state.parts, wideSlacks: new Float64Array() } }).kind).toBe(
      'tlsf',
    );
  });

  it('are refused when a range leaves less than nothing unused, though the sum is right', () => {
    const stateOf = (sizes: readonly number[]): SuballocatorState => {
      const tlsf = new Tlsf({ capacity: 160, granularity: 16 });
      for (const size of sizes) tlsf.allocate(size);
      return tlsf.serialize();
    };
    const state = stateOf([10, 10]);
    const cells = state.parts['cells'] as Int32Array;
    // A cell that says 6 here, and 5 where a byte more was asked for, says what is not used.
    const placesOf = (sizes: readonly number[]): number[] => {
      const others = stateOf(sizes).parts['cells'] as Int32Array;
      return [...cells.keys()].filter((at) => cells[at] === 6 && others[at] === 5);
    };
    const [first, second] = [placesOf([11, 10]), placesOf([10, 11])] as [[number], [number]];
    expect([first.length, second.length]).toEqual([1, 1]);
    const restoreWith = (one: number, other: number): Tlsf =>
      Tlsf.restore({
        ...state,
        parts: { ...state.parts, cells: cells.with(first[0], one).with(second[0], other) },
      });
    expect(restoreWith(0, 12).statistics().requested).toBe(20);
    expect(() => restoreWith(-2, 14)).toThrow(/contradict/);
    expect(() => restoreWith(-4, 16)).toThrow(/contradict/);
  });

  it('have peaks that stay, and sums that only grow', () => {
    const tlsf = new Tlsf({ capacity: 1000, granularity: 10 });
    const [a, b, c] = [tlsf.allocate(95), tlsf.allocate(200), tlsf.allocate(1)] as [number, number, number];
    tlsf.free(b);
    expect(tlsf.statistics()).toMatchObject({
      used: 110,
      requested: 96,
      peakUsed: 310,
      peakLiveCount: 3,
      allocationCount: 3,
      freeCount: 1,
      allocatedBytes: 310,
      freedBytes: 200,
    });
    expect(tlsf.resize(c, 500)).toBe(true);
    expect(tlsf.statistics()).toMatchObject({
      used: 600,
      peakUsed: 600,
      allocatedBytes: 800,
      freedBytes: 200,
    });
    expect(tlsf.resize(c, 50)).toBe(true);
    expect(tlsf.statistics()).toMatchObject({
      used: 150,
      peakUsed: 600,
      allocatedBytes: 800,
      freedBytes: 650,
    });
    expect(tlsf.resize(a, 91)).toBe(true);
    expect(tlsf.statistics()).toMatchObject({ used: 150, requested: 141, peakLiveCount: 3, liveCount: 2 });
    tlsf.reset();
    expect(tlsf.statistics()).toMatchObject({
      used: 0,
      requested: 0,
      liveCount: 0,
      holeCount: 1,
      peakUsed: 600,
      peakLiveCount: 3,
      allocationCount: 3,
      freeCount: 3,
      allocatedBytes: 800,
      freedBytes: 800,
    });
    expect(tlsf.statistics().mergeCount).toBe(tlsf.statistics().splitCount);
  });

  it('count the bytes of their tables, that grow with what lives', () => {
    for (const [, make] of KINDS) {
      const subject = make({ capacity: 2 ** 16 }) as Suballocator & { readonly metadataBytes: number };
      const { parts } = subject.serialize();
      const before = subject.metadataBytes;
      for (let i = 0; i < 5000; i++) subject.allocate(2);
      expect(before).toBeGreaterThan((parts['cells'] as Int32Array).byteLength);
      // Four cells a range at least, six at most; a table grows by an eighth, or doubles while it is small.
      expect(subject.metadataBytes - before).toBeGreaterThan(5000 * 4 * 4 - before);
      expect(subject.metadataBytes).toBeLessThan(5000 * 6 * 4 * 1.5 + before);
    }
  });
});
