/**
 * Warming: chunks that are made before anything needs them.
 *
 * Cost     a call of the backend for each chunk, and a clear of a few bytes.
 * Promise  all that was asked for, or nothing: what was made in vain is given back.
 */
import type { Chunk } from './chunk.ts';
import { IDLE_FRAMES, type Memory } from './memory.ts';
import type { Pool } from './pool.ts';

/**
 * Makes chunks until a pool has `bytes` free in them, and has the device clear them; undefined when the
 * ladder has come to its end, and then none was made. Answers the new ones.
 * @throws UsageError `too-large` · BackendError
 */
export function warm<Buffer>(
  memory: Memory<Buffer>,
  pool: Pool<Buffer>,
  bytes: number,
): Chunk<Buffer>[] | undefined {
  // There every request makes a buffer of its own.
  if (pool.kind.placement === 'dedicated') return [];
  const { chunks, ladder, backend } = memory;
  const firstChunk = chunks.nextId;
  const made: Chunk<Buffer>[] = [];
  try {
    for (let free = pool.sharedFreeBytes; free < bytes; ) {
      const chunk = ladder.growAhead(pool, bytes - free);
      if (chunk === undefined) break;
      chunk.keptUntilFrame = memory.frame + IDLE_FRAMES;
      made.push(chunk);
      free += chunk.sizeBytes;
    }
    // The first partial write makes devices clear the whole buffer: better now than in a frame.
    for (const { buffer } of made) backend.clear(buffer, 0, backend.limits.copyAlignment);
  } catch (error) {
    chunks.undoGrowth(firstChunk);
    throw error;
  }
  if (pool.sharedFreeBytes >= bytes) return made;
  chunks.undoGrowth(firstChunk);
  return undefined;
}
