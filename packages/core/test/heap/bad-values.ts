/** Bad values: what is passed to functions by mistake, by the hundred. */
import { expect } from 'vitest';
import { MockBuffer } from '../../../mock/src/mock-buffer.ts';
import { show } from '../../src/base/check.ts';
import { type Allocation, BufferUsage, type GpuHeap, GpuMemoryError } from '../../src/index.ts';
import { openHeap } from './open-heap.ts';

const { COPY_DST, COPY_SRC, MAP_READ, MAP_WRITE, UNIFORM, VERTEX } = BufferUsage;

/** Calls that each function must refuse at least. */
export const LEAST_CALLS = 200;

/** A call, the codes with which it may be refused, and what it passes. */
export type BadCall = readonly [codes: string | readonly string[], act: () => unknown, passed?: unknown];

/** A request that is fine. */
export const FINE = { size: 64, usage: VERTEX } as const;

const OTHER_THINGS: readonly unknown[] = [
  ...[null, true, false, {}, [], [8], 8n, Symbol('a'), () => 8, new Date(0), new Map(), /8/],
];

/** Not integers from 0 on; two hundred. */
export const NOT_COUNTS: readonly unknown[] = [
  ...OTHER_THINGS,
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '', '8', '0x10', Object(8)],
  ...Array.from({ length: 70 }, (_, k) => -1 - k ** 3),
  ...Array.from({ length: 70 }, (_, k) => k * k + 0.5),
  ...Array.from({ length: 45 }, (_, k) => 2 ** (53 + k)),
];

/** Not texts; two hundred. */
export const NOT_TEXTS: readonly unknown[] = [
  ...OTHER_THINGS,
  ...[Object('a'), ['a', 'b'], { toString: () => 'a' }, new Uint8Array(4)],
  ...Array.from({ length: 190 }, (_, k) => k * 17 - 100),
];

/** Neither true nor false. */
export const NOT_FLAGS: readonly unknown[] = [null, 0, 1, 'true', '', {}, [], Number.NaN, 1n, () => true];
/** Nothing that can be called. */
export const NOT_FUNCTIONS: readonly unknown[] = [
  null,
  0,
  1,
  'f',
  true,
  {},
  [],
  1n,
  Symbol('f'),
  new Date(0),
];
/** Nothing that has options. */
export const NOT_OPTIONS: readonly unknown[] = [null, 0, 1, 'a', true, [], [{}], () => ({}), Symbol('s'), 1n];
/** No arrays. */
export const NOT_ARRAYS: readonly unknown[] = [null, 0, 'all', true, {}, new Set(), new Uint8Array(1), 1n];
/** None of the words for anything. */
export const NOT_WORDS: readonly unknown[] = [
  null,
  0,
  '',
  'GPU',
  'Read',
  'both',
  'forever',
  {},
  ['gpu'],
  true,
];

/** Names that no options have. */
export const UNKNOWN_NAMES: readonly string[] = [
  ...['Size', 'sizes', 'Priority', 'idleframes', 'idle', 'budget', 'buffers', 'lifeTime', 'locations'],
  ...['bytes', 'max', 'min', 'chunk', 'pools', 'labels', '__proto', 'constructor2', 'Usage', 'x', ''],
];

/** The same code for each value. */
export function callsWith<V>(
  codes: BadCall[0],
  values: readonly unknown[],
  call: (value: V) => unknown,
): BadCall[] {
  return values.map((value) => [codes, () => call(value as V), value]);
}

/** An allocation of another heap, a dead one of this, and one of a block of this. */
export function strangers(heap: GpuHeap<MockBuffer>): {
  foreign: Allocation<MockBuffer>;
  dead: Allocation<MockBuffer>;
} {
  const dead = heap.allocate(FINE);
  dead.free();
  return { foreign: openHeap().heap.allocate(FINE), dead };
}

/** Requests of which nothing can be evicted. */
const STAYING = [
  { ...FINE, lifetime: 'long' },
  { ...FINE, lifetime: 'frame' },
  { size: 4, usage: COPY_DST, location: 'readback' },
  { size: 4, usage: COPY_SRC, location: 'upload' },
];

/** Requests that no heap can serve, each with its code. */
export function badRequests(heap: GpuHeap<MockBuffer>): (readonly [code: BadCall[0], request: unknown])[] {
  const { foreign, dead } = strangers(heap);
  const gone = heap.createPool({ name: 'gone' });
  gone.dispose();
  const vary = (code: BadCall[0], name: string, values: readonly unknown[], base: object = FINE) =>
    values.map((value) => [code, { ...base, [name]: value }] as const);
  return [
    ...[undefined, ...NOT_OPTIONS].map((value) => ['bad-argument', value] as const),
    ...vary('bad-size', 'size', [...NOT_COUNTS, 0, undefined]),
    ...vary('bad-alignment', 'alignment', [...NOT_COUNTS, 0, 2 ** 31, 2 ** 40]),
    ...vary('bad-alignment', 'alignment', [2 ** 31 - 1, 2 ** 30 + 1], { size: 4, usage: UNIFORM }),
    ...vary('bad-usage', 'usage', [
      ...NOT_COUNTS,
      0,
      undefined,
      0x400,
      0x8000,
      MAP_READ,
      MAP_WRITE | COPY_SRC,
    ]),
    ...vary('bad-argument', 'location', [...NOT_WORDS, 'scratch']),
    ...vary('bad-argument', 'access', NOT_WORDS),
    ...vary('bad-argument', 'lifetime', NOT_WORDS),
    ...vary('bad-argument', 'label', NOT_TEXTS.slice(0, 20)),
    ...vary('bad-argument', 'owner', NOT_TEXTS.slice(0, 20)),
    ...vary('bad-argument', 'zeroed', NOT_FLAGS),
    ...vary('bad-argument', 'dedicated', NOT_FLAGS),
    ...vary('bad-argument', 'hostCopy', NOT_FLAGS),
    ...vary('bad-argument', 'onRestore', NOT_FUNCTIONS),
    ...vary('bad-argument', 'priority', [...NOT_WORDS, 1]),
    ...vary('bad-argument', 'resident', NOT_FLAGS),
    ...STAYING.flatMap((base) => [
      ...vary('bad-argument', 'priority', ['low', 'high'], base),
      ...vary('bad-argument', 'resident', [false], base),
    ]),
    ...vary('bad-argument', 'timelines', [...NOT_ARRAYS, [], [1], [-1], [0, 0], [0.5], ['0'], [null]]),
    ...vary('bad-argument', 'apartFrom', NOT_ARRAYS),
    ...vary('foreign-object', 'apartFrom', [
      [foreign],
      [{}],
      [null],
      [undefined],
      [1],
      ['a'],
      [foreign, dead],
    ]),
    ...vary('dead-allocation', 'apartFrom', [[dead], [dead, foreign]]),
    ...vary(['foreign-object', 'bad-argument'], 'pool', [
      ...[null, 1, 'mine', true, {}, [], Symbol('p'), { kind: {} }, { kind: null }, { kind: 'gpu' }],
      openHeap().heap.createPool({ name: 'elsewhere' }),
    ]),
    // The members of a block are of one pool.
    ...vary(['disposed', 'bad-argument'], 'pool', [gone]),
    ...UNKNOWN_NAMES.map((name) => ['unknown-option', { ...FINE, [name]: 1 }] as const),
    ['bad-usage', { ...FINE, location: 'upload' }],
    ['bad-usage', { size: 4, usage: COPY_SRC, location: 'readback' }],
  ];
}

/** Expects that every call is refused, and changes nothing. */
export async function expectRefusals(
  heap: GpuHeap<MockBuffer>,
  calls: readonly BadCall[],
  least: number = LEAST_CALLS,
): Promise<void> {
  expect(calls.length).toBeGreaterThanOrEqual(least);
  const before = JSON.stringify(heap.snapshot());
  for (const [k, [codes, act, passed]] of calls.entries()) {
    const code = await codeOfCall(act);
    const call = `call ${k}, with ${show(passed)}`;
    expect(typeof codes === 'string' ? [codes] : codes, `${call}: ${code}`).toContain(code);
    expect(JSON.stringify(heap.snapshot()), `after ${call}`).toBe(before);
  }
}

/** The code of what a call throws, or rejects with. */
async function codeOfCall(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof GpuMemoryError) return error.code;
    return String(error);
  }
  return 'none';
}

/** A buffer that no GPU knows. */
export function strayBuffer(): MockBuffer {
  return new MockBuffer({}, 1, { sizeBytes: 64, usage: VERTEX, memoryType: 0, label: '' });
}
