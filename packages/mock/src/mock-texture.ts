/** Mock texture: what the virtual GPU calls a texture. */
import {
  type CheckedTexture,
  type LayerSpan,
  layerBytes,
  type TextureBlock,
  type TextureShape,
} from '@gpuheap/core/backend';

/** A texture of the virtual GPU. To be read by tests, to be changed by its backend alone. */
export class MockTexture implements CheckedTexture {
  /** 1 for the first texture of its backend. */
  readonly id: number;
  readonly label: string;
  readonly shape: TextureShape;
  readonly block: TextureBlock;
  readonly sizeBytes: number;
  /** Bits of `TextureUsage`. */
  readonly usage: number;
  /** Whether its owner has given it back. */
  isDestroyed = false;
  /** Whether the device went back on its word: what is written goes nowhere. */
  isRefused = false;
  /** What was ever written, by level and layer; the rest is zero. */
  private readonly written = new Map<string, Uint8Array>();

  constructor(id: number, { shape, block, sizeBytes, usage }: CheckedTexture) {
    this.id = id;
    this.label = shape.label;
    this.shape = shape;
    this.block = block;
    this.sizeBytes = sizeBytes;
    this.usage = usage;
  }

  /** A copy of the bytes of a span, row by row. */
  read(span: LayerSpan): Uint8Array {
    const bytes = new Uint8Array(span.rowBytes * span.rowCount);
    const layer = this.written.get(keyOf(span));
    if (layer === undefined) return bytes;
    for (let row = 0; row < span.rowCount; row++) {
      const start = this.startOf(span, row);
      bytes.set(layer.subarray(start, start + span.rowBytes), row * span.rowBytes);
    }
    return bytes;
  }

  /** Takes a copy of `bytes`, which are exactly those of the span. */
  write(span: LayerSpan, bytes: Uint8Array): void {
    const key = keyOf(span);
    const layer = this.written.get(key) ?? new Uint8Array(layerBytes(this.shape, this.block, span.mip));
    this.written.set(key, layer);
    for (let row = 0; row < span.rowCount; row++) {
      layer.set(bytes.subarray(row * span.rowBytes, (row + 1) * span.rowBytes), this.startOf(span, row));
    }
  }

  /** Where a row of a span begins in its layer. */
  private startOf(span: LayerSpan, row: number): number {
    const { width, height, bytes } = this.block;
    const across = layerBytes({ ...this.shape, height: 1 }, this.block, span.mip);
    return (span.y / height + row) * across + (span.x / width) * bytes;
  }
}

function keyOf({ mip, layer }: LayerSpan): string {
  return `${mip}/${layer}`;
}
