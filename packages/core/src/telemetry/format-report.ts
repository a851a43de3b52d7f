/**
 * Format of reports: text for people, a line for each allocation, pool and chunk.
 *
 * Cost     O(lines).
 * Promise  a function of the report; a label with odd characters, or a long one, stays within its line.
 * Refusal  not to be read by programs: those take the report itself.
 */
import { checkInteger, checkOptions, show } from '../base/check.ts';
import type { ChunkReport } from './chunk-report.ts';
import { formatBytes } from './format-bytes.ts';
import type { AllocationReport, HeapReport } from './report.ts';

/** How a report is written. */
export interface FormatOptions {
  /** Allocations listed at most, the largest; also the most chunks. Infinity for all. Default 20. */
  readonly limit?: number;
}

const KNOWN = ['limit'] as const;
const DEFAULT_LIMIT = 20;

/**
 * The report as text, without a line end at its end.
 * @throws UsageError `bad-argument`, `unknown-option`
 */
export function formatReport(report: HeapReport, options: FormatOptions = {}): string {
  checkOptions(options, 'options', KNOWN);
  const { limit = DEFAULT_LIMIT } = options;
  if (limit !== Number.POSITIVE_INFINITY) {
    checkInteger(limit, 'limit', 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
  }
  const { allocations, chunks } = report;
  const lines = [...formatTotals(report), `allocations: ${allocations.length}`];
  for (const allocation of allocations.slice(0, limit)) lines.push(...formatAllocation(allocation));
  let hiddenBytes = 0;
  for (const { sizeBytes } of allocations.slice(limit)) hiddenBytes += sizeBytes;
  if (allocations.length > limit) lines.push(formatRest(allocations.length - limit, hiddenBytes));
  lines.push(`pools: ${report.pools.length}`);
  for (const pool of report.pools) {
    lines.push(`  ${pool.name}: ${formatShares(pool)} in ${countOf(pool.chunkCount, 'chunk')}`);
  }
  lines.push(`chunks: ${chunks.length}`);
  for (const chunk of chunks.slice(0, limit)) lines.push(`  ${formatChunk(chunk)}`);
  hiddenBytes = 0;
  for (const { sizeBytes } of chunks.slice(limit)) hiddenBytes += sizeBytes;
  if (chunks.length > limit) lines.push(formatRest(chunks.length - limit, hiddenBytes));
  return lines.join('\n');
}

/** Where an allocation is, in words: `"mesh" of "scene" in gpu-read, chunk 3 at 4096`. */
export function formatPlace(allocation: AllocationReport): string {
  const { label, owner, poolName, chunkId, offset } = allocation;
  const whose = owner === '' ? '' : ` of ${show(owner)}`;
  return `${show(label)}${whose} in ${poolName}, chunk ${chunkId} at ${offset}`;
}

/** `1 frame`, `2 frames`. */
export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function formatTotals(report: HeapReport): string[] {
  const { requestedBytes, usedBytes, pendingBytes, freeBytes, capacityBytes } = report;
  const { reservedBytes, stagingBytes, budgetBytes, freeShare, fragmentation, holeCount } = report;
  const budget =
    budgetBytes === Number.POSITIVE_INFINITY ? 'no budget' : `budget ${formatBytes(budgetBytes)}`;
  return [
    `live ${formatBytes(usedBytes)} (${formatBytes(requestedBytes)} asked for), pending ${formatBytes(pendingBytes)}, ` +
      `free ${formatBytes(freeBytes)} of ${formatBytes(capacityBytes)}`,
    `reserved ${formatBytes(reservedBytes)} (${formatBytes(stagingBytes)} staging), ${budget}`,
    `free share ${percentOf(freeShare)}, largest free ${formatBytes(report.largestFreeBytes)}, ` +
      `${countOf(holeCount, 'hole')}, fragmentation ${percentOf(fragmentation)}`,
  ];
}

function formatAllocation(allocation: AllocationReport): string[] {
  const { sizeBytes, requestedBytes, ageFrames, stack } = allocation;
  const asked = requestedBytes === sizeBytes ? '' : ` (${formatBytes(requestedBytes)} asked for)`;
  const line = `  ${formatBytes(sizeBytes)}${asked} ${formatPlace(allocation)}, age ${countOf(ageFrames, 'frame')}`;
  return stack === undefined ? [line] : [line, ...stack.split('\n').map((frame) => `      ${frame.trim()}`)];
}

function formatChunk(chunk: Readonly<ChunkReport>): string {
  const dedicated = chunk.dedicated ? ', dedicated' : '';
  return `${chunk.id} ${chunk.poolName}${dedicated}: ${formatShares(chunk)} in ${countOf(chunk.rangeCount, 'range')}`;
}

type Shares = Pick<
  ChunkReport,
  'sizeBytes' | 'usedBytes' | 'pendingBytes' | 'freeBytes' | 'largestFreeBytes'
>;

function formatShares({ sizeBytes, usedBytes, pendingBytes, freeBytes, largestFreeBytes }: Shares): string {
  return (
    `${formatBytes(sizeBytes)}, live ${formatBytes(usedBytes)}, pending ${formatBytes(pendingBytes)}, ` +
    `free ${formatBytes(freeBytes)} (largest ${formatBytes(largestFreeBytes)})`
  );
}

function formatRest(count: number, bytes: number): string {
  return `  and ${count} more of ${formatBytes(bytes)} together`;
}

function percentOf(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
