import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MockTexture, MockTextures } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { validate } from '../../src/debug/index.ts';
import { TextureUsage, type TileAllocation, TilePool } from '../../src/index.ts';
import { CountedBudget } from './tile-scene.ts';

const PER_CHUNK = 6;
const TILE_BYTES = 4;
const CHUNK_BYTES = PER_CHUNK * TILE_BYTES;
const IDLE = 3;
const USAGE = TextureUsage.COPY_SRC | TextureUsage.COPY_DST;

/** What is known of a run without asking the pool. */
interface Run {
  readonly tile: TileAllocation<MockTexture>;
  readonly texture: MockTexture;
  readonly layer: number;
  readonly count: number;
  readonly seed: number;
  /** Undefined while live, Infinity from the release to the boundary, then the serial. */
  serial: number | undefined;
}

/** The pool as lists: which layers of which texture are taken, and by whom. */
class Model {
  readonly runs: Run[] = [];
  serial = 0;
  seed = 0;
  releaseCount = 0;

  get live(): Run[] {
    return this.runs.filter(({ serial }) => serial === undefined);
  }

  countOf(runs: readonly Run[]): number {
    return runs.reduce((sum, { count }) => sum + count, 0);
  }

  /** Whether some granted texture has a row of free layers. */
  hasRoom(count: number, textures: Iterable<MockTexture>): boolean {
    for (const texture of textures) {
      if (texture.isRefused) continue;
      let row = 0;
      for (let layer = 0; layer < PER_CHUNK; layer++) {
        row = this.isTaken(texture, layer) ? 0 : row + 1;
        if (row === count) return true;
      }
    }
    return false;
  }

  isTaken(texture: MockTexture, layer: number): boolean {
    return this.runs.some(
      (run) => run.texture === texture && run.layer <= layer && layer < run.layer + run.count,
    );
  }
}

/** The pool, what stands behind it, and the model beside it. */
class Scene {
  readonly textures = new MockTextures();
  readonly budget: CountedBudget;
  readonly pool: TilePool<MockTexture>;
  readonly model = new Model();
  readonly maxChunks: number;

  constructor(maxChunks: number, budgetChunks: number) {
    this.maxChunks = maxChunks;
    this.budget = new CountedBudget(budgetChunks * CHUNK_BYTES);
    const options = { width: 1, height: 1, format: 'rgba8unorm', usage: USAGE, tilesPerChunk: PER_CHUNK };
    this.pool = new TilePool(this.textures, { ...options, maxChunks, idleBoundaries: IDLE }, this.budget);
  }

  allocate(count: number): void {
    const { model, textures } = this;
    const hadRoom = model.hasRoom(count, textures.textures);
    const before = textures.textures.size;
    const mayGrow = before < Math.min(this.maxChunks, this.budget.most / CHUNK_BYTES);
    const tile = this.pool.tryAllocate(count);
    expect(tile !== undefined).toBe(hadRoom || mayGrow);
    expect(textures.textures.size).toBe(hadRoom || !mayGrow ? before : before + 1);
    if (tile === undefined) return;
    const { texture, layer } = tile;
    for (let k = 0; k < count; k++) expect(model.isTaken(texture, layer + k)).toBe(false);
    model.seed++;
    const run: Run = { tile, texture, layer, count, seed: model.seed, serial: undefined };
    model.runs.push(run);
    for (let k = 0; k < count; k++) textures.write(texture, layer + k, contentOf(run, k));
  }

  free(run: Run | undefined): void {
    if (run === undefined) return;
    this.pool.free(run.tile);
    run.serial = Number.POSITIVE_INFINITY;
    this.model.releaseCount++;
    expect(() => this.pool.free(run.tile)).toThrow(expect.objectContaining({ code: 'dead-allocation' }));
  }

  boundary(): void {
    this.model.serial++;
    for (const run of this.model.runs)
      if (run.serial === Number.POSITIVE_INFINITY) run.serial = this.model.serial;
    this.pool.boundary(this.model.serial);
  }

  reclaim(serial: number): void {
    const { model } = this;
    const due = model.runs.filter((run) => run.serial !== undefined && run.serial <= serial);
    expect(this.pool.reclaim(serial)).toBe(model.countOf(due));
    for (const run of due) model.runs.splice(model.runs.indexOf(run), 1);
  }

  /** A run is copied elsewhere, and the old one freed. */
  move(run: Run | undefined): void {
    if (run === undefined || run.texture.isRefused) return;
    const { model, textures } = this;
    const before = model.runs.length;
    this.allocate(run.count);
    const moved = model.runs[before];
    if (moved === undefined) return;
    const ends = {
      source: run.texture,
      sourceLayer: run.layer,
      target: moved.texture,
      targetLayer: moved.layer,
    };
    textures.copyToLayer([{ ...ends, layers: run.count }]);
    model.runs[before] = { ...moved, seed: run.seed };
    this.free(run);
  }

  check(): void {
    const { model, pool, textures, budget } = this;
    const live = model.countOf(model.live);
    const pending = model.countOf(model.runs) - live;
    const { chunks } = pool;
    const granted = [...textures.textures].filter(({ isRefused }) => !isRefused);
    const taken = model.countOf(model.runs.filter(({ texture }) => !texture.isRefused));
    expect(pool.statistics()).toMatchObject({
      liveCount: live,
      pendingCount: pending,
      freeCount: granted.length * PER_CHUNK - taken,
      chunkCount: textures.textures.size,
      heldBytes: textures.textures.size * CHUNK_BYTES,
      allocationCount: model.seed,
      releaseCount: model.releaseCount,
    });
    expect(budget.claimedBytes).toBe(textures.textures.size * CHUNK_BYTES);
    for (const { layers } of chunks.list) expect(validate(layers)).toEqual([]);
    for (const { tile, texture, layer, count } of model.live) {
      expect([tile.isLive, tile.count]).toEqual([true, count]);
      if (!texture.isRefused) expect([tile.texture, tile.layer]).toEqual([texture, layer]);
    }
  }

  /** Every live tile has what was written to it, or moved there. */
  async readAll(): Promise<void> {
    for (const run of this.model.live.filter(({ texture }) => !texture.isRefused)) {
      for (let k = 0; k < run.count; k++) {
        expect(await this.textures.readLayer(run.texture, run.layer + k)).toEqual(contentOf(run, k));
      }
    }
  }
}

/** What the `k`-th tile of a run holds. */
function contentOf({ seed }: Run, k: number): Uint8Array {
  return Uint8Array.of(seed % 256, Math.floor(seed / 256) % 256, k, 99);
}

type Step = (scene: Scene) => void | Promise<void>;

const pick = (runs: readonly Run[], number: number): Run | undefined =>
  runs[number % Math.max(1, runs.length)];

/** What can be done with a pool, each with numbers to do it with. */
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc
    .record({
      kind: fc.constantFrom(
        'allocate',
        'allocate',
        'allocate',
        'free',
        'free',
        'boundary',
        'reclaim',
        'late',
        'move',
        'refuse',
        'trim',
      ),
      number: fc.nat(1000),
    })
    .map(({ kind, number }): Step => {
      if (kind === 'allocate') return (scene) => scene.allocate(1 + (number % PER_CHUNK));
      if (kind === 'free') return (scene) => scene.free(pick(scene.model.live, number));
      if (kind === 'boundary') return (scene) => scene.boundary();
      if (kind === 'reclaim') return (scene) => scene.reclaim(scene.model.serial);
      if (kind === 'late') return (scene) => scene.reclaim(Math.max(0, scene.model.serial - (number % 4)));
      if (kind === 'move') return (scene) => scene.move(pick(scene.model.live, number));
      if (kind === 'trim') return (scene) => void scene.pool.trim();
      return async (scene) => {
        scene.textures.refuseNext('late');
        // Whichever creation comes next is refused; its tiles are told of it a turn later.
        await new Promise((resolve) => setImmediate(resolve));
      };
    }),
  { minLength: 20, maxLength: 120, size: 'max' },
);

describe('tile pool against a model', () => {
  it('agrees after any sequence of calls, within limits of its own and of the budget', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.constantFrom(1, 2, 5),
        fc.constantFrom(1, 3, 9),
        async (script, chunks, budget) => {
          const scene = new Scene(chunks, budget);
          for (const step of script) {
            await step(scene);
            // Refusals arrive between the steps.
            await Promise.resolve();
            await Promise.resolve();
            scene.check();
          }
          await scene.readAll();
          scene.pool.dispose();
          expect([scene.textures.textures.size, scene.budget.claimedBytes]).toEqual([0, 0]);
        },
      ),
      { numRuns: scale(200, 2000) },
    );
  });
});
