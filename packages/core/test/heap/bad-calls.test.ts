import { describe, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import {
  type Allocation,
  type AllocationRequest,
  BufferUsage,
  GpuHeap,
  type GpuHeapOptions,
  type HeapPoolOptions,
  type WriteData,
} from '../../src/index.ts';
import {
  type BadCall,
  badRequests,
  callsWith,
  expectRefusals,
  FINE,
  LEAST_CALLS,
  NOT_ARRAYS,
  NOT_COUNTS,
  NOT_FLAGS,
  NOT_FUNCTIONS,
  NOT_OPTIONS,
  NOT_TEXTS,
  NOT_WORDS,
  strangers,
  strayBuffer,
  UNKNOWN_NAMES,
} from './bad-values.ts';
import { openHeap } from './open-heap.ts';

const { COPY_DST, STORAGE, VERTEX } = BufferUsage;
type Request = AllocationRequest<MockBuffer>;
type Held = Allocation<MockBuffer>;

/** A heap in which something lives and something waits. */
function openUsed() {
  const opened = openHeap();
  const { heap } = opened;
  const live = heap.allocate({ ...FINE, label: 'live', owner: 'test' });
  const block = heap.allocateBlock([FINE, FINE], 'block');
  heap.allocate({ size: 30, usage: STORAGE }).free();
  return { ...opened, live, block };
}

/** Dead ones of every kind. */
function deadOnes(heap: GpuHeap<MockBuffer>): Held[] {
  const pool = heap.createPool({ name: 'short' });
  const made = Array.from({ length: 60 }, (_, k) => [
    heap.allocate({ size: 1 + 37 * k, usage: VERTEX }),
    heap.allocate({ size: 1 + 11 * k, usage: VERTEX, pool }),
    heap.allocate({ size: 1 + k, usage: COPY_DST, location: 'readback' }),
  ]).flat();
  const block = heap.allocateBlock(
    Array.from({ length: 30 }, () => FINE),
    'block',
  );
  const frames = Array.from({ length: 30 }, () => heap.allocate({ ...FINE, lifetime: 'frame' }));
  for (const each of [...made, block]) each.free();
  heap.endFrame();
  return [...made, ...frames, ...(block.members as Held[])];
}

describe('what is asked for is refused when it can not be, and nothing has changed:', () => {
  const ways: readonly [string, (heap: GpuHeap<MockBuffer>, request: Request) => unknown][] = [
    ['allocate', (heap, request) => heap.allocate(request)],
    ['tryAllocate', (heap, request) => heap.tryAllocate(request)],
    ['allocateAsync', (heap, request) => heap.allocateAsync(request)],
    ['canAllocate', (heap, request) => heap.canAllocate(request)],
    ['largestAllocatable', (heap, request) => heap.largestAllocatable(request)],
    ['warm', (heap, request) => heap.warm(request)],
    ['allocateMany', (heap, request) => heap.allocateMany([FINE, request, FINE])],
    ['allocateBlock', (heap, request) => heap.allocateBlock([FINE, request])],
  ];

  it.each(ways)('%s', async (_name, ask) => {
    const { heap } = openUsed();
    const bad = badRequests(heap);
    await expectRefusals(
      heap,
      bad.map(([code, request]): BadCall => [code, () => ask(heap, request as Request), request]),
    );
  });

  it('allocateMany and allocateBlock, of lists', async () => {
    const { heap } = openUsed();
    const differ: Partial<Request>[] = [
      { access: 'write' },
      { lifetime: 'long' },
      { lifetime: 'frame' },
      { usage: COPY_DST, location: 'readback' },
      { pool: heap.createPool({ name: 'own' }) },
    ];
    const lists = [...NOT_ARRAYS, undefined];
    await expectRefusals(
      heap,
      [
        ...callsWith<Request[]>('bad-argument', lists, (list) => heap.allocateMany(list)),
        ...callsWith<Request[]>('bad-argument', [...lists, []], (list) => heap.allocateBlock(list)),
        ...callsWith<string>('bad-argument', NOT_TEXTS, (label) => heap.allocateBlock([FINE], label)),
        ...callsWith<Request>('bad-argument', differ, (other) =>
          heap.allocateBlock([FINE, { ...FINE, ...other }]),
        ),
      ],
      LEAST_CALLS,
    );
  });

  it('createPool', async () => {
    const { heap } = openUsed();
    const vary = (code: string, name: keyof HeapPoolOptions, values: readonly unknown[]) =>
      callsWith<never>(code, values, (value) => heap.createPool({ name: 'a', [name]: value }));
    const counts = NOT_COUNTS.slice(0, 40);
    const finite = counts.filter((value) => value !== Number.POSITIVE_INFINITY);
    await expectRefusals(heap, [
      ...callsWith<HeapPoolOptions>('bad-argument', [undefined, {}, ...NOT_OPTIONS], (options) =>
        heap.createPool(options),
      ),
      ...vary('bad-argument', 'name', [undefined, ...NOT_TEXTS]),
      ...vary('bad-argument', 'access', NOT_WORDS),
      ...vary('bad-argument', 'location', [...NOT_WORDS, 'auto', 'scratch']),
      ...vary('bad-argument', 'lifetime', [...NOT_WORDS, 'frame']),
      ...vary('bad-argument', 'suballocator', [...NOT_FUNCTIONS, 'tlsf']),
      ...vary('bad-usage', 'usage', [...counts, 0, 0x800]),
      ...vary('bad-granularity', 'granularity', [...counts, 0, 1, 6, 65_540]),
      ...vary('bad-size', 'chunkBytes', [...counts, 0, 8]),
      ...vary('bad-size', 'dedicatedBytes', [...counts, 0]),
      ...vary('bad-size', 'minBytes', counts),
      ...vary('bad-size', 'minChunks', counts),
      ...vary('bad-size', 'maxBytes', [...finite, 0]),
      ...vary('bad-size', 'maxChunks', [...finite, 0]),
      ...UNKNOWN_NAMES.map(
        (name): BadCall => ['unknown-option', () => heap.createPool({ name: 'a', [name]: 1 } as never)],
      ),
    ]);
  });

  it('the heap itself', async () => {
    const { heap, backend } = openUsed();
    const make = (options: unknown): unknown => new GpuHeap(backend, options as GpuHeapOptions);
    const vary = (code: string, name: string, values: readonly unknown[]) =>
      callsWith(code, values, (value) => make({ [name]: value }));
    const finite = NOT_COUNTS.filter((value) => value !== Number.POSITIVE_INFINITY).slice(0, 60);
    const switches = ['memoryInformation', 'leaksOnDispose', 'storeStacks', 'allocations', 'frees', 'stacks'];
    await expectRefusals(heap, [
      ...callsWith('bad-argument', [undefined, {}, { createBuffer: 1 }, ...NOT_OPTIONS], (value) =>
        Reflect.construct(GpuHeap, [value]),
      ),
      ...callsWith('bad-argument', NOT_OPTIONS, make),
      ...vary('bad-size', 'budgetBytes', [...finite, 0]),
      ...vary('bad-size', 'chunkBytes', [...finite, 0, 65_535, 65_537, 2 ** 35]),
      ...vary('bad-size', 'dedicatedBytes', [...finite, 0]),
      ...vary('bad-argument', 'onPressure', NOT_FUNCTIONS),
      ...vary('bad-argument', 'onLeak', NOT_FUNCTIONS),
      ...vary('bad-argument', 'logger', NOT_FUNCTIONS),
      ...vary('bad-argument', 'watchLeaks', NOT_FLAGS),
      ...vary('bad-argument', 'debug', NOT_OPTIONS),
      ...switches.flatMap((name) =>
        callsWith('bad-argument', NOT_FLAGS, (value) => make({ debug: { [name]: value } })),
      ),
      ...UNKNOWN_NAMES.flatMap((name): BadCall[] => [
        ['unknown-option', () => make({ [name]: 1 })],
        ['unknown-option', () => make({ debug: { [name]: true } })],
      ]),
    ]);
  });

  it('trim', async () => {
    const { heap } = openUsed();
    const trim = (limits: unknown): unknown => heap.trim(limits as object);
    await expectRefusals(heap, [
      ...callsWith('bad-argument', NOT_OPTIONS, trim),
      ...callsWith('bad-argument', NOT_COUNTS, (idleFrames) => trim({ idleFrames })),
      ...callsWith<string>('unknown-option', UNKNOWN_NAMES, (name) => trim({ [name]: 1 })),
    ]);
  });

  it('setBudget and submitted', async () => {
    const { heap } = openUsed();
    const finite = NOT_COUNTS.filter((value) => value !== Number.POSITIVE_INFINITY);
    await expectRefusals(heap, [
      ...callsWith<number>('bad-size', [...finite, 0, undefined], (bytes) => heap.setBudget(bytes)),
    ]);
    await expectRefusals(heap, [
      ...callsWith<number>('bad-argument', [...NOT_COUNTS, 1, 2, 64], (timeline) => heap.submitted(timeline)),
    ]);
  });

  it('adopt', async () => {
    const { heap, gpu } = openUsed();
    const usage = VERTEX | COPY_DST;
    const buffer = gpu.makeBuffer({ size: 64, usage });
    const adopt = (other: unknown): unknown => heap.adopt(other as never);
    const vary = (codes: BadCall[0], name: string, values: readonly unknown[]) =>
      callsWith(codes, values, (value) => adopt({ buffer, size: 64, usage, [name]: value }));
    const own = heap.allocate(FINE).buffer;
    await expectRefusals(heap, [
      ...callsWith('bad-argument', [undefined, ...NOT_OPTIONS], adopt),
      ...vary(['bad-argument', 'foreign-object'], 'buffer', [undefined, null, 1, 'b', {}, [], strayBuffer()]),
      ['bad-argument', () => adopt({ buffer: own, size: own.sizeBytes, usage: own.usage })],
      ...vary('bad-size', 'size', [...NOT_COUNTS, 0, 60, 68, undefined]),
      ...vary('bad-usage', 'usage', [...NOT_COUNTS.slice(0, 40), VERTEX, 0, undefined]),
      ...vary('bad-argument', 'label', NOT_TEXTS.slice(0, 40)),
      ...vary('bad-argument', 'owner', NOT_TEXTS.slice(0, 40)),
      ...callsWith<string>('unknown-option', UNKNOWN_NAMES, (name) =>
        adopt({ buffer, size: 64, usage, [name]: 1 }),
      ),
    ]);
  });
});

describe('what is done with allocations is refused when it can not be, and nothing has changed:', () => {
  const four = new Uint8Array(4);

  it('write and read', async () => {
    const { heap, live } = openUsed();
    await expectRefusals(heap, [
      ...callsWith<WriteData>('bad-data', [undefined, 4, 'abcd', ...NOT_ARRAYS.slice(0, 5)], (data) =>
        live.write(data),
      ),
      ...callsWith<number>('bad-offset', NOT_COUNTS, (at) => live.write(four, at)),
      ...callsWith<number>('misaligned', [1, 2, 3, 5, 59], (at) => live.write(four, at)),
      ...callsWith<number>('out-of-bounds', [62, 64, 68, 2 ** 40], (at) => live.write(four, at)),
    ]);
    await expectRefusals(heap, [
      ...callsWith<number>('bad-offset', NOT_COUNTS, (at) => live.read(at, 4)),
      ...callsWith<number>('bad-size', NOT_COUNTS, (size) => live.read(0, size)),
      ...callsWith<number>('out-of-bounds', [65, 2 ** 40], (at) => live.read(at, 0)),
    ]);
  });

  it('copy', async () => {
    const { heap, live, block } = openUsed();
    const { foreign, dead } = strangers(heap);
    const copy = (from: unknown, at: unknown, to: unknown, into: unknown, size: unknown): unknown =>
      heap.copy(from as Held, at as number, to as Held, into as number, size as number);
    const others = [undefined, foreign, ...NOT_OPTIONS];
    await expectRefusals(heap, [
      ...callsWith('foreign-object', others, (from) => copy(from, 0, block, 0, 4)),
      ...callsWith('foreign-object', others, (to) => copy(live, 0, to, 0, 4)),
      ['dead-allocation', () => copy(dead, 0, live, 0, 4)],
      ['dead-allocation', () => copy(live, 0, dead, 0, 4)],
      ...callsWith('bad-offset', NOT_COUNTS, (at) => copy(live, at, block, 0, 4)),
      ...callsWith('bad-offset', NOT_COUNTS, (into) => copy(live, 0, block, into, 4)),
      ...callsWith('bad-size', NOT_COUNTS, (size) => copy(live, 0, block, 0, size)),
      ...callsWith('out-of-bounds', [64, 68, 2 ** 40], (at) => copy(live, at, block, 0, 4)),
      ...callsWith('misaligned', [1, 2, 3, 5], (at) => copy(live, at, block, 0, 4)),
    ]);
  });

  it('resize', async () => {
    const { heap, live, block } = openUsed();
    const readback = heap.allocate({ size: 64, usage: COPY_DST, location: 'readback' });
    const member = block.members[0] as Held;
    await expectRefusals(heap, [
      ...callsWith<number>('bad-size', [...NOT_COUNTS, 0, undefined], (size) => live.resize(size)),
      ...callsWith<number>('too-large', [2 ** 40, 2 ** 50], (size) => live.resize(size)),
      ...callsWith<number>('part-of-block', [1, 64, 65, 1000], (size) => member.resize(size)),
      ...callsWith<number>('part-of-block', [1, 64, 65, 1000], (size) => block.resize(size)),
      ...callsWith<number>('not-movable', [2 ** 18, 2 ** 20], (size) => readback.resize(size)),
    ]);
  });

  it('rename and on', async () => {
    const { heap, live } = openUsed();
    await expectRefusals(heap, [
      ...callsWith<string>('bad-argument', [...NOT_TEXTS, undefined], (label) => live.rename(label)),
    ]);
    await expectRefusals(heap, [
      ...callsWith<'moved'>('bad-argument', [...NOT_TEXTS, '', 'Moved', 'freed'], (event) =>
        live.on(event, () => {}),
      ),
      ...callsWith<() => void>('bad-argument', [undefined, ...NOT_FUNCTIONS], (hook) =>
        live.on('moved', hook),
      ),
    ]);
  });

  it('recordings', async () => {
    const { heap, live, block } = openUsed();
    const { foreign } = strangers(heap);
    const dead = deadOnes(heap);
    const token = heap.record();
    const ended = heap.record();
    ended.end();
    const use = (bad: unknown, before: number): unknown =>
      token.use(...Array.from({ length: before }, () => live), bad as Held, block);
    const others = [undefined, foreign, ...NOT_OPTIONS, ...NOT_FUNCTIONS];
    await expectRefusals(heap, [
      ...[0, 1, 3].flatMap((before) => callsWith('foreign-object', others, (bad) => use(bad, before))),
      ...callsWith('dead-allocation', dead, (bad) => use(bad, 1)),
      ...callsWith<Held>('token-ended', [live, block, foreign, dead[0]], (each) => ended.use(each)),
      ['token-ended', () => ended.use()],
    ]);
  });

  it('everything, when it is dead', async () => {
    const { heap, live } = openUsed();
    const dead = deadOnes(heap);
    const acts: readonly ((each: Held) => unknown)[] = [
      (each) => each.free(),
      (each) => each.buffer,
      (each) => each.offset,
      (each) => each.binding(),
      (each) => each.write(four),
      (each) => each.read(),
      (each) => each.resize(8),
      (each) => each.rename('late'),
      (each) => heap.copy(each, 0, live, 0, 4),
      (each) => heap.copy(live, 0, each, 0, 4),
      (each) => heap.allocate({ ...FINE, apartFrom: [each] }),
    ];
    for (const act of acts) await expectRefusals(heap, callsWith('dead-allocation', dead, act));
  });

  it('everything, when the heap is gone', async () => {
    const { heap, live, block } = openUsed();
    const token = heap.record().use(live);
    heap.dispose();
    const acts: readonly (() => unknown)[] = [
      () => heap.allocate(FINE),
      () => heap.tryAllocate(FINE),
      () => heap.allocateAsync(FINE),
      () => heap.allocateMany([FINE]),
      () => heap.allocateBlock([FINE]),
      () => heap.canAllocate(FINE),
      () => heap.largestAllocatable(FINE),
      () => heap.createPool({ name: 'late' }),
      () => heap.copy(live, 0, block, 0, 4),
      () => heap.setBudget(1000),
      () => heap.record(),
      () => heap.submitted(),
      () => heap.endFrame(),
      () => heap.trim(),
    ];
    await expectRefusals(
      heap,
      callsWith<() => unknown>('disposed', acts, (act) => act()),
      acts.length,
    );
    await expectRefusals(
      heap,
      callsWith<Held>('dead-allocation', [live, block], (each) => each.free()),
      2,
    );
    token.end();
    heap.dispose();
  });
});
