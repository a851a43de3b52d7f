/**
 * Load watch: how much more a heap holds than its load of the last second asks for.
 *
 * Layout   the most bytes that were live in each of the last 60 frames, a second at the usual rate: heaps
 *          know frames, not seconds.
 * Promise  a frame that has just dropped its load is held against what it had before, for one second.
 */

/** Frames that stand for a second. */
export const SECOND_FRAMES = 60;
/** What may be held for each live byte. */
const RESERVED_SHARE = 1.25;

/** Watches the frames of one run. Bytes. */
export class LoadWatch {
  /** The most that was reserved beyond 1.25 of the load; 0 when it never was. */
  beyondBytes = 0;
  private readonly loads = new Float64Array(SECOND_FRAMES);
  private frames = 0;

  /** A frame has ended in which at most `liveBytes` lived; `reservedBytes` are held now. */
  endFrame(liveBytes: number, reservedBytes: number): void {
    this.loads[this.frames % SECOND_FRAMES] = liveBytes;
    this.frames++;
    const beyond = reservedBytes - RESERVED_SHARE * Math.max(...this.loads);
    if (beyond > this.beyondBytes) this.beyondBytes = beyond;
  }

  /** What `beyondBytes` says is of the frames from now on. Answers what it said. */
  restart(): number {
    const beyond = this.beyondBytes;
    this.beyondBytes = 0;
    return beyond;
  }
}
