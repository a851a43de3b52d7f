/**
 * Loss watch: one place that knows whether the device is gone, and settles what waits for it.
 *
 * Cost     a guarded promise: O(1), one entry in a set until it settles.
 * Promise  after a loss every guarded promise has rejected with `device-lost`; no rejection is ever
 *          unhandled.
 * Source   WebGPU §22 "Errors & Debugging": fences of a lost device resolve, so a fence is believed only
 *          after a look here.
 */
import { BackendError, type DeviceLoss } from '@gpuheap/core';
import type { WebGpuLostInfo } from './device-types.ts';

/** Knows of the loss of one device, or of the disposal of its backend, whichever comes first. */
export class LossWatch {
  /** Resolves at the loss; never rejects. */
  readonly lost: Promise<DeviceLoss>;
  private loss: DeviceLoss | undefined;
  private announce: (loss: DeviceLoss) => void = () => {};
  private readonly waiting = new Set<(error: BackendError) => void>();

  constructor(deviceLost: Promise<WebGpuLostInfo>) {
    this.lost = new Promise((resolve) => {
      this.announce = resolve;
    });
    deviceLost.then(
      (info) =>
        this.lose({ reason: info.reason === 'destroyed' ? 'destroyed' : 'unknown', message: info.message }),
      (error: unknown) => this.lose({ reason: 'unknown', message: String(error) }),
    );
  }

  /** Whether the loss is known. */
  get isLost(): boolean {
    return this.loss !== undefined;
  }

  /** Declares the loss and rejects all that waits; only the first call counts. O(waiting). */
  lose(loss: DeviceLoss): void {
    if (this.loss !== undefined) return;
    this.loss = loss;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const reject of waiting) reject(this.error());
    this.announce(loss);
  }

  /** What a call that needs the device throws after the loss. */
  error(): BackendError {
    const { reason, message } = this.loss as DeviceLoss;
    return new BackendError(
      'device-lost',
      `the device is lost (${reason}: ${message}); open a new one and a new backend`,
    );
  }

  /** Settles as `work` does, or rejects with `device-lost` if the loss comes first. */
  guard<T>(work: Promise<T>): Promise<T> {
    const guarded = new Promise<T>((resolve, reject) => {
      if (this.loss === undefined) this.waiting.add(reject);
      else reject(this.error());
      work.then(
        (value) => {
          this.waiting.delete(reject);
          if (this.loss === undefined) resolve(value);
        },
        (error: unknown) => {
          this.waiting.delete(reject);
          if (this.loss === undefined) reject(error);
        },
      );
    });
    // Whoever asked still sees the rejection; nobody has to ask.
    guarded.catch(() => {});
    return guarded;
  }
}
