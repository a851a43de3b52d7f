import { BufferUsage } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { recountSoak } from '../src/heap/soak-recount.ts';
import { runSoak, type SoakOptions } from '../src/heap/soak-run.ts';
import {
  GROWTH_BYTES,
  growthOf,
  judgePace,
  judgeSoak,
  type SoakSample,
  slowDownOf,
} from '../src/heap/soak-verdicts.ts';
import { SoakWork } from '../src/heap/soak-work.ts';

/** Samples with these figures, the rest as it should be. */
function samplesOf(figures: readonly Partial<SoakSample>[]): SoakSample[] {
  return figures.map((figure, i) => ({
    operations: (i + 1) * 1000,
    nanosecondsPerOperation: 100,
    heapBytes: 5_000_000,
    differences: [],
    ...figure,
  }));
}

function missedOf(samples: readonly SoakSample[]): string[] {
  return judgeSoak(samples).flatMap(({ what, met }) => (met ? [] : [what]));
}

describe('verdicts on a soak', () => {
  const STEADY = new Array<Partial<SoakSample>>(20).fill({});

  it('are met by a steady one, and with one stretch disturbed', () => {
    expect(missedOf(samplesOf(STEADY))).toEqual([]);
    const disturbed = [...STEADY.slice(1), { nanosecondsPerOperation: 9000, heapBytes: 9e9 }];
    expect(missedOf(samplesOf(disturbed))).toEqual([]);
  });

  it('leave the warm-up out', () => {
    const warming = [{ heapBytes: 0, nanosecondsPerOperation: 1 }, { heapBytes: 0 }, ...STEADY.slice(2)];
    expect(growthOf(samplesOf(warming))).toBe(0);
    expect(slowDownOf(samplesOf(warming))).toBe(1);
  });

  it('hold a hundred million operations against ten minutes', () => {
    expect(judgePace(samplesOf(STEADY))).toMatchObject({ figure: 1 / 6, met: true });
    const slow = STEADY.map(() => ({ nanosecondsPerOperation: 6001 }));
    expect(judgePace(samplesOf(slow)).met).toBe(false);
  });

  it('are missed by growth, by slowing down, by a difference, and when there is too little', () => {
    const growing = STEADY.map((_, i) => ({ heapBytes: 5e6 + i * 100_000 }));
    expect(growthOf(samplesOf(growing))).toBe(12 * 100_000);
    expect(12 * 100_000).toBeGreaterThan(GROWTH_BYTES);
    expect(missedOf(samplesOf(growing))).toEqual(['growth of the process after warm-up']);
    const slower = STEADY.map((_, i) => ({ nanosecondsPerOperation: 100 + 3 * i }));
    expect(missedOf(samplesOf(slower))).toEqual(['CPU time, last third over first']);
    const wrong = [{ differences: ['one byte too many'] }, ...STEADY.slice(1)];
    expect(missedOf(samplesOf(wrong))).toEqual(['differences from a recount']);
    expect(missedOf(samplesOf([{}, {}, {}]))).toEqual(['samples']);
  });
});

describe('the soak', () => {
  function run(options: Partial<SoakOptions>): Promise<SoakSample[]> {
    let now = 0;
    return runSoak({
      seed: 7,
      operations: 6000,
      milliseconds: Number.POSITIVE_INFINITY,
      stretchOperations: 1500,
      clock: () => now++,
      readCpu: () => (now += 1000),
      readHeap: () => 1,
      onSample: () => {},
      ...options,
    });
  }

  it('recounts after every stretch and finds nothing', async () => {
    const refused: number[] = [];
    const samples = await run({ onSample: (_, work) => refused.push(work.refusedCount) });
    expect(samples.flatMap(({ differences }) => differences)).toEqual([]);
    expect(samples.map(({ operations }) => operations)).toEqual([...samples.keys()].map(expectedOperations));
    expect(samples).toHaveLength(4);
    expect(judgeSoak(samples).every(({ met }) => met)).toBe(true);

    function expectedOperations(stretch: number): unknown {
      const least = 1500 * (stretch + 1);
      return expect.toSatisfy((count: number) => count >= least && count < least + 4000);
    }
  });

  it('does the same for the same seed', async () => {
    const counts = [1, 2].map(async () => {
      const work = new SoakWork(3);
      await work.run(1500);
      const { createdBufferCount, usedBytes } = work.heap.statistics();
      return [work.refusedCount, createdBufferCount, usedBytes];
    });
    expect(await counts[0]).toEqual(await counts[1]);
  });

  it('ends when the time is over', async () => {
    expect(await run({ milliseconds: 1 })).toHaveLength(1);
  });

  it('leaves nothing behind', async () => {
    const work = new SoakWork(5);
    await work.run(1500);
    work.drain();
    expect(work.heap.statistics()).toMatchObject({ allocationCount: 1, pendingBytes: 0 });
    expect(recountSoak(work)).toEqual([]);
    work.dispose();
    expect(work.gpu.buffers.size).toBe(0);
  });

  it('notices an allocation that nobody counts, a buffer that is not of the heap, and an overwritten read', async () => {
    const work = new SoakWork(9);
    await work.run(1000);
    expect(recountSoak(work)).toEqual([]);
    work.gpu.makeBuffer({ size: 64, usage: BufferUsage.COPY_DST });
    const extra = work.heap.allocate({ size: 12, usage: BufferUsage.VERTEX, owner: 'part 1' });
    const differences = recountSoak(work).map((difference) => difference.split(':')[0]);
    expect(differences).toEqual([
      'allocations',
      'bytes asked for',
      'reserved bytes',
      'buffers',
      'owner part 1',
    ]);
    extra.free();
    work.heap.copy(work.template, 0, work.heap.allocate({ size: 64, usage: BufferUsage.VERTEX }), 0, 64);
    work.template.write(new Uint8Array(64));
    expect(recountSoak(work).join()).toMatch(/hazards: the heap says 0, a recount [1-9]/);
  });
});
