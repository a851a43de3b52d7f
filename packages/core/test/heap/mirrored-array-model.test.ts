import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MockBuffer, Sighting } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { BufferUsage, MirroredArray, type NumberArray, type NumberArrayType } from '../../src/index.ts';
import { firstDifference, openHeap } from './open-heap.ts';

const { VERTEX } = BufferUsage;

type Step = readonly [kind: string, a: number, b: number];

const KINDS = ['push', 'push', 'pop', 'set', 'set', 'fill', 'insert', 'erase', 'resize', 'touch', 'clear'];
KINDS.push('reserve', 'copy', 'upload', 'upload', 'frame', 'complete', 'wall');

function run(script: readonly Step[], type: NumberArrayType<NumberArray>): void {
  const { gpu, heap } = openHeap({ chunkBytes: 65_536 });
  const array = new MirroredArray<MockBuffer, NumberArray>(heap, { type, usage: VERTEX });
  const one = new Uint8Array(8);
  const stored = new type(one.buffer as ArrayBuffer);
  let model: number[] = [];
  let serial = 0;
  const expected: { sighting: Sighting; bytes: Uint8Array }[] = [];
  const as = (value: number): number => {
    stored[0] = value;
    return stored[0] as number;
  };
  const steps: Record<string, (a: number, b: number) => void> = {
    push: (a, b) => {
      const values = Array.from({ length: 1 + (a % 5) ** 4 }, (_, k) => as(b + k - 1000));
      expect(array.push(...values)).toBe(model.length + values.length);
      model.push(...values);
    },
    pop: () => expect(array.pop()).toBe(model.pop()),
    set: (a, b) => {
      if (model.length === 0) return;
      array.set(a % model.length, b);
      model[a % model.length] = as(b);
    },
    fill: (a, b) => {
      const from = a % (model.length + 1);
      const to = from + (b % (model.length - from + 1));
      array.fill(b / 8, from, to);
      model.fill(as(b / 8), from, to);
    },
    insert: (a, b) => {
      const values = Array.from({ length: b % 40 }, (_, k) => as(a + k));
      const at = a % (model.length + 1);
      array.insert(at, b % 2 === 0 ? values : Float64Array.from(values));
      model.splice(at, 0, ...values);
    },
    erase: (a, b) => {
      const at = a % (model.length + 1);
      const count = b % (model.length - at + 1);
      array.erase(at, count);
      model.splice(at, count);
    },
    resize: (a) => {
      const length = a % 3000;
      array.resize(length);
      model = Array.from({ length }, (_, k) => model[k] ?? 0);
    },
    touch: (a, b) => {
      const at = a % (model.length + 1);
      if (at === model.length) return;
      array.array[at] = b;
      model[at] = as(b);
      array.touch(at, at + 1);
    },
    clear: (a) => {
      if (a % 4 > 0) return;
      array.clear();
      model = [];
    },
    reserve: (a) => array.reserve(a % 4000),
    copy: (a) => {
      const from = a % (model.length + 1);
      const values = model.slice(from, from + 20);
      array.insert(0, array.subarray(from, from + values.length));
      model.unshift(...values);
    },
    upload: () => {
      const { dirtyBytes } = array;
      expect(array.upload()).toBe(dirtyBytes);
      expect([array.dirtyBytes, array.upload()]).toEqual([0, 0]);
      if (model.length === 0) return;
      const { buffer, offset, size } = array.binding();
      const encoder = gpu.recordEncoder();
      const { array: numbers } = array;
      const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength).slice();
      expected.push({ sighting: encoder.read(buffer, offset, size), bytes });
      expect(size - bytes.length).toBeLessThan(4);
      expect(encoder.submit()).toBe(true);
    },
    frame: () => {
      serial = heap.endFrame();
    },
    complete: (a) => gpu.completeUpTo(Math.max(0, serial - (a % 3))),
    wall: () => void heap.allocate({ size: 16, usage: VERTEX }),
  };
  for (const [kind, a, b] of [...script, ['upload', 0, 0] as const]) {
    steps[kind]!(a, b);
    expect([array.length, array.capacity >= model.length]).toEqual([model.length, true]);
  }
  expect([...array]).toEqual(model);
  gpu.completeAll();
  for (const { sighting, bytes } of expected) {
    expect(firstDifference(sighting.bytes!.slice(0, bytes.length), bytes)).toBe(-1);
  }
  expect(gpu.errors).toEqual([]);
}

describe('mirrored array model', () => {
  it('is a plain array here, and the same array to every encoder', () => {
    const script = fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.nat(1_000_000), fc.nat(1_000_000)), {
      minLength: 10,
      maxLength: 100,
      size: 'max',
    });
    const types = [Uint8Array, Int16Array, Float32Array, Float64Array] as NumberArrayType<NumberArray>[];
    fc.assert(
      fc.property(script, fc.constantFrom(...types), (steps, type) => run(steps, type)),
      { numRuns: scale(150, 2000) },
    );
  });
});
