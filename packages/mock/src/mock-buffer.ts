/**
 * Mock buffer: a buffer of the virtual GPU.
 */
import type { CheckedBuffer } from '@gpuheap/core/backend';
import { VirtualMemory } from './virtual-memory.ts';

export class MockBuffer implements CheckedBuffer {
  /** Unique within its GPU, in order of creation. */
  readonly id: number;
  readonly sizeBytes: number;
  /** Bits of BufferUsage. */
  readonly usage: number;
  readonly memoryType: number;
  readonly label: string;
  /** Its bytes as the GPU sees them now; look at them to check what has really happened. */
  readonly memory: VirtualMemory = new VirtualMemory();
  /** Destroyed by its owner: new work that uses it is an error. */
  isDestroyed = false;
  /** The GPU went back on its word: it holds nothing. */
  isRefused = false;
  /** A read maps it: until that is over no other work may use it. */
  isMapped = false;

  constructor(id: number, sizeBytes: number, usage: number, memoryType: number, label: string) {
    this.id = id;
    this.sizeBytes = sizeBytes;
    this.usage = usage;
    this.memoryType = memoryType;
    this.label = label;
  }
}
