/**
 * Slides model: frames that draw all that lives while it slides and moves, on a GPU that lags behind. What
 * each draw has seen is compared with what its allocation held when it was recorded.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { MockBuffer, Sighting } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { type Allocation, BufferUsage, type RecordingToken } from '../../src/index.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';

const KIB = 1024;
/** Numbers of one frame: what comes, what goes, and what else is done. */
type Frame = readonly [comes: number, goes: number, which: number, what: number];

const settings = fc.record({
  reuseAfter: fc.constantFrom('submitted' as const, 'completed' as const),
  copiesWithinBuffer: fc.boolean(),
  scope: fc.constantFrom('within' as const, 'both' as const),
  strategy: fc.constantFrom('fast' as const, 'balanced' as const, 'full' as const),
  movesPerPass: fc.integer({ min: 1, max: 20 }),
  bytesPerPass: fc.integer({ min: 4 * KIB, max: 40 * KIB }),
  lag: fc.nat(3),
  budgetBytes: fc.constantFrom(Number.POSITIVE_INFINITY, 200 * KIB),
});
const number = fc.nat(1_000_000);
const frames: fc.Arbitrary<Frame[]> = fc.array(fc.tuple(fc.nat(4), fc.nat(5), number, number), {
  minLength: 20,
  maxLength: 40,
  size: 'max',
});

type Setting = typeof settings extends fc.Arbitrary<infer T> ? T : never;

class Scene {
  readonly live = new Map<Allocation<MockBuffer>, Uint8Array>();
  slideCount = 0;
  private readonly setting: Setting;
  private readonly gpu;
  private readonly heap;
  private readonly serials: number[] = [];
  private readonly seen: [Sighting, Uint8Array][] = [];
  private readonly pinned = new Map<Allocation<MockBuffer>, number>();
  private token: { readonly token: RecordingToken<MockBuffer>; readonly draw: () => void } | undefined;
  private run;
  private seed = 0;

  constructor(setting: Setting) {
    const { reuseAfter, copiesWithinBuffer, budgetBytes } = setting;
    const opened = openHeap({ chunkBytes: 64 * KIB, budgetBytes }, { reuseAfter, copiesWithinBuffer });
    this.setting = setting;
    this.gpu = opened.gpu;
    this.heap = opened.heap;
    for (let k = 0; k < 60; k++) this.allocate(k * 613);
    this.run = this.heap.defragment({ byHand: true });
    this.run.cancel();
  }

  private allocate(a: number): void {
    const size = 64 + (a % 2500);
    const made = this.heap.tryAllocate({ size, usage: BufferUsage.VERTEX, alignment: a % 3 === 0 ? 256 : 4 });
    if (made === undefined) return;
    const bytes = patternOf(++this.seed, size);
    made.write(bytes);
    this.live.set(made, bytes);
  }

  frame([comes, goes, which, what]: Frame): void {
    const { heap, live, setting } = this;
    for (let k = 0; k < comes; k++) this.allocate(which + k * 977);
    for (let k = 0; k < goes && live.size > 10; k++) {
      const gone = [...live.keys()][(which + k * 31) % live.size] as Allocation<MockBuffer>;
      this.pinned.delete(gone);
      live.delete(gone);
      gone.free();
    }
    this.doOther([...live.keys()][which % live.size] as Allocation<MockBuffer>, what);
    if (this.run.isDone) {
      this.slideCount += this.run.report.slideCount;
      const { scope, strategy, movesPerPass, bytesPerPass } = setting;
      this.run = heap.defragment({ scope, strategy, movesPerPass, bytesPerPass });
    }
    this.draw();
    this.serials.push(heap.endFrame());
    this.gpu.completeUpTo(this.serials.at(-1 - setting.lag) ?? 0);
    for (const [each, version] of this.pinned) expect(each.version).toBe(version);
    expect(this.gpu.heldBytes).toBeLessThanOrEqual(setting.budgetBytes);
  }

  private doOther(one: Allocation<MockBuffer>, what: number): void {
    if (what % 5 === 0) {
      if (this.pinned.delete(one)) one.unpin();
      else {
        one.pin();
        this.pinned.set(one, one.version);
      }
    } else if (what % 5 === 1 && !one.isPinned) {
      const size = Math.max(4, one.size >> 1);
      one.resize(size);
      this.live.set(one, (this.live.get(one) as Uint8Array).slice(0, size));
    } else if (what % 5 === 2) this.record(one);
    else if (what % 7 === 3) this.gpu.faults.failAtCall(this.gpu.counts.copy + 1, { kind: 'copy' });
    else this.gpu.faults.clear();
  }

  /** An encoder that is submitted frames later, if none is open; else it is submitted. */
  private record(one: Allocation<MockBuffer>): void {
    if (this.token !== undefined) {
      this.token.draw();
      this.token.token.end();
      this.token = undefined;
      return;
    }
    const token = this.heap.record().use(one);
    const encoder = this.gpu.recordEncoder();
    this.look(encoder.read(one.buffer, one.offset, one.size & ~3), one);
    this.token = { token, draw: () => encoder.submit() };
  }

  private draw(): void {
    const encoder = this.gpu.recordEncoder();
    for (const each of this.live.keys()) {
      this.look(encoder.read(each.buffer, each.offset, each.size & ~3), each);
    }
    encoder.submit();
  }

  private look(sighting: Sighting, each: Allocation<MockBuffer>): void {
    this.seen.push([sighting, (this.live.get(each) as Uint8Array).subarray(0, each.size & ~3)]);
  }

  async end(): Promise<void> {
    const { heap, gpu, live } = this;
    this.token?.draw();
    this.token?.token.end();
    gpu.faults.clear();
    this.run.cancel();
    this.slideCount += this.run.report.slideCount;
    heap.setBudget(Number.POSITIVE_INFINITY);
    gpu.completeAll();
    for (const [{ bytes }, held] of this.seen) {
      expect(firstDifference(bytes ?? new Uint8Array(), held)).toBe(-1);
    }
    expect(recountHeap(heap, gpu)).toEqual([]);
    heap.endFrame();
    gpu.completeAll();
    const reads = [...live.keys()].map((each) => each.read());
    gpu.completeAll();
    const held = [...live.values()];
    for (const [k, bytes] of (await Promise.all(reads)).entries()) {
      expect(firstDifference(bytes, held[k] as Uint8Array)).toBe(-1);
    }
    expect(gpu.errors).toEqual([]);
    expect(gpu.hazards).toEqual([]);
    heap.dispose();
    expect(gpu.buffers.size).toBe(0);
  }
}

it('what is drawn while it slides is seen as it was, and nothing is overwritten that the GPU still reads', async () => {
  let slides = 0;
  await fc.assert(
    fc.asyncProperty(frames, settings, async (script, setting) => {
      const scene = new Scene(setting);
      for (const frame of script) {
        scene.frame(frame);
        await Promise.resolve();
      }
      await scene.end();
      slides += scene.slideCount;
    }),
    { numRuns: scale(30, 2000) },
  );
  expect(slides).toBeGreaterThan(scale(250, 15_000));
});
