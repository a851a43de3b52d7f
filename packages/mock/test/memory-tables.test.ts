import {
  BufferUsage,
  GpuHeap,
  MEMORY_WISHES,
  MemoryProperty,
  type MemoryType,
  MemoryTypeSelector,
} from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { createMockBackend, MEMORY_TABLES, MockGpu } from '../src/index.ts';

const { DEVICE_LOCAL, HOST_VISIBLE, HOST_COHERENT, HOST_CACHED } = MemoryProperty;
const TABLES: [string, readonly MemoryType[]][] = Object.entries(MEMORY_TABLES);

describe.each(TABLES)('the table %s', (_name, table) => {
  it('is taken by the virtual GPU as it is', () => {
    expect(new MockGpu({ memoryTypes: table }).backend().memoryTypes).toEqual(table);
  });

  it('lists what can do less before what can do more', () => {
    for (const [index, { properties }] of table.entries()) {
      for (const later of table.slice(index + 1))
        expect(properties & later.properties).not.toBe(later.properties);
    }
  });

  it('says of a heap the same in all of its types, and has no property that means nothing', () => {
    const sizes = new Map(table.map(({ heapIndex, heapSizeBytes }) => [heapIndex, heapSizeBytes]));
    for (const { heapIndex, heapSizeBytes, properties } of table) {
      expect(heapSizeBytes).toBe(sizes.get(heapIndex));
      const isSeen = (properties & HOST_VISIBLE) !== 0;
      expect(isSeen || (properties & (HOST_COHERENT | HOST_CACHED)) === 0).toBe(true);
    }
    // Heaps are numbered from 0 on, none left out.
    expect([...sizes.keys()].sort()).toEqual([...sizes.keys()].map((_, index) => index));
    expect(table.some(({ properties }) => (properties & DEVICE_LOCAL) !== 0)).toBe(true);
  });

  it('carries a heap: bytes go up, across and back', async () => {
    const gpu = new MockGpu({ memoryTypes: table, autoComplete: true });
    const heap = new GpuHeap(gpu.backend());
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => i + 1);
    const source = heap.allocate({ size: 64, usage: BufferUsage.COPY_SRC, location: 'upload' });
    const target = heap.allocate({ size: 64, usage: BufferUsage.VERTEX });
    source.write(bytes);
    heap.copy(source, 0, target, 0, 64);
    expect(await target.read()).toEqual(bytes);
    const selector = new MemoryTypeSelector(table);
    const used = [...gpu.buffers].map(({ memoryType }) => memoryType);
    for (const wish of [MEMORY_WISHES.gpu, MEMORY_WISHES.upload, MEMORY_WISHES.readback]) {
      expect(used).toContain(selector.select(wish));
    }
    heap.dispose();
    expect(gpu.buffers.size).toBe(0);
  });
});

it('the table of plain WebGPU is what the virtual GPU shows by default', () => {
  expect(createMockBackend().memoryTypes).toEqual(MEMORY_TABLES.webgpu);
});

it('only the resizable window is as large as the card', () => {
  const windowOf = (table: readonly MemoryType[]): number | undefined =>
    table.find(
      ({ properties }) => (properties & (DEVICE_LOCAL | HOST_VISIBLE)) === (DEVICE_LOCAL | HOST_VISIBLE),
    )?.heapSizeBytes;
  const cardBytes = MEMORY_TABLES.discrete[1]?.heapSizeBytes;
  expect(windowOf(MEMORY_TABLES.discrete)).toBe(2 ** 28);
  expect(windowOf(MEMORY_TABLES.discreteResizable)).toBe(cardBytes);
});
