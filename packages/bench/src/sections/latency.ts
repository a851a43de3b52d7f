/**
 * Latency section: quantiles of single operations, for every kind where it is at home. Reports; no target.
 */
import { KINDS } from '../competitors/kinds.ts';
import { type Latency, measureClock } from '../measures/latency.ts';
import { recordRow, rowsAtHome } from '../programs/rows.ts';
import { formatTable } from '../table.ts';
import type { BenchRun } from './bench-run.ts';

/** Measures; prints. A minute, unless quick. */
export async function runLatency({ options, record, threads, print }: BenchRun): Promise<void> {
  const passes = options.quick ? 4 : 7;
  const clock = await measureClock();
  print(
    `Latency: nanoseconds of single operations, each the least of ${passes} equal passes (but the last column, the\n` +
      '   slowest of one pass as it was). ' +
      `Reading the clock takes ${clock.toFixed(0)} ns and is within every figure.\n`,
  );
  for (const row of rowsAtHome(KINDS.map(({ home }) => home))) {
    if (options.workload !== undefined && options.workload !== row.name) continue;
    const program = recordRow(row, options.quick, options.seed);
    const latencies: Latency[] = [];
    for (const { name: kind, home, rows } of KINDS) {
      const isAsked = home === row.name || row.name === 'W1' || row.name === 'W2';
      if (!isAsked || !rows.includes(row.name)) continue;
      latencies.push(await threads.measureLatency({ what: 'latency', kind, program, passes }));
    }
    record.latency.push({ title: row.title, latencies });
    const header = [`  ${row.title}`, 'p50', 'p99', 'p99.9', 'max', 'max, disturbed'];
    print(formatTable([header, ...latencies.map(cellsOf)]));
  }
}

function cellsOf({ name, p50, p99, p999, slowest, disturbed }: Latency): string[] {
  return [`  ${name}`, ...[p50, p99, p999, slowest, disturbed].map((figure) => figure.toFixed(0))];
}
