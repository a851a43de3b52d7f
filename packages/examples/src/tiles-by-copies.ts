/** Tiles by copies: what works on tiles where there are no shaders. The words are compared on the CPU. */
import { BufferUsage, type GpuHeap } from '@gpuheap/core';
import {
  compareOnHost,
  STRIP_COUNT,
  type Tile,
  type TileFrame,
  type TileWorker,
  type WordCounts,
} from './streaming-scene.ts';
import { fillPart, partsOf, type Terrain, type WordRange } from './terrain.ts';

export class TilesByCopies<Buffer> implements TileWorker<Buffer> {
  private readonly heap: GpuHeap<Buffer>;
  private readonly terrain: Terrain;
  private words = 0;
  private wrong = 0;

  constructor(heap: GpuHeap<Buffer>, terrain: Terrain) {
    this.heap = heap;
    this.terrain = terrain;
  }

  async work({ carved, compared, glimpsed, strip }: TileFrame<Buffer>): Promise<void> {
    const stripWords = this.terrain.tileBytes / 4 / STRIP_COUNT;
    for (const tile of carved) this.carve(tile);
    await this.compare(compared, [0, this.terrain.tileBytes / 4]);
    await this.compare(glimpsed, [strip * stripWords, (strip + 1) * stripWords]);
  }

  private async compare(tiles: readonly Tile<Buffer>[], range: WordRange): Promise<void> {
    const { words, wrong } = await compareOnHost(this.heap, this.terrain, tiles, range);
    this.words += words;
    this.wrong += wrong;
  }

  private carve({ index, craters, allocation }: Tile<Buffer>): void {
    const { crater } = partsOf(this.terrain);
    const words = new Uint32Array(crater[1] - crater[0]);
    fillPart(words, index, crater, craters);
    const { COPY_SRC, COPY_DST } = BufferUsage;
    const request = { size: words.byteLength, usage: COPY_SRC | COPY_DST, lifetime: 'frame' } as const;
    const scratch = this.heap.allocate(request);
    scratch.write(words);
    this.heap.copy(scratch, 0, allocation, 4 * crater[0], words.byteLength);
  }

  async count(): Promise<WordCounts> {
    const { words, wrong } = this;
    return { words, wrong };
  }
}
