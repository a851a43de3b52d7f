import { readFileSync } from 'node:fs';
import { type DawnDevice, openDawn } from '@gpuheap/dawn-node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchErrors } from '../src/error-watch.ts';
import {
  showChain,
  showMeshes,
  showNaiveChain,
  showResolvedChain,
  showScene,
  showStreaming,
  showUniformRing,
} from '../src/gpu-examples.ts';

const PICTURE = [
  '................................................................',
  '...........rr......................................bb...........',
  '...........rr.............gggggggggggg.............bb...........',
  '..........rrrr............gggggggggggg............bbbb..........',
  '..........rrrr............gggggggggggg............bbbb..........',
  '.........rrrrrr...........gggggggggggg...........bbbbbb.........',
  '.........rrrrrr...........gggggggggggg...........bbbbbb.........',
  '........rrrrrrrr..........gggggggggggg..........bbbbbbbb........',
  '........rrrrrrrr..........gggggggggggg..........bbbbbbbb........',
  '.......rrrrrrrrrr.........gggggggggggg..........bbbbbbbb........',
  '.......rrrrrrrrrr.........gggggggggggg..........bbbbbbbb........',
  '......rrrrrrrrrrrr........gggggggggggg..........bbbbbbbb........',
  '......rrrrrrrrrrrr........gggggggggggg..........bbbbbbbb........',
  '.....rrrrrrrrrrrrrr.......gggggggggggg..........bbbbbbbb........',
  '.....rrrrrrrrrrrrrr.............................bbbbbbbb........',
  '....rrrrrrrrrrrrrrrr............................bbbbbbbb........',
];

/** Three bars of four pixels, so many to the right. */
const barsAt = (frame: number): string =>
  `${'.'.repeat(frame)}rrrr${'.'.repeat(16)}gggg${'.'.repeat(16)}bbbb${'.'.repeat(64)}`.slice(0, 64);

let dawn: DawnDevice;

beforeEach(async () => {
  dawn = await openDawn();
});

afterEach(() => {
  dawn.close();
  vi.restoreAllMocks();
});

/** What an example shows on a device that has nothing to complain of. */
async function shownBy<Report>(show: (device: GPUDevice) => Promise<Report>): Promise<Report> {
  const { result, errors } = await watchErrors(dawn.device, show);
  expect(errors).toEqual([]);
  return result;
}

it('mesh-renderer draws three meshes out of one buffer', async () => {
  expect(await shownBy(showMeshes)).toEqual({ picture: PICTURE, bufferCount: 1, groupCount: 3 });
});

it('uniform-ring moves bars with one buffer and one bind group', async () => {
  const picture = Array.from({ length: 16 }, (_, frame) => barsAt(frame));
  expect(await shownBy(showUniformRing)).toEqual({ picture, bufferCount: 1, groupCount: 1 });
});

describe('compute-chain', () => {
  it('keeps 300 tensors in three buffers', async () => {
    const chain = { tensorCount: 300, bufferCount: 3, wrongCount: 0, moveCount: 0, conflicts: [] };
    expect(await shownBy(showChain)).toEqual(chain);
  });

  it('moves what is in the way instead', async () => {
    const { moveCount, ...chain } = await shownBy(showResolvedChain);
    expect(chain).toEqual({ tensorCount: 300, bufferCount: 2, wrongCount: 0, conflicts: [] });
    expect(moveCount).toBeGreaterThan(0);
  });

  it('is refused in one buffer, as checkScope says before', async () => {
    const { result, errors } = await watchErrors(dawn.device, showNaiveChain);
    expect(errors[0]).toMatch(/writable usage and another usage in the same synchronization scope/);
    expect(result.bufferCount).toBe(1);
    expect(result.conflicts.length).toBe(299);
    expect(result.conflicts[0]).toMatch(/reads "tensor at 0" .* writes "tensor at 256"/);
    expect(result.wrongCount).toBeGreaterThan(0);
  });
});

it('streaming takes fifteen times the budget through it', async () => {
  const { streamedBytes, budgetBytes, peakBytes, batchedBytes, wrongCount } = await shownBy(showStreaming);
  expect(wrongCount).toBe(0);
  expect(streamedBytes).toBeGreaterThan(15 * budgetBytes);
  expect(peakBytes).toBeLessThanOrEqual(budgetBytes);
  expect(batchedBytes).toBeGreaterThan(streamedBytes / 2);
});

it('streaming-scene flies over four times the budget', async () => {
  const { sceneBytes, budgetBytes, peakBytes, comparedBytes, wrongBytes } = await shownBy(showScene);
  expect(wrongBytes).toBe(0);
  expect(sceneBytes).toBe(4 * budgetBytes);
  expect(peakBytes).toBeLessThanOrEqual(budgetBytes);
  expect(comparedBytes).toBeGreaterThan(2 * sceneBytes);
});

it('on-dawn shows them all', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await import('../src/on-dawn.ts');
  const lines = log.mock.calls.flatMap((call) => call.join(' ').split('\n'));
  expect(lines.slice(0, 17)).toEqual([...PICTURE, 'three meshes drawn out of 1 buffer']);
  expect(lines[33]).toBe('16 frames with 1 buffer and 1 bind group');
  expect(lines.slice(34, 36)).toEqual([
    '300 tensors, buffers: 3, moves: 0, wrong words: 0',
    'the device took it',
  ]);
  expect(lines[38]).toMatch(/^300 tensors, buffers: 1, moves: 0/);
  expect(lines[39]).toMatch(/^the device refused it: .*another usage in the same synchronization scope/);
  expect(lines[40]).toMatch(/^32000012 bytes through \d+: 0 wrong words$/);
  expect(lines[41]).toMatch(/^33554432 bytes of terrain through \d+: .* 0 wrong bytes$/);
});

it('each is sixty lines of code at most', () => {
  for (const name of ['mesh-renderer', 'compute-chain', 'uniform-ring', 'streaming']) {
    const text = readFileSync(new URL(`../src/${name}.ts`, import.meta.url), 'utf8');
    const lines = text
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .split('\n')
      .filter((line) => /^\s*(?!\/\/)\S/.test(line));
    expect(lines.length, name).toBeLessThanOrEqual(60);
  }
});
