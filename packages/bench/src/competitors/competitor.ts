/**
 * Competitor: what every allocator of a benchmark looks like, ours and the baselines alike.
 *
 * Promise  a session serves one workload: it is drained after every pass, so that each pass starts from
 *          empty.
 */

/** An allocator under test. Handles are numbers; 0 means that the request was refused. */
export interface Subject {
  allocate(size: number, alignment: number): number;
  free(handle: number): void;
  /** First byte of a live range. */
  offsetOf(handle: number): number;
}

/** What a session is opened for. */
export interface SessionRequest {
  /** Bytes that ours gets; the others get `roomBytes`. */
  readonly spanBytes: number;
  /** Bytes for allocators that keep headers among the data: enough for the same workload. */
  readonly roomBytes: number;
  /** Bytes; ours takes it for its granularity. */
  readonly alignment: number;
}

/** One allocator over one span. */
export interface Session {
  /** The allocator, empty. O(1) or O(span). */
  start(): Subject;
  /** Ends a pass: `live` are the handles that it left. */
  drain(live: readonly number[]): void;
}

/** An allocator that can be opened over any span. */
export interface Competitor {
  /** As in tables: `tlsf`, `malloc`. */
  readonly name: string;
  /** Largest span in bytes. */
  readonly mostBytes: number;
  /**
   * Bytes that every offset is a multiple of, whatever was asked; 0 when the request's alignment is honoured.
   */
  readonly ownAlignment: number;
  /** Timed operations that one pass can afford with this many live ranges. */
  affordableOperations(liveCount: number): number;
  open(request: SessionRequest): Session;
}
