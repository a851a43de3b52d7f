/**
 * Event parser: one line of a trace to one event, or an error that names the field.
 *
 * Cost     O(line).
 * Promise  every field has its type and lies in its domain; sizes and offsets are multiples of 4 where WebGPU
 *          wants it.
 * Refusal  does not know what went before: that is the `TraceCensus`.
 */
import { EVENT_LETTERS, EventKind, type TraceHeader } from './trace.ts';
import type { EventFields } from './trace-columns.ts';
import { TraceError } from './trace-error.ts';

const MAX_ID: number = 2 ** 31 - 1;
const MAX_USAGE = 0x3ff;
const COPY_ALIGNMENT = 4;

/** The names of the fields between the letter and the time, by kind. */
const FIELDS: readonly (readonly string[])[] = [
  ['id', 'size', 'usage', 'mapped', 'label'],
  ['id'],
  ['id'],
  ['id', 'size', 'usage', 'label'],
  ['id'],
  ['id', 'offset', 'bytes'],
  ['id'],
  [],
  [],
  ['source', 'sourceOffset', 'target', 'targetOffset', 'bytes'],
];

/** The header of a trace. @throws TraceError */
export function parseHeader(text: string): TraceHeader {
  const value = parseJson(text, 1);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new TraceError(1, 'is not a header object; pass a file of format gpu-alloc-trace');
  }
  const fields = value as Record<string, unknown>;
  if (fields['format'] !== 'gpu-alloc-trace') {
    throw new TraceError(1, `format is ${shown(fields['format'])}; this reader knows "gpu-alloc-trace"`);
  }
  if (fields['version'] !== 1) {
    throw new TraceError(1, `version is ${shown(fields['version'])}; this reader knows version 1`);
  }
  if (fields['api'] !== 'webgpu') {
    throw new TraceError(1, `api is ${shown(fields['api'])}; only webgpu traces can be replayed`);
  }
  const { name, source } = fields;
  if (typeof name !== 'string' || name === '') throw new TraceError(1, 'the header has no name');
  return { name, source: typeof source === 'string' ? source : '', api: 'webgpu', fields };
}

/** Fills `event` from a line. @throws TraceError */
export function parseEventInto(event: EventFields, text: string, line: number): void {
  const value = parseJson(text, line);
  if (!Array.isArray(value)) throw new TraceError(line, `is ${shown(value)}; an event is an array`);
  const kind = typeof value[0] === 'string' && value[0].length === 1 ? EVENT_LETTERS.indexOf(value[0]) : -1;
  if (kind < 0) {
    throw new TraceError(line, `unknown event ${shown(value[0])}; known are ${[...EVENT_LETTERS].join(' ')}`);
  }
  const names = FIELDS[kind]!;
  if (value.length !== names.length + 2) {
    throw new TraceError(line, `has ${value.length} elements; ["${value[0]}"…] has ${names.length + 2}`);
  }
  event.kind = kind;
  event.time = integerAt(value, names.length + 1, 'time', 0, Number.MAX_SAFE_INTEGER, line);
  event.id = names.length === 0 ? 0 : integerAt(value, 1, names[0]!, 0, MAX_ID, line);
  event.other = 0;
  event.size = 0;
  event.offset = 0;
  event.targetOffset = 0;
  event.mapped = 0;
  event.label = null;
  if (kind === EventKind.CREATE || kind === EventKind.TEXTURE) parseCreation(event, value, line);
  else if (kind === EventKind.WRITE) parseWrite(event, value, line);
  else if (kind === EventKind.COPY) parseCopy(event, value, line);
}

function parseCreation(event: EventFields, value: readonly unknown[], line: number): void {
  const isBuffer = event.kind === EventKind.CREATE;
  event.size = integerAt(value, 2, 'size', isBuffer ? 1 : 0, Number.MAX_SAFE_INTEGER, line);
  event.other = integerAt(value, 3, 'usage', 0, isBuffer ? MAX_USAGE : MAX_ID, line);
  if (isBuffer) event.mapped = integerAt(value, 4, 'mappedAtCreation', 0, 1, line);
  const label = value[isBuffer ? 5 : 4];
  if (label !== null && typeof label !== 'string') {
    throw new TraceError(line, `label is ${shown(label)}; a label is a string or null`);
  }
  event.label = label;
}

function parseWrite(event: EventFields, value: readonly unknown[], line: number): void {
  event.offset = alignedAt(value, 2, 'offset', line);
  event.size = alignedAt(value, 3, 'bytes', line);
}

function parseCopy(event: EventFields, value: readonly unknown[], line: number): void {
  event.offset = alignedAt(value, 2, 'sourceOffset', line);
  event.other = integerAt(value, 3, 'target', 0, MAX_ID, line);
  event.targetOffset = alignedAt(value, 4, 'targetOffset', line);
  event.size = alignedAt(value, 5, 'bytes', line);
  if (event.other === event.id) {
    throw new TraceError(line, `copies within buffer ${event.id}, which WebGPU does not allow`);
  }
}

function alignedAt(value: readonly unknown[], at: number, name: string, line: number): number {
  const number = integerAt(value, at, name, 0, Number.MAX_SAFE_INTEGER, line);
  if (number % COPY_ALIGNMENT === 0) return number;
  throw new TraceError(line, `${name} is ${number}; WebGPU wants a multiple of ${COPY_ALIGNMENT}`);
}

function integerAt(
  value: readonly unknown[],
  at: number,
  name: string,
  least: number,
  most: number,
  line: number,
): number {
  const found = value[at];
  if (Number.isSafeInteger(found) && (found as number) >= least && (found as number) <= most) {
    return found as number;
  }
  throw new TraceError(line, `${name} is ${shown(found)}; it is an integer from ${least} to ${most}`);
}

function parseJson(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TraceError(line, `is not JSON: ${shown(text)}; is the file cut off?`, { cause });
  }
}

/** A value as it is shown in an error: short. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 48 ? `${text.slice(0, 48)}…` : text;
}
