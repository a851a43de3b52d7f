/**
 * Mapped reader: bytes straight out of a readback buffer, without a copy.
 *
 * Cost     one map a read; reads of one buffer wait for one another, since a buffer has one mapping at a
 *          time.
 * Promise  only the bytes asked for are mapped, rounded out to what WebGPU takes; the buffer is unmapped
 *          before the promise settles, whatever happened.
 * Refusal  while a read is under way the buffer can do nothing else: what would use it is refused.
 * Source   WebGPU, W3C, "Buffer Mapping": offsets are multiples of 8, sizes of 4.
 */
import { BackendError } from '@gpuheap/core';
import type { BufferRecord } from './buffer-record.ts';
import type { WebGpuBuffer, WebGpuDevice } from './device-types.ts';
import { NOTHING_WRONG, runInScopes, type ScopedRun } from './error-scopes.ts';
import type { LossWatch } from './loss-watch.ts';

const MAP_MODE_READ = 1;
const OFFSET_MULTIPLE = 8;
const SIZE_MULTIPLE = 4;

/** Reads of readback buffers, one line per buffer. */
export class MappedReader<Buffer extends WebGpuBuffer> {
  private readonly device: WebGpuDevice<Buffer>;
  private readonly watch: LossWatch;
  private readonly checked: boolean;
  /** The last read of each buffer that is not over; it never rejects. */
  private readonly underWay = new WeakMap<Buffer, Promise<unknown>>();

  /**
   * `checked`: whether to map inside error scopes, so that nothing reaches the device's `uncapturederror`.
   */
  constructor(device: WebGpuDevice<Buffer>, watch: LossWatch, checked: boolean) {
    this.device = device;
    this.watch = watch;
    this.checked = checked;
  }

  /** Reads `size` bytes at `offset` of a live buffer with MAP_READ; the span has been checked. */
  read(buffer: Buffer, record: BufferRecord, offset: number, size: number): Promise<Uint8Array> {
    if (size === 0 || this.watch.isLost) return this.watch.guard(Promise.resolve(new Uint8Array(0)));
    const before = this.underWay.get(buffer);
    record.mapState = 'pending';
    record.readCount++;
    const map = (): Promise<Uint8Array> => this.mapAndCopy(buffer, record, offset, size);
    // The first one maps at once, so that it sees exactly what has been submitted so far.
    const bytes = before === undefined ? map() : before.then(map);
    const over = bytes.then(
      () => {},
      () => {},
    );
    this.underWay.set(buffer, over);
    over.then(() => {
      if (this.underWay.get(buffer) === over) this.underWay.delete(buffer);
    });
    const read = this.watch.guard(bytes);
    const release = (): void => {
      record.readCount--;
      if (record.readCount === 0) record.mapState = 'unmapped';
    };
    // First in line, so that whoever waits finds the buffer free again.
    read.then(release, release);
    return read;
  }

  private async mapAndCopy(
    buffer: Buffer,
    record: BufferRecord,
    offset: number,
    size: number,
  ): Promise<Uint8Array> {
    // A read that waited for another may find that the buffer was given back meanwhile.
    if (record.mapState === 'unmapped' || this.watch.isLost) {
      throw new BackendError('backend-failed', 'the read failed: the buffer was given back');
    }
    const start = offset - (offset % OFFSET_MULTIPLE);
    const length = Math.ceil((offset + size - start) / SIZE_MULTIPLE) * SIZE_MULTIPLE;
    const { result: mapped, verdict } = this.run(() => buffer.mapAsync(MAP_MODE_READ, start, length));
    try {
      await mapped;
    } catch (cause) {
      const reason = (await verdict).validation ?? 'the buffer could not be mapped';
      throw new BackendError('backend-failed', `the read failed: ${reason}; try it again`, { cause });
    }
    try {
      if (record.grant === 'refused') {
        throw new BackendError('backend-failed', 'the read failed: the device had refused the buffer');
      }
      return new Uint8Array(buffer.getMappedRange(start, length)).slice(
        offset - start,
        offset - start + size,
      );
    } finally {
      buffer.unmap();
    }
  }

  private run(map: () => Promise<unknown>): ScopedRun<Promise<unknown>> {
    if (this.checked) return runInScopes(this.device, map);
    return { result: map(), verdict: Promise.resolve(NOTHING_WRONG) };
  }
}
