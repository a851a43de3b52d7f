/**
 * Faults: what shall go wrong, and when.
 *
 * Promise  calls are counted from 1 over all backends of a GPU; the same script of calls and faults does the same again.
 */

/** Which creations are refused: all conditions that are given must hold. */
export interface CreationRefusal {
  /** Only the creation with this number, counted from 1. */
  readonly at?: number;
  /** Only every n-th creation. */
  readonly every?: number;
  /** Only buffers of more than so many bytes. */
  readonly above?: number;
  /** `now`: the call throws. `late`, the default: the buffer looks fine until `settled` rejects. */
  readonly when?: 'now' | 'late';
}

/** The script of one GPU's failures. */
export class Faults {
  /** Backend calls so far. */
  callCount = 0;
  /** Creations so far, refused ones included. */
  creationCount = 0;
  private readonly refusals: CreationRefusal[] = [];
  private readonly failing = new Set<number>();
  private readonly losing = new Set<number>();

  /** Refuses creations until `clear`. */
  refuseCreation(refusal: CreationRefusal): void {
    this.refusals.push(refusal);
  }

  /** The backend call with this number, counted from 1, throws `backend-failed` and does nothing. */
  failAtCall(call: number): void {
    this.failing.add(call);
  }

  /** The device is lost just before the backend call with this number, counted from 1. */
  loseAtCall(call: number): void {
    this.losing.add(call);
  }

  /** Nothing more goes wrong. */
  clear(): void {
    this.refusals.length = 0;
    this.failing.clear();
    this.losing.clear();
  }

  /** Counts a call; what is to happen to it. */
  nextCall(): 'fine' | 'fail' | 'lose' {
    this.callCount++;
    if (this.losing.has(this.callCount)) return 'lose';
    return this.failing.has(this.callCount) ? 'fail' : 'fine';
  }

  /** Counts a creation; whether and when it is refused. */
  nextCreation(sizeBytes: number): 'granted' | 'now' | 'late' {
    this.creationCount++;
    for (const { at, every, above, when = 'late' } of this.refusals) {
      if (at !== undefined && at !== this.creationCount) continue;
      if (every !== undefined && this.creationCount % every !== 0) continue;
      if (above !== undefined && sizeBytes <= above) continue;
      return when;
    }
    return 'granted';
  }
}
