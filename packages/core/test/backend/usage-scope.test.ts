import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import type { ScopeUse } from '../../src/backend/scope-bindings.ts';
import type { ScopeLimits } from '../../src/backend/scope-conflicts.ts';
import { checkScope, findConflicts } from '../../src/backend/usage-scope.ts';
import { codeOf } from '../code-of.ts';
import { type Binding, naiveCulprits, Piece, scopes, USES } from './scope-scene.ts';

const READS = USES.filter((use) => use !== 'storage');

/** Two allocations side by side in one buffer. */
const weights = new Piece('chunk', 0, 256, 'weights');
const grads = new Piece('chunk', 256, 256, 'grads');

const kindOf = (bindings: readonly Binding[], limits?: ScopeLimits) => checkScope(bindings, limits)?.kind;

describe('a usage scope', () => {
  it('may read one buffer in all ways at once', () => {
    const allocations = [weights, grads];
    const bindings = READS.map((use, i): Binding => ({ allocation: allocations[i % 2]!, use }));
    expect(checkScope(bindings)).toBeUndefined();
  });

  it('may write one buffer in two places', () => {
    expect(
      checkScope([
        { allocation: weights, use: 'storage' },
        { allocation: grads, use: 'storage' },
      ]),
    ).toBeUndefined();
  });

  it.each(READS)('may not write a buffer and use it as %s, however far apart', (use) => {
    const read: Binding = { allocation: weights, use };
    const write: Binding = { allocation: grads, use: 'storage' };
    for (const bindings of [
      [read, write],
      [write, read],
    ]) {
      const conflict = checkScope(bindings);
      expect(conflict?.kind).toBe('mixed-buffer');
      expect(conflict?.culprits).toEqual([read, write]);
      expect(conflict?.message).toContain(`"weights" (${use}, 256 bytes at 0`);
      expect(conflict?.message).toContain('"grads" (storage, 256 bytes at 256');
      expect(conflict?.message).toContain('apartFrom');
    }
  });

  it('may write in one dispatch what another reads: they are two scopes', () => {
    expect(checkScope([{ allocation: weights, use: 'storage' }])).toBeUndefined();
    expect(checkScope([{ allocation: weights, use: 'read-only-storage' }])).toBeUndefined();
  });

  it('may write one buffer and read another', () => {
    const other = new Piece('other', 256, 256);
    expect(
      checkScope([
        { allocation: weights, use: 'uniform' },
        { allocation: other, use: 'storage' },
      ]),
    ).toBeUndefined();
  });

  it('may not read and write one allocation, and moving would not help', () => {
    const conflict = checkScope([
      { allocation: weights, use: 'vertex', size: 128 },
      { allocation: weights, use: 'storage', offset: 128 },
    ]);
    expect(conflict?.kind).toBe('mixed-allocation');
    expect(conflict?.message).toContain('"weights" (vertex, 128 bytes at 0');
    expect(conflict?.message).toContain('"weights" (storage, 128 bytes at 128');
    expect(conflict?.message).not.toContain('apartFrom');
  });

  it('may not bind overlapping ranges for writing, not even the same one twice', () => {
    const first: Binding = { allocation: weights, use: 'storage', size: 132 };
    const second: Binding = { allocation: weights, use: 'storage', offset: 128 };
    const conflict = checkScope([second, first]);
    expect(conflict).toMatchObject({ kind: 'overlapping-writes', culprits: [first, second] });
    expect(conflict?.message).toContain('share 4 bytes');
    expect(kindOf([first, first])).toBe('overlapping-writes');
    expect(kindOf([{ ...first, size: 128 }, second])).toBeUndefined();
  });

  it('may write one range in draw after draw', () => {
    const draws = [0, 1, 2].map((draw): Binding => ({ allocation: weights, use: 'storage', draw }));
    expect(checkScope(draws)).toBeUndefined();
    expect(kindOf([...draws, { allocation: weights, use: 'storage' }])).toBe('overlapping-writes');
    // The uses of a buffer belong to the whole pass.
    expect(kindOf([...draws, { allocation: grads, use: 'uniform', draw: 9 }])).toBe('mixed-buffer');
  });

  it('finds an overlap with the range that reaches farthest, not with the one before', () => {
    const whole: Binding = { allocation: weights, use: 'storage' };
    const inner: Binding = { allocation: weights, use: 'storage', offset: 16, size: 16 };
    const last: Binding = { allocation: weights, use: 'storage', offset: 240 };
    expect(findConflicts([whole, inner, last]).map(({ culprits }) => culprits)).toEqual([
      [whole, inner],
      [whole, last],
    ]);
  });

  it('binds whole dwords of an allocation of odd size', () => {
    const odd = new Piece('chunk', 512, 13, '');
    const next = new Piece('chunk', 528, 4);
    const write = (allocation: Piece, more: object = {}): Binding => ({
      allocation,
      use: 'storage',
      ...more,
    });
    expect(kindOf([write(odd), write(next)])).toBeUndefined();
    expect(checkScope([write(odd), write(odd)])?.message).toContain('an allocation without a label');
    expect(codeOf(() => checkScope([write(odd, { size: 17 })]))).toBe('out-of-bounds');
  });

  it('names an allocation that is read and written once, and the others beside it', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name, i) => new Piece('chunk', i * 64, 64, name));
    const [readA, readB, readC] = [a!, b!, c!].map((allocation): Binding => ({ allocation, use: 'uniform' }));
    const writeA: Binding = { allocation: a!, use: 'storage' };
    const pairs = (bindings: Binding[]) => findConflicts(bindings).map(({ culprits }) => culprits);
    expect(pairs([readA!, readA!, writeA])).toEqual([[readA, writeA]]);
    expect(pairs([readA!, readB!, writeA, readC!, readA!])).toEqual([
      [readA, writeA],
      [readB, writeA],
      [readC, writeA],
    ]);
    const writeB: Binding = { allocation: b!, use: 'storage' };
    expect(pairs([readA!, writeA, writeB, readC!])).toEqual([
      [readA, writeA],
      [readC, writeB],
    ]);
  });

  it('says what the rule says of every pair, and names every allocation that breaks it', () => {
    fc.assert(
      fc.property(scopes, ({ bindings }) => {
        const culprits = naiveCulprits(bindings);
        expect(checkScope(bindings) === undefined).toBe(culprits.size === 0);
        const conflicts = findConflicts(bindings);
        const named = conflicts.flatMap((conflict) => conflict.culprits.map(({ allocation }) => allocation));
        expect(new Set(named)).toEqual(culprits);
        for (const { culprits: pair } of conflicts) {
          expect(pair).toHaveLength(2);
          expect(naiveCulprits(pair).size).toBeGreaterThan(0);
        }
      }),
      { numRuns: scale(1000, 20_000) },
    );
  });

  it('copes with a hundred thousand bindings', () => {
    const pieces = Array.from({ length: 100_000 }, (_, i) => new Piece('chunk', i * 16, 16));
    const writes = pieces.map((allocation): Binding => ({ allocation, use: 'storage' }));
    expect(checkScope(writes)).toBeUndefined();
    const mixed = writes.map((binding, i): Binding => (i % 3 === 0 ? { ...binding, use: 'index' } : binding));
    expect(findConflicts(mixed)).toHaveLength(66_666);
  });
});

describe('a scope with limits', () => {
  const limits: ScopeLimits = {
    maxUniformBindingSize: 64,
    maxStorageBindingSize: 128,
    uniformOffsetAlignment: 32,
    storageOffsetAlignment: 16,
  };
  const most = { uniform: 64, 'read-only-storage': 128, storage: 128 };
  const steps: Record<ScopeUse, number> = {
    uniform: 32,
    'read-only-storage': 16,
    storage: 16,
    vertex: 4,
    indirect: 4,
    index: 2,
  };

  it.each(USES)('holds the offset in the buffer to the step of %s', (use) => {
    const step = steps[use];
    for (const [start, offset] of [
      [step, 0],
      [0, step],
      [step / 2, step / 2],
    ] as const) {
      const allocation = new Piece('chunk', start, 256);
      expect(kindOf([{ allocation, use, offset, size: 32 }], limits)).toBeUndefined();
    }
    const conflict = checkScope([{ allocation: weights, use, offset: step / 2, size: 32 }], limits);
    expect(conflict?.kind).toBe('misaligned');
    expect(conflict?.culprits).toHaveLength(1);
    expect(conflict?.message).toContain(`multiple of ${step};`);
    expect(kindOf([{ allocation: weights, use, offset: step / 2, size: 32 }])).toBeUndefined();
  });

  it.each(['uniform', 'read-only-storage', 'storage'] as const)('holds the size of %s to the most', (use) => {
    expect(kindOf([{ allocation: weights, use, size: most[use] }], limits)).toBeUndefined();
    const conflict = checkScope([{ allocation: weights, use, size: most[use] + 4 }], limits);
    expect(conflict?.kind).toBe('too-large');
    expect(conflict?.message).toContain(`${most[use]} bytes`);
  });

  it.each(['vertex', 'index', 'indirect'] as const)('knows no most for %s', (use) => {
    expect(kindOf([{ allocation: new Piece('chunk', 0, 2 ** 40), use }], limits)).toBeUndefined();
  });

  it('takes storage in whole dwords, and all else in bytes', () => {
    for (const use of USES) {
      const isStorage = use === 'storage' || use === 'read-only-storage';
      expect(kindOf([{ allocation: weights, use, size: 13 }], limits)).toBe(
        isStorage ? 'uneven-size' : undefined,
      );
    }
  });

  it('pads the size that is not given, and no other', () => {
    const odd = new Piece('chunk', 32, 13);
    for (const use of ['storage', 'read-only-storage'] as const) {
      expect(kindOf([{ allocation: odd, use }], limits)).toBeUndefined();
      expect(kindOf([{ allocation: odd, use, size: 16 }], limits)).toBeUndefined();
      expect(kindOf([{ allocation: odd, use, size: 13 }], limits)).toBe('uneven-size');
    }
  });

  it('finds what breaks limits beside what does not go together', () => {
    const kinds = findConflicts<string, Piece>(
      [
        { allocation: weights, use: 'uniform' },
        { allocation: grads, use: 'storage', size: 64 },
        { allocation: grads, use: 'storage', offset: 72, size: 5 },
      ],
      limits,
    ).map(({ kind }) => kind);
    expect(kinds).toEqual(['mixed-buffer', 'mixed-buffer', 'too-large', 'misaligned']);
  });
});

describe('bad bindings', () => {
  const good: Binding = { allocation: weights, use: 'uniform' };
  const bad: [string, unknown, string][] = [
    ['no array', good, 'bad-argument'],
    ['nothing', undefined, 'bad-argument'],
    ['no binding', [null], 'bad-argument'],
    ['no allocation', [{ use: 'uniform' }], 'bad-argument'],
    ['a null allocation', [{ allocation: null, use: 'uniform' }], 'bad-argument'],
    ['a buffer for an allocation', [{ allocation: { size: 64 }, use: 'uniform' }], 'bad-argument'],
    ['no use', [{ allocation: weights }], 'bad-argument'],
    ['a strange use', [{ ...good, use: 'texture' }], 'bad-argument'],
    ['a strange draw', [{ ...good, draw: -1 }], 'bad-argument'],
    ['a broken offset', [{ ...good, offset: 0.5 }], 'bad-offset'],
    ['a negative offset', [{ ...good, offset: -4 }], 'bad-offset'],
    ['a size of zero', [{ ...good, size: 0 }], 'bad-size'],
    ['a size in words', [{ ...good, size: '4' }], 'bad-size'],
    ['an offset at the end', [{ ...good, offset: 256 }], 'out-of-bounds'],
    ['an offset past the end', [{ ...good, offset: 2 ** 53 - 1 }], 'out-of-bounds'],
    ['a size past the end', [{ ...good, offset: 4, size: 256 }], 'out-of-bounds'],
  ];

  it.each(bad)('are refused: %s', (_, bindings, code) => {
    expect(codeOf(() => checkScope(bindings as Binding[]))).toBe(code);
    expect(codeOf(() => findConflicts(bindings as Binding[]))).toBe(code);
  });
});
