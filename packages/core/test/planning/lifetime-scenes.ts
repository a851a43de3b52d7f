/** Items for the tests of lifetime plans: any, and the smallest peak of a few by trying everything. */
import type { LifetimeItem, LifetimeOptions } from '@gpuheap/core/planning';
import fc from 'fast-check';

/** What the items of a test look like. */
export interface SceneShape {
  readonly maxCount: number;
  readonly maxStep: number;
  readonly maxSize: number;
  readonly alignments: readonly number[];
  /** Conflicts that an item may name. */
  readonly maxConflicts: number;
}

/** Any items of that shape. */
export function itemsOf({ maxCount, maxStep, maxSize, ...shape }: SceneShape): fc.Arbitrary<LifetimeItem[]> {
  const one = fc.record({
    size: fc.integer({ min: 1, max: maxSize }),
    steps: fc.tuple(fc.nat(maxStep), fc.nat(maxStep)),
    alignment: fc.constantFrom(...shape.alignments),
    others: fc.array(fc.nat(maxCount), { maxLength: shape.maxConflicts }),
  });
  return fc.array(one, { maxLength: maxCount }).map((list) =>
    list.map(({ size, steps, alignment, others }, index) => ({
      size,
      firstUse: Math.min(...steps),
      lastUse: Math.max(...steps),
      alignment,
      conflictsWith: others.map((other) => other % list.length).filter((other) => other !== index),
    })),
  );
}

/** The most bytes alive at one step, sizes rounded up; step by step. */
export function peakLoadOf(items: readonly LifetimeItem[], granularity: number): number {
  const loads = items.map(({ firstUse: step }) =>
    items
      .filter(({ firstUse, lastUse }) => firstUse <= step && step <= lastUse)
      .reduce((sum, { size }) => sum + Math.ceil(size / granularity) * granularity, 0),
  );
  return Math.max(0, ...loads);
}

/**
 * The smallest peak of all plans: every order of the items, every spread over buffers. Each item goes right
 * above those placed before it that are alive with it, which finds one of the best plans in some order.
 */
export function smallestPeak(
  items: readonly LifetimeItem[],
  { granularity = 256, maxBufferBytes = Number.MAX_SAFE_INTEGER }: LifetimeOptions,
  bufferCount: number,
): number {
  let smallest = Number.POSITIVE_INFINITY;
  const placed: { index: number; buffer: number; offset: number; end: number }[] = [];
  const place = (left: readonly number[]): void => {
    if (left.length === 0) {
      const tops = Array.from({ length: bufferCount }, (_, buffer) =>
        Math.max(0, ...placed.filter((each) => each.buffer === buffer).map(({ end }) => end)),
      );
      smallest = Math.min(
        smallest,
        tops.reduce((a, b) => a + b, 0),
      );
    }
    for (const index of left) {
      const { size, alignment = 1 } = items[index] as LifetimeItem;
      for (let buffer = 0; buffer < bufferCount; buffer++) {
        const beside = placed.filter((each) => each.buffer === buffer);
        if (beside.some((each) => isApart(items, each.index, index))) continue;
        const below = beside.filter((each) => isTogether(items, each.index, index)).map(({ end }) => end);
        let offset = Math.max(0, ...below);
        while (offset % granularity !== 0 || offset % alignment !== 0) offset++;
        const end = offset + Math.ceil(size / granularity) * granularity;
        if (end > maxBufferBytes) continue;
        placed.push({ index, buffer, offset, end });
        place(left.filter((other) => other !== index));
        placed.pop();
      }
    }
  };
  place(items.map((_, index) => index));
  return smallest;
}

function isApart(items: readonly LifetimeItem[], a: number, b: number): boolean {
  return (items[a]?.conflictsWith?.includes(b) || items[b]?.conflictsWith?.includes(a)) ?? false;
}

function isTogether(items: readonly LifetimeItem[], a: number, b: number): boolean {
  const [one, other] = [items[a], items[b]] as [LifetimeItem, LifetimeItem];
  return one.firstUse <= other.lastUse && other.firstUse <= one.lastUse;
}
