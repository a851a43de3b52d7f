import { describe, expect, it } from 'vitest';
import type { Chunk } from '../../src/memory/chunk.ts';
import { ReadsUnderWay } from '../../src/memory/reads-under-way.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A read that ends when it is told to. */
function openRead() {
  let end = (): void => {};
  let fail = (): void => {};
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = () => reject(new RangeError('the driver said no'));
  });
  return { ended, end: () => end(), fail: () => fail() };
}

describe('a read under way', () => {
  const chunk = {} as Chunk<object>;

  it('holds its chunk until it ends, however it ends, and who waits is told', async () => {
    for (const how of ['end', 'fail'] as const) {
      const reads = new ReadsUnderWay<object>();
      expect(reads.whenNext()).toBe(undefined);
      const read = openRead();
      reads.begin(chunk, read.ended);
      expect([reads.count, reads.holdsAll(chunk)]).toEqual([1, true]);
      const next = reads.whenNext();
      read[how]();
      await next;
      await nextTurn();
      expect([reads.count, reads.holdsAll(chunk), reads.whenNext()]).toEqual([0, false, undefined]);
    }
  });

  it('is still under way when one of before on the same chunk is told to have ended', async () => {
    const reads = new ReadsUnderWay<object>();
    const [first, second] = [openRead(), openRead()];
    reads.begin(chunk, first.ended);
    first.end();
    // The chunk is free again, and read anew before anybody was told.
    reads.begin(chunk, second.ended);
    await nextTurn();
    expect([reads.count, reads.holdsAll(chunk)]).toEqual([1, true]);
    second.end();
    await nextTurn();
    expect(reads.count).toBe(0);
  });
});
