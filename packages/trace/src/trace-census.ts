/**
 * Trace census: which buffers and textures live while a trace is read.
 *
 * Cost     O(1) an event; remembers every id.
 * Promise  an event that could not have happened after those before it is refused.
 */
import { EventKind } from './trace.ts';
import type { EventFields } from './trace-columns.ts';
import { TraceError } from './trace-error.ts';

const ENDED = -1;

/** Follows the lives of a trace's objects. */
export class TraceCensus {
  private readonly buffers = new Map<number, number>();
  private readonly textures = new Map<number, number>();
  private time = 0;

  /** Takes the next event. @throws TraceError */
  take(event: EventFields, line: number): void {
    if (event.time < this.time) {
      throw new TraceError(line, `time goes back from ${this.time} to ${event.time}`);
    }
    this.time = event.time;
    const { kind, id } = event;
    if (kind === EventKind.CREATE) begin(this.buffers, id, event.size, 'buffer', line);
    else if (kind === EventKind.TEXTURE) begin(this.textures, id, event.size, 'texture', line);
    else if (kind === EventKind.TEXTURE_END) end(this.textures, id, 'texture', line);
    else if (kind === EventKind.DESTROY || kind === EventKind.COLLECT) end(this.buffers, id, 'buffer', line);
    else if (kind === EventKind.WRITE) this.span(id, event.offset, event.size, line);
    else if (kind === EventKind.MAP) this.span(id, 0, 0, line);
    else if (kind === EventKind.COPY) {
      this.span(id, event.offset, event.size, line);
      this.span(event.other, event.targetOffset, event.size, line);
    }
  }

  private span(id: number, offset: number, size: number, line: number): void {
    const whole = living(this.buffers, id, 'buffer', line);
    if (offset <= whole && size <= whole - offset) return;
    throw new TraceError(line, `${size} bytes at ${offset} reach beyond the ${whole} of buffer ${id}`);
  }
}

function begin(lives: Map<number, number>, id: number, size: number, what: string, line: number): void {
  if (lives.has(id)) throw new TraceError(line, `${what} ${id} is created a second time; ids are unique`);
  lives.set(id, size);
}

function end(lives: Map<number, number>, id: number, what: string, line: number): void {
  living(lives, id, what, line);
  lives.set(id, ENDED);
}

function living(lives: Map<number, number>, id: number, what: string, line: number): number {
  const size = lives.get(id);
  if (size === undefined) throw new TraceError(line, `${what} ${id} was never created`);
  if (size === ENDED) throw new TraceError(line, `${what} ${id} has been destroyed before`);
  return size;
}
