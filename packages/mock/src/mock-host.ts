/**
 * Mock host: what backends and encoders need of the virtual GPU behind them.
 */
import type { BackendLimits, MemoryType } from '@gpuheap/core';
import type { Faults } from './faults.ts';
import type { MockBuffer } from './mock-buffer.ts';
import type { Settlements } from './settlements.ts';
import type { Timeline } from './timeline.ts';

export interface MockHost {
  readonly limits: BackendLimits;
  readonly memoryTypes: readonly MemoryType[];
  readonly reuseAfter: 'submitted' | 'completed';
  readonly faults: Faults;
  readonly settlements: Settlements;
  readonly timeline: Timeline;
  /** Buffers that exist now, of all backends. */
  readonly buffers: Set<MockBuffer>;
  readonly isLost: boolean;
  /** Bytes of all buffers that exist and were granted. */
  readonly heldBytes: number;
  /** Whether so many bytes more would be granted. */
  hasRoomFor(sizeBytes: number): boolean;
  /** The number of the next buffer. */
  nextBufferId(): number;
  /** Counts a backend call and lets happen to it what the script says. @throws BackendError */
  enterCall(name: string): void;
  /** Remembers an error that nobody is told of; answers false. */
  report(error: string): false;
}
