import { describe, expect, it } from 'vitest';
import { MockGpu } from '../../../mock/src/index.ts';
import { CountingBackend } from '../../src/backend/counting-backend.ts';
import { LimitedBackend } from '../../src/backend/limited-backend.ts';
import { BufferUsage } from '../../src/backend/port.ts';
import { UPLOAD_USAGE } from '../../src/backend/usage.ts';
import { codeOf } from '../code-of.ts';

const BOTH_WAYS = BufferUsage.COPY_SRC | BufferUsage.COPY_DST;

function openCounting() {
  const gpu = new MockGpu({ autoComplete: true, recordCalls: true });
  return { gpu, counting: new CountingBackend(gpu.backend()) };
}

describe('counting backend', () => {
  it('counts clears and their bytes, and no refused one', () => {
    const { counting } = openCounting();
    const { buffer } = counting.createBuffer({ size: 64, usage: BOTH_WAYS, memoryType: 0 });
    counting.clear(buffer, 0, 16);
    counting.clear(buffer, 16, 0);
    counting.clear(buffer, 32, 32);
    expect(codeOf(() => counting.clear(buffer, 32, 64))).toBe('out-of-bounds');
    expect([counting.clearCount, counting.clearedBytes]).toEqual([3, 48]);
    expect([counting.writeCount, counting.writtenBytes]).toEqual([0, 0]);
  });

  it('counts adopted bytes as reserved, and not as buffers of its own', () => {
    const { gpu, counting } = openCounting();
    const outside = gpu.makeBuffer({ size: 1000, usage: BOTH_WAYS });
    const { buffer } = counting.createBuffer({ size: 64, usage: BOTH_WAYS, memoryType: 0 });
    const descriptor = { size: 1000, usage: BOTH_WAYS };
    counting.adoptBuffer(outside, descriptor);
    expect(codeOf(() => counting.adoptBuffer(outside, descriptor))).toBe('bad-argument');
    expect([counting.bufferBytes, counting.adoptedBytes, counting.reservedBytes]).toEqual([64, 1000, 1064]);
    expect(counting.peakReservedBytes).toBe(1064);
    expect(counting.createdBufferCount).toBe(1);
    counting.destroyBuffer(outside);
    expect([counting.adoptedBytes, counting.reservedBytes, counting.destroyedBufferCount]).toEqual([
      0, 64, 0,
    ]);
    counting.adoptBuffer(outside, descriptor);
    counting.destroyBuffer(buffer);
    expect([counting.bufferBytes, counting.adoptedBytes, counting.destroyedBufferCount]).toEqual([
      0, 1000, 1,
    ]);
    counting.dispose();
    expect([counting.reservedBytes, counting.destroyedBufferCount]).toEqual([0, 1]);
    expect([...gpu.buffers]).toEqual([outside]);
  });

  it('counts a buffer that is born mapped like any other, and hands on its bytes', () => {
    const { gpu, counting } = openCounting();
    const { buffer, bytes } = counting.createBuffer({
      size: 64,
      usage: UPLOAD_USAGE,
      memoryType: 1,
      mapped: true,
    });
    expect([counting.bufferBytes, counting.createdBufferCount]).toEqual([64, 1]);
    bytes?.fill(4);
    counting.unmap(buffer);
    expect(gpu.peek(buffer)).toEqual(new Uint8Array(64).fill(4));
    counting.destroyBuffer(buffer);
    expect(counting.bufferBytes).toBe(0);
  });
});

describe('limited backend', () => {
  it('feels adopted bytes at the next creation, and refuses no adoption', () => {
    const gpu = new MockGpu({ autoComplete: true });
    const limited = new LimitedBackend(gpu.backend(), 1000);
    const create = (size: number) => limited.createBuffer({ size, usage: BOTH_WAYS, memoryType: 0 });
    const outside = gpu.makeBuffer({ size: 900, usage: BOTH_WAYS });
    limited.adoptBuffer(outside, { size: 900, usage: BOTH_WAYS });
    expect(codeOf(() => create(104))).toBe('over-budget');
    expect(codeOf(() => create(100))).toBe('none');
    limited.destroyBuffer(outside);
    expect(codeOf(() => create(800))).toBe('none');
  });
});
