/**
 * Trace: the recorded memory calls of one program, in memory.
 *
 * Layout   one column per field, an entry per event; labels are interned. 46 bytes an event.
 * Promise  what `readTrace` answers is possible: ids are unique, ranges lie inside live buffers, time never
 *          runs back.
 * Refusal  WebGPU traces only.
 */

/** What happened, as stored in `Trace.kinds`. */
export const EventKind = {
  /** A buffer was created: id, usage, size, label, mapped at creation or not. */
  CREATE: 0,
  /** A buffer was destroyed: id. */
  DESTROY: 1,
  /** A buffer was garbage-collected without having been destroyed: id. */
  COLLECT: 2,
  /** A texture was created: id, usage, estimated size, label. */
  TEXTURE: 3,
  /** A texture was destroyed: id. */
  TEXTURE_END: 4,
  /** Bytes were written: id, offset, size. */
  WRITE: 5,
  /** A buffer was mapped: id. */
  MAP: 6,
  /** Commands were submitted. */
  SUBMIT: 7,
  /** A frame began. */
  FRAME: 8,
  /** Bytes were copied: id and offset of the source, id and offset of the target, size. */
  COPY: 9,
} as const;

/** The letter of each kind in the file. */
export const EVENT_LETTERS = 'bdgxywmsfc';

/** The first line of a trace. Fields that this reader does not know are kept in `fields`. */
export interface TraceHeader {
  readonly name: string;
  /** Which program was recorded. */
  readonly source: string;
  readonly api: 'webgpu';
  /** The whole first line, as it was. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A trace in columns: entry i of each describes event i. Fields that a kind does not have are 0. */
export interface Trace {
  readonly header: TraceHeader;
  readonly eventCount: number;
  /** Values of {@link EventKind}. */
  readonly kinds: Uint8Array;
  /** Id of the buffer or texture; of a copy's source. */
  readonly ids: Int32Array;
  /** Usage bits of a creation; id of a copy's target. */
  readonly others: Int32Array;
  /** Bytes created, written or copied. */
  readonly sizes: Float64Array;
  /** First byte of a write, or of a copy in its source. */
  readonly offsets: Float64Array;
  /** First byte of a copy in its target. */
  readonly targetOffsets: Float64Array;
  /** 1 for buffers created with their initial contents. */
  readonly mapped: Uint8Array;
  /** Index into `labels`, or -1. */
  readonly labelIndices: Int32Array;
  /** Microseconds since the recorder started. */
  readonly times: Float64Array;
  readonly labels: readonly string[];
}

/** The label of event `index`, or the empty string. */
export function labelOf(trace: Trace, index: number): string {
  return trace.labels[trace.labelIndices[index]!] ?? '';
}
