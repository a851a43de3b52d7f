/**
 * Metadata section, P8: bytes that tables hold for each live range.
 */
import { measurableKinds, measureMetadata } from '../measures/metadata.ts';
import { formatTable } from '../table.ts';
import { judge } from '../verdict.ts';
import type { BenchRun } from './bench-run.ts';

/** Fewest live ranges for which the smaller limit holds. */
const MANY_LIVE = 65_536;

/** Measures; prints and adds the verdicts. Seconds. */
export function runMetadata({ options, record, print }: BenchRun): void {
  print('P8 metadata: bytes of tables and bins after W6, spare room of the tables included\n');
  const counts = options.quick ? [1000, 65_536] : [100, 1000, 10_000, 65_536, 100_000, 1_000_000];
  for (const live of counts) {
    for (const kind of measurableKinds()) record.metadata.push(measureMetadata(kind, live, live));
  }
  const rows = record.metadata.map(({ name, liveCount, holeCount, bytesPerLive }) => [
    `  ${name}`,
    `${liveCount} live`,
    `${holeCount} holes`,
    `${bytesPerLive.toFixed(1)} B a live range`,
  ]);
  print(formatTable(rows));
  for (const { name, liveCount, bytesPerLive } of record.metadata) {
    const limit = liveCount >= MANY_LIVE ? 36 : 42;
    const what = `${name}: metadata, ${liveCount} live`;
    record.verdicts.push(judge('P8', what, bytesPerLive, 'at most', limit, 'B'));
  }
}
