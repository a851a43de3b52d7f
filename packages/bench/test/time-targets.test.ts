import { describe, expect, it } from 'vitest';
import type { Timing } from '../src/measures/times.ts';
import type { PeerResult } from '../src/peers.ts';
import type { TimedRow } from '../src/sections/bench-run.ts';
import {
  judgeAgainstBaselines,
  judgeAgainstPeers,
  judgeFlatness,
  judgeLogarithm,
} from '../src/sections/time-targets.ts';

function timing(name: string, minimum: number): Timing {
  return { name, minimum, median: minimum, deviation: 0, operations: 10, failedCount: 0 };
}

function peer(name: string, nanoseconds: number): PeerResult {
  return { name, workload: 'w', operationCount: 10, nanoseconds, failedCount: 0 };
}

function row(id: string, name: TimedRow['name'], part: Partial<TimedRow>): TimedRow {
  return { id, title: id, name, liveCount: 1000, reference: {}, timings: [], peers: [], ...part };
}

describe('targets against native peers', () => {
  it('are shares of their time, each limit met by equality', () => {
    const peers = [peer('VMA virtual block', 40), peer('OffsetAllocator', 20)];
    const verdicts = judgeAgainstPeers(row('w1-256', 'W1', { timings: [timing('tlsf', 26)], peers }));
    expect(verdicts.map(({ target, figure, limit, met }) => [target, figure, limit, met])).toEqual([
      ['P1', 0.65, 0.65, true],
      ['P2', 1.3, 1.25, false],
    ]);
  });

  it('are stricter from 65,536 live ranges on, and strictest about a million', () => {
    const peers = [peer('OffsetAllocator', 20)];
    const timings = [timing('tlsf', 22)];
    const limitsOf = (id: string, liveCount: number) =>
      judgeAgainstPeers(row(id, 'W6', { liveCount, timings, peers })).map((v) => [v.target, v.limit]);
    expect(limitsOf('w6-1e4', 10_000)).toEqual([['P2', 1.25]]);
    expect(limitsOf('w6-1e5', 100_000)).toEqual([['P2', 1]]);
    expect(limitsOf('w6-1e6', 1_000_000)).toEqual([
      ['P2', 1],
      ['P3', 1],
    ]);
  });

  it.each([
    ['W4', 'buddy', 'OffsetAllocator', 'P5', 1.1],
    ['W3', 'ring', 'ring', 'P5', 1.6],
    ['equal', 'fixed', 'free stack', 'P5', 2],
    ['W1', 'best-fit', 'OTK HeapSuballocator', 'P6', 0.5],
    ['W2', 'best-fit', 'OTK HeapSuballocator', 'P6', 0.5],
    ['W2', 'binned', 'OTK BinnedSuballocator', 'P6', 1],
  ] as const)('hold %s of %s against %s', (name, kind, other, target, limit) => {
    const timings = [timing(kind, 10)];
    const [verdict, ...rest] = judgeAgainstPeers(row('x', name, { timings, peers: [peer(other, 10)] }));
    expect(rest).toEqual([]);
    expect(verdict).toMatchObject({ target, figure: 1, limit, bound: 'at most' });
  });

  it('are silent without a result', () => {
    expect(judgeAgainstPeers(row('w1-256', 'W1', { timings: [timing('tlsf', 26)] }))).toEqual([]);
  });
});

describe('targets against baselines', () => {
  it('are times as fast', () => {
    const timings = [timing('tlsf', 10), timing('malloc', 80), timing('AssemblyScript', 29)];
    const verdicts = judgeAgainstBaselines(row('w2-64k-16', 'W2', { timings }));
    expect(verdicts.map(({ figure, limit, met }) => [figure, limit, met])).toEqual([
      [8, 8, true],
      [2.9, 3, false],
    ]);
    const slow = row('w6-1e4', 'W6', { timings: [timing('tlsf', 10), timing('@thi.ng/malloc', 30_000)] });
    expect(judgeAgainstBaselines(slow)[0]).toMatchObject({ figure: 3000, limit: 2000, met: true });
  });
});

describe('flatness', () => {
  const rows = [20, 21, 22, 30].map((minimum, i) =>
    row(`w6-1e${i + 2}`, 'W6', { timings: [timing('tlsf', minimum)] }),
  );

  it('is the slowest of four sizes over the fastest', () => {
    expect(judgeFlatness(rows)[0]).toMatchObject({ target: 'P3', figure: 1.5, limit: 1.4, met: false });
  });

  it('needs all four', () => {
    expect(judgeFlatness(rows.slice(1))).toEqual([]);
  });
});

describe('growth with the logarithm', () => {
  const rows = [20, 25, 30, 40].map((minimum, i) =>
    row(`powers-1e${i + 2}`, 'powers', { timings: [timing('buddy', minimum)] }),
  );

  it('is the time at a hundred thousand over that at a hundred', () => {
    expect(judgeLogarithm(rows)[0]).toMatchObject({ target: 'P5', figure: 2, limit: 2.5, met: true });
  });

  it('needs both', () => {
    expect(judgeLogarithm(rows.slice(1))).toEqual([]);
  });
});
