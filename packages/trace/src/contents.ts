/**
 * Contents: the bytes that one resource must hold, as the host knows them.
 *
 * Layout   a place in the pattern table while the resource holds one slice of it, else bytes of its own.
 * Cost     a write or copy of the whole resource is O(1); the first partial one copies the resource.
 * Promise  exact, byte by byte, after any number of writes and copies.
 */
import type { PatternTable } from './pattern-table.ts';

/** Expected bytes of one resource. */
export class Contents {
  readonly size: number;
  private readonly table: PatternTable;
  private patternOffset: number;
  private own: Uint8Array | undefined;

  constructor(table: PatternTable, size: number, patternOffset: number) {
    this.table = table;
    this.size = size;
    this.patternOffset = patternOffset;
  }

  /** Whether `size` bytes at `at` are all there is. */
  isWhole(at: number, size: number): boolean {
    return at === 0 && size === this.size;
  }

  /** Bytes `at` to `at + size`. Do not write to them; valid until the next change. */
  bytes(at: number, size: number): Uint8Array {
    if (this.own !== undefined) return this.own.subarray(at, at + size);
    return this.table.slice(this.table.advance(this.patternOffset, at), size);
  }

  /** `size` bytes of the pattern were written at `at`. */
  write(at: number, size: number, patternOffset: number): void {
    if (this.isWhole(at, size)) this.become(patternOffset);
    else this.materialise().set(this.table.slice(patternOffset, size), at);
  }

  /** `size` bytes of `source` were copied here. */
  copy(source: Contents, sourceOffset: number, at: number, size: number): void {
    const whole = this.isWhole(at, size);
    if (whole && source.own === undefined) {
      this.become(this.table.advance(source.patternOffset, sourceOffset));
    } else if (whole) {
      this.own = source.bytes(sourceOffset, size).slice();
    } else {
      this.materialise().set(source.bytes(sourceOffset, size), at);
    }
  }

  private become(patternOffset: number): void {
    this.patternOffset = patternOffset;
    this.own = undefined;
  }

  private materialise(): Uint8Array {
    this.own ??= this.table.slice(this.patternOffset, this.size).slice();
    return this.own;
  }
}
