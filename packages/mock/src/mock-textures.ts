/**
 * Mock textures: the texture port over memory, which breaks on command.
 *
 * Cost     a texture takes memory for the layers that were written.
 * Promise  deterministic, and checks everything before it changes anything. What is written is what is read.
 * Refusal  has no clock: what is asked is done at once, in order. Knows the few formats that it was given.
 */
import {
  BufferTable,
  bytesOfView,
  type CreatedTexture,
  checkCopies,
  checkDataSize,
  checkInteger,
  checkMovable,
  checkOneOf,
  checkOptions,
  checkRegion,
  checkTexture,
  type DeviceLoss,
  type LayerCopy,
  type LayerRegion,
  show,
  type TextureBackend,
  type TextureBlock,
  type TextureDescriptor,
  type TextureLimits,
  TextureUsage,
} from '@gpuheap/core/backend';
import { BackendError, OutOfMemoryError, UsageError } from '@gpuheap/core/errors';
import type { SettleWhen } from './mock-options.ts';
import { MockTexture } from './mock-texture.ts';
import { Settlement } from './settlement.ts';

/** How virtual textures are made. */
export interface MockTexturesOptions {
  /** Default: what a plain WebGPU device offers. */
  readonly limits?: TextureLimits;
  /** Formats by name, beside those that it knows: a few of 1 to 16 bytes, one of blocks, one of depth. */
  readonly formats?: Readonly<Record<string, TextureBlock>>;
  /** Bytes of all textures together; a creation beyond it is refused. Default Infinity. */
  readonly capacityBytes?: number;
  /** How a creation beyond the capacity is refused: by a throw, or late through `settled`. Default `late`. */
  readonly refuseCapacity?: 'now' | 'late';
  /** When `settled` does: when the outcome is known, or when `settle()` is called. Default `at-once`. */
  readonly settleWhen?: Exclude<SettleWhen, 'with-completion'>;
}

const LIMITS: TextureLimits = { maxSide1d: 8192, maxSide2d: 8192, maxSide3d: 2048, maxLayers: 256 };

const FORMATS: Readonly<Record<string, TextureBlock>> = {
  r8unorm: { width: 1, height: 1, bytes: 1, canMove: true },
  rg8unorm: { width: 1, height: 1, bytes: 2, canMove: true },
  rgba8unorm: { width: 1, height: 1, bytes: 4, canMove: true },
  rgba16float: { width: 1, height: 1, bytes: 8, canMove: true },
  rgba32float: { width: 1, height: 1, bytes: 16, canMove: true },
  'bc7-rgba-unorm': { width: 4, height: 4, bytes: 16, canMove: true },
  depth32float: { width: 1, height: 1, bytes: 4, canMove: false },
};

/** Textures of a virtual GPU. */
export class MockTextures implements TextureBackend<MockTexture> {
  readonly limits: TextureLimits;
  readonly stagingBytes = 0;
  readonly lost: Promise<DeviceLoss>;
  private readonly formats: ReadonlyMap<string, TextureBlock>;
  private readonly capacityBytes: number;
  private readonly refuseCapacity: 'now' | 'late';
  private readonly settlement: Settlement;
  private readonly table = new BufferTable<MockTexture, MockTexture>();
  private readonly alive = new Set<MockTexture>();
  private announceLoss: (loss: DeviceLoss) => void = () => {};
  private loss: DeviceLoss | undefined;
  private isDisposed = false;
  private createdCount = 0;
  private granted = 0;
  private refusals: ('now' | 'late')[] = [];

  /** @throws UsageError `bad-argument`, `unknown-option` */
  constructor(options: MockTexturesOptions = {}) {
    checkOptions(options, 'options', ['limits', 'formats', 'capacityBytes', 'refuseCapacity', 'settleWhen']);
    const { limits = LIMITS, formats = {}, capacityBytes = Number.POSITIVE_INFINITY } = options;
    const { refuseCapacity = 'late', settleWhen = 'at-once' } = options;
    checkOptions(limits, 'limits', Object.keys(LIMITS));
    for (const [name, value] of Object.entries({ ...LIMITS, ...limits })) {
      checkInteger(value, name, 1, Number.MAX_SAFE_INTEGER, 'bad-argument');
    }
    if (capacityBytes !== Number.POSITIVE_INFINITY) {
      checkInteger(capacityBytes, 'capacityBytes', 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
    }
    checkOneOf(refuseCapacity, 'refuseCapacity', ['now', 'late']);
    checkOneOf(settleWhen, 'settleWhen', ['at-once', 'manual']);
    this.limits = { ...LIMITS, ...limits };
    this.formats = new Map(Object.entries({ ...FORMATS, ...formats }));
    this.capacityBytes = capacityBytes;
    this.refuseCapacity = refuseCapacity;
    this.settlement = new Settlement(settleWhen, 'fifo');
    this.lost = new Promise((resolve) => {
      this.announceLoss = resolve;
    });
  }

  get isLost(): boolean {
    return this.loss !== undefined;
  }

  /** Textures that nobody has destroyed, refused ones included. */
  get textures(): ReadonlySet<MockTexture> {
    return this.alive;
  }

  /** Bytes of those that were granted. */
  get heldBytes(): number {
    return this.granted;
  }

  /** The next `count` creations are refused: by a throw, or late through `settled`. */
  refuseNext(when: 'now' | 'late', count = 1): void {
    checkOneOf(when, 'when', ['now', 'late']);
    checkInteger(count, 'count', 1, Number.MAX_SAFE_INTEGER, 'bad-argument');
    for (let k = 0; k < count; k++) this.refusals.push(when);
  }

  /** Settles what is due, with `settleWhen: 'manual'`. Answers how many promises. */
  settle(): number {
    return this.settlement.settle();
  }

  /** Loses the device. Only the first call counts. */
  lose(message = 'the test took it away'): void {
    this.noteLoss({ reason: 'unknown', message });
  }

  measureTexture(descriptor: TextureDescriptor): number {
    return this.check(descriptor).sizeBytes;
  }

  createTexture(descriptor: TextureDescriptor): CreatedTexture<MockTexture> {
    const facts = this.check(descriptor);
    if (this.loss !== undefined) throw this.lossError();
    const when = this.refusals.shift() ?? this.whenBeyond(facts.sizeBytes);
    const refusal = when === undefined ? undefined : this.refusal(facts.sizeBytes);
    if (refusal !== undefined && when === 'now') throw refusal;
    this.createdCount++;
    const texture = new MockTexture(this.createdCount, facts);
    this.table.add(texture, texture);
    this.alive.add(texture);
    const settled = this.settlement.make<void>(this);
    if (refusal === undefined) {
      this.granted += texture.sizeBytes;
      settled.resolve();
    } else {
      texture.isRefused = true;
      settled.reject(refusal);
    }
    return { texture, sizeBytes: texture.sizeBytes, settled: settled.promise };
  }

  destroyTexture(texture: MockTexture): void {
    this.checkUsable();
    this.table.remove(texture, 'texture');
    this.end(texture);
  }

  write(texture: MockTexture, layer: number, data: ArrayBufferView, region: LayerRegion = {}): void {
    this.checkUsable();
    const record = this.table.get(texture, 'texture');
    const bytes = bytesOfView(data);
    checkMovable(record, TextureUsage.COPY_DST, 'texture', 'COPY_DST');
    const span = checkRegion(record, layer, region, 1, 'texture');
    checkDataSize(bytes.length, span);
    if (!texture.isRefused && this.loss === undefined) texture.write(span, bytes);
  }

  copyToLayer(copies: readonly LayerCopy<MockTexture>[]): void {
    this.checkUsable();
    const checked = checkCopies(copies, this.table);
    if (this.loss !== undefined || checked.some(({ from, to }) => from.isRefused || to.isRefused)) return;
    for (const { from, to, source, target, layers } of checked) {
      for (let k = 0; k < layers; k++) {
        to.write({ ...target, layer: target.layer + k }, from.read({ ...source, layer: source.layer + k }));
      }
    }
  }

  readLayer(texture: MockTexture, layer: number, region: LayerRegion = {}): Promise<Uint8Array> {
    this.checkUsable();
    const record = this.table.get(texture, 'texture');
    checkMovable(record, TextureUsage.COPY_SRC, 'texture', 'COPY_SRC');
    const span = checkRegion(record, layer, region, 1, 'texture');
    const read = this.settlement.make<Uint8Array>(this);
    if (this.loss !== undefined) read.reject(this.lossError());
    else if (texture.isRefused) {
      read.reject(new BackendError('backend-failed', 'the read failed: the device had refused the texture'));
    } else read.resolve(texture.read(span));
    return read.promise;
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.noteLoss({ reason: 'destroyed', message: 'the textures were disposed' });
    for (const texture of this.table.removeAll()) this.end(texture);
  }

  private checkUsable(): void {
    if (this.isDisposed) throw new UsageError('disposed', 'these textures were disposed; make new ones');
  }

  private check(descriptor: TextureDescriptor): ReturnType<typeof checkTexture> {
    this.checkUsable();
    return checkTexture(descriptor, this.limits, (format) => this.blockOf(format));
  }

  private blockOf(format: string): TextureBlock {
    const block = this.formats.get(format);
    if (block !== undefined) return block;
    const known = [...this.formats.keys()].join(', ');
    throw new UsageError('bad-argument', `format is ${show(format)}; pass one of ${known}`);
  }

  private whenBeyond(sizeBytes: number): 'now' | 'late' | undefined {
    return this.granted + sizeBytes > this.capacityBytes ? this.refuseCapacity : undefined;
  }

  private end(texture: MockTexture): void {
    texture.isDestroyed = true;
    this.alive.delete(texture);
    if (!texture.isRefused) this.granted -= texture.sizeBytes;
  }

  private noteLoss(loss: DeviceLoss): void {
    if (this.loss !== undefined) return;
    this.loss = loss;
    this.settlement.abandon(() => this.lossError());
    this.announceLoss(loss);
  }

  /** Of a loss that there was. */
  private lossError(): BackendError {
    const { reason, message } = this.loss as DeviceLoss;
    return new BackendError('device-lost', `the virtual GPU is lost (${reason}: ${message}); make a new one`);
  }

  private refusal(requestedBytes: number): OutOfMemoryError {
    return new OutOfMemoryError(
      'refused-by-device',
      `the virtual GPU refused ${requestedBytes} bytes while ${this.granted} are held; free some`,
      {
        requestedBytes,
        largestFreeBytes: 0,
        freeBytes: 0,
        pendingBytes: 0,
        reservedBytes: this.granted,
        budgetBytes: Number.POSITIVE_INFINITY,
      },
    );
  }
}
