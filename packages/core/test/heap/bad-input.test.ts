import { describe, expect, it } from 'vitest';
import {
  type Allocation,
  type AllocationRequest,
  BufferUsage,
  GpuHeap,
  type WriteData,
} from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { openHeap } from './open-heap.ts';

const { COPY_SRC, MAP_READ, MAP_WRITE, VERTEX } = BufferUsage;
const FINE = { size: 64, usage: VERTEX };

const NOT_INTEGERS: unknown[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -1,
  -0.5,
  1.5,
  2 ** 53,
  2 ** 60,
  '8',
  '',
  null,
  true,
  {},
  [],
  8n,
  Symbol('size'),
  () => 8,
  new Date(0),
];
const NOT_OBJECTS: unknown[] = [undefined, null, 1, 'a', true, [], () => ({}), Symbol('s'), 1n];

/** Everything that a failed call must leave as it was. */
function stateOf(heap: GpuHeap<unknown>): string {
  return JSON.stringify(heap.snapshot());
}

function expectRefusals(heap: GpuHeap<unknown>, calls: readonly (readonly [string, () => unknown])[]): void {
  const before = stateOf(heap);
  for (const [code, call] of calls) {
    expect(codeOf(call)).toBe(code);
    expect(stateOf(heap)).toBe(before);
  }
}

describe('bad input', () => {
  it('is refused by allocate and tryAllocate alike', () => {
    const { heap } = openHeap();
    heap.allocate(FINE);
    const bad: [string, unknown][] = [
      ...NOT_OBJECTS.map((value): [string, unknown] => ['bad-argument', value]),
      ...[...NOT_INTEGERS, 0, undefined].map((size): [string, unknown] => ['bad-size', { ...FINE, size }]),
      ...[...NOT_INTEGERS, 0].map((alignment): [string, unknown] => [
        'bad-alignment',
        { ...FINE, alignment },
      ]),
      ...[...NOT_INTEGERS, 0, undefined, 0x400, MAP_READ, MAP_WRITE | COPY_SRC].map(
        (usage): [string, unknown] => ['bad-usage', { ...FINE, usage }],
      ),
      ...[null, 1, 'cpu', {}, 'GPU'].map((location): [string, unknown] => [
        'bad-argument',
        { ...FINE, location },
      ]),
      ...[null, 1, 'readwrite', {}].map((access): [string, unknown] => ['bad-argument', { ...FINE, access }]),
      ...[null, 1, {}, Symbol('label')].map((label): [string, unknown] => [
        'bad-argument',
        { ...FINE, label },
      ]),
      ...[null, 1, 'forever', {}].map((lifetime): [string, unknown] => [
        'bad-argument',
        { ...FINE, lifetime },
      ]),
      ...[null, 1, 'yes', {}].map((zeroed): [string, unknown] => ['bad-argument', { ...FINE, zeroed }]),
      ...[null, 1, 'all', {}].map((apartFrom): [string, unknown] => ['bad-argument', { ...FINE, apartFrom }]),
      ...[null, 1, {}].map((owner): [string, unknown] => ['bad-argument', { ...FINE, owner }]),
      ...[null, 1, 'mine', {}].map((pool): [string, unknown] => ['foreign-object', { ...FINE, pool }]),
      ['foreign-object', { ...FINE, apartFrom: [{}] }],
      ['foreign-object', { ...FINE, apartFrom: [openHeap().heap.allocate(FINE)] }],
      ['foreign-object', { ...FINE, pool: openHeap().heap.createPool({ name: 'elsewhere' }) }],
      ...['lifeTime', 'sizes', 'Size', 'Priority'].map((name): [string, unknown] => [
        'unknown-option',
        { ...FINE, [name]: 1 },
      ]),
      ['bad-usage', { size: 4, usage: VERTEX, location: 'upload' }],
      ['bad-usage', { size: 4, usage: COPY_SRC, location: 'readback' }],
      ['bad-alignment', { size: 4, usage: BufferUsage.UNIFORM, alignment: 2 ** 31 - 1 }],
      ['too-large', { size: 2 ** 53 - 1, usage: VERTEX }],
    ];
    expect(bad.length).toBeGreaterThan(80);
    expectRefusals(
      heap,
      bad.flatMap(([code, request]) => [
        [code, () => heap.allocate(request as AllocationRequest)] as const,
        [code, () => heap.tryAllocate(request as AllocationRequest)] as const,
      ]),
    );
  });

  it('is refused by the heap itself', () => {
    const { backend } = openHeap();
    const make = (options: unknown) => () => new GpuHeap(backend, options as never);
    for (const value of NOT_OBJECTS.slice(1)) expect(codeOf(make(value))).toBe('bad-argument');
    expect(codeOf(make({ chunkbytes: 1 }))).toBe('unknown-option');
    for (const value of [...NOT_INTEGERS.filter((other) => other !== Number.POSITIVE_INFINITY), 0]) {
      expect(codeOf(make({ budgetBytes: value }))).toBe('bad-size');
      expect(codeOf(make({ chunkBytes: value }))).toBe('bad-size');
      expect(codeOf(make({ dedicatedBytes: value }))).toBe('bad-size');
    }
    for (const chunkBytes of [65_535, 65_537, 2 ** 35]) expect(codeOf(make({ chunkBytes }))).toBe('bad-size');
    for (const value of NOT_OBJECTS) expect(codeOf(() => new GpuHeap(value as never))).toBe('bad-argument');
  });

  it('is refused by write', () => {
    const { heap } = openHeap();
    const allocation = heap.allocate({ size: 30, usage: VERTEX });
    const write = (data: unknown, at?: unknown) => () => allocation.write(data as WriteData, at as number);
    const four = new Uint8Array(4);
    expectRefusals(heap, [
      ...[undefined, null, 4, 'abcd', [1, 2, 3, 4], {}, 4n, () => four].map(
        (data) => ['bad-data', write(data)] as const,
      ),
      ...NOT_INTEGERS.map((at) => ['bad-offset', write(four, at)] as const),
      ...[1, 2, 3, 5].map((at) => ['misaligned', write(four, at)] as const),
      ...[1, 2, 3, 5, 29].map((size) => ['misaligned', write(new Uint8Array(size))] as const),
      ...[28, 31, 32, 2 ** 53 - 1].map((at) => ['out-of-bounds', write(four, at)] as const),
      ['out-of-bounds', write(new Uint8Array(31))],
    ]);
  });

  it('is refused by read', () => {
    const { heap } = openHeap();
    const allocation = heap.allocate({ size: 30, usage: VERTEX });
    const read = (at: unknown, size?: unknown) => () => allocation.read(at as number, size as number);
    expectRefusals(heap, [
      ...NOT_INTEGERS.map((at) => ['bad-offset', read(at, 4)] as const),
      ...NOT_INTEGERS.map((size) => ['bad-size', read(0, size)] as const),
      ...[31, 2 ** 53 - 1].map((at) => ['out-of-bounds', read(at, 0)] as const),
      ...[31, 2 ** 53 - 1].map((size) => ['out-of-bounds', read(0, size)] as const),
      ['out-of-bounds', read(29, 2)],
    ]);
  });

  it('is refused by copy', () => {
    const { heap } = openHeap();
    const other = openHeap().heap.allocate(FINE);
    const source = heap.allocate(FINE);
    const target = heap.allocate({ size: 30, usage: VERTEX });
    const dead = heap.allocate(FINE);
    dead.free();
    const copy =
      (...[from = source, at = 0, to = target, into = 0, size = 4]: unknown[]) =>
      () =>
        heap.copy(
          from as Allocation<never>,
          at as number,
          to as Allocation<never>,
          into as number,
          size as number,
        );
    expectRefusals(heap, [
      ...[null, 1, {}, 'a', other].map((from) => ['foreign-object', copy(from)] as const),
      ...[null, 1, {}, 'a', other].map((to) => ['foreign-object', copy(source, 0, to)] as const),
      ['dead-allocation', copy(dead)],
      ['dead-allocation', copy(source, 0, dead)],
      ...NOT_INTEGERS.map((at) => ['bad-offset', copy(source, at)] as const),
      ...NOT_INTEGERS.map((into) => ['bad-offset', copy(source, 0, target, into)] as const),
      ...NOT_INTEGERS.map((size) => ['bad-size', copy(source, 0, target, 0, size)] as const),
      ...[1, 2, 3].map((at) => ['misaligned', copy(source, at)] as const),
      ['misaligned', copy(source, 0, target, 2)],
      ['misaligned', copy(source, 0, target, 0, 3)],
      ['misaligned', copy(source, 0, target, 0, 30)],
      ['out-of-bounds', copy(source, 64, target, 0, 4)],
      ['out-of-bounds', copy(source, 0, target, 28, 4)],
      ['out-of-bounds', copy(source, 0, target, 0, 32)],
    ]);
  });

  it('is refused by every member of a dead allocation', () => {
    const { heap } = openHeap();
    const dead = heap.allocate(FINE);
    dead.free();
    expectRefusals(heap, [
      ['dead-allocation', () => dead.free()],
      ['dead-allocation', () => dead.buffer],
      ['dead-allocation', () => dead.offset],
      ['dead-allocation', () => dead.binding()],
      ['dead-allocation', () => dead.write(new Uint8Array(4))],
      ['dead-allocation', () => dead.read()],
    ]);
    expect(dead.size).toBe(64);
    expect(dead.isLive).toBe(false);
  });
});
