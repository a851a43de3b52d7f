/**
 * Trace columns: a trace under construction.
 *
 * Cost     append: O(1) amortised; the columns double when they are full.
 * Promise  `finish` answers columns of exactly the events appended.
 */
import type { Trace, TraceHeader } from './trace.ts';

const FIRST_CAPACITY = 4096;

/** One event, with every field that any kind has. */
export interface EventFields {
  kind: number;
  id: number;
  other: number;
  size: number;
  offset: number;
  targetOffset: number;
  mapped: number;
  label: string | null;
  time: number;
}

/** Collects events into columns. */
export class TraceColumns {
  /** Events so far. */
  count = 0;
  private kinds = new Uint8Array(FIRST_CAPACITY);
  private ids = new Int32Array(FIRST_CAPACITY);
  private others = new Int32Array(FIRST_CAPACITY);
  private sizes = new Float64Array(FIRST_CAPACITY);
  private offsets = new Float64Array(FIRST_CAPACITY);
  private targetOffsets = new Float64Array(FIRST_CAPACITY);
  private mapped = new Uint8Array(FIRST_CAPACITY);
  private labelIndices = new Int32Array(FIRST_CAPACITY);
  private times = new Float64Array(FIRST_CAPACITY);
  private readonly labels: string[] = [];
  private readonly indexOfLabel = new Map<string, number>();

  append(event: EventFields): void {
    const at = this.count;
    if (at === this.kinds.length) this.grow();
    this.kinds[at] = event.kind;
    this.ids[at] = event.id;
    this.others[at] = event.other;
    this.sizes[at] = event.size;
    this.offsets[at] = event.offset;
    this.targetOffsets[at] = event.targetOffset;
    this.mapped[at] = event.mapped;
    this.labelIndices[at] = event.label === null ? -1 : this.intern(event.label);
    this.times[at] = event.time;
    this.count++;
  }

  /** The trace. Nothing may be appended afterwards. */
  finish(header: TraceHeader): Trace {
    const end = this.count;
    return {
      header,
      eventCount: end,
      kinds: this.kinds.subarray(0, end),
      ids: this.ids.subarray(0, end),
      others: this.others.subarray(0, end),
      sizes: this.sizes.subarray(0, end),
      offsets: this.offsets.subarray(0, end),
      targetOffsets: this.targetOffsets.subarray(0, end),
      mapped: this.mapped.subarray(0, end),
      labelIndices: this.labelIndices.subarray(0, end),
      times: this.times.subarray(0, end),
      labels: this.labels,
    };
  }

  private intern(label: string): number {
    const known = this.indexOfLabel.get(label);
    if (known !== undefined) return known;
    this.indexOfLabel.set(label, this.labels.length);
    return this.labels.push(label) - 1;
  }

  private grow(): void {
    this.kinds = extended(this.kinds, Uint8Array);
    this.ids = extended(this.ids, Int32Array);
    this.others = extended(this.others, Int32Array);
    this.sizes = extended(this.sizes, Float64Array);
    this.offsets = extended(this.offsets, Float64Array);
    this.targetOffsets = extended(this.targetOffsets, Float64Array);
    this.mapped = extended(this.mapped, Uint8Array);
    this.labelIndices = extended(this.labelIndices, Int32Array);
    this.times = extended(this.times, Float64Array);
  }
}

function extended<Column extends { length: number; set(from: Column): void }>(
  column: Column,
  Kind: new (length: number) => Column,
): Column {
  const longer = new Kind(column.length * 2);
  longer.set(column);
  return longer;
}
