import { BackendError } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import type { MockGpuOptions } from '../src/index.ts';
import { bytes, codeOf, openGpu, outcomeOf, UPLOAD } from './open-gpu.ts';

const UPLOAD_MEMORY = 1;

function openUpload(options: MockGpuOptions = {}) {
  const opened = openGpu(options);
  const upload = opened.make(16, UPLOAD, UPLOAD_MEMORY);
  const target = opened.make(16);
  const copy = () =>
    opened.backend.copy([{ source: upload, sourceOffset: 0, target, targetOffset: 0, size: 16 }]);
  return { ...opened, upload, target, copy };
}

describe('a map', () => {
  it('waits for the clock, gives real bytes and takes them back', async () => {
    const { gpu, backend, upload, target, copy } = openUpload();
    const first = backend.map(upload, 0, 16);
    expect(upload.mapState).toBe('pending');
    gpu.completeAll();
    expect(upload.mapState).toBe('pending');
    const mapped = await first;
    expect(upload.mapState).toBe('mapped');
    mapped.fill(7);
    expect(gpu.peek(upload)).toEqual(bytes(0, 16));
    backend.unmap(upload);
    expect([mapped.length, mapped.buffer.byteLength, upload.mapState]).toEqual([0, 0, 'unmapped']);
    expect(gpu.peek(upload)).toEqual(bytes(7, 16));
    copy();
    const again = backend.map(upload, 8, 4);
    gpu.completeAll();
    (await again).fill(9);
    expect(gpu.peek(target)).toEqual(bytes(7, 16));
    backend.unmap(upload);
    expect(gpu.peek(upload, 4, 12)).toEqual(Uint8Array.of(7, 7, 7, 7, 9, 9, 9, 9, 7, 7, 7, 7));
    expect(gpu.hazards).toEqual([]);
  });

  it('waits for the work of every timeline that has used the buffer, and for no other', async () => {
    const { gpu, backend, upload, target } = openUpload({ timelines: 3 });
    const encoder = gpu.recordEncoder();
    encoder.copy({ source: upload, sourceOffset: 0, target, targetOffset: 0, size: 16 });
    expect(encoder.submit(2)).toBe(true);
    gpu.dispatch([{ buffer: target, access: 'read' }], 1);
    let isMapped = false;
    const map = backend.map(upload, 0, 16).then(() => {
      isMapped = true;
    });
    gpu.completeOn(0);
    await Promise.resolve();
    expect(isMapped).toBe(false);
    gpu.completeOn(2);
    await map;
    expect(isMapped).toBe(true);
    expect(gpu.queuedCount).toBe(1);
  });

  it('can be told to fail now or late, to be slow, and to lose the device', async () => {
    const { gpu, backend, upload } = openUpload();
    gpu.faults.failAtCall(1, { kind: 'map' });
    gpu.faults.failAtCall(2, { kind: 'map', when: 'late' });
    gpu.faults.delayAtCall(3, 2, 'map');
    expect(codeOf(() => backend.map(upload, 0, 16))).toBe('backend-failed');
    expect(upload.mapState).toBe('unmapped');
    const late = backend.map(upload, 0, 16);
    gpu.completeAll();
    expect(await outcomeOf(late)).toBe('backend-failed');
    expect(upload.mapState).toBe('unmapped');
    const slow = backend.map(upload, 0, 16);
    for (let completion = 0; completion < 2; completion++) {
      gpu.completeAll();
      await new Promise((resolve) => setImmediate(resolve));
      expect(upload.mapState).toBe('pending');
    }
    gpu.completeAll();
    expect((await slow).length).toBe(16);
    gpu.faults.failAtCall(1, { kind: 'unmap' });
    expect(codeOf(() => backend.unmap(upload))).toBe('backend-failed');
    expect(upload.mapState).toBe('mapped');
    backend.unmap(upload);
    gpu.faults.loseAtCall(4, 'map');
    expect(await outcomeOf(backend.map(upload, 0, 16))).toBe('device-lost');
    expect(upload.mapState).toBe('unmapped');
    backend.destroyBuffer(upload);
    expect(gpu.openPromiseCount).toBe(0);
  });

  it('that is given up between its outcome and whoever waits gives no bytes', async () => {
    for (const settleWhen of ['at-once', 'manual'] as const) {
      for (const end of ['destroyBuffer', 'dispose', 'owner'] as const) {
        const { gpu, backend, upload } = openUpload({ settleWhen });
        const map = backend.map(upload, 0, 16);
        gpu.completeAll();
        if (end === 'destroyBuffer') backend.destroyBuffer(upload);
        else if (end === 'dispose') backend.dispose();
        else gpu.destroyBuffer(upload);
        gpu.settle();
        expect(await outcomeOf(map)).toBe(end === 'dispose' ? 'device-lost' : 'backend-failed');
        expect([upload.mapped, gpu.openPromiseCount]).toEqual([undefined, 0]);
      }
    }
  });

  it('leaves the buffer unmapped when the device is lost or has refused it', async () => {
    const { gpu, backend, upload } = openUpload();
    const map = backend.map(upload, 0, 16);
    gpu.lose();
    expect(await outcomeOf(map)).toBe('device-lost');
    expect(upload.mapState).toBe('unmapped');
    const small = openGpu({ capacityBytes: 8 });
    const refused = small.make(16, UPLOAD, UPLOAD_MEMORY);
    const refusedMap = small.backend.map(refused, 0, 16);
    small.gpu.completeAll();
    expect(await outcomeOf(refusedMap)).toBe('backend-failed');
    expect(refused.mapState).toBe('unmapped');
    small.backend.destroyBuffer(refused);
  });

  it('and a birth that no array can hold are refused', () => {
    const { backend, make } = openGpu({ maxBufferSize: 2 ** 40 });
    const huge = make(2 ** 33, UPLOAD, UPLOAD_MEMORY);
    expect(codeOf(() => backend.map(huge, 0, 2 ** 33))).toBe('too-large');
    const descriptor = { size: 2 ** 33, usage: UPLOAD, memoryType: UPLOAD_MEMORY, mapped: true };
    expect(codeOf(() => backend.createBuffer(descriptor))).toBe('too-large');
  });
});

describe('a buffer that is born mapped', () => {
  it('counts, and gives its bytes, also when it was refused late: they go nowhere', async () => {
    const { gpu, backend, make } = openGpu({ capacityBytes: 24 });
    const create = () =>
      backend.createBuffer({ size: 16, usage: UPLOAD, memoryType: UPLOAD_MEMORY, mapped: true });
    const granted = create();
    const refused = create();
    expect([gpu.heldBytes, gpu.buffers.size]).toEqual([16, 2]);
    for (const { buffer, bytes: mapped } of [granted, refused]) {
      mapped?.fill(3);
      backend.unmap(buffer);
      expect(mapped?.length).toBe(0);
    }
    expect(gpu.peek(granted.buffer)).toEqual(bytes(3, 16));
    expect(gpu.peek(refused.buffer)).toEqual(bytes(0, 16));
    const error = await refused.settled.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'refused-by-device' });
    expect(error).not.toBeInstanceOf(BackendError);
    expect(make(8).isRefused).toBe(false);
  });

  it('may have been moved away by the caller: unmap keeps what was there', () => {
    const { gpu, backend } = openGpu();
    const { buffer, bytes: mapped } = backend.createBuffer({
      size: 16,
      usage: UPLOAD,
      memoryType: UPLOAD_MEMORY,
      mapped: true,
    });
    const memory = mapped?.buffer as ArrayBuffer;
    structuredClone(memory, { transfer: [memory] });
    backend.unmap(buffer);
    expect(gpu.peek(buffer)).toEqual(bytes(0, 16));
  });

  it('is a hazard in a submission, as is one that is about to be mapped', async () => {
    const { gpu, backend, upload, target } = openUpload();
    const born = backend.createBuffer({ size: 16, usage: UPLOAD, memoryType: UPLOAD_MEMORY, mapped: true });
    const submitCopy = (source: typeof upload) => {
      const encoder = gpu.recordEncoder();
      encoder.copy({ source, sourceOffset: 0, target, targetOffset: 0, size: 16 });
      return () => encoder.submit();
    };
    expect(submitCopy(born.buffer)()).toBe(false);
    const recordedBefore = submitCopy(upload);
    const map = backend.map(upload, 0, 16);
    expect(recordedBefore()).toBe(false);
    gpu.completeAll();
    await map;
    expect(submitCopy(upload)()).toBe(false);
    expect(gpu.hazards).toMatchObject([
      { kind: 'mapped-buffer', buffer: born.buffer, by: 'encoder', offset: 0, size: 16 },
      { kind: 'mapped-buffer', buffer: upload, by: 'encoder' },
      { kind: 'mapped-buffer', buffer: upload, by: 'encoder' },
    ]);
    backend.unmap(upload);
    expect(submitCopy(upload)()).toBe(true);
  });
});

describe('clear', () => {
  it('is an overwrite like any other, and lets memory go', () => {
    const { gpu, backend, make } = openGpu();
    const buffer = make(64);
    backend.write(buffer, 0, bytes(5, 64));
    backend.read(buffer, 0, 8);
    backend.clear(buffer, 4, 8);
    expect(gpu.hazards).toMatchObject([
      { kind: 'overwrite-in-flight', by: 'clear', reader: 'read', offset: 4, size: 4 },
    ]);
    gpu.completeAll();
    expect(gpu.peek(buffer, 0, 16)).toEqual(Uint8Array.of(5, 5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 5, 5));
    backend.clear(buffer, 0, 64);
    gpu.completeAll();
    expect(buffer.contents.read(0, 64)).toEqual(bytes(0, 64));
    gpu.faults.failAtCall(3, { kind: 'clear' });
    expect(codeOf(() => backend.clear(buffer, 0, 4))).toBe('backend-failed');
  });
});
