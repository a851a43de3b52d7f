/**
 * Peers: what native programs took for the exported workloads, measured on this machine and handed over as
 * JSON.
 *
 * Layout   { "machine"?: "…", "peers": [{ "name": "OffsetAllocator", "workload": "w1-256",
 *          "operationCount": 1001536, "nanoseconds": 23.2, "failedCount": 0 }, …] }
 *          workload: the exported file's name without its ending; operationCount: as in the file's header;
 *          nanoseconds: CPU time of one timed operation, the least of some passes.
 * Promise  of several results of a peer on a workload the least counts; a result with another operationCount
 *          than ours is of another export and does not count.
 */
import type { Program } from './programs/program.ts';

/** The peers that targets speak of. Others are shown and not judged. */
export type PeerName =
  | 'OffsetAllocator'
  | 'VMA virtual block'
  | 'ring'
  | 'free stack'
  | 'OTK HeapSuballocator'
  | 'OTK BinnedSuballocator';

/** One result. */
export interface PeerResult {
  readonly name: string;
  readonly workload: string;
  readonly operationCount: number;
  /** CPU time of one timed operation. */
  readonly nanoseconds: number;
  /** Refused allocations of one pass, fill included. */
  readonly failedCount: number;
}

/** The content of a file of results. */
export interface PeerFile {
  /** In words, as the one who measured knows it. */
  readonly machine?: string;
  readonly peers: readonly PeerResult[];
}

/** Results of `id` that are of this very program, one a peer, the least. O(results). */
export function resultsFor(id: string, program: Program, file: PeerFile | undefined): PeerResult[] {
  const least = new Map<string, PeerResult>();
  for (const result of file?.peers ?? []) {
    if (result.workload !== id || result.operationCount !== program.operationCount) continue;
    const known = least.get(result.name);
    if (known === undefined || result.nanoseconds < known.nanoseconds) least.set(result.name, result);
  }
  return [...least.values()];
}

/** Reads the text of a file of results. Throws an Error that names what is wrong with it. */
export function parsePeers(text: string): PeerFile {
  const file: unknown = JSON.parse(text);
  if (!isRecord(file) || !Array.isArray(file['peers'])) {
    throw new Error('no list "peers"; the README of the benchmarks shows the form');
  }
  const peers = file['peers'].map(checkResult);
  const machine = file['machine'];
  return typeof machine === 'string' ? { machine, peers } : { peers };
}

function checkResult(result: unknown, index: number): PeerResult {
  if (!isRecord(result)) throw new Error(`peers[${index}] is no object`);
  const { name, workload, operationCount, nanoseconds, failedCount } = result as Record<
    keyof PeerResult,
    unknown
  >;
  if (typeof name !== 'string' || typeof workload !== 'string') {
    throw new Error(`peers[${index}] has no "name" and "workload"`);
  }
  return {
    name,
    workload,
    operationCount: checkFigure(operationCount, `peers[${index}].operationCount`),
    nanoseconds: checkFigure(nanoseconds, `peers[${index}].nanoseconds`),
    failedCount: checkFigure(failedCount, `peers[${index}].failedCount`),
  };
}

function checkFigure(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw new Error(`${name} is ${JSON.stringify(value)}; pass a number, 0 or more`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
