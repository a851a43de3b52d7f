import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { type Allocation, BufferUsage, type HeapBinding } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { COPY_DST, COPY_SRC, STORAGE, UNIFORM } = BufferUsage;

/** The bindings as the virtual GPU takes them. */
function usesOf(bindings: readonly HeapBinding<MockBuffer>[]) {
  return bindings.map(({ allocation, use }) => {
    const access = use === 'storage' ? ('write' as const) : ('read' as const);
    return { ...allocation.binding(), access, as: 'storage' as const };
  });
}

describe('scopes', () => {
  it('are checked before they are submitted, and both culprits are named', () => {
    const { gpu, heap } = openHeap();
    const [input, output] = ['input', 'output'].map((label) =>
      heap.allocate({ size: 64, usage: STORAGE, label }),
    ) as [Allocation<MockBuffer>, Allocation<MockBuffer>];
    const bindings: HeapBinding<MockBuffer>[] = [
      { allocation: input, use: 'read-only-storage' },
      { allocation: output, use: 'storage' },
    ];
    const conflict = heap.checkScope(bindings);
    expect(conflict?.message).toMatch(/input/);
    expect(conflict?.message).toMatch(/output/);
    expect(gpu.dispatch(usesOf(bindings))).toBe(false);
    const moved = heap.resolveScope(bindings);
    expect(moved.length).toBe(1);
    expect(moved[0]?.version).toBe(1);
    expect(heap.checkScope(bindings)).toBeUndefined();
    expect(gpu.dispatch(usesOf(bindings))).toBe(true);
    expect(heap.resolveScope(bindings)).toEqual([]);
  });

  it('become legal by moves that keep every byte', async () => {
    const uses = ['storage', 'read-only-storage'] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ size: fc.integer({ min: 1, max: 2000 }), use: fc.nat(1), block: fc.boolean() }),
          {
            minLength: 2,
            maxLength: 8,
          },
        ),
        async (items) => {
          const { gpu, heap } = openHeap({}, { autoComplete: true });
          const bindings = items.map(({ size, use, block }, k): HeapBinding<MockBuffer> => {
            const request = { size, usage: STORAGE, label: `${k}` };
            const allocation = block
              ? (heap.allocateBlock([request, { size: 16, usage: STORAGE }])
                  .members?.[0] as Allocation<MockBuffer>)
              : heap.allocate(request);
            allocation.write(patternOf(k, size));
            return { allocation, use: uses[use] as 'storage' };
          });
          heap.resolveScope(bindings);
          expect(heap.checkScope(bindings)).toBeUndefined();
          expect(gpu.dispatch(usesOf(bindings))).toBe(true);
          heap.endFrame();
          for (const [k, { allocation }] of bindings.entries()) {
            expect(firstDifference(await allocation.read(), patternOf(k, allocation.size))).toBe(-1);
          }
          expect(gpu.errors).toEqual([]);
        },
      ),
      { numRuns: scale(60, 1500) },
    );
  });

  it('stay as they are when no move can help', () => {
    const { gpu, heap } = openHeap();
    const usage = COPY_DST | COPY_SRC | STORAGE | UNIFORM;
    const buffer = gpu.makeBuffer({ size: 512, usage });
    const adopted = heap.adopt({ buffer, size: 512, usage, label: 'theirs' });
    const one = heap.allocate({ size: 64, usage: STORAGE, label: 'one' });
    const both = (allocation: Allocation<MockBuffer>): HeapBinding<MockBuffer>[] => [
      { allocation, use: 'storage', offset: 0, size: 32 },
      { allocation, use: 'uniform', offset: 256, size: 16 },
    ];
    const before = JSON.stringify(heap.snapshot());
    expect(codeOf(() => heap.resolveScope(both(adopted)))).toBe('scope-conflict');
    expect(
      codeOf(() =>
        heap.resolveScope([
          { allocation: one, use: 'storage' },
          { allocation: one, use: 'read-only-storage' },
        ]),
      ),
    ).toBe('scope-conflict');
    const foreign = openHeap().heap.allocate({ size: 4, usage: STORAGE });
    expect(codeOf(() => heap.resolveScope([{ allocation: foreign, use: 'storage' }]))).toBe('foreign-object');
    expect(codeOf(() => heap.resolveScope([undefined as never]))).toBe('foreign-object');
    expect(codeOf(() => heap.resolveScope(undefined as never))).toBe('bad-argument');
    expect(JSON.stringify(heap.snapshot())).toBe(before);
  });
});
