/**
 * Replayer: one trace on one target, event by event.
 *
 * Promise  the target sees the same calls whatever its mode; the host knows what every live resource must
 *          hold.
 */
import { Contents } from './contents.ts';
import { Durations } from './durations.ts';
import type { LiveResource } from './live-resource.ts';
import { Findings } from './mismatch.ts';
import { PatternFills } from './pattern-fills.ts';
import type { PatternTable } from './pattern-table.ts';
import { type Place, type ReplayTarget, requestFor } from './replay-target.ts';
import { EventKind, labelOf, type Trace } from './trace.ts';

/** A prime under 2^26, so that products of two remainders stay exact. */
const CHECKSUM_PRIME = 67_108_859;
/** What may happen between a submission and the moment at which the target hears of it. */
const ENDINGS: ReadonlySet<number> = new Set([EventKind.DESTROY, EventKind.COLLECT, EventKind.TEXTURE_END]);
/** Keeps the patterns of writes apart from those of creations. */
const WRITE_SEED = 0x40000000;

/** The state of a replay. */
export class Replayer<Buffer, Resource extends Place<Buffer>> {
  readonly live: Map<number, LiveResource<Resource>> = new Map();
  readonly fills: PatternFills<Buffer>;
  readonly findings: Findings = new Findings();
  liveBytes = 0;
  offsetsChecksum = 0;
  readonly allocations: Durations = new Durations();
  readonly frees: Durations = new Durations();
  private createdCount = 0;
  /** A submission has happened that the target does not know of yet. */
  private boundaryDue = false;
  private readonly trace: Trace;
  private readonly target: ReplayTarget<Buffer, Resource>;
  private readonly table: PatternTable;

  constructor(trace: Trace, target: ReplayTarget<Buffer, Resource>, table: PatternTable) {
    this.trace = trace;
    this.target = target;
    this.table = table;
    this.fills = new PatternFills(target.backend, table);
  }

  /** Replays event `index`. A promise when it has to be waited for. */
  step(index: number): Promise<void> | undefined {
    const kind = this.trace.kinds[index]!;
    if (this.boundaryDue && !ENDINGS.has(kind)) this.passBoundary(kind);
    switch (kind) {
      case EventKind.CREATE:
        this.create(index);
        break;
      case EventKind.DESTROY:
      case EventKind.COLLECT:
        this.destroy(this.find(this.trace.ids[index]!));
        break;
      case EventKind.WRITE:
        this.write(index);
        break;
      case EventKind.COPY:
        this.copy(index);
        break;
      case EventKind.MAP:
        return this.readMapped(index);
      case EventKind.SUBMIT:
        this.fills.submit();
        this.boundaryDue = true;
        break;
      case EventKind.FRAME:
        this.fills.submit();
        this.target.endFrame();
        break;
    }
    return undefined;
  }

  /** Gives back what the trace left alive; the pattern's buffer too. */
  finish(): void {
    this.fills.dispose();
    this.live.clear();
    this.target.dispose();
  }

  /**
   * Programs release what a submission used right after it. The target hears of the submission when they have
   * done so, before anything new is recorded; a frame is a boundary itself.
   */
  private passBoundary(kind: number): void {
    this.boundaryDue = false;
    if (kind !== EventKind.FRAME) this.target.submitted();
  }

  private create(index: number): void {
    const { trace, target, table } = this;
    const id = trace.ids[index]!;
    const size = trace.sizes[index]!;
    const label = labelOf(trace, index);
    const request = requestFor(size, trace.others[index]!, label);
    const { clock } = target.backend;
    const from = clock();
    const resource = target.create(request);
    this.allocations.add(clock() - from);
    this.createdCount++;
    this.checksum(resource.offset);
    const patternOffset = table.offsetFor(id);
    const contents = new Contents(table, size, patternOffset);
    const { location } = request;
    const live = { id, label, size, contents, resource, location, patternOffset, fillPending: false };
    this.live.set(id, live);
    this.liveBytes += size;
    if (trace.mapped[index] === 1 || location === 'upload') {
      target.write(resource, 0, table.slice(patternOffset, size));
    } else {
      this.fills.add(live);
    }
  }

  private destroy(live: LiveResource<Resource>): void {
    this.fills.drop(live);
    const { clock } = this.target.backend;
    const from = clock();
    this.target.destroy(live.resource);
    this.frees.add(clock() - from);
    this.live.delete(live.id);
    this.liveBytes -= live.size;
  }

  private write(index: number): void {
    const { trace, table } = this;
    const live = this.find(trace.ids[index]!);
    const size = trace.sizes[index]!;
    const offset = trace.offsets[index]!;
    const patternOffset = table.offsetFor(WRITE_SEED + index);
    this.settleFill(live, offset, size);
    this.target.write(live.resource, offset, table.slice(patternOffset, size));
    live.contents.write(offset, size, patternOffset);
  }

  private copy(index: number): void {
    const { trace } = this;
    const source = this.find(trace.ids[index]!);
    const target = this.find(trace.others[index]!);
    const size = trace.sizes[index]!;
    const sourceOffset = trace.offsets[index]!;
    const targetOffset = trace.targetOffsets[index]!;
    if (size === 0) return;
    this.settleFill(target, targetOffset, size);
    if (source.fillPending) this.fills.submit();
    this.target.copy(source.resource, sourceOffset, target.resource, targetOffset, size);
    target.contents.copy(source.contents, sourceOffset, targetOffset, size);
  }

  private async readMapped(index: number): Promise<void> {
    const live = this.find(this.trace.ids[index]!);
    if (live.fillPending) this.fills.submit();
    const got = await this.target.read(live.resource, 0, live.size);
    this.findings.compare(live, 0, live.contents.bytes(0, live.size), got, index);
  }

  /** Before bytes of `live` change: a pending fill comes first, unless nothing of it would be left. */
  private settleFill(live: LiveResource<Resource>, at: number, size: number): void {
    if (!live.fillPending) return;
    if (live.contents.isWhole(at, size)) this.fills.drop(live);
    else this.fills.submit();
  }

  private find(id: number): LiveResource<Resource> {
    return this.live.get(id)!;
  }

  private checksum(offset: number): void {
    const place = (this.createdCount % CHECKSUM_PRIME) * ((offset / 4 + 1) % CHECKSUM_PRIME);
    this.offsetsChecksum = (this.offsetsChecksum + place) % CHECKSUM_PRIME;
  }
}
