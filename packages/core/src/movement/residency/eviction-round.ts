/**
 * Eviction round: who goes so that what is wanted has room, for several requests together.
 *
 * Layout   a price for every resident: its priority, then how long ago it was used. A request takes the place
 *          in the chunks of its pool whose dearest resident is the cheapest; or whole chunks, also of other
 *          pools, where they are cheaper or there is no such place.
 * Cost     the ranges of a chunk are read once a round: O(ranges), and O(ranges) a request then.
 * Promise  nobody is chosen who is pinned, needed, marked by an open recording, in use by this frame or one
 *          that the GPU has not done; places that are answered do not overlap.
 * Refusal  evicts nobody.
 */
import { leastCommonMultiple, roundUp } from '../../base/quantities.ts';
import type { Chunk } from '../../memory/chunk.ts';
import type { Wanted } from '../../memory/evictor.ts';
import type { Memory } from '../../memory/memory.ts';
import type { Pool } from '../../memory/pool.ts';
import { NO_SPACE } from '../../ranges/suballocator.ts';
import { ChunkView, type EvictionPlace, FREE, type PricedRange } from './chunk-view.ts';
import type { Resident, Residents } from './resident.ts';

/** What those of one priority are ordered by: their last use, or the use before that. */
export type EvictionOrder = 'recency' | 'frequency';

/** Whom a round may choose. */
export interface EvictionChoice {
  readonly order: EvictionOrder;
  /** Only those that can go without being read back. */
  readonly cleanOnly: boolean;
  /** Only those that were last used so many boundaries ago, or earlier. */
  readonly idleBoundaries: number;
  /** Only those of this rank, or a lower one. */
  readonly mostRank: number;
  /**
   * Of the uses of those that may go: that the GPU has done them; that they have been submitted; or nothing,
   * so that this frame may use them still.
   */
  readonly uses: 'done' | 'submitted' | 'any';
}

/** Who goes for the sake of one request. */
export interface Sacrifice<Buffer, R> {
  readonly victims: readonly R[];
  /** Where the request has room then; undefined when it gets a chunk of its own. */
  readonly place: { readonly chunk: Chunk<Buffer>; readonly offset: number } | undefined;
}

/** A priority is worth more than any age. */
const RANK_PRICE: number = 2 ** 44;

export class EvictionRound<Buffer, R extends Resident<Buffer>> {
  private readonly memory: Memory<Buffer>;
  private readonly residents: Residents<Buffer, R>;
  private readonly choice: EvictionChoice;
  private readonly latest: number;
  private readonly views = new Map<Chunk<Buffer>, ChunkView<Buffer, R>>();

  constructor(memory: Memory<Buffer>, residents: Residents<Buffer, R>, choice: EvictionChoice) {
    this.memory = memory;
    this.residents = residents;
    this.choice = choice;
    const { count } = memory.boundaries;
    const over = { done: memory.settledBoundaries, submitted: count, any: count + 1 };
    this.latest = over[choice.uses] - 1;
  }

  /** Who goes for this request; undefined when nobody can help. They are spoken for then. */
  find(wanted: Wanted<Buffer>): Sacrifice<Buffer, R> | undefined {
    const within = this.findPlace(wanted);
    const chunks = this.findChunks(wanted);
    if (chunks === undefined || (within !== undefined && within.place.price <= chunks.price)) {
      if (within === undefined) return undefined;
      const { view, place } = within;
      view.take(place.offset, this.rangeBytes(wanted));
      for (const victim of place.victims) this.takeAll(view, victim);
      return { victims: place.victims, place: { chunk: view.chunk, offset: place.offset } };
    }
    for (const view of chunks.views) view.take(0, view.chunk.sizeBytes);
    return { victims: chunks.victims, place: undefined };
  }

  /** Who goes so that chunks of `bytes` together become empty, or as many as can; the cheapest first. */
  findExcess(bytes: number): R[] {
    const victims: R[] = [];
    let freed = 0;
    for (const { view, place } of this.wholeChunks(this.memory.pools)) {
      if (freed >= bytes) break;
      victims.push(...place.victims);
      freed += view.chunk.sizeBytes;
    }
    return victims;
  }

  private takeAll(view: ChunkView<Buffer, R>, { handle }: R): void {
    const { suballocator } = view.chunk;
    view.take(suballocator.offsetOf(handle), suballocator.sizeOf(handle));
  }

  private rangeBytes({ pool, bytes }: Wanted<Buffer>): number {
    return roundUp(bytes, pool.kind.granularity);
  }

  private findPlace(
    wanted: Wanted<Buffer>,
  ): { view: ChunkView<Buffer, R>; place: EvictionPlace<R> } | undefined {
    const { pool, dedicated, apart } = wanted;
    if (dedicated || pool.kind.placement !== 'shared') return undefined;
    const alignment = leastCommonMultiple(wanted.alignment, pool.kind.granularity);
    let best: { view: ChunkView<Buffer, R>; place: EvictionPlace<R> } | undefined;
    for (const chunk of pool.chunks) {
      if (chunk.dedicated || chunk.refusal !== undefined || apart.includes(chunk)) continue;
      const view = this.viewOf(chunk);
      const place = view.cheapest(this.rangeBytes(wanted), alignment);
      if (place === undefined) continue;
      if (best === undefined || isCheaper(place, best.place)) best = { view, place };
    }
    return best;
  }

  /** The cheapest chunks that make room for a new one. */
  private findChunks(
    wanted: Wanted<Buffer>,
  ): { views: ChunkView<Buffer, R>[]; victims: R[]; price: number } | undefined {
    const { pool, bytes } = wanted;
    const { ladder, backend } = this.memory;
    const least = ladder.leastBytes(pool, bytes);
    const beyond = Math.max(0, backend.reservedBytes - backend.budgetBytes);
    const growth = ladder.largestGrowth(pool);
    // Where there seems to be room the device has refused it.
    const missing = growth >= least ? least : least - growth + beyond;
    const { maxBytes, maxChunks } = pool.kind;
    const isLimited = maxBytes !== Number.POSITIVE_INFINITY || maxChunks !== Number.POSITIVE_INFINITY;
    const candidates = this.wholeChunks(isLimited ? [pool] : this.memory.pools);
    const views: ChunkView<Buffer, R>[] = [];
    const victims: R[] = [];
    let freed = 0;
    for (const { view, place } of candidates) {
      views.push(view);
      victims.push(...place.victims);
      freed += view.chunk.sizeBytes;
      if (freed >= missing) return { views, victims, price: place.price };
    }
    return undefined;
  }

  /** Chunks in which everybody can go, and which then may go themselves; the cheapest first. */
  private wholeChunks(
    pools: readonly Pool<Buffer>[],
  ): { view: ChunkView<Buffer, R>; place: EvictionPlace<R> }[] {
    const found: { view: ChunkView<Buffer, R>; place: EvictionPlace<R> }[] = [];
    for (const each of pools) {
      if (each.kind.location !== 'gpu') continue;
      for (const chunk of each.chunks) {
        if (chunk.adopted || chunk.rangeCount === 0 || !each.mayShrinkBy(chunk)) continue;
        const view = this.viewOf(chunk);
        const place = view.whole;
        if (place !== undefined && place.victims.length > 0) found.push({ view, place });
      }
    }
    return found.sort((a, b) => a.place.price - b.place.price || a.place.bytes - b.place.bytes);
  }

  private viewOf(chunk: Chunk<Buffer>): ChunkView<Buffer, R> {
    const known = this.views.get(chunk);
    if (known !== undefined) return known;
    const made = new ChunkView<Buffer, R>(chunk, this.priced(chunk));
    this.views.set(chunk, made);
    return made;
  }

  private *priced(chunk: Chunk<Buffer>): Generator<PricedRange<R>, void> {
    for (const { offset, size, handle } of chunk.suballocator.ranges()) {
      const owner = handle === NO_SPACE ? undefined : chunk.ownerOf(handle);
      const resident = owner === undefined ? undefined : this.residents.residentOf(owner);
      const price =
        handle === NO_SPACE
          ? FREE
          : resident === undefined
            ? Number.POSITIVE_INFINITY
            : this.priceOf(resident, chunk, handle);
      yield { offset, size, price, resident };
    }
  }

  private priceOf(resident: R, chunk: Chunk<Buffer>, handle: number): number {
    const { rank, usedAt, beforeAt, busyAt } = resident;
    const { order, cleanOnly, idleBoundaries, mostRank } = this.choice;
    const isOut = rank === 0 || rank > mostRank || resident.isHeld || busyAt > this.latest;
    // Ranges that are being left or come to have the same owner.
    if (isOut || resident.chunk !== chunk || resident.handle !== handle || chunk.isMarked(handle)) {
      return Number.POSITIVE_INFINITY;
    }
    if (this.memory.boundaries.count - usedAt < idleBoundaries) return Number.POSITIVE_INFINITY;
    if (cleanOnly && !this.residents.isClean(resident)) return Number.POSITIVE_INFINITY;
    return rank * RANK_PRICE + 1 + (order === 'recency' ? usedAt : beforeAt);
  }
}

function isCheaper(one: EvictionPlace<unknown>, other: EvictionPlace<unknown>): boolean {
  return one.price < other.price || (one.price === other.price && one.bytes < other.bytes);
}
