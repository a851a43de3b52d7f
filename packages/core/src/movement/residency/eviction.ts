/**
 * Eviction: residents leave the GPU's memory, those that are clean at once, the others when they were read.
 *
 * Promise  nobody goes without bytes that somebody has; who is used while it is read stays.
 */
import { Departure, type ReadBack } from './read-back.ts';
import type { EvictionReason, Resident, Residents } from './resident.ts';
import type { ThrashWatch } from './thrash-watch.ts';

/** What has left so far. */
export interface EvictionFigures {
  evictedCount: number;
  evictedBytes: number;
  /** Those that were dropped, of the evicted. */
  droppedCount: number;
  readBackBytes: number;
}

export class Eviction<Buffer, R extends Resident<Buffer>> {
  readonly figures: EvictionFigures = {
    evictedCount: 0,
    evictedBytes: 0,
    droppedCount: 0,
    readBackBytes: 0,
  };
  private readonly residents: Residents<Buffer, R>;
  private readonly readBack: ReadBack<Buffer, R>;
  private readonly thrash: ThrashWatch;
  private untold: R[] = [];

  constructor(residents: Residents<Buffer, R>, readBack: ReadBack<Buffer, R>, thrash: ThrashWatch) {
    this.residents = residents;
    this.readBack = readBack;
    this.thrash = thrash;
  }

  /** Those that are clean, and free to go, go now. */
  evictClean(victims: readonly R[]): void {
    for (const victim of victims) this.evict(victim, undefined, 'pressure');
  }

  /**
   * Answers those that have gone. `checkUsable` throws when the heap is no more. Rejects with
   * OutOfMemoryError, for the staging, and BackendError, and then nobody has gone.
   */
  async evictAll(victims: readonly R[], reason: EvictionReason, checkUsable: () => void): Promise<R[]> {
    const { residents } = this;
    const departures = victims.map((victim) => new Departure<Buffer, R>(victim));
    const dirty = departures.filter(({ resident }) => !residents.isClean(resident));
    let read: ReadonlyMap<R, Uint8Array> = new Map();
    if (dirty.length > 0) {
      read = await this.readBack.read(dirty);
      checkUsable();
    }
    const gone: R[] = [];
    for (const departure of departures) {
      const { resident } = departure;
      const bytes = read.get(resident);
      if (!departure.isReady || (bytes === undefined && !residents.isClean(resident))) continue;
      this.evict(resident, bytes, reason);
      gone.push(resident);
    }
    return gone;
  }

  private evict(resident: R, bytes: Uint8Array | undefined, reason: EvictionReason): void {
    const { figures } = this;
    const { size } = resident;
    this.residents.evict(resident, bytes, reason);
    figures.evictedCount++;
    figures.evictedBytes += size;
    if (bytes === undefined) figures.droppedCount++;
    else figures.readBackBytes += size;
    if (reason === 'pressure') this.thrash.noteEvicted(size);
    this.untold.push(resident);
  }

  /** Those that have gone since the last time, to be told of it. */
  takeUntold(): readonly R[] {
    const { untold } = this;
    if (untold.length === 0) return untold;
    this.untold = [];
    return untold.filter(({ isLive, chunk }) => isLive && chunk === undefined);
  }
}
