/**
 * Export workloads: every row as a file that a program in any language can replay.
 *
 * Cost     some 200 MB when not quick.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeProgram } from './programs/program-file.ts';
import { chooseRows, ROW_NAMES, type RowName, recordRow } from './programs/rows.ts';

/** Which workloads, as the benchmarks that the files are for will take them. */
export interface ExportOptions {
  /** The folder, made when it is not there. */
  readonly to: string;
  readonly quick: boolean;
  readonly workload?: RowName;
  readonly seed?: number;
}

/** Writes `<row>.bin` for each row; prints its path. O(operations). */
export async function exportWorkloads(options: ExportOptions, print: (text: string) => void): Promise<void> {
  const { to, quick, workload, seed } = options;
  mkdirSync(to, { recursive: true });
  for (const row of await chooseRows(workload === undefined ? ROW_NAMES : [workload], quick)) {
    const path = join(to, `${row.id}.bin`);
    writeFileSync(path, encodeProgram(recordRow(row, quick, seed)));
    print(path);
  }
}
