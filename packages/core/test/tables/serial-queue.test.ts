import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SerialQueue } from '../../src/tables/serial-queue.ts';

describe('serial queue', () => {
  it('lets entries leave in order, never before their serial', () => {
    const steps = fc.array(fc.oneof(fc.constant('put'), fc.constant('stamp'), fc.constant('drain')), {
      maxLength: 400,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 5 }), (script, lag) => {
        const queue = new SerialQueue<string>();
        const model: { item: string; number: number; serial: number }[] = [];
        let serial = 0;
        let count = 0;
        for (const step of script) {
          if (step === 'put') {
            queue.put(`item ${count}`, count);
            model.push({ item: `item ${count}`, number: count, serial: Number.POSITIVE_INFINITY });
            count++;
          } else if (step === 'stamp') {
            serial++;
            queue.stamp(serial);
            for (const entry of model) if (entry.serial === Number.POSITIVE_INFINITY) entry.serial = serial;
          } else {
            const done = serial - lag;
            while (queue.isDue(done)) {
              const entry = model.shift()!;
              expect(entry.serial).toBeLessThanOrEqual(done);
              expect(queue.peekItem()).toBe(entry.item);
              expect(queue.peekNumber()).toBe(entry.number);
              queue.drop();
            }
            expect(model.length === 0 || model[0]!.serial > done).toBe(true);
          }
          expect(queue.length).toBe(model.length);
          const stamped = model.filter((entry) => entry.serial !== Number.POSITIVE_INFINITY).length;
          expect([queue.hasStamped, queue.hasUnstamped]).toEqual([stamped > 0, stamped < model.length]);
        }
      }),
    );
  });

  it('keeps its entries when it grows while it is wound around', () => {
    const queue = new SerialQueue<number>();
    for (let k = 0; k < 60; k++) queue.put(k, k);
    queue.stamp(1);
    for (let k = 0; k < 50; k++) queue.drop();
    for (let k = 60; k < 200; k++) queue.put(k, k);
    queue.stamp(2);
    for (let k = 50; k < 200; k++) {
      expect(queue.isDue(k < 60 ? 1 : 2)).toBe(true);
      expect(queue.isDue(k < 60 ? 0 : 1)).toBe(false);
      expect(queue.peekItem()).toBe(k);
      queue.drop();
    }
    expect(queue.isDue(9)).toBe(false);
  });

  it('may lose its oldest entry before that was stamped', () => {
    const queue = new SerialQueue<string>();
    for (const [number, item] of ['a', 'b', 'c'].entries()) queue.put(item, number);
    queue.drop();
    expect([queue.length, queue.isDue(9), queue.peekItem()]).toEqual([2, false, 'b']);
    queue.stamp(4);
    queue.put('d', 3);
    queue.drop();
    queue.drop();
    // The one left came after the stamp.
    expect([queue.length, queue.isDue(9), queue.peekItem()]).toEqual([1, false, 'd']);
    queue.stamp(5);
    expect([queue.isDue(4), queue.isDue(5)]).toEqual([false, true]);
  });
});
