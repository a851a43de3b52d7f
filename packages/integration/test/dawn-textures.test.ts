import { TextureUsage, type TileAllocation, TilePool } from '@gpuheap/core';
import { type DawnDevice, openDawn } from '@gpuheap/dawn-node';
import { textureContract } from '@gpuheap/testing';
import { WebGpuTextures } from '@gpuheap/webgpu';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const { COPY_SRC, COPY_DST, TEXTURE_BINDING, STORAGE_BINDING } = TextureUsage;
const SIDE = 64;
const TILE_BYTES = SIDE * SIDE * 4;

let dawn: DawnDevice;
let uncaptured: string[];

beforeEach(async () => {
  dawn = await openDawn({ device: 'software' });
  uncaptured = [];
  dawn.device.addEventListener('uncapturederror', ({ error }) => uncaptured.push(error.message));
});

afterEach(async () => {
  // Errors of what was submitted last arrive before this fence does.
  await dawn.device.queue.onSubmittedWorkDone();
  dawn.close();
  expect(uncaptured).toEqual([]);
});

describe.each(['error-scope', 'none'] as const)('textures on Dawn, creation checks: %s', (creationChecks) => {
  const open = async () => {
    const textures = new WebGpuTextures(dawn.device, { creationChecks });
    return { textures, lose: () => dawn.close(), close: async () => textures.dispose() };
  };
  for (const { name, run } of textureContract) {
    it(name, async () => {
      await expect(run<GPUTexture>({ open })).resolves.toBeUndefined();
    });
  }

  it('take bytes of memory that threads share', async () => {
    const { textures, close } = await open();
    const usage = COPY_SRC | COPY_DST;
    const { texture } = textures.createTexture({ width: 8, height: 8, format: 'rgba8unorm', usage });
    const shared = new Uint8Array(new SharedArrayBuffer(256));
    for (const k of shared.keys()) shared[k] = k;
    textures.write(texture, 0, shared);
    expect(await textures.readLayer(texture, 0)).toEqual(Uint8Array.from(shared));
    await close();
  });
});

/** Bytes that differ from tile to tile and from place to place. */
function patternOf(seed: number): Uint8Array {
  const words = Uint32Array.from(
    { length: TILE_BYTES / 4 },
    (_, k) => Math.imul(seed + 1, 40_503) + k * 7919,
  );
  return new Uint8Array(words.buffer);
}

interface FilledTile {
  readonly tile: TileAllocation<GPUTexture>;
  readonly seed: number;
}

describe('a tile pool on Dawn', () => {
  const options = { width: SIDE, height: SIDE, format: 'rgba8unorm', tilesPerChunk: 16 };

  /**
   * Every layer of a run is filled, the first with the pattern of `seed`, the next with that of `seed + 1` …
   */
  function fill(
    textures: WebGpuTextures<GPUTexture>,
    tile: TileAllocation<GPUTexture>,
    seed: number,
  ): FilledTile {
    for (let k = 0; k < tile.count; k++) textures.write(tile.texture, tile.layer + k, patternOf(seed + k));
    return { tile, seed };
  }

  async function expectFilled(textures: WebGpuTextures<GPUTexture>, filled: readonly FilledTile[]) {
    for (const { tile, seed } of filled) {
      for (let k = 0; k < tile.count; k++) {
        const bytes = await textures.readLayer(tile.texture, tile.layer + k);
        expect(Buffer.compare(bytes, patternOf(seed + k))).toBe(0);
      }
    }
  }

  it('keeps every byte while tiles are written, freed, moved between chunks and within one', async () => {
    const textures = new WebGpuTextures(dawn.device);
    const pool = new TilePool(textures, options);
    let serial = 0;
    const pass = () => {
      serial++;
      pool.boundary(serial);
      // One queue runs in order: what is submitted may be reused.
      pool.reclaim(serial);
    };
    const counts = [1, 3, 1, 5, 2, 1, 8, 1, 1, 4, 2, 7, 1, 6, 3, 1];
    let live = counts.map((count, k) => fill(textures, pool.allocate(count), 100 * k));
    expect(pool.statistics()).toMatchObject({ liveCount: 47, chunkCount: 3, freeCount: 1 });
    await expectFilled(textures, live);
    // Every other run goes, and what stays is moved into what that leaves, run by run.
    for (const { tile } of live.filter((_, k) => k % 2 === 0)) pool.free(tile);
    live = live.filter((_, k) => k % 2 === 1);
    pass();
    let movedWithin = 0;
    live = live.map(({ tile, seed }) => {
      const moved = pool.allocate(tile.count);
      const source = { source: tile.texture, sourceLayer: tile.layer };
      const target = { target: moved.texture, targetLayer: moved.layer };
      textures.copyToLayer([{ ...source, ...target, layers: tile.count }]);
      if (tile.texture === moved.texture) movedWithin++;
      pool.free(tile);
      return { tile: moved, seed };
    });
    expect(movedWithin).toBeGreaterThan(0);
    expect(movedWithin).toBeLessThan(live.length);
    pass();
    await expectFilled(textures, live);
    expect(pool.statistics()).toMatchObject({ liveCount: 28, pendingCount: 0 });
    expect(pool.statistics().heldBytes).toBe(pool.statistics().chunkCount * 16 * TILE_BYTES);
    for (const { tile } of live) pool.free(tile);
    pass();
    expect(pool.trim()).toBeGreaterThan(0);
    expect(pool.statistics()).toMatchObject({ heldBytes: 0, liveCount: 0, freeCount: 0, chunkCount: 0 });
    pool.dispose();
    textures.dispose();
  });

  it('reads one tile and writes another of the same chunk in one dispatch', async () => {
    const { device } = dawn;
    const textures = new WebGpuTextures(device);
    const usage = COPY_SRC | COPY_DST | TEXTURE_BINDING | STORAGE_BINDING;
    const pool = new TilePool(textures, { ...options, usage });
    const [source, target] = [pool.allocate(), pool.allocate()];
    expect(source.texture).toBe(target.texture);
    fill(textures, source, 5);
    const module = device.createShaderModule({
      code: `
        @group(0) @binding(0) var source: texture_2d<f32>;
        @group(0) @binding(1) var copied: texture_storage_2d<rgba8unorm, write>;
        @compute @workgroup_size(8, 8) fn main(@builtin(global_invocation_id) at: vec3u) {
          textureStore(copied, at.xy, textureLoad(source, at.xy, 0));
        }`,
    });
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
    const view = ({ texture, layer }: TileAllocation<GPUTexture>) =>
      texture.createView({ dimension: '2d', baseArrayLayer: layer, arrayLayerCount: 1 });
    const entries = [
      { binding: 0, resource: view(source) },
      { binding: 1, resource: view(target) },
    ];
    const encoder = device.createCommandEncoder();
    const computing = encoder.beginComputePass();
    computing.setPipeline(pipeline);
    computing.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    computing.dispatchWorkgroups(SIDE / 8, SIDE / 8);
    computing.end();
    device.queue.submit([encoder.finish()]);
    await expectFilled(textures, [{ tile: target, seed: 5 }]);
    pool.dispose();
    textures.dispose();
  });

  it('takes 256 layers by default limits, and no more', async () => {
    const textures = new WebGpuTextures(dawn.device);
    const wide = new TilePool(textures, { ...options, width: 4, height: 4, tilesPerChunk: 256 });
    const run = wide.allocate(256);
    textures.write(run.texture, 255, new Uint8Array(64).fill(7));
    expect(await textures.readLayer(run.texture, 255)).toEqual(new Uint8Array(64).fill(7));
    expect(() => new TilePool(textures, { ...options, tilesPerChunk: 257 })).toThrow(
      expect.objectContaining({ code: 'bad-argument' }),
    );
    textures.dispose();
  });

  it('gives a device refusal to whoever holds the tiles', async () => {
    const textures = new WebGpuTextures(dawn.device);
    // The device knows the format, but not as storage.
    const pool = new TilePool(textures, { ...options, format: 'rgba8unorm-srgb', usage: STORAGE_BINDING });
    const tile = pool.allocate();
    // Scopes are answered in order: after this one, that of the creation has been, and who waits for it told.
    dawn.device.pushErrorScope('validation');
    await dawn.device.popErrorScope();
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => tile.texture).toThrow(expect.objectContaining({ code: 'backend-failed' }));
    pool.free(tile);
    pool.boundary(1);
    pool.reclaim(1);
    expect(pool.statistics()).toMatchObject({ heldBytes: 0, chunkCount: 0, freeCount: 0 });
    textures.dispose();
  });
});
