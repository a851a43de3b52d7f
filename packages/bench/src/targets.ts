/**
 * Targets: what the figures are held against, one verdict each.
 */
import type { Timing } from './measure.ts';
import type { MetadataUse } from './metadata.ts';
import type { Row } from './rows.ts';
import type { Steadiness } from './steadiness.ts';
import type { Tightness } from './tightness.ts';

/** A figure beside its target. */
export interface Verdict {
  /** `P4`, `P7` … */
  readonly target: string;
  readonly what: string;
  readonly figure: number;
  readonly bound: 'at least' | 'at most';
  readonly limit: number;
  readonly unit: string;
  readonly met: boolean;
}

// What measuring the heap allocates by itself.
const HEAP_NOISE_BYTES = 16_384;

const THI_NG_LIMITS: Readonly<Record<string, number>> = {
  'W6 scale 1e3': 100,
  'W6 scale 1e4': 2000,
  'W6 scale 1e5': 50_000,
};

/** P4: how many times as fast as each baseline. */
export function judgeTimes(row: Row, timings: readonly Timing[]): Verdict[] {
  const verdicts: Verdict[] = [];
  const add = (baseline: string, limit: number | undefined): void => {
    const ours = timings.find(({ name }) => name === 'tlsf');
    const other = timings.find(({ name }) => name === baseline);
    if (ours === undefined || other === undefined || limit === undefined) return;
    const what = `${row.title}: times as fast as ${baseline}`;
    verdicts.push(judge('P4', what, other.minimum / ours.minimum, 'at least', limit, '×'));
  };
  add('malloc', 8);
  add('AssemblyScript', row.name === 'W1' || row.name === 'W2' ? 3 : undefined);
  add('@thi.ng/malloc', THI_NG_LIMITS[row.title]);
  return verdicts;
}

/** P7: how full. */
export function judgeTightness(figures: readonly Tightness[]): Verdict[] {
  const verdicts: Verdict[] = [];
  const find = (name: string, target: number): Tightness | undefined =>
    figures.find((figure) => figure.name === name && figure.target === target);
  const tlsf = find('tlsf', 95);
  if (tlsf !== undefined) {
    verdicts.push(judge('P7', 'tlsf: filled, fresh', tlsf.fresh, 'at least', 99.8, '%'));
    verdicts.push(judge('P7', 'tlsf: filled, aged', tlsf.refilled, 'at least', 98.8, '%'));
    verdicts.push(judge('P7', 'tlsf: refused at a 95 % target', tlsf.failedCount, 'at most', 0, ''));
  }
  const bestFit = find('best-fit', 98);
  if (bestFit !== undefined) {
    verdicts.push(judge('P7', 'best-fit: live at a 98 % target', bestFit.live, 'at least', 97.5, '%'));
  }
  return verdicts;
}

/** P8: bytes of records and bins. */
export function judgeMetadata(uses: readonly MetadataUse[]): Verdict[] {
  return uses
    .filter(({ name, liveCount }) => name === 'tlsf' && liveCount >= 1000)
    .map(({ liveCount, bytesPerLive }) => {
      const limit = liveCount >= 65_536 ? 36 : 42;
      return judge('P8', `tlsf: metadata, ${liveCount} live`, bytesPerLive, 'at most', limit, 'B');
    });
}

/** P9: garbage and deoptimisations of a warm suballocator. */
export function judgeSteadiness(runs: readonly Steadiness[]): Verdict[] {
  return runs.flatMap(({ name, operations, grownBytes, allocatedBytes, collectionCount, deoptimised }) => [
    judge(
      'P9',
      `${name}: heap growth, ${operations} operations`,
      grownBytes,
      'at most',
      HEAP_NOISE_BYTES,
      'B',
    ),
    judge('P9', `${name}: allocated, an operation`, allocatedBytes / operations, 'at most', 1, 'B'),
    judge('P9', `${name}: collections`, collectionCount, 'at most', 0, ''),
    judge('P9', `${name}: deoptimisations`, deoptimised.length, 'at most', 0, ''),
  ]);
}

function judge(
  target: string,
  what: string,
  figure: number,
  bound: Verdict['bound'],
  limit: number,
  unit: string,
): Verdict {
  return {
    target,
    what,
    figure,
    bound,
    limit,
    unit,
    met: bound === 'at least' ? figure >= limit : figure <= limit,
  };
}
