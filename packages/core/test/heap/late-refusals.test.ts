import { describe, expect, it } from 'vitest';
import { BufferUsage, OutOfMemoryError } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { openLate } from './late-scene.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { STORAGE } = BufferUsage;
const KIB = 1024;

describe('bytes that are copied', () => {
  it('by way of scratch that the device refuses are told of once, and can be copied again', async () => {
    const { heap, settle, refuseNext } = openLate();
    const from = heap.allocate({ size: 256, usage: STORAGE, label: 'from' });
    const to = heap.allocate({ size: 256, usage: STORAGE, label: 'to' });
    from.write(patternOf(1, 256));
    to.write(patternOf(2, 256));
    await settle();
    refuseNext();
    heap.copy(from, 0, to, 0, 256);
    await settle();
    const told = (() => {
      try {
        return to.binding();
      } catch (error) {
        return error;
      }
    })();
    expect(told).toBeInstanceOf(OutOfMemoryError);
    expect(told).toMatchObject({
      code: 'refused-by-device',
      figures: { requestedBytes: expect.any(Number) },
    });
    expect(String(told)).toMatch(/256 bytes that were copied into "to" are lost.*write them again/);
    expect(from.binding().size).toBe(256);
    heap.copy(from, 0, to, 0, 256);
    await settle();
    const read = to.read();
    await settle();
    expect(firstDifference(await read, patternOf(1, 256))).toBe(-1);
  });

  it('out of memory that the device refuses are told of at both ends', async () => {
    const { heap, settle, refuseNext } = openLate();
    const to = heap.allocate({ size: 256, usage: STORAGE });
    await settle();
    refuseNext();
    const from = heap.allocate({ size: 4 * KIB, usage: STORAGE, dedicated: true });
    from.write(patternOf(1, 256));
    heap.copy(from, 0, to, 0, 256);
    await settle();
    expect(codeOf(() => from.buffer)).toBe('refused-by-device');
    expect(codeOf(() => to.buffer)).toBe('refused-by-device');
    expect(codeOf(() => to.buffer)).toBe('none');
  });

  it('tell the block and the members as well, and nobody that is dead', async () => {
    const { heap, settle, refuseNext } = openLate();
    const from = heap.allocate({ size: 64, usage: STORAGE });
    const requests = [{ size: 64, usage: STORAGE } as const, { size: 64, usage: STORAGE } as const] as const;
    const block = heap.allocateBlock(requests);
    const dead = heap.allocate({ size: 64, usage: STORAGE });
    await settle();
    refuseNext();
    heap.copy(from, 0, block.members[1], 0, 64);
    heap.copy(from, 0, dead, 0, 64);
    dead.free();
    await settle();
    expect(codeOf(() => block.members[0].buffer)).toBe('none');
    expect(codeOf(() => block.members[1].buffer)).toBe('refused-by-device');
    expect(codeOf(() => block.buffer)).toBe('refused-by-device');
    expect(codeOf(() => dead.buffer)).toBe('dead-allocation');
    refuseNext();
    heap.trim();
    heap.copy(from, 0, block, 0, 64);
    await settle();
    expect(codeOf(() => block.members[0].buffer)).toBe('refused-by-device');
  });

  it('are no longer missed when the device was lost and the heap rebuilt', async () => {
    const { gpu, heap, settle, refuseNext } = openLate();
    const from = heap.allocate({ size: 64, usage: STORAGE });
    const to = heap.allocate({ size: 64, usage: STORAGE, hostCopy: true });
    to.write(patternOf(1, 64));
    await settle();
    refuseNext();
    heap.copy(from, 0, to, 0, 64);
    await settle();
    gpu.lose();
    heap.rebuild(openHeap().backend);
    expect(codeOf(() => to.buffer)).toBe('none');
  });
});
