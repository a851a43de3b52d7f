/**
 * Range watch: a naive list of ranges that were given up, and when each may be given away again.
 *
 * Promise  a range waits for the end of the recordings that use it, then for a boundary on each of its
 *          timelines and, where the GPU must have completed it, for that boundary's serial.
 */
import { expect } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import type { Serial } from '../../src/index.ts';

/** Where something lies. Bytes. */
export interface Place {
  readonly buffer: MockBuffer;
  readonly offset: number;
  readonly size: number;
}

interface Released extends Place {
  /** The serial for which it waits on each of its timelines; undefined until there was a boundary. */
  readonly boundaries: Map<number, Serial | undefined>;
  /** Open recordings that use it. */
  readonly recordings: Set<object>;
  /** Who was shortened by it: that one may have it again at any time. */
  readonly shortened: object | undefined;
}

export class RangeWatch {
  private released: Released[] = [];
  private readonly completedOn: (timeline: number) => Serial;

  /** `completedOn`: how far each timeline is; Infinity where a boundary is all that is needed. */
  constructor(completedOn: (timeline: number) => Serial) {
    this.completedOn = completedOn;
  }

  /** A range is given up. */
  release(
    place: Place,
    timelines: readonly number[],
    recordings: Iterable<object>,
    shortened?: object,
  ): void {
    const boundaries = new Map(timelines.map((timeline) => [timeline, undefined] as const));
    const { buffer, offset, size } = place;
    this.released.push({ buffer, offset, size, boundaries, recordings: new Set(recordings), shortened });
  }

  /** A boundary on some timelines, with a serial that is not above any of theirs. */
  stamp(timelines: readonly number[], serial: Serial): void {
    for (const { boundaries, recordings } of this.released) {
      if (recordings.size > 0) continue;
      for (const timeline of timelines) {
        if (boundaries.has(timeline)) boundaries.set(timeline, boundaries.get(timeline) ?? serial);
      }
    }
  }

  /** A recording has ended: what it used waits from now on. */
  endRecording(recording: object): void {
    for (const { boundaries, recordings } of this.released) {
      if (!recordings.delete(recording)) continue;
      for (const timeline of boundaries.keys()) boundaries.set(timeline, undefined);
    }
  }

  /** A range was given away, to `owner`: nothing that was given up may be in it before its time. */
  check(place: Place, owner: object): void {
    for (const range of this.released) {
      if (!overlap(range, place) || range.shortened === owner) continue;
      expect(this.isOver(range), `[${range.offset}, +${range.size}) is given away too early`).toBe(true);
    }
    this.released = this.released.filter((range) => !this.isOver(range));
  }

  /** Whether nothing can use it any more. */
  private isOver({ boundaries, recordings }: Released): boolean {
    if (recordings.size > 0) return false;
    for (const [timeline, serial] of boundaries) {
      if (serial === undefined || this.completedOn(timeline) < serial) return false;
    }
    return true;
  }
}

/** Whether two places share a byte. */
export function overlap(a: Place, b: Place): boolean {
  return a.buffer === b.buffer && a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}
