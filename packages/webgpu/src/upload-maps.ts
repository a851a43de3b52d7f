/**
 * Upload maps: parts of upload buffers in the hands of the CPU, to be filled in place.
 *
 * Cost     one map of the device a `map`; only the part that is asked for.
 * Promise  a buffer changes hands just before whoever waits learns of it; a map that fails, or that a loss
 *          overtakes, leaves the buffer unmapped.
 * Source   WebGPU, W3C, "Buffer Mapping": one mapping a buffer, pending or not, and no GPU work meanwhile.
 */
import { BackendError } from '@gpuheap/core';
import type { BufferRecord } from './buffer-record.ts';
import type { WebGpuBuffer, WebGpuDevice } from './device-types.ts';
import { NOTHING_WRONG, runInScopes, type ScopedRun } from './error-scopes.ts';
import type { LossWatch } from './loss-watch.ts';

const MAP_MODE_WRITE = 2;

/** Maps of upload buffers. */
export class UploadMaps<Buffer extends WebGpuBuffer> {
  private readonly device: WebGpuDevice<Buffer>;
  private readonly watch: LossWatch;
  private readonly checked: boolean;

  /**
   * `checked`: whether to map inside error scopes, so that nothing reaches the device's `uncapturederror`.
   */
  constructor(device: WebGpuDevice<Buffer>, watch: LossWatch, checked: boolean) {
    this.device = device;
    this.watch = watch;
    this.checked = checked;
  }

  /** Maps a part of a live buffer with MAP_WRITE; everything has been checked. */
  map(buffer: Buffer, record: BufferRecord, offset: number, size: number): Promise<Uint8Array> {
    if (this.watch.isLost) return this.watch.guard(Promise.resolve(new Uint8Array(0)));
    record.mapState = 'pending';
    const mapped = this.watch.guard(this.mapPart(buffer, record, offset, size));
    // First in line, so that whoever waits finds the buffer in its new state.
    mapped.then(
      () => {
        if (record.mapState === 'pending') record.mapState = 'mapped';
      },
      () => {
        record.mapState = 'unmapped';
      },
    );
    return mapped;
  }

  private async mapPart(
    buffer: Buffer,
    record: BufferRecord,
    offset: number,
    size: number,
  ): Promise<Uint8Array> {
    if (record.grant === 'refused') throw mapFailed('the device had refused the buffer');
    const { result, verdict } = this.run(() => buffer.mapAsync(MAP_MODE_WRITE, offset, size));
    try {
      await result;
    } catch (cause) {
      throw mapFailed((await verdict).validation ?? 'the device could not map the buffer', cause);
    }
    try {
      if (record.mapState === 'pending') return new Uint8Array(buffer.getMappedRange(offset, size));
    } catch (cause) {
      buffer.unmap();
      throw mapFailed('the mapped bytes could not be had', cause);
    }
    // A loss came first, and nobody waits for the bytes any more.
    buffer.unmap();
    throw mapFailed('it was given up');
  }

  private run(map: () => Promise<unknown>): ScopedRun<Promise<unknown>> {
    if (this.checked) return runInScopes(this.device, map);
    return { result: map(), verdict: Promise.resolve(NOTHING_WRONG) };
  }
}

function mapFailed(reason: string, cause?: unknown): BackendError {
  return new BackendError('backend-failed', `the map failed: ${reason}; use another buffer`, { cause });
}
