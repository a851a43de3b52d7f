/**
 * Timeline: a few hundred samples of a replay.
 *
 * Promise  every sample is true for its moment; the peaks are kept elsewhere, exactly.
 */
import { EventKind, type Trace } from './trace.ts';

/** Bytes at one moment. */
export interface TimelineSample {
  /** Frames since the start, with the share of the current one. */
  readonly frame: number;
  /** Exact bytes of the live resources. */
  readonly liveBytes: number;
  /** Bytes held from the device, staging included. */
  readonly reservedBytes: number;
  /** Bytes that the trace released and that can not be used again yet. */
  readonly pendingBytes: number;
}

/** When samples are taken, and at which frame. */
export class Timeline {
  readonly samples: TimelineSample[] = [];
  private readonly step: number;
  private readonly last: number;
  private readonly frameStarts: number[] = [0];
  private frame = 0;

  constructor(trace: Trace, sampleCount: number) {
    this.last = trace.eventCount - 1;
    this.step = Math.max(1, Math.floor(trace.eventCount / sampleCount));
    for (let index = 0; index < trace.eventCount; index++) {
      if (trace.kinds[index] === EventKind.FRAME) this.frameStarts.push(index);
    }
    this.frameStarts.push(trace.eventCount);
  }

  /** Whether a sample is due after event `index`. */
  isDue(index: number): boolean {
    return index % this.step === 0 || index === this.last;
  }

  add(index: number, liveBytes: number, reservedBytes: number, pendingBytes: number): void {
    while (index >= this.frameStarts[this.frame + 1]!) this.frame++;
    const from = this.frameStarts[this.frame]!;
    const share = (index - from) / Math.max(1, this.frameStarts[this.frame + 1]! - from);
    this.samples.push({ frame: this.frame + share, liveBytes, reservedBytes, pendingBytes });
  }
}
