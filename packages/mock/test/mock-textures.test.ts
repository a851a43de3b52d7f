import { TextureUsage } from '@gpuheap/core';
import { textureContract } from '@gpuheap/testing';
import { describe, expect, it } from 'vitest';
import { type MockTexture, MockTextures, type MockTexturesOptions } from '../src/index.ts';
import { codeOf, outcomeOf } from './open-gpu.ts';

const PLAIN = {
  width: 8,
  height: 4,
  layers: 2,
  format: 'rgba8unorm',
  usage: TextureUsage.COPY_SRC | TextureUsage.COPY_DST,
};

describe('mock textures: texture contract', () => {
  const open = async () => {
    const textures = new MockTextures();
    return { textures, lose: () => textures.lose(), close: async () => textures.dispose() };
  };
  for (const { name, run } of textureContract) {
    it(name, async () => {
      await expect(run<MockTexture>({ open })).resolves.toBeUndefined();
    });
  }
});

describe('what mock textures break on command', () => {
  it('refuses the next creations now, having made nothing', () => {
    const textures = new MockTextures();
    textures.refuseNext('now', 2);
    expect(codeOf(() => textures.createTexture(PLAIN))).toBe('refused-by-device');
    expect(codeOf(() => textures.createTexture(PLAIN))).toBe('refused-by-device');
    expect(textures.textures.size).toBe(0);
    expect(textures.createTexture(PLAIN).sizeBytes).toBe(256);
    expect(textures.heldBytes).toBe(256);
  });

  it('refuses late: the texture comes, swallows what is written, and does not read', async () => {
    const textures = new MockTextures();
    textures.refuseNext('late');
    const { texture, settled } = textures.createTexture(PLAIN);
    textures.write(texture, 0, new Uint8Array(128).fill(9));
    expect(await outcomeOf(settled)).toBe('refused-by-device');
    expect(await outcomeOf(textures.readLayer(texture, 0))).toBe('backend-failed');
    expect([textures.heldBytes, textures.textures.size]).toEqual([0, 1]);
    const granted = textures.createTexture(PLAIN).texture;
    textures.copyToLayer([{ source: texture, sourceLayer: 0, target: granted, targetLayer: 0 }]);
    expect(await textures.readLayer(granted, 0)).toEqual(new Uint8Array(128));
    textures.destroyTexture(texture);
    expect([...textures.textures]).toEqual([granted]);
    expect(textures.heldBytes).toBe(256);
  });

  it.each(['now', 'late'] as const)('refuses %s what is beyond its capacity', async (refuseCapacity) => {
    const textures = new MockTextures({ capacityBytes: 300, refuseCapacity });
    const { texture } = textures.createTexture(PLAIN);
    const ask = () => textures.createTexture({ ...PLAIN, layers: 1 });
    const told = refuseCapacity === 'now' ? codeOf(ask) : await outcomeOf(ask().settled);
    expect(told).toBe('refused-by-device');
    textures.destroyTexture(texture);
    await expect(ask().settled).resolves.toBeUndefined();
  });

  it('settles when told to', async () => {
    const textures = new MockTextures({ settleWhen: 'manual' });
    const { settled } = textures.createTexture(PLAIN);
    let isSettled = false;
    settled.then(() => {
      isSettled = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isSettled).toBe(false);
    expect(textures.settle()).toBe(1);
    await settled;
    expect(isSettled).toBe(true);
  });

  it('rejects at a loss what has not settled', async () => {
    const textures = new MockTextures({ settleWhen: 'manual' });
    const { settled } = textures.createTexture(PLAIN);
    textures.lose('a storm');
    expect(await outcomeOf(settled)).toBe('device-lost');
    expect(await textures.lost).toEqual({ reason: 'unknown', message: 'a storm' });
  });

  it('moves blocks of the formats that it is given', async () => {
    const block = { width: 5, height: 4, bytes: 16, canMove: true };
    const textures = new MockTextures({ formats: { 'astc-5x4-unorm': block } });
    const { texture, sizeBytes } = textures.createTexture({
      ...PLAIN,
      width: 15,
      height: 8,
      format: 'astc-5x4-unorm',
      mips: 2,
    });
    // Level 1 is 7 x 4 texels: two blocks in a row.
    expect(sizeBytes).toBe(2 * (6 * 16 + 2 * 16));
    const data = Uint8Array.from({ length: 32 }, (_, k) => k);
    textures.write(texture, 1, data, { x: 5, y: 4 });
    textures.write(texture, 1, data, { mip: 1 });
    expect(await textures.readLayer(texture, 1, { x: 10, y: 4 })).toEqual(data.slice(16));
    expect(await textures.readLayer(texture, 1, { mip: 1, x: 5 })).toEqual(data.slice(16));
    expect(codeOf(() => textures.readLayer(texture, 1, { x: 1, width: 5 }))).toBe('misaligned');
    for (const [width, height] of [
      [8, 4],
      [10, 6],
    ] as const) {
      const partial = { ...PLAIN, width, height, format: 'astc-5x4-unorm' };
      expect(codeOf(() => textures.measureTexture(partial))).toBe('bad-size');
    }
  });

  it.each<[string, MockTexturesOptions, string]>([
    ['an unknown option', { size: 1 } as MockTexturesOptions, 'unknown-option'],
    ['a capacity below 0', { capacityBytes: -1 }, 'bad-argument'],
    ['an unknown refusal', { refuseCapacity: 'soon' } as unknown as MockTexturesOptions, 'bad-argument'],
    ['an unknown settlement', { settleWhen: 'later' } as unknown as MockTexturesOptions, 'bad-argument'],
    ['a limit of 0', { limits: { maxSide1d: 0, maxSide2d: 1, maxSide3d: 1, maxLayers: 1 } }, 'bad-argument'],
  ])('refuses %s', (_, options, code) => {
    expect(codeOf(() => new MockTextures(options))).toBe(code);
  });
});
