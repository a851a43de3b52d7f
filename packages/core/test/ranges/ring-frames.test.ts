import { type Handle, NO_SPACE, Ring } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { Scene } from './live-ranges-scene.ts';

function open(capacity: number): Scene<Ring> {
  return new Scene(new Ring({ capacity }));
}

describe('ring, up to a mark', () => {
  it('ends what was given out before the mark, oldest first, and nothing that came later', () => {
    const scene = open(10);
    expect(scene.subject.mark()).toBe(0);
    scene.put('a', 2);
    scene.put('b', 2);
    const mark = scene.subject.mark();
    scene.put('c', 2);
    expect(scene.subject.freeUpTo(mark)).toBe(2);
    expect(scene.picture).toBe('....cc....');
    expect(scene.subject.freeUpTo(mark)).toBe(0);
    for (const letter of 'ab') {
      expect(() => scene.drop(letter)).toThrow(expect.objectContaining({ code: 'stale-handle' }));
    }
    expect(scene.put('d', 4)).toBe(6);
    expect(scene.put('e', 4)).toBe(0);
    expect(scene.subject.freeUpTo(scene.subject.mark())).toBe(3);
    expect(scene.subject.largestAllocatable()).toBe(10);
  });

  it('goes round the end, and passes over what was freed before', () => {
    const scene = open(12);
    for (const letter of 'abcd') scene.put(letter, 3);
    scene.drop('ab');
    expect([scene.put('e', 2), scene.put('f', 2)]).toEqual([0, 2]);
    const mark = scene.subject.mark();
    scene.drop('d');
    expect(scene.put('g', 2)).toBe(4);
    scene.drop('e');
    expect(scene.subject.freeUpTo(mark)).toBe(2);
    expect(scene.picture).toBe('....gg......');
    expect(scene.put('h', 6)).toBe(6);
  });

  it('ends the ranges of a frame some frames later, without a handle', () => {
    const ring = new Ring({ capacity: 60 });
    const marks: number[] = [];
    const offsets: number[] = [];
    for (let frame = 0; frame < 9; frame++) {
      // Three frames in flight of 8 + 8 each: the fourth finds room only once the first has ended.
      if (frame >= 3) expect(ring.freeUpTo(marks[frame - 3] as number)).toBe(2);
      for (let i = 0; i < 2; i++) offsets.push(ring.offsetOf(ring.allocate(8, 4)));
      marks.push(ring.mark());
      expect(ring.statistics().liveCount).toBe(Math.min(6, 2 * frame + 2));
    }
    // Seven times 8 fit; what is left in front of the end is skipped each time round, as it is now.
    expect(offsets).toEqual([0, 8, 16, 24, 32, 40, 48, 0, 8, 16, 24, 32, 40, 48, 0, 8, 16, 24]);
    expect(ring.skipped).toBe(4);
  });

  it('frees in reverse within a frame, as well as in order', () => {
    const ring = new Ring({ capacity: 4096 });
    const frames: Handle[][] = [];
    for (let frame = 0; frame < 100; frame++) {
      if (frame >= 3) for (const handle of (frames[frame - 3] as Handle[]).reverse()) ring.free(handle);
      frames.push([100, 7, 300, 513].map((size) => ring.allocate(size, 16)));
      expect(frames[frame]).not.toContain(NO_SPACE);
    }
    expect(ring.statistics()).toMatchObject({ liveCount: 12, used: 3 * 920 });
  });

  it('knows the order of age of ranges that were freed newest first and given out again', () => {
    const scene = open(20);
    scene.put('a', 4);
    scene.put('b', 4);
    const mark = scene.subject.mark();
    scene.drop('b');
    expect(scene.put('c', 4)).toBe(4);
    expect(scene.subject.mark()).toBeGreaterThan(mark);
    expect(scene.subject.freeUpTo(mark)).toBe(1);
    expect(scene.picture).toBe('....cccc............');
  });

  it('keeps marks valid through a reset and a restore, and what came of refused batches out of them', () => {
    const scene = open(10);
    scene.put('a', 4);
    const mark = scene.subject.mark();
    expect(scene.subject.allocateMany([{ size: 5 }, { size: 5 }])).toBeUndefined();
    expect(scene.subject.mark()).toBe(mark);
    scene.put('b', 4);
    const twin = Ring.restore(structuredClone(scene.subject.serialize()));
    expect([twin.mark(), twin.freeUpTo(mark)]).toEqual([scene.subject.mark(), 1]);
    expect(twin.offsetOf(scene.handleOf('b'))).toBe(4);
    scene.subject.reset();
    expect(scene.put('c', 10)).toBe(0);
    expect(scene.subject.freeUpTo(mark)).toBe(0);
    expect(scene.subject.freeUpTo(scene.subject.mark())).toBe(1);
  });

  it.each([-1, 0.5, 3, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '1', null, undefined, 1n])(
    'refuses %s as a mark',
    (mark) => {
      const scene = open(10);
      scene.put('a', 4);
      scene.put('b', 4);
      expect(() => scene.subject.freeUpTo(mark as number)).toThrow(
        expect.objectContaining({ code: 'bad-argument' }),
      );
      expect(scene.picture).toBe('aaaabbbb..');
    },
  );
});

/** A state in which `given` ranges had been given out before the first of those that live. */
function restoreLate(ring: Ring, given: number): Ring {
  const state = ring.serialize();
  const cells = (state.parts['cells'] as Int32Array).slice();
  const figures = (state.parts['figures'] as Float64Array).slice();
  const count = figures[5] as number;
  figures[5] = given + count;
  for (let n = 8; n < cells.length; n += 8) {
    const birth = given + (cells[n + 6] as number);
    cells[n + 6] = birth % 2 ** 31;
    cells[n + 7] = Math.floor(birth / 2 ** 31);
  }
  return Ring.restore({ ...state, parts: { ...state.parts, cells, figures } });
}

describe('ring, restored', () => {
  it('tells ages apart around the 2^31st range and far beyond', () => {
    for (const given of [2 ** 31 - 4, 2 ** 31 - 3, 2 ** 31 - 1, 2 ** 32 - 2, 2 ** 33, 2 ** 52]) {
      const young = new Ring({ capacity: 10 });
      for (let i = 0; i < 3; i++) young.allocate(1);
      const ring = restoreLate(young, given);
      expect(ring.mark()).toBe(given + 3);
      const handles = [ring.allocate(1), ring.allocate(1)];
      const mark = ring.mark();
      ring.allocate(1);
      expect(ring.freeUpTo(given + 2)).toBe(2);
      expect(ring.freeUpTo(given + 4)).toBe(2);
      expect(ring.offsetOf(handles[1] as Handle)).toBe(4);
      expect(ring.freeUpTo(mark)).toBe(1);
      expect(ring.statistics().liveCount).toBe(1);
      expect(Ring.restore(ring.serialize()).freeUpTo(given + 6)).toBe(1);
    }
  });

  it('knows the age of a range whose record was taken past the 2^31st by a refused batch', () => {
    const young = new Ring({ capacity: 4 });
    young.allocate(1);
    const ring = restoreLate(young, 2 ** 31 - 2);
    expect(ring.allocateMany([{ size: 1 }, { size: 1 }, { size: 2 }])).toBeUndefined();
    ring.allocate(1);
    expect(ring.mark()).toBe(2 ** 31);
    expect(ring.freeUpTo(2 ** 31)).toBe(2);
    ring.allocate(1);
    expect([ring.freeUpTo(2 ** 31), ring.freeUpTo(2 ** 31 + 1)]).toEqual([0, 1]);
  });

  it('refuses a state whose parts contradict each other', () => {
    const scene = open(12);
    for (const letter of 'abcd') scene.put(letter, 3);
    scene.drop('ab');
    scene.put('e', 6);
    scene.drop('d');
    expect(scene.picture).toBe('eeeeeeccc...');
    const state = scene.subject.serialize();
    const cells = state.parts['cells'] as Int32Array;
    const refused = (parts: Record<string, number | Int32Array | Float64Array>): void => {
      const broken = { ...state, parts: { ...state.parts, ...parts } };
      expect(() => Ring.restore(broken)).toThrow(expect.objectContaining({ code: 'bad-state' }));
    };
    const records = [...cells.keys()].filter((i) => i % 8 === 0 && (cells[i] as number) > 0);
    expect(records).toHaveLength(2);
    for (const n of records) {
      for (const field of [0, 1, 2, 4, 5]) {
        refused({ cells: cells.map((cell, at) => (at === n + field ? cell + 1 : cell)) });
      }
      refused({ cells: cells.map((cell, at) => (at === n + 6 ? -1 : cell)) });
      refused({ cells: cells.map((cell, at) => (at === n + 7 ? 1 : cell)) });
    }
    for (const field of [1, 2, 4, 5]) {
      refused({ cells: cells.map((cell, at) => (at === field ? cell + 1 : cell)) });
    }
    refused({ more: Float64Array.of(0) });
    refused({ more: new Float64Array() });
    // The other live range as the newest: then the ages would descend.
    const other = records.find((n) => n !== (state.parts['more'] as Float64Array)[0]) as number;
    refused({ more: Float64Array.of(other) });
  });
});
