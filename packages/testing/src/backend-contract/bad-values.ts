/** Bad values: what a caller in JavaScript can pass where a buffer, a count of bytes or data is expected. */

/** Never a count of bytes: not an integer, not safe, negative, or no number at all. */
export const BAD_BYTES: readonly unknown[] = [
  -1,
  -4,
  0.5,
  4.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** 53,
  Number.MAX_VALUE,
  '4',
  '',
  null,
  undefined,
  true,
  4n,
  Symbol('4'),
  [4],
  {},
  { valueOf: () => 4 },
  () => 4,
];

/** Never a buffer of anyone. */
export const BAD_BUFFERS: readonly unknown[] = [
  undefined,
  null,
  0,
  1,
  'buffer',
  Symbol('buffer'),
  {},
  [],
  new ArrayBuffer(8),
  new Uint8Array(8),
  () => undefined,
];

/** Never an array of regions. */
export const BAD_REGION_LISTS: readonly unknown[] = [
  undefined,
  null,
  1,
  'regions',
  {},
  new Uint8Array(4),
  () => [],
];

/** Never a region. */
export const BAD_REGIONS: readonly unknown[] = [undefined, null, 1, 'region', true, () => undefined];

/** Never data: no view. */
export const BAD_DATA: readonly unknown[] = [
  undefined,
  null,
  8,
  'bytes',
  [1, 2, 3, 4],
  {},
  { buffer: new ArrayBuffer(8), byteOffset: 0, byteLength: 8 },
  new ArrayBuffer(8),
  () => new Uint8Array(8),
];

/** A value in a few words, for messages. */
export function describeValue(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return `'${value}'`;
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return String(value);
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
