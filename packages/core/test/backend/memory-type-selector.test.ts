import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MEMORY_TABLES, type MemoryTables } from '../../../mock/src/memory-tables.ts';
import { scale } from '../../../testing/src/scale.ts';
import {
  MEMORY_WISHES,
  MemoryTypeSelector,
  type MemoryTypeWish,
  type MemoryWishes,
} from '../../src/backend/memory-type-selector.ts';
import { MemoryProperty, type MemoryType } from '../../src/backend/port.ts';
import { codeOf } from '../code-of.ts';

const { DEVICE_LOCAL, HOST_VISIBLE, HOST_COHERENT, HOST_CACHED, LAZILY_ALLOCATED } = MemoryProperty;
const ALL_BITS: number = DEVICE_LOCAL | HOST_VISIBLE | HOST_COHERENT | HOST_CACHED | LAZILY_ALLOCATED;
const GIBI: number = 2 ** 30;

function typesOf(...properties: number[]): MemoryType[] {
  return properties.map((bits) => ({ properties: bits, heapIndex: 0, heapSizeBytes: GIBI }));
}

/** What a person would pick, looking at the table. */
const PICKS: readonly (readonly [keyof MemoryTables, Record<keyof MemoryWishes, number>, string])[] = [
  ['discrete', { gpu: 1, host: 4, upload: 2, readback: 3, transient: 1 }, 'the window for what both use'],
  ['discreteResizable', { gpu: 1, host: 4, upload: 2, readback: 3, transient: 1 }, 'the card in place'],
  ['integrated', { gpu: 0, host: 1, upload: 1, readback: 2, transient: 0 }, 'all near the GPU'],
  ['mobile', { gpu: 0, host: 0, upload: 0, readback: 1, transient: 2 }, 'tiles cost nothing'],
  ['webgpu', { gpu: 0, host: 1, upload: 1, readback: 2, transient: 0 }, 'nothing is near and visible'],
];

describe('the wish for each intent', () => {
  it.each(PICKS)('finds on the table %s %j: %s', (name, picks) => {
    const selector = new MemoryTypeSelector(MEMORY_TABLES[name]);
    const wishes: [string, MemoryTypeWish][] = Object.entries(MEMORY_WISHES);
    const found = wishes.map(([intent, wish]) => [intent, selector.select(wish)]);
    expect(Object.fromEntries(found)).toEqual(picks);
  });

  it('is there for every intent', () => {
    expect(Object.keys(MEMORY_WISHES)).toEqual(['gpu', 'host', 'upload', 'readback', 'transient']);
  });

  it('for the GPU falls back to whatever there is', () => {
    const selector = new MemoryTypeSelector(typesOf(HOST_VISIBLE | HOST_CACHED, HOST_VISIBLE));
    expect(selector.select(MEMORY_WISHES.gpu)).toBe(0);
    expect(new MemoryTypeSelector(typesOf(0)).select(MEMORY_WISHES.gpu)).toBe(0);
  });

  it('for the GPU avoids memory that no buffer can live in', () => {
    const selector = new MemoryTypeSelector(typesOf(DEVICE_LOCAL | LAZILY_ALLOCATED, DEVICE_LOCAL));
    expect(selector.select(MEMORY_WISHES.gpu)).toBe(1);
    expect(selector.select(MEMORY_WISHES.transient)).toBe(0);
  });

  it('for uploads avoids cached memory, wherever it stands, and takes it when there is no other', () => {
    const cached = HOST_VISIBLE | HOST_COHERENT | HOST_CACHED;
    const both = new MemoryTypeSelector(typesOf(cached, HOST_VISIBLE | HOST_COHERENT));
    expect(both.select(MEMORY_WISHES.upload)).toBe(1);
    expect(new MemoryTypeSelector(typesOf(DEVICE_LOCAL, cached)).select(MEMORY_WISHES.upload)).toBe(1);
  });

  it('for what the CPU sees finds nothing where it sees nothing', () => {
    const selector = new MemoryTypeSelector(typesOf(DEVICE_LOCAL, 0));
    const { host, upload, readback } = MEMORY_WISHES;
    expect([host, upload, readback].map((wish) => selector.select(wish))).toEqual([-1, -1, -1]);
    expect(new MemoryTypeSelector(typesOf(0, HOST_VISIBLE)).select(MEMORY_WISHES.transient)).toBe(-1);
  });

  it('can be narrowed down by a mask', () => {
    const selector = new MemoryTypeSelector(MEMORY_TABLES.discrete);
    const narrowed = (typeMask: number): number => selector.select({ ...MEMORY_WISHES.upload, typeMask });
    expect([0b11111, 0b10000, 0b01000, 0b00011, 0].map(narrowed)).toEqual([2, 4, 3, -1, -1]);
  });
});

describe('questions about a memory type', () => {
  const selector = new MemoryTypeSelector(MEMORY_TABLES.discrete);
  const nowhere = [-1, 5, 31, 2 ** 32, 0.5, Number.NaN, Number.POSITIVE_INFINITY];

  it('are answered from the table', () => {
    const indices = [0, 1, 2, 3, 4];
    expect(indices.map((index) => selector.typeAt(index))).toEqual(MEMORY_TABLES.discrete);
    expect(indices.map((index) => selector.isDeviceLocal(index))).toEqual([false, true, false, false, true]);
    expect(indices.map((index) => selector.isHostVisible(index))).toEqual([false, false, true, true, true]);
    expect([0, 1, 2].map((heap) => selector.heapSizeOf(heap))).toEqual([10 * GIBI, 24 * GIBI, GIBI / 4]);
    expect(new MemoryTypeSelector(MEMORY_TABLES.webgpu).heapSizeOf(0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('are safe where there is none', () => {
    for (const index of [...nowhere, 'length', undefined] as number[]) {
      expect(selector.typeAt(index)).toBeUndefined();
      expect([selector.isDeviceLocal(index), selector.isHostVisible(index)]).toEqual([false, false]);
    }
    for (const heap of [...nowhere, 3]) expect(selector.heapSizeOf(heap)).toBe(0);
  });
});

describe('bad values', () => {
  const [type] = typesOf(DEVICE_LOCAL);

  it.each([
    [null, 'bad-argument'],
    [undefined, 'bad-argument'],
    [7, 'bad-argument'],
    [{}, 'bad-argument'],
    [{ preferred: 1 }, 'bad-argument'],
    [{ required: -1 }, 'bad-argument'],
    [{ required: 1.5 }, 'bad-argument'],
    [{ required: Number.NaN }, 'bad-argument'],
    [{ required: 2 ** 32 }, 'bad-argument'],
    [{ required: '1' }, 'bad-argument'],
    [{ required: 0, preferred: -1 }, 'bad-argument'],
    [{ required: 0, preferred: null }, 'bad-argument'],
    [{ required: 0, avoided: 2 ** 40 }, 'bad-argument'],
    [{ required: 0, typeMask: -1 }, 'bad-argument'],
    [{ required: 0, typeMask: [0] }, 'bad-argument'],
    [{ required: 0, prefered: 1 }, 'unknown-option'],
  ])('of a wish are refused: %j', (wish, code) => {
    const selector = new MemoryTypeSelector(MEMORY_TABLES.discrete);
    expect(codeOf(() => selector.select(wish as unknown as MemoryTypeWish))).toBe(code);
  });

  it.each([
    [null],
    [7],
    [[]],
    [[null]],
    [[7]],
    [[{}]],
    [[{ ...type, properties: -1 }]],
    [[{ ...type, properties: 2 ** 32 }]],
    [[{ ...type, heapIndex: 0.5 }]],
    [[{ ...type, heapIndex: undefined }]],
    [[{ ...type, heapSizeBytes: Number.NaN }]],
    [[{ ...type, heapSizeBytes: -1 }]],
    [[type, { ...type, heapSizeBytes: '1' }]],
    [new Array(32).fill(type)],
  ])('of a table are refused: %j', (table) => {
    expect(codeOf(() => new MemoryTypeSelector(table as unknown as MemoryType[]))).toBe('bad-argument');
  });
});

/** Two passes, each twice, written as they are told. */
function pickNaively(types: readonly MemoryType[], wish: Required<MemoryTypeWish>): number {
  const has = (bits: number, bit: number): boolean => Math.floor(bits / bit) % 2 === 1;
  const names = Object.values(MemoryProperty);
  const allowed = types
    .map((type, index) => ({ type, index }))
    .filter(({ index }) => has(wish.typeMask, 2 ** index));
  const meeting = allowed.filter(({ type }) =>
    names.every((bit) => !has(wish.required, bit) || has(type.properties, bit)),
  );
  const liked = meeting.filter(({ type }) =>
    names.every((bit) => !has(wish.preferred, bit) || has(type.properties, bit)),
  );
  for (const pass of [liked, meeting]) {
    const clean = pass.filter(({ type }) =>
      names.every((bit) => !has(wish.avoided, bit) || !has(type.properties, bit)),
    );
    const found = clean[0] ?? pass[0];
    if (found !== undefined) return found.index;
  }
  return -1;
}

describe('against a naive selector', () => {
  // Most properties are known ones; any bit of the word may be there.
  const flags = fc.oneof(fc.integer({ min: 0, max: ALL_BITS }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
  const table = fc.array(flags, { minLength: 1, maxLength: 31 }).map((bits) => typesOf(...bits));
  const few = fc.constantFrom(0, DEVICE_LOCAL, HOST_VISIBLE, HOST_CACHED, HOST_VISIBLE | HOST_COHERENT);
  const wish = fc.record({
    required: fc.oneof(few, flags),
    preferred: fc.oneof(few, flags),
    avoided: fc.oneof(few, flags),
    typeMask: fc.oneof(fc.constant(2 ** 32 - 1), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  });

  it('picks the same type', () => {
    fc.assert(
      fc.property(table, wish, (types, asked) => {
        expect(new MemoryTypeSelector(types).select(asked)).toBe(pickNaively(types, asked));
      }),
      { numRuns: scale(2000, 100_000) },
    );
  });

  it('ignores bits that nobody knows, in wishes and in tables', () => {
    const unknown = fc.integer({ min: 0, max: 2 ** 27 - 1 }).map((bits) => bits * 32);
    fc.assert(
      fc.property(table, wish, unknown, (types, asked, bits) => {
        const known = (value: number): number => value % 32;
        const strange = (value: number): number => known(value) + bits;
        const plain = types.map((type) => ({ ...type, properties: known(type.properties) }));
        const odd = types.map((type) => ({ ...type, properties: strange(type.properties) }));
        const { required, preferred, avoided, typeMask } = asked;
        const answers = [known, strange].flatMap((change) => {
          const changed = {
            required: change(required),
            preferred: change(preferred),
            avoided: change(avoided),
            typeMask,
          };
          return [plain, odd].map((each) => new MemoryTypeSelector(each).select(changed));
        });
        expect(new Set(answers).size).toBe(1);
      }),
      { numRuns: scale(500, 20_000) },
    );
  });

  it('takes every type for allowed when there is no mask', () => {
    fc.assert(
      fc.property(table, wish, (types, { required, preferred, avoided }) => {
        const selector = new MemoryTypeSelector(types);
        const without = selector.select({ required, preferred, avoided });
        expect(without).toBe(selector.select({ required, preferred, avoided, typeMask: 2 ** 31 - 1 }));
      }),
      { numRuns: scale(200, 5000) },
    );
  });
});
