import { TextureUsage } from '@gpuheap/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebGpuTextures, type WebGpuTexturesOptions } from '../src/index.ts';
import type { FakeBuffer } from './fake-device.ts';
import { type FakeTexture, type FakeTextureDevice, makeFakeTextureDevice } from './fake-texture-device.ts';

const PLAIN = {
  width: 8,
  height: 4,
  layers: 3,
  format: 'rgba8unorm',
  usage: TextureUsage.COPY_SRC | TextureUsage.COPY_DST,
};
const LAYER = Uint8Array.from({ length: 128 }, (_, k) => k + 1);
const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);

beforeEach(() => {
  process.on('unhandledRejection', note);
});

afterEach(async () => {
  // A macrotask later Node has reported what nobody handled.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
});

function open(options?: WebGpuTexturesOptions) {
  const device = makeFakeTextureDevice();
  const { fake } = device;
  return { device, fake, textures: new WebGpuTextures<FakeTexture, FakeBuffer>(device, options) };
}

describe('what it says of itself', () => {
  it('has the limits of the device', () => {
    expect(open().textures.limits).toEqual({
      maxSide1d: 8192,
      maxSide2d: 8192,
      maxSide3d: 2048,
      maxLayers: 256,
    });
  });

  it.each([
    ['no device', undefined, {}, 'bad-argument'],
    ['an object that is no device', {}, {}, 'bad-argument'],
    ['an unknown option', makeFakeTextureDevice(), { checks: true }, 'unknown-option'],
    ['an unknown check', makeFakeTextureDevice(), { creationChecks: 'always' }, 'bad-argument'],
  ])('refuses %s', (_, device, options, code) => {
    const create = () => new WebGpuTextures(device as FakeTextureDevice, options as WebGpuTexturesOptions);
    expect(create).toThrow(expect.objectContaining({ name: 'UsageError', code }));
  });
});

describe('creation', () => {
  it('passes everything on, and grants late', async () => {
    const { device, fake, textures } = open();
    const { sizeBytes, settled } = textures.createTexture({ ...PLAIN, mips: 2, label: 'moss' });
    await expect(settled).resolves.toBeUndefined();
    expect(sizeBytes).toBe(3 * (128 + 32));
    expect(device.asked).toEqual([
      {
        size: { width: 8, height: 4, depthOrArrayLayers: 3 },
        format: 'rgba8unorm',
        usage: 3,
        mipLevelCount: 2,
        sampleCount: 1,
        dimension: '2d',
        label: 'moss',
      },
    ]);
    expect(fake.scopes).toEqual([]);
  });

  it('measures without asking the device', () => {
    const { device, textures } = open();
    expect(textures.measureTexture(PLAIN)).toBe(384);
    expect(device.asked).toEqual([]);
  });

  it('tells a late refusal by `settled`, and touches that texture no more', async () => {
    const { device, fake, textures } = open();
    fake.refusals.push({ filter: 'out-of-memory', message: 'heap exhausted' });
    const { texture, settled } = textures.createTexture(PLAIN);
    const granted = textures.createTexture(PLAIN);
    await expect(settled).rejects.toMatchObject({
      code: 'refused-by-device',
      figures: { requestedBytes: 384, reservedBytes: 768 },
    });
    await granted.settled;
    textures.write(texture, 0, LAYER);
    const copy = { source: texture, sourceLayer: 0, target: granted.texture, targetLayer: 0 };
    textures.copyToLayer([copy]);
    expect([device.written, fake.submissions]).toEqual([[], 0]);
    await expect(textures.readLayer(texture, 0)).rejects.toMatchObject({ code: 'backend-failed' });
    textures.destroyTexture(texture);
    expect(device.textures[0]?.destroyed).toBe(true);
    expect(fake.uncaptured).toEqual([]);
  });

  it('uses a texture before the device has answered, in scopes, in case it is refused', async () => {
    const { device, fake, textures } = open();
    const { texture, settled } = textures.createTexture(PLAIN);
    device.queue.writeTexture = () => fake.report('validation', 'the texture is invalid');
    textures.write(texture, 0, LAYER);
    expect([fake.uncaptured, fake.scopes]).toEqual([[], []]);
    await settled;
    textures.write(texture, 0, LAYER);
    expect(fake.uncaptured).toEqual(['the texture is invalid']);
  });

  it('gives idle staging back when the device refuses a texture', async () => {
    const { fake, textures } = open();
    await textures.readLayer(textures.createTexture(PLAIN).texture, 0);
    expect(textures.stagingBytes).toBe(4096);
    fake.refusals.push({ filter: 'out-of-memory', message: 'heap exhausted' });
    await textures.createTexture(PLAIN).settled.catch(() => {});
    expect(textures.stagingBytes).toBe(0);
  });

  it('takes a validation error of the device for a failure, not for a lack of memory', async () => {
    const { fake, textures } = open();
    fake.refusals.push({ filter: 'validation', message: 'format not renderable' });
    await expect(textures.createTexture(PLAIN).settled).rejects.toMatchObject({ code: 'backend-failed' });
    expect(fake.uncaptured).toEqual([]);
  });

  it('without checks uses no scope and grants at once', async () => {
    const { fake, textures } = open({ creationChecks: 'none' });
    fake.refusals.push({ filter: 'out-of-memory', message: 'heap exhausted' });
    await expect(textures.createTexture(PLAIN).settled).resolves.toBeUndefined();
    expect(fake.uncaptured).toEqual(['heap exhausted']);
  });

  it('turns what the device throws into a typed error, with the scopes closed', () => {
    const { device, fake, textures } = open();
    device.createTexture = () => {
      throw new TypeError('needs a feature');
    };
    expect(() => textures.createTexture(PLAIN)).toThrow(expect.objectContaining({ code: 'backend-failed' }));
    expect(fake.scopes).toEqual([]);
  });
});

describe('bytes', () => {
  it('writes rows as they lie, to the layer that was meant', () => {
    const { device, textures } = open();
    const { texture } = textures.createTexture(PLAIN);
    textures.write(texture, 2, LAYER.subarray(0, 24), { x: 1, y: 2, width: 3, height: 2 });
    expect(device.written).toEqual([
      {
        place: { texture, mipLevel: 0, origin: { x: 1, y: 2, z: 2 } },
        data: LAYER.subarray(0, 24),
        bytesPerRow: 12,
        size: { width: 3, height: 2, depthOrArrayLayers: 1 },
      },
    ]);
  });

  it('copies a run as one copy, all copies as one submission, and reads rows without their padding', async () => {
    const { fake, textures } = open();
    const source = textures.createTexture(PLAIN).texture;
    const target = textures.createTexture(PLAIN).texture;
    textures.write(source, 1, LAYER);
    textures.copyToLayer([
      { source, sourceLayer: 0, target, targetLayer: 1, layers: 2 },
      { source: target, sourceLayer: 2, target, targetLayer: 0 },
    ]);
    expect(fake.submissions).toBe(1);
    expect(await textures.readLayer(target, 0)).toEqual(LAYER);
    expect(await textures.readLayer(target, 2)).toEqual(LAYER);
    // Four rows of 32 bytes, padded to 256 each but the last: the least that staging has, used twice.
    expect(fake.descriptors.map(({ size }) => size)).toEqual([4096]);
    expect(textures.stagingBytes).toBe(4096);
    textures.trimStaging();
    expect(textures.stagingBytes).toBe(0);
  });

  it('reads what no buffer of the device holds in bands of rows, all at one moment', async () => {
    const { device, fake, textures } = open();
    // Two rows of 256 bytes each, padding included.
    Object.assign(device.limits, { maxBufferSize: 512 });
    const { texture } = textures.createTexture({ ...PLAIN, height: 7 });
    const bytes = Uint8Array.from({ length: 7 * 32 }, (_, k) => k + 1);
    textures.write(texture, 1, bytes);
    const read = textures.readLayer(texture, 1);
    expect(fake.submissions).toBe(4);
    expect(await read).toEqual(bytes);
    const part = await textures.readLayer(texture, 1, { y: 1, height: 5 });
    expect(part).toEqual(bytes.slice(32, 6 * 32));
  });

  it('gives staging back that no read has used for long, and no frame', async () => {
    const aged = open().textures;
    await aged.readLayer(aged.createTexture(PLAIN).texture, 0);
    for (let k = 0; k < 130; k++) aged.ageStaging();
    expect(aged.stagingBytes).toBe(0);
    const { textures } = open();
    const { texture } = textures.createTexture(PLAIN);
    const wide = textures.createTexture({ ...PLAIN, width: 2048 }).texture;
    await textures.readLayer(wide, 0);
    expect(textures.stagingBytes).toBe(32_768);
    for (let k = 0; k < 130; k++) await textures.readLayer(texture, 0);
    expect(textures.stagingBytes).toBe(4096);
  });

  it('copies views of shared memory where it is told to', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(128));
    for (const copySharedViews of [true, false]) {
      const { device, textures } = open({ copySharedViews });
      textures.write(textures.createTexture(PLAIN).texture, 0, shared);
      expect(device.written[0]?.data.buffer === shared.buffer).toBe(!copySharedViews);
    }
  });

  it('tells how much of its staging no read uses', async () => {
    const { textures } = open();
    const { texture } = textures.createTexture(PLAIN);
    expect(textures.idleStagingBytes).toBe(0);
    const reads = [textures.readLayer(texture, 0), textures.readLayer(texture, 1)];
    expect([textures.stagingBytes, textures.idleStagingBytes]).toEqual([8192, 0]);
    await Promise.all(reads);
    expect([textures.stagingBytes, textures.idleStagingBytes]).toEqual([8192, 8192]);
    const again = textures.readLayer(texture, 0);
    expect(textures.idleStagingBytes).toBe(4096);
    await again;
    textures.trimStaging();
    expect([textures.stagingBytes, textures.idleStagingBytes]).toEqual([0, 0]);
  });

  it('takes a staging buffer out of service when its map fails, and reads the next time', async () => {
    const { fake, textures } = open();
    const { texture } = textures.createTexture(PLAIN);
    textures.write(texture, 0, LAYER);
    fake.mapFailures.push(new Error('no'));
    await expect(textures.readLayer(texture, 0)).rejects.toMatchObject({
      code: 'backend-failed',
      cause: expect.objectContaining({ message: 'no' }),
    });
    expect([textures.stagingBytes, fake.liveBuffers.length]).toEqual([0, 0]);
    expect(await textures.readLayer(texture, 0)).toEqual(LAYER);
  });

  it('tells a read that the device had no staging for it, or could not copy', async () => {
    const { device, fake, textures } = open();
    const { texture } = textures.createTexture(PLAIN);
    fake.refusals.push({ filter: 'out-of-memory', message: 'heap exhausted' });
    await expect(textures.readLayer(texture, 0)).rejects.toMatchObject({ code: 'refused-by-device' });
    device.queue.submit = () => {
      throw new Error('closed');
    };
    await expect(textures.readLayer(texture, 0)).rejects.toMatchObject({ code: 'backend-failed' });
    expect([textures.stagingBytes, fake.scopes]).toEqual([0, []]);
    expect(fake.uncaptured).toEqual([]);
  });

  it('reads without scopes where creation is not checked', async () => {
    const { fake, textures } = open({ creationChecks: 'none' });
    const { texture } = textures.createTexture(PLAIN);
    textures.write(texture, 0, LAYER);
    expect(await textures.readLayer(texture, 0)).toEqual(LAYER);
    expect(fake.scopes).toEqual([]);
  });
});

describe('the end', () => {
  it('rejects what waits when the device is lost, and asks it for nothing more', async () => {
    const { device, fake, textures } = open();
    const { texture } = textures.createTexture(PLAIN);
    fake.mapGate = new Promise(() => {});
    const read = textures.readLayer(texture, 0);
    fake.lose({ reason: 'unknown', message: 'reset' });
    await expect(read).rejects.toMatchObject({ code: 'device-lost' });
    expect(await textures.lost).toEqual({ reason: 'unknown', message: 'reset' });
    expect(() => textures.createTexture(PLAIN)).toThrow(expect.objectContaining({ code: 'device-lost' }));
    textures.write(texture, 0, LAYER);
    expect(device.written).toEqual([]);
  });

  it('destroys its textures and staging, once, and not the device', async () => {
    const { device, fake, textures } = open();
    const { texture } = textures.createTexture(PLAIN);
    await textures.readLayer(texture, 0);
    textures.dispose();
    textures.dispose();
    expect(device.textures.map(({ destroyed }) => destroyed)).toEqual([true]);
    expect([fake.liveBuffers, textures.stagingBytes]).toEqual([[], 0]);
    expect(() => textures.trimStaging()).toThrow(expect.objectContaining({ code: 'disposed' }));
  });
});
