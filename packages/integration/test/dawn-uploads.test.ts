import { BufferUsage, GpuHeap } from '@gpuheap/core';
import { type DawnDevice, openDawn } from '@gpuheap/dawn-node';
import { afterEach, describe, expect, it } from 'vitest';

const { COPY_DST, COPY_SRC, STORAGE, VERTEX } = BufferUsage;
const KIBI = 1024;
const MEBI = 1024 * KIBI;

/** Bytes that differ from seed to seed and from place to place. */
function pattern(seed: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let k = 0; k < size; k++) bytes[k] = (seed * 97 + k * 31 + Math.floor(k / 256)) % 251;
  return bytes;
}

function isSame(actual: Uint8Array | undefined, expected: Uint8Array): boolean {
  return actual !== undefined && Buffer.compare(actual, expected) === 0;
}

describe('uploads on Dawn', () => {
  const uncaptured: string[] = [];
  let dawn: DawnDevice | undefined;

  async function open(options = {}): Promise<{ device: GPUDevice; heap: GpuHeap<GPUBuffer> }> {
    dawn = await openDawn({ device: 'software' });
    dawn.device.addEventListener('uncapturederror', (event) => uncaptured.push(event.error.message));
    return { device: dawn.device, heap: new GpuHeap(dawn.backend(), options) };
  }

  afterEach(async () => {
    await dawn?.device.queue.onSubmittedWorkDone();
    dawn?.close();
    expect(uncaptured.splice(0)).toEqual([]);
  });

  it('keep every byte over frames, gathered and direct, resized and freed between', async () => {
    const { device, heap } = await open({ uploadBytes: 2 * MEBI });
    const meshes = Array.from({ length: 40 }, (_, k) => {
      const size = 5000 + 37 * k;
      const usage = k % 2 === 0 ? VERTEX : STORAGE;
      return { allocation: heap.allocate({ size, usage }), bytes: new Uint8Array(size) };
    });
    for (let frame = 0; frame < 12; frame++) {
      for (const [k, { allocation, bytes }] of meshes.entries()) {
        const data = pattern(frame * 50 + k, bytes.length);
        if (k % 7 === 0) allocation.write(data);
        else if (k % 7 === 1) heap.uploads.writeInPlace(allocation, data.length, (to) => to.set(data));
        else if (k % 7 === 2) {
          const shared = new SharedArrayBuffer(data.length);
          new Uint8Array(shared).set(data);
          heap.uploads.write(allocation, shared);
        } else heap.uploads.write(allocation, data);
        bytes.set(data);
      }
      if (frame === 5) {
        for (const mesh of meshes.splice(10, 10)) mesh.allocation.free();
        const [first] = meshes;
        first?.allocation.resize(8 * MEBI);
        first?.allocation.resize(5000);
      }
      heap.flush();
      // What an encoder of the application copies after the flush is what was written.
      const seen = device.createBuffer({ size: 5000, usage: COPY_DST | COPY_SRC });
      const last = meshes[meshes.length - 1];
      const encoder = device.createCommandEncoder();
      const { buffer, offset } = last!.allocation.binding();
      encoder.copyBufferToBuffer(buffer, offset, seen, 0, 5000);
      device.queue.submit([encoder.finish()]);
      heap.endFrame();
      const adopted = heap.adopt({ buffer: seen, size: 5000, usage: COPY_DST | COPY_SRC });
      expect(isSame(await adopted.read(), last!.bytes.subarray(0, 5000))).toBe(true);
      adopted.free();
    }
    const reads = await heap.readMany(meshes.map(({ allocation }) => ({ allocation })));
    for (const [k, { bytes }] of meshes.entries()) expect(isSame(reads[k], bytes)).toBe(true);
    const { batchedCount, failedMapCount, flushCount } = heap.uploads.statistics();
    expect(batchedCount).toBeGreaterThan(100);
    expect(flushCount).toBeGreaterThan(4);
    expect(failedMapCount).toBe(0);
    heap.dispose();
  });

  it('stream more than is held for them, and give a chunk of its own back at once', async () => {
    const { heap } = await open({ uploadBytes: 4 * MEBI });
    const size = 24 * MEBI;
    const large = heap.allocate({ size, usage: VERTEX });
    const piece = 256 * KIBI;
    for (let at = 0; at < size; at += piece) {
      expect(await heap.uploads.whenRoom(piece)).toBe(true);
      heap.uploads.write(large, pattern(at / piece, piece), at);
      if (at % MEBI === 0) heap.submitted();
    }
    heap.flush();
    for (let at = 0; at < size; at += piece) {
      expect(isSame(await large.read(at, piece), pattern(at / piece, piece))).toBe(true);
    }
    const held = heap.statistics().reservedBytes;
    expect(await heap.uploads.whenRoom(3 * MEBI)).toBe(true);
    heap.uploads.writeInPlace(large, 3 * MEBI, (bytes) => bytes.fill(7), 8);
    heap.flush();
    expect(heap.statistics().reservedBytes).toBeLessThanOrEqual(held);
    expect((await large.read(0, 12)).join()).toBe(`${pattern(0, 8).join()},7,7,7,7`);
    heap.dispose();
  });

  it('lend bytes to be copied to a texture', async () => {
    const { device, heap } = await open();
    expect(await heap.uploads.whenRoom(256 * 64, 'stage')).toBe(true);
    const texels = heap.uploads.tryStage(256 * 64, 256);
    texels?.bytes.set(pattern(5, 256 * 64));
    heap.flush();
    const texture = device.createTexture({ size: [64, 64], format: 'rgba8unorm', usage: 3 });
    const target = heap.allocate({ size: 256 * 64, usage: VERTEX });
    const encoder = device.createCommandEncoder();
    const { buffer, offset } = texels!;
    encoder.copyBufferToTexture({ buffer, offset, bytesPerRow: 256 }, { texture }, [64, 64]);
    const to = { buffer: target.buffer, offset: target.offset, bytesPerRow: 256 };
    encoder.copyTextureToBuffer({ texture }, to, [64, 64]);
    device.queue.submit([encoder.finish()]);
    heap.endFrame();
    expect(isSame(await target.read(), pattern(5, 256 * 64))).toBe(true);
    expect(await heap.uploads.whenRoom(4 * MEBI, 'stage')).toBe(true);
    texture.destroy();
    heap.dispose();
  });

  it('settle when the device is lost', async () => {
    const { heap } = await open();
    const mesh = heap.allocate({ size: MEBI, usage: VERTEX });
    expect(await heap.uploads.whenRoom(MEBI)).toBe(true);
    heap.uploads.write(mesh, new Uint8Array(MEBI));
    heap.uploads.write(mesh, new Uint8Array(MEBI));
    heap.flush();
    const wait = heap.uploads.whenRoom(4 * MEBI).catch((error: { code: string }) => error.code);
    const read = mesh.read().catch((error: { code: string }) => error.code);
    dawn?.close();
    await heap.lost;
    expect(['device-lost', true]).toContain(await wait);
    expect(['device-lost', 'object']).toContain(typeof (await read) === 'string' ? await read : 'object');
    heap.flush();
    heap.endFrame();
    await expect(heap.uploads.whenRoom(4)).rejects.toMatchObject({ code: 'device-lost' });
    heap.dispose();
    dawn = undefined;
  });
});
