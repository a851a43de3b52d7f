/**
 * Allocate, waiting: the rung of the ladder that takes time.
 *
 * Promise  waits for the GPU as long as released ranges or reads wait for it, then tries again; waits for the
 *          device's word on a buffer that it has just made, and tries again when the word is no: what is
 *          empty goes, what may be evicted is read back and goes, the next buffer is smaller, and the
 *          application is asked last. Ends in every case: each round either gives something back or is the
 *          last.
 * Refusal  does not wait for a boundary that only the caller can bring (`endFrame`).
 */
import { BackendError, OutOfMemoryError } from '../base/errors.ts';
import type { Chunk } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';

/** Refusals of the device in a row after which the last one is the answer. */
const MOST_REFUSALS = 8;

/** What is waited for: it is in a chunk as long as it lives. */
interface Placed<Buffer> {
  readonly chunk: Chunk<Buffer> | undefined;
  readonly isLive: boolean;
}

/**
 * `allocate` tries once, and throws; `makeRoomLater` evicts, if anything can be; `cancel` ends what has not
 * been used; `checkUsable` throws when the heap is no more.
 */
export async function allocateWaiting<Buffer, One extends Placed<Buffer>>(
  memory: Memory<Buffer>,
  allocate: () => One,
  makeRoomLater: () => Promise<boolean> | undefined,
  cancel: (allocation: One) => void,
  checkUsable: () => void,
): Promise<One> {
  for (let refusals = 0; ; ) {
    let failure: OutOfMemoryError;
    let isLate = false;
    try {
      const allocation = allocate();
      const { chunk } = allocation;
      // After a rebuild it is another device that gives its word.
      for (let word: Promise<void> | undefined; chunk !== undefined && word !== chunk.settled; ) {
        word = chunk.settled;
        await memory.endings.until(word);
      }
      checkUsable();
      const refusal = chunk?.refusal;
      if (refusal === undefined) {
        if (allocation.isLive) return allocation;
        // It was for a frame that has ended meanwhile: the caller never had it.
        continue;
      }
      if (allocation.isLive) cancel(allocation);
      isLate = true;
      refusals++;
      if (refusal instanceof BackendError || refusals > MOST_REFUSALS) throw refusal;
      failure = refusal;
    } catch (error) {
      if (!(error instanceof OutOfMemoryError) || refusals > MOST_REFUSALS) throw error;
      failure = error;
    }
    if (isLate) memory.trimForDevice();
    const evicting = makeRoomLater();
    if (evicting !== undefined && (await untilEnded(memory, evicting))) {
      checkUsable();
      continue;
    }
    checkUsable();
    // The last try, if the application has done something for it.
    const isLastTry = isLate && refusals === MOST_REFUSALS;
    if (isLastTry && !memory.ladder.askForMemory(failure.figures.requestedBytes, failure.code)) throw failure;
    const freer = memory.whenFreer();
    if (freer !== undefined) {
      await memory.endings.until(freer);
      checkUsable();
      memory.reclaim();
    } else if (!isLate) throw failure;
  }
}

/** Whether something was evicted, or the heap has ended. */
async function untilEnded<Buffer>(memory: Memory<Buffer>, evicting: Promise<boolean>): Promise<boolean> {
  let hasRoom = true;
  await memory.endings.until(
    evicting.then((made) => {
      hasRoom = made;
    }),
  );
  return hasRoom;
}
