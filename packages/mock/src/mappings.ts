/**
 * Mappings: which buffers of one backend are mapped, or about to be, by its reads and maps.
 *
 * Promise  a buffer changes hands just before whoever waits for the promise learns of it, as on a real
 *          device: never within the call that settles it. What was given up in the meantime stays given up.
 */
import { BackendError } from '@gpuheap/core/errors';
import { describe } from './hazards.ts';
import type { MockBuffer } from './mock-buffer.ts';
import type { Deferred } from './settlement.ts';

interface PendingMap {
  readonly deferred: Deferred<Uint8Array>;
  /** Why nobody is to have the bytes any more. */
  ending: Error | undefined;
}

/** What one backend maps. */
export class Mappings {
  private readonly reads = new Map<MockBuffer, Set<Deferred<Uint8Array>>>();
  private readonly maps = new Map<MockBuffer, PendingMap>();

  /** A read maps the buffer until its promise has settled; there may be several. */
  holdForRead(buffer: MockBuffer, read: Deferred<Uint8Array>): void {
    const reads = this.reads.get(buffer) ?? new Set();
    this.reads.set(buffer, reads.add(read));
    buffer.mapState = 'pending';
    const release = (): void => {
      reads.delete(read);
      if (reads.size > 0 || this.reads.get(buffer) !== reads) return;
      this.reads.delete(buffer);
      buffer.mapState = 'unmapped';
    };
    read.promise.then(release, release);
  }

  /** The buffer is the CPU's from `offset` on once `deferred` has its bytes; what to wait for. */
  holdForMap(buffer: MockBuffer, offset: number, deferred: Deferred<Uint8Array>): Promise<Uint8Array> {
    const pending: PendingMap = { deferred, ending: undefined };
    this.maps.set(buffer, pending);
    buffer.mapState = 'pending';
    const mapped = deferred.promise.then(
      (bytes) => {
        if (buffer.isDestroyed) this.giveUp(buffer, goneError(buffer));
        if (pending.ending !== undefined) throw pending.ending;
        this.maps.delete(buffer);
        buffer.give({ offset, bytes });
        return bytes;
      },
      (error: unknown) => {
        if (this.maps.get(buffer) === pending) {
          this.maps.delete(buffer);
          buffer.mapState = 'unmapped';
        }
        throw error;
      },
    );
    // Whoever asked still sees the rejection; nobody has to ask.
    mapped.catch(() => {});
    return mapped;
  }

  /** The buffer is given back by its user: what waits for it fails, and it is unmapped. */
  end(buffer: MockBuffer): void {
    const error = goneError(buffer);
    for (const read of this.reads.get(buffer) ?? []) read.reject(error);
    this.reads.delete(buffer);
    this.giveUp(buffer, error);
    buffer.takeBack(!buffer.isRefused);
  }

  /** Nobody gets what is still pending. O(maps) */
  giveUpAll(error: Error): void {
    for (const buffer of [...this.maps.keys()]) this.giveUp(buffer, error);
  }

  private giveUp(buffer: MockBuffer, error: Error): void {
    const pending = this.maps.get(buffer);
    if (pending === undefined) return;
    pending.ending = error;
    pending.deferred.reject(error);
    this.maps.delete(buffer);
  }
}

function goneError(buffer: MockBuffer): BackendError {
  return new BackendError('backend-failed', `${describe(buffer)} was given back while it was to be mapped`);
}
