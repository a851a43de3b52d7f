/**
 * Slack: bytes that a live range reserves beyond those asked for, kept in two cells of its record.
 *
 * Layout   the low 31 bits, then the rest: a granularity may be as large as 2^53-1 bytes, and so may the
 *          slack.
 * Cost     O(1).
 */
const LOW: number = 2 ** 31;

/** Stores `slack` bytes in the cells `at` and `at + 1`. */
export function writeSlack(cells: Int32Array, at: number, slack: number): void {
  if (slack < LOW) {
    cells[at] = slack;
    cells[at + 1] = 0;
    return;
  }
  const low = slack % LOW;
  cells[at] = low;
  cells[at + 1] = (slack - low) / LOW;
}

/** The bytes stored in the cells `at` and `at + 1`. */
export function readSlack(cells: Int32Array, at: number): number {
  return cells[at] + cells[at + 1] * LOW;
}
