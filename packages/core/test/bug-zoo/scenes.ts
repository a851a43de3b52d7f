/** Scenes: the kinds, and what the tests of the zoo share. */
import {
  BestFit,
  Binned,
  Buddy,
  Fixed,
  type Handle,
  Linear,
  NO_SPACE,
  Ring,
  type Suballocator,
  type SuballocatorOptions,
  Tlsf,
} from '@gpuheap/core/ranges';
import { expect } from 'vitest';

/** What all seven kinds have beside the contract. */
export type Kind = Suballocator &
  Required<Pick<Suballocator, 'resize' | 'grow' | 'shrinkTo'>> & { readonly metadataBytes: number };

/** A kind by its name, and how it is made. */
export type NamedKind = readonly [name: string, make: (options: SuballocatorOptions) => Kind];

/** Derived classes leave small spans to the parent; these make slots of every span. In units. */
const CLASSES = [1, 2, 3, 4, 5, 8, 12, 16, 24, 32, 48, 64, 65];

/** All seven, binned also with slots in small spans. */
export const EVERY_KIND: readonly NamedKind[] = [
  ['linear', (options) => new Linear(options)],
  ['ring', (options) => new Ring(options)],
  ['fixed', (options) => new Fixed(options)],
  ['buddy', (options) => new Buddy(options)],
  ['tlsf', (options) => new Tlsf(options)],
  ['binned', (options) => new Binned(options)],
  ['binned of classes', makeOfClasses],
  ['best-fit', (options) => new BestFit(options)],
];

/** Those whose ranges may be freed in any order. */
export const IN_ANY_ORDER: readonly NamedKind[] = EVERY_KIND.filter(
  ([, make]) => make({ capacity: 1 }).capabilities.freesInAnyOrder,
);

/** Those that serve alignments that are no powers of two. */
export const WITH_ANY_ALIGNMENT: readonly NamedKind[] = EVERY_KIND.filter(
  ([, make]) => make({ capacity: 1 }).capabilities.anyAlignment,
);

/** Those that reserve what is asked for and no more. */
export const WITH_EXACT_SIZES: readonly NamedKind[] = EVERY_KIND.filter(
  ([, make]) => make({ capacity: 1 }).capabilities.exactSizes,
);

/** Those of these names. */
export function kindsOf(...names: readonly string[]): readonly NamedKind[] {
  return EVERY_KIND.filter(([name]) => names.includes(name));
}

function makeOfClasses(options: SuballocatorOptions): Kind {
  const { granularity = 1 } = options;
  return new Binned({
    ...options,
    classes: CLASSES.map((units) => units * granularity).filter(Number.isSafeInteger),
  });
}

/** Allocates and insists. */
export function mustAllocate(ranges: Suballocator, size: number, alignment = 1): Handle {
  const handle = ranges.allocate(size, alignment);
  if (handle === NO_SPACE) expect.fail(`allocate(${size}, ${alignment}) found no space`);
  return handle;
}

/** Allocates `size` for as long as that succeeds; never more than the span can hold. */
export function fill(ranges: Suballocator, size: number): Handle[] {
  const handles: Handle[] = [];
  for (let handle = ranges.allocate(size); handle !== NO_SPACE; handle = ranges.allocate(size)) {
    handles.push(handle);
    if (handles.length * size > ranges.capacity) expect.fail('more was given out than there is');
  }
  return handles;
}

/** Expects live ranges inside the span, apart, and counted. */
export function expectDisjoint(ranges: Suballocator, handles: readonly Handle[]): void {
  const sorted = handles.map((handle) => ({ at: ranges.offsetOf(handle), size: ranges.sizeOf(handle) }));
  sorted.sort((left, right) => left.at - right.at);
  let reached = 0;
  let used = 0;
  for (const { at, size } of sorted) {
    if (!(at >= reached && size > 0)) expect.fail(`[${at}, ${at + size}) begins before ${reached}, or ends`);
    reached = at + size;
    used += size;
  }
  expect(reached).toBeLessThanOrEqual(ranges.capacity);
  expect(ranges.statistics()).toMatchObject({ used, liveCount: handles.length });
}
