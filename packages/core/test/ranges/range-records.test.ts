import { UsageError } from '@gpuheap/core/errors';
import {
  Buddy,
  Linear,
  type RangeRequest,
  type Suballocator,
  type SuballocatorState,
  Tlsf,
} from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';

/** A state with some of its figures changed: by place, what is added. */
function withFigures(state: SuballocatorState, added: Readonly<Record<number, number>>): SuballocatorState {
  const figures = (state.parts['figures'] as Float64Array).map((figure, at) => figure + (added[at] ?? 0));
  return { ...state, parts: { ...state.parts, figures } };
}

describe('several ranges at once', () => {
  it.each<[string, Suballocator, readonly RangeRequest[]]>([
    ['is more than the longest hole', new Tlsf({ capacity: 64 }), [{ size: 32 }, { size: 33 }]],
    [
      'does not fit for the alignment',
      new Tlsf({ capacity: 64 }),
      [{ size: 1 }, { size: 32, alignment: 33 }],
    ],
    [
      'does not fit once it is rounded up',
      new Buddy({ capacity: 16 }),
      [{ size: 5 }, { size: 5 }, { size: 5 }],
    ],
  ])('leave everything as it was when one of them %s', (_name, subject, requests) => {
    const before = subject.serialize();
    expect(subject.allocateMany(requests)).toBe(undefined);
    expect(subject.serialize()).toEqual(before);
  });

  it('leave everything as it was when no hole holds them all, though each has one', () => {
    const subject = new Tlsf({ capacity: 40 });
    const live = [10, 5, 10, 5, 10].map((size) => subject.allocate(size));
    for (const k of [0, 2]) subject.free(live[k] as number);
    const before = subject.serialize();
    expect(subject.allocateMany([{ size: 10 }, { size: 10 }, { size: 1 }])).toBe(undefined);
    expect(subject.serialize()).toEqual(before);
    expect(subject.allocateMany([{ size: 10 }, { size: 10 }])?.length).toBe(2);
  });
});

describe('a state', () => {
  it('is refused when its bytes are no safe integer', () => {
    for (const subject of [new Linear({ capacity: 64 }), new Tlsf({ capacity: 64 })]) {
      const state = { ...subject.serialize(), granularity: 2 ** 48 };
      const { restore } = subject.constructor as typeof Tlsf;
      expect(codeOf(() => restore(state))).toBe('bad-state');
      expect(restore({ ...state, granularity: 2 ** 46 }).capacity).toBe(2 ** 52);
    }
  });

  it('is refused when a capacity is none', () => {
    const state = new Linear({ capacity: 64 }).serialize();
    for (const capacityUnits of [Number.NaN, -64, 0.5, 0, 2 ** 31, Number.POSITIVE_INFINITY, undefined]) {
      const parts = { ...state.parts, capacityUnits } as SuballocatorState['parts'];
      expect(
        codeOf(() => Linear.restore({ ...state, parts })),
        String(capacityUnits),
      ).toBe('bad-state');
    }
  });

  it('is refused when fewer than none were split or joined', () => {
    const [SPLITS, MERGES, ADDED] = [7, 8, 9] as const;
    const state = new Tlsf({ capacity: 64 }).serialize();
    for (const [what, added] of [
      ['split', { [SPLITS]: -1, [ADDED]: 1 }],
      ['joined', { [MERGES]: -1, [ADDED]: -1 }],
    ] as const) {
      expect(
        codeOf(() => Tlsf.restore(withFigures(state, added))),
        what,
      ).toBe('bad-state');
    }
    expect(Tlsf.restore(withFigures(state, { [SPLITS]: 1, [ADDED]: -1 })).statistics().splitCount).toBe(1);
  });
});

describe('a capacity', () => {
  it('of too many units is refused, and a granularity named that fits', () => {
    const capacity = 2 ** 40;
    const messageOf = (granularity: number): string => {
      try {
        return new Tlsf({ capacity, granularity }).kind;
      } catch (error) {
        return error instanceof UsageError ? error.message : String(error);
      }
    };
    const named = Number(/a granularity of (\d+) would fit/.exec(messageOf(4))?.[1]);
    expect(messageOf(named)).toBe('tlsf');
    expect(messageOf(named - 1)).toContain(`would fit`);
  });

  it('is refused on the wrong side of the present one, and both are named', () => {
    const subject = new Tlsf({ capacity: 64 });
    expect(() => subject.grow(63)).toThrow(/63 .* 64/);
    expect(() => subject.shrinkTo(65)).toThrow(/65 .* 64/);
    const buddy = new Buddy({ capacity: 64 });
    expect(() => buddy.grow(63)).toThrow(/63 .* 64/);
    expect(() => buddy.shrinkTo(65)).toThrow(/65 .* 64/);
  });
});
