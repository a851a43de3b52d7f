import { afterEach, describe, expect, it, vi } from 'vitest';
import { MockGpu } from '../../../mock/src/index.ts';
import { BufferUsage } from '../../src/index.ts';
import { openHeap, patternOf } from './open-heap.ts';

const { COPY_DST, VERTEX } = BufferUsage;
const USAGE = VERTEX | COPY_DST;

/** Replaces the engine's garbage collection by one in which the test says what is gone and who is told. */
function collectByHand(): { drop(target: object): void; tell(target: object): void } {
  const gone = new Set<object>();
  const calls = new Map<object, () => void>();
  class Weak {
    private readonly target: object;
    constructor(target: object) {
      this.target = target;
    }
    deref(): object | undefined {
      return gone.has(this.target) ? undefined : this.target;
    }
  }
  class Registry {
    private readonly onCollected: (record: object) => void;
    constructor(onCollected: (record: object) => void) {
      this.onCollected = onCollected;
    }
    register(target: object, record: object): void {
      calls.set(target, () => this.onCollected(record));
    }
    unregister(): boolean {
      return true;
    }
  }
  vi.stubGlobal('WeakRef', Weak);
  vi.stubGlobal('FinalizationRegistry', Registry);
  return { drop: (target) => gone.add(target), tell: (target) => calls.get(target)?.() };
}

describe('a rebuild', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('counts what was adopted, dropped and not yet told of once', () => {
    const garbage = collectByHand();
    const { gpu, heap } = openHeap({ watchLeaks: true });
    const request = { size: 1024, usage: USAGE, owner: 'theirs' };
    const adopted = heap.adopt({ ...request, buffer: gpu.makeBuffer({ size: 1024, usage: USAGE }) });
    heap.allocate({ size: 512, usage: VERTEX, owner: 'ours' });
    garbage.drop(adopted);
    gpu.lose();
    expect(heap.rebuild(new MockGpu().backend()).dropped).toEqual([]);
    const figures = () => {
      const { usedBytes, pendingBytes, requestedBytes, allocationCount } = heap.statistics();
      return { usedBytes, pendingBytes, requestedBytes, allocationCount };
    };
    const expected = { usedBytes: 512, pendingBytes: 0, requestedBytes: 512, allocationCount: 1 };
    expect(figures()).toEqual(expected);
    expect(heap.owners.statistics('theirs')).toMatchObject({ requestedBytes: 0, usedBytes: 0, liveCount: 0 });
    // An engine that tells of it all the same changes nothing.
    garbage.tell(adopted);
    heap.endFrame();
    expect(figures()).toEqual(expected);
    expect(heap.owners.statistics('theirs')).toMatchObject({ requestedBytes: 0, usedBytes: 0, liveCount: 0 });
  });

  it('names the members of a block that it could not give again, or the block if none', () => {
    const { gpu, heap } = openHeap();
    const sizes = [16, 20, 24];
    const partly = heap.allocateBlock(
      sizes.map((size, k) => ({ size, usage: VERTEX, hostCopy: k === 1, label: `member ${k}` })),
      'partly',
    );
    heap.allocateBlock(
      sizes.map((size) => ({ size, usage: VERTEX })),
      'not',
    );
    heap.allocateBlock(sizes.map((size) => ({ size, usage: VERTEX, hostCopy: true })));
    partly.write(patternOf(1, partly.size));
    gpu.lose();
    const { emptied, restoredCount } = heap.rebuild(new MockGpu().backend());
    expect(restoredCount).toBe(2);
    expect(emptied.map(({ label }) => label).sort()).toEqual(['member 0', 'member 2', 'not']);
  });
});
