/**
 * Restore: evicted allocations come back into memory, many of them together.
 *
 * Layout   what has room comes at once; for the rest those go who are worth less, all in one read-back, and
 *          their places are taken in the same turn.
 * Promise  nobody else's bytes are touched; one that finds no room stays evicted, with its bytes. Nothing is
 *          written before the device has granted the buffer.
 */

import type { Handle } from '../../base/quantities.ts';
import { runAll } from '../../base/run-all.ts';
import type { Chunk } from '../../memory/chunk.ts';
import { type Wanted, wantedIn } from '../../memory/evictor.ts';
import type { Memory } from '../../memory/memory.ts';
import type { Pool } from '../../memory/pool.ts';
import { NO_SPACE } from '../../ranges/suballocator.ts';
import type { Eviction } from './eviction.ts';
import { type EvictionChoice, EvictionRound, type Sacrifice } from './eviction-round.ts';
import type { AbortSignalLike } from './residency-options.ts';
import type { Resident, Residents } from './resident.ts';
import type { ThrashWatch } from './thrash-watch.ts';
import { checkAborted } from './waiting.ts';

/** What has come back so far. */
export interface RestoreFigures {
  restoredCount: number;
  restoredBytes: number;
}

/** A place that was taken. */
interface Placed<Buffer, R> {
  readonly resident: R;
  /** Its size then. */
  readonly size: number;
  readonly chunk: Chunk<Buffer>;
  readonly handle: Handle;
}

/** Rounds in a row in which nothing has come back, after which there is no room. */
const MOST_VAIN_ROUNDS = 32;

export class Restore<Buffer, R extends Resident<Buffer>> {
  readonly figures: RestoreFigures = { restoredCount: 0, restoredBytes: 0 };
  private readonly memory: Memory<Buffer>;
  private readonly residents: Residents<Buffer, R>;
  private readonly eviction: Eviction<Buffer, R>;
  private readonly thrash: ThrashWatch;
  private readonly checkUsable: () => void;
  private readonly flush: () => void;

  /** `checkUsable` throws when the heap is no more; `flush` submits what has been written. */
  constructor(
    memory: Memory<Buffer>,
    residents: Residents<Buffer, R>,
    eviction: Eviction<Buffer, R>,
    thrash: ThrashWatch,
    checkUsable: () => void,
    flush: () => void,
  ) {
    this.memory = memory;
    this.residents = residents;
    this.eviction = eviction;
    this.thrash = thrash;
    this.checkUsable = checkUsable;
    this.flush = flush;
  }

  /** What it needs to come back. @throws UsageError `disposed` when its pool is no more */
  wantedOf(resident: R): Wanted<Buffer> {
    const pool = this.residents.poolOf(resident);
    const size = this.residents.bytesOf(resident, pool);
    return wantedIn(pool, size, resident.alignment, resident.dedicated, this.residents.apartFrom(resident));
  }

  /**
   * Those that are loaded come back; whoever the choice allows goes for them. What finds no room, and nobody
   * to go for it, is answered.
   */
  async bring(
    loaded: readonly R[],
    choice: EvictionChoice,
    signal: AbortSignalLike | undefined,
  ): Promise<R[]> {
    let left = this.evictedOf(loaded).sort((a, b) => b.size - a.size);
    for (let vain = 0; left.length > 0 && vain < MOST_VAIN_ROUNDS; ) {
      checkAborted(signal);
      let placed = this.placeWithRoom(left);
      if (placed.length === 0) {
        const round = new EvictionRound(this.memory, this.residents, choice);
        const plans = left.map((resident) => ({ resident, plan: round.find(this.wantedOf(resident)) }));
        const victims = new Set(plans.flatMap(({ plan }) => plan?.victims ?? []));
        if (plans.every(({ plan }) => plan === undefined)) return left;
        await this.eviction.evictAll([...victims], 'pressure', this.checkUsable);
        checkAborted(signal);
        placed = plans.flatMap(({ resident, plan }) => this.placeAsPlanned(resident, plan));
      }
      vain = (await this.settleAll(placed)) === 0 ? vain + 1 : 0;
      left = this.evictedOf(left);
    }
    return left;
  }

  /** Those that wait with their bytes. */
  evictedOf(residents: readonly R[]): R[] {
    return residents.filter((each) => {
      return each.isLive && each.chunk === undefined && this.residents.isLoaded(each);
    });
  }

  private placeWithRoom(left: readonly R[]): Placed<Buffer, R>[] {
    const placed: Placed<Buffer, R>[] = [];
    try {
      for (const resident of left) {
        const wanted = this.wantedOf(resident);
        const handle = this.tryPlace(resident, wanted);
        if (handle !== NO_SPACE) placed.push({ resident, size: resident.size, chunk: this.found, handle });
      }
    } catch (error) {
      this.giveUp(placed);
      throw error;
    }
    return placed;
  }

  private tryPlace(resident: R, { pool, alignment, dedicated, apart }: Wanted<Buffer>): Handle {
    const size = this.residents.bytesOf(resident, pool);
    const owner = this.residents.ownerOf(resident);
    return this.memory.tryPlace(pool, size, alignment, owner, apart, dedicated);
  }

  private get found(): Chunk<Buffer> {
    return this.memory.found as Chunk<Buffer>;
  }

  /** The place that was made for it, before anybody else takes it. */
  private placeAsPlanned(resident: R, plan: Sacrifice<Buffer, R> | undefined): Placed<Buffer, R>[] {
    const { memory, residents } = this;
    if (plan === undefined || this.evictedOf([resident]).length === 0) return [];
    const { place } = plan;
    const pool = residents.poolOf(resident);
    // It may have been given back meanwhile, or its pool.
    if (place === undefined || !pool.chunks.includes(place.chunk)) return [];
    const size = residents.bytesOf(resident, pool);
    pool.keepLeaving();
    const handle = memory.placeAt(
      place.chunk,
      place.offset,
      size,
      resident.alignment,
      residents.ownerOf(resident),
    );
    return handle === NO_SPACE ? [] : [{ resident, size: resident.size, chunk: place.chunk, handle }];
  }

  /** Answers how many have come back. */
  private async settleAll(placed: readonly Placed<Buffer, R>[]): Promise<number> {
    try {
      await this.untilGranted(placed);
    } catch (error) {
      this.giveUp(placed);
      throw error;
    }
    const settled: R[] = [];
    for (const [k, each] of placed.entries()) {
      const { resident, chunk, handle } = each;
      // One that came before it in this batch may be one that it must not share a buffer with.
      const isFine = this.isThere(each) && chunk.refusal === undefined;
      if (!isFine || this.residents.apartFrom(resident).includes(chunk)) {
        this.giveUp([each]);
        continue;
      }
      const since = this.residents.pressedOutAt(resident);
      try {
        this.residents.settle(resident, chunk, handle);
      } catch (error) {
        this.giveUp(placed.slice(k));
        this.finish(settled);
        throw error;
      }
      settled.push(resident);
      if (since !== undefined) this.thrash.noteReturned(resident.size, this.memory.boundaries.count - since);
      this.figures.restoredCount++;
      this.figures.restoredBytes += resident.size;
    }
    this.finish(settled);
    return settled.length;
  }

  /** Waits for the device's word on each chunk; the word of another device, after a rebuild, counts alone. */
  private async untilGranted(placed: readonly Placed<Buffer, R>[]): Promise<void> {
    for (;;) {
      const late = placed.find(
        (each) => this.isThere(each) && !each.chunk.isGranted && each.chunk.refusal === undefined,
      );
      if (late === undefined) return;
      await this.memory.endings.until(late.chunk.settled);
      this.checkUsable();
    }
  }

  /** These are back: what was written is submitted, and they are told. */
  private finish(settled: readonly R[]): void {
    if (settled.length === 0) return;
    runAll([
      () => this.flush(),
      () => this.residents.keepUntilDone(settled),
      ...settled.map((resident) => () => resident.tellMoved()),
    ]);
  }

  /** Whether it still waits for its place, and the place for it. */
  private isThere({ resident, size, chunk }: Placed<Buffer, R>): boolean {
    const isPlaceThere = (chunk.pool as Pool<Buffer>).chunks.includes(chunk);
    return isPlaceThere && resident.size === size && this.evictedOf([resident]).length > 0;
  }

  /** Places that nothing was written to are free at once. */
  private giveUp(placed: readonly Placed<Buffer, R>[]): void {
    for (const { chunk, handle } of placed) {
      if ((chunk.pool as Pool<Buffer>).chunks.includes(chunk)) this.memory.cancel(chunk, handle);
    }
  }
}
