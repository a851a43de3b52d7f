/**
 * Streaming table: one flight made by each policy, beside the best that any policy could have made of it.
 */
import type { GpuHeap, GpuHeapOptions } from '@gpuheap/core';
import { type PagingFigures, planOptimum, replayRecency } from './belady.ts';
import { type FlightFigures, flyOver, type Scene, type TileWorker } from './streaming-scene.ts';

/** A heap, and who works on its tiles. */
export interface OpenScene<Buffer> {
  readonly heap: GpuHeap<Buffer>;
  readonly worker: TileWorker<Buffer>;
}

/** What a policy has made of the flight. */
export interface PolicyRow {
  readonly policy: string;
  readonly figures: FlightFigures;
}

/** All of them, and what the same slots allow for. */
export interface SceneReport {
  readonly scene: Scene;
  readonly rows: readonly PolicyRow[];
  /** Slots that the last three had: the most tiles that any policy held at once. */
  readonly slotCount: number;
  readonly optimum: PagingFigures;
  readonly recency: PagingFigures;
}

const MIB = 1024 * 1024;
const POLICIES = [
  { policy: 'recency', order: 'recency', prefetch: false },
  { policy: 'recency, prefetch', order: 'recency', prefetch: true },
  { policy: 'frequency', order: 'frequency', prefetch: false },
  { policy: 'frequency, prefetch', order: 'frequency', prefetch: true },
] as const;
/** Tiles that hints may bring back at the end of a frame. */
const PREFETCH_TILES = 16;

/** Flies the same path by each policy; `open` makes a heap with these options, which is disposed of here. */
export async function comparePolicies<Buffer>(
  scene: Scene,
  open: (options: GpuHeapOptions) => Promise<OpenScene<Buffer>>,
): Promise<SceneReport> {
  const { budgetBytes, terrain } = scene;
  const prefetchBytesPerFrame = PREFETCH_TILES * terrain.tileBytes;
  const rows: PolicyRow[] = [];
  for (const { policy, order, prefetch } of POLICIES) {
    const residency = { order, prefetchBytesPerFrame };
    const { heap, worker } = await open({ budgetBytes, chunkBytes: budgetBytes / 32, residency });
    try {
      rows.push({ policy, figures: await flyOver(heap, scene, worker, { prefetch }) });
    } finally {
      heap.dispose();
    }
  }
  const slotCount = Math.max(...rows.map(({ figures }) => figures.peakTiles));
  const flight = rows[0]?.figures.flight ?? [];
  const optimum = planOptimum(flight, slotCount);
  return { scene, rows, slotCount, optimum, recency: replayRecency(flight, slotCount) };
}

/** The report as lines of text. */
export function printScene({ scene, rows, slotCount, optimum, recency }: SceneReport): string[] {
  const { terrain, budgetBytes } = scene;
  const { side, tileBytes } = terrain;
  const frames = rows[0]?.figures.flight.length ?? 0;
  const mib = (bytes: number): string => (bytes / MIB).toFixed(bytes < 100 * MIB ? 1 : 0);
  const line = (...cells: readonly string[]): string =>
    cells.map((cell, k) => (k === 0 ? cell.padEnd(26) : cell.padStart(9))).join('');
  const rate = (hits: number, misses: number): string => `${((100 * hits) / (hits + misses)).toFixed(2)} %`;
  const paged = (name: string, { hitCount, fetchedCount, savedCount }: PagingFigures): string => {
    const moved = [mib(fetchedCount * tileBytes), mib(savedCount * tileBytes)];
    return line(name, rate(hitCount, fetchedCount), String(fetchedCount), ...moved);
  };
  return [
    `${side ** 2} tiles of ${tileBytes / 1024} KiB, ${mib(side ** 2 * tileBytes)} MiB, through ${mib(budgetBytes)} MiB; ${frames} frames`,
    line('policy', 'hits', 'misses', 'MiB in', 'MiB out', 'peak MiB', 'compared', 'wrong', 'seconds'),
    ...rows.map(({ policy, figures }) =>
      line(
        policy,
        rate(figures.hitCount, figures.missCount),
        String(figures.missCount),
        mib(figures.inBytes),
        mib(figures.outBytes),
        mib(figures.peakBytes),
        mib(figures.comparedBytes),
        String(figures.wrongBytes),
        figures.seconds.toFixed(1),
      ),
    ),
    paged(`recency by the book, ${slotCount}`, recency),
    paged(`Belady's optimum, ${slotCount}`, optimum),
  ];
}
