import { digest } from '@gpuheap/core/debug';
import { Linear, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';

it.each([Linear, Tlsf])('a record that has lived a thousand times keeps its names in a twin', (Kind) => {
  const subject = new Kind({ capacity: 100 });
  for (let life = 0; life < 1500; life++) subject.free(subject.allocate(10));
  const ended = subject.allocate(1);
  subject.free(ended);
  const live = subject.allocate(10);
  expect(live).toBeGreaterThan(2 ** 31);
  const state = subject.serialize();
  const twin = Kind.restore(state);
  expect(digest(twin)).toBe(digest(subject));
  expect(twin.sizeOf(live)).toBe(10);
  expect(() => twin.sizeOf(ended)).toThrow(/stale-handle/);
  expect(twin.metadataBytes).toBeGreaterThan(
    Kind.restore(new Kind({ capacity: 100 }).serialize()).metadataBytes,
  );
  twin.free(live);
  expect([twin.allocate(10), subject.allocate(10)]).not.toContain(live);
  const epochs = state.parts['epochs'] as Int32Array;
  for (const wrong of [epochs.slice(1), Float64Array.from(epochs), new Int32Array(epochs.length + 1)]) {
    expect(() => Kind.restore({ ...state, parts: { ...state.parts, epochs: wrong } })).toThrow(/contradict/);
  }
});

it('what a range of giant units leaves unused is known of the record that replaces its own', () => {
  const unit = 2 ** 40;
  // The range takes the whole hole, and with it the hole's record.
  const young = new Tlsf({ capacity: unit, granularity: unit });
  for (let life = 0; life < 1100; life++) young.free(young.allocate(1));
  const state = young.serialize();
  (state.parts['epochs'] as Int32Array).fill(2 ** 21 - 1);
  const old = Tlsf.restore(state);
  const indices = new Set<number>();
  for (let life = 0; life < 3000; life++) {
    const handle = old.allocate(1 + life);
    indices.add(old.indexOf(handle));
    expect(old.statistics()).toMatchObject({ used: unit, requested: 1 + life });
    old.free(handle);
  }
  expect(old.statistics()).toMatchObject({ used: 0, requested: 0 });
  expect(indices.size).toBeGreaterThan(1);
});
