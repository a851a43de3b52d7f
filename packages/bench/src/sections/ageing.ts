/**
 * Ageing section: times of young records beside those of old ones. Reports; no target.
 */
import { KINDS } from '../competitors/kinds.ts';
import { formatTable } from '../table.ts';
import type { BenchRun } from './bench-run.ts';

/** Measures every kind; prints. Half a minute, unless quick. */
export async function runAgeing({ options, record, threads, print }: BenchRun): Promise<void> {
  const repeats = options.quick ? 2 : 4;
  print(
    "Ageing: nanoseconds an operation of the kind's home workload, about a thousand live. young: within the first\n" +
      '   million operations; old: after five and a half, when records have had more than 1,023 lives.\n',
  );
  for (const { name: kind } of KINDS) {
    record.ageing.push(await threads.measureAgeing({ what: 'ageing', kind, repeats }));
  }
  const rows = record.ageing.map(({ name, young, old }) => [
    `  ${name}`,
    young.toFixed(1),
    old.toFixed(1),
    `${(old / young).toFixed(2)} ×`,
  ]);
  print(formatTable([['', 'young', 'old', ''], ...rows]));
}
