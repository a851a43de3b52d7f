/**
 * Read trace: a gzipped, or plain, NDJSON file to columns.
 *
 * Cost     O(bytes); holds the columns and one piece of the file, never the whole text.
 * Promise  every line is checked; what is refused names its line.
 * Refusal  lines of more than 64 KiB.
 */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { UsageError } from '@gpuheap/core';
import { parseEventInto, parseHeader } from './event-parser.ts';
import type { Trace, TraceHeader } from './trace.ts';
import { TraceCensus } from './trace-census.ts';
import { type EventFields, TraceColumns } from './trace-columns.ts';
import { TraceError } from './trace-error.ts';

const GZIP_MAGIC = [0x1f, 0x8b];
const MAX_LINE_LENGTH = 65_536;

/**
 * Reads a trace: a path, the bytes of a file, or the pieces of one.
 * @throws TraceError `bad-data`, with the line · UsageError `bad-argument` when there is no such file
 */
export async function readTrace(input: string | Uint8Array | AsyncIterable<Uint8Array>): Promise<Trace> {
  const lines = new LineReader();
  try {
    for await (const piece of unzipped(piecesOf(input))) lines.take(piece);
  } catch (error) {
    throw explained(error, input, lines.line);
  }
  return lines.finish();
}

function piecesOf(input: string | Uint8Array | AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  if (typeof input === 'string') return createReadStream(input);
  if (input instanceof Uint8Array) return Readable.from([input]);
  if (input !== null && typeof input === 'object' && Symbol.asyncIterator in input) return input;
  throw new UsageError('bad-argument', 'the input is no trace; pass a path, bytes or pieces of bytes');
}

/** The pieces as they are, or what they unzip to when the first one starts as gzip does. */
async function* unzipped(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return;
  const whole = joined(first.value, iterator);
  if (!GZIP_MAGIC.every((byte, index) => first.value[index] === byte)) {
    yield* whole;
    return;
  }
  const gunzip = createGunzip();
  const source = Readable.from(whole);
  source.on('error', (error) => gunzip.destroy(error));
  yield* source.pipe(gunzip);
}

async function* joined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function explained(error: unknown, input: unknown, line: number): unknown {
  if (error instanceof UsageError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && code.startsWith('Z_')) {
    const cutOff = code === 'Z_BUF_ERROR';
    return new TraceError(line, cutOff ? 'the gzip file is cut off here' : 'the gzip file is damaged here', {
      cause: error,
    });
  }
  if (typeof input === 'string' && typeof code === 'string') {
    const why = code === 'ENOENT' ? 'there is no such file' : code;
    return new UsageError('bad-argument', `trace ${input} can not be read: ${why}`, { cause: error });
  }
  return error;
}

/** Cuts text into lines and lines into events. */
class LineReader {
  /** The line being read, from 1. */
  line = 1;
  private readonly decoder = new StringDecoder('utf8');
  private readonly columns = new TraceColumns();
  private readonly census = new TraceCensus();
  private readonly event = {} as EventFields;
  private header: TraceHeader | undefined;
  private rest = '';

  take(piece: Uint8Array): void {
    const text =
      this.rest + this.decoder.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    let from = 0;
    for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
      this.takeLine(text.slice(from, to));
      from = to + 1;
    }
    this.rest = text.slice(from);
    if (this.rest.length > MAX_LINE_LENGTH) throw new TraceError(this.line, 'is far too long for an event');
  }

  finish(): Trace {
    const last = this.rest + this.decoder.end();
    if (last !== '') this.takeLine(last);
    if (this.header === undefined) throw new TraceError(0, 'the file is empty');
    return this.columns.finish(this.header);
  }

  private takeLine(text: string): void {
    if (this.header === undefined) this.header = parseHeader(text);
    else {
      parseEventInto(this.event, text, this.line);
      this.census.take(this.event, this.line);
      this.columns.append(this.event);
    }
    this.line++;
  }
}
