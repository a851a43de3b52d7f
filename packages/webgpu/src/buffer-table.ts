/**
 * Buffer table: which buffers are ours, how large they are and what they may be used for.
 *
 * Cost     every call O(1).
 * Promise  a buffer of anyone else, of another backend too, is `foreign-object`; one given back is
 *          `dead-buffer`.
 */
import { UsageError } from '@gpuheap/core';
import { type CheckedBuffer, show } from './checks.ts';

/** What is known of one buffer. */
export interface BufferRecord extends CheckedBuffer {
  /** `asked` until the device has answered. A refused buffer exists for the API, but holds nothing. */
  grant: 'asked' | 'granted' | 'refused';
}

/** The buffers of one backend. */
export class BufferTable<Buffer extends object> {
  private readonly live = new Map<Buffer, BufferRecord>();
  private readonly dead = new WeakSet<Buffer>();
  private bytes = 0;

  /** Bytes of all live buffers. */
  get liveBytes(): number {
    return this.bytes;
  }

  add(buffer: Buffer, record: BufferRecord): void {
    this.live.set(buffer, record);
    this.bytes += record.sizeBytes;
  }

  /** The record of a live buffer. @throws UsageError `dead-buffer`, `foreign-object` */
  get(buffer: Buffer, name: string): BufferRecord {
    const record = this.live.get(buffer);
    if (record !== undefined) return record;
    if (typeof buffer === 'object' && buffer !== null && this.dead.has(buffer)) {
      throw new UsageError('dead-buffer', `${name} was destroyed; use a live buffer`);
    }
    throw new UsageError(
      'foreign-object',
      `${name} is ${show(buffer)} that this backend did not make; use the backend that made it`,
    );
  }

  /** Forgets a live buffer. @throws UsageError `dead-buffer`, `foreign-object` */
  remove(buffer: Buffer, name: string): void {
    this.bytes -= this.get(buffer, name).sizeBytes;
    this.live.delete(buffer);
    this.dead.add(buffer);
  }

  /** Forgets all and returns them. O(n). */
  removeAll(): Buffer[] {
    const buffers = [...this.live.keys()];
    for (const buffer of buffers) this.remove(buffer, 'buffer');
    return buffers;
  }
}
