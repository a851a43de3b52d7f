import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GpuBackend } from '@gpuheap/core';
import { createMockBackend } from '@gpuheap/mock';
import {
  cutTrace,
  DirectTarget,
  HeapTarget,
  MeasuredBackend,
  PooledTarget,
  type ResourceRequest,
  readTrace,
} from '@gpuheap/trace';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summariseFrames } from '../src/heap/frame-times.ts';
import { runFrames } from '../src/heap/frame-workload.ts';
import { runHeapFigures } from '../src/heap/heap-figures.ts';
import { formatFrames, formatTraces } from '../src/heap/heap-tables.ts';
import { apiShareOf, countFaults, judgeTrace } from '../src/heap/heap-verdicts.ts';
import { LoadWatch, SECOND_FRAMES } from '../src/heap/load-watch.ts';
import type { TraceRow, WayFigures } from '../src/heap/trace-row.ts';
import { WatchedTarget } from '../src/heap/watched-target.ts';

const FIXTURES = fileURLToPath(new URL('../../trace/test/fixtures/', import.meta.url));

function openBackend(): MeasuredBackend<unknown> {
  const backend: GpuBackend<unknown> = createMockBackend({ autoComplete: true, reuseAfter: 'submitted' });
  return new MeasuredBackend(backend);
}

function request(size: number): ResourceRequest {
  return { size, usage: 0x20 | 0x8, location: 'gpu', label: '' };
}

describe('times of frames', () => {
  const times = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 400 });

  it('have the quantiles of the sorted times', () => {
    fc.assert(
      fc.property(times, (milliseconds) => {
        const { p50, p90, p99, p999, slowest, frameCount, disturbed } = summariseFrames('any', [
          milliseconds,
        ]);
        const sorted = [...milliseconds].sort((a, b) => a - b);
        const figures = [p50, p90, p99, p999, slowest];
        for (const [k, share] of [0.5, 0.9, 0.99, 0.999, 1].entries()) {
          // The least time that at least this share of all does not exceed.
          const least = sorted.find((_, index) => index + 1 >= sorted.length * share);
          expect(figures[k]).toBeCloseTo(least as number, 6);
        }
        expect(frameCount).toBe(milliseconds.length);
        expect(disturbed).toBe(sorted.at(-1));
      }),
    );
  });

  it('are the least of all repeats, frame by frame', () => {
    const { slowest, p50, disturbed } = summariseFrames('any', [
      [9, 1, 2],
      [1, 9, 2],
      [1, 1, 30],
    ]);
    expect(slowest).toBeCloseTo(2, 9);
    expect(p50).toBeCloseTo(1, 9);
    expect(disturbed).toBe(30);
  });
});

describe('a watch on the load', () => {
  it('grants what lived a second ago, and no longer', () => {
    const watch = new LoadWatch();
    watch.endFrame(1000, 1250);
    for (let frame = 1; frame < SECOND_FRAMES; frame++) watch.endFrame(0, 1250);
    expect(watch.beyondBytes).toBe(0);
    watch.endFrame(0, 1250);
    expect(watch.restart()).toBe(1250);
    watch.endFrame(0, 40);
    expect(watch.beyondBytes).toBe(40);
  });
});

describe('a watched target', () => {
  function drop(target: DirectTarget<unknown> | PooledTarget<unknown>): WatchedTarget<unknown, never> {
    const watched = new WatchedTarget(target as never) as WatchedTarget<unknown, never>;
    for (let i = 0; i < 8; i++) watched.create(request(1000));
    watched.endFrame();
    watched.dispose();
    return watched;
  }

  it('drops the load to a fourth and to nothing: direct gives all back, pools nothing', () => {
    expect(drop(new DirectTarget(openBackend())).beyondLoad).toEqual({ recorded: 0, scattered: 0, empty: 0 });
    const pooled = drop(new PooledTarget(openBackend()));
    expect(pooled.beyondLoad).toEqual({ recorded: 0, scattered: 8000 - 1.25 * 2000, empty: 8000 });
    expect(pooled.frameMs).toHaveLength(1 + 2 * (SECOND_FRAMES + 1));
  });

  it('passes on what it is told, ballast beside it', () => {
    const backend = openBackend();
    const target = new HeapTarget(backend);
    const watched = new WatchedTarget(target, 100);
    const resource = watched.create(request(4096));
    expect(target.heap.statistics().allocationCount).toBe(101);
    expect(watched.snapshot()?.statistics.allocationCount).toBe(101);
    watched.destroy(resource);
    expect(watched.pendingBytes).toBe(4096);
    watched.endFrame();
    expect(watched.pendingBytes).toBe(0);
    watched.dispose();
    expect(backend.createdBufferCount - backend.destroyedBufferCount).toBe(0);
  });
});

describe('the frame workload', () => {
  it('times every frame with a clock of its own', () => {
    let now = 0;
    const frames = runFrames({ liveCount: 100, frameCount: 210 }, () => now++);
    expect(frames).toEqual(new Array(210).fill(1));
  });
});

const WAY: WayFigures = {
  mode: 'direct',
  buffersCreated: 2000,
  peakReservedBytes: 10e6,
  ratio: 1,
  beyondLoad: { recorded: 0, scattered: 0, empty: 0 },
  apiMs: { minimum: 90, median: 100, deviation: 5 },
  bytesVerified: 1e6,
  mismatchCount: 0,
  errorCount: 0,
};

function rowOf(heap: Partial<WayFigures>, rest: Partial<TraceRow> = {}): TraceRow {
  const frames = summariseFrames('any', [[0.5]]);
  return {
    trace: 'some',
    repeats: 1,
    figures: {} as TraceRow['figures'],
    chunkBytes: 1e6,
    omissions: [],
    ways: [WAY, { ...WAY, mode: 'gpuheap', ...heap }],
    creations: { figure: 100, limit: 100, passed: true },
    reserved: { figure: 1.1, limit: 1.1, passed: true },
    frames,
    loadedFrames: frames,
    ...rest,
  };
}

describe('verdicts on a trace', () => {
  const met = (row: TraceRow): [string, boolean][] =>
    judgeTrace(row).map((verdict) => [verdict.target, verdict.met]);
  const apiMs = { minimum: 20, median: 20, deviation: 0 };

  it('are met at their limits', () => {
    const row = rowOf({ apiMs, beyondLoad: { recorded: 1e6, scattered: 1e6, empty: 1e6 } });
    expect(apiShareOf(row)).toBe(0.2);
    expect(met(row)).toEqual(['H1', 'H2', 'H3', 'H3', 'H4', 'H5', 'H6'].map((name) => [name, true]));
    expect(formatTraces([row])).toMatch(/0\.20 ×.* none\n$/);
  });

  it('are missed beyond them, each alone', () => {
    const loads = { recorded: 0, scattered: 0, empty: 0 };
    const missed = [
      rowOf({ apiMs }, { creations: { figure: 99, limit: 100, passed: false } }),
      rowOf({ apiMs }, { reserved: { figure: 1.11, limit: 1.1, passed: false } }),
      rowOf({ apiMs, beyondLoad: { ...loads, recorded: 1e6 + 1 } }),
      rowOf({ apiMs, beyondLoad: { ...loads, empty: 1e6 + 1 } }),
      rowOf({ apiMs, beyondLoad: { ...loads, scattered: 1e6 + 1 } }),
      rowOf({ apiMs: { ...apiMs, median: 21 } }),
      rowOf({ apiMs }, { loadedFrames: summariseFrames('any', [[1.001]]) }),
      rowOf({ apiMs, mismatchCount: 1 }),
      rowOf({ apiMs, errorCount: 1 }),
    ].map((row) => met(row).flatMap(([target, isMet]) => (isMet ? [] : [target])));
    expect(missed.flat()).toEqual(['H1', 'H2', 'H3', 'H3', 'H3', 'H4', 'H5', 'H6', 'H6']);
  });

  it('leave out what a trace is too small for, and pooled where it is', () => {
    const row = rowOf({ apiMs }, { creations: undefined, reserved: undefined });
    expect(met(row).map(([target]) => target)).toEqual(['H3', 'H3', 'H4', 'H5', 'H6']);
    expect(formatTraces([row])).toContain('2,000 · – · 2,000');
  });
});

describe("the heap's figures", () => {
  it('are printed, recorded and judged for every trace and for frames', async () => {
    const lines: string[] = [];
    const options = { on: 'mock', repeats: 2, frameLoad: { liveCount: 50, frameCount: 20 } } as const;
    const folder = mkdtempSync(join(tmpdir(), 'gpuheap-bench-'));
    const path = join(folder, 'short.ndjson.gz');
    writeFileSync(path, cutTrace(await readTrace(join(FIXTURES, 'three-stream-cut.ndjson.gz')), 0, 1500));
    const figures = await runHeapFigures({ ...options, traces: [path] }, (text) => lines.push(text));
    rmSync(folder, { recursive: true });
    const [row] = figures.traces;
    expect(row?.ways.map(({ mode }) => mode)).toEqual(['direct', 'pooled', 'gpuheap']);
    expect(row?.ways[0]).toMatchObject({ ratio: 1, mismatchCount: 0 });
    expect(row?.ways[0]?.buffersCreated).toBe(row?.figures.bufferCount);
    expect(row?.frames.frameCount).toBe(row?.loadedFrames.frameCount);
    expect(countFaults(row as TraceRow)).toBe(0);
    const targets = figures.verdicts.map(({ target }) => target);
    expect(targets).toEqual(['H2', 'H3', 'H3', 'H4', 'H5', 'H6', 'H5']);
    const out = lines.join('\n');
    expect(out).toMatch(/three-stream-cut-cut +\d+ · \d+ · \d+ /);
    expect(out).toContain(formatFrames([figures.frames]).split('\n')[1]?.trim().split(/ {2,}/)[0]);
    expect(out).toMatch(/\d of 7 met/);
  });
});
