import { describe, expect, it } from 'vitest';
import { type MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { VERTEX } = BufferUsage;

const AT_ONCE = { reuseAfter: 'submitted', autoComplete: true } as const;

type Mock = Allocation<MockBuffer>;

describe('a callback that fills bytes in place', () => {
  it('may rebuild the heap: that write is refused, and the batch goes on', async () => {
    const { gpu, heap } = openHeap({}, AT_ONCE);
    const { uploads } = heap;
    const mesh = heap.allocate({ size: 1024, usage: VERTEX, hostCopy: true });
    mesh.write(patternOf(1, 1024));
    expect(await uploads.whenRoom(1024)).toBe(true);
    const fill = (): void => {
      gpu.lose();
      heap.rebuild(new MockGpu(AT_ONCE).backend());
    };
    expect(codeOf(() => uploads.writeInPlace(mesh, 1024, fill))).toBe('device-lost');
    heap.endFrame();
    expect(firstDifference(await mesh.read(), patternOf(1, 1024))).toBe(-1);
    expect(await uploads.whenRoom(1024)).toBe(true);
    const { batchedCount } = uploads.statistics();
    uploads.writeInPlace(mesh, 1024, (bytes) => bytes.set(patternOf(2, 1024)));
    expect(uploads.statistics().batchedCount).toBe(batchedCount + 1);
    heap.endFrame();
    expect(firstDifference(await mesh.read(), patternOf(2, 1024))).toBe(-1);
  });

  it('is told when the device is lost in it', async () => {
    const { gpu, heap } = openHeap({}, AT_ONCE);
    const mesh = heap.allocate({ size: 1024, usage: VERTEX });
    await heap.uploads.whenRoom(1024);
    expect(codeOf(() => heap.uploads.writeInPlace(mesh, 1024, () => gpu.lose()))).toBe('device-lost');
    heap.rebuild(new MockGpu(AT_ONCE).backend());
    expect(codeOf(() => heap.endFrame())).toBe('none');
  });
});

describe('a batch of uploads', () => {
  it('drops what goes to a buffer that somebody has destroyed, and nothing else', async () => {
    const { backend, heap } = openHeap({}, AT_ONCE);
    const { uploads } = heap;
    const gone = heap.allocate({ size: 1024, usage: VERTEX, dedicated: true });
    const meshes: Mock[] = [1, 2].map(() => heap.allocate({ size: 1024, usage: VERTEX }));
    expect(await uploads.whenRoom(4096)).toBe(true);
    uploads.write(meshes[0] as Mock, patternOf(1, 1024));
    uploads.write(gone, patternOf(5, 1024));
    uploads.write(meshes[1] as Mock, patternOf(2, 1024));
    expect(uploads.statistics().batchedCount).toBe(3);
    backend.destroyBuffer(gone.buffer);
    expect(codeOf(() => heap.endFrame())).toBe('dead-buffer');
    expect(codeOf(() => heap.endFrame())).toBe('none');
    for (const [k, mesh] of meshes.entries()) {
      expect(firstDifference(await mesh.read(), patternOf(k + 1, 1024))).toBe(-1);
    }
  });
});
