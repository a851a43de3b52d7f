import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { type AllocationRequest, BufferUsage, type HeapPoolOptions, type ScopeUse } from '../../src/index.ts';
import { BestFit, Binned, Fixed } from '../../src/ranges/index.ts';
import { codeOf } from '../code-of.ts';
import { type Entry, WholeModel } from './whole-model.ts';

const { COPY_DST, COPY_SRC, INDEX, STORAGE, UNIFORM, VERTEX } = BufferUsage;
const USAGES = [VERTEX, UNIFORM, STORAGE, INDEX | VERTEX, STORAGE | VERTEX] as const;
const LIFETIMES = ['default', 'default', 'transient', 'long', 'frame'] as const;
const BUDGETS = [Number.POSITIVE_INFINITY, 400_000, 200_000] as const;

/** What to do, and numbers to do it with. */
type Step = readonly [kind: keyof typeof ACTS, a: number, b: number, c: number];
type Act = (model: WholeModel, a: number, b: number, c: number) => void;

/** A request of any kind. */
function requestOf(model: WholeModel, a: number, b: number, c: number): AllocationRequest<MockBuffer> {
  const size = a % 11 === 0 ? 20_000 + (a % 30_000) : 1 + (a % 3000);
  const names = { label: `label ${a % 5}`, owner: `owner ${b % 4}`, zeroed: b % 3 === 0 };
  const common = { ...names, size, lifetime: LIFETIMES[c % 5] as 'default' };
  if (c % 17 === 0) return { ...common, usage: COPY_SRC | COPY_DST, location: 'upload' };
  if (c % 17 === 1) return { ...common, usage: COPY_DST, location: 'readback' };
  const pool = model.pools[b % Math.max(1, model.pools.length)];
  if (c % 7 === 0 && pool !== undefined) return { ...names, size: 1 + (a % 3000), usage: VERTEX, pool };
  const usage = USAGES[b % 5] as number;
  const apartFrom = c % 6 === 0 ? [model.pick(a), model.pick(b)] : [];
  return {
    ...common,
    usage,
    alignment: 1 + (a % 48),
    ...(b % 7 === 0 ? { access: 'read' } : {}),
    apartFrom: apartFrom.flatMap((entry) => (entry === undefined ? [] : [entry.allocation])),
  };
}

const POOLS: readonly Omit<HeapPoolOptions, 'name'>[] = [
  { granularity: 36, minChunks: 1 },
  { suballocator: (options) => new BestFit(options), maxChunks: 2, chunkBytes: 16_384 },
  { suballocator: (options) => new Binned(options), maxBytes: 60_000, dedicatedBytes: 2000 },
  { suballocator: (options) => new Fixed(options), granularity: 256, chunkBytes: 8192, dedicatedBytes: 8000 },
  { suballocator: 'none', maxChunks: 3 },
];

/** Whether it may be written now: a readback is mapped, with all that lies beside it, while it is read. */
function isFree(model: WholeModel, { request, place }: Entry): boolean {
  if (request.location !== 'readback') return true;
  return model.entries.every((each) => each.reading === 0 || each.place.buffer !== place.buffer);
}

const ACTS = {
  allocate: (model, a, b, c) => {
    const request = requestOf(model, a, b, c);
    model.attempt(() => void model.take(model.heap.allocate(request), request));
  },
  many: (model, a, b, c) => {
    const requests = [0, 1, 2].map((k) => requestOf(model, a + k, b + 7 * k, c + 3 * k));
    model.attempt(() => {
      for (const [k, each] of model.heap.allocateMany(requests).entries()) {
        model.take(each, requests[k] as AllocationRequest<MockBuffer>);
      }
    });
  },
  block: (model, a, b, c) => {
    const { zeroed: _, ...first } = requestOf(model, a % 5000, b, c);
    const requests = [0, 1, 2].map((k) => ({
      ...first,
      size: 1 + ((a + 977 * k) % 2000),
      zeroed: k === b % 4,
    }));
    model.attempt(() => {
      const { members = [] } = model.heap.allocateBlock(requests, 'block');
      for (const [k, each] of members.entries()) model.take(each, requests[k] as typeof first);
    });
  },
  later: (model, a, b, c) => model.later({ ...requestOf(model, a, b, c), apartFrom: [] }),
  free: (model, a) => {
    const entry = model.pick(a);
    if (entry !== undefined) model.free(entry);
  },
  write: (model, a, b) => {
    const entry = model.pick(a);
    if (entry === undefined || !isFree(model, entry)) return;
    const at = 4 * (b % Math.ceil(entry.bytes.length / 4));
    model.write(entry, at, entry.bytes.length - at);
  },
  copy: (model, a, b, c) => {
    const [from, to] = [model.pick(a), model.pick(b)];
    if (from === undefined || to === undefined || from.request.location === 'readback' || !isFree(model, to))
      return;
    const size = Math.min(from.bytes.length, to.bytes.length) & ~3;
    const at = 4 * (c % (1 + Math.floor((from.bytes.length - size) / 4)));
    model.attempt(() => model.copy(from, at, to, 0, size));
  },
  read: (model, a) => {
    const entry = model.pick(a);
    if (entry !== undefined) model.read(entry);
  },
  resize: (model, a, b) => {
    const entry = model.pick(a);
    if (entry === undefined || entry.allocation.block !== undefined || !isFree(model, entry)) return;
    const size = b % 9 === 0 ? 25_000 + (b % 20_000) : 1 + (b % 4000);
    if (entry.request.location === 'readback' && size > entry.bytes.length) return;
    if (entry.request.location === 'readback' && size * 2 < entry.place.buffer.sizeBytes) return;
    model.attempt(() => model.resize(entry, size));
  },
  rename: (model, a, b) => {
    const entry = model.pick(a);
    if (entry !== undefined) entry.allocation.rename(b % 3 === 0 ? '' : `label ${b % 5}`);
  },
  record: (model, a, b) => {
    const used = [model.pick(a), model.pick(b)].filter((entry) => entry !== undefined);
    model.record(used.filter(({ request }) => request.location !== 'readback'));
  },
  scope: (model, a, b, c) => {
    const used = [a, b, c].map((k) => model.pick(k)).filter((entry) => entry !== undefined);
    const bindings = [...new Set(used)].map(({ allocation, request }, k) => {
      const isStorage = (request.usage & STORAGE) !== 0;
      const use: ScopeUse = isStorage ? (k === c % 3 ? 'storage' : 'read-only-storage') : 'vertex';
      return { allocation, use };
    });
    model.resolve(bindings);
  },
  submit: (model) => model.submitRecording(),
  submitted: (model) => model.submitted(),
  frame: (model) => model.endFrame(),
  complete: (model, a) => model.gpu.completeUpTo(Math.max(0, model.serial - (a % 3))),
  trim: (model, a) => void model.heap.trim({ idleFrames: a % 3 }),
  budget: (model, a) => model.setBudget(BUDGETS[a % 3] as number),
  pool: (model, a) => {
    const name = `own ${model.pools.length}`;
    if (model.pools.length < 4) {
      model.attempt(() => void model.pools.push(model.heap.createPool({ ...POOLS[a % 5], name })));
    }
  },
  largest: (model, a, b, c) => {
    const request = requestOf(model, a, b, c);
    const largest = model.heap.largestAllocatable(request);
    expect(model.heap.canAllocate(request)).toBe(request.size <= largest);
    if (largest > 500_000) return;
    expect(
      model.heap.tryAllocate({ ...request, size: largest + 1 }),
      `${largest} and one more`,
    ).toBeUndefined();
    if (largest === 0) return;
    const entry = model.heap.tryAllocate({ ...request, size: largest });
    expect(entry?.isLive, `${largest}, the largest`).toBe(true);
    if (entry !== undefined) model.free(model.take(entry, { ...request, zeroed: true }));
  },
  misuse: (model, a) => {
    const dead = model.dead[a % Math.max(1, model.dead.length)];
    if (dead === undefined) return;
    const before = JSON.stringify(model.heap.snapshot());
    const acts = [
      () => dead.free(),
      () => dead.write(new Uint8Array(4)),
      () => dead.binding(),
      () => dead.resize(8),
      () => model.heap.copy(dead, 0, dead, 0, 4),
      () => model.heap.record().use(dead),
      () => model.heap.allocate({ size: 4, usage: VERTEX, apartFrom: [dead] }),
    ];
    for (const act of acts) expect(codeOf(act)).toBe('dead-allocation');
    expect(JSON.stringify(model.heap.snapshot())).toBe(before);
  },
} satisfies Record<string, Act>;

const OFTEN = ['allocate', 'allocate', 'allocate', 'free', 'free', 'resize', 'frame', 'complete'] as const;

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(
    fc.constantFrom(...OFTEN, ...(Object.keys(ACTS) as (keyof typeof ACTS)[])),
    fc.nat(1_000_000),
    fc.nat(1_000_000),
    fc.nat(1_000_000),
  ),
  { minLength: 10, maxLength: 90, size: 'max' },
);

describe.each(['submitted', 'completed'] as const)('the whole heap, ranges reused after %s', (reuseAfter) => {
  it('agrees with a naive list after every step, and loses no byte', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(...BUDGETS), async (script, budgetBytes) => {
        const model = new WholeModel(reuseAfter, budgetBytes);
        for (const [kind, a, b, c] of script) {
          (ACTS[kind] as Act)(model, a, b, c);
          await model.check();
        }
        await model.finish();
      }),
      { numRuns: scale(60, 700) },
    );
  });
});
