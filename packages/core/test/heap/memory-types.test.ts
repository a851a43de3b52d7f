import { describe, expect, it } from 'vitest';
import { MEMORY_TABLES } from '../../../mock/src/index.ts';
import { BufferUsage, MEMORY_WISHES, MemoryProperty, MemoryTypeSelector } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { openHeap } from './open-heap.ts';

const { COPY_DST, COPY_SRC, VERTEX } = BufferUsage;

describe('memory types', () => {
  it.each(Object.entries(MEMORY_TABLES))('of %s are chosen by location', (_name, memoryTypes) => {
    const { heap } = openHeap({}, { memoryTypes });
    heap.allocate({ size: 64, usage: VERTEX });
    heap.allocate({ size: 64, usage: COPY_SRC, location: 'upload' });
    heap.allocate({ size: 64, usage: COPY_DST, location: 'readback' });
    heap.createPool({ name: 'own', location: 'upload', minChunks: 1 });
    const selector = new MemoryTypeSelector(memoryTypes);
    const chunks = heap.snapshot().chunks.map(({ location, memoryType }) => [location, memoryType]);
    const { gpu, upload, readback } = MEMORY_WISHES;
    expect(chunks.sort()).toEqual([
      ['gpu', selector.select(gpu)],
      ['readback', selector.select(readback)],
      ['upload', selector.select(upload)],
      ['upload', selector.select(upload)],
    ]);
  });

  it('that are missing are named, and nothing has changed', () => {
    const hidden = [
      { properties: MemoryProperty.DEVICE_LOCAL, heapIndex: 0, heapSizeBytes: Number.POSITIVE_INFINITY },
    ];
    const { heap } = openHeap({}, { memoryTypes: hidden });
    heap.allocate({ size: 64, usage: VERTEX });
    const before = JSON.stringify(heap.snapshot());
    for (const location of ['upload', 'readback'] as const) {
      const request = { size: 64, usage: COPY_DST, location };
      for (const act of [
        () => heap.allocate(request),
        () => heap.tryAllocate(request),
        () => heap.createPool({ name: 'own', location }),
      ]) {
        expect(codeOf(act)).toBe('no-memory-type');
        expect(JSON.stringify(heap.snapshot())).toBe(before);
      }
    }
  });
});
