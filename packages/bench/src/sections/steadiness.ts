/**
 * Steadiness section, P9: a warm suballocator makes no garbage and keeps its code.
 */
import { fileURLToPath } from 'node:url';
import { KINDS } from '../competitors/kinds.ts';
import { measureSteadiness, type Steadiness } from '../measures/steadiness.ts';
import { formatTable } from '../table.ts';
import { judge, type Verdict } from '../verdict.ts';
import type { BenchRun } from './bench-run.ts';

/** What measuring the heap allocates by itself. */
const HEAP_NOISE_BYTES = 16_384;

/** Runs every kind in processes of its own; prints and adds the verdicts. Seconds for each. */
export async function runSteadiness({ options, record, print }: BenchRun): Promise<void> {
  const operations = options.quick ? 200_000 : 1_000_000;
  print(
    `P9 steadiness: ${operations} operations of the kind's home workload, warm, in a process of its own. old: after\n` +
      '   more than 1,023 lives of every record\n',
  );
  const runFile = fileURLToPath(new URL('../measures/steady-run.js', import.meta.url));
  for (const { name } of KINDS) {
    for (const age of ['young', 'old'] as const) {
      record.steadiness.push(await measureSteadiness(name, age, operations, runFile));
    }
  }
  const rows = record.steadiness.map((run) => [
    `  ${run.name}, ${run.age}`,
    `heap ${run.grownBytes} B grown`,
    `${run.allocatedBytes} B allocated`,
    `${run.collectionCount} collections`,
    `${run.deoptimised.length} deoptimisations ${run.deoptimised.join(' ')}`,
  ]);
  print(formatTable(rows));
  record.verdicts.push(...record.steadiness.flatMap(judgeSteadiness));
}

function judgeSteadiness(run: Steadiness): Verdict[] {
  const { operations, grownBytes, allocatedBytes, collectionCount, deoptimised } = run;
  const name = `${run.name}, ${run.age}`;
  const growth = `${name}: heap growth, ${operations} operations`;
  return [
    judge('P9', growth, grownBytes, 'at most', HEAP_NOISE_BYTES, 'B'),
    judge('P9', `${name}: allocated, an operation`, allocatedBytes / operations, 'at most', 0.1, 'B'),
    judge('P9', `${name}: collections`, collectionCount, 'at most', 0, ''),
    judge('P9', `${name}: deoptimisations`, deoptimised.length, 'at most', 0, ''),
  ];
}
