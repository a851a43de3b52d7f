/**
 * Buffer table: which buffers are ours or adopted, how large they are and what they may be used for.
 *
 * Cost     every call O(1).
 * Promise  a buffer of anyone else, of another backend too, is `foreign-object`; one given back is
 *          `dead-buffer`. One that was only adopted may come back, one that was ours may not.
 */
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { MapState } from './port.ts';

/** What the checks look at of a buffer. */
export interface CheckedBuffer {
  readonly sizeBytes: number;
  /** Bits of BufferUsage. */
  readonly usage: number;
  /** Default `unmapped`. */
  readonly mapState?: MapState;
}

/** The buffers of one backend. */
export class BufferTable<Buffer extends object, Record extends CheckedBuffer> {
  private readonly live = new Map<Buffer, Record>();
  private readonly adopted = new Set<Buffer>();
  private readonly dead = new WeakMap<Buffer, 'destroyed' | 'forgotten'>();
  private bytes = 0;

  /** Bytes of all live buffers, adopted ones too. */
  get liveBytes(): number {
    return this.bytes;
  }

  add(buffer: Buffer, record: Record): void {
    this.live.set(buffer, record);
    this.bytes += record.sizeBytes;
  }

  /** Takes in a buffer of the caller's. @throws UsageError `bad-argument` when it is known, `dead-buffer` */
  adopt(buffer: Buffer, record: Record, name: string): void {
    if (this.live.has(buffer)) {
      throw new UsageError('bad-argument', `${name} is known to this backend already; adopt it once`);
    }
    if (this.dead.get(buffer) === 'destroyed') {
      throw new UsageError('dead-buffer', `${name} was destroyed; adopt a live buffer`);
    }
    this.dead.delete(buffer);
    this.adopted.add(buffer);
    this.add(buffer, record);
  }

  /** The record of a live buffer. @throws UsageError `dead-buffer`, `foreign-object` */
  get(buffer: Buffer, name: string): Record {
    const record = this.live.get(buffer);
    if (record !== undefined) return record;
    if (typeof buffer === 'object' && buffer !== null && this.dead.has(buffer)) {
      throw new UsageError('dead-buffer', `${name} was given back; use a live buffer`);
    }
    throw new UsageError(
      'foreign-object',
      `${name} is ${show(buffer)} that this backend did not make; use the backend that made it, or adopt it`,
    );
  }

  /** The live buffers that are the caller's. */
  get adoptedBuffers(): ReadonlySet<Buffer> {
    return this.adopted;
  }

  /** Forgets a live buffer. @throws UsageError `dead-buffer`, `foreign-object` */
  remove(buffer: Buffer, name: string): void {
    this.bytes -= this.get(buffer, name).sizeBytes;
    this.live.delete(buffer);
    this.dead.set(buffer, this.adopted.delete(buffer) ? 'forgotten' : 'destroyed');
  }

  /** Forgets all and returns those that are to be destroyed: adopted ones are not. O(n). */
  removeAll(): Buffer[] {
    const ours = [...this.live.keys()].filter((buffer) => !this.adopted.has(buffer));
    for (const buffer of [...this.live.keys()]) this.remove(buffer, 'buffer');
    return ours;
  }
}
