/**
 * Lifetime oracle: whether a lifetime plan is what it says, by comparing every item with every other.
 *
 * Cost     O(n² + conflicts).
 * Promise  shares no code with the planner. The bound is not judged, only that the plan is not below it.
 */
import type { LifetimeItem, LifetimeOptions, LifetimePlan } from '@gpuheap/core/planning';

/** What is wrong with a plan, a sentence each; none when it is right. At most a hundred. */
export function faultsOfPlan(
  items: readonly LifetimeItem[],
  plan: LifetimePlan,
  options: Pick<LifetimeOptions, 'granularity' | 'maxBufferBytes' | 'maxBuffers'> = {},
): string[] {
  if (plan.placements.length !== items.length) {
    return [`${items.length} items have ${plan.placements.length} placements`];
  }
  return [
    ...totalFaults(items, plan, options),
    ...placeFaults(items, plan, options),
    ...pairFaults(items, plan),
  ].slice(0, 100);
}

function totalFaults(
  items: readonly LifetimeItem[],
  { buffers, placements, peakBytes, lowerBoundBytes, gap, reason }: LifetimePlan,
  { granularity = 256, maxBufferBytes = Number.MAX_SAFE_INTEGER, maxBuffers = Infinity }: LifetimeOptions,
): string[] {
  const faults: string[] = [];
  let sum = 0n;
  buffers.forEach(({ size }, buffer) => {
    sum += BigInt(size);
    const ends = placements.map((place, index) =>
      place.buffer === buffer ? place.offset + items[index]!.size : 0,
    );
    const top = ends.reduce((a, b) => Math.max(a, b), 0);
    if (size % granularity !== 0)
      faults.push(`buffer ${buffer} has ${size} bytes, no multiple of ${granularity}`);
    if (size > maxBufferBytes) faults.push(`buffer ${buffer} has ${size} bytes, more than ${maxBufferBytes}`);
    if (top === 0) faults.push(`nothing is in buffer ${buffer}`);
    if (size - top >= granularity) faults.push(`buffer ${buffer} has ${size} bytes of which ${top} are used`);
  });
  if (sum !== BigInt(peakBytes)) faults.push(`the peak is ${peakBytes}, the buffers have ${sum} bytes`);
  if (buffers.length > maxBuffers)
    faults.push(`there are ${buffers.length} buffers, more than ${maxBuffers}`);
  if (lowerBoundBytes > peakBytes) faults.push(`the peak ${peakBytes} is below its bound ${lowerBoundBytes}`);
  if ((reason === 'optimal') !== (peakBytes === lowerBoundBytes)) faults.push(`the reason is ${reason}`);
  const share = lowerBoundBytes === 0 ? 0 : peakBytes / lowerBoundBytes - 1;
  if (gap !== share) faults.push(`the gap is ${gap}, not ${share}`);
  return faults;
}

function placeFaults(
  items: readonly LifetimeItem[],
  { buffers, placements }: LifetimePlan,
  { granularity = 256 }: LifetimeOptions,
): string[] {
  const faults: string[] = [];
  items.forEach(({ size, alignment = 1, conflictsWith = [] }, index) => {
    const { buffer, offset } = placements[index]!;
    const room = buffers[buffer]?.size ?? 0;
    if (!(offset >= 0 && offset + size <= room)) faults.push(`item ${index} is outside of buffer ${buffer}`);
    if (offset % alignment !== 0 || offset % granularity !== 0) {
      faults.push(`item ${index} is at ${offset}, no multiple of ${alignment} and ${granularity}`);
    }
    for (const other of conflictsWith) {
      if (placements[other]!.buffer === buffer)
        faults.push(`items ${index} and ${other} share buffer ${buffer}`);
    }
  });
  return faults;
}

function pairFaults(items: readonly LifetimeItem[], { placements }: LifetimePlan): string[] {
  const faults: string[] = [];
  const buffers = Int32Array.from(placements, ({ buffer }) => buffer);
  const offsets = Float64Array.from(placements, ({ offset }) => offset);
  const ends = Float64Array.from(placements, ({ offset }, index) => offset + items[index]!.size);
  const firsts = Float64Array.from(items, ({ firstUse }) => firstUse);
  const lasts = Float64Array.from(items, ({ lastUse }) => lastUse);
  for (let a = 0; a < items.length; a++) {
    for (let b = a + 1; b < items.length; b++) {
      if (offsets[a]! >= ends[b]! || offsets[b]! >= ends[a]! || buffers[a] !== buffers[b]) continue;
      if (firsts[a]! > lasts[b]! || firsts[b]! > lasts[a]!) continue;
      faults.push(`items ${a} and ${b} share bytes of buffer ${buffers[a]}`);
    }
  }
  return faults;
}
