import {
  BestFit,
  Binned,
  Buddy,
  Fixed,
  Linear,
  NO_SPACE,
  Ring,
  type Suballocator,
  type SuballocatorOptions,
  Tlsf,
} from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';

type Measured = Suballocator & { readonly metadataBytes: number };

const KINDS: readonly (readonly [string, new (options: SuballocatorOptions) => Measured])[] = [
  ['linear', Linear],
  ['ring', Ring],
  ['fixed', Fixed],
  ['buddy', Buddy],
  ['tlsf', Tlsf],
  ['best-fit', BestFit],
  ['binned', Binned],
];

/** Bytes of every typed array that is reached from `value`. */
function tableBytes(value: unknown, seen: Set<object> = new Set()): number {
  if (typeof value !== 'object' || value === null || seen.has(value)) return 0;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return value.byteLength;
  return Object.values(value).reduce((bytes: number, member) => bytes + tableBytes(member, seen), 0);
}

it.each(KINDS)('what %s says that its tables take is what they take', (_kind, Kind) => {
  const subject = new Kind({ capacity: 2 ** 20 });
  const before = subject.metadataBytes;
  expect(before).toBe(tableBytes(subject));
  for (let k = 0; k < 5000; k++) expect(subject.allocate(40 + (k % 7) * 8)).not.toBe(NO_SPACE);
  expect(subject.metadataBytes).toBe(tableBytes(subject));
  expect(subject.metadataBytes).toBeGreaterThan(before);
});
