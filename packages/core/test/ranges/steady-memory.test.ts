import { validate } from '@gpuheap/core/debug';
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
import { describe, expect, it } from 'vitest';

type Measured = Suballocator & { readonly metadataBytes: number };

const KINDS: readonly (readonly [string, (options: SuballocatorOptions) => Measured])[] = [
  ['linear', (options) => new Linear(options)],
  ['ring', (options) => new Ring(options)],
  ['fixed', (options) => new Fixed(options)],
  ['buddy', (options) => new Buddy(options)],
  ['tlsf', (options) => new Tlsf(options)],
  ['best-fit', (options) => new BestFit(options)],
  ['binned', (options) => new Binned(options)],
  ['binned of classes', (options) => new Binned({ ...options, classes: [4, 8, 12] })],
];

/** Things that can be done over and over, and leave all as it was. */
const ROUNDS: readonly (readonly [string, (subject: Measured) => void])[] = [
  ['allocates and frees', (subject) => subject.free(mustAllocate(subject, 12))],
  ['allocates two aligned and frees the first before the second', takeTwo],
  ['lengthens and shortens', resizeOne],
  ['grows and shrinks', growAndShrink],
  ['grows and shrinks while it is full', growWhileFull],
  ['tracks and lets go', trackAndLetGo],
  [
    'asks for too many',
    (subject) => expect(subject.allocateMany([{ size: 8 }, { size: 2000 }])).toBe(undefined),
  ],
  ['takes a place and frees it', (subject) => takePlace(subject)],
  ['fills the span and resets', fillAndReset],
];

function mustAllocate(subject: Suballocator, size: number, alignment = 1): Handle {
  const handle = subject.allocate(size, alignment);
  expect(handle).not.toBe(NO_SPACE);
  return handle;
}

function takeTwo(subject: Measured): void {
  const handles = [mustAllocate(subject, 4, 4), mustAllocate(subject, 4, 16)];
  for (const handle of handles) subject.free(handle);
}

function resizeOne(subject: Measured): void {
  const handle = mustAllocate(subject, 4);
  for (const size of [8, 3, 30, 16, 4]) subject.resize?.(handle, size);
  subject.free(handle);
}

function growAndShrink(subject: Measured): void {
  for (const capacity of [1100, 1104, 1800]) subject.grow?.(capacity);
  for (const capacity of [1104, 1000]) expect(subject.shrinkTo?.(capacity) ?? true).toBe(true);
}

function growWhileFull(subject: Measured): void {
  while (subject.allocate(4) !== NO_SPACE);
  subject.grow?.(1800);
  expect(subject.shrinkTo?.(1000) ?? true).toBe(true);
  subject.reset();
}

function trackAndLetGo(subject: Measured): void {
  for (const offset of [4000, 1000, 2000, 2100]) subject.track?.(offset, 100);
  for (const offset of [2100, 1000, 4000, 2000]) expect(subject.untrack?.(offset) ?? true).toBe(true);
}

function takePlace(subject: Measured): void {
  const handle = subject.allocateAt?.(512, 64) ?? mustAllocate(subject, 64);
  expect(handle).not.toBe(NO_SPACE);
  subject.free(handle);
}

function fillAndReset(subject: Measured): void {
  for (let i = 0; i < 20; i++) subject.allocate(4 + (i % 3) * 4);
  subject.reset();
}

describe.each(KINDS)('%s', (_kind, make) => {
  it.each(ROUNDS)('needs no more memory however often it %s', (_what, round) => {
    const subject = make({ capacity: 1000, granularity: 4 });
    for (let i = 0; i < 5; i++) round(subject);
    const before = { bytes: subject.metadataBytes, views: views(subject) };
    // Fewer lives than wear a record out; more than a small table has records.
    for (let i = 0; i < 100; i++) round(subject);
    expect({ bytes: subject.metadataBytes, views: views(subject) }).toEqual(before);
    expect(subject.statistics()).toMatchObject({ liveCount: 0, used: 0, requested: 0 });
    expect(validate(subject)).toEqual([]);
  });
});

/** What is free, whatever slots it is cut into. */
function views(subject: Suballocator): number[] {
  return [subject.capacity, subject.statistics().free, subject.largestAllocatable()];
}
