import { describe, expect, it } from 'vitest';
import { type MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { COPY_DST, COPY_SRC, STORAGE, UNIFORM, VERTEX } = BufferUsage;
const KIB = 1024;

describe('a heap whose device was lost', () => {
  it('goes on with another: every place is kept, and every byte that something gives again', async () => {
    const { gpu, heap } = openHeap({ dedicatedBytes: 64 * KIB }, { autoComplete: true });
    const requests = Array.from({ length: 60 }, (_, k) => ({
      size: 1 + ((k * 997) % 5000),
      usage: [VERTEX, UNIFORM, STORAGE][k % 3] as number,
      label: `${k}`,
    }));
    const copied = requests.map((request) => heap.allocate({ ...request, hostCopy: true }));
    const restored = requests.map((request, k) =>
      heap.allocate({ ...request, onRestore: () => patternOf(1000 + k, request.size) }),
    );
    const plain = requests.map((request) => heap.allocate(request));
    const large = heap.allocate({ size: 100 * KIB, usage: STORAGE, hostCopy: true });
    const block = heap.allocateBlock([
      { size: 100, usage: VERTEX, hostCopy: true },
      { size: 100, usage: VERTEX },
    ]);
    for (const [k, each] of copied.entries()) each.write(patternOf(k, each.size));
    for (const each of [...restored, ...plain]) each.write(patternOf(7, each.size));
    large.write(patternOf(5, large.size));
    copied[4]?.resize(7000);
    for (const k of [3, 9, 21]) {
      plain[k]?.free();
      copied[k]?.free();
    }
    const all = [...copied, ...restored, ...plain, large].filter(({ isLive }) => isLive);
    const before = all.map(({ offset, size, version }) => ({ offset, size, version }));
    const moves: string[] = [];
    for (const each of all) each.on('moved', () => moves.push(each.label));
    expect(codeOf(() => heap.rebuild(new MockGpu().backend()))).toBe('bad-argument');
    gpu.lose();
    expect(codeOf(() => heap.allocate({ size: 4, usage: VERTEX }))).toBe('device-lost');
    expect(codeOf(() => large.write(new Uint8Array(4)))).toBe('device-lost');
    const other = new MockGpu({ autoComplete: true });
    const backend = other.backend();
    const { restoredCount, emptied, dropped } = heap.rebuild(backend);
    expect(heap.backend).toBe(backend);
    expect(all.map(({ offset, size, version }) => ({ offset, size, version: version - 1 }))).toEqual(before);
    expect(new Set(moves).size).toBe(61);
    expect(restoredCount).toBe(57 + 60 + 1 + 1);
    const notGiven = [...plain, block.members[1]].filter(({ isLive }) => isLive);
    expect(new Set(emptied)).toEqual(new Set(notGiven));
    expect(dropped).toEqual([]);
    for (const [k, each] of copied.entries()) {
      if (!each.isLive || k === 4) continue;
      expect(firstDifference(await each.read(), patternOf(k, each.size))).toBe(-1);
    }
    expect(
      firstDifference(
        await (copied[4] as Allocation<MockBuffer>).read(0, 900),
        patternOf(4, requests[4]?.size as number).slice(0, 900),
      ),
    ).toBe(-1);
    for (const [k, each] of restored.entries()) {
      expect(firstDifference(await each.read(), patternOf(1000 + k, each.size))).toBe(-1);
    }
    expect(await (plain[0] as Allocation<MockBuffer>).read()).toEqual(
      new Uint8Array(requests[0]?.size as number),
    );
    expect(firstDifference(await large.read(), patternOf(5, large.size))).toBe(-1);
    expect(block.version).toBe(1);
    heap.endFrame();
    heap.endFrame();
    expect(heap.statistics()).toMatchObject({ pendingBytes: 0, reservedBytes: other.heldBytes });
    expect(other.errors).toEqual([]);
    for (const each of all) each.free();
    block.free();
    heap.dispose();
    expect(other.buffers.size).toBe(0);
  });

  it('changes nothing when the new device has no room, and can try another', () => {
    const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB });
    const live = [20, 30, 40, 50].map((size) =>
      heap.allocate({ size: size * KIB, usage: VERTEX, hostCopy: true }),
    );
    gpu.lose();
    const small = new MockGpu({ capacityBytes: 100 * KIB, refuseCapacity: 'now' });
    expect(codeOf(() => heap.rebuild(small.backend()))).toBe('refused-by-device');
    expect(small.buffers.size).toBe(0);
    const lost = new MockGpu();
    const dead = lost.backend();
    lost.lose();
    expect(codeOf(() => heap.rebuild(dead))).toBe('bad-argument');
    expect(codeOf(() => heap.rebuild(undefined as never))).toBe('bad-argument');
    expect(codeOf(() => heap.rebuild(new MockGpu({ timelines: 2 }).backend()))).toBe('bad-argument');
    expect(live.every(({ version }) => version === 0)).toBe(true);
    heap.rebuild(new MockGpu().backend());
    expect(live.every(({ version, isLive }) => version === 1 && isLive)).toBe(true);
  });

  it('settles what was under way, and drops what lay in buffers of the caller', async () => {
    const { gpu, heap } = openHeap();
    const usage = COPY_DST | COPY_SRC | STORAGE;
    const outside = heap.adopt({ buffer: gpu.makeBuffer({ size: 256, usage }), size: 256, usage });
    const mesh = heap.allocate({ size: 100, usage: VERTEX, hostCopy: true });
    const reads = [mesh.read(), outside.read()];
    gpu.lose();
    for (const read of reads) await expect(read).rejects.toMatchObject({ code: 'device-lost' });
    const { dropped } = heap.rebuild(new MockGpu({ autoComplete: true }).backend());
    expect(dropped).toEqual([outside]);
    expect(outside.isLive).toBe(false);
    heap.endFrame();
    heap.endFrame();
    expect(heap.statistics()).toMatchObject({
      allocationCount: 1,
      adoptedBytes: 0,
      pendingBytes: 0,
      usedBytes: 112,
    });
    expect(await mesh.read()).toEqual(new Uint8Array(100));
  });
});

describe('buffers of the caller', () => {
  it('are counted, written and read, and never destroyed', async () => {
    const { gpu, heap } = openHeap({ budgetBytes: 20_000 }, { autoComplete: true, reuseAfter: 'submitted' });
    const usage = COPY_DST | COPY_SRC | VERTEX;
    const buffer = gpu.makeBuffer({ size: 4096, usage });
    const adopted = heap.adopt({ buffer, size: 4096, usage, label: 'theirs', owner: 'library' });
    expect(adopted.binding()).toEqual({ buffer, offset: 0, size: 4096 });
    adopted.write(patternOf(1, 4096));
    expect(heap.statistics()).toMatchObject({
      adoptedBytes: 4096,
      usedBytes: 4096,
      freeBytes: 0,
      allocationCount: 1,
    });
    expect(firstDifference(await adopted.read(), patternOf(1, 4096))).toBe(-1);
    expect(heap.owners.statistics('library')).toMatchObject({ usedBytes: 4096 });
    expect(codeOf(() => heap.adopt({ buffer, size: 4096, usage }))).toBe('bad-argument');
    expect(codeOf(() => adopted.resize(5000))).toBe('not-movable');
    const huge = gpu.makeBuffer({ size: 65_536, usage });
    const over = heap.adopt({ buffer: huge, size: 65_536, usage });
    expect(codeOf(() => heap.allocate({ size: 4, usage: VERTEX }))).toBe('over-budget');
    over.free();
    adopted.free();
    heap.endFrame();
    expect(gpu.buffers.has(buffer)).toBe(true);
    expect(heap.statistics()).toMatchObject({ adoptedBytes: 0, usedBytes: 0 });
    const again = heap.adopt({ buffer, size: 4096, usage });
    expect(firstDifference(await again.read(), patternOf(1, 4096))).toBe(-1);
    heap.dispose();
    expect(gpu.buffers.has(buffer)).toBe(true);
  });

  it('are refused when they are none', () => {
    const { gpu, heap } = openHeap();
    const usage = COPY_DST;
    const buffer = gpu.makeBuffer({ size: 64, usage });
    const bad: [string, unknown][] = [
      ['bad-argument', undefined],
      ['bad-argument', { size: 64, usage }],
      ['bad-argument', { buffer: 1, size: 64, usage }],
      ['foreign-object', { buffer: {}, size: 64, usage }],
      ['bad-size', { buffer, size: 0, usage }],
      ['bad-size', { buffer, size: 60, usage }],
      ['bad-usage', { buffer, size: 64, usage: COPY_SRC }],
      ['bad-argument', { buffer, size: 64, usage, label: 1 }],
      ['unknown-option', { buffer, size: 64, usage, location: 'gpu' }],
    ];
    const before = JSON.stringify(heap.snapshot());
    for (const [code, request] of bad) expect(codeOf(() => heap.adopt(request as never))).toBe(code);
    expect(JSON.stringify(heap.snapshot())).toBe(before);
    expect(heap.adopt({ buffer, size: 64, usage }).isLive).toBe(true);
  });
});

describe('warm', () => {
  it('makes and clears chunks in advance, so that no frame does', async () => {
    const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB }, { autoComplete: true });
    await heap.warm({ size: 200 * KIB, usage: VERTEX });
    const made = gpu.buffers.size;
    expect(made).toBeGreaterThan(1);
    expect(heap.statistics()).toMatchObject({
      allocationCount: 0,
      createdBufferCount: made,
      clearCount: made,
    });
    expect(heap.statistics().freeBytes).toBeGreaterThanOrEqual(200 * KIB);
    for (let k = 0; k < 40; k++) heap.allocate({ size: 4 * KIB, usage: VERTEX });
    expect(heap.statistics().createdBufferCount).toBe(made);
    await heap.warm({ size: 1 * KIB, usage: VERTEX });
    expect(heap.statistics().createdBufferCount).toBe(made);
  });

  it('makes none when not all can be had', async () => {
    const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB, budgetBytes: 150 * KIB }, { autoComplete: true });
    await expect(heap.warm({ size: 300 * KIB, usage: VERTEX })).rejects.toMatchObject({
      code: 'over-budget',
    });
    expect(gpu.buffers.size).toBe(0);
    await expect(heap.warm({ size: 0, usage: VERTEX })).rejects.toMatchObject({ code: 'bad-size' });
    gpu.faults.refuseCreation({ every: true, when: 'late' });
    await expect(heap.warm({ size: 100, usage: VERTEX })).rejects.toMatchObject({
      code: 'refused-by-device',
    });
    expect(gpu.buffers.size).toBe(0);
  });
});

describe('several timelines', () => {
  it('hold back only what they use, and complete in any order', () => {
    const { gpu, heap } = openHeap({}, { timelines: 3 });
    const used = [undefined, [1], [2], [0, 2], [1, 2]].map((timelines) =>
      heap.allocate({ size: 64, usage: VERTEX, ...(timelines === undefined ? {} : { timelines }) }),
    );
    const offsets = used.map(({ offset }) => offset);
    const free = (): number[] => {
      heap.trim();
      const live = heap
        .snapshot()
        .chunks.flatMap(({ ranges }) => ranges.filter(({ state }) => state !== 'free'));
      return offsets.flatMap((offset, k) => (live.some((range) => range.offset === offset) ? [] : [k]));
    };
    for (const each of used) each.free();
    const serials = [0, 1, 2].map((timeline) => heap.submitted(timeline));
    expect(free()).toEqual([]);
    gpu.completeOn(2, serials[2] as number);
    expect(free()).toEqual([2]);
    gpu.completeOn(1, serials[1] as number);
    expect(free()).toEqual([1, 2, 4]);
    gpu.completeOn(0, serials[0] as number);
    expect(free()).toEqual([0, 1, 2, 3, 4]);
    expect(heap.statistics().pendingBytes).toBe(0);
  });

  it('all end with the frame, and are checked', () => {
    const { gpu, heap } = openHeap({}, { timelines: 2 });
    const mesh = heap.allocate({ size: 64, usage: VERTEX, timelines: [0, 1] });
    mesh.resize(5000);
    heap.allocate({ size: 16, usage: VERTEX });
    mesh.resize(50_000);
    mesh.free();
    const serial = heap.endFrame();
    gpu.completeOn(0, serial);
    heap.endFrame();
    expect(heap.statistics().pendingBytes).toBeGreaterThan(0);
    gpu.completeAll();
    heap.endFrame();
    gpu.completeAll();
    heap.endFrame();
    expect(heap.statistics().pendingBytes).toBe(0);
    for (const timelines of [null, 1, [], [2], [-1], [0, 0], [0.5], ['0']]) {
      expect(codeOf(() => heap.allocate({ size: 4, usage: VERTEX, timelines: timelines as never }))).toBe(
        'bad-argument',
      );
    }
    for (const timeline of [2, -1, 0.5, '0', null]) {
      expect(codeOf(() => heap.submitted(timeline as never))).toBe('bad-argument');
    }
  });
});
