/** Call details: what was passed to a call, in words and numbers that can be kept, whatever it was. */
import { type CopyRegion, show } from '@gpuheap/core/backend';
import type { MockBuffer } from './mock-buffer.ts';

/** A buffer by its id, anything else in words. */
export function idOf(buffer: unknown): unknown {
  return buffer !== null && typeof buffer === 'object' ? (buffer as { id?: unknown }).id : show(buffer);
}

/** The length of a view; of what is none, or detached, a word. */
export function byteLengthOf(data: unknown): unknown {
  try {
    return ArrayBuffer.isView(data) ? data.byteLength : show(data);
  } catch {
    return 'detached';
  }
}

/** Regions with their buffers by id. O(regions) */
export function describeRegions(regions: unknown): unknown {
  if (!Array.isArray(regions)) return show(regions);
  return regions.map((region: unknown) => {
    if (region === null || typeof region !== 'object') return show(region);
    const { source, target, ...numbers } = region as CopyRegion<MockBuffer>;
    return { ...numbers, source: idOf(source), target: idOf(target) };
  });
}
