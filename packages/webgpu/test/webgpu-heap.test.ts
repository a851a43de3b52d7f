import { BufferUsage } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { openWebGpuHeap, WebGpuHeap } from '../src/index.ts';
import { FakeDevice } from './fake-device.ts';

describe('a heap over a device', () => {
  it('ends its backend and every buffer, and leaves the device', () => {
    const device = new FakeDevice();
    const heap = openWebGpuHeap(device, { chunkBytes: 65_536 }, { creationChecks: 'none' });
    expect(heap).toBeInstanceOf(WebGpuHeap);
    expect(heap.device).toBe(device);
    heap.allocate({ size: 64, usage: BufferUsage.VERTEX });
    expect(device.liveBuffers).toHaveLength(1);
    heap.dispose();
    heap.dispose();
    expect(device.liveBuffers).toEqual([]);
    expect(() => heap.backend.signal()).toThrow(expect.objectContaining({ code: 'disposed' }));
  });

  it('ends its backend also when something else could not end', () => {
    const device = new FakeDevice();
    const onLeak = () => {
      throw new RangeError('the log is full');
    };
    const heap = openWebGpuHeap(device, { onLeak });
    heap.allocate({ size: 64, usage: BufferUsage.VERTEX });
    expect(() => heap.dispose()).toThrow('the log is full');
    expect(device.liveBuffers).toEqual([]);
    expect(() => heap.backend.signal()).toThrow(expect.objectContaining({ code: 'disposed' }));
  });

  it('refuses options that are none', () => {
    const open = () => openWebGpuHeap(new FakeDevice(), {}, { checks: true } as never);
    expect(open).toThrow(expect.objectContaining({ code: 'unknown-option' }));
  });
});
