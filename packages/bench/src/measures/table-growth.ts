/**
 * Table growth: what it costs that tables grow while a suballocator fills up for the first time.
 *
 * Layout   equal ranges, nothing freed. `fresh`: a new suballocator, its tables small. `again`: the same
 *          after `reset`, its tables as large as they will be. The difference is growth. `longest`: the
 *          slowest single allocate of a fresh fill, each timed in several fills and the least taken.
 * Promise  `fresh` and `again` are CPU time without a clock in the loop; least of the repeats.
 */
import { OPERATION_ALLOCATE } from '@gpuheap/testing/workloads';
import type { Kind } from '../competitors/kinds.ts';
import { loadCopy } from '../loops/load-copy.ts';
import type { TimedPassModule } from '../loops/timed-pass.ts';
import { makeHeld, type Program, packSteps } from '../programs/program.ts';
import { clockPasses } from './latency.ts';

/** Nanoseconds. */
export interface TableGrowth {
  readonly name: string;
  readonly liveCount: number;
  /** An allocate into growing tables, amortised. */
  readonly fresh: number;
  /** An allocate into grown tables. */
  readonly again: number;
  /** The slowest single allocate; reading the clock is within it. */
  readonly longest: number;
  /** How many ranges were live when it came. */
  readonly longestAt: number;
}

const RANGE_BYTES = 64;
const WARM_UPS = 2;

/** Fills a kind with `liveCount` ranges, `repeats` times each way. O(live × repeats). */
export async function measureTableGrowth(
  kind: Kind,
  liveCount: number,
  repeats: number,
): Promise<TableGrowth> {
  const program = makeFill(liveCount);
  const { replayPart } = await loadCopy<TimedPassModule>('timed-pass');
  const steps = packSteps(program);
  const held = makeHeld(program);
  const options = { capacity: program.span, granularity: program.alignment };
  let subject = kind.make(options);
  const fill = (): number => {
    const before = process.cpuUsage();
    const failedCount = replayPart(steps, program.alignment, subject, held, 0, liveCount);
    const { user, system } = process.cpuUsage(before);
    if (failedCount > 0) throw new Error(`${kind.name} refused ${failedCount} of ${liveCount} ranges`);
    return ((user + system) * 1000) / liveCount;
  };
  let fresh = Number.POSITIVE_INFINITY;
  let again = Number.POSITIVE_INFINITY;
  for (let i = 0; i < WARM_UPS + repeats; i++) {
    subject = kind.make(options);
    const first = fill();
    subject.reset();
    const second = fill();
    if (i < WARM_UPS) continue;
    fresh = Math.min(fresh, first);
    again = Math.min(again, second);
  }
  const { least } = await clockPasses(program, kind, WARM_UPS + repeats);
  const longestAt = least.reduce((best, time, i) => (time > (least[best] as number) ? i : best), 0);
  const longest = (least[longestAt] as number) * 1e6;
  return { name: kind.name, liveCount, fresh, again, longest, longestAt };
}

/** `count` equal ranges, side by side. */
function makeFill(count: number): Program {
  return {
    span: count * RANGE_BYTES,
    alignment: RANGE_BYTES,
    operations: {
      kind: new Uint8Array(count).fill(OPERATION_ALLOCATE),
      slot: Int32Array.from({ length: count }, (_, i) => i),
      size: new Int32Array(count).fill(RANGE_BYTES),
      alignment: new Int32Array(count).fill(RANGE_BYTES),
    },
    operationCount: count,
    fillCount: 0,
    slotCount: count,
    expectedFailureCount: 0,
  };
}
