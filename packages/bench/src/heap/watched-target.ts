/**
 * Watched target: a replay's target with someone who looks on. Same target in and out.
 *
 * Layout   beside the replay: milliseconds of every `endFrame`, and bytes reserved against bytes live frame
 *          by frame. After it, when the target is disposed of, the load drops twice: to every fourth
 *          resource, then to none, each followed by a second's frames.
 * Promise  the drops come after everything that a replay compares; of its figures they touch signals alone.
 * Refusal  a drop to every fourth resource leaves them scattered, which is the hardest for a heap that moves
 *          nothing.
 */
import { BufferUsage, type HeapSnapshot } from '@gpuheap/core';
import { XorShift32 } from '@gpuheap/testing/workloads';
import type { MeasuredBackend, Place, ReplayMode, ReplayTarget, ResourceRequest } from '@gpuheap/trace';
import { LoadWatch, SECOND_FRAMES } from './load-watch.ts';

/** Bytes held beyond 1.25 of the load of the last second, at the worst frame. */
export interface BeyondLoad {
  /** Within the trace. */
  readonly recorded: number;
  /** A second after all but every fourth resource has gone. */
  readonly scattered: number;
  /** A second after everything has gone. */
  readonly empty: number;
}

const KEPT_SHARE = 4;
const BALLAST_USAGE: number = BufferUsage.VERTEX | BufferUsage.COPY_DST;

/** Passes everything on and keeps what it sees. */
export class WatchedTarget<Buffer, Resource extends Place<Buffer>> implements ReplayTarget<Buffer, Resource> {
  readonly mode: ReplayMode;
  readonly backend: MeasuredBackend<Buffer>;
  /** Milliseconds of each `endFrame`, those after the drops included. */
  readonly frameMs: number[] = [];
  /** Filled when it is disposed of. */
  beyondLoad: BeyondLoad = { recorded: 0, scattered: 0, empty: 0 };
  private readonly inner: ReplayTarget<Buffer, Resource>;
  private readonly sizes = new Map<Resource, number>();
  private readonly watch = new LoadWatch();
  private liveBytes = 0;
  /** The most bytes that were live in this frame. */
  private frameLoad = 0;

  /** `ballastCount` resources of 64 to 4,095 bytes live throughout, beside those of the trace. */
  constructor(inner: ReplayTarget<Buffer, Resource>, ballastCount = 0) {
    this.inner = inner;
    this.mode = inner.mode;
    this.backend = inner.backend;
    const random = new XorShift32();
    for (let i = 0; i < ballastCount; i++) {
      const size = random.logUniform(64, 4096);
      this.create({ size, usage: BALLAST_USAGE, location: 'gpu', label: '' });
    }
  }

  get pendingBytes(): number {
    return this.inner.pendingBytes;
  }

  create(request: ResourceRequest): Resource {
    const resource = this.inner.create(request);
    this.sizes.set(resource, request.size);
    this.liveBytes += request.size;
    if (this.liveBytes > this.frameLoad) this.frameLoad = this.liveBytes;
    return resource;
  }

  destroy(resource: Resource): void {
    this.inner.destroy(resource);
    this.liveBytes -= this.sizes.get(resource) ?? 0;
    this.sizes.delete(resource);
  }

  write(resource: Resource, offset: number, data: Uint8Array): void {
    this.inner.write(resource, offset, data);
  }

  copy(source: Resource, sourceOffset: number, target: Resource, targetOffset: number, size: number): void {
    this.inner.copy(source, sourceOffset, target, targetOffset, size);
  }

  read(resource: Resource, offset: number, size: number): Promise<Uint8Array> {
    return this.inner.read(resource, offset, size);
  }

  submitted(): void {
    this.inner.submitted();
  }

  endFrame(): void {
    const { clock } = this.backend;
    const from = clock();
    this.inner.endFrame();
    this.frameMs.push(clock() - from);
    this.watch.endFrame(this.frameLoad, this.backend.reservedBytes);
    this.frameLoad = this.liveBytes;
  }

  snapshot(): HeapSnapshot | undefined {
    return this.inner.snapshot();
  }

  dispose(): void {
    const recorded = this.watch.restart();
    const scattered = this.drop((_, index) => index % KEPT_SHARE !== 0);
    const empty = this.drop(() => true);
    this.beyondLoad = { recorded, scattered, empty };
    this.inner.dispose();
  }

  /** Ends the resources that `goes` names, and a second of frames; answers the excess after it. */
  private drop(goes: (resource: Resource, index: number) => boolean): number {
    for (const resource of [...this.sizes.keys()].filter(goes)) this.destroy(resource);
    for (let frame = 0; frame < SECOND_FRAMES; frame++) this.endFrame();
    this.watch.restart();
    // What lived before the drop counted as the load of its own frame, which is a second ago only now.
    this.endFrame();
    return this.watch.restart();
  }
}
