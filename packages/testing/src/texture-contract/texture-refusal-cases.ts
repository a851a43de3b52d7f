/** Texture refusal cases: what is refused, with which code, and that nothing has changed. */
import type { LayerCopy, TextureDescriptor } from '@gpuheap/core/backend';
import { TextureUsage } from '@gpuheap/core/backend';
import { expectCode, expectRejection, expectThat } from '../backend-contract/assertions.ts';
import { BOTH_WAYS, patternOf, type TextureContractCase, textureCase } from './texture-case.ts';

const PLAIN: TextureDescriptor = { width: 8, height: 4, layers: 2, format: 'rgba8unorm', usage: BOTH_WAYS };

const SMOOTH: number = BOTH_WAYS | TextureUsage.RENDER_ATTACHMENT;

/** Descriptors that are refused, by what is wrong with them. */
const BAD_DESCRIPTORS: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ['no width', { width: undefined }, 'bad-size'],
  ['a width of 0', { width: 0 }, 'bad-size'],
  ['half a texel', { height: 1.5 }, 'bad-size'],
  ['a negative number of layers', { layers: -1 }, 'bad-size'],
  ['a side beyond all devices', { width: 2 ** 40 }, 'too-large'],
  ['layers beyond all devices', { layers: 2 ** 40 }, 'too-large'],
  ['depth beyond all devices', { layers: 2 ** 40, dimension: '3d' }, 'too-large'],
  ['a 1d texture with a height', { dimension: '1d', layers: 1 }, 'too-large'],
  ['a 1d texture with layers', { dimension: '1d', height: 1 }, 'too-large'],
  ['an unknown dimension', { dimension: '4d' }, 'bad-argument'],
  ['an unknown format', { format: 'rgba9' }, 'bad-argument'],
  ['a format that is no string', { format: 7 }, 'bad-argument'],
  ['no usage', { usage: 0 }, 'bad-usage'],
  ['unknown usage bits', { usage: 0x1000 }, 'bad-usage'],
  ['more levels than halvings', { mips: 5 }, 'bad-argument'],
  ['levels that only the layers could halve', { layers: 200, mips: 5 }, 'bad-argument'],
  ['no level', { mips: 0 }, 'bad-argument'],
  ['two samples', { samples: 2, layers: 1, usage: TextureUsage.RENDER_ATTACHMENT }, 'bad-argument'],
  ['samples in layers', { samples: 4, usage: TextureUsage.RENDER_ATTACHMENT }, 'bad-argument'],
  ['samples without an attachment', { samples: 4, layers: 1 }, 'bad-argument'],
  ['samples that are stored to', { samples: 4, layers: 1, usage: SMOOTH | 0x08 }, 'bad-argument'],
  ['a label that is no string', { label: 3 }, 'bad-argument'],
  ['an unknown option', { depth: 2 }, 'unknown-option'],
];

/** Places in a layer that are refused, by what is wrong with them. */
const BAD_PLACES: readonly (readonly [string, number, Record<string, unknown>, string])[] = [
  ['a layer past the last', 2, {}, 'out-of-bounds'],
  ['a layer before the first', -1, {}, 'out-of-bounds'],
  ['half a layer', 0.5, {}, 'out-of-bounds'],
  ['a level past the last', 0, { mip: 1 }, 'out-of-bounds'],
  ['a region past the right edge', 0, { x: 4, width: 5 }, 'out-of-bounds'],
  ['a region past the lower edge', 0, { y: 4, height: 1 }, 'out-of-bounds'],
  ['a region without width', 0, { width: 0 }, 'out-of-bounds'],
  ['a region that is not a number', 0, { x: Number.NaN }, 'out-of-bounds'],
  ['an unknown option', 0, { z: 1 }, 'unknown-option'],
];

/** See the head of the file. */
export const TEXTURE_REFUSAL_CASES: readonly TextureContractCase[] = [
  textureCase('creation: refuses what is no texture, with a code for each mistake', async ({ textures }) => {
    for (const [what, wrong, code] of BAD_DESCRIPTORS) {
      const descriptor = { ...PLAIN, ...wrong } as TextureDescriptor;
      expectCode(() => textures.createTexture(descriptor), code, what);
      expectCode(() => textures.measureTexture(descriptor), code, `measuring ${what}`);
    }
    expectCode(() => textures.createTexture(7 as unknown as TextureDescriptor), 'bad-argument', 'no object');
  }),
  textureCase('write, read: refuse places outside of the texture', async (session) => {
    const { texture, patterns } = session.makeFilled(2, 1);
    for (const [what, layer, region, code] of BAD_PLACES) {
      expectCode(() => session.textures.write(texture, layer, new Uint8Array(4), region), code, what);
      expectCode(() => session.textures.readLayer(texture, layer, region), code, `reading ${what}`);
    }
    await session.expect(texture, 0, patterns[0] as Uint8Array, 'the layer');
  }),
  textureCase('write: refuses data of another size, and what is no data', async (session) => {
    const { texture, patterns } = session.makeFilled(1, 2);
    const { textures } = session;
    expectCode(() => textures.write(texture, 0, new Uint8Array(127)), 'bad-size', 'a byte too few');
    expectCode(() => textures.write(texture, 0, new Uint8Array(129)), 'bad-size', 'a byte too many');
    expectCode(() => textures.write(texture, 0, [] as unknown as Uint8Array), 'bad-data', 'an array');
    await session.expect(texture, 0, patterns[0] as Uint8Array, 'the layer');
  }),
  textureCase('copy: refuses a layer onto itself, in either way', async (session) => {
    const { texture, patterns } = session.makeFilled(4, 3);
    const volume = session.make(4, { dimension: '3d' });
    const within = { source: texture, target: texture };
    const bad: readonly (readonly [string, LayerCopy<unknown>])[] = [
      ['one layer', { ...within, sourceLayer: 1, targetLayer: 1 }],
      ['runs that overlap', { ...within, sourceLayer: 0, targetLayer: 1, layers: 2 }],
      ['runs that overlap backwards', { ...within, sourceLayer: 2, targetLayer: 1, layers: 2 }],
      ['depths of one texture', { source: volume, sourceLayer: 0, target: volume, targetLayer: 2 }],
    ];
    for (const [what, copy] of bad) {
      expectCode(() => session.textures.copyToLayer([copy]), 'bad-argument', what);
    }
    await session.expect(texture, 1, patterns[1] as Uint8Array, 'a layer');
  }),
  textureCase('copy: checks all copies before the first is done', async (session) => {
    const { texture: source } = session.makeFilled(2, 4);
    const target = session.make(2);
    const narrow = session.make(2, { width: 4 });
    const good = { source, sourceLayer: 0, target, targetLayer: 0 };
    const other = session.make(1, { format: 'r8unorm', width: 8, height: 4 });
    const bad: readonly (readonly [string, unknown, string])[] = [
      ['a run past the end', { ...good, sourceLayer: 1, layers: 2 }, 'out-of-bounds'],
      ['a target that is too small', { ...good, target: narrow }, 'out-of-bounds'],
      ['another format', { ...good, target: other }, 'bad-argument'],
      ['no layers', { ...good, layers: 0 }, 'bad-argument'],
      ['no copy', undefined, 'bad-argument'],
      ['an unknown option', { ...good, mip: 1 }, 'unknown-option'],
      ['an unknown texture', { ...good, source: {} }, 'foreign-object'],
    ];
    for (const [what, copy, code] of bad) {
      const copies = [good, copy as LayerCopy<unknown>];
      expectCode(() => session.textures.copyToLayer(copies), code, what);
    }
    const none = {} as unknown as LayerCopy<unknown>[];
    expectCode(() => session.textures.copyToLayer(none), 'bad-argument', 'no array');
    await session.expect(target, 0, new Uint8Array(128), 'the target');
  }),
  textureCase('usage: a texture does what it was made for, and no more', async (session) => {
    const { textures } = session;
    const source = session.make(1, { usage: TextureUsage.COPY_SRC });
    const target = session.make(1, { usage: TextureUsage.COPY_DST });
    const copy = { sourceLayer: 0, targetLayer: 0 };
    const data = patternOf(1, 128);
    expectCode(() => textures.write(source, 0, data), 'bad-usage', 'a write without COPY_DST');
    expectCode(() => textures.readLayer(target, 0), 'bad-usage', 'a read without COPY_SRC');
    expectCode(
      () => textures.copyToLayer([{ ...copy, source: target, target: source }]),
      'bad-usage',
      'a copy the wrong way round',
    );
    textures.copyToLayer([{ ...copy, source, target }]);
  }),
  textureCase('depth and samples: counted, and not moved', async (session) => {
    const { textures } = session;
    const depth = session.make(2, {
      format: 'depth32float',
      usage: SMOOTH,
    });
    const smooth = { ...PLAIN, layers: 1, samples: 4, usage: SMOOTH };
    expectThat(textures.measureTexture(smooth) === 4 * 128, 'samples count');
    const { texture, settled } = textures.createTexture(smooth);
    await settled;
    expectCode(() => textures.readLayer(texture, 0), 'bad-usage', 'reading samples');
    expectCode(() => textures.readLayer(depth, 0), 'bad-usage', 'reading depth');
    expectCode(() => textures.write(depth, 0, new Uint8Array(128)), 'bad-usage', 'writing depth');
  }),
  textureCase(
    'destruction: what is gone, and what belongs to others, is refused everywhere',
    async (session) => {
      const { textures } = session;
      const live = session.make(1);
      const gone = session.make(1);
      textures.destroyTexture(gone);
      for (const [texture, code] of [
        [gone, 'dead-buffer'],
        [{}, 'foreign-object'],
        [undefined, 'foreign-object'],
      ] as const) {
        const copy = { sourceLayer: 0, targetLayer: 0 };
        expectCode(() => textures.destroyTexture(texture), code, 'destroyTexture');
        expectCode(() => textures.write(texture, 0, new Uint8Array(128)), code, 'write');
        expectCode(() => textures.readLayer(texture, 0), code, 'readLayer');
        expectCode(() => textures.copyToLayer([{ ...copy, source: texture, target: live }]), code, 'from');
        expectCode(() => textures.copyToLayer([{ ...copy, source: live, target: texture }]), code, 'to');
      }
    },
  ),
  textureCase('dispose: ends everything, once', async ({ textures, opened }) => {
    const { texture } = textures.createTexture(PLAIN);
    const read = textures.readLayer(texture, 0).then(
      () => 'resolved',
      (error: unknown) => error,
    );
    textures.dispose();
    textures.dispose();
    const answer = await read;
    if (answer !== 'resolved') await expectRejection(Promise.reject(answer), 'device-lost', 'a read');
    expectThat(textures.isLost, 'isLost');
    await textures.lost;
    expectCode(() => textures.createTexture(PLAIN), 'disposed', 'createTexture');
    expectCode(() => textures.measureTexture(PLAIN), 'disposed', 'measureTexture');
    expectCode(() => textures.destroyTexture(texture), 'disposed', 'destroyTexture');
    expectCode(() => textures.write(texture, 0, new Uint8Array(128)), 'disposed', 'write');
    expectCode(() => textures.readLayer(texture, 0), 'disposed', 'readLayer');
    expectCode(() => textures.copyToLayer([]), 'disposed', 'copyToLayer');
    opened.lose();
  }),
  textureCase('loss: nothing new is made, what waits rejects, and the rest does nothing', async (session) => {
    const { textures, opened } = session;
    const { texture } = session.makeFilled(2, 9);
    opened.lose();
    await textures.lost;
    expectThat(textures.isLost, 'isLost');
    expectCode(() => textures.createTexture(PLAIN), 'device-lost', 'createTexture');
    await expectRejection(textures.readLayer(texture, 0), 'device-lost', 'readLayer');
    textures.write(texture, 0, new Uint8Array(128));
    textures.copyToLayer([{ source: texture, sourceLayer: 0, target: texture, targetLayer: 1 }]);
    textures.destroyTexture(texture);
  }),
];
