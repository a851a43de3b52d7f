/**
 * Golden results: cut traces of real programs must replay to the figures in `fixtures/expected.json`, to the
 * byte and to the offset. `GPUHEAP_UPDATE_GOLDEN=1` writes the file anew; say in the commit why the figures
 * changed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MockGpu } from '@gpuheap/mock';
import { afterAll, describe, expect, it } from 'vitest';
import {
  DirectTarget,
  forecastPooledBytes,
  HeapTarget,
  MeasuredBackend,
  PooledTarget,
  type ReplayResult,
  readTrace,
  replayTrace,
} from '../src/index.ts';

const FOLDER = fileURLToPath(new URL('./fixtures/', import.meta.url));
const NAMES = ['three-stream-cut', 'ort-ocr-lazyrelease-cut', 'tfjs-train-logical-cut'];
const updating = process.env['GPUHEAP_UPDATE_GOLDEN'] === '1';
const expected: Record<string, unknown> = JSON.parse(readFileSync(`${FOLDER}expected.json`, 'utf8'));
const found: Record<string, unknown> = {};

afterAll(() => {
  if (updating) writeFileSync(`${FOLDER}expected.json`, `${JSON.stringify(found, null, 2)}\n`);
});

/** What must not change by accident. */
function goldenOf(result: ReplayResult): Record<string, unknown> {
  const { buffersCreated, peakReservedBytes, peakLiveBytes, bytesVerified, offsetsChecksum } = result;
  const ranges = result.snapshotAtPeak?.chunks.flatMap((chunk) => chunk.ranges) ?? [];
  const rangesAtPeak = { live: 0, pending: 0, free: 0 };
  for (const { state } of ranges) rangesAtPeak[state]++;
  return { buffersCreated, peakReservedBytes, peakLiveBytes, bytesVerified, offsetsChecksum, rangesAtPeak };
}

describe.each(NAMES)('%s', (name) => {
  it.each(['direct', 'pooled', 'gpuheap'] as const)('replays as before: %s', async (mode) => {
    const trace = await readTrace(`${FOLDER}${name}.ndjson.gz`);
    const gpu = new MockGpu({ autoComplete: true, reuseAfter: 'submitted' });
    const backend = new MeasuredBackend(gpu.backend());
    const options = { checkpoints: 4 };
    const result =
      mode === 'gpuheap'
        ? await replayTrace(trace, new HeapTarget(backend), options)
        : await replayTrace(
            trace,
            mode === 'direct' ? new DirectTarget(backend) : new PooledTarget(backend),
            options,
          );
    expect(result).toMatchObject({ mode, mismatchCount: 0, buffersLeft: 0 });
    expect(gpu.hazards).toEqual([]);
    const golden = goldenOf(result);
    found[`${name} ${mode}`] = golden;
    expect(golden).toEqual(updating ? golden : expected[`${name} ${mode}`]);
    if (mode === 'direct') expect(result.buffersCreated).toBe(result.figures.bufferCount);
    if (mode === 'direct') expect(result.peakReservedBytes).toBe(result.peakLiveBytes);
    if (mode === 'pooled') expect(result.peakReservedBytes).toBe(forecastPooledBytes(trace));
  });

  it('replays on a device whose memory is reusable only when work is done', async () => {
    const trace = await readTrace(`${FOLDER}${name}.ndjson.gz`);
    const gpu = new MockGpu({ autoComplete: true, reuseAfter: 'completed' });
    const result = await replayTrace(trace, new HeapTarget(new MeasuredBackend(gpu.backend())), {
      checkpoints: 2,
    });
    expect(result).toMatchObject({ mismatchCount: 0, buffersLeft: 0 });
    expect(gpu.hazards).toEqual([]);
  });
});
