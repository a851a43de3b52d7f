/**
 * Ladder: what is tried when a pool has no room, in this order, and what is said when all of it failed.
 *
 *   give empty chunks back → make a chunk → a smaller chunk → evict → fail
 *
 * Before it fails for good the application is asked for memory, once a request, and everything is tried
 * again.
 *
 * Cost     O(chunks) a rung; explaining a failure costs O(ranges of the pool).
 * Promise  the pool's limits and the budget are asked before the device is. The remedy that a failure names
 *          serves the same request, unless the device itself refuses for ever.
 * Refusal  reclaiming comes before this, waiting after it: see `memory.ts` and `heap/allocate-async.ts`, and
 *          `movement/residency/residency.ts` for what is evicted.
 */
import type { LimitedBackend } from '../backend/limited-backend.ts';
import { show } from '../base/check.ts';
import { BackendError, OutOfMemoryError, type OwnerBytes, type Remedy, UsageError } from '../base/errors.ts';
import { roundUp } from '../base/quantities.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import type { Chunk } from './chunk.ts';
import type { Chunks } from './chunks.ts';
import type { Evictor, Wanted } from './evictor.ts';
import { nextChunkBytes, type Watermark, wholeChunkBytes } from './growth.ts';
import { LEAST_WHOLE_BYTES, type Pool } from './pool.ts';

/** What the ladder needs of the memory that it serves. */
export interface LadderHost<Buffer> {
  readonly backend: LimitedBackend<Buffer>;
  readonly watermark: Watermark;
  readonly pools: readonly Pool<Buffer>[];
  readonly pendingBytes: number;
  readonly releases: { readonly awaitsBoundary: boolean };
  readonly chunks: Chunks<Buffer>;
  /** What is being read, and is free again when it was, in bytes of a pool or of all. */
  readonly reads: { readonly count: number; holdsAll(chunk: Chunk<Buffer>): boolean };
  readonly evictor: Evictor<Buffer> | undefined;
  reclaim(): boolean;
  readonly followers: { readonly idleBytes: number; trim(): number };
}

/** Why the application is asked for memory. Bytes. */
export interface Pressure {
  readonly reason: 'over-budget' | 'pool-full' | 'refused-by-device';
  readonly requestedBytes: number;
  readonly reservedBytes: number;
  readonly budgetBytes: number;
}

interface Refusal {
  readonly reason: Pressure['reason'];
  readonly cause: OutOfMemoryError | undefined;
}

export class Ladder<Buffer> {
  /** Called before a request fails, once a request; it may free things, trim, raise the budget. */
  onPressure: ((pressure: Pressure) => void) | undefined;
  private readonly host: LadderHost<Buffer>;
  private readonly listOwners: () => readonly OwnerBytes[];
  private refusal: Refusal = { reason: 'over-budget', cause: undefined };
  private wanted: Wanted<Buffer> | undefined;
  private isAsking = false;

  /** `listOwners`: those that hold the most, for errors. */
  constructor(host: LadderHost<Buffer>, listOwners: () => readonly OwnerBytes[]) {
    this.host = host;
    this.listOwners = listOwners;
  }

  /**
   * A new chunk with room for `size`, of no more than `mostBytes` unless `size` needs them, or undefined:
   * then `explain` says why.
   * @throws UsageError `too-large` · BackendError
   */
  grow(
    pool: Pool<Buffer>,
    size: number,
    dedicated: boolean,
    mostBytes: number = Number.POSITIVE_INFINITY,
  ): Chunk<Buffer> | undefined {
    const { host } = this;
    if (host.backend.isLost) {
      throw new BackendError('device-lost', 'the device is lost; rebuild this heap on another device');
    }
    this.wanted = undefined;
    const least = this.leastBytes(pool, size);
    const usual = this.wantedBytes(pool, size, dedicated);
    const wanted = Math.max(least, Math.min(usual, wholeSteps(mostBytes, this.stepOf(pool))));
    if (this.largestGrowth(pool) >= least) {
      // The watermark knows nothing of textures and staging.
      const { textureBytes, stagingBytes } = host.backend;
      const allowedBytes = host.watermark.allowedBytes + textureBytes + stagingBytes;
      host.chunks.trimOutgrown(pool, size);
      host.chunks.trimSpare(Math.max(0, allowedBytes - wanted), host.watermark.spareStagingBytes);
    }
    return this.descend(pool, least, wanted, dedicated);
  }

  /**
   * A new chunk of a pool that takes nothing from others, with room for `size` or for as much as a chunk has;
   * undefined when limits, budget or device refuse: then `explain` says why.
   * @throws UsageError `too-large` · BackendError
   */
  growAhead(pool: Pool<Buffer>, size: number): Chunk<Buffer> | undefined {
    this.wanted = undefined;
    const bytes = Math.min(size, pool.kind.chunkBytes);
    const least = this.leastBytes(pool, bytes);
    for (let wanted = Math.max(least, this.wantedBytes(pool, bytes, false)); ; ) {
      const chunk = this.tryCreate(pool, wanted, false);
      if (chunk !== undefined || wanted <= least) return chunk;
      wanted = this.halfOf(pool, wanted, least);
    }
  }

  private halfOf(pool: Pool<Buffer>, bytes: number, least: number): number {
    return Math.max(least, roundUp(Math.floor(bytes / 2), this.stepOf(pool)));
  }

  /**
   * Bytes of the smallest buffer that holds `size`.
   * @throws UsageError `too-large`
   */
  leastBytes(pool: Pool<Buffer>, size: number): number {
    const { maxBufferSize } = this.host.backend.limits;
    const least = roundUp(size, this.stepOf(pool));
    if (least > maxBufferSize) {
      throw new UsageError(
        'too-large',
        `${size} bytes do not fit one buffer, at most ${maxBufferSize} on this device; split the data or raise the limit`,
      );
    }
    return least;
  }

  private stepOf(pool: Pool<Buffer>): number {
    return Math.max(pool.kind.granularity, this.host.backend.limits.copyAlignment);
  }

  private wantedBytes(pool: Pool<Buffer>, size: number, dedicated: boolean): number {
    const { backend } = this.host;
    const { placement } = pool.kind;
    const step = this.stepOf(pool);
    if (dedicated) return roundUp(size, step);
    const { maxBufferSize } = backend.limits;
    const wanted =
      placement === 'whole'
        ? wholeChunkBytes(size, LEAST_WHOLE_BYTES)
        : nextChunkBytes(size, pool.reservedBytes, pool.kind, step);
    const most = Math.min(maxBufferSize, pool.refusedBytes / 2);
    return Math.min(roundUp(wanted, step), Math.max(step, wholeSteps(most, step)));
  }

  private descend(
    pool: Pool<Buffer>,
    least: number,
    wanted: number,
    dedicated: boolean,
  ): Chunk<Buffer> | undefined {
    const { host } = this;
    let bytes = wanted;
    for (;;) {
      const chunk = this.tryCreate(pool, bytes, dedicated);
      if (chunk !== undefined) return chunk;
      // Empty chunks go only where that can help: a smaller request may still want them.
      const helps = this.refusal.reason === 'refused-by-device' || this.largestGrowth(pool) >= least;
      if ((helps && host.chunks.trimTo(0) > 0) || host.followers.trim() > 0) continue;
      if (bytes <= least) return undefined;
      bytes = this.halfOf(pool, bytes, least);
    }
  }

  private tryCreate(pool: Pool<Buffer>, bytes: number, dedicated: boolean): Chunk<Buffer> | undefined {
    const { host } = this;
    if (!pool.mayGrowBy(bytes)) {
      this.refusal = { reason: 'pool-full', cause: undefined };
      return undefined;
    }
    if (!host.backend.mayReserve(bytes)) {
      this.refusal = { reason: 'over-budget', cause: undefined };
      return undefined;
    }
    try {
      return host.chunks.create(pool, bytes, dedicated);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      this.refusal = { reason: 'refused-by-device', cause: error };
      return undefined;
    }
  }

  /** Asks the application for memory. Whether it was asked, so that another try makes sense. */
  askForMemory(requestedBytes: number, reason: Pressure['reason'] = this.refusal.reason): boolean {
    if (this.onPressure === undefined || this.isAsking) return false;
    const { reservedBytes, budgetBytes } = this.host.backend;
    this.isAsking = true;
    try {
      this.onPressure({ reason, requestedBytes, reservedBytes, budgetBytes });
    } finally {
      this.isAsking = false;
    }
    this.host.reclaim();
    return true;
  }

  /**
   * Bytes of the largest buffer that this pool could be given now, as far as the heap can tell. O(chunks).
   */
  largestGrowth(pool: Pool<Buffer>): number {
    return this.growthWithout(pool, (chunk) => chunk.rangeCount === 0);
  }

  /** Notes what could not be placed, so that `explain` knows; the next growth forgets it. */
  note(wanted: Wanted<Buffer>): void {
    this.wanted = wanted;
  }

  /** The error for what has just failed. O(ranges of the pool). */
  explain(pool: Pool<Buffer>, size: number): OutOfMemoryError {
    const { backend, pendingBytes } = this.host;
    const { reason, cause } = this.refusal;
    const noted = this.wanted;
    const wanted: Wanted<Buffer> =
      noted?.pool === pool ? noted : { pool, bytes: size, alignment: 1, dedicated: false, apart: [] };
    this.wanted = undefined;
    const { largestFreeBytes, freeBytes, fitsLater } = this.survey(wanted);
    const { reservedBytes, budgetBytes } = backend;
    const remedy = this.remedyFor(wanted, fitsLater);
    const owners = this.listOwners();
    return new OutOfMemoryError(
      reason,
      `no room for ${size} bytes in pool ${pool.kind.name}: largest free range ${largestFreeBytes}, free ${freeBytes}, ` +
        `pending ${pendingBytes}, reserved ${reservedBytes} of a budget of ${budgetBytes}${tellOwners(owners)}; ${ADVICE[remedy]}`,
      { requestedBytes: size, largestFreeBytes, freeBytes, pendingBytes, reservedBytes, budgetBytes },
      { cause, remedy, owners },
    );
  }

  private remedyFor(wanted: Wanted<Buffer>, fitsLater: boolean): Remedy {
    const { host } = this;
    const { pool, bytes } = wanted;
    if (host.pendingBytes > 0 || host.reads.count > 0) {
      const { reason } = this.refusal;
      const growsLater =
        reason !== 'refused-by-device' && this.laterGrowth(pool) >= roundUp(bytes, this.stepOf(pool));
      if (fitsLater || growsLater) return host.releases.awaitsBoundary ? 'end-frame' : 'wait';
    }
    const remedy = host.evictor?.remedyFor(wanted);
    if (remedy !== undefined) return remedy;
    if (this.refusal.reason === 'pool-full') return 'raise-pool-limit';
    return this.refusal.reason === 'over-budget' ? 'raise-budget' : 'free';
  }

  /** As `largestGrowth`, once all that is pending or read has been given back. O(chunks). */
  private laterGrowth(pool: Pool<Buffer>): number {
    const { reads } = this.host;
    return this.growthWithout(
      pool,
      (chunk) =>
        reads.holdsAll(chunk) ||
        (!chunk.hasMarks && chunk.pendingBytes === chunk.suballocator.statistics().used),
    );
  }

  /** Bytes of the largest buffer for `pool` once the chunks that `mayGo` are given back. */
  private growthWithout(pool: Pool<Buffer>, mayGo: (chunk: Chunk<Buffer>) => boolean): number {
    const { backend, pools } = this.host;
    let goneBytes = this.host.followers.idleBytes;
    let ownBytes = 0;
    let ownCount = 0;
    for (const each of pools) {
      const { bytes, count } = each.shrinkable(mayGo);
      goneBytes += bytes;
      if (each !== pool) continue;
      ownBytes = bytes;
      ownCount = count;
    }
    const { kind } = pool;
    if (pool.chunks.length - ownCount >= kind.maxChunks) return 0;
    const room = Math.min(
      backend.limits.maxBufferSize,
      backend.budgetBytes - backend.reservedBytes + goneBytes,
      kind.maxBytes - pool.reservedBytes + ownBytes,
    );
    return Math.max(0, wholeSteps(room, this.stepOf(pool)));
  }

  /** What is free in the shared chunks of a pool, and whether the range fits once what is pending is too. */
  private survey({ pool, bytes, alignment, dedicated, apart }: Wanted<Buffer>): {
    largestFreeBytes: number;
    freeBytes: number;
    fitsLater: boolean;
  } {
    let largestFreeBytes = 0;
    let freeBytes = 0;
    let fitsLater = false;
    const mayShare = !dedicated && pool.kind.placement === 'shared' && bytes < pool.kind.dedicatedBytes;
    for (const chunk of pool.chunks) {
      if (chunk.dedicated || chunk.refusal !== undefined) continue;
      let from = 0;
      let end = 0;
      for (const { offset, size, handle } of chunk.suballocator.ranges()) {
        if (handle === NO_SPACE) {
          freeBytes += size;
          largestFreeBytes = Math.max(largestFreeBytes, size);
        } else if (chunk.ownerOf(handle) !== undefined || chunk.isMarked(handle)) continue;
        if (offset !== end) from = offset;
        end = offset + size;
        if (mayShare && !apart.includes(chunk) && end - roundUp(from, alignment) >= bytes) fitsLater = true;
      }
    }
    return { largestFreeBytes, freeBytes, fitsLater };
  }
}

/** The most bytes in whole steps. */
function wholeSteps(bytes: number, step: number): number {
  return bytes === Number.POSITIVE_INFINITY ? bytes : bytes - (bytes % step);
}

/** Who holds the most, as a part of a sentence. */
function tellOwners(owners: readonly OwnerBytes[]): string {
  if (owners.length === 0) return '';
  return `, most by ${owners.map(({ owner, usedBytes }) => `${show(owner)} (${usedBytes})`).join(', ')}`;
}

/** What to do about it, as a sentence. */
const ADVICE: Record<Remedy, string> = {
  'end-frame':
    'call endFrame() or submitted(): released bytes wait for it, or what this frame uses goes then',
  wait: 'await allocateAsync(): released bytes wait for the GPU',
  evict: 'await allocateAsync(): what may be evicted has to be read back first',
  free: 'free something: the device has no more',
  'raise-budget': 'free something or raise budgetBytes',
  'raise-pool-limit': "free something or raise the pool's limits",
};
