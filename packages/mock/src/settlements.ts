/**
 * Settlements: the word on creations, which comes when the test wants it.
 */
import { BackendError, type OutOfMemoryError } from '@gpuheap/core';

interface Open {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  readonly verdict: OutOfMemoryError | undefined;
}

export class Settlements {
  private readonly held: boolean;
  private readonly open: Open[] = [];

  constructor(held: boolean) {
    this.held = held;
  }

  /** Promises that wait. */
  get openCount(): number {
    return this.open.length;
  }

  /** A promise that resolves, or rejects with `verdict`, in its time. A rejection that nobody looks at is not an error. */
  promise(verdict: OutOfMemoryError | undefined): Promise<void> {
    const settled = new Promise<void>((resolve, reject) => {
      this.open.push({ resolve, reject, verdict });
    });
    settled.catch(() => {});
    if (!this.held) this.settle();
    return settled;
  }

  /** Settles all that wait: oldest first, or in the order that `arrange` gives their numbers. */
  settle(arrange: (numbers: number[]) => readonly number[] = (numbers) => numbers): void {
    const open = this.open.splice(0);
    for (const number of arrange([...open.keys()])) {
      const entry = open[number];
      if (entry === undefined) continue;
      if (entry.verdict === undefined) entry.resolve();
      else entry.reject(entry.verdict);
    }
  }

  /** The device is gone: whatever waits will never be known. */
  lose(): void {
    for (const entry of this.open.splice(0)) {
      entry.reject(new BackendError('device-lost', 'the device was lost before it granted the buffer'));
    }
  }
}
