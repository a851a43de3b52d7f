/**
 * Time targets: P1 to P6 as far as they are about time, a verdict for each figure that has something to be
 * held against.
 */
import { HOME_WORKLOAD_NAMES } from '@gpuheap/testing/workloads';
import type { PeerName } from '../peers.ts';
import type { RowName } from '../programs/rows.ts';
import { judge, type SectionName, type Verdict } from '../verdict.ts';
import type { TimedRow } from './bench-run.ts';

/** At most this share of a peer's time, where rows of some name are timed. */
interface PeerTarget {
  readonly section: SectionName;
  readonly kind: string;
  readonly peer: PeerName;
  readonly limitOf: (row: TimedRow) => number | undefined;
}

type Limits = Readonly<Partial<Record<RowName, number>>>;

const AGAINST_VMA: Limits = { W1: 0.65, W2: 0.5, W3: 0.9, W4: 0.5, W5: 0.9 };
const AGAINST_ASSEMBLY_SCRIPT: Limits = { W1: 3, W2: 3 };
const AGAINST_THI_NG: Readonly<Record<string, number>> = { 'w6-1e3': 100, 'w6-1e4': 2000, 'w6-1e5': 50_000 };

const PEER_TARGETS: readonly PeerTarget[] = [
  target('P1', 'tlsf', 'VMA virtual block', ({ name }) => AGAINST_VMA[name]),
  target('P2', 'tlsf', 'OffsetAllocator', ({ name, liveCount }) =>
    HOME_WORKLOAD_NAMES.some((home) => home === name) ? undefined : liveCount >= 65_536 ? 1 : 1.25,
  ),
  target('P3', 'tlsf', 'OffsetAllocator', ({ id }) => (id === 'w6-1e6' ? 1 : undefined)),
  target('P5', 'buddy', 'OffsetAllocator', ({ name }) => (name === 'W4' ? 1.1 : undefined)),
  target('P5', 'ring', 'ring', ({ name }) => (name === 'W3' ? 1.6 : undefined)),
  target('P5', 'fixed', 'free stack', ({ name }) => (name === 'equal' ? 2 : undefined)),
  target('P6', 'best-fit', 'OTK HeapSuballocator', ({ name }) =>
    name === 'W1' || name === 'W2' ? 0.5 : undefined,
  ),
  target('P6', 'binned', 'OTK BinnedSuballocator', ({ name }) => (name === 'W2' ? 1 : undefined)),
];

/** Which rows a section needs. */
export const ROWS_OF_SECTIONS: Readonly<Partial<Record<SectionName, readonly RowName[]>>> = {
  P1: ['W1', 'W2', 'W3', 'W4', 'W5'],
  P2: ['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'real'],
  P3: ['W6'],
  P4: ['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'real'],
  P5: ['W3', 'W4', 'equal', 'powers', 'stack'],
  P6: ['W1', 'W2'],
};

function target(
  section: SectionName,
  kind: string,
  peer: PeerName,
  limitOf: PeerTarget['limitOf'],
): PeerTarget {
  return { section, kind, peer, limitOf };
}

/** P1, P2, P3, P5, P6: shares of the time of native peers, as far as there are results of them. */
export function judgeAgainstPeers(row: TimedRow): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const { section, kind, peer, limitOf } of PEER_TARGETS) {
    const limit = limitOf(row);
    const ours = row.timings.find(({ name }) => name === kind);
    const theirs = row.peers.find(({ name }) => name === peer);
    if (limit === undefined || ours === undefined || theirs === undefined) continue;
    const what = `${row.title}: ${kind}, share of ${peer}'s time`;
    verdicts.push(judge(section, what, ours.minimum / theirs.nanoseconds, 'at most', limit, ''));
  }
  return verdicts;
}

/** P4: how many times as fast as each baseline in JavaScript and WebAssembly. */
export function judgeAgainstBaselines(row: TimedRow): Verdict[] {
  const verdicts: Verdict[] = [];
  const add = (baseline: string, limit: number | undefined): void => {
    const ours = row.timings.find(({ name }) => name === 'tlsf');
    const other = row.timings.find(({ name }) => name === baseline);
    if (ours === undefined || other === undefined || limit === undefined) return;
    const what = `${row.title}: tlsf, times as fast as ${baseline}`;
    verdicts.push(judge('P4', what, other.minimum / ours.minimum, 'at least', limit, '×'));
  };
  add('malloc', 8);
  add('AssemblyScript', AGAINST_ASSEMBLY_SCRIPT[row.name]);
  add('@thi.ng/malloc', AGAINST_THI_NG[row.id]);
  return verdicts;
}

const FLAT_IDS: readonly string[] = ['w6-1e2', 'w6-1e3', 'w6-1e4', 'w6-1e5'];

/** P3: how flat tlsf is from a hundred to a hundred thousand live ranges; nothing unless all are timed. */
export function judgeFlatness(rows: readonly TimedRow[]): Verdict[] {
  const figures = rows
    .filter(({ id }) => FLAT_IDS.includes(id))
    .flatMap(({ timings }) => timings.filter(({ name }) => name === 'tlsf'))
    .map(({ minimum }) => minimum);
  if (figures.length < FLAT_IDS.length) return [];
  const flatness = Math.max(...figures) / Math.min(...figures);
  return [judge('P3', 'W6 scale 1e2 to 1e5: tlsf, slowest / fastest', flatness, 'at most', 1.4, '')];
}

/** Where a hundred thousand live ranges are, the logarithm of their number is 2.5 times that of a hundred. */
const POWER_IDS: readonly string[] = ['powers-1e2', 'powers-1e5'];

/** P5: that buddy's time grows no faster than the logarithm; nothing unless both ends are timed. */
export function judgeLogarithm(rows: readonly TimedRow[]): Verdict[] {
  const figures = rows
    .filter(({ id }) => POWER_IDS.includes(id))
    .flatMap(({ timings }) => timings.filter(({ name }) => name === 'buddy'))
    .map(({ minimum }) => minimum);
  if (figures.length < POWER_IDS.length) return [];
  const growth = (figures[1] as number) / (figures[0] as number);
  return [judge('P5', 'powers of two 1e2 to 1e5: buddy, last / first', growth, 'at most', 2.5, '')];
}
