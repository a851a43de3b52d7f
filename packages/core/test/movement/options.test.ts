import { describe, expect, it } from 'vitest';
import type { DefragmentationOptions } from '../../src/index.ts';
import { openHeap } from '../heap/open-heap.ts';

describe('bad input', () => {
  const bad = (value: unknown) => value as never;

  it.each<[string, DefragmentationOptions]>([
    ['an unknown option', bad({ speed: 3 })],
    ['an unknown scope', { scope: bad('inside') }],
    ['what the backend says itself', bad({ copiesWithinBuffer: true })],
    ['no options', bad(null)],
    ['an unknown strategy', { strategy: bad('slow') }],
    ['a word for a switch', { byHand: bad('yes') }],
    ['no bytes', { bytesPerPass: 0 }],
    ['time without a clock', { millisecondsPerPass: 1 }],
  ])('%s is refused', (_, options) => {
    const { heap } = openHeap();
    expect(() => heap.defragment(options)).toThrow();
    expect(heap.defragment().isDone).toBe(false);
  });

  it.each([
    ['an unknown option', { speed: 3 }],
    ['no frames', { everyFrames: 0 }],
    ['bytes below 0', { leastBytes: -1 }],
    ['a share above 1', { freeShare: 2 }],
    ['no chunks', { freeChunks: 0 }],
    ['an unknown strategy', { strategy: 'slow' }],
    ['an unknown scope', { scope: 'inside' }],
    ['a busy that is none', { isBusy: true }],
  ])('%s is refused by the heap', (_, options) => {
    expect(() => openHeap({ defragmentation: bad(options) })).toThrow();
  });

  it('a heap that has ended is refused', async () => {
    const { heap } = openHeap();
    heap.dispose();
    expect(() => heap.defragment()).toThrow(/disposed/);
  });
});
