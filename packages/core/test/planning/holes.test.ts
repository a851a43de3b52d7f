import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Holes } from '../../src/planning/defragmentation/holes.ts';
import { MoveOrder } from '../../src/planning/defragmentation/move-order.ts';

interface Hole {
  chunk: number;
  offset: number;
  size: number;
}

const roundUp = (value: number, step: number) => Math.ceil(value / step) * step;

/** Takes what `holes` found from a plain list; throws where it was not there. */
function cut(list: Hole[], chunk: number, offset: number, size: number): void {
  const k = list.findIndex(
    (hole) => hole.chunk === chunk && hole.offset <= offset && offset + size <= hole.offset + hole.size,
  );
  const [hole] = list.splice(k, k < 0 ? 0 : 1);
  if (hole === undefined) throw new Error(`nothing is free at ${offset} of chunk ${chunk}`);
  const end = offset + size;
  const parts = [
    { chunk, offset: hole.offset, size: offset - hole.offset },
    { chunk, offset: end, size: hole.offset + hole.size - end },
  ];
  list.push(...parts.filter((part) => part.size > 0));
}

describe('holes', () => {
  it('give out only what is free, refuse only what no hole holds, and take back what was undone', () => {
    const sizes = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 2 ** 45 }));
    const request = fc.record({ size: sizes, alignment: fc.constantFrom(1, 4, 48, 256) });
    const steps = fc.array(fc.oneof(request, fc.constantFrom('keep' as const, 'undo' as const)));
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 1, maxLength: 12 }), steps, (held, calls) => {
        const holes = new Holes(2 ** 45);
        let list: Hole[] = [];
        for (const [chunk, size] of held.entries()) {
          holes.add(chunk, chunk * 7, size);
          list.push({ chunk, offset: chunk * 7, size });
        }
        let kept = list.map((hole) => ({ ...hole }));
        for (const call of calls) {
          if (call === 'keep') {
            holes.keep();
            kept = list.map((hole) => ({ ...hole }));
          } else if (call === 'undo') {
            holes.undo();
            list = kept.map((hole) => ({ ...hole }));
          } else if (holes.take(call.size, call.alignment)) {
            expect(holes.foundOffset % call.alignment).toBe(0);
            cut(list, holes.foundChunk, holes.foundOffset, call.size);
          } else {
            // Where holes are long the bins are coarse: units of some bytes.
            const slack = Math.ceil(2 ** 45 / (2 ** 31 - 1)) * 2;
            for (const { offset, size } of list) {
              const room = size - (roundUp(offset, call.alignment) - offset);
              expect(room).toBeLessThan(call.size + slack);
            }
          }
        }
      }),
    );
  });

  it('take the shortest of the first that fit, and pass over what alignment spoils', () => {
    const holes = new Holes(4096);
    for (const [chunk, size] of [100, 40, 36, 60].entries()) holes.add(chunk, 8, size);
    expect([holes.take(33, 1), holes.foundChunk, holes.foundOffset]).toEqual([true, 2, 8]);
    expect([holes.take(40, 16), holes.foundChunk, holes.foundOffset]).toEqual([true, 3, 16]);
    expect(holes.take(101, 1)).toBe(false);
    expect(holes.take(8192, 1)).toBe(false);
  });

  it('withdraw one until undo', () => {
    const holes = new Holes(4096);
    const n = holes.add(5, 0, 64);
    holes.withdraw(n);
    expect(holes.take(1, 1)).toBe(false);
    holes.undo();
    expect(holes.take(64, 1)).toBe(true);
    expect(holes.offsetOf(n)).toBe(64);
  });
});

describe('the order of moves', () => {
  it('has each range once, the largest first but for a 32nd', () => {
    const bytes = fc.array(fc.integer({ min: 1, max: 2 ** 40 }), { maxLength: 3000 });
    const order = new MoveOrder(2 ** 40);
    fc.assert(
      fc.property(bytes, (sizes) => {
        order.begin(sizes.length);
        for (const [k, size] of sizes.entries()) order.put(k, size);
        const taken: number[] = [];
        for (let row = order.next(); row >= 0; row = order.next()) taken.push(row);
        expect([...taken].sort((a, b) => a - b)).toEqual([...sizes.keys()]);
        for (let k = 1; k < taken.length; k++) {
          const before = sizes[taken[k - 1] as number] as number;
          const size = sizes[taken[k] as number] as number;
          expect(size * (32 / 33)).toBeLessThanOrEqual(before + 1024);
        }
      }),
    );
  });

  it('forgets what was left of others', () => {
    const order = new MoveOrder(100);
    order.begin(2);
    order.put(0, 10);
    order.put(1, 20);
    order.begin(1);
    order.put(0, 7);
    expect([order.next(), order.next()]).toEqual([0, -1]);
  });
});
