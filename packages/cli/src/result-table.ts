/** Result table: the figures of a trace's replays, as text. */
import type { ReportTable } from '@gpuheap/inspector';
import type { ReplayResult } from '@gpuheap/trace';

const COLUMNS = [
  'mode',
  'buffers created',
  'peak reserved',
  'peak live',
  'ratio',
  'API time',
  'upload',
  'ns/allocate',
  'ns/free',
  'verified',
  'mismatches',
] as const;

/**
 * A row per mode. API time is that of creation, destruction and upload, then upload alone; nanoseconds are
 * medians.
 */
export function tableOf(results: readonly ReplayResult[]): ReportTable {
  const rows = results.map((result) => [
    result.mode,
    showCount(result.buffersCreated),
    showMegabytes(result.peakReservedBytes),
    showMegabytes(result.peakLiveBytes),
    result.ratio.toFixed(3),
    `${showCount(result.memoryApiMs)} ms`,
    `${showCount(result.apiMs.write)} ms`,
    showCount(result.nsPerAllocate),
    showCount(result.nsPerFree),
    showMegabytes(result.bytesVerified),
    showCount(result.mismatchCount),
  ]);
  return { columns: COLUMNS, rows };
}

/** The table with its columns aligned, a line per row. */
export function layOut({ columns, rows }: ReportTable): string {
  const all = [columns, ...rows];
  const widths = columns.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [lines[0], rule, ...lines.slice(1)].map((line) => `  ${line}\n`).join('');
}

/** A whole number with its thousands apart. */
export function showCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Bytes in millions of bytes. */
export function showMegabytes(bytes: number): string {
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return `${(bytes / 1e6).toLocaleString('en-US', digits)} MB`;
}
