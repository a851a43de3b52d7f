/**
 * Owned textures: whole textures, each counted against the budget and destroyed only when the GPU is done.
 *
 * Cost     O(1) beside the backend's own.
 * Promise  a freed texture is destroyed by the destroy queue that it was given, when the serial of the
 *          boundary after its release is due, and its bytes count until then. What is refused leaves
 *          everything as it was.
 * Refusal  keeps none for reuse: every `create` asks the device.
 */
import type { CreatedTexture, TextureBackend, TextureDescriptor } from '../backend/texture-port.ts';
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { runAll } from '../base/run-all.ts';
import type { DestroyQueue } from './destroy-queue.ts';
import {
  NO_TEXTURE_BUDGET,
  refusalOf,
  type TextureBudget,
  TextureClaims,
  type TextureRefusal,
} from './texture-claims.ts';

/** A texture of one's own, until it is freed. */
export class OwnedTexture<Texture> {
  readonly sizeBytes: number;
  readonly label: string;
  /** @internal Set when the device went back on its word. */
  refusal: TextureRefusal | undefined;
  /** @internal */
  state: 'live' | 'pending' | 'destroyed' = 'live';
  /** @internal */
  readonly held: Texture;
  private readonly owner: object;

  /** Made by `OwnedTextures.create`. */
  constructor(owner: object, texture: Texture, sizeBytes: number, label: string) {
    this.owner = owner;
    this.held = texture;
    this.sizeBytes = sizeBytes;
    this.label = label;
  }

  /** Whether it has not been freed. */
  get isLive(): boolean {
    return this.state === 'live';
  }

  /**
   * The backend's texture.
   * @throws UsageError `dead-allocation` · OutOfMemoryError, BackendError when the device did not grant it
   */
  get texture(): Texture {
    this.checkLive();
    if (this.refusal !== undefined) throw this.refusal;
    return this.held;
  }

  /** @internal Whether `owner` made it. */
  belongsTo(owner: object): boolean {
    return this.owner === owner;
  }

  /** @internal @throws UsageError `dead-allocation` */
  checkLive(): void {
    if (this.state === 'live') return;
    throw new UsageError(
      'dead-allocation',
      `texture ${show(this.label)} of ${this.sizeBytes} bytes has been freed; drop it when you free it`,
    );
  }
}

/** Figures of owned textures; bytes, and counts of textures. */
export interface OwnedTexturesStatistics {
  /** Bytes of live and pending ones. */
  heldBytes: number;
  peakHeldBytes: number;
  /** Bytes of those that are freed, but the GPU may still use them. */
  pendingBytes: number;
  liveCount: number;
  pendingCount: number;
  createdCount: number;
  destroyedCount: number;
}

/** See the head of the file. */
export class OwnedTextures<Texture> {
  private readonly claims: TextureClaims<Texture>;
  private readonly queue: DestroyQueue;
  /** Live and pending ones. */
  private readonly all = new Set<OwnedTexture<Texture>>();
  private pendingBytes = 0;
  private pendingCount = 0;
  private isDisposed = false;

  /** `queue` is driven by who owns it; `budget`, if there is one, is asked for every texture. */
  constructor(
    textures: TextureBackend<Texture>,
    queue: DestroyQueue,
    budget: TextureBudget = NO_TEXTURE_BUDGET,
  ) {
    this.claims = new TextureClaims(textures, budget);
    this.queue = queue;
  }

  /**
   * A texture that reads as zero.
   * @throws UsageError as `measureTexture` of the port
   * @throws OutOfMemoryError `over-budget`, `refused-by-device` · BackendError `device-lost`,
   *   `backend-failed`
   */
  create(descriptor: TextureDescriptor): OwnedTexture<Texture> {
    this.checkUsable();
    // Asked for memory, the application may have ended these textures.
    const created = this.claims.create(descriptor, () => !this.isDisposed);
    this.checkUsable();
    const { texture, sizeBytes, settled } = created as CreatedTexture<Texture>;
    const owned = new OwnedTexture(this, texture, sizeBytes, descriptor.label ?? '');
    this.all.add(owned);
    settled.catch((error: unknown) => {
      owned.refusal = refusalOf(error, sizeBytes);
    });
    return owned;
  }

  /**
   * Ends a texture; the queue destroys it when the serial of its next boundary is due.
   * @throws UsageError `dead-allocation` (freed before), `foreign-object`, `disposed`
   */
  free(owned: OwnedTexture<Texture>): void {
    this.checkUsable();
    if (!(owned instanceof OwnedTexture) || !owned.belongsTo(this)) {
      throw new UsageError(
        'foreign-object',
        `texture is ${show(owned)} that was not made here; free it where it is from`,
      );
    }
    owned.checkLive();
    owned.state = 'pending';
    this.pendingBytes += owned.sizeBytes;
    this.pendingCount++;
    this.queue.defer(() => this.destroy(owned));
  }

  /** Fills and returns `into`, or a fresh record. */
  statistics(into: OwnedTexturesStatistics = {} as OwnedTexturesStatistics): OwnedTexturesStatistics {
    const { heldBytes, peakHeldBytes, createdCount, destroyedCount } = this.claims;
    into.heldBytes = heldBytes;
    into.peakHeldBytes = peakHeldBytes;
    into.pendingBytes = this.pendingBytes;
    into.liveCount = this.all.size - this.pendingCount;
    into.pendingCount = this.pendingCount;
    into.createdCount = createdCount;
    into.destroyedCount = destroyedCount;
    return into;
  }

  /** Destroys every texture, live or pending; to be called before the backend's own. May be called twice. */
  dispose(): void {
    this.isDisposed = true;
    runAll([...this.all].map((owned) => () => this.destroy(owned)));
  }

  /** @throws UsageError `disposed` */
  checkUsable(): void {
    if (this.isDisposed) {
      throw new UsageError('disposed', 'these textures were disposed; make a new owner for more');
    }
  }

  /** Does nothing where `dispose` came before the queue. */
  private destroy(owned: OwnedTexture<Texture>): void {
    if (owned.state === 'destroyed') return;
    this.claims.destroy(owned.held, owned.sizeBytes);
    if (owned.state === 'pending') {
      this.pendingBytes -= owned.sizeBytes;
      this.pendingCount--;
    }
    owned.state = 'destroyed';
    this.all.delete(owned);
  }
}
