import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { BackendError } from '../../src/base/errors.ts';
import { DestroyQueue } from '../../src/memory/destroy-queue.ts';
import { codeOf } from '../code-of.ts';

/** A queue, and callbacks that say when they ran. */
function openQueue(): { queue: DestroyQueue; log: string[]; defer: (name: string) => void } {
  const queue = new DestroyQueue();
  const log: string[] = [];
  return { queue, log, defer: (name) => queue.defer(() => log.push(name)) };
}

function countsOf({ pendingCount, stampedCount, destroyedCount }: DestroyQueue): number[] {
  return [pendingCount, stampedCount, destroyedCount];
}

describe('destroy queue', () => {
  it('destroys in order, once the serial of the next boundary has completed', () => {
    const { queue, log, defer } = openQueue();
    queue.boundary(1);
    defer('texture');
    expect([queue.reclaim(1), queue.reclaim(99)]).toEqual([0, 0]);
    queue.boundary(2);
    defer('query set');
    defer('view');
    queue.boundary(4);
    defer('late');
    expect(countsOf(queue)).toEqual([4, 3, 0]);
    expect([queue.reclaim(1), log]).toEqual([0, []]);
    expect([queue.reclaim(3), log]).toEqual([1, ['texture']]);
    expect([queue.reclaim(4), log]).toEqual([2, ['texture', 'query set', 'view']]);
    expect(countsOf(queue)).toEqual([1, 0, 3]);
  });

  it('destroys everything when the device is idle, stamped or not', () => {
    const { queue, log, defer } = openQueue();
    defer('a');
    queue.boundary(7);
    defer('b');
    expect([queue.flush(), queue.flush()]).toEqual([2, 0]);
    expect([log, countsOf(queue)]).toEqual([
      ['a', 'b'],
      [0, 0, 2],
    ]);
  });

  it.each([[-1], [0.5], [Number.NaN], [2 ** 53], ['1'], [null], [1n]])('refuses %s as a serial', (bad) => {
    const { queue, log, defer } = openQueue();
    defer('a');
    expect(codeOf(() => queue.boundary(bad as number))).toBe('bad-argument');
    expect(codeOf(() => queue.reclaim(bad as number))).toBe('bad-argument');
    expect([queue.reclaim(2 ** 53 - 1), log, countsOf(queue)]).toEqual([0, [], [1, 0, 0]]);
  });

  it('refuses a serial that goes back, and what is no function', () => {
    const { queue, defer } = openQueue();
    queue.boundary(5);
    defer('a');
    expect(codeOf(() => queue.boundary(4))).toBe('bad-argument');
    expect(queue.reclaim(9)).toBe(0);
    queue.boundary(5);
    expect(queue.reclaim(5)).toBe(1);
    for (const bad of [null, undefined, 7, 'destroy', {}]) {
      expect(codeOf(() => queue.defer(bad as () => void))).toBe('bad-argument');
    }
    expect(queue.pendingCount).toBe(0);
  });
});

describe('a callback of the destroy queue', () => {
  it('that throws stops no other, and what was thrown comes out as one error', () => {
    const { queue, log, defer } = openQueue();
    const thrown = new Error('the texture stuck');
    defer('a');
    queue.defer(() => {
      throw thrown;
    });
    defer('b');
    queue.defer(() => {
      throw undefined;
    });
    defer('c');
    queue.boundary(1);
    let error: unknown;
    try {
      queue.reclaim(1);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(BackendError);
    expect(error).toMatchObject({ code: 'backend-failed', cause: { errors: [thrown, undefined] } });
    expect(String(error)).toMatch(/2 of 5 destroy callbacks threw, the first: the texture stuck;/);
    expect([log, countsOf(queue)]).toEqual([
      ['a', 'b', 'c'],
      [0, 0, 5],
    ]);
    // None is run again, and the queue goes on.
    defer('d');
    expect([queue.flush(), log.at(-1)]).toEqual([1, 'd']);
  });

  it('throws through flush too', () => {
    const { queue, log, defer } = openQueue();
    queue.defer(() => {
      throw 'a word';
    });
    defer('a');
    expect(() => queue.flush()).toThrow(/1 of 2 destroy callbacks threw, the first: "a word"/);
    expect([log, countsOf(queue)]).toEqual([['a'], [0, 0, 2]]);
  });

  it('sees a queue that is whole, without itself', () => {
    const { queue, defer } = openQueue();
    const seen: number[][] = [];
    for (let k = 0; k < 3; k++) queue.defer(() => seen.push(countsOf(queue)));
    queue.boundary(1);
    defer('later');
    queue.reclaim(1);
    expect(seen).toEqual([
      [3, 2, 1],
      [2, 1, 2],
      [1, 0, 3],
    ]);
  });

  it('may defer more, which wait for a boundary of their own', () => {
    const { queue, log, defer } = openQueue();
    queue.defer(() => {
      log.push('texture');
      defer('view');
    });
    defer('buffer');
    queue.boundary(1);
    expect([queue.reclaim(1), log, queue.pendingCount]).toEqual([2, ['texture', 'buffer'], 1]);
    expect(queue.reclaim(1)).toBe(0);
    queue.boundary(2);
    expect([queue.reclaim(2), log.at(-1)]).toEqual([1, 'view']);
  });

  it('may defer itself again without end, and flush still ends', () => {
    const queue = new DestroyQueue();
    let tries = 0;
    const retry = (): void => {
      tries++;
      queue.boundary(0);
      queue.defer(retry);
    };
    queue.defer(retry);
    expect([queue.flush(), tries, countsOf(queue)]).toEqual([1, 1, [1, 0, 1]]);
    queue.boundary(0);
    expect([queue.reclaim(0), tries, queue.pendingCount]).toEqual([1, 2, 1]);
  });

  it('may grow the queue while that is wound around', () => {
    const { queue, log, defer } = openQueue();
    for (let round = 0; round < 3; round++) {
      for (let k = 0; k < 50; k++) {
        queue.defer(() => {
          log.push(`${round}.${k}`);
          for (let more = 0; more < 3; more++) defer(`${round}.${k}+${more}`);
        });
      }
      queue.boundary(round);
      queue.reclaim(round);
    }
    expect([queue.flush(), log.length, queue.pendingCount]).toEqual([150, 600, 0]);
    expect(new Set(log).size).toBe(600);
    expect(log.slice(-3)).toEqual(['2.49+0', '2.49+1', '2.49+2']);
  });

  it('that reclaims or flushes leaves that to the call under way', () => {
    const { queue, log, defer } = openQueue();
    const answers: number[] = [];
    queue.defer(() => {
      answers.push(queue.reclaim(9), queue.flush());
      log.push('first');
    });
    defer('second');
    queue.boundary(1);
    defer('third');
    queue.boundary(2);
    expect([queue.reclaim(1), answers, log]).toEqual([2, [0, 0], ['first', 'second']]);
    expect([queue.reclaim(2), log.at(-1)]).toEqual([1, 'third']);
  });
});

describe('destroy queue, against a naive list', () => {
  const step = fc.record({
    act: fc.constantFrom(
      'defer',
      'defer',
      'defer more',
      'throw',
      'boundary',
      'boundary',
      'reclaim',
      'reclaim',
      'flush',
    ),
    pick: fc.nat(3),
  });

  it('runs each callback once, in order, never before its serial', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const queue = new DestroyQueue();
        const ran: number[] = [];
        let model: { id: number; act: string; serial: number }[] = [];
        const expected: number[] = [];
        let serial = 0;
        let ids = 0;
        const defer = (act: string): void => {
          const id = ids++;
          model.push({ id, act, serial: Number.POSITIVE_INFINITY });
          queue.defer(() => {
            ran.push(id);
            if (act === 'defer more') defer('defer');
            if (act === 'throw') throw new Error(`callback ${id}`);
          });
        };
        const run = (act: () => number, isDue: (entry: { serial: number }) => boolean): void => {
          const due = model.filter(isDue);
          model = model.filter((entry) => !due.includes(entry));
          expected.push(...due.map(({ id }) => id));
          const failures = due.filter((entry) => entry.act === 'throw').length;
          if (failures === 0) expect(act()).toBe(due.length);
          else expect(act).toThrow(`${failures} of ${due.length} destroy callbacks threw`);
        };
        for (const { act, pick } of steps) {
          if (act === 'boundary') {
            serial += pick;
            queue.boundary(serial);
            for (const entry of model) entry.serial = Math.min(entry.serial, serial);
          } else if (act === 'reclaim') {
            const completed = Math.max(0, serial - pick);
            run(
              () => queue.reclaim(completed),
              (entry) => entry.serial <= completed,
            );
          } else if (act === 'flush') {
            run(
              () => queue.flush(),
              () => true,
            );
          } else defer(act);
          expect(ran).toEqual(expected);
          const stamped = model.filter((entry) => entry.serial <= serial).length;
          expect(countsOf(queue)).toEqual([model.length, stamped, ran.length]);
        }
      }),
      { numRuns: scale(100, 2000) },
    );
  });
});
