/**
 * Mock encoder: work that a user of the GPU records beside the backend, and submits when it likes.
 *
 * Cost     recording O(1) a use; submitting O(uses).
 * Promise  what it reads, it reads when its submission is done: bytes that were overwritten between recording
 *          and submission are the new ones, as on a real queue.
 * Refusal  knows no pipelines: a dispatch is the ranges that it uses, and the bytes that it stores.
 */
import {
  BufferUsage,
  type CopyRegion,
  checkOptions,
  checkSpan,
  checkTimeline,
  checkUsage,
  show,
} from '@gpuheap/core/backend';
import { UsageError } from '@gpuheap/core/errors';
import { describe, type FlyingRead, type TouchedRange } from './hazards.ts';
import type { Machine } from './machine.ts';
import { MockBuffer } from './mock-buffer.ts';
import { checkUse, findScopeHazards, type MockUse, type ResolvedUse, resolveUse } from './usage-scope.ts';

/** What a draw or dispatch saw of a range that it read. */
export interface Sighting {
  readonly buffer: MockBuffer;
  readonly offset: number;
  readonly size: number;
  /** The bytes; undefined until the submission is done, and for ever when it was dropped. */
  readonly bytes: Uint8Array | undefined;
}

type SeenSoFar = { -readonly [Key in keyof Sighting]: Sighting[Key] };

interface Command {
  readonly reads: readonly FlyingRead[];
  readonly writes: readonly TouchedRange[];
  run(): void;
}

const USE_KEYS = ['buffer', 'offset', 'size', 'access', 'as', 'store'] as const;

/** An encoder; used up by `submit` or `discard`. */
export class MockEncoder {
  private readonly machine: Machine;
  private readonly commands: Command[] = [];
  private isValid = true;
  private isOver = false;
  private timeline = 0;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /**
   * Records a copy. @throws UsageError `foreign-object`, `bad-usage`, `out-of-bounds`, `misaligned`,
   * `same-buffer`, `disposed`
   */
  copy(region: CopyRegion<MockBuffer>): void {
    this.checkOpen();
    checkOptions(region, 'region', ['source', 'sourceOffset', 'target', 'targetOffset', 'size']);
    const { source, sourceOffset, target, targetOffset, size } = region;
    const { copyAlignment, copiesWithinBuffer } = this.machine.limits;
    this.checkBuffer(source, 'source');
    this.checkBuffer(target, 'target');
    checkUsage(source, BufferUsage.COPY_SRC, 'source', 'COPY_SRC');
    checkUsage(target, BufferUsage.COPY_DST, 'target', 'COPY_DST');
    checkSpan(sourceOffset, size, source, copyAlignment, 'source');
    checkSpan(targetOffset, size, target, copyAlignment, 'target');
    const isApart = sourceOffset + size <= targetOffset || targetOffset + size <= sourceOffset;
    if (source === target && !(copiesWithinBuffer && isApart)) {
      throw new UsageError(
        'same-buffer',
        `the copy stays within ${describe(source)}; go through another buffer`,
      );
    }
    this.record({
      reads: [{ buffer: source, offset: sourceOffset, size, reader: 'encoder', isTorn: false }],
      writes: [{ buffer: target, offset: targetOffset, size }],
      run: () => target.contents.copyFrom(source.contents, sourceOffset, targetOffset, size),
    });
  }

  /**
   * Records a draw that reads one range; `look`, if given, is called with the bytes when it is done.
   * @throws UsageError as `dispatch`
   */
  read(buffer: MockBuffer, offset: number, size: number, look?: (bytes: Uint8Array) => void): Sighting {
    return this.recordScope([{ buffer, offset, size, access: 'read' }], look)[0] as Sighting;
  }

  /** Records a dispatch that stores bytes. @throws UsageError as `dispatch` */
  write(buffer: MockBuffer, offset: number, bytes: Uint8Array): void {
    this.recordScope([{ buffer, offset, size: bytes.length, access: 'write', store: bytes }]);
  }

  /**
   * Records one usage scope, and answers what will be seen of its reads, in order. Uses that do not go
   * together make a hazard, and the encoder is dropped when it is submitted.
   * @throws UsageError `bad-argument`, `unknown-option`, `foreign-object`, `bad-usage`, `bad-size`,
   *   `out-of-bounds`,
   * `misaligned`, `too-large`, `bad-data`, `disposed`
   */
  dispatch(uses: readonly MockUse[]): Sighting[] {
    return this.recordScope(uses);
  }

  /**
   * Submits what was recorded as one piece of work to a timeline. Answers whether it was taken: one that is
   * invalid, that uses a destroyed or mapped buffer, or that comes after a loss is dropped whole, as in
   * WebGPU.
   * @throws UsageError `disposed`, `bad-argument` for a timeline that does not exist · BackendError
   *   `backend-failed` when so told
   */
  submit(timeline = 0): boolean {
    this.checkOpen();
    checkTimeline(timeline, this.machine.timelines.count);
    return this.machine.call(
      'submit',
      () => ({ commandCount: this.commands.length, timeline }),
      () => {
        this.close();
        this.timeline = timeline;
        const reads = this.commands.flatMap((command) => command.reads);
        const writes = this.commands.flatMap((command) => command.writes);
        const ranges = [...reads, ...writes];
        if (!this.isValid || ranges.some(({ buffer }) => buffer.isRefused)) {
          this.machine.reportUnusable(ranges, 'encoder');
          return false;
        }
        const run = (): void => {
          for (const command of this.commands) command.run();
        };
        return this.machine.submit({ by: 'encoder', reads, writes, timeline, run });
      },
    );
  }

  /** Forgets what was recorded. @throws UsageError `disposed` */
  discard(): void {
    this.checkOpen();
    this.close();
  }

  private recordScope(uses: readonly MockUse[], look?: (bytes: Uint8Array) => void): Sighting[] {
    const scope = this.checkScope(uses);
    const seen = scope.filter(({ access }) => access === 'read').map(toSeenRead);
    const stored = scope.filter(({ access }) => access === 'write').map(toStored);
    for (const hazard of findScopeHazards(scope)) {
      this.isValid = false;
      this.machine.hazards.report(hazard);
    }
    this.record({
      reads: seen.map(({ read }) => read),
      writes: stored,
      run: () => {
        for (const { read, sighting } of seen) this.look(read, sighting, look);
        for (const { buffer, offset, bytes } of stored) buffer.contents.write(offset, bytes);
      },
    });
    return seen.map(({ sighting }) => sighting);
  }

  private checkScope(uses: readonly MockUse[]): ResolvedUse[] {
    this.checkOpen();
    if (!Array.isArray(uses)) {
      throw new UsageError('bad-argument', `uses is ${show(uses)}; pass an array of uses`);
    }
    return (uses as readonly MockUse[]).map((use, index) => {
      const name = `uses[${index}]`;
      checkOptions(use, name, USE_KEYS);
      this.checkBuffer(use.buffer, `${name}.buffer`);
      const resolved = resolveUse(use);
      checkUse(resolved, this.machine.limits, name);
      return resolved;
    });
  }

  private record(command: Command): void {
    this.commands.push(command);
    this.machine.hazards.begin('open', command.reads);
  }

  private close(): void {
    this.isOver = true;
    for (const { reads } of this.commands) this.machine.hazards.end('open', reads);
  }

  /** Sees the bytes of now; those of the end of the completion where unordered work writes them meanwhile. */
  private look(read: FlyingRead, sighting: SeenSoFar, tell: (bytes: Uint8Array) => void = () => {}): void {
    const { buffer, offset, size } = read;
    const see = (): void => {
      sighting.bytes = buffer.contents.read(offset, size);
      tell(sighting.bytes);
    };
    if (read.isTorn) this.machine.timelines.at(this.timeline).atEnd(see);
    else see();
  }

  private checkOpen(): void {
    if (this.isOver)
      throw new UsageError('disposed', 'this encoder was submitted or discarded; record another');
  }

  private checkBuffer(buffer: unknown, name: string): void {
    if (buffer instanceof MockBuffer && buffer.home === this.machine.identity) return;
    throw new UsageError('foreign-object', `${name} is ${show(buffer)} that this virtual GPU did not make`);
  }
}

function toSeenRead({ buffer, offset, size }: ResolvedUse) {
  const read: FlyingRead = { buffer, offset, size, reader: 'encoder', isTorn: false };
  const sighting: SeenSoFar = {
    buffer,
    offset,
    size,
    bytes: undefined,
  };
  return { read, sighting };
}

function toStored({ buffer, offset, size, store }: ResolvedUse) {
  // Taken at once: what the caller does with its array later is its own business.
  return { buffer, offset, size, bytes: store === undefined ? new Uint8Array(0) : store.slice() };
}
