/**
 * Argument checks of the backend: everything is looked at before anything is touched.
 *
 * Promise  throws the `UsageError` codes of the port contract, with the value and what would be accepted.
 */
import {
  type BackendLimits,
  type BufferDescriptor,
  BufferUsage,
  MemoryProperty,
  type MemoryType,
  UsageError,
} from '@gpuheap/core';

const ALL_USAGES = Object.values(BufferUsage).reduce((all, bit) => all | bit, 0);

const READBACK_USAGE = BufferUsage.MAP_READ | BufferUsage.COPY_DST;

/** What the checks look at of a buffer. */
export interface CheckedBuffer {
  readonly sizeBytes: number;
  readonly usage: number;
}

/** How a value is shown in an error. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (value === null || typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}

/** Throws `bad-argument` unless `value` is an object, `unknown-option` for a key that is not in `known`. */
export function checkOptions(value: unknown, name: string, known: readonly string[]): void {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new UsageError('bad-argument', `${name} is ${show(value)}; pass an object`);
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    throw new UsageError(
      'unknown-option',
      `${name} has no option ${show(key)}; known are ${known.join(', ')}`,
    );
  }
}

/** Throws unless the descriptor is one that the port allows. */
export function checkDescriptor(
  descriptor: BufferDescriptor,
  limits: BackendLimits,
  memoryTypes: readonly MemoryType[],
): void {
  checkOptions(descriptor, 'descriptor', ['size', 'usage', 'memoryType', 'label']);
  const { size, usage, memoryType, label } = descriptor;
  if (!Number.isSafeInteger(size) || size <= 0 || size % limits.copyAlignment !== 0) {
    throw new UsageError('bad-size', `size is ${show(size)}; pass a positive multiple of 4 bytes`);
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
  if (label !== undefined && typeof label !== 'string') {
    throw new UsageError('bad-argument', `label is ${show(label)}; pass a string`);
  }
}

function checkCreationUsage(usage: number, hostVisible: boolean): void {
  if (!Number.isSafeInteger(usage) || usage <= 0 || usage > ALL_USAGES) {
    throw new UsageError('bad-usage', `usage is ${show(usage)}; combine bits of BufferUsage`);
  }
  if ((usage & BufferUsage.MAP_WRITE) !== 0) {
    throw new UsageError('bad-usage', `usage ${usage} has MAP_WRITE; leave it out, write() needs no mapping`);
  }
  if ((usage & BufferUsage.MAP_READ) === 0) return;
  if ((usage & ~READBACK_USAGE) !== 0 || !hostVisible) {
    throw new UsageError(
      'bad-usage',
      `usage ${usage} has MAP_READ; combine it with COPY_DST alone, in a host-visible memory type`,
    );
  }
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

/** Throws `bad-data` unless `data` is a typed array or a DataView. */
export function checkData(data: unknown): asserts data is ArrayBufferView {
  if (!ArrayBuffer.isView(data)) {
    throw new UsageError('bad-data', `data is ${show(data)}; pass a typed array or a DataView`);
  }
}
