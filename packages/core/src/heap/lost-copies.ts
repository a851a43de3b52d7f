/**
 * Lost copies: who was to get bytes from memory that the device refuses after all is told of it.
 *
 * Cost     nothing where the device has given its word; else a callback for each copy.
 * Promise  told once, by the next call that asks where the bytes are; what has been freed, or come to another
 *          device, is not.
 * Refusal  copies nothing again: what was to be copied may have changed since.
 */
import { show } from '../base/check.ts';
import { BackendError, OutOfMemoryError } from '../base/errors.ts';
import type { Chunk } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import type { Allocation } from './allocation.ts';

/** `size` bytes were copied into an allocation from this chunk. */
export function tellIfRefused<Buffer>(
  memory: Memory<Buffer>,
  from: Chunk<Buffer>,
  into: Allocation<Buffer>,
  size: number,
): void {
  if (from.isGranted) return;
  const { epoch } = memory;
  void from.settled.then(() => {
    const { refusal } = from;
    // In another epoch it is another device whose word counts.
    if (refusal === undefined || memory.epoch !== epoch || !into.isLive) return;
    const loss = lossOf(refusal, into, size);
    into.loss = loss;
    if (into.block !== undefined) into.block.loss = loss;
    for (const member of into.members ?? []) member.loss = loss;
  });
}

function lossOf(
  refusal: OutOfMemoryError | BackendError,
  { label }: Allocation<unknown>,
  size: number,
): OutOfMemoryError | BackendError {
  const message = `${size} bytes that were copied into ${show(label)} are lost, since the device refused the memory that they came from; write them again`;
  const options = { cause: refusal };
  if (refusal instanceof BackendError) return new BackendError(refusal.code, message, options);
  return new OutOfMemoryError(refusal.code, message, refusal.figures, options);
}
