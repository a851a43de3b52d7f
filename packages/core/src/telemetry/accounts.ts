/**
 * Accounts: one account per name, for the owners of a heap, or its labels.
 *
 * Cost     add: O(1), one look into a map; a name that is new makes an account. rename: the same. What an
 *          allocation keeps is its account, so that its end costs no look at all.
 * Promise  at most `limit` names are known, or twice those that lived when names were last forgotten. An
 *          account with live allocations is never forgotten; what was forgotten is counted together in
 *          `others`.
 * Refusal  a name that was forgotten and comes back begins at nothing: peaks and sums are those since then.
 */
import { checkInteger } from '../base/check.ts';
import { Account, type AccountStatistics, byUsedBytes } from './account.ts';

/** Names beyond which those without live allocations are forgotten. */
export const ACCOUNT_LIMIT = 1024;

/** What can be asked of accounts. */
export interface AccountsView {
  /** Names that are known. */
  readonly knownCount: number;
  /** The figures of a name, in `into` or a fresh record; undefined when it is not known. */
  statistics(name: string, into?: AccountStatistics): AccountStatistics | undefined;
  /** The figures of the `most` names with the most bytes, largest first. O(names · log names). */
  list(most?: number): AccountStatistics[];
}

/** One account per name. See the head of the file. */
export class Accounts implements AccountsView {
  /**
   * What forgotten accounts counted: sums of their allocations and bytes, and the highest peaks that any one
   * of them had.
   */
  readonly others: Account = new Account('(others)');
  /** Accounts in `others`. */
  forgottenCount = 0;
  private readonly limit: number;
  private readonly byName: Map<string, Account> = new Map();
  private sweepAt: number;

  /** @throws UsageError `bad-argument` */
  constructor(limit: number = ACCOUNT_LIMIT) {
    checkInteger(limit, 'limit', 1, Number.MAX_SAFE_INTEGER, 'bad-argument');
    this.limit = limit;
    this.sweepAt = limit;
  }

  /** Names that are known. */
  get knownCount(): number {
    return this.byName.size;
  }

  /** An allocation has come to life under a name; answers its account, which takes its end. */
  add(name: string, requestedBytes: number, usedBytes: number): Account {
    const account = this.byName.get(name) ?? this.make(name);
    account.add(requestedBytes, usedBytes);
    return account;
  }

  /** A live allocation of the account `from` is called `name` from now on; answers its new account. */
  rename(from: Account, name: string, requestedBytes: number, usedBytes: number): Account {
    // While it is in `from`, that one can not be forgotten.
    const to = this.byName.get(name) ?? this.make(name);
    from.moveTo(to, requestedBytes, usedBytes);
    return to;
  }

  /** The figures of a name, in `into` or a fresh record; undefined when it is not known. */
  statistics(name: string, into?: AccountStatistics): AccountStatistics | undefined {
    return this.byName.get(name)?.statistics(into);
  }

  /** The figures of the `most` names with the most bytes, largest first. O(names · log names). */
  list(most: number = Number.POSITIVE_INFINITY): AccountStatistics[] {
    const sorted = Array.from(this.byName.values()).sort(byUsedBytes);
    return sorted.slice(0, most).map((account) => account.statistics());
  }

  /** Everything has ended. O(names). */
  endAll(): void {
    for (const account of this.byName.values()) account.end();
  }

  private make(name: string): Account {
    if (this.byName.size >= this.sweepAt) this.forgetIdle();
    const account = new Account(name);
    this.byName.set(name, account);
    return account;
  }

  /** The next time is when names have doubled: a name costs O(1) over time, however many there are. */
  private forgetIdle(): void {
    const { others } = this;
    for (const account of this.byName.values()) {
      if (account.liveCount > 0) continue;
      this.byName.delete(account.name);
      this.forgottenCount++;
      others.allocationCount += account.allocationCount;
      others.allocatedBytes += account.allocatedBytes;
      others.peakRequestedBytes = Math.max(others.peakRequestedBytes, account.peakRequestedBytes);
      others.peakUsedBytes = Math.max(others.peakUsedBytes, account.peakUsedBytes);
      others.peakLiveCount = Math.max(others.peakLiveCount, account.peakLiveCount);
    }
    this.sweepAt = Math.max(this.limit, 2 * this.byName.size);
  }
}
