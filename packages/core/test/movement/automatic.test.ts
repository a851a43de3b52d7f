import { describe, expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { openHeap } from '../heap/open-heap.ts';
import { doFrames, expectBytes, gpuChunks, openScattered } from './scattered-heap.ts';

const KIB = 1024;
const { VERTEX } = BufferUsage;

describe('by itself', () => {
  const eager = { everyFrames: 1, leastBytes: 0 };

  it('a heap moves nothing unless it is told to', async () => {
    const scene = await openScattered();
    await doFrames(scene.heap, 40);
    expect(gpuChunks(scene.heap)).toBe(6);
  });

  it('a heap begins a run when chunks are worth it, and rests when nothing came of it', async () => {
    const scene = await openScattered({ defragmentation: eager });
    await doFrames(scene.heap, 40);
    expect(gpuChunks(scene.heap)).toBe(2);
    await expectBytes(scene);
  });

  it('a heap looks again when it has rested from a run that gave nothing', async () => {
    const { heap } = openHeap({ chunkBytes: 64 * KIB, defragmentation: eager }, { reuseAfter: 'submitted' });
    // Each 33 KiB has a chunk that nothing else fits into.
    const large = Array.from({ length: 4 }, () => heap.allocate({ size: 33 * KIB, usage: VERTEX }));
    await doFrames(heap, 10);
    expect(gpuChunks(heap)).toBe(4);
    for (const each of large) each.resize(8 * KIB);
    await doFrames(heap, 10);
    expect(gpuChunks(heap)).toBe(4);
    await doFrames(heap, 60);
    expect(gpuChunks(heap)).toBe(1);
  });

  it('a heap begins a run after a request that failed although as much was free', async () => {
    const never = { ...eager, freeShare: 1, freeChunks: 1000 };
    const scene = await openScattered({ defragmentation: never, budgetBytes: 6 * 64 * KIB });
    await doFrames(scene.heap, 10);
    expect(gpuChunks(scene.heap)).toBe(6);
    expect(scene.heap.tryAllocate({ size: 60 * KIB, usage: VERTEX })).toBeUndefined();
    await doFrames(scene.heap, 10);
    expect(gpuChunks(scene.heap)).toBe(2);
    expect(scene.heap.tryAllocate({ size: 60 * KIB, usage: VERTEX })).toBeDefined();
  });

  it('a heap looks no further when its device is lost', async () => {
    const { gpu, heap } = await openScattered({ defragmentation: { ...eager, everyFrames: 50 } });
    gpu.lose('gone');
    await doFrames(heap, 60);
    expect(gpuChunks(heap)).toBe(6);
  });

  it('small heaps and busy frames are left alone', async () => {
    const small = await openScattered({ defragmentation: { everyFrames: 1 } });
    const busy = await openScattered({ defragmentation: { ...eager, isBusy: () => true } });
    for (const { heap } of [small, busy]) {
      await doFrames(heap, 40);
      expect(gpuChunks(heap)).toBe(6);
    }
  });

  it('a run that was asked for goes first', async () => {
    const { heap } = await openScattered({ defragmentation: { ...eager, movesPerPass: 1 } });
    heap.endFrame();
    const run = heap.defragment();
    heap.endFrame();
    expect(run.report.moveCount).toBeGreaterThan(0);
  });
});
