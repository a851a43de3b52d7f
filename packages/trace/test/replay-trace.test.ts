import { describe, expect, it } from 'vitest';
import {
  DirectTarget,
  HeapTarget,
  MeasuredBackend,
  PooledTarget,
  type ReplayOptions,
  type ReplayResult,
  readTrace,
  replayTrace,
} from '../src/index.ts';
import { FakeBackend, type FakeBuffer } from './fake-backend.ts';
import { SAMPLE, traceFile } from './sample-trace.ts';

interface Setting {
  readonly events?: readonly unknown[];
  readonly spoil?: (stored: Uint8Array, count: number) => void;
  readonly options?: ReplayOptions;
}

const TARGETS = [
  ['direct', (backend: MeasuredBackend<FakeBuffer>) => new DirectTarget(backend)],
  ['pooled', (backend: MeasuredBackend<FakeBuffer>) => new PooledTarget(backend)],
  ['gpuheap', (backend: MeasuredBackend<FakeBuffer>) => new HeapTarget(backend)],
] as const;

async function replayed(
  make: (typeof TARGETS)[number][1],
  { events = SAMPLE, spoil, options }: Setting = {},
): Promise<{ result: ReplayResult; fake: FakeBackend }> {
  const fake = new FakeBackend();
  let count = 0;
  if (spoil !== undefined) fake.onWrite = (stored) => spoil(stored, count++);
  let now = 0;
  const backend = new MeasuredBackend(fake, () => now++);
  const target = make(backend) as DirectTarget<FakeBuffer>;
  return { result: await replayTrace(await readTrace(traceFile(events)), target, options), fake };
}

describe.each(TARGETS)('replay %s', (mode, make) => {
  it('verifies every byte and gives everything back', async () => {
    const { result, fake } = await replayed(make);
    expect(result).toMatchObject({ mode, trace: 'sample', mismatchCount: 0, mismatches: [], buffersLeft: 0 });
    // Three checkpoints, the mapped read, and what is alive at the end.
    const alive = 256 + 1000 + 4096;
    expect(result.bytesVerified).toBe(3 * alive + 4096 + (256 + 4096));
    expect(result.checkpoints).toBe(4);
    expect(result.peakLiveBytes).toBe(9448);
    expect(result.peakReservedBytes).toBeGreaterThanOrEqual(9448);
    expect(result.buffersDestroyed).toBe(result.buffersCreated);
    expect(fake.live.size).toBe(0);
  });

  it('samples a timeline that follows the frames', async () => {
    const { result } = await replayed(make);
    const frames = result.timeline.map((sample) => sample.frame);
    expect(frames).toEqual([...frames].sort((a, b) => a - b));
    expect(Math.max(...result.timeline.map((sample) => sample.liveBytes))).toBe(result.peakLiveBytes);
    for (const { liveBytes, reservedBytes } of result.timeline) {
      expect(reservedBytes).toBeGreaterThanOrEqual(liveBytes);
    }
  });

  it('finds a byte that was spoilt on its way', async () => {
    // The third write lands in bytes 64 to 79 of the uniforms.
    const { result } = await replayed(make, {
      spoil: (stored, count) => {
        if (stored.length === 16) stored[5]! ^= 0x10;
        expect(count).toBeGreaterThanOrEqual(0);
      },
    });
    expect(result.mismatchCount).toBe(2);
    const [first] = result.mismatches;
    expect(first).toMatchObject({ id: 1, label: 'uniforms', offset: 69 });
    expect((first?.expected ?? 0) ^ (first?.got ?? 0)).toBe(0x10);
  });

  it('notices when the wrong resource is overwritten', async () => {
    const { result } = await replayed((backend) => {
      const target = make(backend) as DirectTarget<FakeBuffer>;
      const copy = target.copy.bind(target);
      target.copy = (source, sourceOffset, to, targetOffset, size) =>
        copy(source, sourceOffset === 128 ? 0 : sourceOffset, to, targetOffset, size);
      return target;
    });
    expect(result.mismatchCount).toBeGreaterThan(0);
    expect(result.mismatches[0]).toMatchObject({ id: 1, offset: 0 });
  });

  it('survives resources larger than the pattern table and than a batch', async () => {
    const big = 20 * 1024 * 1024 + 4;
    const events = [
      ['b', 1, big, 140, 0, 'big', 0],
      ['s', 1],
      ['b', 2, big, 140, 1, 'copy', 2],
      ['c', 1, 4, 2, 0, big - 4, 3],
      ['w', 2, big - 4, 4, 4],
      ['s', 5],
    ];
    const { result } = await replayed(make, { events });
    expect(result.mismatchCount).toBe(0);
    expect(result.bytesVerified).toBe(5 * big);
  });

  it('pads sizes that are no multiple of 4 and compares the exact bytes', async () => {
    const events = [
      ['b', 1, 7, 40, 0, null, 0],
      ['b', 2, 9, 40, 1, null, 0],
      ['b', 3, 5, 40, 1, null, 0],
      ['w', 1, 4, 0, 0],
      ['s', 1],
      ['d', 2, 2],
    ];
    const { result } = await replayed(make, { events });
    expect(result).toMatchObject({ mismatchCount: 0, bytesVerified: 21 + 12, peakLiveBytes: 21 });
  });

  it('reads no more at a checkpoint than it may, in turn', async () => {
    const events = [
      ...Array.from({ length: 10 }, (_, id) => ['b', id, 1000, 40, 1, null, 0]),
      ...Array.from({ length: 10 }, (_, index) => ['s', index]),
    ];
    const { result } = await replayed(make, { events, options: { checkpoints: 5, checkpointBytes: 2000 } });
    expect(result.bytesVerified).toBe(5 * 2000 + 10_000);
    expect(result.mismatchCount).toBe(0);
  });

  it('writes before a fill that is pending, and drops fills that nobody sees', async () => {
    const events = [
      ['b', 1, 64, 140, 0, null, 0],
      ['w', 1, 16, 16, 1],
      ['b', 2, 64, 140, 0, null, 2],
      ['w', 2, 0, 64, 3],
      ['b', 3, 64, 140, 0, null, 4],
      ['c', 3, 0, 2, 32, 32, 5],
      ['b', 4, 64, 140, 0, null, 6],
      ['c', 3, 0, 4, 0, 64, 6],
      ['b', 5, 64, 140, 0, null, 7],
      ['d', 5, 8],
      ['b', 6, 64, 9, 0, null, 9],
      ['m', 6, 10],
      ['c', 4, 0, 1, 0, 0, 11],
    ];
    const { result } = await replayed(make, { events });
    expect(result).toMatchObject({ mismatchCount: 0, buffersLeft: 0 });
  });

  it('measures with the clock that it is given', async () => {
    const { result } = await replayed(make);
    // Every reading of this clock is a millisecond after the last.
    expect(result.apiMs.create).toBe(result.buffersCreated);
    const { create, destroy, write, clear, map } = result.apiMs;
    expect(result.memoryApiMs).toBe(create + destroy + write + clear + map);
    expect(result.nsPerAllocate).toBeGreaterThanOrEqual(1e6);
    expect(result.nsPerFree).toBeGreaterThanOrEqual(1e6);
  });
});

describe('modes', () => {
  const cycle = [
    ['b', 1, 512, 40, 1, 'a', 0],
    ['d', 1, 1],
    ['b', 2, 512, 40, 1, 'b', 2],
    ['s', 3],
    ['b', 3, 512, 40, 1, 'c', 4],
    ['b', 4, 512, 72, 1, 'd', 5],
  ];

  it('direct makes a buffer each', async () => {
    const { result } = await replayed(TARGETS[0][1], { events: cycle });
    expect(result).toMatchObject({ buffersCreated: 4, peakReservedBytes: 1536, offsetsChecksum: 10 });
  });

  it('pooled takes a buffer again after the next submit, for the same size and usage', async () => {
    const { result } = await replayed(TARGETS[1][1], { events: cycle });
    expect(result).toMatchObject({ buffersCreated: 3, peakReservedBytes: 1536 });
    expect(result.timeline.map((sample) => sample.pendingBytes)).toEqual([0, 512, 512, 512, 0, 0]);
  });

  it.each([TARGETS[1], TARGETS[2]])(
    '%s gives away at once what is released right after a submit',
    async (_, make) => {
      const one = (id: number): unknown[] => ['b', id, 262_144, 40, 1, null, 0];
      const events = [
        one(1),
        one(2),
        ['s', 0],
        ['d', 1, 0],
        ['d', 2, 0],
        one(3),
        one(4),
        ['s', 0],
        ['d', 3, 0],
        ['d', 4, 0],
        ['f', 0],
        one(5),
      ];
      const { result } = await replayed(make, { events });
      expect(result.peakReservedBytes).toBeLessThan(4 * 262_144 + 1);
      expect(result.timeline.map((sample) => sample.pendingBytes / 262_144)).toEqual([
        0, 0, 0, 1, 2, 0, 0, 0, 1, 2, 0, 0,
      ]);
    },
  );

  it('gpuheap makes one and shows it at the peak', async () => {
    const { result } = await replayed(TARGETS[2][1], { events: cycle });
    expect(result.buffersCreated).toBe(1);
    const live = result.snapshotAtPeak?.chunks.flatMap((chunk) =>
      chunk.ranges.filter((r) => r.state === 'live'),
    );
    expect(live?.map((range) => range.label).sort()).toEqual(['b', 'c', 'd']);
  });

  it('replays a trace without submissions or events', async () => {
    const { result } = await replayed(TARGETS[2][1], { events: [] });
    expect(result).toMatchObject({ buffersCreated: 0, ratio: 0, bytesVerified: 0, timeline: [] });
  });

  it.each([
    [null, 'bad-argument'],
    [{ checkpoint: 1 }, 'unknown-option'],
    [{ checkpoints: -1 }, 'bad-argument'],
    [{ checkpoints: 1.5 }, 'bad-argument'],
    [{ samples: 0 }, 'bad-argument'],
    [{ checkpointBytes: Number.NaN }, 'bad-size'],
  ])('refuses the options %j', async (options, code) => {
    await expect(replayed(TARGETS[0][1], { options: options as never })).rejects.toMatchObject({ code });
  });
});
