/**
 * Steadiness: whether a warm suballocator makes garbage or loses its optimised code.
 *
 * Layout   a process of its own (`steady-run.ts`, built) with `--expose-gc` and `--trace-deopt`: operations
 *          of the kind's home workload to warm up, then the measured stretch.
 *          grown      bytes that the heap holds more after the stretch than before, collected both times
 *          allocated  bytes that the heap holds more without a collection in between
 *          deoptimisations  of any function within the stretch
 * Promise  counts, not times. `grown` and `allocated` include what reading the figures allocates, some
 *          hundred bytes.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * `young`: two million operations to warm up. `old`: few ranges live, and so many operations to
 * warm up that every record has been used more than 1,023 times; from then on a handle is longer than 31
 * bits.
 */
export type Age = 'young' | 'old';

/** What the measured stretch did. */
export interface Steadiness {
  readonly name: string;
  readonly age: Age;
  readonly operations: number;
  /** Ranges live at the end. */
  readonly liveCount: number;
  readonly grownBytes: number;
  readonly allocatedBytes: number;
  /** Collections within the stretch; when not 0, `allocatedBytes` is too low. */
  readonly collectionCount: number;
  /** Names of functions that were deoptimised, once for each time. */
  readonly deoptimised: readonly string[];
}

interface SteadyRun extends Omit<Steadiness, 'name' | 'age' | 'deoptimised'> {
  readonly traceFrom: number;
  readonly traceTo: number;
}

const OLD_WARM_UP = 5_000_000;
/** Until what binned does once in a thousand operations is compiled too. */
const YOUNG_WARM_UP = 2_000_000;
const OLD_LIVE = '1000';

/** Megabytes of young objects that fit before the engine collects: more than a steady stretch makes. */
const ROOM = 64;

/** Runs `runFile` (the built `steady-run.js`) for a kind. Rejects when the process fails. */
export async function measureSteadiness(
  name: string,
  age: Age,
  operations: number,
  runFile: string,
): Promise<Steadiness> {
  const folder = mkdtempSync(join(tmpdir(), 'gpuheap-bench-'));
  const traceFile = join(folder, 'trace.txt');
  try {
    const flags = [
      '--expose-gc',
      `--min-semi-space-size=${ROOM}`,
      `--max-semi-space-size=${ROOM}`,
      '--trace-deopt',
      '--redirect-code-traces',
      `--redirect-code-traces-to=${traceFile}`,
    ];
    const [warmUp, live] = age === 'old' ? [OLD_WARM_UP, OLD_LIVE] : [YOUNG_WARM_UP, ''];
    const args = [...flags, runFile, name, String(warmUp), String(operations), live, traceFile];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { traceFrom, traceTo, ...figures } = JSON.parse(lastLine(stdout)) as SteadyRun;
    const trace = readFileSync(traceFile).subarray(traceFrom, traceTo).toString();
    return { name, age, ...figures, deoptimised: namesInTrace(trace) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Names of the functions whose code the engine threw away, as `--trace-deopt` of V8 tells it. */
export function namesInTrace(trace: string): string[] {
  const event = /\[(?:bailout|marking dependent code)[^[]*?<(?:JSFunction|SharedFunctionInfo) ?([^ >(]*)/g;
  return Array.from(trace.matchAll(event), (match) => match[1] || '(anonymous)');
}

/** The engine writes a part of its trace before it. */
function lastLine(output: string): string {
  return output.trimEnd().split('\n').at(-1) as string;
}
