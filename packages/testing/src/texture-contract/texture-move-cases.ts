/** Texture move cases: what is written, copied and read of layers. */
import { TextureUsage } from '@gpuheap/core/backend';
import { expectEqual, expectThat } from '../backend-contract/assertions.ts';
import { BOTH_WAYS, patternOf, type TextureContractCase, textureCase } from './texture-case.ts';

const ZERO = new Uint8Array(128);

/** See the head of the file. */
export const TEXTURE_MOVE_CASES: readonly TextureContractCase[] = [
  textureCase(
    'creation: a texture is granted, has the bytes that were measured, and reads as zero',
    async (session) => {
      const { textures } = session;
      const descriptor = { width: 8, height: 4, layers: 3, format: 'rgba8unorm', usage: BOTH_WAYS, mips: 2 };
      const { texture, sizeBytes, settled } = textures.createTexture(descriptor);
      await settled;
      expectEqual(sizeBytes, 3 * (8 * 4 + 4 * 2) * 4, 'sizeBytes');
      expectEqual(textures.measureTexture(descriptor), sizeBytes, 'measureTexture');
      await session.expect(texture, 2, ZERO, 'a layer that was never written');
      await session.expect(texture, 0, ZERO.subarray(0, 32), 'a level that was never written', { mip: 1 });
    },
  ),
  textureCase('write: reaches its layer and no other', async (session) => {
    const { texture, patterns } = session.makeFilled(4, 1);
    for (const [layer, pattern] of patterns.entries()) {
      await session.expect(texture, layer, pattern, `layer ${layer}`);
    }
  }),
  textureCase('write: a region leaves the rest of its layer as it was', async (session) => {
    const { texture, patterns } = session.makeFilled(2, 5);
    const region = { x: 2, y: 1, width: 3, height: 2 };
    const inside = patternOf(77, 3 * 2 * 4);
    session.textures.write(texture, 1, inside, region);
    await session.expect(texture, 1, inside, 'the region', region);
    const whole = (patterns[1] as Uint8Array).slice();
    for (let row = 0; row < 2; row++) whole.set(inside.subarray(row * 12, row * 12 + 12), (row + 1) * 32 + 8);
    await session.expect(texture, 1, whole, 'the layer around it');
    await session.expect(texture, 0, patterns[0] as Uint8Array, 'the other layer');
  }),
  textureCase('write: rows of any number of bytes lie without gaps', async (session) => {
    const texture = session.make(2, { width: 67, height: 5, format: 'r8unorm' });
    const pattern = patternOf(3, 67 * 5);
    session.textures.write(texture, 1, pattern);
    await session.expect(texture, 1, pattern, 'a layer with rows of 67 bytes');
    await session.expect(texture, 1, pattern.slice(67 * 4), 'its last row', { y: 4 });
  }),
  textureCase('write: levels of detail are apart', async (session) => {
    const texture = session.make(2, { mips: 3 });
    const sizes = [128, 32, 8];
    for (const [mip, size] of sizes.entries()) {
      session.textures.write(texture, 1, patternOf(mip + 9, size), { mip });
    }
    for (const [mip, size] of sizes.entries()) {
      await session.expect(texture, 1, patternOf(mip + 9, size), `level ${mip}`, { mip });
    }
  }),
  textureCase('write: takes the data at once, and views of any kind', async (session) => {
    const texture = session.make(1);
    const pattern = patternOf(4, 128);
    const data = new Uint8Array(160);
    data.set(pattern, 8);
    session.textures.write(texture, 0, new Uint32Array(data.buffer, 8, 32));
    data.fill(0);
    await session.expect(texture, 0, pattern, 'what was written');
  }),
  textureCase('write: the depths of a 3d texture are its layers', async (session) => {
    const texture = session.make(4, { dimension: '3d', mips: 2 });
    session.textures.write(texture, 3, patternOf(6, 128));
    session.textures.write(texture, 1, patternOf(7, 32), { mip: 1 });
    await session.expect(texture, 3, patternOf(6, 128), 'the last depth');
    await session.expect(texture, 2, ZERO, 'the depth before it');
    await session.expect(texture, 1, patternOf(7, 32), 'the last depth of level 1', { mip: 1 });
  }),
  textureCase('copy: takes a run of layers to another texture', async (session) => {
    const { texture: source, patterns } = session.makeFilled(4, 20);
    const target = session.make(6);
    session.textures.copyToLayer([{ source, sourceLayer: 1, target, targetLayer: 3, layers: 2 }]);
    const expected = [ZERO, ZERO, ZERO, patterns[1], patterns[2], ZERO] as Uint8Array[];
    for (const [layer, bytes] of expected.entries()) {
      await session.expect(target, layer, bytes, `target layer ${layer}`);
    }
  }),
  textureCase('copy: takes a region to the same place', async (session) => {
    const { texture: source, patterns } = session.makeFilled(1, 30);
    const target = session.make(1);
    const region = { x: 4, y: 2, width: 4, height: 1 };
    session.textures.copyToLayer([{ source, sourceLayer: 0, target, targetLayer: 0, region }]);
    const expected = ZERO.slice();
    const at = 2 * 32 + 4 * 4;
    expected.set((patterns[0] as Uint8Array).subarray(at, at + 16), at);
    await session.expect(target, 0, expected, 'the target');
  }),
  textureCase('copy: takes what a smaller source has into a larger target', async (session) => {
    const { texture: source, patterns } = session.makeFilled(1, 33);
    const target = session.make(2, { width: 16, height: 16 });
    session.textures.copyToLayer([{ source, sourceLayer: 0, target, targetLayer: 1 }]);
    await session.expect(target, 1, patterns[0] as Uint8Array, 'the part', { width: 8, height: 4 });
    await session.expect(target, 1, ZERO.subarray(0, 64), 'the row below', { y: 4, height: 1 });
  }),
  textureCase('copy: goes between layers of one texture, and runs in order', async (session) => {
    const { texture, patterns } = session.makeFilled(4, 40);
    const copy = { source: texture, target: texture };
    session.textures.copyToLayer([
      { ...copy, sourceLayer: 0, targetLayer: 2 },
      { ...copy, sourceLayer: 2, targetLayer: 3 },
      { ...copy, sourceLayer: 1, targetLayer: 0 },
    ]);
    const expected = [patterns[1], patterns[1], patterns[0], patterns[0]] as Uint8Array[];
    for (const [layer, bytes] of expected.entries()) {
      await session.expect(texture, layer, bytes, `layer ${layer}`);
    }
  }),
  textureCase('copy: nothing is a copy too', async (session) => {
    session.textures.copyToLayer([]);
    const { texture, patterns } = session.makeFilled(1, 45);
    await session.expect(texture, 0, patterns[0] as Uint8Array, 'a layer');
  }),
  textureCase('read: sees what came before it and nothing that comes after', async (session) => {
    const { texture, patterns } = session.makeFilled(1, 50);
    const early = session.textures.readLayer(texture, 0);
    session.textures.write(texture, 0, patternOf(51, 128));
    const late = session.textures.readLayer(texture, 0);
    const [before, after] = await Promise.all([early, late]);
    expectThat(
      before.every((byte, k) => byte === patterns[0]?.[k]),
      'the early read is the early bytes',
    );
    const later = patternOf(51, 128);
    expectThat(
      after.every((byte, k) => byte === later[k]),
      'the late read is the late bytes',
    );
  }),
  textureCase('read: the answer is memory of its own', async (session) => {
    const { texture, patterns } = session.makeFilled(1, 60);
    (await session.textures.readLayer(texture, 0)).fill(0);
    await session.expect(texture, 0, patterns[0] as Uint8Array, 'a second read');
  }),
  textureCase('destruction: others stay as they were', async (session) => {
    const first = session.makeFilled(1, 70);
    const second = session.makeFilled(1, 80);
    const { textures } = session;
    const target = session.make(1, { usage: BOTH_WAYS | TextureUsage.TEXTURE_BINDING });
    textures.copyToLayer([{ source: first.texture, sourceLayer: 0, target, targetLayer: 0 }]);
    textures.destroyTexture(first.texture);
    await session.expect(target, 0, first.patterns[0] as Uint8Array, 'what was copied before');
    await session.expect(second.texture, 0, second.patterns[0] as Uint8Array, 'another texture');
  }),
];
