/**
 * Followers: what waits for the boundaries of a heap as its own ranges do: textures, tiles, whatever must
 * outlive the GPU's use.
 */
import type { Serial } from '../base/quantities.ts';

/** One of them. */
export interface BoundaryFollower {
  /** Bytes that lie idle. */
  readonly idleBytes: number;
  /** Whether something waits for the serial of a boundary that has come. */
  readonly isWaiting: boolean;
  /** Everything recorded so far has been submitted; `serial` is the point after it. */
  boundary(serial: Serial): void;
  /** Gives back what waited for nothing later than `serial`; answers how many. */
  reclaim(serial: Serial): number;
  /** Gives back what lies idle; answers the bytes. */
  trim(): number;
}

/** Those of one heap. Each may leave while all are asked. */
export class Followers {
  private all: readonly BoundaryFollower[] = [];

  /** Whether there are none. */
  get areNone(): boolean {
    return this.all.length === 0;
  }

  add(follower: BoundaryFollower): void {
    this.all = [...this.all, follower];
  }

  remove(follower: BoundaryFollower): void {
    this.all = this.all.filter((each) => each !== follower);
  }

  /** The device is gone, and all of theirs with it. */
  clear(): void {
    this.all = [];
  }

  /** As each of them. */
  boundary(serial: Serial): void {
    for (const follower of this.all) follower.boundary(serial);
  }

  /** As each of them, together. */
  reclaim(due: Serial): number {
    return this.all.reduce((count, follower) => count + follower.reclaim(due), 0);
  }

  /** As each of them, together. */
  trim(): number {
    return this.all.reduce((bytes, follower) => bytes + follower.trim(), 0);
  }

  /** Of all of them. */
  get idleBytes(): number {
    return this.all.reduce((bytes, follower) => bytes + follower.idleBytes, 0);
  }

  /** Whether one of them waits. */
  get isWaiting(): boolean {
    return this.all.some((follower) => follower.isWaiting);
  }
}
