/**
 * Fragmented heaps: what plans are measured on. The scenario of the targets, and heaps cut from recorded
 * programs.
 */
import { type FragmentChunk, type FragmentRange, type Fragments, Tlsf } from '@gpuheap/core';
import { MockGpu } from '@gpuheap/mock';
import { XorShift32 } from '@gpuheap/testing/workloads';
import { HeapTarget, MeasuredBackend, readTrace, replayTrace } from '@gpuheap/trace';

/** A heap and what it is called. */
export interface FragmentedHeap {
  readonly name: string;
  readonly fragments: Fragments;
}

const MEBI: number = 1024 * 1024;
const CHUNK_BYTES: number = 16 * MEBI;
const ALIGNMENT = 256;
const LEAST_BYTES = 1024;

/** How the scenario is drawn. */
export interface Scenario {
  /** Bytes of all chunks. */
  readonly bytes: number;
  /** Sizes are logarithmically even from 1 KiB up to this. */
  readonly mostBytes: number;
}

/** Chunks of 16 MiB filled with ranges of random sizes, of which a random half is freed. */
export function halfFreed({ bytes, mostBytes }: Scenario): FragmentedHeap {
  const random = new XorShift32();
  const spans = Array.from(
    { length: bytes / CHUNK_BYTES },
    () => new Tlsf({ capacity: CHUNK_BYTES, granularity: ALIGNMENT }),
  );
  const all: { span: Tlsf; handle: number }[] = [];
  for (const span of spans) {
    for (;;) {
      const handle = span.allocate(random.logUniform(LEAST_BYTES, mostBytes));
      if (handle === 0) break;
      all.push({ span, handle });
    }
  }
  for (const { span, handle } of all) if (random.uniform() < 0.5) span.free(handle);
  const chunks = spans.map(
    (span, id): FragmentChunk => ({
      id,
      pool: 'pool',
      sizeBytes: CHUNK_BYTES,
      dedicated: false,
      // As a heap tells them: read when they are asked for.
      ranges: { [Symbol.iterator]: () => rangesOf(span) },
      tellRanges: (tell) =>
        span.eachRange((offset, size, handle) =>
          tell(offset, size, handle === 0 ? 'free' : 'live', ALIGNMENT, false, 0),
        ),
    }),
  );
  const live = spans.reduce((sum, span) => sum + span.statistics().liveCount, 0);
  return { name: `${bytes / MEBI} MiB half freed, ${live} live`, fragments: { chunks } };
}

function* rangesOf(span: Tlsf): Generator<FragmentRange, void> {
  for (const { offset, size, handle } of span.ranges()) {
    yield { offset, size, state: handle === 0 ? 'free' : 'live', alignment: ALIGNMENT };
  }
}

/** The heap of a recorded program at its peak, on the virtual GPU, of which every second range is freed. */
export async function halfOfPeak(path: string, name: string): Promise<FragmentedHeap | undefined> {
  const gpu = new MockGpu({ autoComplete: true, reuseAfter: 'submitted' });
  const target = new HeapTarget(new MeasuredBackend(gpu.backend()));
  const { snapshotAtPeak } = await replayTrace(await readTrace(path), target, { checkpoints: 0 });
  if (snapshotAtPeak === undefined) return undefined;
  let turn = 0;
  const chunks = snapshotAtPeak.chunks.map((chunk) => {
    const ranges: FragmentRange[] = [];
    for (const range of chunk.ranges) {
      const isFree = range.state !== 'live' || (range.pinned !== true && turn++ % 2 === 0);
      const last = ranges[ranges.length - 1];
      if (!isFree) ranges.push(range);
      else if (last?.state === 'free') ranges[ranges.length - 1] = { ...last, size: last.size + range.size };
      else ranges.push({ offset: range.offset, size: range.size, state: 'free' });
    }
    return { ...chunk, ranges };
  });
  return { name, fragments: { chunks } };
}
