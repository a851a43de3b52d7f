/**
 * Pooled forecast: what a pool by exact size and usage will hold in the end, without making a buffer.
 *
 * Cost     O(events).
 * Promise  equals `peakReservedBytes` of the pooled replay: such a pool never gives back, so its peak is its
 *          end.
 */
import { keyOf } from './buffer-targets.ts';
import { requestFor } from './replay-target.ts';
import { EventKind, type Trace } from './trace.ts';

/** Bytes that replaying the trace in mode `pooled` will take from the device. */
export function forecastPooledBytes(trace: Trace): number {
  const free = new Map<string, number>();
  const keys = new Map<number, string>();
  let released: string[] = [];
  let boundaryDue = false;
  let bytes = 0;
  for (let index = 0; index < trace.eventCount; index++) {
    const kind = trace.kinds[index]!;
    const id = trace.ids[index]!;
    if (kind === EventKind.DESTROY || kind === EventKind.COLLECT) {
      released.push(keys.get(id)!);
      continue;
    }
    if (kind === EventKind.TEXTURE_END) continue;
    if (boundaryDue || kind === EventKind.FRAME) {
      for (const key of released) free.set(key, (free.get(key) ?? 0) + 1);
      released = [];
    }
    boundaryDue = kind === EventKind.SUBMIT;
    if (kind !== EventKind.CREATE) continue;
    const key = keyOf(requestFor(trace.sizes[index]!, trace.others[index]!, ''));
    keys.set(id, key);
    const spare = free.get(key) ?? 0;
    if (spare > 0) free.set(key, spare - 1);
    else bytes += Math.ceil(trace.sizes[index]! / 4) * 4;
  }
  return bytes;
}
