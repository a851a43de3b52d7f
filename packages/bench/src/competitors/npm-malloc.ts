/**
 * Baseline `malloc` from npm: boundary tags and a skip list of holes, in an Int32Array.
 */
import Allocator from 'malloc';
import type { Competitor, SessionRequest, Subject } from './competitor.ts';

class NpmMallocSubject implements Subject {
  private readonly allocator: Allocator;

  constructor(roomBytes: number) {
    this.allocator = new Allocator(new ArrayBuffer(roomBytes));
  }

  allocate(size: number): number {
    return this.allocator.alloc(size);
  }

  free(handle: number): void {
    this.allocator.free(handle);
  }

  offsetOf(handle: number): number {
    return handle;
  }
}

/** npm `malloc`. */
export const NPM_MALLOC: Competitor = {
  name: 'malloc',
  mostBytes: 2 ** 30,
  ownAlignment: 8,
  affordableOperations: () => 200_000,
  open({ roomBytes }: SessionRequest) {
    const subject = new NpmMallocSubject(roomBytes);
    return {
      start: () => subject,
      drain(live) {
        for (const handle of live) subject.free(handle);
      },
    };
  },
};
