import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { BufferUsage, FrameRing, type FrameRingOptions, type GpuHeap } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { leastGarbage } from '../telemetry/garbage.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { STORAGE, UNIFORM, VERTEX } = BufferUsage;

const figuresOf = (ring: FrameRing<MockBuffer>) => ({
  capacity: ring.capacity,
  pushedBytes: ring.pushedBytes,
  usedBytes: ring.usedBytes,
  framesInFlight: ring.framesInFlight,
  grownCount: ring.grownCount,
  version: ring.version,
});

describe('a frame ring', () => {
  it('answers offsets in one buffer, and uploads in two writes at most', () => {
    const { gpu, heap } = openHeap();
    const ring = new FrameRing(heap, { usage: UNIFORM, bytes: 4096 });
    const { buffer, version } = ring;
    expect([ring.alignment, ring.capacity, ring.binding(60)]).toEqual([
      256,
      4096,
      { buffer, offset: 0, size: 60 },
    ]);
    for (let frame = 0; frame < 40; frame++) {
      const offsets = [1, 256, 300, 6].map((size, k) => ring.push(patternOf(frame * 4 + k, size)));
      expect(offsets.every((offset) => offset % 256 === 0)).toBe(true);
      const writes = gpu.counts.write;
      const bytes = ring.flush();
      // Five slots of 256 bytes, in one stretch or round the end in two.
      expect([bytes, gpu.counts.write - writes <= 2]).toEqual([1280, true]);
      expect(ring.flush()).toBe(0);
      const encoder = gpu.recordEncoder();
      const seen = offsets.map((offset, k) => encoder.read(ring.buffer, offset, [1, 256, 300, 6][k]!));
      expect(encoder.submit()).toBe(true);
      const serial = heap.endFrame();
      ring.endFrame(serial);
      gpu.completeUpTo(serial);
      for (const [k, { bytes: there }] of seen.entries()) {
        expect(firstDifference(there!, patternOf(frame * 4 + k, there!.length))).toBe(-1);
      }
      expect(figuresOf(ring)).toMatchObject({ usedBytes: 0, framesInFlight: 0, grownCount: 0 });
    }
    expect([ring.buffer, ring.version, ring.pushedBytes]).toEqual([buffer, version, 40 * 563]);
    expect(heap.statistics().createdBufferCount).toBe(1);
    expect(gpu.hazards).toEqual([]);
  });

  it('takes bytes of any kind, and bytes that are filled in place', () => {
    const { gpu, heap } = openHeap({}, { uniformOffsetAlignment: 32 });
    const ring = new FrameRing(heap, { usage: UNIFORM });
    const numbers = [1, 2, 3, 250];
    const kinds = [
      Float32Array.from(numbers),
      Uint32Array.from(numbers),
      Int32Array.from(numbers),
      Uint8Array.from(numbers),
      Int16Array.from(numbers),
      Float64Array.from(numbers),
      new DataView(Uint8Array.from(numbers).buffer),
      Uint16Array.from(numbers).buffer,
      new SharedArrayBuffer(12),
      Float32Array.from(numbers).subarray(1, 3),
    ];
    const offsets = kinds.map((data) => ring.push(data));
    expect(offsets).toEqual(kinds.map((_, k) => 32 * k));
    const place = ring.reserve(50);
    ring.bytesAt(place, 50).set(patternOf(5, 50));
    expect(ring.bytesAt(place + 10, 3)).toEqual(patternOf(5, 50).slice(10, 13));
    ring.flush();
    gpu.completeAll();
    for (const [k, data] of kinds.entries()) {
      const bytes = ArrayBuffer.isView(data)
        ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
        : new Uint8Array(data);
      expect(firstDifference(gpu.peek(ring.buffer, offsets[k]!, bytes.length), bytes)).toBe(-1);
    }
    expect(firstDifference(gpu.peek(ring.buffer, place, 50), patternOf(5, 50))).toBe(-1);
    expect(codeOf(() => ring.bytesAt(place, 50))).toBe('out-of-bounds');
  });

  it('goes on in a larger buffer, where this frame is too, and the old one ends when the GPU is done', () => {
    const { gpu, heap } = openHeap();
    const ring = new FrameRing(heap, { usage: UNIFORM, bytes: 1024 });
    const { version, buffer: first } = ring;
    ring.push(patternOf(1, 512));
    ring.flush();
    const flying = gpu.recordEncoder();
    const inFlight = flying.read(first, 0, 512);
    flying.submit();
    ring.endFrame(heap.endFrame());
    const offsets = [2, 3, 4, 5].map((seed) => ring.push(patternOf(seed, 200)));
    // Two of the four were in the first buffer when it was full.
    expect([offsets, ring.grownCount, ring.version]).toEqual([[512, 768, 1024, 1280], 1, version + 1]);
    expect([ring.buffer === first, ring.framesInFlight, ring.usedBytes]).toEqual([false, 1, 1024]);
    expect(ring.flush()).toBe(1024);
    const encoder = gpu.recordEncoder();
    const old = [512, 768].map((offset) => encoder.read(first, offset, 200));
    const seen = offsets.map((offset) => encoder.read(ring.buffer, offset, 200));
    expect(encoder.submit()).toBe(true);
    const serial = heap.endFrame();
    ring.endFrame(serial);
    expect([ring.framesInFlight, gpu.buffers.size]).toEqual([2, 2]);
    gpu.completeUpTo(serial);
    heap.endFrame();
    expect(gpu.buffers.size).toBe(1);
    expect(firstDifference(inFlight.bytes!, patternOf(1, 512))).toBe(-1);
    for (const [k, { bytes }] of [...old, ...seen].entries()) {
      expect(firstDifference(bytes!, patternOf([2, 3, 2, 3, 4, 5][k]!, 200))).toBe(-1);
    }
    expect(figuresOf(ring)).toEqual({
      capacity: 2048,
      pushedBytes: 512 + 800,
      usedBytes: 0,
      framesInFlight: 0,
      grownCount: 1,
      version: version + 1,
    });
    expect([gpu.errors, heap.statistics().pendingBytes]).toEqual([[], 0]);
  });

  it('grows in the middle of a frame that goes round the end', () => {
    const { gpu, heap } = openHeap();
    const ring = new FrameRing(heap, { usage: UNIFORM, bytes: 1024 });
    ring.push(patternOf(0, 768));
    ring.flush();
    const serial = heap.endFrame();
    ring.endFrame(serial);
    const first = ring.push(patternOf(1, 256));
    gpu.completeUpTo(serial);
    const second = ring.push(patternOf(2, 512));
    const third = ring.push(patternOf(3, 3000));
    expect([first, second, third, ring.grownCount]).toEqual([768, 0, 1024, 1]);
    expect(ring.usedBytes).toBe(1024 + 3072);
    ring.flush();
    gpu.completeAll();
    for (const [offset, seed, size] of [
      [first, 1, 256],
      [second, 2, 512],
      [third, 3, 3000],
    ] as const) {
      expect(firstDifference(gpu.peek(ring.buffer, offset, size), patternOf(seed, size))).toBe(-1);
    }
    ring.endFrame(heap.endFrame());
    gpu.completeAll();
    expect([ring.usedBytes, ring.push(new Uint8Array(ring.capacity))]).toEqual([0, 0]);
    expect([ring.grownCount, gpu.errors]).toEqual([1, []]);
  });

  it('needs no completion where one queue orders everything, and keeps its length for the slow there', () => {
    for (const [reuseAfter, grownCount] of [
      ['submitted', 0],
      ['completed', 4],
    ] as const) {
      const { heap } = openHeap({}, { reuseAfter });
      const ring = new FrameRing(heap, { usage: UNIFORM, bytes: 2560 });
      for (let frame = 0; frame < 16; frame++) {
        for (let k = 0; k < 9; k++) ring.push(new Float32Array(64));
        ring.flush();
        ring.endFrame(heap.endFrame());
      }
      expect([ring.grownCount, ring.framesInFlight]).toEqual([
        grownCount,
        reuseAfter === 'submitted' ? 0 : 16,
      ]);
    }
  });

  it('serves other usages at their alignments', () => {
    const { heap } = openHeap({}, { storageOffsetAlignment: 64 });
    const instances = new FrameRing(heap, {
      usage: VERTEX,
      alignment: 36,
      label: 'instances',
      owner: 'grass',
    });
    expect([
      instances.alignment,
      instances.push(new Uint8Array(40)),
      instances.push(new Uint8Array(6)),
    ]).toEqual([36, 0, 72]);
    expect(instances.flush()).toBe(108);
    expect(new FrameRing(heap, { usage: STORAGE }).alignment).toBe(64);
    expect(new FrameRing(heap, { usage: VERTEX }).alignment).toBe(4);
    const [report] = heap.report().allocations.filter(({ label }) => label === 'instances');
    expect(report).toMatchObject({ owner: 'grass', poolName: 'frame-rings', offset: 0 });
    expect(heap.snapshot().chunks.every(({ access, dedicated }) => access === 'read' && dedicated)).toBe(
      true,
    );
  });

  it('has its bytes again when its heap is rebuilt', () => {
    const { gpu, heap } = openHeap();
    const ring = new FrameRing(heap, { usage: UNIFORM, bytes: 1024 });
    for (let frame = 0; frame < 3; frame++) {
      ring.push(patternOf(frame, 256));
      ring.flush();
      ring.endFrame(heap.endFrame());
    }
    const kept = ring.push(patternOf(8, 100));
    ring.flush();
    gpu.lose();
    const { version } = ring;
    const next = openHeap();
    expect(heap.rebuild(next.backend).emptied).toEqual([]);
    next.gpu.completeAll();
    expect(firstDifference(next.gpu.peek(ring.buffer, kept, 100), patternOf(8, 100))).toBe(-1);
    expect([ring.version > version, ring.framesInFlight, ring.usedBytes]).toEqual([true, 0, 256]);
    const serial = heap.endFrame();
    ring.endFrame(serial);
    for (let k = 0; k < 3; k++) ring.push(patternOf(k, 256));
    expect(ring.grownCount).toBe(0);
    ring.flush();
    next.gpu.completeUpTo(serial);
    expect([ring.usedBytes, ring.framesInFlight]).toEqual([768, 0]);
    expect([gpu.errors, next.gpu.errors]).toEqual([[], []]);
  });

  it('makes nothing for a push', async () => {
    const { heap } = openHeap({}, { reuseAfter: 'submitted', autoComplete: true });
    const ring = new FrameRing(heap, { usage: UNIFORM, bytes: 2 ** 22 });
    const pieces = [new Float32Array(16), new Uint32Array(16), new Int32Array(16), new Uint8Array(64)];
    let last = 0;
    const act = (i: number): void => {
      if (i === 0) {
        ring.flush();
        ring.endFrame(heap.endFrame());
      }
      last = ring.push(pieces[i % 4]!);
    };
    expect(await leastGarbage(act, 16_000)).toBeLessThan(16_000);
    expect([last, ring.grownCount]).toEqual([15_999 * 256, 0]);
  });
});

describe('a frame ring that is refused something', () => {
  const stateOf = (ring: FrameRing<MockBuffer>, heap: GpuHeap<MockBuffer>) =>
    JSON.stringify([figuresOf(ring), heap.snapshot()]);

  it('has changed nothing when the input was bad', () => {
    const { heap } = openHeap();
    const ring = new FrameRing(heap, { usage: UNIFORM, bytes: 1024 });
    ring.push(new Uint8Array(300));
    ring.flush();
    ring.endFrame(heap.endFrame());
    ring.push(new Uint8Array(100));
    const numbers = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '8', null, undefined, 8n];
    const calls: [string, () => unknown][] = [
      ...[...numbers, 0].map((size): [string, () => unknown] => [
        'bad-size',
        () => ring.reserve(size as number),
      ]),
      ...[...numbers, 0, 1025].map((size): [string, () => unknown] => [
        'bad-size',
        () => ring.binding(size as number),
      ]),
      ...[null, undefined, 4, 'bytes', [1], {}].map((data): [string, () => unknown] => [
        'bad-data',
        () => ring.push(data as never),
      ]),
      ['bad-size', () => ring.push(new Float32Array(0))],
      ['bad-size', () => ring.push(new ArrayBuffer(0))],
      ['too-large', () => ring.reserve(2 ** 52)],
      ['too-large', () => ring.reserve(2 ** 29)],
      ...numbers.flatMap((value): [string, () => unknown][] => [
        ['bad-offset', () => ring.bytesAt(value as number, 4)],
        ['bad-size', () => ring.bytesAt(512, value as number)],
      ]),
      ['out-of-bounds', () => ring.bytesAt(0, 4)],
      ['out-of-bounds', () => ring.bytesAt(511, 4)],
      ['out-of-bounds', () => ring.bytesAt(512, 257)],
      ['out-of-bounds', () => ring.bytesAt(768, 1)],
      ...[...numbers, 0].map((serial): [string, () => unknown] => [
        'bad-argument',
        () => ring.endFrame(serial as number),
      ]),
      // Something was pushed that was never uploaded.
      ['bad-argument', () => ring.endFrame(7)],
    ];
    const before = stateOf(ring, heap);
    for (const [code, call] of calls) {
      expect(codeOf(call)).toBe(code);
      expect(stateOf(ring, heap)).toBe(before);
    }
    for (const [code, options] of [
      ['bad-argument', null],
      ['unknown-option', { usage: UNIFORM, size: 4 }],
      ['bad-usage', {}],
      ['bad-usage', { usage: 0 }],
      ['bad-size', { usage: UNIFORM, bytes: 0 }],
      ['bad-alignment', { usage: UNIFORM, alignment: 0 }],
      ['bad-alignment', { usage: UNIFORM, alignment: 2 ** 31 - 1 }],
      ['bad-argument', { usage: UNIFORM, label: 1 }],
      ['bad-argument', { usage: UNIFORM, timelines: [1] }],
      ['too-large', { usage: UNIFORM, bytes: 2 ** 40 }],
    ] as const) {
      expect(codeOf(() => new FrameRing(heap, options as unknown as FrameRingOptions))).toBe(code);
      expect(stateOf(ring, heap)).toBe(before);
    }
    expect(codeOf(() => new FrameRing({} as never, { usage: UNIFORM }))).toBe('bad-argument');
  });

  it('goes on as it was when it could not grow', () => {
    const { gpu, heap } = openHeap({ budgetBytes: 3000 });
    const ring = new FrameRing(heap, { usage: UNIFORM, bytes: 1024 });
    const offset = ring.push(patternOf(1, 700));
    const before = figuresOf(ring);
    expect(codeOf(() => ring.push(new Uint8Array(700)))).toBe('over-budget');
    expect(figuresOf(ring)).toEqual(before);
    heap.setBudget(4000);
    gpu.faults.failAtCall(gpu.counts.write + 1, { kind: 'write' });
    expect(codeOf(() => ring.push(new Uint8Array(700)))).toBe('backend-failed');
    expect(figuresOf(ring)).toEqual(before);
    gpu.faults.failAtCall(gpu.counts.write + 1, { kind: 'write' });
    expect(codeOf(() => ring.flush())).toBe('backend-failed');
    expect(ring.flush()).toBe(768);
    gpu.completeAll();
    expect(firstDifference(gpu.peek(ring.buffer, offset, 700), patternOf(1, 700))).toBe(-1);
    gpu.lose();
    expect(codeOf(() => ring.push(new Uint8Array(700)))).toBe('device-lost');
    expect(figuresOf(ring)).toEqual(before);
  });

  it('is of no use once it is freed, or its heap is', () => {
    const { gpu, heap } = openHeap({}, { reuseAfter: 'submitted' });
    const ring = new FrameRing(heap, { usage: UNIFORM });
    using other = new FrameRing(heap, { usage: UNIFORM });
    ring.push(new Uint8Array(4));
    ring.free();
    ring.free();
    for (const call of [
      () => ring.push(new Uint8Array(4)),
      () => ring.reserve(4),
      () => ring.buffer,
      () => ring.binding(4),
      () => ring.flush(),
      () => ring.endFrame(3),
    ]) {
      expect(codeOf(call)).toBe('disposed');
    }
    expect([figuresOf(ring).usedBytes, ring.capacity, ring.pushedBytes]).toEqual([0, 0, 4]);
    heap.endFrame();
    expect(gpu.buffers.size).toBe(1);
    other.push(new Uint8Array(4));
    heap.dispose();
    expect(codeOf(() => other.flush())).toBe('dead-allocation');
    expect(codeOf(() => new FrameRing(heap, { usage: UNIFORM }))).toBe('disposed');
    expect(gpu.buffers.size).toBe(0);
  });
});
