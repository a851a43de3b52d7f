/** Mock buffer: what the virtual GPU calls a buffer. */
import type { CheckedBuffer, MapState } from '@gpuheap/core/backend';
import { SparseBytes } from './sparse-bytes.ts';

/** How a buffer was asked for. */
export interface MockBufferFacts extends CheckedBuffer {
  readonly memoryType: number;
  readonly label: string;
}

/** The part of a buffer that the CPU has. */
export interface MappedPart {
  readonly offset: number;
  /** Memory of its own, which is detached when the part goes back. */
  readonly bytes: Uint8Array;
}

/** A buffer of the virtual GPU. To be read by tests, to be changed by its backend alone. */
export class MockBuffer implements CheckedBuffer {
  /** 1 for the first buffer of its GPU. */
  readonly id: number;
  readonly label: string;
  readonly sizeBytes: number;
  /** Bits of `BufferUsage`. */
  readonly usage: number;
  readonly memoryType: number;
  /** The identity of the virtual GPU it lives on. */
  readonly home: object;
  /** What it holds now: work that is queued has not touched it yet. */
  readonly contents: SparseBytes = new SparseBytes();
  /** Whether its owner has given it back. Work that was submitted before still sees it. */
  isDestroyed = false;
  /** Whether the device went back on its word: what is written goes nowhere. */
  isRefused = false;
  /** Whose it is. While it is not `unmapped`, the GPU may not use it. */
  mapState: MapState = 'unmapped';
  /** What `unmap` gives back. */
  mapped: MappedPart | undefined;
  /** The timelines to which work was submitted that uses it. */
  readonly usedOn: Set<number> = new Set([0]);

  constructor(home: object, id: number, facts: MockBufferFacts) {
    this.home = home;
    this.id = id;
    this.label = facts.label;
    this.sizeBytes = facts.sizeBytes;
    this.usage = facts.usage;
    this.memoryType = facts.memoryType;
  }

  /** Lets the CPU have a part. */
  give(part: MappedPart): void {
    this.mapped = part;
    this.mapState = 'mapped';
  }

  /** Takes back what the CPU has, if anything, and its bytes where they are kept. The array is detached. */
  takeBack(isKept: boolean): void {
    const part = this.mapped;
    this.mapped = undefined;
    this.mapState = 'unmapped';
    if (part === undefined) return;
    if (isKept) this.contents.write(part.offset, part.bytes);
    detach(part.bytes);
  }
}

const host = globalThis as unknown as {
  structuredClone(value: unknown, options: { transfer: unknown[] }): unknown;
};

/** Moves the memory of `bytes` elsewhere, as unmapping does; every view of it is empty afterwards. */
function detach(bytes: Uint8Array): void {
  // The caller may have moved it away already.
  if (bytes.length > 0) host.structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
}
