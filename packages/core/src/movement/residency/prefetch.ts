/**
 * Prefetch: hints that something will be needed soon, followed up frame by frame.
 *
 * Promise  a hint takes room that is free, or that of what has not been used for 60 boundaries and is worth
 *          no more; it never pushes out what is in use, and a hint that can not be followed is forgotten.
 */
import type { Memory } from '../../memory/memory.ts';
import type { EvictionChoice } from './eviction-round.ts';
import type { Resident, Residents } from './resident.ts';
import type { Restore } from './restore.ts';

/** What was used less long ago than this gives way to no hint. */
const IDLE_BOUNDARIES = 60;

export class Prefetch<Buffer, R extends Resident<Buffer>> {
  private readonly memory: Memory<Buffer>;
  private readonly residents: Residents<Buffer, R>;
  private readonly restore: Restore<Buffer, R>;
  private readonly choice: EvictionChoice;
  private readonly hints = new Set<R>();
  private readonly loading = new Set<R>();

  constructor(
    memory: Memory<Buffer>,
    residents: Residents<Buffer, R>,
    restore: Restore<Buffer, R>,
    choice: EvictionChoice,
  ) {
    this.memory = memory;
    this.residents = residents;
    this.restore = restore;
    this.choice = { ...choice, idleBoundaries: IDLE_BOUNDARIES };
  }

  /** Whether a hint can be followed. */
  get hasHints(): boolean {
    return this.hints.size > 0;
  }

  /** Hints that have not been followed, those on their way included. */
  get count(): number {
    return this.hints.size + this.loading.size;
  }

  /** These will be needed; what takes time to load begins to. */
  hint(wanted: Iterable<R>): void {
    for (const each of wanted) {
      if (each.chunk !== undefined || this.hints.has(each) || this.loading.has(each)) continue;
      each.neededCount++;
      if (this.residents.isLoaded(each)) this.hints.add(each);
      else this.load(each);
    }
  }

  private load(resident: R): void {
    this.loading.add(resident);
    const { epoch } = this.memory;
    this.residents.load(resident).then(
      () => {
        if (!this.loading.delete(resident)) return;
        if (resident.isLive && this.memory.epoch === epoch) this.hints.add(resident);
        else this.forget(resident);
      },
      () => {
        if (this.loading.delete(resident)) this.forget(resident);
      },
    );
  }

  /** Follows the oldest hints, as far as `bytes` go, and one at least. */
  async bring(bytes: number): Promise<void> {
    const due: R[] = [];
    let sum = 0;
    for (const each of this.hints) {
      if (!each.isLive || each.chunk !== undefined) {
        this.hints.delete(each);
        this.forget(each);
        continue;
      }
      sum += each.size;
      // Those of one batch may push out the same.
      if (due.length > 0 && (sum > bytes || each.rank !== due[0]?.rank)) break;
      due.push(each);
    }
    const [first] = due;
    if (bytes === 0 || first === undefined) return;
    for (const each of due) this.hints.delete(each);
    try {
      await this.restore.bring(due, { ...this.choice, mostRank: first.rank }, undefined);
    } finally {
      for (const each of due) this.forget(each);
    }
  }

  /** All hints are forgotten. */
  clear(): void {
    const all = [...this.hints, ...this.loading];
    this.hints.clear();
    this.loading.clear();
    for (const each of all) this.forget(each);
  }

  private forget(resident: R): void {
    resident.neededCount--;
    if (resident.neededCount === 0 && resident.chunk === undefined) this.residents.unload(resident);
  }
}
