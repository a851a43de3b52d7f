/**
 * Slides: the places of ranges that move within their chunk, all of one pass.
 *
 *   before   [ hole ][ A ][ hole ][ B   ][ C ]
 *   taken    [ held ][ A ][ held ][ B   ][ C ]        what is free of the targets goes to nobody else
 *   after    [ A ][ B   ][ C ][ pending           ]   what they have left waits for the boundary
 *
 * Cost     take, settle: as `allocateAt` of the suballocator, three or so a move, each near the last one.
 * Promise  until `settle` every range is where it was, with its handle: a pass that fails lets go of what was
 *          held, and nothing has happened. A target lies in what was free before the pass or, where ranges
 *          may be reused as soon as what used them was submitted, in what the pass itself moves away from.
 *          What is left is free after the next boundary that follows, as everything that is released.
 * Refusal  the moves of a chunk come in the order of their offsets, each towards its start.
 */
import type { Handle } from '../../base/quantities.ts';
import type { Chunk } from '../../memory/chunk.ts';
import type { Memory } from '../../memory/memory.ts';
import type { Pool } from '../../memory/pool.ts';
import { NO_SPACE } from '../../ranges/suballocator.ts';

/** From where to where, one pair after the other; ascending and apart. Bytes. */
type Spans = number[];

/** What a pass does in one chunk. */
interface Lane {
  /** Where its ranges were. */
  readonly sources: Spans;
  /** Where they go. */
  readonly targets: Spans;
  /** What was free of that. */
  readonly held: Handle[];
  /** Sources from here on may lie in the next target. */
  firstSource: number;
}

export class Slides<Buffer> {
  private readonly memory: Memory<Buffer>;
  private readonly lanes = new Map<Chunk<Buffer>, Lane>();

  constructor(memory: Memory<Buffer>) {
    this.memory = memory;
  }

  /** Holds the place at `to` for the `size` bytes at `from`; whether that was possible. */
  take(chunk: Chunk<Buffer>, from: number, to: number, size: number): boolean {
    const lane = this.lanes.get(chunk) ?? { sources: [], targets: [], held: [], firstSource: 0 };
    const { sources, targets } = lane;
    const isInOrder = to < from && to >= (targets.at(-1) ?? 0) && from >= (sources.at(-1) ?? 0);
    if (!chunk.canSlide || !isInOrder) return false;
    // Its own place is the last that the pass moves away from.
    sources.push(from, from + size);
    const left = this.memory.backend.reuseAfter === 'submitted' ? sourcesIn(lane, to, to + size) : [];
    const held = hold(chunk, without([to, to + size], left));
    if (held === undefined) {
      sources.length -= 2;
      return false;
    }
    lane.held.push(...held);
    targets.push(to, to + size);
    this.lanes.set(chunk, lane);
    return true;
  }

  /** Nothing moves: what was held is free again. */
  undo(): void {
    for (const [chunk, { held }] of this.lanes) letGo(chunk, held);
    this.lanes.clear();
  }

  /**
   * The bytes are where they go: `settleAll` calls `slide` of the chunks for each move, in their order.
   * Nothing else is asked of the chunks meanwhile.
   */
  settle(settleAll: () => void): void {
    for (const [chunk, { held }] of this.lanes) letGo(chunk, held);
    settleAll();
    for (const [chunk, { sources, targets }] of this.lanes) {
      const left = without(sources, targets);
      for (let n = 0; n < left.length; n += 2) this.retire(chunk, left[n] as number, left[n + 1] as number);
    }
    this.lanes.clear();
  }

  /** What a pass has left waits for the boundary that follows. */
  private retire(chunk: Chunk<Buffer>, from: number, to: number): void {
    const { memory } = this;
    const handle = chunk.retire(from, to - from);
    (chunk.pool as Pool<Buffer>).pendingBytes += to - from;
    memory.pendingBytes += to - from;
    memory.releases.enqueue(chunk, handle);
  }
}

/** The sources that lie in a target, which is behind all targets before; the last of them ends behind it. */
function sourcesIn(lane: Lane, from: number, to: number): Spans {
  const { sources } = lane;
  while ((sources[lane.firstSource + 1] as number) <= from) lane.firstSource += 2;
  let end = lane.firstSource;
  while ((sources[end] ?? to) < to) end += 2;
  return sources.slice(lane.firstSource, end);
}

/** Takes these places so that nobody else does; undefined, and nothing has changed, unless all are free. */
function hold<Buffer>(chunk: Chunk<Buffer>, spans: Spans): Handle[] | undefined {
  const held: Handle[] = [];
  for (let n = 0; n < spans.length; n += 2) {
    const from = spans[n] as number;
    const handle = chunk.hold(from, (spans[n + 1] as number) - from);
    if (handle === NO_SPACE) {
      letGo(chunk, held);
      return undefined;
    }
    held.push(handle);
  }
  return held;
}

function letGo<Buffer>({ suballocator }: Chunk<Buffer>, held: readonly Handle[]): void {
  for (const handle of held) suballocator.free(handle);
}

/** What is of `spans` and not of `others`; what touches is one. O(spans + others). */
function without(spans: Spans, others: Spans): Spans {
  const left: Spans = [];
  const add = (from: number, to: number): void => {
    if (from >= to) return;
    if (left.length > 0 && left[left.length - 1] === from) left[left.length - 1] = to;
    else left.push(from, to);
  };
  let k = 0;
  for (let n = 0; n < spans.length; n += 2) {
    let from = spans[n] as number;
    const to = spans[n + 1] as number;
    while (k < others.length && (others[k + 1] as number) <= from) k += 2;
    // The last of them may reach into the next span.
    for (let i = k; i < others.length && (others[i] as number) < to; i += 2) {
      add(from, others[i] as number);
      from = Math.max(from, others[i + 1] as number);
    }
    add(from, to);
  }
  return left;
}
