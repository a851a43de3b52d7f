import { afterEach, expect, it, vi } from 'vitest';

/** Runs a program and answers what it printed, a string a line. */
async function outputOf(program: () => Promise<unknown>): Promise<string[]> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await program();
  return log.mock.calls.map((call) => call.join(' '));
}

afterEach(() => {
  vi.restoreAllMocks();
});

it('first-heap puts two meshes into one buffer', async () => {
  expect(await outputOf(() => import('../src/first-heap.ts'))).toEqual([
    'rock and tree share a buffer: true',
    '3600 bytes asked for, 1 buffer made',
    'read back: 1 2 3',
  ]);
});

it('mock-clock reuses memory when the GPU is done with it', async () => {
  expect(await outputOf(() => import('../src/mock-clock.ts'))).toEqual([
    'frame 0 draws from offset 0',
    'frame 1 draws from offset 4096',
    'frame 2 draws from offset 8192',
    'frame 3 draws from offset 12288',
    'frame 4 draws from offset 0',
    '12288 bytes wait for the GPU',
  ]);
});

it('ranges-alone keeps words apart, and finds the holes', async () => {
  expect(await outputOf(() => import('../src/ranges-alone.ts'))).toEqual([
    'tree············',
    'treecloud·······',
    'treecloudriver··',
    'no room for mountains',
    'lakecloud·······',
    '7 letters are free, 7 of them in a row',
  ]);
});

it('descriptor-slots gives a slot out again when the GPU has left it', async () => {
  expect(await outputOf(() => import('../src/descriptor-slots.ts'))).toEqual([
    'frame 1: sky in slot 0, smoke in 1',
    'frame 2: sky in slot 0, smoke in 2',
    'frame 3: sky in slot 0, smoke in 1',
    'frame 4: sky in slot 0, smoke in 2',
    'frame 5: sky in slot 0, smoke in 1',
    '2 slots wait, a pair of them is not to be had',
    '0 slots wait, a pair of them is here',
  ]);
});

it('planned-tensors keeps what a node writes out of the buffers that it reads', async () => {
  expect(await outputOf(() => import('../src/planned-tensors.ts'))).toEqual([
    'tensor 0: buffer 0, from byte 0',
    'tensor 1: buffer 1, from byte 0',
    'tensor 2: buffer 0, from byte 60160',
    'tensor 3: buffer 1, from byte 0',
    'tensor 4: buffer 0, from byte 60160',
    'tensor 5: buffer 1, from byte 0',
    'in two GPU buffers: true',
    '130560 bytes instead of 181000: optimal',
  ]);
});
