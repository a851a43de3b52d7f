import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BindGroupCache, type CachedEntry } from '../src/index.ts';
import { FakeGroups, type Group, RangeOfBuffer } from './fake-groups.ts';

const LAYOUTS = ['a', 'b'].map((name) => ({ name }));
const BUFFERS = ['red', 'green', 'blue'].map((name) => ({ name }));
const SAMPLER = { name: 'sampler' };
/** The last two have the hashes of the first two: they differ by 4 GiB. */
const OFFSETS = [0, 256, 2 ** 32, 2 ** 32 + 256];

/** The cache as a map of strings in the order of use. */
class Model {
  readonly groups = new Map<string, Group>();
  readonly capacity: number;
  hits = 0;
  misses = 0;
  evictions = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** The group that must come back, or undefined when one must be made. */
  find(key: string): Group | undefined {
    const group = this.groups.get(key);
    if (group === undefined) return undefined;
    this.hits++;
    this.groups.delete(key);
    this.groups.set(key, group);
    return group;
  }

  add(key: string, group: Group): void {
    this.misses++;
    if (this.groups.size === this.capacity) {
      this.evictions++;
      this.groups.delete(this.groups.keys().next().value!);
    }
    this.groups.set(key, group);
  }

  forget(object: object): number {
    const gone = [...this.groups].filter(([, { layout, entries }]) => {
      const resources = entries.map(({ resource }) => (resource as RangeOfBuffer).buffer ?? resource);
      return layout === object || resources.includes(object);
    });
    for (const [key] of gone) this.groups.delete(key);
    return gone.length;
  }
}

/** A call: which layout, and of each entry an allocation, or the sampler, and whether it is dynamic. */
const call = fc.record({
  kind: fc.constant('get' as const),
  layout: fc.nat(1),
  entries: fc.array(fc.record({ resource: fc.nat(4), dynamic: fc.boolean() }), { maxLength: 2 }),
});
const move = fc.record({
  kind: fc.constant('move' as const),
  which: fc.nat(3),
  buffer: fc.nat(2),
  offset: fc.nat(3),
  size: fc.constantFrom(4, 6, 256),
});
const forget = fc.record({ kind: fc.constant('forget' as const), what: fc.nat(5) });
const steps = fc.array(
  fc.oneof({ weight: 8, arbitrary: call }, { weight: 3, arbitrary: move }, { weight: 1, arbitrary: forget }),
  { maxLength: 120, size: 'max' },
);

function keyOf(layout: number, entries: readonly CachedEntry<object>[]): string {
  const words = entries.map(({ binding, resource, dynamic }) => {
    if (!(resource instanceof RangeOfBuffer)) return [binding, 'sampler'];
    const offset = dynamic === true ? 0 : resource.offset;
    return [binding, BUFFERS.indexOf(resource.buffer as never), offset, Math.ceil(resource.size / 4)];
  });
  return JSON.stringify([layout, words]);
}

describe('a bind-group cache', () => {
  it('does as a map of strings does', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 9 }), (script, capacity) => {
        const device = new FakeGroups();
        const cache = new BindGroupCache<object, object, Group>(device, { capacity });
        const model = new Model(capacity);
        const allocations = [0, 1, 2, 3].map((i) => new RangeOfBuffer(BUFFERS[i % 3]!, OFFSETS[i]!, 256));
        for (const step of script) {
          if (step.kind === 'move') {
            const { buffer, offset, size } = step;
            Object.assign(allocations[step.which]!, {
              buffer: BUFFERS[buffer],
              offset: OFFSETS[offset],
              size,
            });
          } else if (step.kind === 'forget') {
            const what = [...LAYOUTS, ...BUFFERS, SAMPLER][step.what]!;
            expect(cache.forget(what)).toBe(model.forget(what));
          } else {
            const entries = step.entries.map(
              ({ resource, dynamic }, binding): CachedEntry<object> => ({
                binding,
                resource: allocations[resource] ?? SAMPLER,
                dynamic,
              }),
            );
            const key = keyOf(step.layout, entries);
            const known = model.find(key);
            const madeCount = device.made.length;
            const group = cache.get(LAYOUTS[step.layout]!, entries);
            expect(device.made.length - madeCount).toBe(known === undefined ? 1 : 0);
            if (known === undefined) model.add(key, group);
            else expect(group).toBe(known);
            expect(group.layout).toBe(LAYOUTS[step.layout]);
          }
          const { hits, misses, evictions } = model;
          expect(cache).toMatchObject({ hits, misses, evictions, size: model.groups.size });
        }
        cache.clear();
        expect(cache.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
