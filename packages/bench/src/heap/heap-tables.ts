/**
 * Heap tables: the figures of the heap as text.
 */
import { showCount } from 'gpuheap';
import { formatTable } from '../table.ts';
import type { FrameTimes } from './frame-times.ts';
import { apiShareOf, countFaults, judgeTrace, wayOf } from './heap-verdicts.ts';
import type { TraceRow, WayFigures } from './trace-row.ts';

/** How the table of traces is to be read. */
export const TRACE_LEGEND = `direct · pooled · gpuheap. H3: bytes held beyond 1.25 of the most that lived within a second (60 frames), at the
worst frame of the trace and a second after its end; then a second after all but every fourth resource has gone.
H4: milliseconds in the graphics API for creation, destruction and upload, medians. H5: with 10,000 more resources
live; of each frame the least of all repeats counts, and "disturbed" is the slowest of the last one as it was.
`;

const TRACE_COLUMNS = [
  '  trace',
  'H1 buffers made',
  'H2 peak reserved/live',
  'H3 beyond the load',
  'with a fourth left',
  'H4 API ms',
  'H5 slowest endFrame()',
  'H6 verified',
  'missed',
];

/** A row a trace; three figures in a cell are direct, pooled and the heap. */
export function formatTraces(rows: readonly TraceRow[]): string {
  return formatTable([TRACE_COLUMNS, ...rows.map(cellsOf)]);
}

function cellsOf(row: TraceRow): string[] {
  const each = (show: (way: WayFigures) => string): string =>
    (['direct', 'pooled', 'gpuheap'] as const)
      .map((mode) => wayOf(row, mode))
      .map((way) => (way === undefined ? '–' : show(way)))
      .join(' · ');
  const { loadedFrames, ways, chunkBytes } = row;
  const verified = ways.reduce((sum, { bytesVerified }) => sum + bytesVerified, 0);
  const missed = judgeTrace(row).filter(({ met }) => !met);
  return [
    `  ${row.trace}`,
    each(({ buffersCreated }) => showCount(buffersCreated)),
    each(({ ratio }) => ratio.toFixed(2)),
    `${each(({ beyondLoad }) => mebibytes(Math.max(beyondLoad.recorded, beyondLoad.empty)))} MiB`,
    `${each(({ beyondLoad }) => mebibytes(beyondLoad.scattered))} (chunk ${mebibytes(chunkBytes)}) MiB`,
    `${each(({ apiMs }) => showCount(apiMs.median))} (${apiShareOf(row).toFixed(2)} ×)`,
    `${loadedFrames.slowest.toFixed(3)} ms`,
    `${showCount(verified / 1e6)} MB, ${countFaults(row)} faults`,
    missed.length === 0 ? 'none' : [...new Set(missed.map(({ target }) => target))].join(' '),
  ];
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

/** A row a run. */
export function formatFrames(all: readonly FrameTimes[]): string {
  const head = ['  endFrame(), ms', 'frames', 'p50', 'p90', 'p99', 'p99.9', 'slowest', 'disturbed'];
  const rows = all.map(({ name, frameCount, ...times }) => {
    const { p50, p90, p99, p999, slowest, disturbed } = times;
    const cells = [p50, p90, p99, p999, slowest, disturbed].map((value) => value.toFixed(4));
    return [`  ${name}`, String(frameCount), ...cells];
  });
  return formatTable([head, ...rows]);
}
