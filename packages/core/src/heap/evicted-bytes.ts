/**
 * Evicted bytes: what an evicted allocation holds on the CPU, and what is written to it meanwhile.
 *
 * Cost     write, read: O(bytes); with writes to one that was dropped kept until its bytes are there.
 * Promise  what is read is what would be read had it stayed: its bytes, and in their order the writes since.
 * Refusal  knows no GPU; asks `onRestore` once at a time, whoever waits for it.
 */
import { bytesOfData, type WriteData } from '../base/bytes.ts';
import { show } from '../base/check.ts';
import { GpuMemoryError, UsageError } from '../base/errors.ts';
import type { Pool } from '../memory/pool.ts';
import type { EvictionReason } from '../movement/residency/resident.ts';
import { makeHostBytes } from './host-bytes.ts';

/** Gives the bytes of an allocation again; undefined for none. */
export type RestoreHook = () => WriteData | undefined | Promise<WriteData | undefined>;

/** Bytes that were written while the others were not there. */
interface Patch {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export class EvictedBytes<Buffer> {
  /** Where it comes back to. */
  readonly pool: Pool<Buffer>;
  /** Boundaries that had passed when it went. */
  readonly since: number;
  /** All of it; undefined when it was dropped, until it is loaded. */
  bytes: Uint8Array | undefined;
  /** Whether nothing has given its bytes: they are zeros. */
  isEmptied = false;
  readonly reason: EvictionReason;
  /** Whether it was dropped: what was loaded can be loaded again. */
  private isDropped: boolean;
  private patches: Patch[] = [];
  private loading: Promise<void> | undefined;

  /** `bytes`: undefined when it is dropped. */
  constructor(pool: Pool<Buffer>, since: number, reason: EvictionReason, bytes: Uint8Array | undefined) {
    this.pool = pool;
    this.since = since;
    this.reason = reason;
    this.bytes = bytes;
    this.isDropped = bytes === undefined;
  }

  /** Bytes held on the CPU for it. */
  get heldBytes(): number {
    const held = this.bytes?.byteLength ?? 0;
    return this.patches.reduce((sum, { bytes }) => sum + bytes.byteLength, held);
  }

  /** As `Allocation.write`, of one that is `size` bytes long; checked by whoever calls. */
  write(data: Uint8Array, at: number, size: number): void {
    if (data.byteLength === size) {
      // All of it is new: nobody has to give the rest.
      if (this.bytes === undefined) this.bytes = data.slice();
      else this.bytes.set(data);
      this.keep();
      return;
    }
    if (this.isDropped) this.patches.push({ at, bytes: data.slice() });
    this.bytes?.set(data, at);
  }

  /** What it holds is all that there is. */
  private keep(): void {
    this.isDropped = false;
    this.isEmptied = false;
    this.patches = [];
  }

  /** The bytes, once they are there. */
  read(at: number, size: number): Uint8Array {
    return (this.bytes as Uint8Array).slice(at, at + size);
  }

  /**
   * It is `size` bytes long now; `room`: of its host copy, where that is what it holds.
   * @throws UsageError `too-large`
   */
  resize(size: number, room: Uint8Array | undefined): void {
    const bytes = room ?? makeHostBytes(size, 'an evicted allocation');
    bytes.set((this.bytes as Uint8Array).subarray(0, size));
    this.bytes = bytes;
    this.keep();
  }

  /**
   * Resolves when the bytes are there. Rejects with UsageError `not-restored` when `onRestore` fails, or
   * gives more than `size`.
   */
  load(size: number, label: string, onRestore: RestoreHook | undefined): Promise<void> {
    this.loading ??= this.fetch(size, label, askFor(label, onRestore));
    return this.loading;
  }

  /** Its bytes are on their way already: `load` waits for them. */
  promise(data: Promise<WriteData | undefined>, { size, label }: { size: number; label: string }): void {
    this.loading = this.fetch(
      size,
      label,
      askFor(label, () => data),
    );
    // Whoever loads it is told.
    this.loading.catch(() => {});
  }

  private async fetch(size: number, label: string, asked: Promise<WriteData | undefined>): Promise<void> {
    try {
      this.take(size, label, await asked);
    } finally {
      this.loading = undefined;
    }
  }

  private take(size: number, label: string, data: WriteData | undefined): void {
    const bytes = makeHostBytes(size, 'an evicted allocation');
    // Somebody may have given it bytes, or it may have been freed: then nobody sees these.
    if (this.bytes !== undefined) return;
    if (data !== undefined) {
      const given = bytesOfData(data);
      if (given.byteLength > size) {
        throw new UsageError(
          'not-restored',
          `onRestore of ${show(label)} gave ${given.byteLength} bytes for ${size}; give as many or fewer`,
        );
      }
      bytes.set(given);
    }
    this.isEmptied = data === undefined;
    for (const patch of this.patches) bytes.set(patch.bytes, patch.at);
    this.bytes = bytes;
  }

  /** Nobody wants what was loaded: it can be loaded again, and what was written since is kept. */
  unload(): void {
    if (this.isDropped) this.bytes = undefined;
  }
}

async function askFor(label: string, onRestore: RestoreHook | undefined): Promise<WriteData | undefined> {
  try {
    return await onRestore?.();
  } catch (cause) {
    if (cause instanceof GpuMemoryError) throw cause;
    throw new UsageError('not-restored', `onRestore of ${show(label)} failed; it stays evicted`, { cause });
  }
}
