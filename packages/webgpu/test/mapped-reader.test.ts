import { BackendError, BufferUsage, UsageError } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { createWebGpuBackend } from '../src/index.ts';
import { type FakeBuffer, FakeDevice } from './fake-device.ts';

const READBACK = BufferUsage.MAP_READ | BufferUsage.COPY_DST;
const DEVICE = 0;
const READBACK_MEMORY = 2;

function open() {
  const device = new FakeDevice();
  const backend = createWebGpuBackend(device);
  const { buffer } = backend.createBuffer({ size: 1024, usage: READBACK, memoryType: READBACK_MEMORY });
  const bytes = Uint8Array.from({ length: 1024 }, (_, k) => (k * 31) % 251);
  backend.write(buffer, 0, bytes);
  return { device, backend, buffer, bytes };
}

describe('mapped reader', () => {
  it('reads any range of a readback buffer without staging', async () => {
    const { device, backend, buffer, bytes } = open();
    for (const [offset, size] of [
      [0, 1024],
      [1, 1],
      [7, 9],
      [1023, 1],
      [512, 0],
      [5, 1000],
    ] as const) {
      expect(await backend.read(buffer, offset, size)).toEqual(bytes.slice(offset, offset + size));
    }
    expect(backend.stagingBytes).toBe(0);
    expect(device.submissions).toBe(0);
    expect(buffer.mapping).toBeUndefined();
  });

  it('lets reads of one buffer wait for one another, also after one has failed', async () => {
    const { device, backend, buffer, bytes } = open();
    device.mapFailures.push(new Error('no'));
    const reads = [backend.read(buffer, 0, 4), backend.read(buffer, 4, 4), backend.read(buffer, 9, 3)];
    const [first, second, third] = await Promise.allSettled(reads);
    expect(first?.status).toBe('rejected');
    expect((first as PromiseRejectedResult).reason).toBeInstanceOf(BackendError);
    expect((second as PromiseFulfilledResult<Uint8Array>).value).toEqual(bytes.slice(4, 8));
    expect((third as PromiseFulfilledResult<Uint8Array>).value).toEqual(bytes.slice(9, 12));
    expect(buffer.mapping).toBeUndefined();
  });

  it('maps a buffer no more that was given back, whatever waited', async () => {
    const end: ((backend: ReturnType<typeof open>['backend'], buffer: FakeBuffer) => void)[] = [
      (backend, buffer) => backend.destroyBuffer(buffer),
      (backend) => backend.dispose(),
    ];
    for (const each of end) {
      const { backend, buffer } = open();
      let mapCount = 0;
      const map = buffer.mapAsync.bind(buffer);
      buffer.mapAsync = (...args: Parameters<typeof map>) => {
        mapCount++;
        return map(...args);
      };
      const reads = [backend.read(buffer, 0, 4), backend.read(buffer, 4, 4)];
      each(backend, buffer);
      const settled = await Promise.allSettled(reads);
      expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      expect(mapCount).toBe(1);
    }
  });

  it('reads nothing of a buffer that the device refused, and does not leave it mapped', async () => {
    const { device, backend } = open();
    device.refusals.push({ filter: 'out-of-memory', message: 'heap exhausted' });
    const refused = backend.createBuffer({ size: 64, usage: READBACK, memoryType: READBACK_MEMORY });
    await expect(refused.settled).rejects.toMatchObject({ code: 'refused-by-device' });
    await expect(backend.read(refused.buffer, 0, 4)).rejects.toThrow(/the device had refused the buffer/);
    expect(refused.buffer.mapping).toBeUndefined();
  });

  it('rejects what is under way when the device is lost', async () => {
    const { device, backend, buffer } = open();
    device.mapGate = new Promise(() => {});
    const reads = [backend.read(buffer, 0, 4), backend.read(buffer, 4, 4)];
    device.lose({ reason: 'unknown', message: 'gone' });
    for (const read of reads) await expect(read).rejects.toMatchObject({ code: 'device-lost' });
  });

  it('takes MAP_READ with COPY_DST alone, in host-visible memory', () => {
    const { backend } = open();
    const wrong = [
      { usage: READBACK | BufferUsage.COPY_SRC, memoryType: READBACK_MEMORY },
      { usage: READBACK | BufferUsage.STORAGE, memoryType: READBACK_MEMORY },
      { usage: READBACK, memoryType: DEVICE },
    ];
    for (const descriptor of wrong) {
      expect(() => backend.createBuffer({ size: 16, ...descriptor })).toThrow(UsageError);
      expect(() => backend.createBuffer({ size: 16, ...descriptor })).toThrow(/\[bad-usage\]$/);
    }
  });
});
