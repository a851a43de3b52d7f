/**
 * Steadiness: whether a warm suballocator makes garbage or loses its optimised code.
 *
 * Layout   a process of its own (`steady-run.ts`, built) with `--expose-gc` and `--trace-deopt`: 1,000,000
 *          operations of W1 to warm up, then as many measured.
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

/** What the measured stretch did. */
export interface Steadiness {
  readonly name: string;
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

interface SteadyRun extends Omit<Steadiness, 'name' | 'deoptimised'> {
  readonly traceFrom: number;
  readonly traceTo: number;
}

/** Runs `runFile` (the built `steady-run.js`) for a kind. Rejects when the process fails. */
export async function measureSteadiness(
  name: string,
  operations: number,
  runFile: string,
): Promise<Steadiness> {
  const folder = mkdtempSync(join(tmpdir(), 'gpuheap-bench-'));
  const traceFile = join(folder, 'trace.txt');
  try {
    const flags = [
      '--expose-gc',
      '--trace-deopt',
      '--redirect-code-traces',
      `--redirect-code-traces-to=${traceFile}`,
    ];
    const count = String(operations);
    const args = [...flags, runFile, name, count, count, traceFile];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { traceFrom, traceTo, ...figures } = JSON.parse(lastLine(stdout)) as SteadyRun;
    const trace = readFileSync(traceFile).subarray(traceFrom, traceTo).toString();
    return { name, ...figures, deoptimised: namesInTrace(trace) };
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
