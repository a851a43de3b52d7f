/**
 * Trace figures: what can be said of a trace before it is replayed.
 *
 * Cost     O(events).
 */
import { EventKind, type Trace } from './trace.ts';

/** Totals and peaks of a trace's buffers, in exact bytes. */
export interface TraceFigures {
  readonly eventCount: number;
  readonly bufferCount: number;
  readonly textureCount: number;
  readonly frameCount: number;
  readonly submitCount: number;
  /** Bytes of all buffers together. */
  readonly totalBytes: number;
  /** The most bytes that were alive at once. */
  readonly peakLiveBytes: number;
  /** The first event after which they were. */
  readonly peakEvent: number;
  readonly peakLiveCount: number;
}

/** Counts a trace. */
export function figuresOf(trace: Trace): TraceFigures {
  const sizes = new Map<number, number>();
  const counts = new Array<number>(EventKind.COPY + 1).fill(0);
  let liveBytes = 0;
  let totalBytes = 0;
  let peakLiveBytes = 0;
  let peakEvent = 0;
  let peakLiveCount = 0;
  for (let index = 0; index < trace.eventCount; index++) {
    const kind = trace.kinds[index]!;
    const id = trace.ids[index]!;
    counts[kind]!++;
    if (kind === EventKind.CREATE) {
      const size = trace.sizes[index]!;
      sizes.set(id, size);
      totalBytes += size;
      liveBytes += size;
      if (liveBytes > peakLiveBytes) {
        peakLiveBytes = liveBytes;
        peakEvent = index;
      }
      peakLiveCount = Math.max(peakLiveCount, sizes.size);
    } else if (kind === EventKind.DESTROY || kind === EventKind.COLLECT) {
      liveBytes -= sizes.get(id) ?? 0;
      sizes.delete(id);
    }
  }
  return {
    eventCount: trace.eventCount,
    bufferCount: counts[EventKind.CREATE]!,
    textureCount: counts[EventKind.TEXTURE]!,
    frameCount: counts[EventKind.FRAME]!,
    submitCount: counts[EventKind.SUBMIT]!,
    totalBytes,
    peakLiveBytes,
    peakEvent,
    peakLiveCount,
  };
}
