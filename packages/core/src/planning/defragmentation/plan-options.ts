/** Plan options: how a defragmentation is planned, checked at the door. */
import { checkInteger, checkOneOf, checkOptions, show } from '../../base/check.ts';
import { UsageError } from '../../base/errors.ts';
import type { FragmentChunk, FragmentRange, Fragments } from './fragments.ts';
import type { PoolSettings } from './pool-plan.ts';

/** How much a defragmentation does: see `evacuate.ts` for the first two and `rewrite.ts` for the last. */
export type DefragmentationStrategy = 'fast' | 'balanced' | 'full';

/** What is planned, and within what limits. All optional. */
export interface PlanOptions {
  /**
   * `fast` empties chunks that are at most half full, `balanced` as many as the others have holes for, `full`
   * packs everything anew: one hole a chunk, in as few chunks as can be. Default `balanced`.
   */
  readonly strategy?: DefragmentationStrategy;
  /**
   * Where ranges go: `across` to other chunks, `within` towards the start of their own, `both`: what stays in
   * its chunk slides together, so that one hole is left of it, and what others leave goes there. Where `full`
   * packs a chunk anew elsewhere, nothing slides in it. Default: `both` for `full`, else `across`.
   */
  readonly scope?: 'across' | 'within' | 'both';
  /** The most that one pass copies, in bytes. A range that is longer never moves. Default: no limit. */
  readonly bytesPerPass?: number;
  /** The most moves of one pass. Default: no limit. */
  readonly movesPerPass?: number;
  /** The longest that one pass is planned for, in milliseconds of `clock`. Default: no limit. */
  readonly millisecondsPerPass?: number;
  /** Milliseconds since some moment, such as `performance.now`; needed for a limit of time. */
  readonly clock?: () => number;
  /** Chunks that `full` may ask for in a pool, each as large as the largest that it tidies up. Default 1. */
  readonly spareChunks?: number;
  /** Whether the backend copies within a buffer, as WebGPU does not. Default false. */
  readonly copiesWithinBuffer?: boolean;
  /** The longest range that goes by way of scratch, in bytes; longer ones do not slide. Default: any. */
  readonly scratchBytes?: number;
  /**
   * When ranges may be reused, as the backend says: `submitted`, and a range may slide over its own place; or
   * `completed`, and it goes only to where nothing was before its pass. Default `submitted`, as on WebGPU.
   */
  readonly reuseAfter?: 'submitted' | 'completed';
  /** Whether a range may be moved, asked once for each. Default: all but the pinned ones. */
  readonly mayMove?: (range: FragmentRange, chunk: FragmentChunk) => boolean;
  /**
   * What moving a range costs; Infinity where it must not. Chunks that cost the least are emptied first.
   * Default: its bytes.
   */
  readonly moveCost?: (range: FragmentRange, chunk: FragmentChunk) => number;
}

/** The options with nothing left out. */
export interface PlanSettings extends PoolSettings {
  readonly bytesPerPass: number;
  readonly movesPerPass: number;
  readonly millisecondsPerPass: number;
  readonly clock: (() => number) | undefined;
}

const KNOWN = [
  'strategy',
  'scope',
  'bytesPerPass',
  'movesPerPass',
  'millisecondsPerPass',
  'clock',
  'spareChunks',
  'copiesWithinBuffer',
  'scratchBytes',
  'reuseAfter',
  'mayMove',
  'moveCost',
];

/** @throws UsageError `bad-argument`, `unknown-option`, `bad-size` */
export function checkPlanOptions(fragments: Fragments, options: PlanOptions): PlanSettings {
  checkOptions(options, 'options', KNOWN);
  checkFragments(fragments);
  const { strategy = 'balanced', clock, mayMove, moveCost } = options;
  checkOneOf(strategy, 'strategy', ['fast', 'balanced', 'full']);
  const { scope = strategy === 'full' ? 'both' : 'across' } = options;
  checkOneOf(scope, 'scope', ['across', 'within', 'both']);
  const { spareChunks = 1, copiesWithinBuffer = false, reuseAfter = 'submitted' } = options;
  checkOneOf(reuseAfter, 'reuseAfter', ['submitted', 'completed']);
  checkInteger(spareChunks, 'spareChunks', 0, 2 ** 20, 'bad-argument');
  if (typeof copiesWithinBuffer !== 'boolean') {
    throw new UsageError(
      'bad-argument',
      `copiesWithinBuffer is ${show(copiesWithinBuffer)}; pass true or false`,
    );
  }
  for (const [name, value] of Object.entries({ clock, mayMove, moveCost })) {
    if (value === undefined || typeof value === 'function') continue;
    throw new UsageError('bad-argument', `${name} is ${show(value)}; pass a function`);
  }
  const scratchBytes = checkLimit(options.scratchBytes, 'scratchBytes');
  const bytesPerPass = checkLimit(options.bytesPerPass, 'bytesPerPass');
  const movesPerPass = checkLimit(options.movesPerPass, 'movesPerPass');
  const millisecondsPerPass = checkTime(options.millisecondsPerPass, clock);
  const limits = { bytesPerPass, movesPerPass, millisecondsPerPass, clock };
  const rules = { mostBytes: bytesPerPass, mayMove, moveCost };
  const backend = { copiesWithinBuffer, scratchBytes, reuseAfter };
  return { strategy, scope, spareChunks, ...backend, rules, ...limits };
}

function checkLimit(value: number | undefined, name: string): number {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  checkInteger(value, name, 1, Number.MAX_SAFE_INTEGER, 'bad-size');
  return value;
}

function checkTime(value: number | undefined, clock: (() => number) | undefined): number {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (typeof value !== 'number' || !(value > 0)) {
    throw new UsageError(
      'bad-argument',
      `millisecondsPerPass is ${show(value)}; pass a number of milliseconds above 0`,
    );
  }
  if (clock === undefined) {
    throw new UsageError(
      'bad-argument',
      'millisecondsPerPass needs a clock; pass clock: () => performance.now()',
    );
  }
  return value;
}

function checkFragments(fragments: Fragments): void {
  const unchecked: unknown = fragments;
  const chunks = (unchecked as Fragments | null | undefined)?.chunks;
  if (!Array.isArray(chunks)) {
    throw new UsageError('bad-argument', `fragments is ${show(unchecked)}; pass { chunks } or a snapshot`);
  }
  const ids = new Set<number>();
  for (const chunk of chunks as readonly FragmentChunk[]) {
    checkInteger(chunk?.id, 'the id of a chunk', 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
    checkInteger(chunk.sizeBytes, `sizeBytes of chunk ${chunk.id}`, 1, Number.MAX_SAFE_INTEGER, 'bad-size');
    if (ids.has(chunk.id)) {
      throw new UsageError('bad-argument', `two chunks have the id ${chunk.id}; give each its own`);
    }
    ids.add(chunk.id);
    if (typeof chunk.pool === 'string' && typeof chunk.ranges?.[Symbol.iterator] === 'function') continue;
    throw new UsageError(
      'bad-argument',
      `chunk ${chunk.id} has pool ${show(chunk.pool)} and ranges ${show(chunk.ranges)}; pass a name and what can be iterated`,
    );
  }
}
