/**
 * Write trace: columns back to a file, whole or cut.
 *
 * Cost     O(events).
 * Promise  what is written reads back as the same events; a cut is a valid trace.
 */
import { gzipSync } from 'node:zlib';
import { UsageError } from '@gpuheap/core';
import { EVENT_LETTERS, EventKind, labelOf, type Trace } from './trace.ts';

/** The file of a trace, gzipped. */
export function writeTrace(trace: Trace): Uint8Array {
  const lines = [JSON.stringify(trace.header.fields)];
  for (let index = 0; index < trace.eventCount; index++) lines.push(eventLine(trace, index));
  return zipped(lines);
}

/**
 * The file of a part of a trace: events `from` up to, not including, `to`. What was alive at `from` is
 * created first.
 * @throws UsageError `out-of-bounds` unless 0 <= from <= to <= eventCount
 */
export function cutTrace(trace: Trace, from: number, to: number): Uint8Array {
  if (
    !Number.isSafeInteger(from) ||
    !Number.isSafeInteger(to) ||
    from < 0 ||
    to < from ||
    to > trace.eventCount
  ) {
    throw new UsageError('out-of-bounds', `events ${from} to ${to} are not inside 0 to ${trace.eventCount}`);
  }
  const alive = new Map<string, number>();
  for (let index = 0; index < from; index++) {
    const kind = trace.kinds[index]!;
    const id = trace.ids[index]!;
    if (kind === EventKind.CREATE) alive.set(`buffer ${id}`, index);
    else if (kind === EventKind.TEXTURE) alive.set(`texture ${id}`, index);
    else if (kind === EventKind.TEXTURE_END) alive.delete(`texture ${id}`);
    else if (kind === EventKind.DESTROY || kind === EventKind.COLLECT) alive.delete(`buffer ${id}`);
  }
  const cut = { of: trace.header.name, from, to };
  const lines = [JSON.stringify({ ...trace.header.fields, name: `${trace.header.name}-cut`, cut })];
  for (const index of alive.values()) lines.push(eventLine(trace, index));
  for (let index = from; index < to; index++) lines.push(eventLine(trace, index));
  return zipped(lines);
}

function zipped(lines: readonly string[]): Uint8Array {
  return gzipSync(`${lines.join('\n')}\n`, { level: 9 });
}

function eventLine(trace: Trace, index: number): string {
  const kind = trace.kinds[index]!;
  return JSON.stringify([EVENT_LETTERS[kind], ...fieldsOf(trace, index, kind), trace.times[index]!]);
}

function fieldsOf(trace: Trace, index: number, kind: number): unknown[] {
  const id = trace.ids[index]!;
  const other = trace.others[index]!;
  const size = trace.sizes[index]!;
  const offset = trace.offsets[index]!;
  const label = trace.labelIndices[index]! === -1 ? null : labelOf(trace, index);
  switch (kind) {
    case EventKind.CREATE:
      return [id, size, other, trace.mapped[index]!, label];
    case EventKind.TEXTURE:
      return [id, size, other, label];
    case EventKind.WRITE:
      return [id, offset, size];
    case EventKind.COPY:
      return [id, offset, other, trace.targetOffsets[index]!, size];
    case EventKind.SUBMIT:
    case EventKind.FRAME:
      return [];
    default:
      return [id];
  }
}
