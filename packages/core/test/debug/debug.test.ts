import { describe, expect, it } from 'vitest';
import { digest, validate } from '../../src/debug/index.ts';
import {
  BestFit,
  Linear,
  type RangeView,
  type RegionView,
  type Suballocator,
  type SuballocatorCapabilities,
  type SuballocatorStatistics,
  Tlsf,
} from '../../src/ranges/index.ts';

interface Lies {
  readonly capacity?: number;
  readonly capabilities?: Partial<SuballocatorCapabilities>;
  readonly figures?: Partial<SuballocatorStatistics>;
  readonly ranges?: (range: RangeView, i: number) => RangeView;
  readonly regions?: readonly RegionView[];
  /** Added to every size that `eachRange` tells. */
  readonly longer?: number;
}

/** A best-fit with [ live 16 ][ free 16 ][ live 16 ][ free 16 ] whose answers a test may falsify. */
class Liar extends BestFit {
  readonly handles: readonly number[];
  lies: Lies = {};

  constructor() {
    super({ capacity: 64, granularity: 4 });
    const [first = 0, hole = 0, third = 0] = [16, 16, 16].map((size) => this.allocate(size));
    this.free(hole);
    this.handles = [first, third];
  }

  override get capacity(): number {
    return this.lies?.capacity ?? super.capacity;
  }

  override *ranges(): IterableIterator<RangeView> {
    let i = 0;
    for (const range of super.ranges()) yield this.lies.ranges?.(range, i++) ?? range;
  }

  override eachRange(visit: (offset: number, size: number, handle: number) => void): void {
    super.eachRange((offset, size, handle) => visit(offset, size + (this.lies.longer ?? 0), handle));
  }

  override regions(): readonly RegionView[] {
    return this.lies?.regions ?? super.regions();
  }

  override statistics(into?: SuballocatorStatistics): SuballocatorStatistics {
    return Object.assign(super.statistics(into), this.lies.figures);
  }
}

/** What validate says about a liar that tells `lies`. */
function complaints(lies: Lies): string {
  const liar = new Liar();
  Object.defineProperty(liar, 'capabilities', { value: { ...liar.capabilities, ...lies.capabilities } });
  liar.lies = lies;
  return validate(liar).join(' ');
}

/** Replaces fields of the `index`-th range. */
function changed(index: number, fields: Partial<RangeView>): Lies {
  return { ranges: (range, i) => (i === index ? { ...range, ...fields } : range) };
}

describe('validate', () => {
  it.each([Tlsf, Linear, BestFit])('finds nothing wrong with an honest %o', (Kind) => {
    const honest: Suballocator = new Kind({ capacity: 1000, granularity: 4 });
    expect(validate(honest)).toEqual([]);
    const handles = [10, 20, 30, 40].map((size) => honest.allocate(size, 16));
    expect(validate(honest)).toEqual([]);
    honest.free(handles[1] as number);
    expect(validate(honest)).toEqual([]);
    honest.track?.(1000, 40);
    honest.track?.(2000, 40);
    expect(validate(honest)).toEqual([]);
    honest.reset();
    expect(validate(honest)).toEqual([]);
  });

  it('finds nothing wrong with a suballocator of no region', () => {
    const empty = new Tlsf({ capacity: 1000 });
    expect(empty.untrack(0)).toBe(true);
    expect(validate(empty)).toEqual([]);
    empty.track(500, 10);
    expect(validate(empty)).toEqual([]);
  });

  it('sees ranges that do not tile the span', () => {
    expect(complaints(changed(1, { offset: 20 }))).toContain('should begin at 16');
    expect(complaints(changed(3, { size: 12 }))).toContain('end at 60; the last region ends at 64');
    expect(complaints(changed(3, { size: 400 }))).toContain('ends at 448, its region at 64');
    expect(complaints(changed(1, { size: 15 }))).toContain('not a positive multiple');
    expect(complaints(changed(1, { size: 0 }))).toContain('not a positive multiple');
  });

  it('sees that a walk tells one thing and a visit another', () => {
    expect(complaints({ longer: 4 })).toContain('What eachRange() tells is not what ranges() yields');
  });

  it('sees ranges that do not tile their regions', () => {
    const split = [
      { offset: 0, size: 40 },
      { offset: 40, size: 24 },
    ];
    expect(complaints({ regions: split })).toContain('The range at 32 ends at 48, its region at 40');
    const apart = [
      { offset: 0, size: 48 },
      { offset: 80, size: 16 },
    ];
    expect(complaints({ regions: apart })).toContain('The range at 48 should begin at 80');
    const more = [
      { offset: 0, size: 64 },
      { offset: 64, size: 16 },
    ];
    expect(complaints({ regions: more })).toContain('The ranges end at 64; the last region ends at 80');
    expect(complaints({ regions: more })).toContain('The capacity is 64; the regions have 80');
  });

  it('sees impossible regions', () => {
    const doubled = [
      { offset: 0, size: 48 },
      { offset: 32, size: 16 },
    ];
    expect(complaints({ regions: doubled })).toContain('The region at 32 begins before');
    expect(complaints({ regions: [{ offset: 2, size: 64 }] })).toContain('64 bytes at 2 is not of whole');
    expect(complaints({ regions: [{ offset: 0, size: 62 }] })).toContain('62 bytes at 0 is not of whole');
    expect(complaints({ regions: [{ offset: 0, size: 0 }] })).toContain('0 bytes at 0 is not of whole');
    expect(complaints({ regions: [{ offset: 2 ** 53 - 4, size: 64 }] })).toContain('is not of whole');
  });

  it('sees free neighbours that were not joined, but not across a border', () => {
    expect(complaints(changed(2, { handle: 0 }))).toContain('free range at 32 was not joined');
    const apart = {
      ...changed(2, { handle: 0 }),
      regions: [
        { offset: 0, size: 32 },
        { offset: 32, size: 32 },
      ],
    };
    expect(complaints(apart)).toContain('free range at 48 was not joined');
    expect(complaints(apart)).not.toContain('free range at 32 was not joined');
    const loose = { ...changed(2, { handle: 0 }), capabilities: { mergesNeighbours: false } };
    expect(complaints(loose)).not.toContain('was not joined');
  });

  it('sees handles that are refused, doubled, or answer for something else', () => {
    expect(complaints(changed(0, { handle: 12345 }))).toContain(
      'Handle 12345 of the live range at 0 is refused',
    );
    const liar = new Liar();
    const [first = 0, third = 0] = liar.handles;
    liar.lies = changed(2, { handle: first });
    expect(validate(liar).join(' ')).toContain(`Handle ${first} names two ranges`);
    liar.lies = changed(0, { handle: third });
    expect(validate(liar).join(' ')).toContain(`Handle ${third} answers [32, 48); its range is [0, 16)`);
  });

  const recounted = ['capacity', 'used', 'free', 'largestFree', 'liveCount', 'holeCount', 'freeCount'];
  it.each([...recounted, 'fragmentation', 'freedBytes'])(
    'sees that %s is not what a recount says',
    (field) => {
      expect(complaints({ figures: { [field]: 7 } })).toContain(
        `Statistics say ${field} is 7; a recount says`,
      );
    },
  );

  it('takes a bound for the longest free range where the kind promises no more', () => {
    const capabilities = { exactLargestFree: false };
    const figures = (largestFree: number): Partial<SuballocatorStatistics> => {
      return { largestFree, fragmentation: 1 - largestFree / 32 };
    };
    for (const bound of [4, 16]) expect(complaints({ capabilities, figures: figures(bound) })).toBe('');
    for (const bound of [0, 20]) {
      const said = complaints({ capabilities, figures: figures(bound) });
      expect(said).toContain(`largestFree is ${bound}; the longest free range is 16`);
    }
  });

  it('sees figures that can not be', () => {
    expect(complaints({ figures: { requested: 33 } })).toContain('33 bytes requested in 2 ranges');
    expect(complaints({ figures: { requested: 1 } })).toContain('1 bytes requested in 2 ranges');
    expect(complaints({ figures: { peakUsed: 4 } })).toContain('A peak is below');
    expect(complaints({ figures: { peakLiveCount: 1 } })).toContain('A peak is below');
    expect(complaints({ figures: { mergeCount: -1 } })).toContain('mergeCount is -1');
    expect(complaints({ figures: { splitCount: Number.NaN } })).toContain('splitCount is NaN');
    expect(complaints({ figures: { fragmentation: 1 } })).toContain('fragmentation is 1, not in [0, 1)');
    expect(complaints({ figures: { allocatedBytes: 31, freedBytes: -1 } })).toContain('freedBytes is -1');
    expect(complaints({ figures: { allocatedBytes: 40.5, freedBytes: 8.5 } })).toContain('is 40.5, not');
  });

  it('lets bytes since construction pass 2^53', () => {
    const allocatedBytes = 2 ** 60;
    expect(complaints({ figures: { allocatedBytes, freedBytes: allocatedBytes } })).toBe('');
    expect(complaints({ figures: { allocatedBytes, freedBytes: 2 ** 59 } })).toContain('freedBytes is');
  });

  it('sees a largest allocatable that does not go with the holes', () => {
    const liar = new Liar();
    liar.largestAllocatable = () => 20;
    expect(validate(liar)).toEqual(['The largest allocatable is 20; the longest free range is 16.']);
    liar.largestAllocatable = () => 12;
    expect(validate(liar)).toEqual(['The largest allocatable is 12; the longest free range is 16.']);
  });

  it('sees capabilities and methods that do not go together', () => {
    expect(complaints({ capabilities: { freeUpTo: true } })).toBe(
      'The capability freeUpTo is claimed, but there is no mark(). ' +
        'The capability freeUpTo is claimed, but there is no freeUpTo().',
    );
    expect(complaints({ capabilities: { track: false } })).toContain('There is a method untrack(), but');
    expect(complaints({ capabilities: { strategies: [] } })).toContain('There is a method allocateBy(), but');
    const strategies = ['min-time', 'worst'] as unknown as SuballocatorCapabilities['strategies'];
    expect(complaints({ capabilities: { strategies } })).toContain('There is no strategy worst');
  });

  it('sees an impossible span', () => {
    expect(complaints({ capacity: 62 })).toContain('The capacity is 62; the regions have 64');
    const odd = Object.assign(Object.create(new Liar()), { granularity: 0.5 }) as Liar;
    expect(validate(odd).join(' ')).toContain('The granularity is 0.5');
    const linear = Object.create(new Linear({ capacity: 64 }), { capacity: { value: 63.7 } }) as Linear;
    expect(validate(linear).join(' ')).toContain('The region of 63.7 bytes at 0 is not of whole units');
  });

  it('never throws, and ends though the ranges do not', () => {
    const liar = new Liar();
    liar.statistics = () => {
      throw new Error('broken');
    };
    expect(validate(liar).join(' ')).toContain('threw: Error: broken');
    const endless = new Liar();
    endless.ranges = function* () {
      for (let offset = 0; ; offset += 4) yield { offset, size: 4, handle: 0 };
    };
    expect(validate(endless).length).toBeGreaterThan(10);
  });
});

describe('digest', () => {
  it('is the same for twins, whatever their handles', () => {
    const [one, two] = [new Liar(), new Liar()];
    expect(digest(two)).toBe(digest(one));
    expect(two.handles).not.toEqual(one.handles);
  });

  it('reads as ranges, regions and figures', () => {
    const text = digest(new Liar());
    expect(text).toContain('best-fit/4 0+16 -16+16 32+16 -48+16 @0+64 ');
    expect(text).toContain(' liveCount=2 ');
    expect(digest(new Linear({ capacity: 8 }))).toContain('linear/1 -0+8 allocatedBytes=0 ');
  });

  it('changes with every range, every region and every figure', () => {
    const liar = new Liar();
    const before = digest(liar);
    const figures = liar.statistics();
    for (const field of Object.keys(figures) as (keyof SuballocatorStatistics)[]) {
      liar.lies = { figures: { [field]: figures[field] + 1 } };
      expect(digest(liar), field).not.toBe(before);
    }
    for (const fields of [{ offset: 17 }, { size: 15 }, { handle: 99 }]) {
      liar.lies = changed(1, fields);
      expect(digest(liar)).not.toBe(before);
    }
    liar.lies = { regions: [{ offset: 0, size: 60 }] };
    expect(digest(liar)).not.toBe(before);
    liar.lies = {};
    expect(digest(liar)).toBe(before);
  });
});
