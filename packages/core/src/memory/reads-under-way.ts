/**
 * Reads under way: staging that is free again when the CPU has read it, without a boundary.
 *
 * Cost     begin, end: O(1). whenNext: O(reads).
 * Promise  whoever waits for one is told when it ends, however it ends.
 */
import type { Chunk } from './chunk.ts';

export class ReadsUnderWay<Buffer> {
  private readonly reads = new Map<Chunk<Buffer>, Promise<unknown>>();

  /** Reads that have not ended. */
  get count(): number {
    return this.reads.size;
  }

  /** Whether all of a chunk is held by one read. */
  holdsAll(chunk: Chunk<Buffer>): boolean {
    return this.reads.has(chunk);
  }

  /** A read that holds all of a chunk has begun; `ended` settles when it has let go. */
  begin(chunk: Chunk<Buffer>, ended: Promise<unknown>): void {
    this.reads.set(chunk, ended);
    const end = (): void => {
      if (this.reads.get(chunk) === ended) this.reads.delete(chunk);
    };
    ended.then(end, end);
  }

  /** Resolves when one of them has ended; undefined when there is none. */
  whenNext(): Promise<void> | undefined {
    if (this.reads.size === 0) return undefined;
    const nothing = (): void => {};
    return Promise.race([...this.reads.values()].map((read) => read.then(nothing, nothing)));
  }
}
