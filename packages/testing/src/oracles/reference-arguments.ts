/** Reference arguments: the rules of the contract about arguments, in its own words and no others. */
import { UsageError } from '@gpuheap/core/errors';
import type { RangeRequest, SuballocatorOptions } from '@gpuheap/core/ranges';

/** The most units of a span. */
export const MOST_UNITS: number = 2 ** 31 - 1;

/** Whether a value is an integer from 1 to 2^53-1. */
export function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** @throws UsageError `bad-argument`, `unknown-option`, `bad-granularity`, `bad-capacity` */
export function checkOptions(options: SuballocatorOptions): void {
  if (!isRecord(options)) {
    throw new UsageError('bad-argument', 'options is not an object; pass { capacity, granularity? }');
  }
  const unknown = Object.keys(options).find((key) => key !== 'capacity' && key !== 'granularity');
  if (unknown !== undefined) {
    throw new UsageError('unknown-option', `options has no option ${unknown}; pass capacity, granularity`);
  }
  const { capacity, granularity = 1 } = options;
  if (!isPositive(granularity)) {
    throw new UsageError('bad-granularity', 'granularity is not an integer from 1 to 2^53-1; pass one');
  }
  checkCapacity(capacity, granularity);
}

/** Answers the capacity, rounded down to the granularity. @throws UsageError `bad-capacity` */
export function checkCapacity(capacity: number, granularity: number): number {
  if (!isPositive(capacity) || capacity < granularity) {
    throw new UsageError('bad-capacity', 'capacity is not an integer that holds one unit; raise it');
  }
  const units = Math.floor(capacity / granularity);
  if (units > MOST_UNITS) {
    const fitting = Math.ceil(capacity / MOST_UNITS);
    throw new UsageError('bad-capacity', `capacity is ${units} units; pass a granularity of ${fitting}`);
  }
  return capacity - (capacity % granularity);
}

/** @throws UsageError `bad-size` */
export function checkSize(size: number): void {
  if (!isPositive(size))
    throw new UsageError('bad-size', 'size is not an integer from 1 to 2^53-1; pass one');
}

/** @throws UsageError `bad-offset` unless it is a multiple of the granularity, from 0 on */
export function checkOffset(offset: number, granularity: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset % granularity !== 0) {
    throw new UsageError('bad-offset', `offset is not a multiple of ${granularity} from 0 on; pass one`);
  }
}

/** @throws UsageError `bad-argument`, `bad-size` */
export function checkRequests(requests: readonly RangeRequest[]): void {
  if (!Array.isArray(requests)) {
    throw new UsageError('bad-argument', 'requests is not an array; pass an array of { size, alignment? }');
  }
  // Not forEach, which leaves out the holes of an array.
  for (const request of requests) {
    if (!isRecord(request)) {
      throw new UsageError('bad-argument', 'a request is not an object; pass { size, alignment? }');
    }
    checkSize((request as unknown as RangeRequest).size);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
