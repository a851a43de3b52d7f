/** Mismatch: a resource that does not hold what was put into it. */

/** The first byte that is wrong in one resource. */
export interface Mismatch {
  readonly id: number;
  readonly label: string;
  /** Bytes from the resource's start. */
  readonly offset: number;
  readonly expected: number;
  readonly got: number;
  /** The event after which it was read. */
  readonly event: number;
}

const MOST_KEPT = 20;

/** What has been compared so far. */
export class Findings {
  bytesVerified = 0;
  mismatchCount = 0;
  /** The first 20 mismatches. */
  readonly mismatches: Mismatch[] = [];

  /** Compares what was read of a resource from byte `at` on. O(bytes). */
  compare(
    live: { readonly id: number; readonly label: string },
    at: number,
    expected: Uint8Array,
    got: Uint8Array,
    event: number,
  ): void {
    this.bytesVerified += expected.byteLength;
    if (Buffer.compare(expected, got) === 0) return;
    this.mismatchCount++;
    if (this.mismatches.length >= MOST_KEPT) return;
    const first = expected.findIndex((byte, index) => got[index] !== byte);
    const wrong = first === -1 ? expected.byteLength : first;
    this.mismatches.push({
      id: live.id,
      label: live.label,
      offset: at + wrong,
      expected: expected[wrong] ?? -1,
      got: got[wrong] ?? -1,
      event,
    });
  }
}
