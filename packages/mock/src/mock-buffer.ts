/** Mock buffer: what the virtual GPU calls a buffer. */
import type { CheckedBuffer } from '@gpuheap/core/backend';
import { SparseBytes } from './sparse-bytes.ts';

/** How a buffer was asked for. */
export interface MockBufferFacts extends CheckedBuffer {
  readonly memoryType: number;
  readonly label: string;
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
  /** Reads under way that map it. While there is one, nothing else may use the buffer. */
  mappingCount = 0;

  constructor(home: object, id: number, facts: MockBufferFacts) {
    this.home = home;
    this.id = id;
    this.label = facts.label;
    this.sizeBytes = facts.sizeBytes;
    this.usage = facts.usage;
    this.memoryType = facts.memoryType;
  }
}
