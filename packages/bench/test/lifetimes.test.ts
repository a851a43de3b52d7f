import { fileURLToPath } from 'node:url';
import { planLifetimes } from '@gpuheap/core/planning';
import { EventKind, readTrace } from '@gpuheap/trace';
import { describe, expect, it } from 'vitest';
import { runLifetimes } from '../src/lifetimes/lifetimes-command.ts';
import { groupsOf, lifetimesOf, peakLoadOf, pooledBytes } from '../src/lifetimes/trace-lifetimes.ts';

const FIXTURES = fileURLToPath(new URL('../../trace/test/fixtures/', import.meta.url));
const TRACE = `${FIXTURES}tfjs-train-logical-cut.ndjson.gz`;

const items = [
  { size: 100, firstUse: 0, lastUse: 1 },
  { size: 100, firstUse: 1, lastUse: 3 },
  { size: 100, firstUse: 2, lastUse: 4 },
  { size: 65, firstUse: 5, lastUse: 5 },
];

describe('pools', () => {
  it('give out again what has ended, of the same class', () => {
    expect(peakLoadOf(items)).toBe(200);
    expect(pooledBytes(items, (size) => size)).toBe(265);
    expect(pooledBytes(items, () => 128)).toBe(256);
  });
});

describe('lifetimes of a trace', () => {
  it('begin and end where the trace says', async () => {
    const trace = await readTrace(TRACE);
    const all = lifetimesOf(trace);
    const ends = new Map<number, number>();
    for (let event = 0; event < trace.eventCount; event++) {
      if (trace.kinds[event] === EventKind.DESTROY) ends.set(trace.ids[event] as number, event);
    }
    expect(all.length).toBeGreaterThan(1000);
    for (const { size, firstUse, lastUse } of all) {
      expect(trace.kinds[firstUse]).toBe(EventKind.CREATE);
      expect(trace.sizes[firstUse]).toBe(size);
      expect(lastUse).toBe(ends.get(trace.ids[firstUse] as number) ?? trace.eventCount);
    }
    const [whole, frame] = groupsOf(trace);
    expect(whole?.items).toEqual(all);
    const steps = frame?.items.flatMap(({ firstUse, lastUse }) => [firstUse, lastUse]) ?? [];
    const marks = trace.kinds.slice(Math.min(...steps), Math.max(...steps));
    expect(marks).not.toContain(EventKind.FRAME);
    expect(planLifetimes(frame?.items ?? []).peakBytes).toBeGreaterThan(0);
  });

  it('are planned, checked and printed', async () => {
    const lines: string[] = [];
    let now = 0;
    const run = { searchMs: 20, seed: 1, clock: () => now++ };
    const rows = await runLifetimes([TRACE], run, (text) => lines.push(text));
    expect(rows.map(({ name }) => name).filter((name) => !name.startsWith('random'))).toHaveLength(2);
    for (const row of rows) {
      expect(row.faultCount).toBe(0);
      expect(row.boundBytes).toBeLessThanOrEqual(row.searchedBytes);
      expect(row.searchedBytes).toBeLessThanOrEqual(row.greedyBytes);
      expect(row.exactPoolBytes).toBeLessThanOrEqual(row.sumBytes);
      if (!row.name.includes('conflicts')) expect(row.greedyBytes).toBeLessThan(row.powerPoolBytes);
    }
    expect(lines.join('\n')).toMatch(/tfjs-train-logical-cut, one frame +[\d,]+ +\d+\.\d\d /);
  });
});
