/**
 * Books: what a heap remembers of its allocations for those who ask: owners, labels, scopes, stacks, leaks.
 *
 * Cost     begin, end: O(1) for each of owner, label and open scope that an allocation has; none has a cost
 *          where there is none. Nothing is made but accounts for new names, and a record for each allocation
 *          where leaks are watched for.
 * Promise  figures are those of the live allocations, whatever happens to them in between.
 */
import type { OwnerBytes } from '../base/errors.ts';
import type { Chunk, RangeOwner } from '../memory/chunk.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import type { Account } from '../telemetry/account.ts';
import { Accounts } from '../telemetry/accounts.ts';
import type { DebugLog } from '../telemetry/debug-log.ts';
import { type LeakRecord, type LeakReport, LeakTracker, listLeaks, takeStack } from '../telemetry/leaks.ts';
import type { AllocationReport } from '../telemetry/report.ts';
import { Scopes } from '../telemetry/scopes.ts';
import { Allocation } from './allocation.ts';
import type { BookEntry, StandIn } from './allocation-state.ts';

/** Stands for an allocation where leaks are watched for: no road leads from here to its object. */
export class OwnerRecord<Buffer> implements RangeOwner, LeakRecord, StandIn<Buffer> {
  label: string;
  readonly owner: string;
  size: number;
  readonly bornFrame: number;
  readonly alignment: number;
  /** See `Allocation.rank`. */
  readonly rank: number;
  chunk: Chunk<Buffer> | undefined;
  handle: number;
  ownerAccount: Account | undefined;
  labelAccount: Account | undefined;
  scopeAccount: Account | undefined;
  stack: string | undefined;
  private readonly weak: WeakRef<Allocation<Buffer>>;
  private readonly frame: () => number;

  constructor(allocation: Allocation<Buffer>, chunk: Chunk<Buffer> | undefined, frame: () => number) {
    this.label = allocation.label;
    this.owner = allocation.owner;
    this.size = allocation.size;
    this.bornFrame = allocation.bornFrame;
    this.alignment = allocation.alignment;
    this.rank = allocation.rank;
    this.chunk = chunk;
    this.handle = allocation.handle;
    this.ownerAccount = allocation.ownerAccount;
    this.labelAccount = allocation.labelAccount;
    this.scopeAccount = allocation.scopeAccount;
    this.stack = allocation.stack;
    this.weak = new WeakRef(allocation);
    this.frame = frame;
  }

  /** The object, if it has not been collected. */
  deref(): Allocation<Buffer> | undefined {
    return this.weak.deref();
  }

  /** What was collected is about to go, and has nobody to be told of a move. */
  get isHeld(): boolean {
    return this.deref()?.isHeld !== false;
  }

  /** As it is now. */
  report(): AllocationReport {
    return reportOf(this, this.chunk, this.frame());
  }
}

/** What happens to allocations whose objects were collected. */
export interface LeakHandling<Buffer> {
  readonly onLeak: ((leak: LeakReport) => void) | undefined;
  /** Gives the range back. */
  release(record: OwnerRecord<Buffer>): void;
}

/** The id of the chunk that an evicted allocation is in. */
const NO_CHUNK = -1;
/** Owners that an error names. */
const MOST_OWNERS = 3;

export class Books<Buffer> {
  readonly owners: Accounts = new Accounts();
  readonly labels: Accounts = new Accounts();
  readonly scopes: Scopes = new Scopes();
  readonly log: DebugLog;
  private readonly tracker: LeakTracker<OwnerRecord<Buffer>> | undefined;
  private readonly frame: () => number;

  /** `handling` switches the watch for collected allocations on. */
  constructor(log: DebugLog, frame: () => number, handling: LeakHandling<Buffer> | undefined) {
    this.log = log;
    this.frame = frame;
    if (handling === undefined) return;
    this.tracker = new LeakTracker((leak, record) => {
      handling.release(record);
      log.logLeak(leak);
      handling.onLeak?.(leak);
    });
  }

  /** An allocation has come to life, in its chunk or evicted. Answers who stands for it. */
  begin(allocation: Allocation<Buffer>, chunk: Chunk<Buffer> | undefined, usedBytes: number): RangeOwner {
    if (this.scopes.depth > 0) allocation.scopeAccount = this.scopes.account;
    if (chunk !== undefined) this.add(allocation, usedBytes);
    if (this.log.storeStacks) allocation.stack = takeStack();
    if (this.tracker === undefined) return allocation;
    const record = new OwnerRecord(allocation, chunk, this.frame);
    allocation.record = record;
    this.tracker.watch(allocation, record);
    return record;
  }

  private add(allocation: Allocation<Buffer>, usedBytes: number): void {
    const { label, owner, size } = allocation;
    if (owner !== '') allocation.ownerAccount = this.owners.add(owner, size, usedBytes);
    if (label !== '') allocation.labelAccount = this.labels.add(label, size, usedBytes);
    allocation.scopeAccount?.add(size, usedBytes);
  }

  /** It is evicted, and counted nowhere until it comes back. */
  leave(allocation: Allocation<Buffer>, usedBytes: number): void {
    this.remove(allocation, allocation.size, usedBytes);
    allocation.ownerAccount = undefined;
    allocation.labelAccount = undefined;
    this.note(allocation);
  }

  /** It is resident again. */
  comeBack(allocation: Allocation<Buffer>, usedBytes: number): void {
    this.add(allocation, usedBytes);
    this.note(allocation);
  }

  /** Its record knows the accounts that it is in. */
  private note({ record, ownerAccount, labelAccount }: Allocation<Buffer>): void {
    if (record === undefined) return;
    record.ownerAccount = ownerAccount;
    record.labelAccount = labelAccount;
  }

  /** An allocation was made, and all is as it should be: a logger may do anything. */
  tellBegin(allocation: Allocation<Buffer>, chunk: Chunk<Buffer> | undefined): void {
    if (this.log.allocations) this.log.logAllocation(reportOf(allocation, chunk, this.frame()));
  }

  /** It is about to be freed. Answers what is to be told of it then, if anybody wants to know. */
  end(
    allocation: Allocation<Buffer>,
    chunk: Chunk<Buffer> | undefined,
    usedBytes: number,
  ): AllocationReport | undefined {
    const report = this.log.frees ? reportOf(allocation, chunk, this.frame()) : undefined;
    if (chunk !== undefined) this.remove(allocation, allocation.size, usedBytes);
    if (allocation.record instanceof OwnerRecord) {
      this.tracker?.forget(allocation.record);
      // So that whoever has the record sees that it is over.
      allocation.record.handle = NO_SPACE;
    }
    return report;
  }

  /** It has been freed, as `tellBegin`. */
  tellEnd(report: AllocationReport | undefined): void {
    if (report !== undefined) this.log.logFree(report);
  }

  /** One whose object was collected is no more. */
  forget(record: OwnerRecord<Buffer>, usedBytes: number): void {
    if (record.chunk !== undefined) this.remove(record, record.size, usedBytes);
    this.tracker?.forget(record);
  }

  /** What was counted for an allocation is counted no more. */
  remove(entry: BookEntry, size: number, usedBytes: number): void {
    entry.ownerAccount?.remove(size, usedBytes);
    entry.labelAccount?.remove(size, usedBytes);
    entry.scopeAccount?.remove(size, usedBytes);
  }

  /** It has so many bytes more, or fewer, asked for and reserved. */
  resized(allocation: Allocation<Buffer>, requested: number, used: number): void {
    allocation.ownerAccount?.change(requested, used);
    allocation.labelAccount?.change(requested, used);
    allocation.scopeAccount?.change(requested, used);
  }

  /** It is called `label` from now on. */
  renamed(allocation: Allocation<Buffer>, label: string, usedBytes: number): void {
    const { labelAccount, size } = allocation;
    // What is evicted is counted under its label when it comes back.
    if (!allocation.isResident) return;
    if (label === '') {
      labelAccount?.remove(size, usedBytes);
      allocation.labelAccount = undefined;
    } else if (labelAccount === undefined) {
      allocation.labelAccount = this.labels.add(label, size, usedBytes);
    } else {
      allocation.labelAccount = this.labels.rename(labelAccount, label, size, usedBytes);
    }
    if (allocation.record !== undefined) allocation.record.labelAccount = allocation.labelAccount;
  }

  /** Tells of what was never freed, if anybody wants to know: only then is it listed. */
  tellLeaks(list: () => readonly AllocationReport[], onLeak: ((leak: LeakReport) => void) | undefined): void {
    if (!this.log.leaksOnDispose && onLeak === undefined) return;
    for (const leak of listLeaks(list())) {
      this.log.logLeak(leak);
      onLeak?.(leak);
    }
  }

  /** The owners that hold the most, largest first. O(owners · log owners). */
  topOwners(): OwnerBytes[] {
    const top = this.owners.list(MOST_OWNERS).filter(({ liveCount }) => liveCount > 0);
    return top.map(({ name, usedBytes }) => ({ owner: name, usedBytes }));
  }

  /** Everything has ended, and nothing is told of collected allocations any more. O(names). */
  dispose(): void {
    this.tracker?.dispose();
    for (const accounts of [this.owners, this.labels, this.scopes]) accounts.endAll();
  }
}

/** What is told of a live allocation, or of who stands for it. */
export function reportOf<Buffer>(
  what: Pick<OwnerRecord<Buffer>, 'label' | 'owner' | 'size' | 'bornFrame' | 'handle' | 'stack'>,
  chunk: Chunk<Buffer> | undefined,
  frame: number,
): AllocationReport {
  const report = {
    label: what.label,
    owner: what.owner,
    poolName: chunk?.pool.kind.name ?? 'evicted',
    chunkId: chunk?.id ?? NO_CHUNK,
    offset: chunk?.suballocator.offsetOf(what.handle) ?? 0,
    sizeBytes: chunk?.suballocator.sizeOf(what.handle) ?? 0,
    requestedBytes: what.size,
    ageFrames: frame - what.bornFrame,
  };
  return what.stack === undefined ? report : { ...report, stack: what.stack };
}

/** The allocation that owns a range, if one does and its object is still there. */
export function allocationOf<Buffer>(owner: RangeOwner | undefined): Allocation<Buffer> | undefined {
  if (owner instanceof Allocation) return owner as Allocation<Buffer>;
  return owner instanceof OwnerRecord ? (owner.deref() as Allocation<Buffer> | undefined) : undefined;
}
