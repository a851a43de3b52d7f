/**
 * Movement model: random calls between the passes of random runs, with copies that fail, against plain
 * arrays.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import {
  type Allocation,
  BufferUsage,
  type Defragmentation,
  OutOfMemoryError,
  type RecordingToken,
} from '../../src/index.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';

const { STORAGE, VERTEX } = BufferUsage;

/** One step: what to do, and numbers to do it with. */
type Step = readonly [kind: string, a: number, b: number];

const KINDS = [
  ...['allocate', 'allocate', 'allocate', 'allocate', 'free', 'free', 'free', 'write', 'copy', 'resize'],
  ...['pin', 'record', 'frame', 'frame', 'frame', 'frame', 'submitted', 'complete', 'fail'],
  ...['begin', 'begin', 'cancel', 'step', 'block', 'apart', 'trim', 'upload'],
];

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(fc.constantFrom(...KINDS), fc.nat(1_000_000), fc.nat(1_000_000)),
  { minLength: 40, maxLength: 250, size: 'max' },
);

interface Shadow {
  readonly allocation: Allocation<MockBuffer>;
  readonly frees: () => void;
  bytes: Uint8Array;
  version: number;
  pins: number;
  /** Moves that its hook was told of. */
  told: number;
}

/** What a script runs on. */
interface Setting {
  readonly reuseAfter: 'submitted' | 'completed';
  readonly budgetBytes: number;
  readonly guardBytes: number;
  readonly isAutomatic: boolean;
  readonly copiesWithinBuffer: boolean;
}

const settings: fc.Arbitrary<Setting> = fc.record({
  reuseAfter: fc.constantFrom('submitted' as const, 'completed' as const),
  budgetBytes: fc.constantFrom(Number.POSITIVE_INFINITY, 300_000),
  guardBytes: fc.constantFrom(0, 0, 16),
  isAutomatic: fc.boolean(),
  copiesWithinBuffer: fc.boolean(),
});

const SCOPES = ['across', 'within', 'both'] as const;
const EAGER = { everyFrames: 1, leastBytes: 0, movesPerPass: 5, scope: 'both' } as const;

class Scene {
  readonly live: Shadow[] = [];
  /** Those of runs, and of what was resized. */
  moveCount = 0;
  /** Moves within a chunk, of the runs that were asked for. */
  slideCount = 0;
  private readonly setting: Setting;
  private readonly gpu;
  private readonly heap;
  private serial = 0;
  private seed = 0;
  private run: Defragmentation<MockBuffer> | undefined;
  private token: RecordingToken<MockBuffer> | undefined;

  constructor(setting: Setting) {
    const { reuseAfter, budgetBytes, guardBytes, isAutomatic, copiesWithinBuffer } = setting;
    const defragmentation = isAutomatic ? { defragmentation: EAGER } : {};
    const options = { chunkBytes: 65_536, budgetBytes, guardBytes, ...defragmentation };
    const { gpu, heap } = openHeap(options, { reuseAfter, copiesWithinBuffer });
    this.setting = setting;
    this.gpu = gpu;
    this.heap = heap;
  }

  private remember(allocation: Allocation<MockBuffer>, frees: () => void): Shadow {
    const bytes = patternOf(++this.seed, allocation.size);
    allocation.write(bytes);
    const shadow = { allocation, frees, bytes, version: allocation.version, pins: 0, told: 0 };
    allocation.on('moved', () => {
      shadow.told++;
    });
    this.live.push(shadow);
    return shadow;
  }

  private forget(shadow: Shadow): void {
    this.live.splice(this.live.indexOf(shadow), 1);
  }

  do([kind, a, b]: Step): void {
    const { heap, gpu, live } = this;
    const one = live[a % Math.max(1, live.length)];
    const other = live[b % Math.max(1, live.length)];
    if (kind === 'allocate') this.allocate(1 + (a % 6000), b % 2 === 0 ? VERTEX : STORAGE);
    else if (kind === 'frame') this.serial = heap.endFrame();
    else if (kind === 'submitted') this.serial = heap.submitted();
    else if (kind === 'complete') gpu.completeUpTo(Math.max(0, this.serial - (a % 3)));
    else if (kind === 'fail') this.failNext(a % 2);
    else if (kind === 'trim') heap.trim();
    else if (kind === 'begin') this.begin(a, b);
    else if (kind === 'cancel') this.run?.cancel();
    else if (kind === 'step') this.run?.step();
    else if (kind === 'block') this.block(a, b);
    else if (one === undefined || other === undefined) return;
    else if (kind === 'free') {
      one.frees();
      this.forget(one);
      for (const each of live.filter(({ allocation }) => !allocation.isLive)) this.forget(each);
    } else if (kind === 'pin') this.pin(one);
    else if (kind === 'record') this.record(one);
    else if (kind === 'apart')
      this.tryIt(() => heap.allocate({ size: 500, usage: VERTEX, apartFrom: [one.allocation] }));
    else if (kind === 'write' || kind === 'upload') this.write(one, b, kind);
    else if (kind === 'resize') this.resize(one, 1 + (b % 6000));
    else this.copy(one, other);
    if (kind !== 'fail') gpu.faults.clear();
    this.check();
  }

  /** The next copy fails, or the one after it, in the next step. */
  private failNext(further: number): void {
    const { gpu } = this;
    gpu.faults.clear();
    gpu.faults.failAtCall(gpu.counts.copy + 1 + further, { kind: 'copy' });
  }

  private begin(a: number, b: number): void {
    const strategies = ['fast', 'balanced', 'full'] as const;
    const strategy = strategies[a % 3] ?? 'full';
    this.endRun();
    const scope = SCOPES[Math.floor(a / 3) % 3] ?? 'both';
    const byHand = b % 5 === 0;
    this.run = this.heap.defragment({ strategy, scope, movesPerPass: 1 + (b % 9), byHand });
  }

  private endRun(): void {
    this.run?.cancel();
    this.slideCount += this.run?.report.slideCount ?? 0;
  }

  private tryIt(make: () => Allocation<MockBuffer>): void {
    try {
      const made = make();
      this.remember(made, () => made.free());
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
    }
  }

  private allocate(size: number, usage: number): void {
    this.tryIt(() => this.heap.allocate({ size, usage, access: usage === STORAGE ? 'write' : 'read' }));
  }

  private block(a: number, b: number): void {
    const requests = [1 + (a % 3000), 1 + (b % 3000)].map((size) => ({ size, usage: VERTEX }));
    try {
      const block = this.heap.allocateBlock(requests);
      for (const member of block.members) this.remember(member, () => block.free());
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
    }
  }

  private pin(one: Shadow): void {
    if (one.pins > 0) {
      one.allocation.unpin();
      one.pins--;
    } else {
      one.allocation.pin();
      one.pins++;
    }
  }

  private record(one: Shadow): void {
    if (this.token !== undefined) {
      this.token.end();
      this.token = undefined;
    } else {
      this.token = this.heap.record();
      this.token.use(one.allocation);
    }
  }

  private write(one: Shadow, b: number, kind: string): void {
    const at = 4 * (b % (1 + Math.floor(one.bytes.length / 8)));
    const bytes = patternOf(++this.seed, one.bytes.length - at);
    if (kind === 'upload') this.heap.uploads.write(one.allocation, bytes, at);
    else one.allocation.write(bytes, at);
    one.bytes.set(bytes, at);
  }

  private resize(one: Shadow, size: number): void {
    if (one.allocation.block !== undefined || one.pins > 0) return;
    try {
      one.allocation.resize(size);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return;
    }
    const bytes = new Uint8Array(size);
    bytes.set(one.bytes.subarray(0, size));
    one.bytes = bytes;
    // What came with the size is anything.
    one.allocation.write(bytes);
  }

  private copy(one: Shadow, other: Shadow): void {
    const size = Math.min(one.bytes.length, other.bytes.length) & ~3;
    try {
      this.heap.copy(one.allocation, 0, other.allocation, 0, size);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return;
    }
    other.bytes.set(one.bytes.slice(0, size));
  }

  private check(): void {
    for (const shadow of this.live) {
      const { allocation, pins, version } = shadow;
      if (pins > 0) expect(allocation.version).toBe(version);
      expect(shadow.told).toBe(allocation.version - version);
      this.moveCount += shadow.told;
      shadow.version = allocation.version;
      shadow.told = 0;
    }
    expect(this.gpu.heldBytes).toBeLessThanOrEqual(this.setting.budgetBytes);
  }

  async end(): Promise<void> {
    const { heap, gpu, live } = this;
    this.endRun();
    this.token?.end();
    // What was to fail next does so no more.
    gpu.faults.clear();
    heap.flush();
    const reads = live.map(({ allocation }) => allocation.read().catch((error: unknown) => error));
    gpu.completeAll();
    for (const [k, result] of (await Promise.all(reads)).entries()) {
      if (result instanceof OutOfMemoryError) continue;
      expect(firstDifference(result as Uint8Array, live[k]?.bytes ?? new Uint8Array())).toBe(-1);
    }
    gpu.completeAll();
    expect(recountHeap(heap, gpu)).toEqual([]);
    expect(gpu.errors).toEqual([]);
    if (this.setting.guardBytes > 0 && this.setting.budgetBytes === Number.POSITIVE_INFINITY) {
      const checked = heap.checkGuards();
      gpu.completeAll();
      expect(await checked).toEqual([]);
    }
    heap.dispose();
    expect(gpu.buffers.size).toBe(0);
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof OutOfMemoryError || (error as { code?: string }).code === 'backend-failed';
}

describe('movement', () => {
  it('loses no byte, tells of every move, and keeps what it promises, whatever is done between its passes', async () => {
    let moves = 0;
    let slides = 0;
    await fc.assert(
      fc.asyncProperty(steps, settings, async (script, setting) => {
        const scene = new Scene(setting);
        for (const step of script) {
          scene.do(step);
          // The device has its say.
          if (step[0] === 'frame') await Promise.resolve();
        }
        moves += scene.moveCount;
        slides += scene.slideCount;
        await scene.end();
      }),
      { numRuns: scale(150, 2000) },
    );
    expect(moves).toBeGreaterThan(scale(150, 2000));
    expect(slides).toBeGreaterThan(scale(30, 400));
  });
});
