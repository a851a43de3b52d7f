/** What a chunk promises those who say where in it a range goes. */
import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../src/base/errors.ts';
import { Chunk } from '../../src/memory/chunk.ts';
import { CHUNK_GRANULARITY, makeTlsf, standardKind } from '../../src/memory/pool-kind.ts';
import { NO_SPACE } from '../../src/ranges/index.ts';

const BYTES = 4096;

function openChunk() {
  const sizes = { chunkBytes: BYTES, mostChunkBytes: BYTES, dedicatedBytes: BYTES };
  const kind = standardKind(0, 0, 'read', 'gpu', 'default', sizes);
  const suballocator = makeTlsf({ capacity: BYTES, granularity: CHUNK_GRANULARITY });
  return new Chunk(7, { kind, index: 0 }, 'buffer', suballocator, 'shared');
}

describe('a range that goes where it is told', () => {
  it('is refused where another one is, and that one stays', () => {
    const chunk = openChunk();
    const first = chunk.reserve(64, 16, { label: 'first' });
    const second = chunk.reserve(64, 16, { label: 'second' });
    expect(chunk.hold(32, 64)).toBe(NO_SPACE);
    const what = '64 bytes at 32 of chunk 7 were free, and are not';
    expect(() => chunk.retire(32, 64)).toThrow(new InvariantError(what));
    expect(() => chunk.slide(second, 32)).toThrow(new InvariantError(what));
    expect([chunk.suballocator.offsetOf(first), chunk.ownerOf(first)]).toEqual([0, { label: 'first' }]);
    expect(chunk.suballocator.statistics().used).toBe(64);
  });

  it('takes its owner along, and what is held on the way is nobody else’s', () => {
    const chunk = openChunk();
    const gone = chunk.reserve(128, 16, { label: 'gone' });
    const range = chunk.reserve(64, 16, { label: 'range' });
    chunk.release(gone);
    chunk.giveBack(gone);
    const held = chunk.hold(0, 128);
    expect(chunk.suballocator.offsetOf(chunk.reserve(128, 16, { label: 'late' }))).toBe(192);
    chunk.suballocator.free(held);
    const slid = chunk.slide(range, 16);
    expect([chunk.suballocator.offsetOf(slid), chunk.ownerOf(slid)]).toEqual([16, { label: 'range' }]);
    const left = chunk.retire(80, 112);
    expect([chunk.pendingBytes, chunk.rangeCount, chunk.ownerOf(left)]).toEqual([112, 3, undefined]);
  });
});
