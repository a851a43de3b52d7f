import { describe, expect, it } from 'vitest';
import { MemoryTypeSelector } from '../../src/backend/memory-type-selector.ts';
import { type BackendLimits, BufferUsage, MemoryProperty, type MemoryType } from '../../src/backend/port.ts';
import { CHUNK_USAGE, checkUsage, offsetAlignment, TRANSFER_USAGE } from '../../src/backend/usage.ts';
import { UsageError } from '../../src/base/errors.ts';

const { DEVICE_LOCAL, HOST_VISIBLE, HOST_COHERENT, HOST_CACHED } = MemoryProperty;

function typesOf(...properties: number[]): MemoryType[] {
  return properties.map((bits) => ({
    properties: bits,
    heapIndex: 0,
    heapSizeBytes: Number.POSITIVE_INFINITY,
  }));
}

describe('memory-type selector', () => {
  const table = typesOf(
    DEVICE_LOCAL,
    HOST_VISIBLE | HOST_CACHED | HOST_COHERENT,
    HOST_VISIBLE | HOST_COHERENT,
    DEVICE_LOCAL | HOST_VISIBLE,
  );

  it('looks for everything preferred first, then for what is required alone', () => {
    const selector = new MemoryTypeSelector(table);
    expect(selector.select({ required: DEVICE_LOCAL, preferred: HOST_VISIBLE })).toBe(3);
    expect(selector.select({ required: DEVICE_LOCAL, preferred: HOST_CACHED })).toBe(0);
    expect(selector.select({ required: HOST_CACHED })).toBe(1);
    expect(selector.select({ required: HOST_CACHED | DEVICE_LOCAL })).toBe(-1);
  });

  it('takes an avoided property only when nothing else is left', () => {
    const selector = new MemoryTypeSelector(table);
    expect(selector.select({ required: HOST_VISIBLE, preferred: HOST_COHERENT, avoided: HOST_CACHED })).toBe(
      2,
    );
    const cachedOnly = new MemoryTypeSelector(typesOf(DEVICE_LOCAL, HOST_VISIBLE | HOST_CACHED));
    expect(cachedOnly.select({ required: HOST_VISIBLE, avoided: HOST_CACHED })).toBe(1);
  });

  it('respects the mask and ignores properties that it does not know', () => {
    const selector = new MemoryTypeSelector(table);
    expect(selector.select({ required: HOST_VISIBLE, typeMask: 0b1000 })).toBe(3);
    expect(selector.select({ required: HOST_VISIBLE, typeMask: 0b0001 })).toBe(-1);
    expect(selector.select({ required: DEVICE_LOCAL | (2 ** 20) })).toBe(0);
  });

  it('refuses an empty table and one that is too long', () => {
    expect(() => new MemoryTypeSelector([])).toThrow(UsageError);
    expect(() => new MemoryTypeSelector(typesOf(...new Array(32).fill(DEVICE_LOCAL)))).toThrow(UsageError);
    expect(() => new MemoryTypeSelector(undefined as unknown as MemoryType[])).toThrow(UsageError);
  });
});

describe('usage', () => {
  const limits: BackendLimits = {
    maxBufferSize: 2 ** 28,
    maxUniformBindingSize: 2 ** 16,
    maxStorageBindingSize: 2 ** 27,
    uniformOffsetAlignment: 256,
    storageOffsetAlignment: 64,
    copyAlignment: 4,
    copiesWithinBuffer: false,
  };

  it('asks for the strictest alignment of all uses', () => {
    expect(offsetAlignment(BufferUsage.VERTEX | BufferUsage.INDEX | BufferUsage.INDIRECT, limits)).toBe(4);
    expect(offsetAlignment(BufferUsage.STORAGE | BufferUsage.VERTEX, limits)).toBe(64);
    expect(offsetAlignment(BufferUsage.UNIFORM | BufferUsage.STORAGE, limits)).toBe(256);
    expect(offsetAlignment(BufferUsage.QUERY_RESOLVE, limits)).toBe(256);
  });

  it('lets only known, allowed bits pass, and no MAP bit', () => {
    for (const bad of [
      0,
      -1,
      1.5,
      Number.NaN,
      '8',
      null,
      undefined,
      {},
      8n,
      0x400,
      2 ** 40,
      BufferUsage.MAP_READ,
    ]) {
      expect(() => checkUsage(bad, CHUNK_USAGE)).toThrow(/\[bad-usage\]$/);
    }
    expect(() => checkUsage(BufferUsage.MAP_WRITE | BufferUsage.COPY_SRC, CHUNK_USAGE)).toThrow(
      /location 'upload'/,
    );
    expect(() => checkUsage(BufferUsage.VERTEX, TRANSFER_USAGE)).toThrow(/0x20 goes beyond 0xc/);
    expect(checkUsage(CHUNK_USAGE, CHUNK_USAGE)).toBeUndefined();
  });
});
