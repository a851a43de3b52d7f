/**
 * Ageing: whether operations take longer when every record has had many lives, and handles are longer than 31
 * bits.
 *
 * Layout   the kind's home workload with about a thousand live ranges, in stretches of equal length. `young`:
 *          the second stretch, `old`: the last; CPU time, each the least of the repeats.
 */
import type { Kind } from '../competitors/kinds.ts';
import { loadCopy } from '../loops/load-copy.ts';
import type { TimedPassModule } from '../loops/timed-pass.ts';
import { makeHeld, packSteps } from '../programs/program.ts';
import { recordOperations } from '../programs/rows.ts';

/** Nanoseconds an operation. */
export interface Ageing {
  readonly name: string;
  readonly young: number;
  readonly old: number;
}

const STRETCHES = 12;
/** Long enough for a thousand records to have a thousand lives in all stretches but one. */
const STRETCH_OPERATIONS = 500_000;
const LIVE = 1000;

/**
 * Runs the workload, in stretches of `operations`, `repeats` times after one to warm up.
 * O(operations × repeats).
 */
export async function measureAgeing(
  kind: Kind,
  repeats: number,
  operations: number = STRETCH_OPERATIONS,
): Promise<Ageing> {
  const program = recordOperations(kind.home, STRETCHES * operations, { live: LIVE });
  const { replayPart } = await loadCopy<TimedPassModule>('timed-pass');
  const steps = packSteps(program);
  const held = makeHeld(program);
  const { span, alignment, fillCount } = program;
  const least = new Float64Array(STRETCHES).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i <= repeats; i++) {
    const subject = kind.make({ capacity: span, granularity: alignment });
    held.fill(0);
    replayPart(steps, alignment, subject, held, 0, fillCount);
    for (let stretch = 0; stretch < STRETCHES; stretch++) {
      const from = fillCount + stretch * operations;
      const before = process.cpuUsage();
      replayPart(steps, alignment, subject, held, from, from + operations);
      const { user, system } = process.cpuUsage(before);
      if (i === 0) continue;
      const nanoseconds = ((user + system) * 1000) / operations;
      least[stretch] = Math.min(least[stretch] as number, nanoseconds);
    }
  }
  return { name: kind.name, young: least[1] as number, old: least[STRETCHES - 1] as number };
}
