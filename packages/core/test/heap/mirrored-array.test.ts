import { describe, expect, it } from 'vitest';
import type { MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import {
  BufferUsage,
  MirroredArray,
  type MirroredArrayOptions,
  type NumberArray,
  type NumberArrayType,
} from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { leastGarbage } from '../telemetry/garbage.ts';
import { firstDifference, openHeap } from './open-heap.ts';

const { STORAGE, VERTEX } = BufferUsage;

/** Elements that lie further apart than any two dirty ranges that become one. */
const FAR = 20_000;

/** Whether the GPU has every element. */
function expectUploaded(array: MirroredArray<MockBuffer, NumberArray>, gpu: MockGpu): void {
  const { buffer, offset, size } = array.binding();
  const { array: numbers } = array;
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  expect(size).toBe(Math.ceil(bytes.length / 4) * 4);
  expect(firstDifference(gpu.peek(buffer, offset, bytes.length), bytes)).toBe(-1);
}

describe('a mirrored array', () => {
  it('is an array', () => {
    const { gpu, heap } = openHeap({}, { recordCalls: true });
    const array = new MirroredArray(heap, { type: Float32Array, usage: VERTEX, length: 2 });
    expect([...array]).toEqual([0, 0]);
    expect(array.push(1, 2, 3)).toBe(5);
    array.set(0, 9);
    array.insert(1, [7, 8]);
    expect([...array]).toEqual([9, 7, 8, 0, 1, 2, 3]);
    array.erase(2, 3);
    array.erase(0);
    expect([...array]).toEqual([7, 2, 3]);
    expect([array.pop(), array.length, array.get(1)]).toEqual([3, 2, 2]);
    expect([array.at(0), array.at(-1), array.at(2), array.at(-3), array.at(0.5)]).toEqual([
      7,
      2,
      undefined,
      undefined,
      undefined,
    ]);
    array.resize(5);
    expect([...array]).toEqual([7, 2, 0, 0, 0]);
    array.fill(4, 1, 3);
    expect([...array.subarray(1)]).toEqual([4, 4, 0, 0]);
    array.fill(5);
    array.insert(2, array.subarray(0, 2));
    array.insert(7, []);
    expect([...array.array]).toEqual([5, 5, 5, 5, 5, 5, 5]);
    array.resize(1);
    array.reserve(100);
    expect([array.capacity, ...array]).toEqual([100, 5]);
    array.clear();
    expect([array.length, array.capacity, array.pop()]).toEqual([0, 100, undefined]);
    expect(gpu.counts.write).toBe(0);
  });

  it('grows by shares of what it has', () => {
    const { heap } = openHeap();
    const array = new MirroredArray(heap, { type: Uint16Array, usage: VERTEX });
    const capacities = new Set<number>();
    for (let k = 0; k < 50_000; k++) {
      array.push(k);
      capacities.add(array.capacity);
    }
    expect(capacities.size).toBeLessThan(20);
    expect(array.capacity).toBeLessThanOrEqual(75_000 + 8);
    expect(array.get(49_999)).toBe(49_999);
  });

  it('writes what is dirty and nothing else', () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true, recordCalls: true });
    const array = new MirroredArray(heap, { type: Float32Array, usage: VERTEX, length: 8 * FAR });
    const writes = (): number => gpu.counts.write;
    expect(array.dirtyBytes).toBe(32 * FAR);
    expect(array.upload()).toBe(32 * FAR);
    expect([writes(), array.dirtyBytes, array.upload(), writes()]).toEqual([1, 0, 0, 1]);
    array.set(5, 1);
    array.set(7, 2);
    array.set(5 * FAR, 3);
    array.set(2 * FAR, 4);
    // Two that are near are one, what lies between them too.
    expect(array.dirtyBytes).toBe(12 + 4 + 4);
    expect([array.upload(), writes()]).toEqual([20, 4]);
    array.array[6] = 5;
    array.array.fill(6, FAR, FAR + 10);
    array.touch(6, 7);
    array.touch(FAR, FAR + 10);
    array.touch(3, 3);
    expect([array.upload(), writes()]).toEqual([44, 6]);
    array.fill(7, 0, 10);
    array.resize(4);
    expect([array.dirtyBytes, array.upload(), array.binding().size]).toEqual([16, 16, 16]);
    array.pop();
    expect([array.upload(), writes(), array.binding().size]).toEqual([0, 7, 12]);
    // Nothing moves up when the last ones go.
    array.push(8, 9);
    expect(array.upload()).toBe(8);
    array.erase(3, 2);
    expect([array.dirtyBytes, array.upload(), array.length]).toEqual([0, 0, 3]);
    array.erase(1, 0);
    expect([array.dirtyBytes, array.length]).toEqual([0, 3]);
    expectUploaded(array, gpu);
    array.touch();
    expect(array.upload()).toBe(12);
    expect(gpu.errors).toEqual([]);
  });

  it('needs sixteen writes at most, which cover everything', () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true, recordCalls: true });
    const array = new MirroredArray(heap, { type: Uint32Array, usage: VERTEX, length: 60 * FAR });
    array.upload();
    for (let k = 0; k < 60; k++) array.set(((k * 37) % 60) * FAR, k + 1);
    array.upload();
    expect(gpu.counts.write).toBe(1 + 16);
    expectUploaded(array, gpu);
  });

  it('writes whole words, whatever its elements are', () => {
    for (const type of [
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Float64Array,
    ]) {
      const { gpu, heap } = openHeap({}, { autoComplete: true, recordCalls: true });
      const array = new MirroredArray<MockBuffer, NumberArray>(heap, {
        type: type as NumberArrayType<NumberArray>,
        usage: STORAGE,
      });
      for (let k = 0; k < 7; k++) array.push(k + 1);
      array.upload();
      array.set(5, -3.5);
      array.upload();
      array.push(200, 300, 70_000);
      array.erase(0, 1);
      array.upload();
      expectUploaded(array, gpu);
      expect(gpu.errors).toEqual([]);
    }
  });

  it('is read by shaders unless told otherwise, and carries its label', () => {
    const { heap } = openHeap();
    const array = new MirroredArray(heap, {
      type: Float32Array,
      usage: STORAGE,
      length: 4,
      label: 'sprites',
    });
    array.upload();
    expect(heap.snapshot().chunks[0]).toMatchObject({ access: 'read' });
    expect(array.detach()).toMatchObject({ label: 'sprites', isLive: true });
    const written = new MirroredArray(heap, {
      type: Float32Array,
      usage: STORAGE,
      access: 'write',
      length: 4,
    });
    written.upload();
    expect(written.binding().buffer).not.toBe(heap.allocate({ size: 4, usage: VERTEX }).buffer);
    const pool = heap.createPool({ name: 'mine', access: 'write' });
    using pooled = new MirroredArray(heap, { type: Float32Array, usage: STORAGE, pool, length: 4 });
    pooled.upload();
    expect(pool.statistics().allocationCount).toBe(1);
  });

  it('tells of new places, and goes on elsewhere after detach, free and rebuild', () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true });
    const array = new MirroredArray(heap, { type: Float32Array, usage: VERTEX });
    let moves = 0;
    array.on('moved', () => moves++);
    array.push(1, 2, 3);
    expect([array.upload(), moves]).toEqual([12, 1]);
    const { version } = array;
    const given = array.detach()!;
    array.set(0, 4);
    array.upload();
    expect([array.version > version, given.isLive, moves]).toEqual([true, true, 2]);
    array.push(5);
    gpu.lose();
    expect(codeOf(() => array.upload())).toBe('device-lost');
    const next = openHeap({}, { autoComplete: true });
    heap.rebuild(next.backend);
    const { buffer, offset } = array.binding();
    expect([...new Float32Array(next.gpu.peek(buffer, offset, 12).buffer)]).toEqual([4, 2, 3]);
    expect([array.upload(), moves]).toEqual([4, 3]);
    expectUploaded(array, next.gpu);
    array.free();
    expect([array.length, array.capacity]).toEqual([0, 0]);
    expect(heap.statistics().allocationCount).toBe(1);
    array.push(6);
    expect([array.upload(), array.get(0)]).toEqual([4, 6]);
    array[Symbol.dispose]();
  });

  it('sets, gets and touches without making anything', async () => {
    const { heap } = openHeap();
    const array = new MirroredArray(heap, { type: Float32Array, usage: VERTEX, length: 10 * FAR });
    let sum = 0;
    const act = (i: number): void => {
      const index = (i * 7919) % (10 * FAR);
      array.set(index, index + 0.5 > 3 ? index : 0);
      array.touch(index, index + 1);
      sum += array.get(index) === index ? 1 : 0;
    };
    expect(await leastGarbage(act, 5000)).toBeLessThan(5000);
    expect(sum).toBeGreaterThan(0);
  });
});

describe('a mirrored array that is refused something', () => {
  it('has changed nothing when the input was bad', () => {
    const { heap } = openHeap();
    const array = new MirroredArray(heap, { type: Int16Array, usage: VERTEX });
    array.push(1, 2, 3);
    array.upload();
    array.set(1, 7);
    const bad = [-1, 0.5, 4, Number.NaN, '0', null, {}, 1n] as number[];
    const texts = ['1', null, undefined, 1n, {}] as never[];
    const calls: [string, () => unknown][] = [
      ...[...bad, 3, undefined as never].flatMap((index): [string, () => unknown][] => [
        ['out-of-bounds', () => array.get(index)],
        ['out-of-bounds', () => array.set(index, 1)],
      ]),
      ...bad.flatMap((index): [string, () => unknown][] => [
        ['out-of-bounds', () => array.insert(index, [1])],
        ['out-of-bounds', () => array.erase(index)],
        ['out-of-bounds', () => array.erase(0, index)],
        ['out-of-bounds', () => array.fill(0, index)],
        ['out-of-bounds', () => array.fill(0, 0, index)],
        ['out-of-bounds', () => array.touch(index)],
        ['out-of-bounds', () => array.touch(0, index)],
        ['out-of-bounds', () => array.subarray(index)],
      ]),
      ['out-of-bounds', () => array.touch(2, 1)],
      ...texts.flatMap((value): [string, () => unknown][] => [
        ['bad-data', () => array.set(0, value)],
        ['bad-data', () => array.push(1, value)],
        ['bad-data', () => array.fill(value)],
        ['bad-data', () => array.insert(0, [1, value])],
      ]),
      ...[null, undefined, 7, 'abc', {}].map((values): [string, () => unknown] => [
        'bad-data',
        () => array.insert(0, values as never),
      ]),
      ['bad-data', () => array.insert(0, new BigInt64Array(1) as never)],
      ...[-1, 0.5, Number.NaN, '0', null, undefined].flatMap((size): [string, () => unknown][] => [
        ['bad-size', () => array.resize(size as number)],
        ['bad-size', () => array.reserve(size as number)],
      ]),
      ['too-large', () => array.resize(2 ** 52)],
      ['too-large', () => array.reserve(2 ** 52)],
      ['too-large', () => array.reserve(2 ** 28)],
      ['bad-argument', () => array.on('grown' as 'moved', () => 1)],
    ];
    const state = (): string =>
      JSON.stringify([[...array], array.capacity, array.dirtyBytes, array.version, heap.snapshot()]);
    const before = state();
    for (const [code, call] of calls) {
      expect(codeOf(call)).toBe(code);
      expect(state()).toBe(before);
    }
    const fine = { type: Float32Array, usage: VERTEX };
    for (const [code, options] of [
      ['bad-argument', null],
      ['unknown-option', { ...fine, size: 4 }],
      ['unknown-option', { ...fine, location: 'upload' }],
      ['bad-argument', { usage: VERTEX }],
      ['bad-argument', { ...fine, type: 'f32' }],
      ['bad-argument', { ...fine, type: new Float32Array(1) }],
      ['bad-argument', { ...fine, type: Array }],
      ['bad-argument', { ...fine, type: DataView }],
      ['bad-argument', { ...fine, type: BigInt64Array }],
      ['bad-argument', { ...fine, type: () => 1 }],
      ['bad-size', { ...fine, length: -1 }],
      ['too-large', { ...fine, length: 2 ** 52 }],
      ['bad-usage', { type: Float32Array }],
    ] as const) {
      const make = () => new MirroredArray(heap, options as MirroredArrayOptions<MockBuffer, NumberArray>);
      expect(codeOf(make)).toBe(code);
      expect(state()).toBe(before);
    }
    const empty = new MirroredArray(heap, fine);
    expect(codeOf(() => empty.binding())).toBe('bad-size');
  });

  it('is as dirty as before when an upload failed', () => {
    const { gpu, heap } = openHeap(
      { budgetBytes: 262_144, chunkBytes: 65_536 },
      { autoComplete: true, recordCalls: true },
    );
    const array = new MirroredArray(heap, { type: Float32Array, usage: VERTEX, length: 10_000 });
    array.upload();
    array.set(0, 6);
    array.set(9999, 7);
    const { counts, faults } = gpu;
    faults.failAtCall(counts.write + 2, { kind: 'write' });
    expect([codeOf(() => array.upload()), array.dirtyBytes]).toEqual(['backend-failed', 8]);
    expect(array.upload()).toBe(8);
    array.resize(10_100);
    faults.failAtCall(counts.write + 1, { kind: 'write' });
    expect([codeOf(() => array.upload()), array.binding().size]).toEqual(['backend-failed', 40_000]);
    array.resize(60_000);
    expect([codeOf(() => array.upload()), array.binding().size]).toEqual(['over-budget', 40_000]);
    expect(array.dirtyBytes).toBe(200_000);
    heap.setBudget(Number.POSITIVE_INFINITY);
    expect(array.upload()).toBe(200_000);
    expectUploaded(array, gpu);
  });
});
