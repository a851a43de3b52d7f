/**
 * Fragments: what a plan is made from. Chunks and their ranges, as a heap or a snapshot of one tells them.
 */

/** One piece of a chunk; offset and size in bytes. */
export interface FragmentRange {
  readonly offset: number;
  readonly size: number;
  /** `pending`: released, but the GPU may still use it. It is in the way and is not moved. */
  readonly state: 'live' | 'pending' | 'free';
  /** Of a live range: its offset is a multiple of it wherever it goes. Default 1. */
  readonly alignment?: number;
  /** Of a live range: it stays where it is. Default false. */
  readonly pinned?: boolean;
  /** Of a live range, for people. */
  readonly label?: string;
  /** Of a live range: a number that its move has too, such as a handle. Default 0. */
  readonly key?: number;
}

/**
 * Is told of a range: what `FragmentRange` has, as plain arguments. `key` and `alignment` say nothing of what
 * is not live.
 */
export type RangeTeller = (
  offset: number,
  size: number,
  state: FragmentRange['state'],
  alignment: number,
  pinned: boolean,
  key: number,
) => void;

/** One chunk. */
export interface FragmentChunk {
  /** A number of its own, 0 or more. */
  readonly id: number;
  /** Ranges move between chunks of one pool alone. */
  readonly pool: string;
  readonly sizeBytes: number;
  /** One allocation has it for itself: nothing leaves it and nothing comes. */
  readonly dedicated: boolean;
  /** `long`: its ranges move only where that empties it. */
  readonly lifetime?: string;
  /** Whether its ranges can be placed where a plan says, so that they may slide. Default true. */
  readonly canSlide?: boolean;
  /** In offset order, tiling the chunk. May be read once only, and late. */
  readonly ranges: Iterable<FragmentRange>;
  /**
   * Tells of the same ranges, one by one and at once: quicker than objects that are garbage when they have
   * been read. Asked instead of `ranges` where nobody wants to see a range as an object.
   */
  readonly tellRanges?: (tell: RangeTeller) => void;
}

/** The chunks of a heap; a `HeapSnapshot` is one. */
export interface Fragments {
  readonly chunks: readonly FragmentChunk[];
}
