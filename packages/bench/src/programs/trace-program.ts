/**
 * Trace programs: recorded applications as operations of an allocator: reserve where a buffer was created,
 * free where it was destroyed or collected.
 *
 * Cost     O(events).
 */
import { OPERATION_ALLOCATE, OPERATION_FREE } from '@gpuheap/testing/workloads';
import { carriedTraces, EventKind, findTrace, readTrace, type Trace } from '@gpuheap/trace';
import type { Program } from './program.ts';

/** A trace's operations, and how many buffers it holds at once at most. */
export interface TraceProgram {
  /** As the row is called: `real-three-stream`. */
  readonly id: string;
  readonly title: string;
  readonly program: Program;
  readonly liveCount: number;
}

const ALIGNMENT = 256;

/** Every trace that the project carries. */
export async function readTracePrograms(): Promise<TraceProgram[]> {
  const programs: TraceProgram[] = [];
  for (const name of carriedTraces()) {
    programs.push({
      id: `real-${name}`,
      title: `real ${name}`,
      ...programOf(await readTrace(findTrace(name))),
    });
  }
  return programs;
}

function programOf(trace: Trace): Omit<TraceProgram, 'id' | 'title'> {
  const kind: number[] = [];
  const slot: number[] = [];
  const size: number[] = [];
  const slots = new Map<number, number>();
  const sizes: number[] = [];
  const spare: number[] = [];
  const peak = { count: 0, bytes: 0 };
  let liveBytes = 0;
  for (let i = 0; i < trace.eventCount; i++) {
    const id = trace.ids[i] as number;
    const event = trace.kinds[i];
    const held = slots.get(id);
    if (event === EventKind.CREATE && trace.sizes[i] !== 0) {
      const at = spare.pop() ?? sizes.length;
      sizes[at] = Math.ceil((trace.sizes[i] as number) / ALIGNMENT) * ALIGNMENT;
      slots.set(id, at);
      liveBytes += sizes[at] as number;
      kind.push(OPERATION_ALLOCATE);
      slot.push(at);
      size.push(trace.sizes[i] as number);
    } else if ((event === EventKind.DESTROY || event === EventKind.COLLECT) && held !== undefined) {
      slots.delete(id);
      spare.push(held);
      liveBytes -= sizes[held] as number;
      kind.push(OPERATION_FREE);
      slot.push(held);
      size.push(0);
    }
    peak.count = Math.max(peak.count, slots.size);
    peak.bytes = Math.max(peak.bytes, liveBytes);
  }
  const operations = {
    kind: Uint8Array.from(kind),
    slot: Int32Array.from(slot),
    size: Int32Array.from(size),
    alignment: new Int32Array(kind.length).fill(ALIGNMENT),
  };
  return {
    liveCount: peak.count,
    program: {
      span: Math.ceil(peak.bytes / 0.75 / ALIGNMENT) * ALIGNMENT,
      alignment: ALIGNMENT,
      operations,
      operationCount: kind.length,
      fillCount: 0,
      slotCount: sizes.length,
      expectedFailureCount: 0,
    },
  };
}
