/**
 * Residency against the model: random calls in every phase of evictions, restores and moves, with faults,
 * delays and losses.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { drain } from '../heap/watched.ts';
import { ResidencyModel } from './residency-model.ts';
import type { Setting } from './residency-world.ts';

/** One step: what to do, and numbers to do it with. */
type Step = readonly [kind: Kind, a: number, b: number];

const ACTS = {
  allocate: (model, a, b) => model.allocate(a, b),
  allocateLater: (model, a) => model.allocateLater(a),
  block: (model, a, b) => model.block(a, b),
  free: (model, a) => model.free(a),
  write: (model, a, b) => model.write(a, b),
  copy: (model, a, b) => model.copy(a, b),
  resize: (model, a, b) => model.resize(a, b),
  resizeLater: (model, a, b) => model.resizeLater(a, b),
  pin: (model, a) => model.pin(a),
  record: (model, a) => model.record(a),
  use: (model, a, b) => model.use(a, b),
  evict: (model, a, b) => model.evict(a, b),
  ensure: (model, a, b) => model.ensure(a, b),
  abort: (model, a) => model.abort(a),
  load: (model, a) => model.load(a),
  prefetch: (model, a, b) => model.prefetch(a, b),
  budget: (model, a) => model.setBudget(a),
  defragment: (model, a, b) => model.defragment(a, b),
  trim: (model) => void model.heap.trim(),
  frame: (model) => model.frame(true),
  submitted: (model) => model.frame(false),
  complete: (model, a) => model.complete(a),
  fail: (model, a, b) => model.fail(a, b),
  lose: (model) => model.lose(),
} satisfies Record<string, (model: ResidencyModel, a: number, b: number) => void | Promise<void>>;

type Kind = keyof typeof ACTS;

/** How often each is done. */
const WEIGHTS: Record<Kind, number> = {
  allocate: 9,
  allocateLater: 2,
  block: 1,
  free: 5,
  write: 4,
  copy: 2,
  resize: 2,
  resizeLater: 2,
  pin: 1,
  record: 1,
  use: 8,
  evict: 5,
  ensure: 8,
  abort: 1,
  load: 5,
  prefetch: 2,
  budget: 1,
  defragment: 1,
  trim: 1,
  frame: 9,
  submitted: 2,
  complete: 8,
  fail: 2,
  lose: 0,
};

const kinds = (losses: number): fc.Arbitrary<Kind> =>
  fc.oneof(
    ...Object.entries({ ...WEIGHTS, lose: losses })
      .filter(([, weight]) => weight > 0)
      .map(([kind, weight]) => ({ arbitrary: fc.constant(kind as Kind), weight })),
  );

/** In the deep tier a million steps in all. */
const LEAST_STEPS = 112;

const steps = (losses: number): fc.Arbitrary<Step[]> =>
  fc.array(fc.tuple(kinds(losses), fc.nat(1_000_000), fc.nat(1_000_000)), {
    minLength: LEAST_STEPS,
    maxLength: 2 * LEAST_STEPS,
    size: 'max',
  });

const settings: fc.Arbitrary<Setting> = fc.record({
  reuseAfter: fc.constantFrom('submitted' as const, 'completed' as const),
  budgetBytes: fc.constantFrom(Number.POSITIVE_INFINITY, 210_000, 300_000, 400_000),
  guardBytes: fc.constantFrom(0, 0, 16),
  order: fc.constantFrom('recency' as const, 'frequency' as const),
  isDefragmented: fc.boolean(),
  settleOrder: fc.nat(1000),
});

async function play(script: readonly Step[], setting: Setting, seen: Record<string, number>): Promise<void> {
  const model = new ResidencyModel(setting);
  for (const [k, [kind, a, b]] of script.entries()) {
    await ACTS[kind](model, a, b);
    if (model.gpu.isLost) await model.recover();
    // Sometimes the next call comes before anybody has heard of the last.
    await drain(b % 3 === 0 ? 0 : 1 + (b % 40));
    if (kind !== 'fail') model.endFaults();
    model.check(k % 16 === 0);
  }
  await model.end();
  for (const [what, count] of Object.entries(model.seen)) seen[what] = (seen[what] ?? 0) + count;
}

describe('residency', () => {
  it('holds every byte that it would hold had nothing been evicted or moved, whatever is done meanwhile', async () => {
    const runs = scale(150, 6500);
    const seen: Record<string, number> = {};
    let done = 0;
    await fc.assert(
      fc.asyncProperty(steps(0), settings, async (script, setting) => {
        done += script.length;
        await play(script, setting, seen);
      }),
      { numRuns: runs },
    );
    expect(done).toBeGreaterThanOrEqual(runs * LEAST_STEPS);
    for (const what of [
      'evicted',
      'ensured',
      'there',
      'restored by hook',
      'written while evicted',
      'missed',
      'resized later',
    ]) {
      expect(seen[what] ?? 0, what).toBeGreaterThan(runs / 4);
    }
  });

  it('keeps what is evicted when the device is lost, in every phase', async () => {
    const runs = scale(60, 2500);
    const seen: Record<string, number> = {};
    await fc.assert(
      fc.asyncProperty(steps(2), settings, (script, setting) => play(script, setting, seen)),
      { numRuns: runs },
    );
    expect(seen['lost'] ?? 0).toBeGreaterThan(runs);
  });
});
