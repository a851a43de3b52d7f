/**
 * Account: what the live allocations under one name hold, now and at most; an owner, a label, a scope, a
 * pool.
 *
 * Layout   an account may have a parent, into which all that it counts rolls up. An allocation keeps
 *          references to its accounts, so that no name is looked up when it ends.
 * Cost     add, remove, change: O(depth); moveTo: O(both depths). None makes a JavaScript object.
 * Promise  figures are sums over the allocations that were added and not removed; peaks never fall.
 * Refusal  trusts its caller: what is removed must have been added, with the same sizes.
 */

/** What one account counts. Bytes unless the name says count. */
export interface AccountStatistics {
  name: string;
  /** Asked for by live allocations, exactly. */
  requestedBytes: number;
  /** Reserved by live allocations, rounding included. */
  usedBytes: number;
  liveCount: number;
  /** The most at any one time since the account is known; so of the next two. */
  peakRequestedBytes: number;
  peakUsedBytes: number;
  peakLiveCount: number;
  /** Allocations that ever came in, by a rename or a move too. */
  allocationCount: number;
  /** Reserved by all that ever came in, growth included. Beyond 2^53-1 rounded as doubles are. */
  allocatedBytes: number;
}

/** Counts what lives under one name. See the head of the file. */
export class Account implements AccountStatistics {
  readonly name: string;
  readonly parent: Account | undefined;
  /** Parents above. */
  readonly depth: number;
  requestedBytes = 0;
  usedBytes = 0;
  liveCount = 0;
  peakRequestedBytes = 0;
  peakUsedBytes = 0;
  peakLiveCount = 0;
  allocationCount = 0;
  allocatedBytes = 0;

  constructor(name: string, parent?: Account) {
    this.name = name;
    this.parent = parent;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
  }

  /** An allocation has come to life. */
  add(requestedBytes: number, usedBytes: number): void {
    this.comeIn(requestedBytes, usedBytes);
    let above = this.parent;
    while (above !== undefined) {
      above.comeIn(requestedBytes, usedBytes);
      above = above.parent;
    }
  }

  /** An allocation has ended. */
  remove(requestedBytes: number, usedBytes: number): void {
    this.goOut(requestedBytes, usedBytes);
    let above = this.parent;
    while (above !== undefined) {
      above.goOut(requestedBytes, usedBytes);
      above = above.parent;
    }
  }

  /** A live allocation has been resized: so many bytes more, or less when negative. */
  change(requestedBytes: number, usedBytes: number): void {
    let account: Account | undefined = this;
    while (account !== undefined) {
      account.requestedBytes += requestedBytes;
      account.usedBytes += usedBytes;
      if (usedBytes > 0) account.allocatedBytes += usedBytes;
      account.notePeaks();
      account = account.parent;
    }
  }

  /** A live allocation goes from this account to `target`; what is above both of them sees nothing of it. */
  moveTo(target: Account, requestedBytes: number, usedBytes: number): void {
    let from: Account | undefined = this;
    let to: Account | undefined = target;
    while (from !== to) {
      if (from !== undefined && (to === undefined || from.depth >= to.depth)) {
        from.goOut(requestedBytes, usedBytes);
        from = from.parent;
      } else {
        // They differ, so that one of them is there; and it is not the first.
        const account: Account = to as Account;
        account.comeIn(requestedBytes, usedBytes);
        to = account.parent;
      }
    }
  }

  /** Fills and returns `into`, or a fresh record. */
  statistics(into?: AccountStatistics): AccountStatistics {
    const out = into ?? ({} as AccountStatistics);
    out.name = this.name;
    out.requestedBytes = this.requestedBytes;
    out.usedBytes = this.usedBytes;
    out.liveCount = this.liveCount;
    out.peakRequestedBytes = this.peakRequestedBytes;
    out.peakUsedBytes = this.peakUsedBytes;
    out.peakLiveCount = this.peakLiveCount;
    out.allocationCount = this.allocationCount;
    out.allocatedBytes = this.allocatedBytes;
    return out;
  }

  /** All that lives here has ended at once, with what is above it. */
  end(): void {
    this.requestedBytes = 0;
    this.usedBytes = 0;
    this.liveCount = 0;
  }

  private comeIn(requestedBytes: number, usedBytes: number): void {
    this.requestedBytes += requestedBytes;
    this.usedBytes += usedBytes;
    this.liveCount++;
    this.allocationCount++;
    this.allocatedBytes += usedBytes;
    this.notePeaks();
  }

  private goOut(requestedBytes: number, usedBytes: number): void {
    this.requestedBytes -= requestedBytes;
    this.usedBytes -= usedBytes;
    this.liveCount--;
  }

  private notePeaks(): void {
    if (this.requestedBytes > this.peakRequestedBytes) this.peakRequestedBytes = this.requestedBytes;
    if (this.usedBytes > this.peakUsedBytes) this.peakUsedBytes = this.usedBytes;
    if (this.liveCount > this.peakLiveCount) this.peakLiveCount = this.liveCount;
  }
}

/** Orders accounts by the bytes they hold, the largest first; then by name, of which no two are the same. */
export function byUsedBytes(a: AccountStatistics, b: AccountStatistics): number {
  if (a.usedBytes !== b.usedBytes) return b.usedBytes - a.usedBytes;
  return a.name < b.name ? -1 : 1;
}
