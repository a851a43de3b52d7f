import fc from 'fast-check';
import type { ScopeBinding, ScopeResource, ScopeUse } from '../../src/backend/scope-bindings.ts';

export const USES: readonly ScopeUse[] = [
  'vertex',
  'index',
  'indirect',
  'uniform',
  'read-only-storage',
  'storage',
];

/** An allocation whose buffer is a name, and which a test may move. */
export class Piece implements ScopeResource<string> {
  buffer: string;
  offset: number;
  readonly size: number;
  readonly label: string;

  constructor(buffer: string, offset: number, size: number, label = `${buffer}@${offset}`) {
    this.buffer = buffer;
    this.offset = offset;
    this.size = size;
    this.label = label;
  }
}

export type Binding = ScopeBinding<string, Piece>;

/** Pieces of a few buffers that do not overlap, and what a scope does with some of them. */
export const scopes: fc.Arbitrary<{ pieces: Piece[]; bindings: Binding[] }> = fc
  .record({
    homes: fc.array(fc.record({ home: fc.nat(3), units: fc.integer({ min: 1, max: 8 }) }), {
      minLength: 1,
      maxLength: 8,
    }),
    uses: fc.array(
      fc.record({
        piece: fc.nat(7),
        // Writers as often as all readers together: otherwise most scopes would be mixed.
        use: fc.oneof(fc.constant<ScopeUse>('storage'), fc.constantFrom(...USES)),
        start: fc.nat(7),
        length: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
        draw: fc.nat(1),
      }),
      { maxLength: 8 },
    ),
  })
  .map(({ homes, uses }) => {
    const ends = [0, 0, 0, 0];
    const pieces = homes.map(({ home, units }) => {
      const offset = ends[home]!;
      ends[home] = offset + units * 4;
      return new Piece(`buffer ${home}`, offset, units * 4);
    });
    const bindings = uses.map(({ piece, use, start, length, draw }): Binding => {
      const allocation = pieces[piece % pieces.length]!;
      const offset = (start * 4) % allocation.size;
      const rest = allocation.size - offset;
      const size = length === undefined ? {} : { size: Math.min(length * 4, rest) };
      return { allocation, use, offset, draw, ...size };
    });
    return { pieces, bindings };
  });

/** The rule, pair by pair. */
export function naiveCulprits(bindings: readonly Binding[]): Set<Piece> {
  const culprits = new Set<Piece>();
  for (const [index, one] of bindings.entries()) {
    for (const other of bindings.slice(0, index)) {
      if (!collide(one, other)) continue;
      culprits.add(one.allocation).add(other.allocation);
    }
  }
  return culprits;
}

function collide(one: Binding, other: Binding): boolean {
  if (one.allocation.buffer !== other.allocation.buffer) return false;
  const writes = [one, other].filter(({ use }) => use === 'storage').length;
  if (writes < 2) return writes === 1;
  if ((one.draw ?? 0) !== (other.draw ?? 0)) return false;
  const [a, b] = [spanOf(one), spanOf(other)];
  return a.start < b.end && b.start < a.end;
}

function spanOf({ allocation, offset = 0, size = allocation.size - offset }: Binding) {
  const start = allocation.offset + offset;
  return { start, end: start + size };
}
