/**
 * Fake texture device: a fake device that also has textures, of whole layers.
 *
 * Refusal  knows no rule of WebGPU: the contract runs on real devices.
 */
import type {
  WebGpuExtent,
  WebGpuTexelBuffer,
  WebGpuTexelPlace,
  WebGpuTexture,
  WebGpuTextureDescriptor,
  WebGpuTextureDevice,
} from '../src/index.ts';
import { type FakeBuffer, FakeDevice } from './fake-device.ts';

export class FakeTexture implements WebGpuTexture {
  destroyed = false;
  /** Rows of each layer that was written. */
  readonly layers = new Map<number, Uint8Array>();
  /** Bytes of a row, when it was written or copied to. */
  rowBytes: number | undefined;

  destroy(): void {
    this.destroyed = true;
  }
}

type Place = WebGpuTexelPlace<FakeTexture>;

/** What the device was asked to write. */
export interface WrittenLayer {
  readonly place: Place;
  readonly data: Uint8Array;
  readonly bytesPerRow: number;
  readonly size: WebGpuExtent;
}

/** A fake device with textures, and what it was asked. */
export interface FakeTextureDevice extends WebGpuTextureDevice<FakeTexture, FakeBuffer> {
  readonly fake: FakeDevice;
  readonly textures: FakeTexture[];
  readonly asked: WebGpuTextureDescriptor[];
  readonly written: WrittenLayer[];
}

/** A device of its own. */
export function makeFakeTextureDevice(): FakeTextureDevice {
  const fake = new FakeDevice();
  const textures: FakeTexture[] = [];
  const asked: WebGpuTextureDescriptor[] = [];
  const written: WrittenLayer[] = [];
  const queue = Object.assign(fake.queue, {
    writeTexture: (place: Place, data: Uint8Array, layout: { bytesPerRow: number }, size: WebGpuExtent) => {
      written.push({ place, data, bytesPerRow: layout.bytesPerRow, size });
      place.texture.layers.set(place.origin.z, data.slice());
      place.texture.rowBytes = layout.bytesPerRow;
    },
  });
  const limits = {
    ...fake.limits,
    maxTextureDimension1D: 8192,
    maxTextureDimension2D: 8192,
    maxTextureDimension3D: 2048,
    maxTextureArrayLayers: 256,
  };
  const createTexture = (descriptor: WebGpuTextureDescriptor): FakeTexture => {
    asked.push(descriptor);
    const refusal = fake.refusals.shift();
    if (refusal !== undefined) fake.report(refusal.filter, refusal.message);
    const texture = new FakeTexture();
    textures.push(texture);
    return texture;
  };
  const encoderOf = fake.createCommandEncoder.bind(fake);
  const createCommandEncoder = () =>
    Object.assign(encoderOf(), { copyTextureToTexture, copyTextureToBuffer });
  return Object.assign(fake, {
    fake,
    textures,
    asked,
    written,
    queue,
    limits,
    createTexture,
    createCommandEncoder,
  });
}

function copyTextureToTexture(source: Place, target: Place, size: WebGpuExtent): void {
  for (let k = 0; k < (size.depthOrArrayLayers ?? 1); k++) {
    const layer = source.texture.layers.get(source.origin.z + k);
    if (layer !== undefined) target.texture.layers.set(target.origin.z + k, layer);
  }
  target.texture.rowBytes = source.texture.rowBytes;
}

function copyTextureToBuffer(source: Place, target: WebGpuTexelBuffer<FakeBuffer>, size: WebGpuExtent): void {
  const layer = source.texture.layers.get(source.origin.z) ?? new Uint8Array(0);
  const rows = size.height ?? 1;
  for (let row = 0; row < rows; row++) {
    const rowBytes = source.texture.rowBytes ?? layer.length / rows;
    const at = (source.origin.y + row) * rowBytes;
    target.buffer.bytes.set(layer.subarray(at, at + rowBytes), row * target.bytesPerRow);
  }
}
