import { makeWorkload } from '@gpuheap/testing/workloads';
import { describe, expect, it } from 'vitest';
import { runBench } from '../src/bench.ts';
import { KINDS, TLSF } from '../src/competitors/kinds.ts';
import { ONE_THREAD } from '../src/isolation/threads.ts';
import { measureAgeing } from '../src/measures/ageing.ts';
import { measureLatency, quantileOf } from '../src/measures/latency.ts';
import { LAYER_NAMES, openLayer } from '../src/measures/object-layers.ts';
import { measureTableGrowth } from '../src/measures/table-growth.ts';
import { measureTimes, summarise } from '../src/measures/times.ts';
import type { RowName } from '../src/programs/rows.ts';
import type { BenchOptions } from '../src/sections/bench-run.ts';

describe('summaries', () => {
  it('have minimum, median and median deviation', () => {
    expect(summarise([5, 1, 3])).toEqual({ minimum: 1, median: 3, deviation: 2 });
    expect(summarise([4, 2])).toEqual({ minimum: 2, median: 3, deviation: 1 });
  });

  it('have quantiles that a share of the times does not exceed', () => {
    const sorted = Float64Array.from({ length: 1000 }, (_, i) => (i + 1) / 1e6);
    const quantiles = [0.5, 0.99, 0.999, 1].map((share) => Math.round(quantileOf(sorted, share)));
    expect(quantiles).toEqual([500, 990, 999, 1000]);
    expect(quantileOf(Float64Array.of(0.002), 0.5)).toBe(2000);
  });
});

describe('latency', () => {
  it('is measured for every timed operation, and its quantiles are in order', async () => {
    const figures = await measureLatency(makeWorkload('W1', { steps: 2000 }), TLSF, 2);
    expect(figures.name).toBe('tlsf');
    expect(figures.p50).toBeLessThanOrEqual(figures.p99);
    expect(figures.p99).toBeLessThanOrEqual(figures.p999);
    expect(figures.p999).toBeLessThanOrEqual(figures.slowest);
    expect(figures.slowest).toBeLessThanOrEqual(figures.disturbed);
  });
});

describe('growth of tables', () => {
  it.each(KINDS)('fills $name twice without a refusal', async (kind) => {
    const growth = await measureTableGrowth(kind, 3000, 1);
    expect([growth.name, growth.liveCount]).toEqual([kind.name, 3000]);
    expect(growth.longestAt).toBeLessThan(3000);
    expect(growth.longest).toBeGreaterThan(0);
  });
});

describe('ageing', () => {
  it('times the first stretches and the last', async () => {
    const figures = await measureAgeing(TLSF, 1, 10_000);
    expect(figures.name).toBe('tlsf');
    expect(Math.min(figures.young, figures.old)).toBeGreaterThan(0);
  });
});

describe('object layers', () => {
  it('all serve the same operations', async () => {
    const program = makeWorkload('W2', { live: 500, steps: 2000 });
    const lanes = await Promise.all(LAYER_NAMES.map((name) => openLayer(program, name)));
    const layers = await measureTimes(lanes, { warmUps: 0, repeats: 1 });
    expect(layers.map(({ name, failedCount }) => [name, failedCount])).toEqual([
      ['handles', 0],
      ['objects', 0],
      ['heap', 0],
      ['heap, owners', 0],
      ['heap, labels', 0],
      ['heap, scope', 0],
      ['heap, watch', 0],
    ]);
  });
});

describe('a run', () => {
  const inShort = { quick: true, workload: 'W3', repeats: 1 } as const;

  function run(options: BenchOptions, lines: string[] = []) {
    return runBench(options, (text) => lines.push(text), ONE_THREAD);
  }

  it('prints and records what is asked for, and judges nothing that it can not', async () => {
    const lines: string[] = [];
    const record = await run({ ...inShort, sections: ['P5'] }, lines);
    expect(record.times.map(({ id }) => id)).toEqual(['w3']);
    expect(record.times[0]?.timings.map(({ name }) => name)).toEqual(['harness', ...kindsOf('W3')]);
    expect(record.verdicts).toEqual([]);
    expect(lines.join('\n')).toContain('pass --peers FILE for verdicts');
  });

  it('judges with results of peers', async () => {
    const vma = { name: 'VMA virtual block', workload: 'w3', nanoseconds: 1e9, failedCount: 0 };
    // W3 has 500 allocates a frame, and as many frees from the fourth frame on.
    const operationCount = 200 * 500 + 197 * 500;
    const options = { ...inShort, sections: ['P1'] } as const;
    const judged = await run({ ...options, peers: { peers: [{ ...vma, operationCount }] } });
    expect(judged.verdicts.map(({ target, met }) => [target, met])).toEqual([['P1', true]]);
  });

  it('reports latency without a verdict', async () => {
    const record = await run({ ...inShort, workload: 'stack', sections: ['latency'] });
    expect(record.latency.map(({ title }) => title)).toEqual(['stack']);
    expect(record.latency[0]?.latencies.map(({ name }) => name)).toEqual(['linear']);
    expect(record.verdicts).toEqual([]);
  });
});

function kindsOf(row: RowName): string[] {
  return KINDS.filter(({ rows }) => rows.includes(row)).map(({ name }) => name);
}
