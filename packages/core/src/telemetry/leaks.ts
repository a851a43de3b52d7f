/**
 * Leaks: allocations that were never freed; those still live at the end, and those that nobody can free any
 * more because their object has been collected.
 *
 * Layout   a record stands for an allocation where the object must not: in the engine's list of what to
 *          watch, and wherever the heap looks up who has a range.
 * Cost     nothing where no tracker is made. Else watch and forget are O(1), and the engine keeps an entry
 *          for each allocation.
 * Promise  a collected allocation is told once, and no sooner than nothing refers to it; one that was
 *          forgotten, or whose tracker was disposed of, is not told. The tracker keeps records alive, never
 *          allocations.
 * Refusal  when garbage is collected, if ever, is the engine's choice. Who keeps only `buffer` and `offset`
 *          of an allocation, as a bind group does, has dropped it.
 */
import { UsageError } from '../base/errors.ts';
import { type AllocationReport, bySize } from './report.ts';

/** `disposed`: still live when its heap was; `collected`: its object was dropped without `free()`. */
export type LeakReason = 'disposed' | 'collected';

/** An allocation that was never freed. */
export interface LeakReport extends AllocationReport {
  readonly reason: LeakReason;
}

/**
 * Stands for an allocation. From here no road may lead to its object, not by a closure either, or it is never
 * collected.
 */
export interface LeakRecord {
  /** The allocation as it is now. */
  report(): AllocationReport;
}

/** What the tracker needs of a `FinalizationRegistry`. */
export interface CollectionRegistry<R> {
  register(target: object, record: R, token: object): void;
  /** Whether the token's target was registered. */
  unregister(token: object): boolean;
}

/** Who is told of leaks. */
interface LeakListener<R> {
  onLeak(leak: LeakReport, record: R): void;
}

/** Makes a registry that calls `onCollected`, later, for each target that was collected. */
export type RegistryMaker<R> = (onCollected: (record: R) => void) => CollectionRegistry<R>;

/** What is still live when a heap is disposed of, largest first. O(n log n). */
export function listLeaks(live: Iterable<AllocationReport>): LeakReport[] {
  return Array.from(live, (each): LeakReport => ({ ...each, reason: 'disposed' })).sort(bySize);
}

/** Tells of allocations whose objects were collected before they were freed. See the head of the file. */
export class LeakTracker<R extends LeakRecord> {
  /** Allocations that are watched. */
  watchedCount = 0;
  /** Leaks told. */
  leakCount = 0;
  private readonly registry: CollectionRegistry<R>;
  private readonly listener: LeakListener<R>;
  private isDisposed = false;

  /**
   * `onLeak` is called in a turn of its own; the range is the callback's to give back. `makeRegistry`
   * replaces the engine's `FinalizationRegistry`.
   * @throws UsageError `bad-argument` where neither is there
   */
  constructor(onLeak: (leak: LeakReport, record: R) => void, makeRegistry?: RegistryMaker<R>) {
    this.listener = { onLeak };
    this.registry = (makeRegistry ?? makeEngineRegistry)((record) => this.collected(record));
  }

  /** Watches over an allocation that begins to live; `record` stands for it. */
  watch(allocation: object, record: R): void {
    this.registry.register(allocation, record, record);
    this.watchedCount++;
  }

  /** The allocation of a record has been freed. Nothing happens when it is not watched. */
  forget(record: R): void {
    if (this.registry.unregister(record)) this.watchedCount--;
  }

  /** Tells nothing any more. */
  dispose(): void {
    this.isDisposed = true;
  }

  private collected(record: R): void {
    if (this.isDisposed) return;
    this.watchedCount--;
    this.leakCount++;
    this.listener.onLeak({ ...record.report(), reason: 'collected' }, record);
  }
}

function makeEngineRegistry<R>(onCollected: (record: R) => void): CollectionRegistry<R> {
  if (typeof FinalizationRegistry !== 'function') {
    throw new UsageError(
      'bad-argument',
      'this engine has no FinalizationRegistry; pass one, or do without leaks by collection',
    );
  }
  return new FinalizationRegistry(onCollected);
}

/** Calls of a stack that are kept. */
const MOST_CALLS = 32;

/**
 * The calls that led here, a line each, without the function itself; undefined where the engine keeps none.
 * Some microseconds. The text is made at once: what the engine keeps to make it later would keep objects
 * alive.
 */
export function takeStack(): string | undefined {
  const engine = Error as { stackTraceLimit?: number };
  const limit = engine.stackTraceLimit;
  // The first dozen are the heap's own.
  if (limit !== undefined) engine.stackTraceLimit = MOST_CALLS;
  const { stack } = new Error();
  if (limit !== undefined) engine.stackTraceLimit = limit;
  // Hosts may make something else of it than text.
  if (typeof stack !== 'string') return undefined;
  const lines = stack.split('\n');
  // Some engines begin with the error's name; all go on with this function.
  const own = lines[0]?.startsWith('Error') ? 2 : 1;
  return lines
    .slice(own)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}
