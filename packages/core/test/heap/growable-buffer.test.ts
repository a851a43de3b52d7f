import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MockBuffer, Sighting } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { BufferUsage, type GpuHeap, GrowableBuffer, type GrowableRequest } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { STORAGE, VERTEX } = BufferUsage;
const KIB = 1024;
const MEBI = KIB * KIB;

describe('a growable buffer', () => {
  it('holds nothing until the first byte, then keeps all of them', async () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true, recordCalls: true });
    const points = new GrowableBuffer(heap, { usage: VERTEX, label: 'points', owner: 'scan' });
    expect([points.size, points.capacity, points.allocation]).toEqual([0, 0, undefined]);
    expect(gpu.counts.createBuffer).toBe(0);
    const all = patternOf(1, 40_000);
    for (let at = 0; at < all.length; at += 500) {
      expect(points.append(all.subarray(at, at + 500))).toBe(at);
    }
    expect(points.size).toBe(40_000);
    expect(points.allocation).toMatchObject({ label: 'points', owner: 'scan', isLive: true });
    expect(firstDifference(await points.read(), all)).toBe(-1);
    expect(firstDifference(await points.read(1001, 77), all.slice(1001, 1078))).toBe(-1);
    expect(points.binding()).toEqual({ buffer: points.buffer, offset: points.offset, size: 40_000 });
  });

  it('takes at most half more while small, an eighth more when large, and copies little', () => {
    const { heap } = openHeap({}, { autoComplete: true });
    const wall = (): void => void heap.allocate({ size: 64, usage: STORAGE });
    const bytes = new GrowableBuffer(heap, { usage: STORAGE });
    const appended = 64 * KIB;
    const data = new Uint8Array(appended);
    for (const [limit, spare, copied] of [
      [MEBI, 1 / 2, 2],
      [16 * MEBI, 1 / 8, 8],
    ] as const) {
      const from = { size: bytes.size, copiedBytes: heap.statistics().copiedBytes };
      let before = bytes.capacity;
      while (bytes.size < limit) {
        bytes.append(data);
        wall();
        if (bytes.capacity === before) continue;
        expect(bytes.capacity).toBeLessThanOrEqual(Math.max(bytes.size, before * (1 + spare)) + 16);
        before = bytes.capacity;
      }
      const gained = bytes.size - from.size;
      const { copiedBytes } = heap.statistics();
      expect(copiedBytes - from.copiedBytes).toBeLessThanOrEqual(copied * (gained + from.size));
    }
    expect(bytes.version).toBeLessThan(45);
  });

  it('takes what is needed where there is no room for more', () => {
    for (const [budgetBytes, maxBufferSize, from, to] of [
      [2048, 8192, 900, 1100],
      [8192, 2048, 1900, 1910],
    ] as const) {
      const { heap } = openHeap(
        { chunkBytes: 64 * KIB, budgetBytes: budgetBytes * KIB },
        { autoComplete: true, maxBufferSize: maxBufferSize * KIB },
      );
      const bytes = new GrowableBuffer(heap, { usage: VERTEX, size: from * KIB });
      expect(bytes.capacity).toBe(from * KIB);
      bytes.resize(to * KIB);
      expect(bytes.capacity).toBe(to * KIB);
    }
  });

  it('tells of every new place, when its size is new as well', () => {
    const { heap } = openHeap({}, { autoComplete: true });
    const bytes = new GrowableBuffer(heap, { usage: VERTEX });
    const seen: unknown[] = [];
    const stop = bytes.on('moved', () => seen.push([bytes.version, bytes.binding(), bytes.capacity]));
    bytes.append(new Uint8Array(100));
    expect(seen).toEqual([[bytes.version, bytes.binding(), 256]]);
    heap.allocate({ size: 64, usage: VERTEX });
    bytes.append(new Uint8Array(300));
    expect(seen.length).toBe(2);
    expect(seen[1]).toEqual([bytes.version, bytes.binding(), 400]);
    stop();
    heap.allocate({ size: 64, usage: VERTEX });
    bytes.resize(4000);
    expect(seen.length).toBe(2);
  });

  it('reserves no more than it is told, and gives back what is not in use', async () => {
    const { heap } = openHeap({}, { autoComplete: true, reuseAfter: 'submitted' });
    const bytes = new GrowableBuffer(heap, { usage: VERTEX, size: 100 });
    bytes.write(patternOf(2, 100));
    bytes.reserve(9000);
    const { version } = bytes;
    for (let k = 0; k < 8; k++) bytes.append(patternOf(k, 1000));
    expect([bytes.capacity, bytes.size, bytes.version]).toEqual([9000, 8100, version]);
    bytes.resize(100);
    bytes.reserve(50);
    expect(bytes.capacity).toBe(9000);
    bytes.shrinkToFit();
    expect([bytes.capacity, heap.statistics().requestedBytes]).toEqual([100, 100]);
    expect(firstDifference(await bytes.read(), patternOf(2, 100))).toBe(-1);
    bytes.resize(0);
    bytes.shrinkToFit();
    expect([bytes.capacity, bytes.allocation]).toEqual([0, undefined]);
    expect(heap.statistics().allocationCount).toBe(0);
  });

  it('ends at any byte, and goes on at a multiple of 4', async () => {
    const { heap } = openHeap({}, { autoComplete: true });
    const bytes = new GrowableBuffer(heap, { usage: VERTEX });
    bytes.append(patternOf(1, 6));
    bytes.write(patternOf(2, 2), 4);
    expect(codeOf(() => bytes.append(patternOf(3, 4)))).toBe('misaligned');
    bytes.append(new Uint8Array(0));
    expect(bytes.binding().size).toBe(8);
    bytes.resize(8);
    expect(bytes.append(patternOf(3, 3))).toBe(8);
    expect([...(await bytes.read(0, 6))]).toEqual([...patternOf(1, 4), ...patternOf(2, 2)]);
    expect([...(await bytes.read(8))]).toEqual([...patternOf(3, 3)]);
    expect((await bytes.read(11)).length).toBe(0);
  });

  it('gives its allocation away and takes others', async () => {
    const { heap } = openHeap({}, { autoComplete: true });
    using bytes = new GrowableBuffer(heap, { usage: VERTEX, size: 8 });
    bytes.write(patternOf(1, 8));
    const first = bytes.detach()!;
    expect([bytes.size, bytes.capacity, first.isLive, first.size]).toEqual([0, 0, true, 8]);
    expect(bytes.detach()).toBe(undefined);
    const second = heap.allocate({ size: 30, usage: VERTEX });
    second.write(patternOf(2, 30));
    const { version } = bytes;
    bytes.attach(second);
    expect([bytes.size, bytes.version]).toEqual([30, version + 1]);
    bytes.write(patternOf(3, 2), 28);
    expect(bytes.detach()).toBe(second);
    bytes.attach(second, 4);
    bytes.append(patternOf(4, 1000));
    expect(firstDifference(await first.read(), patternOf(1, 8))).toBe(-1);
    expect([...(await bytes.read(0, 4))]).toEqual([...patternOf(2, 4)]);
    expect(firstDifference(await bytes.read(4), patternOf(4, 1000))).toBe(-1);
    bytes.free();
    expect([second.isLive, bytes.size, bytes.capacity]).toEqual([false, 0, 0]);
    bytes.free();
    bytes.append(patternOf(5, 4));
    expect(heap.statistics().allocationCount).toBe(2);
    bytes[Symbol.dispose]();
    expect(heap.statistics().allocationCount).toBe(1);
  });

  it('is restored with its heap, and what was given away is not', async () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true });
    const bytes = new GrowableBuffer(heap, { usage: VERTEX, onRestore: () => patternOf(7, 400) });
    bytes.append(patternOf(1, 400));
    const given = bytes.detach()!;
    bytes.append(patternOf(2, 400));
    const copied = new GrowableBuffer(heap, { usage: VERTEX, hostCopy: true });
    for (let k = 0; k < 9; k++) copied.append(patternOf(k, 100));
    const versions = [bytes.version, copied.version];
    gpu.lose();
    expect(codeOf(() => bytes.append(patternOf(3, 4000)))).toBe('device-lost');
    expect([bytes.size, bytes.capacity]).toEqual([400, 400]);
    const rebuilt = heap.rebuild(openHeap({}, { autoComplete: true }).backend);
    expect(rebuilt.emptied).toEqual([given]);
    expect([bytes.version, copied.version]).toEqual(versions.map((version) => version + 1));
    expect(firstDifference(await bytes.read(), patternOf(7, 400))).toBe(-1);
    const all = Array.from({ length: 9 }, (_, k) => [...patternOf(k, 100)]).flat();
    expect(firstDifference(await copied.read(), Uint8Array.from(all))).toBe(-1);
  });
});

describe('a growable buffer that is refused something', () => {
  const stateOf = (bytes: GrowableBuffer<MockBuffer>, heap: GpuHeap<MockBuffer>) =>
    JSON.stringify([bytes.size, bytes.capacity, bytes.version, heap.snapshot()]);

  it('has changed nothing when the input was bad', () => {
    const { heap } = openHeap();
    const bytes = new GrowableBuffer(heap, { usage: VERTEX, size: 100 });
    const empty = new GrowableBuffer(heap, { usage: VERTEX });
    const foreign = openHeap().heap.allocate({ size: 64, usage: VERTEX });
    const dead = heap.allocate({ size: 64, usage: VERTEX });
    dead.free();
    const member = heap.allocateBlock([{ size: 64, usage: VERTEX }]);
    const brief = heap.allocate({ size: 64, usage: VERTEX, lifetime: 'frame' });
    const fine = heap.allocate({ size: 64, usage: VERTEX });
    const sizes = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '8', null, 8n];
    const calls: [string, () => unknown][] = [
      ...sizes.map((size): [string, () => unknown] => ['bad-size', () => bytes.resize(size as number)]),
      ...sizes.map((size): [string, () => unknown] => ['bad-size', () => bytes.reserve(size as number)]),
      ...sizes.map((size): [string, () => unknown] => ['bad-offset', () => bytes.read(size as number, 4)]),
      ['too-large', () => bytes.resize(2 ** 40)],
      ['too-large', () => bytes.reserve(2 ** 40)],
      ...[null, undefined, 4, 'bytes', [1, 2, 3, 4]].flatMap((data): [string, () => unknown][] => [
        ['bad-data', () => bytes.append(data as never)],
        ['bad-data', () => bytes.write(data as never)],
      ]),
      ['misaligned', () => bytes.write(new Uint8Array(3))],
      ['misaligned', () => bytes.write(new Uint8Array(4), 2)],
      ['out-of-bounds', () => bytes.write(new Uint8Array(8), 96)],
      ['out-of-bounds', () => bytes.read(0, 101)],
      ['bad-argument', () => bytes.attach(fine)],
      ['bad-size', () => empty.attach(fine, 65)],
      ['bad-size', () => empty.attach(fine, -1)],
      ['foreign-object', () => empty.attach(foreign)],
      ['foreign-object', () => empty.attach(undefined as never)],
      ['dead-allocation', () => empty.attach(dead)],
      ['part-of-block', () => empty.attach(member)],
      ['bad-argument', () => empty.attach(brief)],
      ['bad-size', () => empty.binding()],
      ['dead-allocation', () => empty.buffer],
      ['dead-allocation', () => empty.offset],
      ['bad-argument', () => bytes.on('freed' as 'moved', () => 1)],
      ['bad-argument', () => bytes.on('moved', 1 as never)],
    ];
    const before = [stateOf(bytes, heap), stateOf(empty, heap)];
    for (const [code, call] of calls) {
      expect(codeOf(call)).toBe(code);
      expect([stateOf(bytes, heap), stateOf(empty, heap)]).toEqual(before);
    }
    const make = (request: unknown) => () => new GrowableBuffer(heap, request as GrowableRequest<MockBuffer>);
    for (const [code, request] of [
      ['bad-argument', null],
      ['bad-argument', [VERTEX]],
      ['bad-usage', {}],
      ['bad-usage', { usage: 0, size: 4 }],
      ['bad-size', { usage: VERTEX, size: -1 }],
      ['bad-argument', { usage: VERTEX, lifetime: 'frame' }],
      ['unknown-option', { usage: VERTEX, zeroed: true }],
      ['dead-allocation', { usage: VERTEX, apartFrom: [dead] }],
    ] as const) {
      expect(codeOf(make(request))).toBe(code);
      expect(stateOf(bytes, heap)).toBe(before[0]);
    }
    expect(codeOf(() => new GrowableBuffer({} as never, { usage: VERTEX }))).toBe('bad-argument');
    heap.dispose();
    expect(codeOf(() => bytes.append(new Uint8Array(4)))).toBe('dead-allocation');
    expect(codeOf(() => empty.append(new Uint8Array(4)))).toBe('disposed');
    expect(codeOf(make({ usage: VERTEX }))).toBe('disposed');
    bytes.free();
    expect(bytes.capacity).toBe(0);
  });

  it('has its bytes and its size when there was no room, or the backend failed', async () => {
    const { gpu, heap } = openHeap(
      { budgetBytes: 200 * KIB, chunkBytes: 64 * KIB },
      { autoComplete: true, recordCalls: true },
    );
    const bytes = new GrowableBuffer(heap, { usage: VERTEX });
    bytes.append(patternOf(1, 1000));
    heap.allocate({ size: 16, usage: VERTEX });
    const state = () => [bytes.size, bytes.capacity, bytes.version, bytes.buffer, bytes.offset];
    const before = state();
    expect(codeOf(() => bytes.append(new Uint8Array(190 * KIB)))).toBe('over-budget');
    expect(state()).toEqual(before);
    expect(codeOf(() => bytes.reserve(190 * KIB))).toBe('over-budget');
    gpu.faults.failAtCall(gpu.counts.copy + 1, { kind: 'copy' });
    expect(codeOf(() => bytes.append(new Uint8Array(2000)))).toBe('backend-failed');
    expect(state()).toEqual(before);
    gpu.faults.failAtCall(gpu.counts.write + 1, { kind: 'write' });
    expect(codeOf(() => bytes.append(new Uint8Array(2000)))).toBe('backend-failed');
    expect(bytes.size).toBe(1000);
    expect(firstDifference(await bytes.read(), patternOf(1, 1000))).toBe(-1);
  });
});

type Step = readonly [kind: string, a: number];

const KINDS = ['append', 'append', 'append', 'write', 'shorter', 'longer', 'reserve', 'shrink', 'wall'];
KINDS.push('record', 'record', 'submit', 'frame', 'complete', 'away');

/** What an encoder recorded, and the bytes that it must see. */
interface Expectation {
  readonly sighting: Sighting;
  readonly bytes: Uint8Array;
}

async function run(script: readonly Step[], reuseAfter: 'submitted' | 'completed'): Promise<void> {
  const { gpu, heap } = openHeap({ chunkBytes: 65_536, dedicatedBytes: 9000 }, { reuseAfter });
  const buffer = new GrowableBuffer(heap, { usage: VERTEX });
  let model: number[] = [];
  let serial = 0;
  let seed = 0;
  const expected: Expectation[] = [];
  let open: { encoder: ReturnType<typeof gpu.recordEncoder>; upTo: number } | undefined;
  const submit = (): void => {
    expect(open?.encoder.submit() ?? true).toBe(true);
    open = undefined;
  };
  const steps: Record<string, (a: number) => void> = {
    append: (a) => {
      if (model.length % 4 !== 0) steps['longer']?.(0);
      const bytes = patternOf(++seed, 1 + (a % 700));
      expect(buffer.append(bytes)).toBe(model.length);
      model.push(...bytes);
    },
    write: (a) => {
      // What an open encoder is to see stays as it is.
      const at = Math.max(4 * (a % 100), open?.upTo ?? 0);
      if (at % 4 !== 0 || at >= model.length) return;
      const bytes = patternOf(++seed, model.length - at);
      buffer.write(bytes, at);
      model.splice(at, bytes.length, ...bytes);
    },
    shorter: (a) => {
      const size = Math.max(model.length - (a % 300), open?.upTo ?? 0);
      if (size > model.length) return;
      buffer.resize(size);
      model = model.slice(0, size);
    },
    longer: (a) => {
      const before = model.length;
      const size = before - (before % 4) + 4 * (1 + (a % 50));
      const from = before - (before % 4);
      buffer.resize(size);
      const bytes = patternOf(++seed, size - before);
      const word = [...model.slice(from), ...bytes];
      buffer.write(Uint8Array.from(word), from);
      model.push(...bytes);
    },
    reserve: (a) => buffer.reserve(a % 20_000),
    shrink: () => buffer.shrinkToFit(),
    wall: () => void heap.allocate({ size: 16, usage: VERTEX }),
    away: () => {
      const given = buffer.detach();
      if (given !== undefined) buffer.attach(given, model.length);
    },
    record: () => {
      submit();
      if (model.length === 0) return;
      const encoder = gpu.recordEncoder();
      const { buffer: place, offset, size } = buffer.binding();
      expect(size).toBe(model.length + ((4 - (model.length % 4)) % 4));
      expected.push({ sighting: encoder.read(place, offset, size), bytes: Uint8Array.from(model) });
      open = { encoder, upTo: model.length };
    },
    submit,
    frame: () => {
      submit();
      serial = heap.endFrame();
    },
    complete: (a) => gpu.completeUpTo(Math.max(0, serial - (a % 3))),
  };
  for (const [kind, a] of script) {
    steps[kind]!(a);
    expect([buffer.size, buffer.capacity >= model.length]).toEqual([model.length, true]);
  }
  submit();
  const read = buffer.read();
  gpu.completeAll();
  expect(firstDifference(await read, Uint8Array.from(model))).toBe(-1);
  for (const { sighting, bytes } of expected) {
    expect(firstDifference(sighting.bytes!.slice(0, bytes.length), bytes)).toBe(-1);
  }
  expect(gpu.errors).toEqual([]);
  buffer.free();
  heap.dispose();
  expect(gpu.buffers.size).toBe(0);
}

describe('growable buffer model', () => {
  for (const reuseAfter of ['submitted', 'completed'] as const) {
    it(`is an array of bytes to every encoder, ranges reused after ${reuseAfter}`, async () => {
      const script = fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.nat(1_000_000)), {
        minLength: 10,
        maxLength: 120,
        size: 'max',
      });
      await fc.assert(
        fc.asyncProperty(script, (steps) => run(steps, reuseAfter)),
        { numRuns: scale(150, 2000) },
      );
    });
  }
});
