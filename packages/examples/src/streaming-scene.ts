/**
 * Streaming scene: a flight over more terrain than the GPU may hold. What comes into sight is brought back,
 * what was out of sight the longest is evicted for it, and every byte is checked.
 *
 * Layout   a frame: touch what is in sight, bring back what is missing, change some tiles, compare every word
 *          of what has come or was changed and a part of all else in sight, end the frame.
 * Promise  the heap holds no more than its budget, staging included. A tile that has come to the GPU is
 *          compared with what it should be before it can go; at the end all are read, wherever they are.
 */
import { type Allocation, BufferUsage, type GpuHeap } from '@gpuheap/core';
import type { Flight } from './belady.ts';
import { flyOn, type Point, recordPath, tilesInSight } from './camera-path.ts';
import { countWrong, fillPart, partsOf, type Terrain, type WordRange, wordsOfTile } from './terrain.ts';

/** One tile: its bytes, on the GPU or not, and how often they were changed. */
export interface Tile<Buffer> {
  readonly index: number;
  readonly allocation: Allocation<Buffer>;
  craters: number;
  marks: number;
}

/** What is to be done in a frame, in this order. */
export interface TileFrame<Buffer> {
  /** Their craters are written; they are counted already. */
  readonly carved: readonly Tile<Buffer>[];
  /** Every word of these is compared with what it should be. */
  readonly compared: readonly Tile<Buffer>[];
  /** Of these one strip is, of as many as there are in a tile. */
  readonly glimpsed: readonly Tile<Buffer>[];
  readonly strip: number;
}

/** Strips in a tile. */
export const STRIP_COUNT = 32;

/** Words that were compared, and those that differed. */
export interface WordCounts {
  readonly words: number;
  readonly wrong: number;
}

/** Who works on the GPU. */
export interface TileWorker<Buffer> {
  /** Does the work of a frame, and submits it. */
  work(frame: TileFrame<Buffer>): Promise<void>;
  /** Of the words that it has compared. */
  count(): Promise<WordCounts>;
}

/** A terrain, and how it is flown over. */
export interface Scene {
  readonly terrain: Terrain;
  readonly budgetBytes: number;
  /** Every so many frames of the path are flown. */
  readonly stride: number;
}

/** 1 GiB through 256 MiB. */
export const FULL_SCENE: Scene = {
  terrain: { side: 64, tileBytes: 256 * 1024 },
  budgetBytes: 256 * 1024 * 1024,
  stride: 1,
};
/** 32 MiB through 8 MiB. */
export const SMALL_SCENE: Scene = {
  terrain: { side: 32, tileBytes: 32 * 1024 },
  budgetBytes: 8 * 1024 * 1024,
  stride: 4,
};

/** What came of a flight. */
export interface FlightFigures {
  /** Tiles in sight that were resident when their frame began, and those that were not. */
  readonly hitCount: number;
  readonly missCount: number;
  /** Bytes of tiles that came to the GPU, and of those that had to be read back from it. */
  readonly inBytes: number;
  readonly outBytes: number;
  readonly peakBytes: number;
  /** The most tiles that were resident at once. */
  readonly peakTiles: number;
  readonly comparedBytes: number;
  readonly wrongBytes: number;
  readonly seconds: number;
  /** What was seen and written, for the optimum. */
  readonly flight: readonly Flight[];
}

/** How a flight is made. */
export interface FlightOptions {
  /** Whether hints are given of what lies ahead. */
  readonly prefetch: boolean;
}

/** Frames that the hints are ahead. */
const LOOK_AHEAD = 4;
const CARVE_EVERY = 5;
const MARK_EVERY = 3;
/** Frames that the CPU may be ahead of the GPU. */
const FRAMES_IN_FLIGHT = 2;
/** Together no more than a 32nd of the budget, which a heap that evicts always holds for reads. */
const TILES_A_READ = 8;
/** From one marked tile to the next; no divisor of any number of tiles. */
const FAR_STEP = 1_000_003;

/** Flies over all of the path; the heap is new, and disposed of by whoever made it. */
export async function flyOver<Buffer>(
  heap: GpuHeap<Buffer>,
  scene: Scene,
  worker: TileWorker<Buffer>,
  options: FlightOptions,
): Promise<FlightFigures> {
  const began = performance.now();
  const camera = new Camera(heap, scene, worker);
  for (const point of recordPath(scene.stride)) await camera.showFrame(point, options);
  const onGpu = await worker.count();
  const atEnd = await camera.readAll();
  const { peakReservedBytes: peakBytes } = heap.statistics();
  const { restoredBytes, readBackBytes } = heap.residency.statistics();
  const seenCount = camera.flight.reduce((sum, { seen }) => sum + seen.length, 0);
  return {
    hitCount: camera.hitCount,
    missCount: seenCount - camera.hitCount,
    inBytes: restoredBytes,
    outBytes: readBackBytes,
    peakBytes,
    peakTiles: camera.peakTiles,
    comparedBytes: 4 * (onGpu.words + atEnd.words),
    wrongBytes: 4 * (onGpu.wrong + atEnd.wrong),
    seconds: (performance.now() - began) / 1000,
    flight: camera.flight,
  };
}

class Camera<Buffer> {
  readonly flight: Flight[] = [];
  hitCount = 0;
  peakTiles = 0;
  private readonly heap: GpuHeap<Buffer>;
  private readonly terrain: Terrain;
  private readonly worker: TileWorker<Buffer>;
  private readonly tiles: readonly Tile<Buffer>[];
  /** What has come to the GPU and was not looked at yet. */
  private readonly arrived = new Set<Tile<Buffer>>();
  private readonly serials: number[] = [];
  private before: Point | undefined;

  constructor(heap: GpuHeap<Buffer>, { terrain }: Scene, worker: TileWorker<Buffer>) {
    this.heap = heap;
    this.terrain = terrain;
    this.worker = worker;
    this.tiles = Array.from({ length: terrain.side ** 2 }, (_, index) => this.makeTile(index));
  }

  /** It begins on the CPU, where its bytes are made when they are needed. */
  private makeTile(index: number): Tile<Buffer> {
    const { terrain } = this;
    const onRestore = (): Uint32Array => wordsOfTile(terrain, index, { craters: 0, marks: 0 });
    const allocation = this.heap.allocate({
      size: terrain.tileBytes,
      usage: BufferUsage.STORAGE | BufferUsage.COPY_DST,
      access: 'read',
      priority: 'normal',
      resident: false,
      onRestore,
    });
    const tile: Tile<Buffer> = { index, allocation, craters: 0, marks: 0 };
    allocation.on('moved', () => this.arrived.add(tile));
    return tile;
  }

  async showFrame(point: Point, { prefetch }: FlightOptions): Promise<void> {
    const { heap, terrain, flight, serials } = this;
    const frame = flight.length;
    const seen = tilesInSight(terrain, point);
    const inSight = seen.map((index) => this.tiles[index] as Tile<Buffer>);
    for (const { allocation } of inSight) if (allocation.touch()) this.hitCount++;
    await heap.ensureResident(inSight.map(({ allocation }) => allocation));
    this.peakTiles = Math.max(this.peakTiles, this.tiles.filter(isHere).length);
    // This frame uses what has only now come, too.
    for (const { allocation } of inSight) allocation.binding();
    const marked = frame % MARK_EVERY === 0 ? [this.markOne(frame)] : [];
    const carved = frame % CARVE_EVERY === 0 ? inSight.slice(-2) : [];
    for (const tile of carved) {
      tile.craters++;
      tile.allocation.touch('written');
    }
    flight.push({ seen, written: [...marked, ...carved].map(({ index }) => index) });
    const compared = new Set([...carved, ...[...this.arrived].filter(isHere)]);
    this.arrived.clear();
    const glimpsed = inSight.filter((tile) => !compared.has(tile));
    await this.worker.work({ carved, compared: [...compared], glimpsed, strip: frame % STRIP_COUNT });
    if (prefetch) this.hint(point);
    this.before = point;
    serials.push(heap.endFrame());
    await heap.backend.whenCompleted(serials.at(-1 - FRAMES_IN_FLIGHT) ?? 0);
  }

  /** The CPU writes the mark of a tile anywhere, mostly of one that is evicted. */
  private markOne(frame: number): Tile<Buffer> {
    const { terrain, tiles } = this;
    const tile = tiles[(frame * FAR_STEP) % tiles.length] as Tile<Buffer>;
    const { mark } = partsOf(terrain);
    const words = new Uint32Array(mark[1] - mark[0]);
    tile.marks++;
    fillPart(words, tile.index, mark, tile.marks);
    tile.allocation.write(words, 4 * mark[0]);
    return tile;
  }

  private hint(point: Point): void {
    if (this.before === undefined) return;
    const ahead = tilesInSight(this.terrain, flyOn(this.before, point, LOOK_AHEAD));
    this.heap.residency.prefetch(ahead.map((index) => (this.tiles[index] as Tile<Buffer>).allocation));
  }

  /** Reads every tile, and compares it. */
  readAll(): Promise<WordCounts> {
    return compareOnHost(this.heap, this.terrain, this.tiles, [0, this.terrain.tileBytes / 4]);
  }
}

/** Reads some words of these tiles, a few tiles at a time, and compares them with what they should be. */
export async function compareOnHost<Buffer>(
  heap: GpuHeap<Buffer>,
  terrain: Terrain,
  tiles: readonly Tile<Buffer>[],
  [from, to]: WordRange,
): Promise<WordCounts> {
  const place = { at: 4 * from, size: 4 * (to - from) };
  const scratch = new Uint32Array(terrain.tileBytes / 4);
  let words = 0;
  let wrong = 0;
  for (let first = 0; first < tiles.length; first += TILES_A_READ) {
    const some = tiles.slice(first, first + TILES_A_READ);
    const read = await heap.readMany(some.map(({ allocation }) => ({ allocation, ...place })));
    for (const [k, tile] of some.entries()) {
      const expected = wordsOfTile(terrain, tile.index, tile, scratch).subarray(from, to);
      words += expected.length;
      wrong += countWrong(read[k] as Uint8Array, expected);
    }
  }
  return { words, wrong };
}

function isHere({ allocation }: Tile<unknown>): boolean {
  return allocation.isResident;
}
