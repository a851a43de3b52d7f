import { describe, expect, it } from 'vitest';
import { runAll } from '../../src/base/run-all.ts';

describe('runAll', () => {
  it('takes every step, in order', () => {
    const taken: number[] = [];
    runAll([1, 2, 3].map((k) => () => taken.push(k)));
    expect(taken).toEqual([1, 2, 3]);
    expect(() => runAll([])).not.toThrow();
  });

  it('takes every step when some throw, and throws the first error, whatever it is', () => {
    for (const first of [new RangeError('first'), undefined, 0]) {
      const taken: number[] = [];
      const fail = (error: unknown) => () => {
        throw error;
      };
      let thrown: unknown = 'nothing';
      try {
        runAll([() => taken.push(1), fail(first), () => taken.push(2), fail('second'), () => taken.push(3)]);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBe(first);
      expect(taken).toEqual([1, 2, 3]);
    }
  });
});
