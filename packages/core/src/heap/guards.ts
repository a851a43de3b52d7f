/**
 * Guards: bytes behind each allocation that nobody should write, so that overwrites past its end are found.
 *
 * Layout   [ the allocation, padded to 4 ][ guard ], in one range; the pattern of the guard has no zero byte
 *          and no byte twice within 251.
 * Cost     a write more for each allocation, move and resize; check: O(allocations), and a readback of all
 *          guards.
 * Promise  a write that changes a byte of a guard is found by the next check, and nothing else is reported.
 *          What the application frees, moves or resizes when a check asks it for memory is left out of it.
 * Refusal  not for readback and upload allocations, nor for buffers of the caller. A member of a block has no
 *          guard of its own: the block has. What is written behind the guard is not seen.
 */
import { roundUp } from '../base/quantities.ts';
import type { Chunk } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import type { ReadPiece } from '../memory/readback-ring.ts';
import type { Allocation } from './allocation.ts';
import type { OwnerRecord } from './books.ts';
import type { Transfers } from './transfers.ts';

/** An allocation past whose end something was written. */
export interface GuardDamage {
  readonly label: string;
  readonly owner: string;
  readonly chunkId: number;
  /** The first byte that changed, from the beginning of the chunk's buffer. */
  readonly offset: number;
  /** The same, from the end of the allocation: 0 is the first byte behind it, padded to 4. */
  readonly distance: number;
  /** Bytes that changed. */
  readonly changedCount: number;
}

/** One guard, and where it was when it was looked up. */
class Guarded<Buffer> {
  readonly owner: Allocation<Buffer> | OwnerRecord<Buffer>;
  readonly piece: ReadPiece<Buffer>;
  /** Whether it was still there when it was read. */
  isRead = false;
  private readonly size: number;

  /** `stead`: where to read in its stead when it is not there any more. */
  constructor(
    owner: Allocation<Buffer> | OwnerRecord<Buffer>,
    chunk: Chunk<Buffer>,
    guardBytes: number,
    stead: () => Place<Buffer>,
  ) {
    const { handle, size } = owner;
    const offset = chunk.suballocator.offsetOf(handle) + roundUp(size, 4);
    this.owner = owner;
    this.size = size;
    const locate = (): Place<Buffer> => {
      this.isRead = this.isThere;
      return this.isRead ? { chunk, offset } : stead();
    };
    this.piece = { chunk, offset, size: guardBytes, handle, locate };
  }

  /** Whether its allocation lives, where it was and as long as it was. */
  get isThere(): boolean {
    const { chunk, handle } = this.piece;
    const { owner } = this;
    if (chunk.refusal !== undefined || owner.chunk !== chunk) return false;
    return owner.handle === handle && owner.size === this.size;
  }
}

/** Where bytes are. */
interface Place<Buffer> {
  readonly chunk: Chunk<Buffer>;
  readonly offset: number;
}

/** Thrown, and caught here, when no guard is left to read. */
const NOTHING_LEFT: unknown = new Error('no guard is left');

const PATTERN_STEP = 89;
const PATTERN_VALUES = 251;

export class Guards<Buffer> {
  private readonly memory: Memory<Buffer>;
  private readonly transfers: Transfers<Buffer>;
  private readonly pattern: Uint8Array;

  /** `guardBytes`: a multiple of 4, or 0 for none. */
  constructor(memory: Memory<Buffer>, transfers: Transfers<Buffer>, guardBytes: number) {
    this.memory = memory;
    this.transfers = transfers;
    this.pattern = Uint8Array.from(
      { length: guardBytes },
      (_, k) => 1 + ((k * PATTERN_STEP + PATTERN_STEP) % PATTERN_VALUES),
    );
  }

  /** Whether allocations in chunks like this one have guards. */
  isFor(chunk: Chunk<Buffer>): boolean {
    return this.pattern.length > 0 && !chunk.adopted && chunk.pool.kind.location === 'gpu';
  }

  /** Bytes to reserve for an allocation of `size` in a pool of this location. */
  bytesFor(location: string, size: number): number {
    if (this.pattern.length === 0 || location !== 'gpu') return size;
    return roundUp(size, 4) + this.pattern.length;
  }

  /** The size of the largest allocation that `bytes` hold, guard and all. */
  sizeIn(location: string, bytes: number): number {
    if (this.pattern.length === 0 || location !== 'gpu') return bytes;
    const size = bytes - this.pattern.length;
    return Math.max(0, size - (size % 4));
  }

  /** Writes the guard of an allocation that is `size` bytes long. */
  arm(chunk: Chunk<Buffer>, handle: number, size: number): void {
    if (!this.isFor(chunk)) return;
    this.transfers.write(chunk, chunk.suballocator.offsetOf(handle) + roundUp(size, 4), this.pattern);
  }

  /** Those whose guards have changed. Rejects with OutOfMemoryError, for the staging, and BackendError. */
  async check(): Promise<GuardDamage[]> {
    const guarded = this.collect();
    const found = await this.read(guarded);
    const damages: GuardDamage[] = [];
    for (const [k, { isRead, owner, piece }] of guarded.entries()) {
      // Nobody wants to hear of what has been freed or moved since.
      if (!isRead || owner.chunk !== piece.chunk || owner.handle !== piece.handle) continue;
      const bytes = found[k] as Uint8Array;
      const first = bytes.findIndex((byte, at) => byte !== this.pattern[at]);
      if (first === -1) continue;
      damages.push({
        label: owner.label,
        owner: owner.owner,
        chunkId: piece.chunk.id,
        offset: piece.offset + first,
        distance: first,
        changedCount: bytes.reduce((sum, byte, at) => (byte === this.pattern[at] ? sum : sum + 1), 0),
      });
    }
    return damages;
  }

  /** The bytes of each guard; of one that has gone meanwhile, any. */
  private async read(guarded: readonly Guarded<Buffer>[]): Promise<Uint8Array[]> {
    try {
      return await this.transfers.readMany(guarded.map(({ piece }) => piece));
    } catch (error) {
      if (error === NOTHING_LEFT) return [];
      throw error;
    }
  }

  private collect(): Guarded<Buffer>[] {
    const guarded: Guarded<Buffer>[] = [];
    let stead: Place<Buffer> | undefined;
    // All are located in one go, so that one that is there stays there.
    const findStead = (): Place<Buffer> => {
      stead ??= guarded.find(({ isThere }) => isThere)?.piece;
      if (stead === undefined) throw NOTHING_LEFT;
      return stead;
    };
    const { length } = this.pattern;
    for (const pool of this.memory.pools) {
      for (const chunk of pool.chunks) {
        if (!this.isFor(chunk) || chunk.refusal !== undefined) continue;
        // What is on its way within a chunk has two ranges of it.
        for (const owner of new Set(chunk.liveOwners())) {
          // Nothing else lives where shaders read and write.
          const guardedOwner = owner as Allocation<Buffer> | OwnerRecord<Buffer>;
          // Nor has what is on its way here been written yet.
          if (guardedOwner.chunk !== chunk) continue;
          guarded.push(new Guarded(guardedOwner, chunk, length, findStead));
        }
      }
    }
    return guarded;
  }
}
