import { describe, expect, it } from 'vitest';
import { type Allocation, BufferUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { COPY_DST, STORAGE, VERTEX } = BufferUsage;
const KIB = 1024;

describe('resize', () => {
  it('grows and shrinks in place while what follows is free, and keeps the bytes', async () => {
    const { heap } = openHeap({}, { autoComplete: true });
    const mesh = heap.allocate({ size: 1000, usage: VERTEX });
    mesh.write(patternOf(1, 1000));
    const { buffer, offset } = mesh;
    for (const size of [1001, 5000, 300, 40_000, 1000]) {
      mesh.resize(size);
      expect(mesh.buffer === buffer).toBe(true);
      expect([mesh.offset, mesh.version, mesh.size]).toEqual([offset, 0, size]);
      // What it has lost is free only now.
      heap.submitted();
    }
    expect(firstDifference(await mesh.read(0, 300), patternOf(1, 1000).slice(0, 300))).toBe(-1);
    expect(heap.statistics()).toMatchObject({ requestedBytes: 1000, usedBytes: 1008, copyCount: 1 });
    expect(codeOf(() => mesh.read(900, 101))).toBe('out-of-bounds');
  });

  it('moves once when it must, tells of it, and leaves the old bytes to the GPU until it is done', async () => {
    const { gpu, heap } = openHeap();
    const mesh = heap.allocate({ size: 1000, usage: VERTEX });
    mesh.write(patternOf(1, 1000));
    const wall = heap.allocate({ size: 16, usage: VERTEX });
    const moves: number[] = [];
    const stop = mesh.on('moved', () => moves.push(mesh.version, mesh.offset));
    const { offset } = mesh;
    mesh.resize(2001);
    expect(moves).toEqual([1, mesh.offset]);
    expect(mesh.offset).not.toBe(offset);
    expect(heap.statistics().pendingBytes).toBeGreaterThanOrEqual(1008);
    expect(heap.allocate({ size: 1000, usage: VERTEX }).offset).not.toBe(offset);
    mesh.write(patternOf(2, 1001), 1000);
    gpu.completeAll();
    const read = mesh.read();
    gpu.completeAll();
    expect(firstDifference(await read, Uint8Array.of(...patternOf(1, 1000), ...patternOf(2, 1001)))).toBe(-1);
    stop();
    heap.allocate({ size: 16, usage: VERTEX });
    mesh.resize(30_000);
    expect(moves.length).toBe(2);
    expect(mesh.version).toBe(2);
    expect(wall.isLive).toBe(true);
    expect(gpu.errors).toEqual([]);
  });

  it('goes into a buffer of its own, and comes back', async () => {
    const { gpu, heap } = openHeap(
      { dedicatedBytes: 64 * KIB },
      { autoComplete: true, reuseAfter: 'submitted' },
    );
    const mesh = heap.allocate({ size: 10 * KIB, usage: STORAGE });
    mesh.write(patternOf(3, 10 * KIB));
    mesh.resize(100 * KIB);
    expect(heap.statistics()).toMatchObject({ dedicatedCount: 1, allocationCount: 1 });
    mesh.resize(90 * KIB);
    expect(mesh.version).toBe(1);
    mesh.resize(9 * KIB);
    heap.submitted();
    expect(mesh.version).toBe(2);
    expect(heap.statistics()).toMatchObject({ dedicatedCount: 0, requestedBytes: 9 * KIB });
    expect(firstDifference(await mesh.read(), patternOf(3, 10 * KIB).slice(0, 9 * KIB))).toBe(-1);
    expect(gpu.errors).toEqual([]);
  });

  it('does nothing where it is as long already', () => {
    const { gpu, heap } = openHeap({ guardBytes: 16 });
    const mesh = heap.allocate({ size: 1000, usage: VERTEX, hostCopy: true });
    const callCount = gpu.callCount;
    mesh.resize(1000);
    expect([mesh.size, mesh.version, gpu.callCount]).toEqual([1000, 0, callCount]);
    gpu.lose();
    expect(codeOf(() => mesh.resize(1000))).toBe('device-lost');
  });

  it('changes nothing when there is no room', async () => {
    const { gpu, heap } = openHeap({ budgetBytes: 200 * KIB, chunkBytes: 64 * KIB }, { autoComplete: true });
    const mesh = heap.allocate({ size: 1000, usage: VERTEX });
    mesh.write(patternOf(4, 1000));
    heap.allocate({ size: 16, usage: VERTEX });
    const before = JSON.stringify(heap.snapshot());
    const refused: [string, () => void][] = [
      ['over-budget', () => mesh.resize(190 * KIB)],
      ['too-large', () => mesh.resize(2 ** 40)],
      ...[0, -1, 1.5, Number.NaN, '8', null, undefined, 2 ** 53].map((size): [string, () => void] => [
        'bad-size',
        () => mesh.resize(size as number),
      ]),
    ];
    for (const [code, act] of refused) {
      expect(codeOf(act)).toBe(code);
      expect(JSON.stringify(heap.snapshot())).toBe(before);
    }
    expect([mesh.version, mesh.size]).toEqual([0, 1000]);
    gpu.faults.failAtCall(gpu.calls.filter(({ kind }) => kind === 'copy').length + 1, { kind: 'copy' });
    expect(codeOf(() => mesh.resize(30 * KIB))).toBe('backend-failed');
    expect([mesh.version, mesh.size]).toEqual([0, 1000]);
    expect(firstDifference(await mesh.read(), patternOf(4, 1000))).toBe(-1);
    mesh.free();
    expect(codeOf(() => mesh.resize(8))).toBe('dead-allocation');
  });

  it('lets a readback grow no further than its buffer', () => {
    const { heap } = openHeap();
    const target = heap.allocate({ size: 1000, usage: COPY_DST, location: 'readback' });
    target.resize(12_000);
    expect(target.size).toBe(12_000);
    expect(codeOf(() => target.resize(100_000))).toBe('not-movable');
    expect(target.size).toBe(12_000);
  });
});

describe('pins', () => {
  it('hold an allocation where it is, once for each pin', () => {
    const { heap } = openHeap();
    const mesh = heap.allocate({ size: 1000, usage: VERTEX });
    mesh.pin();
    mesh.pin();
    mesh.resize(2000);
    expect([mesh.isPinned, mesh.version]).toEqual([true, 0]);
    heap.allocate({ size: 16, usage: VERTEX });
    expect(codeOf(() => mesh.resize(50_000))).toBe('not-movable');
    expect([mesh.size, mesh.version]).toEqual([2000, 0]);
    mesh.unpin();
    expect(codeOf(() => mesh.resize(50_000))).toBe('not-movable');
    mesh.unpin();
    expect(codeOf(() => mesh.unpin())).toBe('bad-argument');
    mesh.resize(50_000);
    expect([mesh.isPinned, mesh.version]).toEqual([false, 1]);
    mesh.free();
    expect(codeOf(() => mesh.pin())).toBe('dead-allocation');
  });

  it('are respected by scopes, through a member of a block too', () => {
    const { heap } = openHeap();
    const block = heap.allocateBlock([{ size: 64, usage: STORAGE }]);
    const reader = heap.allocate({ size: 64, usage: STORAGE });
    const member = block.members[0] as Allocation<never>;
    const bindings = [
      { allocation: member, use: 'storage' },
      { allocation: reader, use: 'read-only-storage' },
    ] as const;
    member.pin();
    expect(heap.resolveScope(bindings)).toEqual([reader]);
    const other = heap.allocate({ size: 64, usage: STORAGE });
    other.pin();
    const fixed = [bindings[0], { allocation: other, use: 'read-only-storage' }] as const;
    if (other.buffer === block.buffer) expect(codeOf(() => heap.resolveScope(fixed))).toBe('scope-conflict');
    else expect(heap.resolveScope(fixed)).toEqual([]);
  });
});

describe('labels and data of the user', () => {
  it('renames, and keeps what it is given', () => {
    const { heap } = openHeap();
    const data = { mesh: 7 };
    const mesh = heap.allocate({ size: 4, usage: VERTEX, label: 'old', owner: 'terrain', userData: data });
    mesh.rename('new');
    expect([mesh.label, mesh.owner, mesh.userData]).toEqual(['new', 'terrain', data]);
    expect(heap.snapshot().chunks[0]?.ranges[0]?.label).toBe('new');
    for (const bad of [1, null, undefined, {}]) {
      expect(codeOf(() => mesh.rename(bad as string))).toBe('bad-argument');
    }
    for (const [event, hook] of [
      ['moved', 1],
      ['freed', () => 1],
      [null, null],
    ] as const) {
      expect(codeOf(() => mesh.on(event as 'moved', hook as () => void))).toBe('bad-argument');
    }
    mesh.free();
    expect(codeOf(() => mesh.rename('late'))).toBe('dead-allocation');
    expect(mesh.label).toBe('new');
  });
});

describe('recordings', () => {
  it('hold back reuse, moves and destruction of what they use until they end', () => {
    for (const reuseAfter of ['submitted', 'completed'] as const) {
      const { gpu, heap } = openHeap({ dedicatedBytes: 64 * KIB }, { reuseAfter });
      const requests = [1000, 2000, 100 * KIB].map((size) => ({ size, usage: VERTEX }));
      const used = requests.map((request) => heap.allocate(request)) as Allocation<never>[];
      const wall = heap.allocate({ size: 16, usage: VERTEX });
      for (const [k, each] of used.entries()) each.write(patternOf(k, each.size));
      const encoder = gpu.recordEncoder();
      const seen = used.map(({ buffer, offset, size }) => encoder.read(buffer, offset, size));
      const token = heap.record().use(...used);
      used[0]?.free();
      used[1]?.resize(50_000);
      used[2]?.free();
      for (let frame = 0; frame < 5; frame++) {
        gpu.completeUpTo(heap.endFrame());
        const others = requests.map((request) => heap.allocate(request));
        for (const each of others) {
          each.write(patternOf(99, each.size));
          each.free();
        }
      }
      expect(heap.statistics().pendingBytes).toBeGreaterThanOrEqual(3000);
      expect(encoder.submit()).toBe(true);
      token.end();
      token.end();
      gpu.completeUpTo(heap.endFrame());
      heap.endFrame();
      gpu.completeAll();
      heap.endFrame();
      for (const [k, { bytes }] of seen.entries()) {
        expect(firstDifference(bytes as Uint8Array, patternOf(k, requests[k]?.size as number))).toBe(-1);
      }
      expect(heap.statistics()).toMatchObject({ pendingBytes: 0, allocationCount: 2, dedicatedCount: 0 });
      expect(gpu.errors).toEqual([]);
      expect(wall.isLive).toBe(true);
    }
  });

  it('count: what two of them use waits for both', () => {
    const { heap } = openHeap({}, { reuseAfter: 'submitted' });
    const mesh = heap.allocate({ size: 64, usage: VERTEX });
    const { offset } = mesh;
    const tokens = [heap.record().use(mesh, mesh), heap.record().use(mesh)];
    mesh.free();
    for (const token of tokens) {
      heap.submitted();
      expect(heap.allocate({ size: 64, usage: VERTEX }).offset).not.toBe(offset);
      token.end();
    }
    expect(heap.allocate({ size: 64, usage: VERTEX }).offset).not.toBe(offset);
    heap.submitted();
    expect(heap.allocate({ size: 64, usage: VERTEX }).offset).toBe(offset);
  });

  it('refuse what is not of their heap or no more, and mark nothing then', () => {
    const { heap } = openHeap({}, { reuseAfter: 'submitted' });
    const mesh = heap.allocate({ size: 64, usage: VERTEX });
    const dead = heap.allocate({ size: 64, usage: VERTEX });
    dead.free();
    const token = heap.record();
    const other = openHeap().heap.allocate({ size: 64, usage: VERTEX });
    expect(codeOf(() => token.use(mesh, dead))).toBe('dead-allocation');
    expect(codeOf(() => token.use(mesh, other))).toBe('foreign-object');
    expect(codeOf(() => token.use(mesh, undefined as never))).toBe('foreign-object');
    const { offset } = mesh;
    mesh.free();
    heap.submitted();
    expect(heap.allocate({ size: 64, usage: VERTEX }).offset).toBe(offset);
    token.end();
    expect(codeOf(() => token.use())).toBe('token-ended');
    const late = heap.record().use(heap.allocate({ size: 64, usage: VERTEX }));
    heap.dispose();
    late.end();
    expect(codeOf(() => heap.record())).toBe('disposed');
  });
});
