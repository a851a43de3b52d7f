/**
 * Port checks: the argument checks that every backend owes its callers, written once for those who write
 * backends.
 *
 * Promise  throws the `UsageError` codes of the port contract, with the value and what would be accepted.
 */
import { checkInteger, checkOptions, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { BufferTable, CheckedBuffer } from './buffer-table.ts';
import {
  type AdoptedBuffer,
  type BackendLimits,
  type BufferDescriptor,
  BufferUsage,
  type CopyRegion,
  MAP_OFFSET_ALIGNMENT,
  MAP_SIZE_ALIGNMENT,
  MemoryProperty,
  type MemoryType,
} from './port.ts';
import { READBACK_USAGE, UPLOAD_USAGE } from './usage.ts';

const ALL_USAGES: number = Object.values(BufferUsage).reduce((all, bit) => all | bit, 0);

/** Throws unless the descriptor is one that the port allows. */
export function checkDescriptor(
  descriptor: BufferDescriptor,
  limits: BackendLimits,
  memoryTypes: readonly MemoryType[],
): void {
  checkOptions(descriptor, 'descriptor', ['size', 'usage', 'memoryType', 'label', 'mapped']);
  const { size, usage, memoryType, label, mapped = false } = descriptor;
  if (!Number.isSafeInteger(size) || size <= 0 || size % limits.copyAlignment !== 0) {
    throw new UsageError(
      'bad-size',
      `size is ${show(size)}; pass a positive multiple of ${limits.copyAlignment} bytes`,
    );
  }
  if (size > limits.maxBufferSize) {
    throw new UsageError(
      'too-large',
      `size is ${size} bytes; this device allows ${limits.maxBufferSize} a buffer`,
    );
  }
  const type = Number.isSafeInteger(memoryType) ? memoryTypes[memoryType] : undefined;
  if (type === undefined) {
    throw new UsageError(
      'bad-argument',
      `memoryType is ${show(memoryType)}; pass 0 to ${memoryTypes.length - 1}`,
    );
  }
  checkCreationUsage(usage, (type.properties & MemoryProperty.HOST_VISIBLE) !== 0);
  checkLabel(label);
  checkMappedAtBirth(mapped, usage, size);
}

function checkCreationUsage(usage: number, hostVisible: boolean): void {
  if (!Number.isSafeInteger(usage) || usage <= 0 || usage > ALL_USAGES) {
    throw new UsageError('bad-usage', `usage is ${show(usage)}; combine bits of BufferUsage`);
  }
  if ((usage & BufferUsage.MAP_WRITE) !== 0 && (usage !== UPLOAD_USAGE || !hostVisible)) {
    throw new UsageError(
      'bad-usage',
      `usage ${usage} has MAP_WRITE; combine it with COPY_SRC and nothing else, in a host-visible memory type`,
    );
  }
  if ((usage & BufferUsage.MAP_READ) === 0) return;
  if ((usage & ~READBACK_USAGE) !== 0 || !hostVisible) {
    throw new UsageError(
      'bad-usage',
      `usage ${usage} has MAP_READ; combine it with COPY_DST alone, in a host-visible memory type`,
    );
  }
}

function checkLabel(label: unknown): void {
  if (label !== undefined && typeof label !== 'string') {
    throw new UsageError('bad-argument', `label is ${show(label)}; pass a string`);
  }
}

function checkMappedAtBirth(mapped: unknown, usage: number, size: number): void {
  if (typeof mapped !== 'boolean') {
    throw new UsageError('bad-argument', `mapped is ${show(mapped)}; pass true or false`);
  }
  if (!mapped) return;
  if ((usage & BufferUsage.MAP_WRITE) === 0) {
    throw new UsageError('bad-usage', `mapped is true with usage ${usage}; it needs MAP_WRITE`);
  }
  if (size % MAP_SIZE_ALIGNMENT !== 0) {
    throw new UsageError(
      'bad-size',
      `size is ${size} with mapped; pass a positive multiple of ${MAP_SIZE_ALIGNMENT} bytes`,
    );
  }
}

/** What a buffer of the API tells of itself; what is left out is believed. */
export interface RealBuffer {
  readonly size?: number;
  readonly usage?: number;
  readonly mapState?: string;
}

/** Throws unless the descriptor may stand for `real`, a buffer that the caller made. */
export function checkAdoption(descriptor: AdoptedBuffer, real: RealBuffer): void {
  checkOptions(descriptor, 'descriptor', ['size', 'usage', 'label']);
  const { size, usage, label } = descriptor;
  if (!Number.isSafeInteger(size) || size <= 0 || size !== (real.size ?? size)) {
    throw new UsageError('bad-size', `size is ${show(size)}; pass ${real.size ?? 'that of the buffer'}`);
  }
  checkCreationUsage(usage, true);
  if (usage !== (real.usage ?? usage)) {
    throw new UsageError('bad-usage', `usage is ${usage}; the buffer was made with ${real.usage}`);
  }
  checkLabel(label);
  if ((real.mapState ?? 'unmapped') !== 'unmapped') {
    throw new UsageError('mapped-buffer', 'the buffer to adopt is mapped, or about to be; unmap it first');
  }
}

/** Throws `bad-argument` unless there is a timeline of that number. */
export function checkTimeline(timeline: number, timelineCount: number): void {
  checkInteger(timeline, 'timeline', 0, timelineCount - 1, 'bad-argument');
}

/** Throws `mapped-buffer` when the CPU has the buffer, or waits for it. */
export function checkUnmapped(record: CheckedBuffer, name: string): void {
  if ((record.mapState ?? 'unmapped') === 'unmapped') return;
  const until = record.mapState === 'mapped' ? 'unmap it' : 'wait until the promise has settled';
  throw new UsageError('mapped-buffer', `${name} is ${inWords(record)} for the CPU; ${until} first`);
}

/** Throws unless `map` may map that part of a buffer now. */
export function checkMap(record: CheckedBuffer, offset: number, size: number): void {
  checkUsage(record, BufferUsage.MAP_WRITE, 'buffer', 'MAP_WRITE');
  checkSpan(offset, size, record, 1, 'buffer');
  if (size === 0) throw new UsageError('bad-size', `size is 0; map at least ${MAP_SIZE_ALIGNMENT} bytes`);
  if (offset % MAP_OFFSET_ALIGNMENT !== 0 || size % MAP_SIZE_ALIGNMENT !== 0) {
    throw new UsageError(
      'misaligned',
      `${size} bytes at ${offset} can not be mapped; offsets are multiples of ${MAP_OFFSET_ALIGNMENT}, sizes of ${MAP_SIZE_ALIGNMENT}`,
    );
  }
  checkUnmapped(record, 'buffer');
}

/** Throws unless `unmap` may give the buffer to the GPU now. */
export function checkMapped(record: CheckedBuffer): void {
  checkUsage(record, BufferUsage.MAP_WRITE, 'buffer', 'MAP_WRITE');
  if (record.mapState === 'mapped') return;
  throw new UsageError('not-mapped', `the buffer is ${inWords(record)}; unmap only what is mapped`);
}

function inWords({ mapState = 'unmapped' }: CheckedBuffer): string {
  return mapState === 'pending' ? 'about to be mapped' : mapState;
}

/** Throws `bad-usage` unless the buffer was made with `bit`. */
export function checkUsage(record: CheckedBuffer, bit: number, name: string, bitName: string): void {
  if ((record.usage & bit) === 0) {
    throw new UsageError('bad-usage', `${name} was made with usage ${record.usage}; it needs ${bitName}`);
  }
}

/** Throws unless [offset, offset + size) lies in the buffer and both are multiples of `alignment`. */
export function checkSpan(
  offset: number,
  size: number,
  record: CheckedBuffer,
  alignment: number,
  name: string,
): void {
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(size) && offset >= 0 && size >= 0;
  if (!inside || offset > record.sizeBytes || size > record.sizeBytes - offset) {
    throw new UsageError(
      'out-of-bounds',
      `${name}: ${show(size)} bytes at ${show(offset)} are not inside its ${record.sizeBytes} bytes`,
    );
  }
  if (offset % alignment !== 0 || size % alignment !== 0) {
    throw new UsageError(
      'misaligned',
      `${name}: ${size} bytes at ${offset}; offset and size must be multiples of ${alignment}`,
    );
  }
}

/**
 * Throws unless every region is one that `copy` may do; answers the records of the buffers, source and target
 * in turn. O(regions).
 */
export function checkRegions<Buffer extends object, Record extends CheckedBuffer>(
  regions: readonly CopyRegion<Buffer>[],
  buffers: BufferTable<Buffer, Record>,
  limits: BackendLimits,
): Record[] {
  if (!Array.isArray(regions)) {
    throw new UsageError('bad-argument', `regions is ${show(regions)}; pass an array of regions`);
  }
  const records: Record[] = [];
  for (const [index, region] of regions.entries()) {
    const name = `regions[${index}]`;
    if (region === null || typeof region !== 'object') {
      throw new UsageError('bad-argument', `${name} is ${show(region)}; pass a region`);
    }
    const { source, sourceOffset, target, targetOffset, size } = region as CopyRegion<Buffer>;
    const from = buffers.get(source, `${name}.source`);
    const to = buffers.get(target, `${name}.target`);
    checkUsage(from, BufferUsage.COPY_SRC, `${name}.source`, 'COPY_SRC');
    checkUsage(to, BufferUsage.COPY_DST, `${name}.target`, 'COPY_DST');
    checkSpan(sourceOffset, size, from, limits.copyAlignment, `${name}.source`);
    checkSpan(targetOffset, size, to, limits.copyAlignment, `${name}.target`);
    if (source === target) checkWithin(region as CopyRegion<Buffer>, limits, name);
    checkUnmapped(from, `${name}.source`);
    checkUnmapped(to, `${name}.target`);
    records.push(from, to);
  }
  return records;
}

function checkWithin(region: CopyRegion<object>, limits: BackendLimits, name: string): void {
  const { sourceOffset, targetOffset, size } = region;
  const apart = sourceOffset + size <= targetOffset || targetOffset + size <= sourceOffset;
  if (limits.copiesWithinBuffer && apart) return;
  throw new UsageError(
    'same-buffer',
    `${name} copies within one buffer, from ${sourceOffset} to ${targetOffset}; go through another buffer`,
  );
}
