/**
 * Heap command: `pnpm bench:heap [--traces DIR] [--on dawn|mock] [--defragment] [--repeats N]
 * [--json FILE]`.
 */
import { writeFileSync } from 'node:fs';
import { type GpuHeapOptions, GpuMemoryError, UsageError } from '@gpuheap/core';
import { carriedTraces, findTrace, tracesIn } from '@gpuheap/trace';
import { type Command, Option } from 'commander';
import { runBench } from '../bench.ts';
import { FULL_FRAME_LOAD, runHeapFigures } from './heap-figures.ts';
import { countFaults } from './heap-verdicts.ts';

interface Flags {
  traces?: string;
  on: 'dawn' | 'mock';
  defragment?: true;
  repeats: number;
  json?: string;
}

/** As an application with frames of 16 ms might ask for it. */
const DEFRAGMENTING: GpuHeapOptions = {
  defragmentation: {
    leastBytes: 1024 * 1024,
    bytesPerPass: 2 * 1024 * 1024,
    millisecondsPerPass: 0.25,
    clock: () => performance.now(),
  },
};
/** Repeats of the object layers: short passes, which settle late. */
const LAYER_REPEATS = 7;

/** Adds the command. `parseCount` reads a number of 1 or more. */
export function addHeapCommand(program: Command, parseCount: (text: string) => number): void {
  program
    .command('heap')
    .description('H1 to H6 of the heap on recorded programs, beside direct and pooled, and P10.')
    .option('--traces <folder>', 'the traces in this folder instead of the carried ones')
    .addOption(
      new Option('--on <device>', 'a real WebGPU on a software driver, or the virtual GPU')
        .choices(['dawn', 'mock'])
        .default('dawn'),
    )
    .option('--defragment', 'the heap defragments itself')
    .option('--repeats <count>', 'replays of each trace each way', parseCount, 3)
    .option('--json <file>', 'also write every figure to this file')
    .action(async (flags: Flags) => {
      try {
        process.exitCode = await showFigures(flags, (text) => console.log(text));
      } catch (error) {
        if (!(error instanceof GpuMemoryError)) throw error;
        process.stderr.write(`bench: ${error.message}\n`);
        process.exitCode = 1;
      }
    });
}

/** Answers the exit code: 1 when a byte was wrong or the device complained. */
async function showFigures(
  { traces, on, defragment, repeats, json }: Flags,
  print: (text: string) => void,
): Promise<number> {
  const paths = traces === undefined ? carriedTraces().map(findTrace) : tracesIn(traces);
  if (paths.length === 0) {
    throw new UsageError(
      'bad-argument',
      `there is no trace in ${traces}; pass a folder with *.ndjson.gz files`,
    );
  }
  const heapOptions = defragment === true ? DEFRAGMENTING : {};
  const figures = await runHeapFigures(
    { traces: paths, on, repeats, heapOptions, frameLoad: FULL_FRAME_LOAD },
    print,
  );
  const { layers, verdicts } = await runBench(
    { quick: false, sections: ['P10'], repeats: LAYER_REPEATS },
    print,
  );
  if (json !== undefined) {
    const head = { format: 'gpuheap-heap-figures', version: 1, node: process.versions.node };
    const all = { ...head, ...figures, layers, verdicts: [...figures.verdicts, ...verdicts] };
    writeFileSync(json, `${JSON.stringify(all, null, 2)}\n`);
  }
  return figures.traces.some((row) => countFaults(row) > 0) ? 1 : 0;
}
