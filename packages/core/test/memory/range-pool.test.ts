import { Fixed, type Handle, NO_SPACE, type Suballocator, Tlsf } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { RangePool, type RangePoolStatistics } from '../../src/memory/range-pool.ts';
import { codeOf } from '../code-of.ts';
import { KINDS } from './seven-kinds.ts';

/** A pool of `count` numbered slots. */
function slotsOf(count: number): RangePool {
  return new RangePool(new Fixed({ capacity: count }));
}

function mustAllocate(pool: RangePool, size?: number, alignment?: number): Handle {
  const handle = pool.allocate(size, alignment);
  expect(handle).not.toBe(NO_SPACE);
  return handle;
}

describe('a released range', () => {
  it('keeps its place until the serial of the next boundary has completed', () => {
    const pool = slotsOf(1);
    pool.boundary(3);
    pool.release(mustAllocate(pool));
    // The boundary of serial 3 came before the release and says nothing of it.
    expect([pool.reclaim(3), pool.reclaim(100), pool.allocate()]).toEqual([0, 0, NO_SPACE]);
    pool.boundary(4);
    expect([pool.reclaim(3), pool.allocate()]).toEqual([0, NO_SPACE]);
    expect(pool.reclaim(4)).toBe(1);
    expect(pool.offsetOf(mustAllocate(pool))).toBe(0);
  });

  it('is told apart from what was released before and after', () => {
    const pool = slotsOf(6);
    const handles = Array.from({ length: 6 }, () => mustAllocate(pool));
    for (const [serial, handle] of handles.entries()) {
      pool.release(handle);
      pool.boundary(serial);
    }
    expect([pool.reclaim(1), pool.reclaim(1), pool.reclaim(4), pool.reclaim(5)]).toEqual([2, 0, 3, 1]);
    expect(pool.statistics()).toMatchObject({ liveCount: 0, pendingCount: 0, pendingBytes: 0 });
  });

  it('is free at once when it was freed', () => {
    const pool = slotsOf(1);
    pool.free(mustAllocate(pool));
    expect(pool.allocate()).not.toBe(NO_SPACE);
    expect(pool.pendingCount).toBe(0);
  });

  it('is free when the device is idle, stamped or not', () => {
    const pool = slotsOf(3);
    const handles = [mustAllocate(pool), mustAllocate(pool), mustAllocate(pool)];
    pool.release(handles[0]!);
    pool.boundary(9);
    pool.release(handles[1]!);
    expect([pool.flush(), pool.flush(), pool.pendingCount, pool.pendingBytes]).toEqual([2, 0, 0, 0]);
    expect(pool.offsetOf(handles[2]!)).toBe(2);
    expect(
      [pool.allocate(), pool.allocate(), pool.allocate()].filter((each) => each !== NO_SPACE),
    ).toHaveLength(2);
  });

  it('may be released at a serial that is there already, and comes back with it', () => {
    const pool = slotsOf(2);
    pool.release(mustAllocate(pool));
    pool.boundary(7);
    expect(pool.reclaim(7)).toBe(1);
    pool.release(mustAllocate(pool));
    // Nothing was submitted since: the same point serves twice.
    pool.boundary(7);
    expect(pool.reclaim(7)).toBe(1);
  });
});

describe('a handle that is not live', () => {
  const uses: readonly (readonly [string, (pool: RangePool, handle: Handle) => unknown])[] = [
    ['free', (pool, handle) => pool.free(handle)],
    ['release', (pool, handle) => pool.release(handle)],
    ['offsetOf', (pool, handle) => pool.offsetOf(handle)],
    ['sizeOf', (pool, handle) => pool.sizeOf(handle)],
  ];

  it.each(uses)('is refused by %s, and nothing changes', (_name, use) => {
    const pool = slotsOf(4);
    const [live, released, freed] = [mustAllocate(pool), mustAllocate(pool), mustAllocate(pool)];
    pool.release(released);
    pool.free(freed);
    const before = [pool.statistics(), [...pool.suballocator.ranges()]];
    expect(codeOf(() => use(pool, released))).toBe('stale-handle');
    expect(codeOf(() => use(pool, freed))).toBe('stale-handle');
    for (const bad of [NO_SPACE, -1, 2 ** 52, 1.5, Number.NaN, undefined, '1', null]) {
      expect(codeOf(() => use(pool, bad as Handle))).toBe('bad-handle');
    }
    pool.boundary(1);
    expect(codeOf(() => use(pool, released))).toBe('stale-handle');
    expect([pool.statistics(), [...pool.suballocator.ranges()]]).toEqual(before);
    pool.reclaim(1);
    expect(codeOf(() => use(pool, released))).toBe('stale-handle');
    expect(codeOf(() => use(pool, live))).toBe('none');
  });

  it('says when it was released that it waits for the GPU', () => {
    const pool = slotsOf(1);
    const handle = mustAllocate(pool);
    pool.release(handle);
    expect(() => pool.release(handle)).toThrow(/was released and waits for the GPU.*\[stale-handle\]$/);
  });

  it('stays dead when its place is taken again', () => {
    const pool = slotsOf(1);
    const first = mustAllocate(pool);
    pool.release(first);
    pool.flush();
    const second = mustAllocate(pool);
    expect(codeOf(() => pool.release(first))).toBe('stale-handle');
    expect(pool.offsetOf(second)).toBe(0);
  });
});

describe('a pool', () => {
  it('gives out one unit where no size is asked for', () => {
    const cells = new RangePool(new Tlsf({ capacity: 1000, granularity: 36 }));
    const [first, second] = [mustAllocate(cells), mustAllocate(cells)];
    expect([cells.sizeOf(first), cells.offsetOf(second)]).toEqual([36, 36]);
    expect(cells.sizeOf(mustAllocate(cells, 40))).toBe(72);
    expect(cells.offsetOf(mustAllocate(cells, 36, 252))).toBe(252);
  });

  it('passes on what the suballocator refuses', () => {
    const pool = slotsOf(4);
    expect(codeOf(() => pool.allocate(0))).toBe('bad-size');
    expect(codeOf(() => pool.allocate(1, 0))).toBe('bad-alignment');
    expect(pool.allocate(5)).toBe(NO_SPACE);
  });

  it('takes over what lives in the suballocator, and what that gives out by itself', () => {
    const before = new Fixed({ capacity: 8 });
    const old = before.allocate(1);
    const pool = new RangePool(Fixed.restore(structuredClone(before.serialize())));
    const [run] = pool.suballocator.allocateMany([{ size: 3 }]) ?? [];
    pool.release(old);
    pool.release(run!);
    expect([pool.pendingCount, pool.pendingBytes]).toEqual([2, 4]);
    expect([pool.flush(), pool.statistics().liveCount]).toEqual([2, 0]);
  });

  it('remembers every one of very many that wait', () => {
    const count = 5000;
    const pool = slotsOf(count);
    const handles = Array.from({ length: count }, () => mustAllocate(pool));
    // A few from the oldest on, then the newest first, far beyond those so far.
    const order = [...handles.slice(0, 100), ...handles.slice(100).reverse()];
    for (const handle of order) pool.release(handle);
    for (const handle of handles) expect(codeOf(() => pool.free(handle))).toBe('stale-handle');
    expect([pool.pendingCount, pool.pendingBytes, pool.allocate()]).toEqual([count, count, NO_SPACE]);
    pool.boundary(1);
    expect(pool.reclaim(1)).toBe(count);
    expect(pool.statistics()).toMatchObject({ used: 0, liveCount: 0, pendingBytes: 0, pendingCount: 0 });
  });

  it('counts bytes beyond 2^32', () => {
    const pool = new RangePool(new Tlsf({ capacity: 2 ** 50, granularity: 2 ** 20 }));
    const handles = [mustAllocate(pool, 2 ** 48), mustAllocate(pool, 2 ** 49)];
    for (const handle of handles) pool.release(handle);
    expect(pool.pendingBytes).toBe(2 ** 48 + 2 ** 49);
    expect([pool.flush(), pool.pendingBytes]).toEqual([2, 0]);
  });

  it('fills the figures that it is given, and makes fresh ones otherwise', () => {
    const pool = slotsOf(4);
    mustAllocate(pool);
    pool.release(mustAllocate(pool, 2));
    const into = {} as RangePoolStatistics;
    expect(pool.statistics(into)).toBe(into);
    expect(into).toMatchObject({
      capacity: 4,
      used: 3,
      free: 1,
      liveCount: 2,
      pendingBytes: 2,
      pendingCount: 1,
    });
    expect(pool.statistics()).toEqual(into);
    expect(pool.statistics()).not.toBe(into);
  });

  it.each([[null], [undefined], [7], ['fixed'], [{}], [[]], [Fixed]])('is not made of %s', (bad) => {
    expect(codeOf(() => new RangePool(bad as unknown as Suballocator))).toBe('bad-argument');
  });
});

describe('serials', () => {
  it.each([[-1], [1.5], [Number.NaN], [Number.POSITIVE_INFINITY], [2 ** 53], ['1'], [null], [1n]])(
    'such as %s are refused',
    (bad) => {
      const pool = slotsOf(1);
      pool.release(mustAllocate(pool));
      expect(codeOf(() => pool.boundary(bad as number))).toBe('bad-argument');
      expect(codeOf(() => pool.reclaim(bad as number))).toBe('bad-argument');
      expect([pool.pendingCount, pool.reclaim(2 ** 53 - 1)]).toEqual([1, 0]);
    },
  );

  it('of boundaries never go back', () => {
    const pool = slotsOf(1);
    pool.boundary(5);
    pool.release(mustAllocate(pool));
    expect(codeOf(() => pool.boundary(4))).toBe('bad-argument');
    expect(pool.reclaim(9)).toBe(0);
    pool.boundary(5);
    expect(pool.reclaim(5)).toBe(1);
  });
});

describe('regions', () => {
  it('are tracked and let go once nothing in them lives or waits', () => {
    const pool = new RangePool(new Tlsf({ capacity: 8 }));
    pool.track(100, 4);
    const far = mustAllocate(pool, 4, 100);
    const near = mustAllocate(pool, 8);
    expect([pool.offsetOf(far), pool.offsetOf(near), pool.allocate(1)]).toEqual([100, 0, NO_SPACE]);
    expect(pool.untrack(100)).toBe(false);
    pool.release(far);
    pool.boundary(1);
    expect(pool.untrack(100)).toBe(false);
    pool.reclaim(1);
    expect(pool.untrack(100)).toBe(true);
    expect(pool.statistics().capacity).toBe(8);
    expect(codeOf(() => pool.untrack(100))).toBe('bad-region');
    expect(codeOf(() => pool.track(4, 8))).toBe('bad-region');
    expect(codeOf(() => pool.track(-4, 8))).toBe('bad-offset');
    expect(codeOf(() => pool.track(200, 0))).toBe('bad-size');
  });

  it.each(KINDS)('are refused exactly where the kind tracks none: %s', (_kind, make) => {
    const pool = new RangePool(make({ capacity: 64, granularity: 4 }));
    const answer = pool.suballocator.capabilities.track ? 'none' : 'bad-region';
    expect(codeOf(() => pool.track(1024, 64))).toBe(answer);
    expect(codeOf(() => pool.untrack(1024))).toBe(answer);
  });
});

describe('the end', () => {
  it('of all ranges comes with reset, pending ones included', () => {
    const pool = slotsOf(2);
    const [live, pending] = [mustAllocate(pool), mustAllocate(pool)];
    pool.release(pending);
    pool.boundary(6);
    pool.reset();
    for (const handle of [live, pending]) expect(codeOf(() => pool.free(handle))).toBe('stale-handle');
    expect(pool.statistics()).toMatchObject({ used: 0, liveCount: 0, pendingBytes: 0, pendingCount: 0 });
    // What was to come back does not come back twice, and no new range is taken for a pending one.
    const [first, second] = [mustAllocate(pool), mustAllocate(pool)];
    expect([pool.reclaim(6), pool.flush()]).toEqual([0, 0]);
    pool.free(first);
    pool.release(second);
    // The timeline goes on.
    expect(codeOf(() => pool.boundary(5))).toBe('bad-argument');
  });

  it('of the pool comes with dispose, twice if need be', () => {
    const pool = new RangePool(new Tlsf({ capacity: 8 }));
    const [live, pending] = [mustAllocate(pool), mustAllocate(pool)];
    pool.release(pending);
    pool.dispose();
    pool.dispose();
    expect(pool.statistics()).toMatchObject({ used: 0, liveCount: 0, pendingBytes: 0, pendingCount: 0 });
    expect([pool.pendingCount, pool.pendingBytes]).toEqual([0, 0]);
    const calls = [
      () => pool.allocate(),
      () => pool.free(live),
      () => pool.release(live),
      () => pool.offsetOf(live),
      () => pool.sizeOf(pending),
      () => pool.boundary(1),
      () => pool.reclaim(1),
      () => pool.flush(),
      () => pool.track(100, 4),
      () => pool.untrack(0),
      () => pool.reset(),
    ];
    expect(calls.map(codeOf)).toEqual(calls.map(() => 'disposed'));
  });
});
