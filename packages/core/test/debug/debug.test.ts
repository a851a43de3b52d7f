import { describe, expect, it } from 'vitest';
import { digest, validate } from '../../src/debug/index.ts';
import {
  BestFit,
  Linear,
  type RangeView,
  type SuballocatorStatistics,
  Tlsf,
} from '../../src/ranges/index.ts';

/** A tlsf with [ live 16 ][ free 16 ][ live 16 ][ free 16 ] whose answers a test may falsify. */
class Liar extends Tlsf {
  readonly handles: readonly number[];
  lies: { ranges?: (range: RangeView, i: number) => RangeView; figures?: Partial<SuballocatorStatistics> } =
    {};

  constructor() {
    super({ capacity: 64, granularity: 4 });
    const [first = 0, hole = 0, third = 0] = [16, 16, 16].map((size) => this.allocate(size));
    this.free(hole);
    this.handles = [first, third];
  }

  override *ranges(): IterableIterator<RangeView> {
    let i = 0;
    for (const range of super.ranges()) yield this.lies?.ranges?.(range, i++) ?? range;
  }

  override statistics(into?: SuballocatorStatistics): SuballocatorStatistics {
    return Object.assign(super.statistics(into), this.lies?.figures);
  }
}

/** What validate says about a liar that tells `lies`. */
function complaints(lies: Liar['lies']): string {
  const liar = new Liar();
  liar.lies = lies;
  return validate(liar).join(' ');
}

/** Replaces fields of the `index`-th range. */
function changed(index: number, fields: Partial<RangeView>): Liar['lies'] {
  return { ranges: (range, i) => (i === index ? { ...range, ...fields } : range) };
}

describe('validate', () => {
  it.each([Tlsf, Linear, BestFit])('finds nothing wrong with an honest %o', (Kind) => {
    const honest = new Kind({ capacity: 1000, granularity: 4 });
    expect(validate(honest)).toEqual([]);
    const handles = [10, 20, 30, 40].map((size) => honest.allocate(size, 16));
    expect(validate(honest)).toEqual([]);
    honest.free(handles[1] as number);
    expect(validate(honest)).toEqual([]);
    honest.reset();
    expect(validate(honest)).toEqual([]);
  });

  it('sees ranges that do not tile the span', () => {
    expect(complaints(changed(1, { offset: 20 }))).toContain('should begin at 16');
    expect(complaints(changed(3, { size: 12 }))).toContain('end at 60; the capacity is 64');
    expect(complaints(changed(3, { size: 400 }))).toContain('end at 448; the capacity is 64');
    expect(complaints(changed(1, { size: 15 }))).toContain('not a positive multiple');
    expect(complaints(changed(1, { size: 0 }))).toContain('not a positive multiple');
  });

  it('sees free neighbours that were not joined', () => {
    expect(complaints(changed(2, { handle: 0 }))).toContain('free range at 32 was not joined');
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

  it.each(['capacity', 'used', 'free', 'largestFree', 'liveCount', 'holeCount', 'freeCount'] as const)(
    'sees that %s is not what a recount says',
    (field) => {
      expect(complaints({ figures: { [field]: 7 } })).toContain(
        `Statistics say ${field} is 7; a recount says`,
      );
    },
  );

  it('sees figures that can not be', () => {
    expect(complaints({ figures: { requested: 33 } })).toContain('33 bytes requested in 2 ranges');
    expect(complaints({ figures: { requested: 1 } })).toContain('1 bytes requested in 2 ranges');
    expect(complaints({ figures: { peakUsed: 4 } })).toContain('A peak is below');
    expect(complaints({ figures: { peakLiveCount: 1 } })).toContain('A peak is below');
    expect(complaints({ figures: { mergeCount: -1 } })).toContain('mergeCount is -1');
    expect(complaints({ figures: { splitCount: Number.NaN } })).toContain('splitCount is NaN');
  });

  it('sees a largest allocatable that does not go with the holes', () => {
    const liar = new Liar();
    liar.largestAllocatable = () => 20;
    expect(validate(liar)).toEqual(['The largest allocatable is 20; the longest free range is 16.']);
    liar.largestAllocatable = () => 12;
    expect(validate(liar)).toEqual(['The largest allocatable is 12; the longest free range is 16.']);
  });

  it('sees an impossible span', () => {
    const odd = Object.assign(Object.create(new Liar()), { granularity: 0.5, capacity: 63.7 }) as Liar;
    const said = validate(odd).join(' ');
    expect(said).toContain('The granularity is 0.5');
    expect(said).toContain('The capacity is 63.7');
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

  it('reads as ranges and figures', () => {
    const text = digest(new Liar());
    expect(text).toContain('tlsf/4 0+16 -16+16 32+16 -48+16 ');
    expect(text).toContain(' liveCount=2 ');
  });

  it('changes with every range and every figure', () => {
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
    liar.lies = {};
    expect(digest(liar)).toBe(before);
  });
});
