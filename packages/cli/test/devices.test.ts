import { BackendError, type GpuBackend } from '@gpuheap/core';
import { MockGpu } from '@gpuheap/mock';
import { type ReplayMode, readTrace } from '@gpuheap/trace';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Progress } from '../src/progress.ts';
import { openReplayDevice, type ReplayDevice } from '../src/replay-device.ts';
import { runModes } from '../src/run-modes.ts';
import { isFaultless, judgeResults } from '../src/verdicts.ts';
import { capture, fixture } from './capture.ts';

vi.mock('@gpuheap/dawn-node', () => ({
  openDawn: () => Promise.reject(new BackendError('no-adapter', 'nothing here')),
}));

afterEach(() => vi.restoreAllMocks());

const SMALL = fixture('tfjs-train-logical-cut');

async function run(device: ReplayDevice, ...modes: ReplayMode[]): ReturnType<typeof runModes> {
  return runModes(device, { trace: await readTrace(SMALL), modes, checkpoints: 2, onProgress: () => {} });
}

describe('without a GPU', () => {
  it('auto says so in one line and runs on the mock', async () => {
    const { code, out, error } = await capture('replay', SMALL, '--modes', 'gpuheap', '--checkpoints', '0');
    expect(error).toBe('no GPU to be had, running on the mock instead: nothing here [no-adapter]\n');
    expect(out).toMatch(/^device: mock/);
    expect(code).toBe(0);
  });

  it('what was asked for by name is an error', async () => {
    const { code, out, error } = await capture('replay', SMALL, '--device', 'hardware');
    expect({ code, out, error }).toEqual({ code: 1, out: '', error: 'gpuheap: nothing here [no-adapter]\n' });
  });

  it('doctor names what is missing', async () => {
    const { code, out } = await capture('doctor');
    expect(out).toContain('hardware  none: nothing here [no-adapter]\n');
    expect(out).toContain('would use the mock, for want of a device\n');
    expect(code).toBe(1);
  });
});

describe('runModes', () => {
  it('finds what a faulty device does to the bytes', async () => {
    const device = {
      ...(await openReplayDevice('mock')),
      backend: () => spoilt(new MockGpu({ autoComplete: true })),
    };
    const { results } = await run(device, 'gpuheap');
    expect(results[0]?.mismatchCount).toBeGreaterThan(0);
    expect(isFaultless(results)).toBe(false);
    expect(judgeResults(results).at(-1)).toMatchObject({ name: 'H6', passed: false });
  });

  it('counts what the device complains of', async () => {
    let calls = 0;
    const device = { ...(await openReplayDevice('mock')), countErrors: () => calls++ };
    const { results } = await run(device, 'direct');
    expect(results[0]?.uncapturedErrors).toBe(1);
    expect(isFaultless(results)).toBe(false);
  });

  it('leaves the pooled way out where memory is short, and says so', async () => {
    vi.spyOn(process, 'availableMemory').mockReturnValue(2 ** 25);
    const { results, omissions } = await run(await openReplayDevice('mock'), 'pooled', 'gpuheap');
    expect(results.map(({ mode }) => mode)).toEqual(['gpuheap']);
    expect(omissions).toEqual(['pooled left out: it would hold 0.0 GiB, and this machine has 0.0 GiB free']);
  });
});

describe('Progress', () => {
  const shown = (isTTY: boolean): { texts: string[]; show: (at: number) => void; clear: () => void } => {
    const texts: string[] = [];
    let now = 0;
    const progress = new Progress({ isTTY, write: (text) => texts.push(text) }, () => now);
    const show = (at: number): void => {
      now = at;
      progress.show('trace mode', at, 10_000);
    };
    return { texts, show, clear: () => progress.clear() };
  };

  it('redraws a line on a terminal', () => {
    const { texts, show, clear } = shown(true);
    for (const at of [50, 100, 150, 2000]) show(at);
    clear();
    clear();
    expect(texts).toEqual(['\r\u001b[2Ktrace mode 1 %', '\r\u001b[2Ktrace mode 20 %', '\r\u001b[2K']);
  });

  it('writes a line now and then elsewhere', () => {
    const { texts, show, clear } = shown(false);
    for (const at of [1000, 5000, 6000, 10_000]) show(at);
    clear();
    expect(texts).toEqual(['trace mode 50 %\n', 'trace mode 100 %\n']);
  });
});

/** A backend of `gpu` that flips a bit in every write of 100 bytes or more. */
function spoilt(gpu: MockGpu): GpuBackend<unknown> {
  const backend = gpu.backend();
  const write = backend.write.bind(backend);
  backend.write = (buffer, offset, data) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    if (bytes.length >= 100 && bytes.length < 100_000) bytes[40] = (bytes[40] ?? 0) ^ 1;
    write(buffer, offset, bytes);
  };
  return backend;
}
