/**
 * Hazards: what is wrong between calls, none of which is wrong by itself.
 *
 * Layout   `flights`: what submitted work that is not done still reads. `open`: what recorded encoders, not
 *          submitted yet, will read. Both by buffer.
 * Cost     a write or copy: O(reads of that buffer that are under way).
 * Promise  a hazard is reported once, when it arises, and named by its two sides.
 * Refusal  judges ranges, not intentions: overwriting what *you* still own is legal by the port, which orders
 *          writes.
 */
import type { MockBuffer } from './mock-buffer.ts';

/** What kind of thing went wrong. */
export type HazardKind =
  /** Overwritten while submitted work that is not done still reads it; where `reuseAfter` is `completed`. */
  | 'overwrite-in-flight'
  /**
   * Overwritten after an encoder that reads it was recorded, and before it was submitted: the encoder sees
   * the new bytes.
   */
  | 'overwrite-before-submit'
  /** One usage scope both writes and reads a buffer. The encoder is dropped. */
  | 'usage-scope'
  /** Two bindings of one scope overlap, and one of them is written. The encoder is dropped. */
  | 'overlapping-bindings'
  /** Work that uses a destroyed buffer was submitted. It is dropped. */
  | 'destroyed-buffer'
  /** Work that uses a buffer which is mapped, or about to be, was submitted. It is dropped. */
  | 'mapped-buffer';

/** Who touches a range. */
export type Toucher = 'write' | 'clear' | 'copy' | 'read' | 'encoder';

const IN_WORDS: Readonly<Record<Toucher, string>> = {
  write: 'a write',
  clear: 'a clear',
  copy: 'a copy',
  read: 'a read',
  encoder: 'an encoder',
};

/** One hazard. Offset and size in bytes, of the range that both sides touch where there are two. */
export interface Hazard {
  readonly kind: HazardKind;
  readonly buffer: MockBuffer;
  readonly offset: number;
  readonly size: number;
  /** Who did it. */
  readonly by: Toucher;
  /** Who still reads the range, where the hazard has two sides. */
  readonly reader?: Toucher;
  /** The hazard in a sentence. */
  readonly message: string;
}

/** A range that is still to be read. */
export interface FlyingRead {
  readonly buffer: MockBuffer;
  readonly offset: number;
  readonly size: number;
  readonly reader: Toucher;
  /** Whether other work, which nothing keeps in order with this, writes the range meanwhile. */
  isTorn: boolean;
}

/** A range and its buffer. */
export interface TouchedRange {
  readonly buffer: MockBuffer;
  readonly offset: number;
  readonly size: number;
}

/** Watches the reads under way of one virtual GPU. */
export class HazardWatch {
  readonly hazards: Hazard[] = [];
  private readonly mustComplete: boolean;
  private readonly flights = new Map<MockBuffer, Set<FlyingRead>>();
  private readonly open = new Map<MockBuffer, Set<FlyingRead>>();

  /** `mustComplete`: whether a range may be given away only when the work that reads it is done. */
  constructor(mustComplete: boolean) {
    this.mustComplete = mustComplete;
  }

  report(hazard: Hazard): void {
    this.hazards.push(hazard);
  }

  /** An encoder was recorded, or work submitted, that will read. */
  begin(stage: 'open' | 'flights', reads: readonly FlyingRead[]): void {
    if (stage === 'flights' && !this.mustComplete) return;
    for (const read of reads) {
      const sameBuffer = this[stage].get(read.buffer);
      if (sameBuffer === undefined) this[stage].set(read.buffer, new Set([read]));
      else sameBuffer.add(read);
    }
  }

  /** Those reads are over. */
  end(stage: 'open' | 'flights', reads: readonly FlyingRead[]): void {
    for (const read of reads) {
      const sameBuffer = this[stage].get(read.buffer);
      sameBuffer?.delete(read);
      if (sameBuffer?.size === 0) this[stage].delete(read.buffer);
    }
  }

  /** A range is about to be overwritten. */
  overwrite({ buffer, offset, size }: TouchedRange, by: Toucher): void {
    for (const read of overlapping(this.flights, buffer, offset, size)) {
      // Writes and copies of the port come after earlier submissions; between encoders nothing keeps the
      // order.
      if (by === 'encoder' && read.reader === 'encoder') read.isTorn = true;
      this.reportOverwrite('overwrite-in-flight', read, offset, size, by);
    }
    for (const read of overlapping(this.open, buffer, offset, size)) {
      this.reportOverwrite('overwrite-before-submit', read, offset, size, by);
    }
  }

  private reportOverwrite(
    kind: 'overwrite-in-flight' | 'overwrite-before-submit',
    read: FlyingRead,
    offset: number,
    size: number,
    by: Toucher,
  ): void {
    const from = Math.max(offset, read.offset);
    const to = Math.min(offset + size, read.offset + read.size);
    const state = kind === 'overwrite-in-flight' ? 'submitted and not done' : 'recorded and not submitted';
    this.report({
      kind,
      buffer: read.buffer,
      offset: from,
      size: to - from,
      by,
      reader: read.reader,
      message: `${IN_WORDS[by]} into ${describe(read.buffer)} [${from}, ${to}), which ${IN_WORDS[read.reader]} still reads: it is ${state}`,
    });
  }
}

/** A buffer in a few words. */
export function describe(buffer: MockBuffer): string {
  return buffer.label === '' ? `buffer ${buffer.id}` : `buffer ${buffer.id} "${buffer.label}"`;
}

/** What is wrong with submitting work on a range, if anything is. */
export function unusableHazard({ buffer, offset, size }: TouchedRange, by: Toucher): Hazard | undefined {
  // A read of a readback buffer is what maps it.
  const isMapped = buffer.mapState !== 'unmapped' && by !== 'read';
  if (!buffer.isDestroyed && !isMapped) return undefined;
  const kind = buffer.isDestroyed ? 'destroyed-buffer' : 'mapped-buffer';
  const state = buffer.isDestroyed ? 'was destroyed' : 'is mapped, or about to be';
  const message = `${IN_WORDS[by]} was submitted that uses ${describe(buffer)}, which ${state}; it does nothing`;
  return { kind, buffer, offset, size, by, message };
}

function overlapping(
  reads: ReadonlyMap<MockBuffer, ReadonlySet<FlyingRead>>,
  buffer: MockBuffer,
  offset: number,
  size: number,
): FlyingRead[] {
  const sameBuffer = reads.get(buffer);
  if (sameBuffer === undefined) return [];
  return [...sameBuffer].filter((read) => read.offset < offset + size && offset < read.offset + read.size);
}
