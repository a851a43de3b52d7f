/**
 * WebGPU textures: the texture port over any `GPUDevice`.
 *
 * Cost     a write is one call of the queue, a copy one submission, a read one submission and one map; a
 *          texture is one device texture and, unless `creationChecks` is `none`, two error scopes.
 * Promise  no uncaptured device error and no unhandled rejection comes from here; a foreign device is never
 *          destroyed.
 * Refusal  what a format can do on a device is the device's to say: `settled` rejects with `backend-failed`.
 * Source   WebGPU, W3C. One queue runs in order. Layers of one array texture are subresources of their own:
 *          they may be copied onto one another, and one may be written where another is read.
 */
import { BackendError, type DeviceLoss, OutOfMemoryError, UsageError } from '@gpuheap/core';
import {
  BufferTable,
  bytesOfView,
  type CheckedTexture,
  type CreatedTexture,
  checkCopies,
  checkDataSize,
  checkMovable,
  checkRegion,
  checkTexture,
  type LayerCopy,
  type LayerRegion,
  type LayerSpan,
  show,
  type TextureBackend,
  type TextureDescriptor,
  type TextureLimits,
  TextureUsage,
} from '@gpuheap/core/backend';
import type { WebGpuBuffer } from './device-types.ts';
import { NOTHING_WRONG, runInScopes, type ScopedRun, type ScopeVerdict } from './error-scopes.ts';
import { LossWatch } from './loss-watch.ts';
import { ReadStaging } from './read-staging.ts';
import { textureBlock } from './texture-bytes.ts';
import { readTexture } from './texture-reader.ts';
import type { WebGpuTexelPlace, WebGpuTexture, WebGpuTextureDevice } from './texture-types.ts';
import { resolveOptions, type WebGpuBackendOptions } from './webgpu-options.ts';
import { plainBytes } from './write-bytes.ts';

/** How {@link WebGpuTextures} behave: as the backend of buffers does. */
export type WebGpuTexturesOptions = Pick<WebGpuBackendOptions, 'creationChecks' | 'copySharedViews'>;

/** What is known of one texture. */
interface TextureRecord extends CheckedTexture {
  /** `asked` until the device has answered. A refused texture exists for the API, but holds nothing. */
  grant: 'asked' | 'granted' | 'refused';
}

/** Textures of a WebGPU device. */
export class WebGpuTextures<Texture extends WebGpuTexture, Buffer extends WebGpuBuffer = WebGpuBuffer>
  implements TextureBackend<Texture>
{
  readonly limits: TextureLimits;
  /** The device that it was given. */
  readonly device: WebGpuTextureDevice<Texture, Buffer>;
  private readonly creationChecks: 'error-scope' | 'none';
  private readonly copySharedViews: boolean;
  private readonly watch: LossWatch;
  private readonly staging: ReadStaging<Buffer>;
  private readonly table = new BufferTable<Texture, TextureRecord>();
  private disposed = false;

  /** @throws UsageError `bad-argument`, `unknown-option` */
  constructor(device: WebGpuTextureDevice<Texture, Buffer>, options: WebGpuTexturesOptions = {}) {
    const { creationChecks, copySharedViews } = resolveOptions(options);
    this.limits = readLimits(device);
    this.device = device;
    this.creationChecks = creationChecks;
    this.copySharedViews = copySharedViews;
    this.watch = new LossWatch(device.lost);
    this.staging = new ReadStaging(device);
  }

  get stagingBytes(): number {
    return this.staging.heldBytes;
  }

  get idleStagingBytes(): number {
    return this.staging.spareBytes;
  }

  get lost(): Promise<DeviceLoss> {
    return this.watch.lost;
  }

  get isLost(): boolean {
    return this.watch.isLost;
  }

  measureTexture(descriptor: TextureDescriptor): number {
    this.checkUsable();
    return checkTexture(descriptor, this.limits, textureBlock).sizeBytes;
  }

  createTexture(descriptor: TextureDescriptor): CreatedTexture<Texture> {
    this.checkUsable();
    const checked = checkTexture(descriptor, this.limits, textureBlock);
    if (this.watch.isLost) throw this.watch.error();
    const { result: texture, verdict } = this.runChecked(() => this.make(checked));
    const grant = this.creationChecks === 'none' ? 'granted' : 'asked';
    const record: TextureRecord = { ...checked, grant };
    this.table.add(texture, record);
    const settled = this.watch.guard(verdict.then((told) => this.settle(record, told)));
    return { texture, sizeBytes: record.sizeBytes, settled };
  }

  destroyTexture(texture: Texture): void {
    this.checkUsable();
    this.table.remove(texture, 'texture');
    texture.destroy();
  }

  /**
   * As the port says. What is written to a texture that the device refused, or after a loss, goes nowhere.
   */
  write(texture: Texture, layer: number, data: ArrayBufferView, region: LayerRegion = {}): void {
    this.checkUsable();
    const record = this.table.get(texture, 'texture');
    const bytes = bytesOfView(data);
    checkMovable(record, TextureUsage.COPY_DST, 'texture', 'COPY_DST');
    const span = checkRegion(record, layer, region, 1, 'texture');
    checkDataSize(bytes.length, span);
    const plain = plainBytes(bytes, this.copySharedViews);
    const { width, height, rowBytes } = span;
    const size = { width, height, depthOrArrayLayers: 1 };
    this.act([record], () => {
      this.device.queue.writeTexture(placeOf(texture, span), plain, { bytesPerRow: rowBytes }, size);
    });
  }

  /** As the port says. A submission that touches a refused texture, or comes after a loss, does nothing. */
  copyToLayer(copies: readonly LayerCopy<Texture>[]): void {
    this.checkUsable();
    const checked = checkCopies(copies, this.table);
    if (checked.length === 0) return;
    this.act(
      checked.flatMap(({ from, to }) => [from, to]),
      () => {
        const encoder = this.device.createCommandEncoder();
        for (const [index, { source, target, layers }] of checked.entries()) {
          const copy = copies[index] as LayerCopy<Texture>;
          const { width, height } = source;
          encoder.copyTextureToTexture(placeOf(copy.source, source), placeOf(copy.target, target), {
            width,
            height,
            depthOrArrayLayers: layers,
          });
        }
        this.device.queue.submit([encoder.finish()]);
      },
    );
  }

  readLayer(texture: Texture, layer: number, region: LayerRegion = {}): Promise<Uint8Array> {
    this.checkUsable();
    const record = this.table.get(texture, 'texture');
    checkMovable(record, TextureUsage.COPY_SRC, 'texture', 'COPY_SRC');
    const span = checkRegion(record, layer, region, 1, 'texture');
    this.ageStaging();
    const { device, watch, staging, creationChecks } = this;
    const host = { device, watch, staging, creationChecks, refusal: this.refusal.bind(this) };
    return readTexture(host, texture, span, () => record.grant === 'refused');
  }

  ageStaging(): void {
    this.staging.tick();
  }

  /**
   * Destroys the idle staging buffers. They are trimmed anyway, as reads and frames go on and when the device
   * refuses a texture. @throws UsageError `disposed`
   */
  trimStaging(): void {
    this.checkUsable();
    this.staging.trim();
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.watch.lose({ reason: 'destroyed', message: 'the textures were disposed' });
    for (const texture of this.table.removeAll()) texture.destroy();
    this.staging.dispose();
  }

  private checkUsable(): void {
    if (this.disposed) throw new UsageError('disposed', 'these textures were disposed; make new ones');
  }

  private make({ shape }: CheckedTexture): Texture {
    const { width, height, layers, format, usage, mips, samples, dimension, label } = shape;
    const descriptor = {
      size: { width, height, depthOrArrayLayers: layers },
      format,
      usage,
      mipLevelCount: mips,
      sampleCount: samples,
      dimension,
    };
    return this.device.createTexture(label === '' ? descriptor : { ...descriptor, label });
  }

  /** Runs device calls that touch `records`; those whose grant is open may still turn out to be invalid. */
  private act(records: readonly TextureRecord[], run: () => void): void {
    if (this.watch.isLost || records.some((record) => record.grant === 'refused')) return;
    if (records.some((record) => record.grant === 'asked')) runInScopes(this.device, run);
    else run();
  }

  private runChecked(create: () => Texture): ScopedRun<Texture> {
    try {
      if (this.creationChecks === 'error-scope') return runInScopes(this.device, create);
      return { result: create(), verdict: Promise.resolve(NOTHING_WRONG) };
    } catch (cause) {
      throw new BackendError('backend-failed', 'the device could not make a texture', { cause });
    }
  }

  private settle(record: TextureRecord, verdict: ScopeVerdict): void {
    if (verdict.outOfMemory === undefined && verdict.validation === undefined) {
      record.grant = 'granted';
      return;
    }
    record.grant = 'refused';
    if (verdict.outOfMemory !== undefined) throw this.refusal(record.sizeBytes, verdict.outOfMemory);
    throw new BackendError('backend-failed', `the device refused a texture: ${verdict.validation}`);
  }

  private refusal(requestedBytes: number, reason: string): OutOfMemoryError {
    // Memory is short: what is only kept for later reads goes first.
    this.staging.trim();
    const reservedBytes = this.table.liveBytes + this.staging.heldBytes;
    return new OutOfMemoryError(
      'refused-by-device',
      `the device refused ${requestedBytes} bytes (${reason}) while ${reservedBytes} are held; free some`,
      {
        requestedBytes,
        largestFreeBytes: 0,
        freeBytes: 0,
        pendingBytes: 0,
        reservedBytes,
        budgetBytes: Number.POSITIVE_INFINITY,
      },
    );
  }
}

function placeOf<Texture extends WebGpuTexture>(
  texture: Texture,
  { mip, layer, x, y }: LayerSpan,
): WebGpuTexelPlace<Texture> {
  return { texture, mipLevel: mip, origin: { x, y, z: layer } };
}

function readLimits<Texture extends WebGpuTexture, Buffer extends WebGpuBuffer>(
  device: WebGpuTextureDevice<Texture, Buffer>,
): TextureLimits {
  const limits = typeof device === 'object' && device !== null ? device.limits : undefined;
  if (limits === undefined || typeof limits !== 'object' || typeof device.createTexture !== 'function') {
    throw new UsageError('bad-argument', `device is ${show(device)}; pass a GPUDevice`);
  }
  return {
    maxSide1d: limits.maxTextureDimension1D,
    maxSide2d: limits.maxTextureDimension2D,
    maxSide3d: limits.maxTextureDimension3D,
    maxLayers: limits.maxTextureArrayLayers,
  };
}
