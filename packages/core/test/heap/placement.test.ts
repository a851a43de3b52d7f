import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { type Allocation, BufferUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { INDEX, STORAGE, UNIFORM, VERTEX } = BufferUsage;
const KIB = 1024;

describe('apart', () => {
  it('gives each step of a chain another buffer than what it reads, with few buffers', () => {
    const { gpu, heap } = openHeap();
    let inputs: Allocation<MockBuffer>[] = [heap.allocate({ size: 1000, usage: STORAGE })];
    for (let step = 0; step < 300; step++) {
      const output = heap.allocate({ size: 500 + step, usage: STORAGE, apartFrom: inputs });
      const reads = inputs.map((input) => ({ ...input.binding(), access: 'read', as: 'storage' }) as const);
      expect(gpu.dispatch([...reads, { ...output.binding(), access: 'write', as: 'storage' }])).toBe(true);
      inputs = step % 3 === 0 ? [output] : [output, inputs[0] as Allocation<MockBuffer>].slice(0, 2);
    }
    expect(heap.statistics().chunkCount).toBeLessThan(6);
    expect(gpu.errors).toEqual([]);
  });

  it('is told of what could be had there', () => {
    const { heap } = openHeap({ budgetBytes: 64 * KIB, chunkBytes: 64 * KIB });
    const first = heap.allocate({ size: 16 * KIB, usage: VERTEX });
    const request = { size: 4, usage: VERTEX };
    expect(heap.largestAllocatable(request)).toBe(48 * KIB);
    expect(heap.largestAllocatable({ ...request, apartFrom: [first] })).toBe(0);
    heap.setBudget(80 * KIB);
    expect(heap.largestAllocatable({ ...request, apartFrom: [first] })).toBe(16 * KIB);
    const other = heap.allocate({ size: 16 * KIB, usage: VERTEX, apartFrom: [first] });
    expect(other.buffer).not.toBe(first.buffer);
  });

  it('stays apart wherever either of them moves', () => {
    const { heap } = openHeap({}, { autoComplete: true });
    const first = heap.allocate({ size: 100, usage: STORAGE });
    const second = heap.allocate({ size: 100, usage: STORAGE, apartFrom: [first] });
    const walls = [first, second].map(() => heap.allocate({ size: 16, usage: STORAGE }));
    for (let size = 200; size < 60_000; size *= 3) {
      first.resize(size);
      second.resize(size);
      heap.endFrame();
      expect(first.buffer).not.toBe(second.buffer);
    }
    expect(walls.every(({ isLive }) => isLive)).toBe(true);
    first.free();
    second.resize(100_000);
    expect(second.isLive).toBe(true);
  });
});

describe('blocks', () => {
  it('lie side by side, as in the books', async () => {
    const { heap } = openHeap({}, { autoComplete: true });
    const block = heap.allocateBlock(
      [
        { size: 200 * KIB, usage: VERTEX, label: 'vertices' },
        { size: 100 * KIB, usage: INDEX, label: 'indices' },
        { size: 50 * KIB, usage: UNIFORM, label: 'constants' },
      ],
      'mesh',
    );
    const members = block.members as readonly Allocation<MockBuffer>[];
    expect(members.map(({ offset }) => offset - block.offset)).toEqual([0, 200 * KIB, 300 * KIB]);
    expect(block.size).toBe(350 * KIB);
    expect(members.map(({ label }) => label)).toEqual(['vertices', 'indices', 'constants']);
    for (const [k, member] of members.entries()) member.write(patternOf(k, member.size));
    for (const [k, member] of members.entries()) {
      expect(firstDifference(await member.read(), patternOf(k, member.size))).toBe(-1);
    }
    for (const act of [() => members[0]?.free(), () => members[0]?.resize(4), () => block.resize(4)]) {
      expect(codeOf(act)).toBe('part-of-block');
    }
    expect(heap.statistics()).toMatchObject({ allocationCount: 1, requestedBytes: 350 * KIB });
    block.free();
    expect([block, ...members].some(({ isLive }) => isLive)).toBe(false);
    expect(codeOf(() => members[1]?.offset)).toBe('dead-allocation');
    expect(heap.statistics()).toMatchObject({ allocationCount: 0, requestedBytes: 0 });
  });

  it('aligns every member, whatever the alignments', () => {
    const { heap } = openHeap();
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ size: fc.integer({ min: 1, max: 3000 }), alignment: fc.integer({ min: 1, max: 48 }) }),
          {
            minLength: 1,
            maxLength: 5,
          },
        ),
        (requests) => {
          const block = heap.allocateBlock(requests.map((request) => ({ ...request, usage: VERTEX })));
          let end = block.offset;
          for (const [k, member] of (block.members ?? []).entries()) {
            expect(member.offset % (requests[k]?.alignment as number)).toBe(0);
            expect(member.offset).toBeGreaterThanOrEqual(end);
            end = member.offset + member.size;
          }
          expect(end).toBe(block.offset + block.size);
          block.free();
          heap.endFrame();
        },
      ),
      { numRuns: scale(200, 3000) },
    );
  });

  it('are of one kind, and of at least one member', () => {
    const { heap } = openHeap();
    expect(codeOf(() => heap.allocateBlock([]))).toBe('bad-argument');
    expect(codeOf(() => heap.allocateBlock(undefined as never))).toBe('bad-argument');
    const mixed = [
      { size: 4, usage: VERTEX },
      { size: 4, usage: STORAGE },
    ];
    expect(codeOf(() => heap.allocateBlock(mixed))).toBe('bad-argument');
    expect(heap.statistics().reservedBytes).toBe(0);
  });
});

describe('many at once', () => {
  it('comes whole or not at all', () => {
    const { gpu, heap } = openHeap({ budgetBytes: 300 * KIB, chunkBytes: 64 * KIB });
    const first = heap.allocate({ size: 10 * KIB, usage: VERTEX });
    const before = JSON.stringify(heap.snapshot().chunks);
    const held = gpu.heldBytes;
    const requests = Array.from({ length: 40 }, () => ({ size: 10 * KIB, usage: VERTEX }));
    expect(codeOf(() => heap.allocateMany(requests))).toBe('over-budget');
    expect(JSON.stringify(heap.snapshot().chunks)).toBe(before);
    expect(gpu.heldBytes).toBe(held);
    expect(codeOf(() => heap.allocateMany([...requests.slice(0, 3), { size: 0, usage: VERTEX }]))).toBe(
      'bad-size',
    );
    expect(JSON.stringify(heap.snapshot().chunks)).toBe(before);
    const made = heap.allocateMany(requests.slice(0, 20));
    expect(made.every(({ isLive }) => isLive)).toBe(true);
    expect(heap.statistics().allocationCount).toBe(21);
    expect(first.isLive).toBe(true);
    expect(heap.allocateMany([])).toEqual([]);
  });
});

describe('zeroed', () => {
  it('reads as zero where others have been', async () => {
    const { heap } = openHeap({}, { autoComplete: true, reuseAfter: 'submitted' });
    for (let round = 0; round < 20; round++) {
      const dirty = heap.allocate({ size: 301 + round, usage: VERTEX });
      dirty.write(new Uint8Array(301 + round).fill(7));
      dirty.free();
      heap.submitted();
      const clean = heap.allocate({ size: 290 + round, usage: VERTEX, zeroed: true });
      expect(await clean.read()).toEqual(new Uint8Array(290 + round));
      if (round % 2 === 0) clean.free();
    }
    const own = heap.allocate({ size: 2 ** 25, usage: VERTEX, zeroed: true });
    expect(await own.read(2 ** 24, 8)).toEqual(new Uint8Array(8));
    expect(heap.statistics().clearCount).toBe(20);
  });

  it('is refused, and leaves nothing, when the zeros can not be written', () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true, reuseAfter: 'submitted' });
    heap.allocate({ size: 300, usage: VERTEX }).free();
    heap.endFrame();
    const before = heap.statistics();
    gpu.faults.failAtCall(gpu.counts.clear + 1, { kind: 'clear' });
    const request = { size: 300, usage: VERTEX, zeroed: true };
    expect(codeOf(() => heap.allocate(request))).toBe('backend-failed');
    const { usedBytes, pendingBytes, allocationCount, chunkCount } = before;
    expect(heap.statistics()).toMatchObject({ usedBytes, pendingBytes, allocationCount, chunkCount });
    expect(heap.allocate(request).offset).toBe(0);
  });
});

describe('a buffer of its own', () => {
  it('is given whatever the size, and back as soon as it is done', () => {
    const { gpu, heap } = openHeap({}, { reuseAfter: 'submitted' });
    const small = heap.allocate({ size: 64, usage: VERTEX });
    const own = heap.allocate({ size: 64, usage: VERTEX, dedicated: true });
    expect(own.buffer).not.toBe(small.buffer);
    expect(own.offset).toBe(0);
    expect(heap.snapshot().chunks.map(({ sizeBytes }) => sizeBytes)).toContain(64);
    expect(heap.largestAllocatable({ size: 1, usage: VERTEX, dedicated: true })).toBe(256 * 1024 * KIB);
    expect(codeOf(() => heap.allocate({ size: 64, usage: VERTEX, dedicated: 1 as never }))).toBe(
      'bad-argument',
    );
    own.free();
    heap.submitted();
    expect(gpu.buffers.size).toBe(1);
  });
});

describe('the histogram', () => {
  it('has every live and free range of every chunk', () => {
    const { heap } = openHeap();
    for (let k = 1; k < 60; k++) heap.allocate({ size: k * 50, usage: k % 2 === 0 ? VERTEX : STORAGE });
    const { statistics, chunks } = heap.snapshot();
    const bars = heap.histogram();
    const sum = (name: 'liveBytes' | 'freeBytes' | 'liveCount') =>
      bars.reduce((total, bar) => total + bar[name], 0);
    expect(sum('liveBytes')).toBe(statistics.usedBytes);
    expect(sum('freeBytes')).toBe(statistics.freeBytes);
    expect(sum('liveCount')).toBe(59);
    expect(chunks.length).toBe(2);
  });
});

describe('frame lifetime', () => {
  it('is freed by the end of the frame, and keeps the identity of its buffer', () => {
    const { gpu, heap } = openHeap({}, { reuseAfter: 'completed' });
    const buffers = new Set<MockBuffer>();
    for (let frame = 0; frame < 200; frame++) {
      const made = Array.from({ length: 30 }, (_, k) =>
        heap.allocate({ size: 64 + k, usage: UNIFORM, lifetime: 'frame' }),
      );
      for (const each of made) buffers.add(each.buffer);
      made[3]?.free();
      const serial = heap.endFrame();
      expect(made.some(({ isLive }) => isLive)).toBe(false);
      if (frame > 2) gpu.completeUpTo(serial - 2);
    }
    expect(buffers.size).toBe(1);
    expect(heap.statistics().allocationCount).toBe(0);
  });
});
