/**
 * Buffer reader: bytes back from a buffer, through staging.
 *
 * Cost     one submission and one map a read; only the bytes asked for are mapped, rounded out to 4.
 * Promise  any offset and size; a failed map takes its staging buffer out of service and nothing else.
 * Source   WebGPU: only buffers that do nothing else can be mapped, so what the CPU reads is always a copy.
 */
import { BackendError, type OutOfMemoryError } from '@gpuheap/core';
import type { BufferRecord } from './buffer-record.ts';
import type { WebGpuBuffer, WebGpuDevice } from './device-types.ts';
import { NOTHING_WRONG, runInScopes, type ScopedRun } from './error-scopes.ts';
import type { LossWatch } from './loss-watch.ts';
import type { ReadStaging, Staging } from './read-staging.ts';

const MAP_MODE_READ = 1;
const MAP_MULTIPLE = 4;

/** A copy under way: where it lands, and when it can be looked at. */
interface Landing<Buffer> {
  readonly staging: Staging<Buffer>;
  readonly mapped: Promise<unknown>;
}

/** What the reader needs of its backend. */
export interface ReaderHost<Buffer extends WebGpuBuffer> {
  readonly device: WebGpuDevice<Buffer>;
  readonly watch: LossWatch;
  readonly staging: ReadStaging<Buffer>;
  readonly creationChecks: 'error-scope' | 'none';
  /** The error for a device that refused `requestedBytes`. */
  refusal(requestedBytes: number, reason: string): OutOfMemoryError;
}

/** Reads `size` bytes at `offset` of a live buffer; the span has been checked. */
export function readBuffer<Buffer extends WebGpuBuffer>(
  host: ReaderHost<Buffer>,
  source: Buffer,
  record: BufferRecord,
  offset: number,
  size: number,
): Promise<Uint8Array> {
  if (size === 0 || host.watch.isLost) return host.watch.guard(Promise.resolve(new Uint8Array(0)));
  const start = offset - (offset % MAP_MULTIPLE);
  const length = Math.ceil((offset + size - start) / MAP_MULTIPLE) * MAP_MULTIPLE;
  let run: ScopedRun<Landing<Buffer>>;
  try {
    run = copyOut(host, source, start, length);
  } catch (cause) {
    return host.watch.guard(Promise.reject(readFailed('the device could not copy', cause)));
  }
  const { staging, mapped } = run.result;
  const verdict = run.verdict;
  const bytes = Promise.all([mapped, verdict]).then(
    ([, { outOfMemory, validation }]) => {
      if (outOfMemory !== undefined) throw host.refusal(staging.sizeBytes, outOfMemory);
      if (validation !== undefined) throw readFailed(validation);
      if (record.grant === 'refused') throw readFailed('the device had refused the buffer');
      const view = new Uint8Array(staging.buffer.getMappedRange(0, length));
      const copied = view.slice(offset - start, offset - start + size);
      staging.buffer.unmap();
      host.staging.giveBack(staging);
      return copied;
    },
    (cause: unknown) =>
      verdict.then(({ outOfMemory, validation }) => {
        if (outOfMemory !== undefined) throw host.refusal(staging.sizeBytes, outOfMemory);
        throw readFailed(validation ?? 'the staging buffer could not be mapped', cause);
      }),
  );
  // Whatever went wrong, that staging buffer is not trusted again; giveBack has settled the good case.
  bytes.catch(() => host.staging.discard(staging));
  return host.watch.guard(bytes);
}

function copyOut<Buffer extends WebGpuBuffer>(
  host: ReaderHost<Buffer>,
  source: Buffer,
  start: number,
  length: number,
): ScopedRun<Landing<Buffer>> {
  const copy = (): Landing<Buffer> => {
    const staging = host.staging.take(length);
    try {
      const encoder = host.device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, start, staging.buffer, 0, length);
      host.device.queue.submit([encoder.finish()]);
      return { staging, mapped: staging.buffer.mapAsync(MAP_MODE_READ, 0, length) };
    } catch (error) {
      host.staging.discard(staging);
      throw error;
    }
  };
  if (host.creationChecks === 'error-scope') return runInScopes(host.device, copy);
  return { result: copy(), verdict: Promise.resolve(NOTHING_WRONG) };
}

function readFailed(reason: string, cause?: unknown): BackendError {
  return new BackendError('backend-failed', `the read failed: ${reason}; try it again`, { cause });
}
