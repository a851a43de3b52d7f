import { describe, expect, it } from 'vitest';
import { Account } from '../../src/telemetry/account.ts';
import { Accounts } from '../../src/telemetry/accounts.ts';
import { codeOf } from '../code-of.ts';

const LARGE = 2 ** 52;

describe('an account', () => {
  it('counts what comes and goes, what was asked for apart from what is reserved', () => {
    const account = new Account('meshes');
    account.add(100, 112);
    account.add(LARGE, LARGE + 16);
    account.remove(100, 112);
    account.add(1, 16);
    expect(account.statistics()).toEqual({
      name: 'meshes',
      requestedBytes: LARGE + 1,
      usedBytes: LARGE + 32,
      liveCount: 2,
      peakRequestedBytes: LARGE + 100,
      peakUsedBytes: LARGE + 128,
      peakLiveCount: 2,
      allocationCount: 3,
      allocatedBytes: LARGE + 144,
    });
  });

  it('rolls up into its parents', () => {
    const heap = new Account('heap');
    const pool = new Account('pool', heap);
    const chunk = new Account('chunk', pool);
    pool.add(10, 16);
    chunk.add(20, 32);
    expect([heap, pool, chunk].map(({ usedBytes }) => usedBytes)).toEqual([48, 48, 32]);
    expect([heap, pool, chunk].map(({ depth }) => depth)).toEqual([0, 1, 2]);
    chunk.remove(20, 32);
    expect([heap, pool, chunk].map(({ requestedBytes }) => requestedBytes)).toEqual([10, 10, 0]);
    expect([heap, pool, chunk].map(({ peakUsedBytes }) => peakUsedBytes)).toEqual([48, 48, 32]);
  });

  it('follows an allocation that grows and shrinks', () => {
    const heap = new Account('heap');
    const pool = new Account('pool', heap);
    pool.add(10, 16);
    pool.change(90, 96);
    pool.change(-60, -64);
    for (const account of [heap, pool]) {
      expect(account).toMatchObject({
        requestedBytes: 40,
        usedBytes: 48,
        liveCount: 1,
        peakUsedBytes: 112,
        allocationCount: 1,
        allocatedBytes: 112,
      });
    }
  });

  it('hands an allocation to another account, unseen by those above both', () => {
    const heap = new Account('heap');
    const read = new Account('read', heap);
    const deep = new Account('deep', read);
    const write = new Account('write', heap);
    const strange = new Account('strange');
    deep.add(10, 16);
    deep.moveTo(write, 10, 16);
    expect([heap, read, deep, write].map(({ liveCount }) => liveCount)).toEqual([1, 0, 0, 1]);
    expect([heap, read, deep, write].map(({ allocationCount }) => allocationCount)).toEqual([1, 1, 1, 1]);
    write.moveTo(deep, 10, 16);
    expect([heap, read, deep, write].map(({ usedBytes }) => usedBytes)).toEqual([16, 16, 16, 0]);
    expect(heap).toMatchObject({ allocationCount: 1, peakLiveCount: 1, allocatedBytes: 16 });
    deep.moveTo(deep, 10, 16);
    expect(deep).toMatchObject({ liveCount: 1, allocationCount: 2 });
    deep.moveTo(strange, 10, 16);
    expect([heap, read, deep, strange].map(({ liveCount }) => liveCount)).toEqual([0, 0, 0, 1]);
  });

  it('fills the record it is given', () => {
    const account = new Account('meshes');
    const into = account.statistics();
    account.add(5, 8);
    expect(account.statistics(into)).toBe(into);
    expect(into).toMatchObject({ name: 'meshes', liveCount: 1, usedBytes: 8 });
  });
});

describe('accounts by name', () => {
  it('keep one account for each name, the empty one too', () => {
    const owners = new Accounts();
    const scene = owners.add('scene', 10, 16);
    expect(owners.add('scene', 20, 32)).toBe(scene);
    owners.add('', 1, 16);
    expect(owners.knownCount).toBe(2);
    expect(owners.statistics('scene')).toMatchObject({ requestedBytes: 30, usedBytes: 48, liveCount: 2 });
    expect(owners.statistics('')).toMatchObject({ usedBytes: 16, liveCount: 1 });
    expect(owners.statistics('nobody')).toBe(undefined);
  });

  it('move a renamed allocation, and leave one that keeps its name', () => {
    const labels = new Accounts();
    const before = labels.add('tree', 10, 16);
    labels.add('tree', 10, 16);
    const after = labels.rename(before, 'oak', 10, 16);
    expect(after.statistics()).toMatchObject({
      name: 'oak',
      liveCount: 1,
      allocationCount: 1,
      peakUsedBytes: 16,
    });
    expect(before.statistics()).toMatchObject({ liveCount: 1, allocationCount: 2, peakUsedBytes: 32 });
    expect(labels.rename(after, 'oak', 10, 16)).toBe(after);
    expect(after).toMatchObject({ liveCount: 1, allocationCount: 1 });
  });

  it('list those with the most bytes first, then by name', () => {
    const labels = new Accounts();
    for (const [name, bytes] of [
      ['b', 16],
      ['c', 48],
      ['a', 16],
      ['d', 32],
    ] as const)
      labels.add(name, 1, bytes);
    expect(labels.list().map(({ name }) => name)).toEqual(['c', 'd', 'a', 'b']);
    expect(labels.list(2).map(({ usedBytes }) => usedBytes)).toEqual([48, 32]);
  });

  it('forget names without live allocations beyond the limit, and count them together', () => {
    const labels = new Accounts(4);
    for (let i = 0; i < 1000; i++) labels.add(`upload ${i}`, 10, 16 + i).remove(10, 16 + i);
    expect(labels.knownCount).toBeLessThanOrEqual(4);
    expect(labels.forgottenCount).toBe(1000 - labels.knownCount);
    const known = labels.list().reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0);
    expect(labels.others.allocatedBytes + known).toBe(1000 * 16 + (999 * 1000) / 2);
    expect(labels.others).toMatchObject({
      name: '(others)',
      liveCount: 0,
      usedBytes: 0,
      allocationCount: labels.forgottenCount,
      peakLiveCount: 1,
      peakRequestedBytes: 10,
      peakUsedBytes: 15 + labels.forgottenCount,
    });
  });

  it('never forget a name that lives, however many there are', () => {
    const labels = new Accounts(2);
    const live = Array.from({ length: 100 }, (_, i) => labels.add(`mesh ${i}`, 1, 16));
    expect(labels.knownCount).toBe(100);
    expect(labels.forgottenCount).toBe(0);
    for (const account of live.slice(1)) account.remove(1, 16);
    for (let i = 0; i < 200; i++) labels.add(`other ${i}`, 1, 16).remove(1, 16);
    expect(labels.statistics('mesh 0')).toMatchObject({ liveCount: 1, usedBytes: 16 });
    expect(labels.knownCount).toBeLessThanOrEqual(3);
  });

  it('begin anew with a name that comes back', () => {
    const labels = new Accounts(1);
    labels.add('a', 100, 100).remove(100, 100);
    labels.add('b', 1, 1).remove(1, 1);
    expect(labels.statistics('a')).toBe(undefined);
    expect(labels.add('a', 7, 8).statistics()).toMatchObject({ peakUsedBytes: 8, allocationCount: 1 });
  });

  it('refuse a limit that is none', () => {
    for (const limit of [0, 1.5, Number.NaN, -1])
      expect(codeOf(() => new Accounts(limit))).toBe('bad-argument');
  });
});
