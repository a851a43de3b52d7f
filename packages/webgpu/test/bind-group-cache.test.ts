import { GpuMemoryError } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { BindGroupCache, type CachedEntry } from '../src/index.ts';
import { FakeGroups, type Group, RangeOfBuffer } from './fake-groups.ts';

/** What a fake cache takes. */
type Entries = CachedEntry<object>[];

function open(capacity?: number) {
  const device = new FakeGroups();
  const cache = new BindGroupCache<object, object, Group>(device, capacity === undefined ? {} : { capacity });
  return { device, cache, layout: { name: 'layout' } };
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof GpuMemoryError) return error.code;
    throw error;
  }
  return 'none';
}

describe('a bind-group cache', () => {
  const buffer = { name: 'buffer' };
  const sampler = { name: 'sampler' };

  it('makes a group once for the same layout and resources', () => {
    const { device, cache, layout } = open();
    const entries: Entries = [
      { binding: 3, resource: new RangeOfBuffer(buffer, 256, 64) },
      { binding: 1, resource: sampler },
    ];
    const group = cache.get(layout, entries);
    expect(group).toEqual({
      layout,
      entries: [
        { binding: 3, resource: { buffer, offset: 256, size: 64 } },
        { binding: 1, resource: sampler },
      ],
    });
    expect(cache.get(layout, entries)).toBe(group);
    // Other objects that say the same are the same.
    const again: Entries = [
      { binding: 3, resource: { buffer, offset: 256, size: 64 } },
      { binding: 1, resource: sampler },
    ];
    expect(cache.get(layout, again)).toBe(group);
    expect(device.made).toHaveLength(1);
    expect(cache).toMatchObject({ hits: 2, misses: 1, evictions: 0, size: 1, capacity: 4096 });
  });

  it('tells apart layout, binding, buffer, offset, size, other resources and the number of entries', () => {
    const { cache, layout } = open();
    const range = (more: object = {}) => ({ buffer, offset: 256, size: 64, ...more });
    const one = (resource: object, binding = 0): Entries => [{ binding, resource }];
    const groups = [
      cache.get(layout, []),
      cache.get(layout, one(range())),
      cache.get({ name: 'other layout' }, one(range())),
      cache.get(layout, one(range(), 1)),
      cache.get(layout, one(range({ buffer: { name: 'other buffer' } }))),
      cache.get(layout, one(range({ offset: 512 }))),
      cache.get(layout, one(range({ offset: 2 ** 32 + 256 }))),
      cache.get(layout, one(range({ size: 68 }))),
      cache.get(layout, one(sampler)),
      cache.get(layout, one(buffer)),
      cache.get(layout, [...one(range()), ...one(sampler, 1)]),
      cache.get(layout, [...one(sampler, 1), ...one(range())]),
    ];
    expect(new Set(groups).size).toBe(groups.length);
    expect(cache).toMatchObject({ hits: 0, misses: groups.length, size: groups.length });
  });

  it('makes another group for an allocation that moved, and finds the old one when it comes back', () => {
    const { cache, layout } = open();
    const allocation = new RangeOfBuffer(buffer, 0, 64);
    const entries: Entries = [{ binding: 0, resource: allocation }];
    const before = cache.get(layout, entries);
    allocation.offset = 1024;
    const after = cache.get(layout, entries);
    expect(after).not.toBe(before);
    expect(after.entries[0]!.resource).toEqual({ buffer, offset: 1024, size: 64 });
    allocation.buffer = { name: 'another chunk' };
    expect(cache.get(layout, entries).entries[0]!.resource).toMatchObject({ buffer: allocation.buffer });
    // What lives there now has the very same bytes.
    const tenant = new RangeOfBuffer(buffer, 0, 64);
    expect(cache.get(layout, [{ binding: 0, resource: tenant }])).toBe(before);
  });

  it('has one group for all ranges of a buffer whose offset is dynamic', () => {
    const { device, cache, layout } = open();
    const at = (offset: number, size = 256): Entries => [
      { binding: 0, resource: new RangeOfBuffer(buffer, offset, size), dynamic: true },
    ];
    const group = cache.get(layout, at(512));
    expect(group.entries).toEqual([{ binding: 0, resource: { buffer, offset: 0, size: 256 } }]);
    for (let frame = 0; frame < 100; frame++) expect(cache.get(layout, at(frame * 256))).toBe(group);
    expect(cache.get(layout, at(512, 128))).not.toBe(group);
    expect(device.made).toHaveLength(2);
  });

  it('binds whole dwords of an odd size', () => {
    const { cache, layout } = open();
    const odd: Entries = [{ binding: 0, resource: new RangeOfBuffer(buffer, 0, 13) }];
    expect(cache.get(layout, odd).entries[0]!.resource).toEqual({ buffer, offset: 0, size: 16 });
  });

  it('lets the least recently used leave', () => {
    const { cache, layout } = open(2);
    const entry = (binding: number): Entries => [{ binding, resource: sampler }];
    const [first, second] = [cache.get(layout, entry(1)), cache.get(layout, entry(2))];
    expect(cache.get(layout, entry(1))).toBe(first);
    cache.get(layout, entry(3));
    expect(cache).toMatchObject({ size: 2, evictions: 1 });
    expect(cache.get(layout, entry(1))).toBe(first);
    expect(cache.get(layout, entry(2))).not.toBe(second);
  });

  it('forgets what has a buffer, a sampler or a layout in it, and nothing else', () => {
    const { cache, layout } = open();
    const other = { name: 'other layout' };
    const groups = (): Group[] => [
      cache.get(layout, [{ binding: 0, resource: new RangeOfBuffer(buffer, 0, 64) }]),
      cache.get(layout, [
        { binding: 0, resource: sampler },
        { binding: 1, resource: new RangeOfBuffer(buffer, 64, 64) },
      ]),
      cache.get(other, [{ binding: 0, resource: sampler }]),
      cache.get(layout, []),
    ];
    const kept = (before: Group[]) => groups().map((group, i) => group === before[i]);
    let before = groups();
    expect(cache.forget({})).toBe(0);
    expect(cache.forget(buffer)).toBe(2);
    expect(cache.size).toBe(2);
    expect(kept(before)).toEqual([false, false, true, true]);
    before = groups();
    expect(cache.forget(sampler)).toBe(2);
    expect(kept(before)).toEqual([true, false, false, true]);
    before = groups();
    expect(cache.forget(other)).toBe(1);
    expect(kept(before)).toEqual([true, true, false, true]);
    expect(cache.evictions).toBe(0);
    cache.clear();
    expect(cache.size).toBe(0);
    expect(cache.forget(buffer)).toBe(0);
    expect(groups()).toHaveLength(4);
  });

  it('is as it was when the device throws', () => {
    const { device, cache, layout } = open(1);
    const kept = cache.get(layout, []);
    device.failure = new TypeError('not a layout');
    expect(() => cache.get(layout, [{ binding: 0, resource: sampler }])).toThrow('not a layout');
    expect(cache).toMatchObject({ hits: 0, misses: 1, evictions: 0, size: 1 });
    expect(cache.get(layout, [])).toBe(kept);
  });

  it('refuses what is no entry', () => {
    const { device, cache, layout } = open();
    const get = (entries: unknown, of: unknown = layout) =>
      codeOf(() => cache.get(of as object, entries as Entries));
    const range = { buffer, offset: 0, size: 4 };
    expect(get([], null)).toBe('bad-argument');
    expect(get('entries')).toBe('bad-argument');
    expect(get([null])).toBe('bad-argument');
    expect(get([{ binding: 0 }])).toBe('bad-argument');
    expect(get([{ binding: -1, resource: sampler }])).toBe('bad-argument');
    expect(get([{ binding: 0, resource: { ...range, offset: undefined } }])).toBe('bad-offset');
    expect(get([{ binding: 0, resource: { ...range, offset: -1 } }])).toBe('bad-offset');
    // A size is always given: without one a binding would reach the end of the buffer.
    expect(get([{ binding: 0, resource: { buffer, offset: 0 } }])).toBe('bad-size');
    expect(get([{ binding: 0, resource: { ...range, size: 0 } }])).toBe('bad-size');
    expect(device.made).toHaveLength(0);
    expect(cache).toMatchObject({ hits: 0, misses: 0, size: 0 });
  });

  it('refuses bad options', () => {
    const make = (device: unknown, options: unknown) =>
      codeOf(() => new BindGroupCache(device as FakeGroups, options as object));
    expect(make(new FakeGroups(), { capacity: 0 })).toBe('bad-argument');
    expect(make(new FakeGroups(), { capacity: 2 ** 20 + 1 })).toBe('bad-argument');
    expect(make(new FakeGroups(), { size: 4 })).toBe('unknown-option');
    expect(make(new FakeGroups(), null)).toBe('bad-argument');
    expect(make({}, {})).toBe('bad-argument');
    expect(make(undefined, {})).toBe('bad-argument');
  });
});
