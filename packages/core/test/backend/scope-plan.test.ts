import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { planScope } from '../../src/backend/scope-plan.ts';
import { checkScope, findConflicts } from '../../src/backend/usage-scope.ts';
import { codeOf } from '../code-of.ts';
import { type Binding, Piece, scopes } from './scope-scene.ts';

/** Each mover goes to the first buffer, counted from `first`, that has nothing of its `apartFrom`. */
function carryOut(moves: ReturnType<typeof planScope<string, Piece>>['moves'], first: number): void {
  let end = 2 ** 20;
  for (const { allocation, apartFrom } of moves) {
    const taken = new Set([allocation.buffer, ...apartFrom.map(({ buffer }) => buffer)]);
    let home = first;
    while (taken.has(`buffer ${home}`)) home++;
    allocation.buffer = `buffer ${home}`;
    allocation.offset = end;
    end += 256;
  }
}

/** The fewest bytes whose departure, each to a buffer of its own, makes the scope legal; Infinity if none. */
function leastBytes(bindings: readonly Binding[], movable: readonly Piece[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let chosen = 0; chosen < 2 ** movable.length; chosen++) {
    const leaving = movable.filter((_, i) => Math.floor(chosen / 2 ** i) % 2 === 1);
    const bytes = leaving.reduce((sum, { size }) => sum + size, 0);
    if (bytes >= least) continue;
    const copies = new Map(leaving.map((piece) => [piece, new Piece(`own ${piece.label}`, 0, piece.size)]));
    const moved = bindings.map((binding) => ({
      ...binding,
      allocation: copies.get(binding.allocation) ?? binding.allocation,
    }));
    if (checkScope(moved) === undefined) least = bytes;
  }
  return least;
}

const small = new Piece('chunk', 0, 64, 'small');
const middle = new Piece('chunk', 64, 128, 'middle');
const large = new Piece('chunk', 192, 256, 'large');
const elsewhere = new Piece('other', 0, 16, 'elsewhere');
const read = (allocation: Piece): Binding => ({ allocation, use: 'read-only-storage' });
const write = (allocation: Piece, more: object = {}): Binding => ({ allocation, use: 'storage', ...more });

describe('a scope plan', () => {
  it('moves nothing in a legal scope', () => {
    const nothing = { moves: [], moveBytes: 0, unresolved: [] };
    expect(planScope([])).toEqual(nothing);
    expect(planScope([read(small), read(middle), write(elsewhere)])).toEqual(nothing);
  });

  it('moves the lighter side, apart from all that is used the other way', () => {
    expect(planScope([read(small), read(middle), write(large), write(elsewhere)])).toEqual({
      moves: [
        { allocation: small, apartFrom: [large, elsewhere] },
        { allocation: middle, apartFrom: [large, elsewhere] },
      ],
      moveBytes: 192,
      unresolved: [],
    });
    expect(planScope([write(small), read(large), read(elsewhere)])).toMatchObject({
      moves: [{ allocation: small, apartFrom: [large, elsewhere] }],
      moveBytes: 64,
    });
  });

  it('moves the fewer of two equal sides, and readers of two that are equal in that too', () => {
    const halves = [new Piece('chunk', 512, 32), new Piece('chunk', 544, 32)];
    const leaving = (bindings: Binding[]) => planScope(bindings).moves.map(({ allocation }) => allocation);
    expect(leaving([write(small), ...halves.map(read)])).toEqual([small]);
    expect(leaving([read(small), ...halves.map((half) => write(half))])).toEqual([small]);
    expect(leaving([write(halves[0]!), read(halves[1]!)])).toEqual([halves[1]]);
  });

  it('counts an allocation once, however often it is bound', () => {
    const plan = planScope([read(small), read(small), write(middle), read(small)]);
    expect(plan).toMatchObject({ moves: [{ allocation: small, apartFrom: [middle] }], moveBytes: 64 });
  });

  it('leaves what may not be moved, and moves the heavier side then', () => {
    const isMovable = (allocation: Piece) => allocation !== small;
    expect(planScope([read(small), write(large)], { isMovable })).toMatchObject({
      moves: [{ allocation: large, apartFrom: [small] }],
      moveBytes: 256,
    });
    expect(planScope([write(small), read(large)], { isMovable })).toMatchObject({
      moves: [{ allocation: large, apartFrom: [small] }],
    });
  });

  it('names what must stay on both sides', () => {
    const isMovable = (allocation: Piece) => allocation === small;
    const plan = planScope([read(small), read(middle), write(large)], { isMovable });
    expect(plan).toMatchObject({ moves: [], moveBytes: 0 });
    expect(plan.unresolved).toMatchObject([
      { kind: 'mixed-buffer', culprits: [{ allocation: middle }, { allocation: large }] },
    ]);
  });

  it('names the first of each side that must stay', () => {
    const last = new Piece('chunk', 448, 4, 'last');
    const plan = planScope([read(small), write(middle), write(large), read(last)], {
      isMovable: () => false,
    });
    expect(plan.unresolved).toMatchObject([
      { kind: 'mixed-buffer', culprits: [{ allocation: small }, { allocation: middle }] },
    ]);
  });

  it('names what no move can mend, and leaves its buffer alone, but not the others', () => {
    const neighbour = new Piece('other', 16, 64, 'neighbour');
    const plan = planScope([read(small), write(small), write(middle), read(neighbour), write(elsewhere)]);
    expect(plan.unresolved.map(({ kind }) => kind)).toEqual(['mixed-allocation']);
    expect(plan.moves).toEqual([{ allocation: elsewhere, apartFrom: [small, neighbour] }]);
    const overlap = planScope([write(small, { size: 32 }), write(small, { offset: 16 }), read(middle)]);
    expect(overlap.moves).toEqual([]);
    expect(overlap.unresolved.map(({ kind }) => kind)).toEqual(['overlapping-writes']);
  });

  it('leaves a clean scope when it is carried out, wherever that finds room', () => {
    fc.assert(
      fc.property(scopes, fc.nat(4), fc.nat(255), ({ pieces, bindings }, first, fixed) => {
        const isMovable = (piece: Piece) => Math.floor(fixed / 2 ** pieces.indexOf(piece)) % 2 === 0;
        const { moves, moveBytes, unresolved } = planScope(bindings, { isMovable });
        expect(moves.every(({ allocation }) => isMovable(allocation))).toBe(true);
        expect(moveBytes).toBe(moves.reduce((sum, { allocation }) => sum + allocation.size, 0));
        const stuck = new Set(unresolved.map(({ culprits }) => culprits[0]!.allocation.buffer));
        expect(moves.some(({ allocation }) => stuck.has(allocation.buffer))).toBe(false);
        carryOut(moves, first);
        const left = findConflicts(bindings).map(({ culprits }) => culprits[0]!.allocation.buffer);
        expect(new Set(left)).toEqual(stuck);
      }),
      { numRuns: scale(1000, 20_000) },
    );
  });

  it('moves the fewest bytes of all choices', () => {
    fc.assert(
      fc.property(scopes, fc.nat(255), ({ pieces, bindings }, fixed) => {
        const movable = pieces.filter((_, i) => Math.floor(fixed / 2 ** i) % 2 === 0);
        const plan = planScope(bindings, { isMovable: (piece) => movable.includes(piece) });
        const least = leastBytes(bindings, movable);
        if (plan.unresolved.length > 0) expect(least).toBe(Number.POSITIVE_INFINITY);
        else expect(plan.moveBytes).toBe(least);
      }),
      { numRuns: scale(500, 10_000) },
    );
  });

  it('refuses bad options and bad bindings', () => {
    const plan = (bindings: unknown, options?: unknown) =>
      codeOf(() => planScope(bindings as Binding[], options as object));
    expect(plan([], null)).toBe('bad-argument');
    expect(plan([], { isMoveable: () => true })).toBe('unknown-option');
    expect(plan([], { isMovable: true })).toBe('bad-argument');
    expect(plan('bindings')).toBe('bad-argument');
    expect(plan([{ ...read(small), offset: 64 }])).toBe('out-of-bounds');
  });
});
