import { MemoryProperty, type MemoryType, OutOfMemoryError } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { createMockBackend, MockGpu, type MockGpuOptions } from '../src/index.ts';
import { ALL, codeOf, openGpu, outcomeOf } from './open-gpu.ts';

const MIB = 2 ** 20;
const TYPE: MemoryType = { properties: MemoryProperty.DEVICE_LOCAL, heapIndex: 0, heapSizeBytes: 1024 };

describe('options', () => {
  it('by default are those of a plain WebGPU device', () => {
    const { limits, memoryTypes, reuseAfter } = createMockBackend();
    expect(limits).toEqual({
      maxBufferSize: 256 * MIB,
      maxUniformBindingSize: 65_536,
      maxStorageBindingSize: 128 * MIB,
      uniformOffsetAlignment: 256,
      storageOffsetAlignment: 256,
      copyAlignment: 4,
      copiesWithinBuffer: false,
    });
    expect(memoryTypes.map(({ properties }) => properties)).toEqual([1, 2 + 4, 2 + 8]);
    expect(reuseAfter).toBe('completed');
  });

  it('are what the backend then says', () => {
    const options = {
      maxBufferSize: 2 ** 53 - 1,
      maxUniformBindingSize: 100,
      maxStorageBindingSize: 200,
      uniformOffsetAlignment: 32,
      storageOffsetAlignment: 64,
      copyAlignment: 16,
      copiesWithinBuffer: true,
    };
    const backend = createMockBackend({ ...options, memoryTypes: [TYPE], reuseAfter: 'submitted' });
    expect(backend.limits).toEqual(options);
    expect(backend.memoryTypes).toEqual([TYPE]);
    expect(backend.reuseAfter).toBe('submitted');
  });

  it.each([
    [7, 'bad-argument'],
    [null, 'bad-argument'],
    [[], 'bad-argument'],
    [{ limits: {} }, 'unknown-option'],
    [{ maxBufferSize: 0 }, 'bad-argument'],
    [{ maxBufferSize: 2 ** 53 }, 'bad-argument'],
    [{ copyAlignment: 1.5 }, 'bad-argument'],
    [{ uniformOffsetAlignment: '256' }, 'bad-argument'],
    [{ capacityBytes: -1 }, 'bad-argument'],
    [{ capacityBytes: Number.NaN }, 'bad-argument'],
    [{ refuseCapacity: 'never' }, 'bad-argument'],
    [{ reuseAfter: 'always' }, 'bad-argument'],
    [{ settleWhen: 'later' }, 'bad-argument'],
    [{ settleOrder: 'any' }, 'bad-argument'],
    [{ settleOrder: -1 }, 'bad-argument'],
    [{ autoComplete: 1 }, 'bad-argument'],
    [{ autoComplete: true, settleWhen: 'with-completion' }, 'bad-argument'],
    [{ copiesWithinBuffer: 'no' }, 'bad-argument'],
    [{ recordCalls: null }, 'bad-argument'],
    [{ memoryTypes: [] }, 'bad-argument'],
    [{ memoryTypes: 1 }, 'bad-argument'],
    [{ memoryTypes: [null] }, 'bad-argument'],
    [{ memoryTypes: [{ ...TYPE, size: 1 }] }, 'unknown-option'],
    [{ memoryTypes: [{ ...TYPE, properties: -1 }] }, 'bad-argument'],
    [{ memoryTypes: [{ ...TYPE, heapIndex: 0.5 }] }, 'bad-argument'],
    [{ memoryTypes: [{ ...TYPE, heapSizeBytes: 'big' }] }, 'bad-argument'],
  ])('refuses %j', (options, code) => {
    expect(codeOf(() => new MockGpu(options as MockGpuOptions))).toBe(code);
  });
});

describe('capacity', () => {
  it('refuses late by default, at once when so told, with the figures', async () => {
    const { gpu, backend } = openGpu({ capacityBytes: 1000 });
    const create = (size: number) => backend.createBuffer({ size, usage: ALL, memoryType: 0 });
    await expect(create(600).settled).resolves.toBeUndefined();
    const { buffer, settled } = create(404);
    await expect(settled).rejects.toMatchObject({
      code: 'refused-by-device',
      figures: { requestedBytes: 404, reservedBytes: 600 },
    });
    expect(buffer.isRefused).toBe(true);
    expect(gpu.heldBytes).toBe(600);
    await expect(create(400).settled).resolves.toBeUndefined();
    const strict = openGpu({ capacityBytes: 1000, refuseCapacity: 'now' });
    expect(() => strict.make(1004)).toThrow(OutOfMemoryError);
    expect(strict.gpu.buffers.size).toBe(0);
    expect(strict.make(1000).sizeBytes).toBe(1000);
  });

  it('comes back when the work before the destruction is done', () => {
    const { gpu, backend, make } = openGpu({ capacityBytes: 1000, refuseCapacity: 'now' });
    const first = make(1000);
    backend.write(first, 0, new Uint8Array(8));
    backend.destroyBuffer(first);
    expect([gpu.heldBytes, gpu.occupiedBytes]).toEqual([0, 1000]);
    expect(codeOf(() => make(4))).toBe('refused-by-device');
    gpu.completeAll();
    expect(gpu.occupiedBytes).toBe(0);
    expect(make(1000).isRefused).toBe(false);
  });

  it('holds per memory heap too, which memory types may share', () => {
    const memoryTypes = [0, 0, 1].map((heapIndex) => ({ ...TYPE, heapIndex }));
    const { make } = openGpu({ memoryTypes, capacityBytes: 2000, refuseCapacity: 'now' });
    make(600, ALL, 0);
    expect(codeOf(() => make(500, ALL, 1))).toBe('refused-by-device');
    make(1000, ALL, 2);
    make(400, ALL, 1);
    expect(codeOf(() => make(24, ALL, 2))).toBe('refused-by-device');
  });
});

describe('a buffer that was refused late', () => {
  it('swallows what is written and copied, and can not be read', async () => {
    const { gpu, backend, make } = openGpu({ capacityBytes: 8 });
    const [refused, granted] = [make(16), make(8)];
    backend.write(refused, 0, new Uint8Array(16).fill(1));
    backend.copy([{ source: refused, sourceOffset: 0, target: granted, targetOffset: 0, size: 8 }]);
    const read = backend.read(refused, 0, 4);
    gpu.completeAll();
    expect(await outcomeOf(read)).toBe('backend-failed');
    expect(gpu.peek(granted)).toEqual(new Uint8Array(8));
    backend.destroyBuffer(refused);
    gpu.completeAll();
    expect(gpu.occupiedBytes).toBe(8);
  });
});
