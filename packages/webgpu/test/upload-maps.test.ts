import { BufferUsage } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { createWebGpuBackend } from '../src/index.ts';
import { type FakeBuffer, FakeDevice } from './fake-device.ts';

const UPLOAD = BufferUsage.MAP_WRITE | BufferUsage.COPY_SRC;
const BOTH_WAYS = BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
const UPLOAD_MEMORY = 1;

function open() {
  const device = new FakeDevice();
  const backend = createWebGpuBackend(device);
  const make = (mapped: boolean) =>
    backend.createBuffer({ size: 64, usage: UPLOAD, memoryType: UPLOAD_MEMORY, mapped });
  return { device, backend, make };
}

describe('upload maps', () => {
  it('ask the device for the part alone, and detach what they gave', async () => {
    const { backend, make } = open();
    const { buffer } = make(false);
    const bytes = await backend.map(buffer, 16, 8);
    expect(buffer.mapping).toEqual({ offset: 16, size: 8, mode: 2 });
    bytes.fill(6);
    backend.unmap(buffer);
    expect([bytes.length, buffer.mapping]).toEqual([0, undefined]);
    expect([...buffer.bytes.subarray(12, 28)]).toEqual([0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6, 6, 0, 0, 0, 0]);
  });

  it('ask for a buffer that is born mapped, and for no other', () => {
    const { device, make } = open();
    const born = make(true);
    make(false);
    expect(device.descriptors).toEqual([
      { size: 64, usage: UPLOAD, mappedAtCreation: true },
      { size: 64, usage: UPLOAD },
    ]);
    expect(born.bytes?.length).toBe(64);
  });

  it('that fail leave the buffer unmapped: it can be mapped again, used and destroyed', async () => {
    const { device, backend, make } = open();
    const { buffer } = make(false);
    device.mapFailures.push(new Error('no'));
    await expect(backend.map(buffer, 0, 64)).rejects.toMatchObject({ code: 'backend-failed' });
    const target = backend.createBuffer({ size: 64, usage: BOTH_WAYS, memoryType: 0 }).buffer;
    backend.copy([{ source: buffer, sourceOffset: 0, target, targetOffset: 0, size: 64 }]);
    await backend.map(buffer, 0, 64);
    buffer.getMappedRange = () => {
      throw new RangeError('too large');
    };
    backend.unmap(buffer);
    await expect(backend.map(buffer, 0, 64)).rejects.toMatchObject({ code: 'backend-failed' });
    expect(buffer.mapping).toBeUndefined();
    backend.destroyBuffer(buffer);
    expect(buffer.destroyed).toBe(true);
  });

  it('that a loss overtakes reject, and give the buffer back when the device answers after all', async () => {
    const { device, backend, make } = open();
    const { buffer } = make(false);
    let answer = (): void => {};
    device.mapGate = new Promise((resolve) => {
      answer = resolve;
    });
    const map = backend.map(buffer, 0, 64);
    device.lose({ reason: 'unknown', message: 'gone' });
    await expect(map).rejects.toMatchObject({ code: 'device-lost' });
    answer();
    await new Promise((resolve) => setImmediate(resolve));
    expect(buffer.mapping).toBeUndefined();
    await expect(backend.map(buffer, 0, 64)).rejects.toMatchObject({ code: 'device-lost' });
    expect(() => backend.unmap(buffer)).toThrow(expect.objectContaining({ code: 'not-mapped' }));
  });

  it('are not asked of a buffer that the device refused', async () => {
    const { device, backend, make } = open();
    device.refusals.push({ filter: 'out-of-memory', message: 'heap exhausted' });
    const { buffer, settled } = make(false);
    await expect(settled).rejects.toMatchObject({ code: 'refused-by-device' });
    await expect(backend.map(buffer, 0, 64)).rejects.toMatchObject({ code: 'backend-failed' });
    expect([buffer.mapping, device.uncaptured]).toEqual([undefined, []]);
  });

  it('without memory for a birth are a lack of memory, and a birth that fails leaves nothing', () => {
    const { device, backend, make } = open();
    const { createBuffer } = device;
    device.createBuffer = () => {
      throw new RangeError('no room for 64 bytes');
    };
    const figures = { requestedBytes: 64, reservedBytes: 0 };
    expect(() => make(true)).toThrow(
      expect.objectContaining({ code: 'refused-by-device', figures: expect.objectContaining(figures) }),
    );
    expect(() => make(false)).toThrow(expect.objectContaining({ code: 'backend-failed' }));
    device.createBuffer = (descriptor) => {
      const buffer = createBuffer.call(device, descriptor);
      buffer.getMappedRange = () => {
        throw new Error('not mapped');
      };
      return buffer;
    };
    expect(() => make(true)).toThrow(expect.objectContaining({ code: 'backend-failed' }));
    expect([device.liveBuffers, device.scopes]).toEqual([[], []]);
    expect(backend.stagingBytes).toBe(0);
  });
});

describe('adoption', () => {
  const good = { size: 64, usage: BOTH_WAYS };

  it('takes any buffer with the right methods, and believes what it does not tell', () => {
    const { device, backend } = open();
    const outside = device.createBuffer(good);
    backend.adoptBuffer(outside, good);
    backend.write(outside, 0, Uint8Array.of(1, 2, 3, 4));
    const silent = device.createBuffer(good);
    Object.assign(silent, { size: undefined, usage: undefined, mapState: undefined });
    backend.adoptBuffer(silent, { size: 32, usage: BufferUsage.COPY_DST });
    expect(() => backend.clear(silent, 0, 64)).toThrow(expect.objectContaining({ code: 'out-of-bounds' }));
    backend.dispose();
    expect([outside.destroyed, silent.destroyed]).toEqual([false, false]);
    expect([...outside.bytes.subarray(0, 5)]).toEqual([1, 2, 3, 4, 0]);
  });

  it.each([
    ['another size', {}, { size: 60, usage: BOTH_WAYS }, 'bad-size'],
    ['another usage', {}, { size: 64, usage: BufferUsage.COPY_DST }, 'bad-usage'],
    ['a mapping of the caller', { mapState: 'mapped' }, good, 'mapped-buffer'],
    ['no method to map it', { mapAsync: undefined }, good, 'foreign-object'],
    ['no method to destroy it', { destroy: 7 }, good, 'foreign-object'],
  ])('is refused with %s', (_, change, descriptor, code) => {
    const { device, backend } = open();
    const outside = Object.assign(device.createBuffer(good), change) as FakeBuffer;
    expect(() => backend.adoptBuffer(outside, descriptor)).toThrow(expect.objectContaining({ code }));
    expect(() => backend.destroyBuffer(outside)).toThrow(expect.objectContaining({ code: 'foreign-object' }));
  });

  it('ends without the mappings that were made through it, pending ones and reads in a row too', async () => {
    const { device, backend } = open();
    device.mapGate = new Promise(() => {});
    const upload = device.createBuffer({ size: 64, usage: UPLOAD });
    const readback = device.createBuffer({ size: 64, usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST });
    backend.adoptBuffer(upload, { size: 64, usage: UPLOAD });
    backend.adoptBuffer(readback, { size: 64, usage: readback.usage });
    const waiting = [backend.map(upload, 0, 64), backend.read(readback, 0, 8), backend.read(readback, 8, 8)];
    backend.destroyBuffer(upload);
    backend.destroyBuffer(readback);
    for (const promise of waiting) await expect(promise).rejects.toMatchObject({ code: 'backend-failed' });
    expect([upload.mapping, readback.mapping]).toEqual([undefined, undefined]);
    expect([upload.destroyed, readback.destroyed]).toEqual([false, false]);
  });
});
