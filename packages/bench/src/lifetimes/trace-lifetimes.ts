/**
 * Trace lifetimes: from which event to which each buffer of a recording is there.
 *
 * Layout   a step is an event of the trace. What is never destroyed lives to the last one.
 * Refusal  leaves out textures, and buffers that are mapped: those can not share a buffer with any others.
 */
import type { LifetimeItem } from '@gpuheap/core/planning';
import { EventKind, labelOf, type Trace } from '@gpuheap/trace';

/** Lifetimes that are planned together. */
export interface LifetimeGroup {
  readonly name: string;
  readonly items: readonly LifetimeItem[];
}

const MAPPABLE = 0x1 | 0x2;

/** All lifetimes of a trace; and those within its busiest frame, if there are any. O(n log n). */
export function groupsOf(trace: Trace): LifetimeGroup[] {
  const items = lifetimesOf(trace);
  const { name } = trace.header;
  const busiest = busiestFrame(items, framesOf(trace));
  const groups = [
    { name, items },
    { name: `${name}, one frame`, items: busiest },
  ];
  return groups.filter((group) => group.items.length > 0);
}

/** In the order of their creation. O(events). */
export function lifetimesOf(trace: Trace): LifetimeItem[] {
  const items: { size: number; firstUse: number; lastUse: number; label: string }[] = [];
  const live = new Map<number, (typeof items)[number]>();
  for (let event = 0; event < trace.eventCount; event++) {
    const kind = trace.kinds[event]!;
    const id = trace.ids[event]!;
    if (kind === EventKind.CREATE && (trace.others[event]! & MAPPABLE) === 0 && trace.sizes[event]! > 0) {
      const label = labelOf(trace, event);
      const item = { size: trace.sizes[event]!, firstUse: event, lastUse: trace.eventCount, label };
      items.push(item);
      live.set(id, item);
    } else if (kind === EventKind.DESTROY || kind === EventKind.COLLECT) {
      const item = live.get(id);
      if (item !== undefined) item.lastUse = event;
    }
  }
  return items;
}

/** By event: the number of the frame that it is in. */
function framesOf(trace: Trace): Int32Array {
  const frames = new Int32Array(trace.eventCount + 1);
  let frame = 0;
  for (let event = 0; event < trace.eventCount; event++) {
    if (trace.kinds[event] === EventKind.FRAME) frame++;
    frames[event] = frame;
  }
  // The end of the trace is in no frame: what lives until then does not end in the last one.
  frames[trace.eventCount] = frame + 1;
  return frames;
}

function busiestFrame(items: readonly LifetimeItem[], frames: Int32Array): LifetimeItem[] {
  const within = new Map<number, LifetimeItem[]>();
  for (const item of items) {
    const frame = frames[item.firstUse]!;
    if (frames[item.lastUse] !== frame) continue;
    const group = within.get(frame);
    if (group === undefined) within.set(frame, [item]);
    else group.push(item);
  }
  let busiest: LifetimeItem[] = [];
  let mostBytes = 0;
  for (const group of within.values()) {
    const bytes = peakLoadOf(group);
    if (bytes <= mostBytes) continue;
    mostBytes = bytes;
    busiest = group;
  }
  return busiest;
}

/** The most bytes alive at one step. O(n log n). */
export function peakLoadOf(items: readonly LifetimeItem[]): number {
  let bytes = 0;
  let peak = 0;
  for (const { size, isEnd } of turnsOf(items)) {
    bytes += isEnd ? -size : size;
    peak = Math.max(peak, bytes);
  }
  return peak;
}

/**
 * Bytes of a pool that keeps buffers of equal classes and gives any free one of the class out again, before
 * it makes another. O(n log n).
 */
export function pooledBytes(items: readonly LifetimeItem[], classOf: (size: number) => number): number {
  const free = new Map<number, number>();
  let bytes = 0;
  for (const { size, isEnd } of turnsOf(items)) {
    const sizeClass = classOf(size);
    const spare = free.get(sizeClass) ?? 0;
    if (isEnd) free.set(sizeClass, spare + 1);
    else if (spare > 0) free.set(sizeClass, spare - 1);
    else bytes += sizeClass;
  }
  return bytes;
}

/** Beginnings and ends in the order of their steps; at one step beginnings come first. */
function turnsOf(items: readonly LifetimeItem[]): { size: number; step: number; isEnd: boolean }[] {
  const turns = items.flatMap(({ size, firstUse, lastUse }) => [
    { size, step: firstUse, isEnd: false },
    { size, step: lastUse, isEnd: true },
  ]);
  return turns.sort((a, b) => a.step - b.step || Number(a.isEnd) - Number(b.isEnd));
}
