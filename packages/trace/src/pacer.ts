/**
 * Pacer: lets the device catch up, so that a replay never queues more than a little work.
 *
 * Cost     one serial in 8 submissions, and a wait only when the device is two serials behind.
 */
import type { GpuBackend, Serial } from '@gpuheap/core';

const SUBMITS_A_SERIAL = 8;
const MOST_BEHIND = 2;

/** Holds a replay back while the device is behind. */
export class Pacer {
  private readonly backend: GpuBackend<unknown>;
  private readonly serials: Serial[] = [];
  private submits = 0;

  constructor(backend: GpuBackend<unknown>) {
    this.backend = backend;
  }

  /** Call after a submission. Resolves when the next may follow; undefined when it may at once. */
  submitted(): Promise<void> | undefined {
    this.submits++;
    if (this.submits % SUBMITS_A_SERIAL !== 0) return undefined;
    this.serials.push(this.backend.signal());
    if (this.serials.length <= MOST_BEHIND) return undefined;
    return this.backend.whenCompleted(this.serials.shift()!);
  }

  /** Waits for everything. */
  async settle(): Promise<void> {
    this.serials.length = 0;
    await this.backend.whenCompleted(this.backend.signal());
  }
}
