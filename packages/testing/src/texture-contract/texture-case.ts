/**
 * Texture contract case: one named sentence of the texture port, runnable by any test framework, or by none.
 *
 * Promise  a case opens what it needs through the environment and closes it again, whatever happens.
 */
import {
  type LayerRegion,
  type TextureBackend,
  type TextureDescriptor,
  TextureUsage,
} from '@gpuheap/core/backend';
import { expectBytes } from '../backend-contract/assertions.ts';

/** A texture backend on a device of its own, opened for one case. */
export interface OpenedTextures<Texture> {
  readonly textures: TextureBackend<Texture>;
  /** Loses the device. */
  lose(): void;
  /** Disposes of the backend, if the case has not, and ends the device. */
  close(): Promise<void>;
}

/** Where the cases run. They ask for the formats `r8unorm`, `rgba8unorm` and `depth32float`. */
export interface TextureContractEnvironment<Texture> {
  /** A fresh device and a backend on it. */
  open(): Promise<OpenedTextures<Texture>>;
}

/** A named sentence of the texture port. */
export interface TextureContractCase {
  /** The sentence, after the part of the port that it belongs to: `copy: runs in order`. */
  readonly name: string;
  /** Rejects at the first check that fails: with a `BackendContractViolation`, or what the backend threw. */
  run<Texture>(environment: TextureContractEnvironment<Texture>): Promise<void>;
}

/** Copied from and to: what most cases use. */
export const BOTH_WAYS: number = TextureUsage.COPY_SRC | TextureUsage.COPY_DST;

/** One opened texture backend during one case, with the few things that every case does. */
export class TextureSession {
  readonly textures: TextureBackend<unknown>;
  readonly opened: OpenedTextures<unknown>;

  constructor(opened: OpenedTextures<unknown>) {
    this.opened = opened;
    this.textures = opened.textures;
  }

  /** An array of `layers` layers of 8 x 4 texels of 4 bytes, unless told otherwise. */
  make(layers: number, more: Partial<TextureDescriptor> = {}): unknown {
    const plain = { width: 8, height: 4, layers, format: 'rgba8unorm', usage: BOTH_WAYS };
    return this.textures.createTexture({ ...plain, ...more }).texture;
  }

  /** As `make`, each layer filled with a pattern of its own; answers the patterns too. */
  makeFilled(layers: number, seed: number): { texture: unknown; patterns: Uint8Array[] } {
    const texture = this.make(layers);
    const patterns = Array.from({ length: layers }, (_, layer) => patternOf(seed + layer, 128));
    for (const [layer, pattern] of patterns.entries()) this.textures.write(texture, layer, pattern);
    return { texture, patterns };
  }

  /** Rejects unless a layer, or a region of it, has these bytes. */
  async expect(
    texture: unknown,
    layer: number,
    bytes: Uint8Array,
    what: string,
    region: LayerRegion = {},
  ): Promise<void> {
    expectBytes(await this.textures.readLayer(texture, layer, region), bytes, what);
  }
}

/** Bytes that differ from seed to seed and from place to place. */
export function patternOf(seed: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, k) => (seed * 89 + k * 37 + 1) % 251);
}

/** A case from its sentence and what it does with a session. */
export function textureCase(
  name: string,
  body: (session: TextureSession) => Promise<void>,
): TextureContractCase {
  return {
    name,
    run: async (environment) => {
      const opened = (await environment.open()) as OpenedTextures<unknown>;
      try {
        await body(new TextureSession(opened));
      } finally {
        await opened.close();
      }
    },
  };
}
