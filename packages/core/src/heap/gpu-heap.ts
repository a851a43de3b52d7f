/// <reference lib="esnext.disposable" preserve="true" />
/**
 * GpuHeap: the facade that users hold. Few large backend buffers serve many allocations.
 *
 * Cost     allocate, free: O(1) beside the pool's walk over its chunks; see `memory/memory.ts`.
 * Promise  bytes written to an allocation are the bytes read from it; a freed range is reused only when the
 *          GPU can no longer confuse the two; the budget holds; a call that throws has changed nothing.
 * Refusal  moves nothing by itself unless `defragmentation` says so, and evicts by itself only what was given
 *          a `priority`.
 */
import type { GpuBackend } from '../backend/port.ts';
import type { ScopeConflict } from '../backend/scope-conflicts.ts';
import type { TextureBackend } from '../backend/texture-port.ts';
import { checkScope } from '../backend/usage-scope.ts';
import { checkInteger } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Serial } from '../base/quantities.ts';
import { runAll } from '../base/run-all.ts';
import { Memory } from '../memory/memory.ts';
import type { Defragmentation } from '../movement/defragmentation/defragmentation.ts';
import type { DefragmentationOptions } from '../movement/defragmentation/defragmentation-options.ts';
import { Defragmenter } from '../movement/defragmentation/defragmenter.ts';
import type { EnsureOptions } from '../movement/residency/residency-options.ts';
import type { LeakReport } from '../telemetry/leaks.ts';
import type { AllocationReport } from '../telemetry/report.ts';
import { type AdoptionRequest, checkAdoptionRequest } from './adoption.ts';
import type { Allocation } from './allocation.ts';
import { AllocationMovers } from './allocation-movers.ts';
import { Books, type OwnerRecord } from './books.ts';
import { type GuardDamage, Guards } from './guards.ts';
import {
  checkBackend,
  checkBudget,
  checkHeapOptions,
  checkTrimLimits,
  type GpuHeapOptions,
  type TrimLimits,
} from './heap-options.ts';
import type { HeapPool, HeapPoolOptions } from './heap-pool.ts';
import { HeapPools } from './heap-pools.ts';
import { reportAllocations, reportEvicted } from './heap-report.ts';
import { HeapRequests } from './heap-requests.ts';
import { HeapResidency } from './heap-residency.ts';
import { checkTextureBackend, HeapTextures } from './heap-textures.ts';
import { Keeper } from './keeper.ts';
import { Placer } from './placer.ts';
import { checkReads, type ReadRequest } from './read-request.ts';
import { type Rebuilt, rebuildHeap } from './rebuild.ts';
import { RecordingToken } from './recording-token.ts';
import { type HeapBinding, resolveScope } from './scope.ts';
import { Staging } from './staging.ts';
import { Transfers } from './transfers.ts';
import { Uploads } from './uploads.ts';

/** Few large buffers of one device serve many allocations. */
export class GpuHeap<Buffer> extends HeapRequests<Buffer> {
  /** Writes that are gathered until `flush` and reach the GPU in one copy. */
  readonly uploads: Uploads<Buffer>;
  /** What is evicted, by name, and what of it will be needed soon. */
  readonly residency: HeapResidency<Buffer>;
  protected override readonly memory: Memory<Buffer>;
  private readonly pools: HeapPools<Buffer>;
  protected override readonly keeper: Keeper<Buffer>;
  protected override readonly placer: Placer<Buffer>;
  private readonly transfers: Transfers<Buffer>;
  private readonly guards: Guards<Buffer>;
  private readonly defragmenter: Defragmenter<Buffer>;
  protected override readonly books: Books<Buffer>;
  private readonly onLeak: ((leak: LeakReport) => void) | undefined;
  private readonly textures = new Set<{ dispose(): void }>();
  private isDisposed = false;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-size` */
  constructor(backend: GpuBackend<Buffer>, options: GpuHeapOptions = {}) {
    super();
    checkBackend(backend);
    const settings = checkHeapOptions(options);
    this.memory = new Memory(backend, settings.budgetBytes, () => this.books.topOwners());
    this.memory.ladder.onPressure = settings.onPressure;
    this.pools = new HeapPools(this.memory, backend.memoryTypes, settings);
    const staging = new Staging(this.memory, settings);
    const scratch = () => this.pools.standardPool('read', 'scratch', 'default');
    this.transfers = new Transfers(this.memory, staging, scratch);
    const { log, watchLeaks, onLeak } = settings;
    this.onLeak = onLeak;
    const release = (record: OwnerRecord<Buffer>) => this.keeper.freeCollected(record);
    this.books = new Books(log, () => this.memory.frame, watchLeaks ? { onLeak, release } : undefined);
    this.guards = new Guards(this.memory, this.transfers, settings.guardBytes);
    const checkUsable = () => this.checkUsable();
    this.keeper = new Keeper(this.memory, this.transfers, this.books, this.guards, checkUsable);
    this.uploads = new Uploads(this.memory, this.keeper, staging.batch, checkUsable);
    this.residency = new HeapResidency(
      this.memory,
      this.keeper,
      staging,
      this.transfers,
      this.uploads,
      settings.residency,
      checkUsable,
    );
    this.placer = new Placer(this.memory, this.pools, this.keeper, this.guards, this.residency, checkUsable);
    const movers = new AllocationMovers(this.keeper);
    const flush = () => this.uploads.flush();
    this.defragmenter = new Defragmenter(this.memory, movers, settings.defragmentation, flush, scratch);
    log.logMemory(backend.memoryTypes);
  }

  /**
   * Sets the budget; Infinity for none. What is held beyond it stays until it is freed, and nothing is added.
   * @throws UsageError `bad-size`, `disposed`
   */
  setBudget(budgetBytes: number): void {
    this.checkUsable();
    checkBudget(budgetBytes);
    this.memory.backend.budgetBytes = budgetBytes;
  }

  /**
   * An allocation over a whole buffer that you made yourself on the same device: counted, read, written and
   * copied as others are, never moved and never destroyed. `free` it before you destroy the buffer. It counts
   * towards the budget, and is taken even beyond it.
   * @throws UsageError `bad-argument`, `unknown-option`, `bad-size`, `bad-usage`, `foreign-object`,
   *   `dead-buffer`, `disposed`
   */
  adopt(request: AdoptionRequest<Buffer>): Allocation<Buffer> {
    this.checkUsable();
    const { buffer, usage, facts } = checkAdoptionRequest(request);
    return this.keeper.adopt(this.pools.adoptedPool(), buffer, usage, facts);
  }

  /**
   * Whether one dispatch, or a whole render pass, may bind these allocations so: undefined, or the first
   * conflict, which names both culprits. O(n log n).
   * @throws UsageError `bad-argument`, `dead-allocation`, `out-of-bounds`
   */
  checkScope(
    bindings: readonly HeapBinding<Buffer>[],
  ): ScopeConflict<Buffer, Allocation<Buffer>> | undefined {
    return checkScope(bindings, this.backend.limits);
  }

  /**
   * Moves what must move so that one dispatch or render pass may bind these allocations so, the fewest bytes
   * that suffice; answers those that moved, whose `version` has grown. Moves are copies that are submitted at
   * once: call it when what wrote the bytes has been submitted, and before you record what binds them.
   * @throws UsageError `scope-conflict` when no move can help, `dead-allocation`, `foreign-object`,
   * `disposed`
   *   · OutOfMemoryError · BackendError
   */
  resolveScope(bindings: readonly HeapBinding<Buffer>[]): Allocation<Buffer>[] {
    this.checkUsable();
    return resolveScope(this.keeper, bindings);
  }

  /**
   * Goes on with another backend after the device was lost: every allocation keeps its place, in buffers that
   * are new, and its bytes come from its `restore` or its host copy, else they are zero. O(allocations).
   * @throws UsageError `bad-argument` when the device is not lost, `no-memory-type`, `disposed` ·
   *   OutOfMemoryError · BackendError; nothing has changed then
   */
  rebuild(backend: GpuBackend<Buffer>): Rebuilt<Buffer> {
    this.checkUsable();
    checkBackend(backend);
    if (this.memory.backend.isLost) {
      this.uploads.abandon();
      this.defragmenter.cancel();
    }
    return rebuildHeap(this.memory, this.keeper, backend, this.pools);
  }

  /**
   * Textures that count against this heap's budget and go at its boundaries, by a port such as
   * `WebGpuTextures`. @throws UsageError `bad-argument`, `disposed` · BackendError `device-lost`
   */
  useTextures<Texture>(textures: TextureBackend<Texture>): HeapTextures<Texture> {
    this.checkUsable();
    checkTextureBackend(textures);
    this.keeper.checkDevice();
    const made: HeapTextures<Texture> = new HeapTextures(this.memory as Memory<unknown>, textures, () => {
      this.textures.delete(made);
    });
    this.textures.add(made);
    return made;
  }

  /**
   * A pool of your own, with a suballocator, a granularity and limits of its own.
   * @throws UsageError `bad-argument`, `unknown-option`, `bad-usage`, `bad-size`, `bad-granularity`,
   *   `no-memory-type`, `disposed` · OutOfMemoryError · BackendError
   */
  createPool(options: HeapPoolOptions): HeapPool<Buffer> {
    this.checkUsable();
    return this.pools.create(options);
  }

  /**
   * Begins the recording of an encoder that is submitted after a later `endFrame()` than the next: tell the
   * token what the encoder uses. Others need none. @throws UsageError `disposed`
   */
  record(): RecordingToken<Buffer> {
    this.checkUsable();
    return new RecordingToken(this.memory, this.keeper);
  }

  /**
   * Copies bytes between two allocations, or within one, as one submission that takes effect at once. Offsets
   * are multiples of 4, and so is the size unless it ends at the end of both. Ranges of one buffer go through
   * scratch. Should the device refuse that later, or the memory of the source, the target throws it once, at
   * the next call that asks where it is.
   * @throws UsageError `dead-allocation`, `foreign-object`, `bad-offset`, `bad-size`, `misaligned`,
   *   `out-of-bounds`, `disposed`
   * @throws OutOfMemoryError when there is no room for scratch · BackendError `device-lost`
   */
  copy(
    source: Allocation<Buffer>,
    sourceOffset: number,
    target: Allocation<Buffer>,
    targetOffset: number,
    size: number,
  ): void {
    this.checkUsable();
    this.keeper.own(source, 'source');
    this.keeper.own(target, 'target');
    this.keeper.bytes.copy(source, sourceOffset, target, targetOffset, size);
  }

  /**
   * Several reads as one submission, all of the same moment; see `Allocation.read`. O(reads) beside the
   * bytes.
   * @throws UsageError `bad-argument`, `foreign-object` and as `read` · rejects with OutOfMemoryError,
   *   BackendError
   */
  readMany(reads: readonly ReadRequest<Buffer>[]): Promise<Uint8Array[]> {
    this.checkUsable();
    return this.keeper.bytes.readMany(checkReads(this.keeper, reads));
  }

  /**
   * Submits what `uploads` has gathered. Call before your own `queue.submit`. @throws UsageError `disposed`,
   *   `mapped-buffer` · BackendError
   */
  flush(): void {
    this.checkUsable();
    this.uploads.flush();
  }

  /**
   * Call after `queue.submit` when you do not think in frames: what was freed before becomes reusable. Free
   * what a submission used between the submit and this call, and it is reusable at once.
   * O(ranges released since the last). @throws UsageError `disposed`
   */
  submitted(timeline = 0): Serial {
    this.checkUsable();
    checkInteger(timeline, 'timeline', 0, this.backend.timelineCount - 1, 'bad-argument');
    const serial = this.uploads.passBoundary(() => this.memory.submitted(timeline));
    if (timeline === 0) this.residency.engine.afterBoundary();
    return serial;
  }

  /**
   * Begins to move what lives, so that chunks become empty and are given back; see the strategies. Each
   * `endFrame` does one pass, within the limits, unless you call `step` by hand. What moves has a new
   * `buffer`,
   * `offset` and `version`: bindings made before are good for what has been recorded, and made again for what
   * comes next. One run at a time. O(chunks) now.
   * @throws UsageError `bad-argument`, `unknown-option`, `bad-size`, `disposed`
   */
  defragment(options: DefragmentationOptions = {}): Defragmentation<Buffer> {
    this.checkUsable();
    return this.defragmenter.begin(options);
  }

  /**
   * Brings back what is evicted of these, all in one batch: what has been used least goes for it, and what is
   * dropped is asked of its `onRestore`. Resolves when all are resident, and what they hold takes effect
   * before anything submitted later. None of them is evicted meanwhile; `touch` them in the frames that use
   * them. Rejects with OutOfMemoryError when not all have room together, UsageError `not-restored` when an
   * `onRestore` fails, BackendError, or the signal's reason; what has come back by then stays.
   * @throws UsageError `bad-argument`, `unknown-option`, `foreign-object`, `dead-allocation`, `disposed`
   */
  ensureResident(allocations: Iterable<Allocation<Buffer>>, options: EnsureOptions = {}): Promise<void> {
    return this.residency.ensure(allocations, options);
  }

  /**
   * Call after the frame's last `queue.submit`: as `submitted`; what lived for this frame is freed, and
   * chunks that stayed empty are given back. Of what falls due 2,048 ranges are given back in one frame, the
   * rest in the next ones, or as soon as it is needed.
   * O(ranges released since the last + chunks). @throws UsageError `disposed`
   */
  endFrame(): Serial {
    this.checkUsable();
    const { defragmenter } = this;
    const serial = this.uploads.passBoundary(() => {
      this.keeper.endFrame();
      defragmenter.beforeBoundary();
      return this.memory.endFrame();
    });
    defragmenter.afterBoundary();
    runAll([() => defragmenter.tell(), () => this.residency.engine.afterBoundary()]);
    return serial;
  }

  /**
   * Gives empty chunks back, so far as their pools may shrink; answers the bytes. It happens by itself for
   * chunks that stayed empty for 60 frames. O(chunks).
   * @throws UsageError `bad-argument`, `unknown-option`, `disposed`
   */
  trim(limits: TrimLimits = {}): number {
    this.checkUsable();
    const idleFrames = checkTrimLimits(limits);
    this.memory.reclaim();
    return this.memory.chunks.trim(idleFrames);
  }

  /**
   * Reads the guards of all allocations back (see `guardBytes`) and answers those behind which something was
   * written. O(allocations). Rejects with OutOfMemoryError, for the staging, and BackendError.
   * @throws UsageError `disposed`
   */
  checkGuards(): Promise<GuardDamage[]> {
    this.checkUsable();
    return this.guards.check();
  }

  /**
   * Gives every buffer back. Every allocation is dead afterwards, and every other call but the figures throws
   * `disposed`. May be called twice. The backend stays as it is: it belongs to whoever made it.
   */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    const { memory, onLeak, textures } = this;
    runAll([
      () => this.books.tellLeaks(() => this.listLive(), onLeak),
      ...[...textures].map((each) => () => each.dispose()),
      () => this.defragmenter.cancel(),
      () => this.uploads.abandon(),
      () => this.residency.engine.dispose(),
      () => this.keeper.dispose(),
      () => this.pools.dispose(),
      () => memory.dispose(),
    ]);
  }

  /** So that `using heap = …` disposes of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private listLive(): AllocationReport[] {
    const { frame } = this.memory;
    const evicted = reportEvicted(this.keeper.evictions.owners, frame);
    return [...reportAllocations(this.memory as Memory<unknown>), ...evicted];
  }

  private checkUsable(): void {
    if (this.isDisposed) throw new UsageError('disposed', 'this heap has been disposed of; open another');
  }
}
