/**
 * Tightness section, P7 and a part of P6: how full a span gets.
 */
import { type CompetitorName, findCompetitor } from '../competitors/by-name.ts';
import type { Competitor } from '../competitors/competitor.ts';
import { KINDS } from '../competitors/kinds.ts';
import {
  type AgeOptions,
  LARGE_SIZES,
  measureTightness,
  type SizeShape,
  SMALL_SIZES,
  type Tightness,
} from '../measures/tightness.ts';
import { formatTable } from '../table.ts';
import { judge, type Verdict } from '../verdict.ts';
import { asks, type BenchRun } from './bench-run.ts';

/** Both refuse nothing at 98 %: they differ only where next to nothing is free. */
const TIGHT_TARGET = 99.5;

/** Measures what is asked for; prints it and adds its verdicts. Half a minute, unless quick. */
export function runTightness(run: BenchRun, baselines: readonly CompetitorName[]): void {
  const { options, record, print } = run;
  const age = options.quick ? { steps: 5_000, seeds: 10 } : { steps: 20_000, seeds: 40 };
  print(
    'P6, P7 tightness: W1 is logU(256, 1 MiB) in steps of 256 on 256 MiB, W2 logU(64, 4096) in steps of 16 on 8 MiB;\n' +
      `   ${age.seeds} seeds, ${age.steps} steps each (fewer seeds for W2, fewer of both for a slow baseline). fresh: filled\n` +
      '   at the first refusal. Ageing at the target: a free, then what fits below the target; refused: share of\n' +
      '   requests; live: mean of the second half. aged: filled at the next refusal.\n',
  );
  const measureOne = (competitor: Competitor, shape: SizeShape, target: number, asked: AgeOptions): void => {
    record.tightness.push(measureTightness(competitor, shape, target, asked));
  };
  const kinds = KINDS.filter(({ rows }) => rows.includes('W1'));
  for (const competitor of asks(run, 'P7') ? [...kinds, ...baselines.map(findCompetitor)] : []) {
    measureOne(competitor, LARGE_SIZES, 95, age);
  }
  for (const kind of kinds) if (asks(run, 'P7')) measureOne(kind, LARGE_SIZES, 98, age);
  if (asks(run, 'P6')) {
    for (const kind of kinds) measureOne(kind, LARGE_SIZES, TIGHT_TARGET, age);
    const few = { steps: age.steps * 4, seeds: age.seeds / 10 };
    for (const kind of KINDS.filter(({ rows }) => rows.includes('W2')))
      measureOne(kind, SMALL_SIZES, 95, few);
  }
  const header = ['', 'sizes', 'target', 'fresh', 'refused', 'live', 'aged'];
  print(formatTable([header, ...record.tightness.map(tightnessCells)]));
  const verdicts = [...judgePacking(record.tightness), ...judgeAgainstEachOther(record.tightness)];
  record.verdicts.push(...verdicts.filter(({ target }) => asks(run, target)));
}

function tightnessCells(figures: Tightness): string[] {
  const { name, sizes, target, fresh, failed, failedCount, live, refilled } = figures;
  return [
    `  ${name}`,
    sizes,
    `${target} %`,
    `${fresh.toFixed(2)} %`,
    `${failed.toFixed(3)} % (${failedCount})`,
    `${live.toFixed(2)} %`,
    `${refilled.toFixed(2)} %`,
  ];
}

function findFigures(
  figures: readonly Tightness[],
  name: string,
  sizes: Tightness['sizes'],
  target: number,
): Tightness | undefined {
  return figures.find((one) => one.name === name && one.sizes === sizes && one.target === target);
}

/** P7. */
function judgePacking(figures: readonly Tightness[]): Verdict[] {
  const verdicts: Verdict[] = [];
  const tlsf = findFigures(figures, 'tlsf', 'W1', 95);
  if (tlsf !== undefined) {
    verdicts.push(judge('P7', 'tlsf: filled, fresh', tlsf.fresh, 'at least', 99.8, '%'));
    verdicts.push(judge('P7', 'tlsf: filled, aged', tlsf.refilled, 'at least', 98.8, '%'));
    verdicts.push(judge('P7', 'tlsf: refused at a 95 % target', tlsf.failedCount, 'at most', 0, ''));
  }
  const bestFit = findFigures(figures, 'best-fit', 'W1', 98);
  if (bestFit !== undefined) {
    verdicts.push(judge('P7', 'best-fit: live at a 98 % target', bestFit.live, 'at least', 97.5, '%'));
  }
  return verdicts;
}

/** P6: best-fit refuses less than tlsf where space is short; binned packs. */
function judgeAgainstEachOther(figures: readonly Tightness[]): Verdict[] {
  const verdicts: Verdict[] = [];
  const tlsf = findFigures(figures, 'tlsf', 'W1', TIGHT_TARGET);
  const bestFit = findFigures(figures, 'best-fit', 'W1', TIGHT_TARGET);
  if (tlsf !== undefined && bestFit !== undefined) {
    const what = `best-fit: refused at a ${TIGHT_TARGET} % target, where tlsf refuses ${tlsf.failedCount}`;
    verdicts.push(judge('P6', what, bestFit.failedCount, 'at most', tlsf.failedCount - 1, ''));
  }
  const binned = findFigures(figures, 'binned', 'W2', 95);
  if (binned !== undefined) {
    verdicts.push(judge('P6', 'binned: live at a 95 % target, W2', binned.live, 'at least', 90, '%'));
  }
  return verdicts;
}
