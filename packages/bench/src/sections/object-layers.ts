/**
 * Object layers section, P10: the price of objects and of a heap's bookkeeping over bare handles.
 */
import { makeWorkload } from '@gpuheap/testing/workloads';
import { BOOK_NAMES, LAYER_NAMES } from '../measures/object-layers.ts';
import type { Timing } from '../measures/times.ts';
import { formatTable } from '../table.ts';
import { judge } from '../verdict.ts';
import { type BenchRun, warmUpsOf } from './bench-run.ts';

/** Measures; prints and adds the verdict. Seconds. */
export async function runObjectLayers({ options, record, threads, print }: BenchRun): Promise<void> {
  const steps = options.quick ? 100_000 : 500_000;
  const seed = options.seed === undefined ? {} : { seed: options.seed };
  const program = makeWorkload('W2', { live: 16_384, steps, ...seed });
  print(
    `P10 object layers: ${2 * steps} operations of W2 with 16,384 live, nanoseconds an operation. handles: tlsf.\n` +
      '   objects: the same, an object for each range. heap: allocations of GpuHeap over the virtual GPU, a frame\n' +
      '   ended every 1,000 operations; then with 64 owners, 64 labels, a scope, a watch for leaks.\n',
  );
  const tasks = LAYER_NAMES.map((layer) => ({ what: 'layer', layer, program }) as const);
  record.layers.push(
    ...(await threads.time(tasks, { warmUps: warmUpsOf(options), repeats: options.repeats })),
  );
  const handles = timeOf(record.layers, 'handles');
  const objects = timeOf(record.layers, 'objects');
  const heap = timeOf(record.layers, 'heap');
  const rows = record.layers.map(({ name, minimum, median, deviation, failedCount }) => [
    `  ${name}`,
    minimum.toFixed(1),
    `(${median.toFixed(1)} ± ${deviation.toFixed(1)})`,
    `${(minimum / handles).toFixed(2)} ×`,
    failedCount === 0 ? '' : `${failedCount} refused`,
  ]);
  print(formatTable(rows));
  print(
    `  an object costs ${(objects - handles).toFixed(1)} ns an operation, the heap's bookkeeping ` +
      `${(heap - objects).toFixed(1)} ns more\n`,
  );
  const parts = BOOK_NAMES.map(
    (name) => `${name.slice(6)} ${(timeOf(record.layers, name) - heap).toFixed(1)} ns`,
  );
  print(`  parts of the books when they are used, more than the heap: ${parts.join(', ')}\n`);
  const what = 'objects over handles, bookkeeping apart';
  record.verdicts.push(judge('P10', what, objects / handles, 'at most', 1.25, '×'));
}

function timeOf(layers: readonly Timing[], name: string): number {
  return layers.find((layer) => layer.name === name)?.minimum ?? Number.NaN;
}
