import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { Account, type AccountStatistics } from '../../src/telemetry/account.ts';
import { Accounts } from '../../src/telemetry/accounts.ts';
import { Scopes } from '../../src/telemetry/scopes.ts';

/** A live allocation, and the accounts that it keeps as one of a heap would. */
interface Live {
  label: string;
  owner: string;
  pool: string;
  readonly path: string;
  requested: number;
  used: number;
  labelAccount: Account;
  readonly ownerAccount: Account;
  readonly scopeAccount: Account;
  poolAccount: Account;
}

const step = fc.record({
  act: fc.constantFrom(
    ...['allocate', 'allocate', 'allocate', 'free', 'free', 'rename', 'resize', 'pool', 'enter', 'leave'],
  ),
  size: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 2 ** 31, max: 2 ** 44 })),
  name: fc.integer({ min: 0, max: 5 }),
  pick: fc.nat(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What is remembered of a name beside what lives: everything else is recounted. */
interface Past {
  peakRequestedBytes: number;
  peakUsedBytes: number;
  peakLiveCount: number;
  allocationCount: number;
  allocatedBytes: number;
}

const POOLS = ['gpu-read', 'gpu-write'];

/** The accounts of a heap, and the naive recount that they must equal. */
class Pair {
  readonly labels: Accounts;
  readonly owners: Accounts;
  readonly scopes: Scopes;
  readonly heap = new Account('');
  readonly pools = new Map(POOLS.map((name) => [name, new Account(name, this.heap)]));
  readonly live: Live[] = [];
  readonly past = new Map<string, Past>();
  readonly open: string[] = [];

  constructor(limit: number) {
    this.labels = new Accounts(limit);
    this.owners = new Accounts(limit);
    this.scopes = new Scopes(limit);
  }

  run({ act, size, name, pick }: Step): void {
    const each = this.live[pick % (this.live.length || 1)];
    if (act === 'allocate') this.allocate(size, name, pick);
    else if (act === 'enter' && this.open.length < 4) {
      this.open.push(`s${name}`);
      this.scopes.enter(`s${name}`);
    } else if (act === 'leave' && this.open.length > 0) this.scopes.leave(this.open.pop());
    else if (each === undefined) return;
    else if (act === 'free') this.free(each);
    else if (act === 'rename') this.rename(each, `l${name}`);
    else if (act === 'resize') this.resize(each, size);
    else if (act === 'pool') this.movePool(each, POOLS[pick % 2] as string);
    for (const [key, past] of this.past) notePeaks(past, this.recount(key));
  }

  private allocate(requested: number, name: number, pick: number): void {
    const used = Math.ceil(requested / 16) * 16;
    const label = `l${name}`;
    const owner = `o${pick % 3}`;
    const pool = POOLS[pick % 2] as string;
    const path = this.open.join('/');
    const poolAccount = this.pools.get(pool) as Account;
    const scopeAccount = this.scopes.account;
    poolAccount.add(requested, used);
    scopeAccount.add(requested, used);
    const labelAccount = this.labels.add(label, requested, used);
    const ownerAccount = this.owners.add(owner, requested, used);
    this.live.push({
      ...{ label, owner, pool, path, requested, used },
      ...{ labelAccount, ownerAccount, scopeAccount, poolAccount },
    });
    for (const key of this.keysOf({ label, owner, pool, path })) this.noteNew(key, used);
  }

  private free(each: Live): void {
    for (const account of [each.labelAccount, each.ownerAccount, each.scopeAccount, each.poolAccount]) {
      account.remove(each.requested, each.used);
    }
    this.live.splice(this.live.indexOf(each), 1);
  }

  private rename(each: Live, label: string): void {
    each.labelAccount = this.labels.rename(each.labelAccount, label, each.requested, each.used);
    if (label !== each.label) this.noteNew(`label ${label}`, each.used);
    each.label = label;
  }

  private movePool(each: Live, pool: string): void {
    const to = this.pools.get(pool) as Account;
    each.poolAccount.moveTo(to, each.requested, each.used);
    if (pool !== each.pool) this.noteNew(`pool ${pool}`, each.used);
    each.pool = pool;
    each.poolAccount = to;
  }

  private resize(each: Live, requested: number): void {
    const used = Math.ceil(requested / 16) * 16;
    for (const account of [each.labelAccount, each.ownerAccount, each.scopeAccount, each.poolAccount]) {
      account.change(requested - each.requested, used - each.used);
    }
    for (const key of this.keysOf(each)) this.pastOf(key).allocatedBytes += Math.max(0, used - each.used);
    each.requested = requested;
    each.used = used;
  }

  /**
   * Every account that an allocation is in, by kind and name; the empty names are those of the whole heap.
   */
  private keysOf({ label, owner, pool, path }: Pick<Live, 'label' | 'owner' | 'pool' | 'path'>): string[] {
    const keys = [`label ${label}`, `owner ${owner}`, `pool ${pool}`, 'pool ', 'path '];
    const names = path === '' ? [] : path.split('/');
    return [...keys, ...names.map((_, i) => `path ${names.slice(0, i + 1).join('/')}`)];
  }

  private pastOf(key: string): Past {
    const past = this.past.get(key) ?? {
      peakRequestedBytes: 0,
      peakUsedBytes: 0,
      peakLiveCount: 0,
      allocationCount: 0,
      allocatedBytes: 0,
    };
    this.past.set(key, past);
    return past;
  }

  private noteNew(key: string, used: number): void {
    this.pastOf(key).allocationCount++;
    this.pastOf(key).allocatedBytes += used;
  }

  /** Everything that ever came into accounts of a kind: how many, and their bytes. */
  sumOfPast(kind: string): number[] {
    return sumRecords([...this.past].filter(([key]) => key.startsWith(kind)).map(([, past]) => past));
  }

  /** What lives in an account now. */
  recount(key: string): Pick<AccountStatistics, 'requestedBytes' | 'usedBytes' | 'liveCount'> {
    const among = this.live.filter((each) => this.keysOf(each).includes(key));
    return {
      requestedBytes: among.reduce((sum, { requested }) => sum + requested, 0),
      usedBytes: among.reduce((sum, { used }) => sum + used, 0),
      liveCount: among.length,
    };
  }

  /** What an account says of itself. */
  actual(key: string): AccountStatistics | undefined {
    const [kind, name = ''] = key.split(' ');
    if (kind === 'label') return this.labels.statistics(name);
    if (kind === 'owner') return this.owners.statistics(name);
    if (kind === 'path') return this.scopes.statistics(name);
    return (name === '' ? this.heap : (this.pools.get(name) as Account)).statistics();
  }
}

function notePeaks(past: Past, now: ReturnType<Pair['recount']>): void {
  past.peakRequestedBytes = Math.max(past.peakRequestedBytes, now.requestedBytes);
  past.peakUsedBytes = Math.max(past.peakUsedBytes, now.usedBytes);
  past.peakLiveCount = Math.max(past.peakLiveCount, now.liveCount);
}

const steps = fc.array(step, { minLength: 10, maxLength: 60 });

describe('accounts and scopes, against a recount', () => {
  it('agree in every figure after every step', () => {
    const check = (plan: Step[]): void => {
      const pair = new Pair(1000);
      for (const each of plan) {
        pair.run(each);
        for (const [key, past] of pair.past) {
          const [, name = ''] = key.split(' ');
          expect(pair.actual(key)).toEqual({ name, ...pair.recount(key), ...past });
        }
        expect(pair.scopes.path).toBe(pair.open.join('/'));
      }
    };
    fc.assert(fc.property(steps, check), { numRuns: scale(100, 1200) });
  });

  it('agree in what lives when almost every name is forgotten, and lose no sum', () => {
    const check = (plan: Step[]): void => {
      const pair = new Pair(1);
      for (const each of plan) {
        pair.run(each);
        for (const key of pair.past.keys()) {
          const now = pair.recount(key);
          // What has no live allocation may be forgotten.
          if (now.liveCount > 0) expect(pair.actual(key)).toMatchObject(now);
          else expect(pair.actual(key)?.liveCount ?? 0).toBe(0);
        }
        expect(sumOf(pair.labels)).toEqual(pair.sumOfPast('label'));
        expect(sumOf(pair.owners)).toEqual(pair.sumOfPast('owner'));
      }
    };
    fc.assert(fc.property(steps, check), { numRuns: scale(100, 1200) });
  });
});

function sumOf(accounts: Accounts): number[] {
  return sumRecords([...accounts.list(), accounts.others]);
}

function sumRecords(records: readonly Past[]): number[] {
  return [
    records.reduce((sum, { allocationCount }) => sum + allocationCount, 0),
    records.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0),
  ];
}
