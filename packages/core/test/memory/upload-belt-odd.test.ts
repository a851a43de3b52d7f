import { describe, expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, patternOf } from '../heap/open-heap.ts';
import { allocateReady, KIBI, LARGE, openUploads, peek, work } from './upload-scene.ts';

const { VERTEX } = BufferUsage;

describe('a write in place that fails', () => {
  it('loses its room when another write has followed, and nothing else', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, LARGE);
    const other = heap.allocate({ size: 64, usage: VERTEX });
    await work(gpu);
    expect(() =>
      heap.uploads.writeInPlace(mesh, LARGE, () => {
        heap.uploads.write(other, patternOf(3, 64));
        throw new RangeError('the file is gone');
      }),
    ).toThrow('the file is gone');
    heap.flush();
    expect(firstDifference(peek(gpu, other), patternOf(3, 64))).toBe(-1);
    expect(peek(gpu, mesh).every((byte) => byte === 0)).toBe(true);
  });
});

describe('staging that the device does not give', () => {
  it('is told, whatever the device throws', async () => {
    const { gpu, heap } = openUploads();
    const { backend } = heap;
    const create = backend.createBuffer.bind(backend);
    backend.createBuffer = () => {
      throw new RangeError('no such thing');
    };
    await expect(heap.uploads.whenRoom(64 * KIBI)).rejects.toThrow('no such thing');
    backend.createBuffer = create;
    expect(codeOf(() => heap.allocate({ size: 64, usage: VERTEX }))).toBe('none');
    expect(gpu.errors).toEqual([]);
  });
});
