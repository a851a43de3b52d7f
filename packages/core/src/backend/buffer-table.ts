/**
 * Buffer table: which buffers are ours, how large they are and what they may be used for.
 *
 * Cost     every call O(1).
 * Promise  a buffer of anyone else, of another backend too, is `foreign-object`; one given back is
 *          `dead-buffer`.
 */
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';

/** What the checks look at of a buffer. */
export interface CheckedBuffer {
  readonly sizeBytes: number;
  /** Bits of BufferUsage. */
  readonly usage: number;
}

/** The buffers of one backend. */
export class BufferTable<Buffer extends object, Record extends CheckedBuffer> {
  private readonly live = new Map<Buffer, Record>();
  private readonly dead = new WeakSet<Buffer>();
  private bytes = 0;

  /** Bytes of all live buffers. */
  get liveBytes(): number {
    return this.bytes;
  }

  add(buffer: Buffer, record: Record): void {
    this.live.set(buffer, record);
    this.bytes += record.sizeBytes;
  }

  /** The record of a live buffer. @throws UsageError `dead-buffer`, `foreign-object` */
  get(buffer: Buffer, name: string): Record {
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
