/**
 * Replay command: reads traces, replays them, prints what came of it and writes the report.
 *
 * Promise  every input is read, and every output looked at, before the first replay begins.
 */
import { accessSync, constants, existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '@gpuheap/core';
import { renderReport } from '@gpuheap/inspector';
import { findTrace, type ReplayMode, readTrace, type Trace } from '@gpuheap/trace';
import type { CliStreams } from './output.ts';
import { Progress } from './progress.ts';
import { type DeviceChoice, openReplayDevice, type ReplayDevice } from './replay-device.ts';
import { pageOf, summarise, type TraceResults } from './report-page.ts';
import { layOut, tableOf } from './result-table.ts';
import { runModes } from './run-modes.ts';
import { isFaultless, judgeResults } from './verdicts.ts';

/** What `gpuheap replay` was asked for. */
export interface ReplaySettings {
  readonly traces: readonly string[];
  readonly device: DeviceChoice;
  readonly modes: readonly ReplayMode[];
  readonly checkpoints: number;
  readonly report: string;
  readonly json?: string;
}

/** What is replayed when nothing is named: a 3D scene and a neural network. */
const DEFAULT_TRACES = ['three-stream', 'ort-ocr-lazyrelease'];
const MISMATCHES_SHOWN = 5;

/**
 * Runs it. Resolves to the exit code: 1 when a byte was wrong or the device complained.
 * @throws GpuMemoryError
 */
export async function runReplay(settings: ReplaySettings, { out, error }: CliStreams): Promise<number> {
  const started = performance.now();
  checkWritable(settings.report);
  if (settings.json !== undefined) checkWritable(settings.json);
  const traces = await readAll(settings.traces.length > 0 ? settings.traces : DEFAULT_TRACES);
  const device = await openReplayDevice(settings.device);
  try {
    if (device.note !== undefined)
      error.write(`no GPU to be had, running on the mock instead: ${device.note}\n`);
    out.write(`device: ${device.name}\n`);
    const all: TraceResults[] = [];
    for (const trace of traces) all.push(await replayOne(device, trace, settings, { out, error }));
    writeText(settings.report, renderReport(pageOf(device, all)));
    if (settings.json !== undefined) writeText(settings.json, jsonOf(device, all));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    out.write(`\nreport: ${settings.report} (charts and memory map), all in ${seconds} s\n`);
    return all.every(({ results }) => isFaultless(results)) ? 0 : 1;
  } finally {
    device.close();
  }
}

async function readAll(names: readonly string[]): Promise<Trace[]> {
  const traces: Trace[] = [];
  for (const name of names) traces.push(await readTrace(findTrace(name)));
  return traces;
}

async function replayOne(
  device: ReplayDevice,
  trace: Trace,
  settings: ReplaySettings,
  { out, error }: CliStreams,
): Promise<TraceResults> {
  const progress = new Progress(out);
  const { modes, checkpoints } = settings;
  const onProgress = (mode: ReplayMode, done: number, all: number): void =>
    progress.show(`${trace.header.name} ${mode}`, done, all);
  const done = { trace, ...(await runModes(device, { trace, modes, checkpoints, onProgress })) };
  progress.clear();
  out.write(`\n${trace.header.name}: ${summarise(done)}\n${trace.header.source}\n\n`);
  out.write(layOut(tableOf(done.results)));
  for (const omission of done.omissions) out.write(`  ${omission}\n`);
  out.write('\n');
  for (const { name, text, passed } of judgeResults(done.results)) {
    out.write(`  ${name} ${passed ? 'pass' : 'MISS'}  ${text}\n`);
  }
  complain(device, done, error);
  return done;
}

/** Names the first bytes that were wrong, and the first error. */
function complain(device: ReplayDevice, { results }: TraceResults, error: CliStreams['error']): void {
  for (const { mode, trace, mismatches, uncapturedErrors } of results) {
    for (const wrong of mismatches.slice(0, MISMATCHES_SHOWN)) {
      error.write(
        `${trace} ${mode}: resource ${wrong.id} ${JSON.stringify(wrong.label)} has ${wrong.got} instead of ` +
          `${wrong.expected} at byte ${wrong.offset} (event ${wrong.event})\n`,
      );
    }
    if (uncapturedErrors > 0) error.write(`${trace} ${mode}: ${device.firstError()}\n`);
  }
}

function jsonOf(device: ReplayDevice, all: readonly TraceResults[]): string {
  const results = all.flatMap((one) => one.results);
  const omissions = all.flatMap((one) => one.omissions.map((text) => `${one.trace.header.name}: ${text}`));
  const head = { format: 'gpuheap-replay', version: 1, node: process.versions.node };
  return `${JSON.stringify({ ...head, device: device.name, kind: device.kind, omissions, results })}\n`;
}

function writeText(path: string, text: string): void {
  reportingFailure(path, () => writeFileSync(path, text));
}

/** Told before a long run, not after it. */
function checkWritable(path: string): void {
  reportingFailure(path, () => accessSync(existsSync(path) ? path : dirname(path), constants.W_OK));
}

function reportingFailure(path: string, access: () => void): void {
  try {
    access();
  } catch (cause) {
    const why = (cause as { code?: string }).code ?? String(cause);
    throw new UsageError('bad-argument', `${path} can not be written: ${why}`, { cause });
  }
}
