/**
 * Growth section: what it costs that tables grow. Reports; no target.
 */
import { KINDS } from '../competitors/kinds.ts';
import { formatTable } from '../table.ts';
import type { BenchRun } from './bench-run.ts';

/** Measures every kind; prints. Half a minute, unless quick. */
export async function runGrowth({ options, record, threads, print }: BenchRun): Promise<void> {
  const liveCount = options.quick ? 100_000 : 1_000_000;
  const repeats = Math.min(options.repeats, 5);
  print(
    `Growth of tables: from empty to ${liveCount} live ranges, nanoseconds an allocate. fresh: a new suballocator,\n` +
      '   its tables growing; again: after reset, its tables grown; longest: the slowest single allocate of a\n' +
      `   fresh fill, the least of ${repeats + 2} fills.\n`,
  );
  for (const { name: kind } of KINDS) {
    record.growth.push(await threads.measureGrowth({ what: 'growth', kind, liveCount, repeats }));
  }
  const rows = record.growth.map(({ name, fresh, again, longest, longestAt }) => [
    `  ${name}`,
    fresh.toFixed(1),
    again.toFixed(1),
    `${(longest / 1000).toFixed(0)} µs`,
    `at ${longestAt} live`,
  ]);
  print(formatTable([['', 'fresh', 'again', 'longest', ''], ...rows]));
}
