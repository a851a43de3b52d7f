/**
 * Tightness: how full a span gets, freshly and after long use.
 *
 * Layout   sizes as W1 or W2 has them, rounded up to the alignment so that nobody loses by rounding. For
 *          every seed:
 *          fresh   allocate until the first refusal; filled = requested bytes / span.
 *          aged    fill to the target, then step: free a random live one, and allocate new sizes until the
 *                  next would exceed the target or one is refused. A refusal is a failure; its size is
 *                  forgotten. Live = requested bytes / span, the mean over the second half of the steps.
 *          refill  then allocate until the first refusal again.
 * Promise  the mean over the seeds; every allocator gets a span of the same length, headers included, and the
 *          same sizes as long as it serves them alike.
 */
import { XorShift32 } from '@gpuheap/testing/workloads';
import type { Competitor, Subject } from '../competitors/competitor.ts';

/** Figures in percent. */
export interface Tightness {
  readonly name: string;
  /** Whose sizes. */
  readonly sizes: SizeShape['name'];
  /** Live share that ageing aims at. */
  readonly target: number;
  /** Requested share of the span at the first refusal, fresh. */
  readonly fresh: number;
  /** Share of requests refused while ageing. */
  readonly failed: number;
  readonly failedCount: number;
  readonly requestCount: number;
  /** Mean requested share of the span while ageing. */
  readonly live: number;
  /** Requested share of the span at the first refusal, aged. */
  readonly refilled: number;
}

/** What is asked for: sizes logU(lowest, highest) in bytes, rounded up to the alignment. */
export interface SizeShape {
  readonly name: 'W1' | 'W2';
  readonly spanBytes: number;
  readonly alignment: number;
  readonly lowest: number;
  readonly highest: number;
  /** Ranges live at once, about. */
  readonly liveCount: number;
}

/** W1's sizes on its span. */
export const LARGE_SIZES: SizeShape = {
  name: 'W1',
  spanBytes: 256 * 2 ** 20,
  alignment: 256,
  lowest: 256,
  highest: 2 ** 20,
  liveCount: 2000,
};

/** W2's sizes, on a span that some thousand steps can age. */
export const SMALL_SIZES: SizeShape = {
  name: 'W2',
  spanBytes: 8 * 2 ** 20,
  alignment: 16,
  lowest: 64,
  highest: 4096,
  liveCount: 8000,
};

/** How many seeds an allocator gets that is too slow for all. */
const SLOW_SEEDS = 4;

/** How long. */
export interface AgeOptions {
  /** Steps of ageing, each a free and what fits then. */
  readonly steps: number;
  readonly seeds: number;
}

/** Runs the procedure for every seed; a slow allocator gets fewer of both. O(seeds × steps). */
export function measureTightness(
  competitor: Competitor,
  shape: SizeShape,
  target: number,
  asked: AgeOptions,
): Tightness {
  const steps = Math.min(asked.steps, competitor.affordableOperations(shape.liveCount));
  const options = { steps, seeds: steps < asked.steps ? Math.min(asked.seeds, SLOW_SEEDS) : asked.seeds };
  const sums = { fresh: 0, live: 0, refilled: 0, failedCount: 0, requestCount: 0 };
  const { spanBytes, alignment } = shape;
  const session = competitor.open({ spanBytes, roomBytes: spanBytes, alignment });
  for (let seed = 1; seed <= options.seeds; seed++) {
    const run = new Population(session.start(), shape, seed * 7919);
    sums.fresh += run.fill();
    session.drain(run.handles);
    const aged = new Population(session.start(), shape, seed * 104_729);
    const { live, failedCount, requestCount } = aged.age(target / 100, options.steps);
    sums.live += live;
    sums.failedCount += failedCount;
    sums.requestCount += requestCount;
    sums.refilled += aged.fill();
    session.drain(aged.handles);
  }
  const { failedCount, requestCount } = sums;
  return {
    name: competitor.name,
    sizes: shape.name,
    target,
    fresh: (sums.fresh / options.seeds) * 100,
    failed: (failedCount / requestCount) * 100,
    failedCount,
    requestCount,
    live: (sums.live / options.seeds) * 100,
    refilled: (sums.refilled / options.seeds) * 100,
  };
}

/** Live ranges of one allocator, and the dice. */
class Population {
  readonly handles: number[] = [];
  private readonly sizes: number[] = [];
  private readonly subject: Subject;
  private readonly shape: SizeShape;
  private readonly random: XorShift32;
  private liveBytes = 0;

  constructor(subject: Subject, shape: SizeShape, seed: number) {
    this.subject = subject;
    this.shape = shape;
    this.random = new XorShift32(seed);
  }

  /** Allocates until the first refusal; answers the live share. */
  fill(): number {
    while (this.allocate(this.drawSize())) {}
    return this.liveBytes / this.shape.spanBytes;
  }

  /** Fills to the target, then replaces ranges for `steps` steps. */
  age(target: number, steps: number): { live: number; failedCount: number; requestCount: number } {
    const most = target * this.shape.spanBytes;
    let failedCount = 0;
    let requestCount = 0;
    let liveSum = 0;
    for (let step = -1; step < steps; step++) {
      if (step >= 0) this.freeAt(this.random.below(this.handles.length));
      let size = this.drawSize();
      let served = true;
      while (served && this.liveBytes + size <= most) {
        served = this.allocate(size);
        requestCount++;
        if (!served) failedCount++;
        size = this.drawSize();
      }
      if (step >= steps / 2) liveSum += this.liveBytes / this.shape.spanBytes;
    }
    return { live: liveSum / Math.floor(steps / 2), failedCount, requestCount };
  }

  private drawSize(): number {
    const { lowest, highest, alignment } = this.shape;
    return Math.ceil(this.random.logUniform(lowest, highest) / alignment) * alignment;
  }

  private allocate(size: number): boolean {
    const handle = allocateOrRefuse(this.subject, size, this.shape.alignment);
    if (handle === 0) return false;
    this.handles.push(handle);
    this.sizes.push(size);
    this.liveBytes += size;
    return true;
  }

  private freeAt(index: number): void {
    const handle = this.handles[index] as number;
    this.subject.free(handle);
    this.liveBytes -= this.sizes[index] as number;
    const lastHandle = this.handles.pop() as number;
    const lastSize = this.sizes.pop() as number;
    if (index === this.handles.length) return;
    this.handles[index] = lastHandle;
    this.sizes[index] = lastSize;
  }
}

/** A baseline in WebAssembly traps where others refuse. */
function allocateOrRefuse(subject: Subject, size: number, alignment: number): number {
  try {
    return subject.allocate(size, alignment);
  } catch (error) {
    if (error instanceof Error && error.constructor.name === 'RuntimeError') return 0;
    throw error;
  }
}
