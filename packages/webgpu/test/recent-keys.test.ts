import { describe, expect, it } from 'vitest';
import { NO_SLOT, RecentKeys } from '../src/recent-keys.ts';

describe('recent keys', () => {
  it('know which was used longest ago, as long as there is one', () => {
    const keys = new RecentKeys(2);
    expect([keys.size, keys.oldest]).toEqual([0, NO_SLOT]);
    const [one, two] = [keys.add([1], 1), keys.add([2, 9], 1)];
    expect([keys.size, keys.oldest]).toEqual([2, one]);
    expect([keys.find([1], 1), keys.oldest]).toEqual([one, two]);
    keys.remove(two);
    expect([keys.find([2], 1), keys.keyAt(two), keys.oldest]).toEqual([NO_SLOT, undefined, one]);
    keys.remove(one);
    expect([keys.size, keys.oldest]).toEqual([0, NO_SLOT]);
    expect(keys.keyAt(keys.add([3, 4, 5], 2))).toEqual([3, 4]);
  });
});
