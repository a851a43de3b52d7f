import { BufferUsage } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { createWebGpuBackend } from '../src/index.ts';
import { FakeDevice } from './fake-device.ts';

const MEBI = 1024 * 1024;

function open() {
  const device = new FakeDevice();
  const backend = createWebGpuBackend(device);
  const { buffer } = backend.createBuffer({
    size: 64 * MEBI,
    usage: BufferUsage.COPY_SRC | BufferUsage.COPY_DST,
    memoryType: 0,
  });
  return { device, backend, buffer };
}

describe('read staging', () => {
  it('is made in powers of two and used again', async () => {
    const { device, backend, buffer } = open();
    expect(backend.stagingBytes).toBe(0);
    await backend.read(buffer, 0, 5000);
    expect(backend.stagingBytes).toBe(8192);
    await backend.read(buffer, 1, 8188);
    expect(backend.stagingBytes).toBe(8192);
    expect(device.buffers.length).toBe(2);
    await backend.read(buffer, 3, 8190);
    expect(backend.stagingBytes).toBe(8192 + 16_384);
  });

  it('has a buffer for every read under way', async () => {
    const { backend, buffer } = open();
    const reads = [1, 2, 3].map(() => backend.read(buffer, 0, 4096));
    expect(backend.stagingBytes).toBe(3 * 4096);
    await Promise.all(reads);
    await backend.read(buffer, 0, 4096);
    expect(backend.stagingBytes).toBe(3 * 4096);
  });

  it('keeps at most 32 MiB, and no large one', async () => {
    const { device, backend, buffer } = open();
    const large = backend.read(buffer, 1, 20 * MEBI);
    expect(backend.stagingBytes).toBe(20 * MEBI + 4);
    await large;
    expect(backend.stagingBytes).toBe(0);
    await Promise.all([1, 2, 3, 4].map(() => backend.read(buffer, 0, 16 * MEBI)));
    expect(backend.stagingBytes).toBe(32 * MEBI);
    expect(device.liveBuffers.length).toBe(1 + 2);
  });

  it('is given back when unused for 64 signals, or at once when told', async () => {
    const { device, backend, buffer } = open();
    await backend.read(buffer, 0, 4096);
    for (let tick = 0; tick < 64; tick++) backend.signal();
    expect(backend.stagingBytes).toBe(0);
    await backend.read(buffer, 0, 4096);
    expect(backend.stagingBytes).toBe(4096);
    backend.trimStaging();
    expect(backend.stagingBytes).toBe(0);
    expect(device.liveBuffers.length).toBe(1);
  });

  it('loses only the buffer whose map failed', async () => {
    const { device, backend, buffer } = open();
    backend.write(buffer, 0, Uint8Array.of(1, 2, 3, 4));
    await Promise.all([backend.read(buffer, 0, 4), backend.read(buffer, 0, 4)]);
    device.mapFailures.push(new Error('map aborted'));
    await expect(backend.read(buffer, 0, 4)).rejects.toMatchObject({ code: 'backend-failed' });
    expect(backend.stagingBytes).toBe(4096);
    expect(await backend.read(buffer, 1, 2)).toEqual(Uint8Array.of(2, 3));
    expect(device.liveBuffers.length).toBe(2);
  });

  it('that the device refuses is a lack of memory, and is not kept', async () => {
    const { device, backend, buffer } = open();
    device.refusals.push({ filter: 'out-of-memory', message: 'heap exhausted' });
    await expect(backend.read(buffer, 0, 4)).rejects.toMatchObject({ code: 'refused-by-device' });
    expect(backend.stagingBytes).toBe(0);
    expect(device.uncaptured).toEqual([]);
    expect(await backend.read(buffer, 0, 4)).toEqual(new Uint8Array(4));
  });

  it('is not kept after a copy that failed, whatever the device says of it', async () => {
    const { device, backend, buffer } = open();
    backend.write(buffer, 0, Uint8Array.of(1, 2, 3, 4));
    const { submit } = device.queue;
    device.queue.submit = () => {
      throw new RangeError('the device said no');
    };
    await expect(backend.read(buffer, 0, 4)).rejects.toMatchObject({
      code: 'backend-failed',
      cause: new RangeError('the device said no'),
    });
    expect([backend.stagingBytes, device.scopes]).toEqual([0, []]);
    // Here the map works, though nothing was copied.
    device.queue.submit = () => device.report('validation', 'the source is invalid');
    await expect(backend.read(buffer, 0, 4)).rejects.toThrow(/the source is invalid/);
    device.queue.submit = submit;
    // And here it fails for want of memory.
    device.refusals.push({ filter: 'out-of-memory', message: 'heap exhausted' });
    device.mapFailures.push(new Error('the buffer is invalid'));
    await expect(backend.read(buffer, 0, 4)).rejects.toMatchObject({ code: 'refused-by-device' });
    expect([backend.stagingBytes, device.uncaptured]).toEqual([0, []]);
    expect(await backend.read(buffer, 0, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it('goes first when the device refuses a buffer', async () => {
    const { device, backend, buffer } = open();
    await backend.read(buffer, 0, 4096);
    device.refusals.push({ filter: 'out-of-memory', message: 'heap exhausted' });
    const { settled } = backend.createBuffer({ size: 4, usage: BufferUsage.VERTEX, memoryType: 0 });
    await expect(settled).rejects.toMatchObject({ code: 'refused-by-device' });
    expect(backend.stagingBytes).toBe(0);
  });
});
