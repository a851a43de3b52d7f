/**
 * Texture claims: the one place where textures are made and destroyed, so that each is counted against the
 * budget.
 *
 * Cost     O(1) beside the backend's own.
 * Promise  the budget is asked before the backend is; what is refused by either leaves nothing claimed.
 */
import type { CreatedTexture, TextureBackend, TextureDescriptor } from '../backend/texture-port.ts';
import { BackendError, OutOfMemoryError, UsageError } from '../base/errors.ts';

/** Who says how many bytes of textures there may be, and keeps count of them. */
export interface TextureBudget {
  /** Counts `bytes` that are about to be asked of the device. @throws OutOfMemoryError `over-budget` */
  claim(bytes: number): void;
  /** Takes back a claim: the bytes were refused, or given back. */
  unclaim(bytes: number): void;
}

/** A budget that allows everything and counts nothing. */
export const NO_TEXTURE_BUDGET: TextureBudget = { claim: () => {}, unclaim: () => {} };

/** What is thrown by whatever lies in a texture that the device did not grant. */
export type TextureRefusal = OutOfMemoryError | BackendError;

/** What `settled` of a texture rejected with, as an error of ours. */
export function refusalOf(error: unknown, sizeBytes: number): TextureRefusal {
  if (error instanceof OutOfMemoryError || error instanceof BackendError) return error;
  return new BackendError('backend-failed', `the device did not grant a texture of ${sizeBytes} bytes`, {
    cause: error,
  });
}

/** The textures of one owner. */
export class TextureClaims<Texture> {
  readonly textures: TextureBackend<Texture>;
  /** Bytes of the textures that exist now, refused ones included. */
  heldBytes = 0;
  peakHeldBytes = 0;
  createdCount = 0;
  destroyedCount = 0;
  private readonly budget: TextureBudget;

  constructor(textures: TextureBackend<Texture>, budget: TextureBudget) {
    this.textures = textures;
    this.budget = budget;
  }

  /**
   * As `createTexture` of the port, after the budget has agreed; undefined when `mayStill` says no after
   * that: the application may have been asked for memory.
   * @throws OutOfMemoryError `over-budget`, and as the port's
   */
  create(descriptor: TextureDescriptor, mayStill: () => boolean): CreatedTexture<Texture> | undefined {
    const sizeBytes = this.textures.measureTexture(descriptor);
    this.budget.claim(sizeBytes);
    if (!mayStill()) {
      this.budget.unclaim(sizeBytes);
      return undefined;
    }
    let created: CreatedTexture<Texture>;
    try {
      created = this.textures.createTexture(descriptor);
    } catch (error) {
      this.budget.unclaim(sizeBytes);
      throw error;
    }
    this.createdCount++;
    this.heldBytes += sizeBytes;
    if (this.heldBytes > this.peakHeldBytes) this.peakHeldBytes = this.heldBytes;
    return created;
  }

  /** Destroys a texture of `sizeBytes` that was made here, unless the port ended with all of its textures. */
  destroy(texture: Texture, sizeBytes: number): void {
    // First the backend: should it fail, the texture is still there and still counted.
    try {
      this.textures.destroyTexture(texture);
    } catch (error) {
      if (!(error instanceof UsageError && error.code === 'disposed')) throw error;
    }
    this.destroyedCount++;
    this.heldBytes -= sizeBytes;
    this.budget.unclaim(sizeBytes);
  }
}
