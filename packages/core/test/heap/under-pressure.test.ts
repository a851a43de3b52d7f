import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { MockTextures } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage, GrowableBuffer, TextureUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { COPY_DST, VERTEX } = BufferUsage;
const KIB = 1024;
const AT_ONCE = { reuseAfter: 'submitted', autoComplete: true } as const;

type Mock = Allocation<MockBuffer>;

/** A heap of `budget` KiB whose application does `act` when it is asked for memory. */
function open(budget: number, act: () => void, gpuOptions: object = AT_ONCE) {
  return openHeap(
    { budgetBytes: budget * KIB, chunkBytes: 64 * KIB, dedicatedBytes: 64 * KIB, onPressure: act },
    gpuOptions,
  );
}

describe('asked for memory, the application', () => {
  it('may shorten the target of a copy: then the copy is refused, and nobody else is written', async () => {
    let other: Mock | undefined;
    const { heap } = open(64, () => {
      heap.setBudget(1024 * KIB);
      target.resize(1024);
      heap.submitted();
      other = heap.allocate({ size: 3000, usage: VERTEX });
      other.write(patternOf(5, 3000));
    });
    const source = heap.allocate({ size: 4096, usage: VERTEX });
    source.write(patternOf(1, 4096));
    const target = heap.allocate({ size: 4096, usage: VERTEX });
    heap.allocate({ size: 56 * KIB, usage: VERTEX });
    expect(codeOf(() => heap.copy(source, 0, target, 0, 4096))).toBe('out-of-bounds');
    expect(firstDifference(await (other as Mock).read(), patternOf(5, 3000))).toBe(-1);
  });

  it('may move what is being read: its own bytes are answered', async () => {
    const { heap } = open(64, () => {
      heap.setBudget(1024 * KIB);
      mesh.resize(2000);
      heap.submitted();
      heap.allocate({ size: 1000, usage: VERTEX }).write(patternOf(5, 1000));
    });
    const mesh = heap.allocate({ size: 1000, usage: VERTEX });
    mesh.write(patternOf(1, 1000));
    heap.allocate({ size: 62_000, usage: VERTEX });
    expect(firstDifference(await mesh.read(0, 1000), patternOf(1, 1000))).toBe(-1);
    expect(mesh.version).toBe(1);
  });

  it('may free what is being read: the read rejects, and answers nobody else', async () => {
    const { heap } = open(64, () => {
      heap.setBudget(1024 * KIB);
      mesh.free();
      heap.submitted();
      heap.allocate({ size: 1000, usage: VERTEX }).write(patternOf(5, 1000));
    });
    const mesh = heap.allocate({ size: 1000, usage: VERTEX });
    heap.allocate({ size: 62_000, usage: VERTEX });
    await expect(mesh.read()).rejects.toMatchObject({ code: 'dead-allocation' });
    expect(heap.statistics().pendingBytes).toBe(0);
  });

  it('may free a readback that is read together with others', async () => {
    const { heap } = open(
      90,
      () => {
        if (readback.isLive) readback.free();
        heap.setBudget(1024 * KIB);
      },
      { reuseAfter: 'submitted', autoComplete: true },
    );
    const readback = heap.allocate({ size: 1000, usage: COPY_DST, location: 'readback' });
    readback.write(patternOf(2, 1000));
    const mesh = heap.allocate({ size: 60_000, usage: VERTEX });
    const [, bytes] = await heap.readMany([{ allocation: mesh }, { allocation: readback }]);
    expect(readback.isLive).toBe(false);
    expect(firstDifference(bytes as Uint8Array, patternOf(2, 1000))).toBe(-1);
    heap.endFrame();
    heap.endFrame();
    expect(heap.statistics().pendingBytes).toBe(0);
  });

  it('may not end the pool that asks, nor the heap: the request is refused and leaves nothing', () => {
    const { gpu, heap } = open(100, () => {
      heap.setBudget(500 * KIB);
      pool.dispose();
    });
    const pool = heap.createPool({ name: 'theirs' });
    expect(codeOf(() => heap.allocate({ size: 200 * KIB, usage: VERTEX, pool }))).toBe('disposed');
    expect(heap.statistics()).toMatchObject({ allocationCount: 0, reservedBytes: 0 });
    const ended = open(100, () => {
      ended.heap.setBudget(500 * KIB);
      ended.heap.dispose();
    });
    expect(codeOf(() => ended.heap.allocate({ size: 200 * KIB, usage: VERTEX }))).toBe('disposed');
    heap.dispose();
    expect([gpu.buffers.size, ended.gpu.buffers.size]).toEqual([0, 0]);
  });

  it('may move what the moved one is kept apart from: they are apart still', () => {
    const { heap } = open(128, () => {
      heap.setBudget(2000 * KIB);
      other.resize(20 * KIB);
    });
    const mesh = heap.allocate({ size: 30 * KIB, usage: VERTEX });
    const other = heap.allocate({ size: 10 * KIB, usage: VERTEX, apartFrom: [mesh] });
    heap.allocate({ size: 34 * KIB, usage: VERTEX, apartFrom: [other] });
    heap.allocate({ size: 54 * KIB, usage: VERTEX, apartFrom: [mesh] });
    mesh.resize(40 * KIB);
    expect([mesh.size, other.size]).toEqual([40 * KIB, 20 * KIB]);
    expect(mesh.buffer).not.toBe(other.buffer);
  });

  it('may free a growable buffer that grows: it has no bytes then', () => {
    const { heap } = open(100, () => growable.free());
    const growable = new GrowableBuffer(heap, { usage: VERTEX, size: 40 * KIB });
    expect(codeOf(() => growable.append(new Uint8Array(90 * KIB)))).not.toBe('none');
    expect([growable.size, growable.capacity]).toEqual([0, 0]);
    heap.endFrame();
    growable.resize(90 * KIB);
    expect(growable.size).toBe(90 * KIB);
  });

  it('is asked for a texture too, after what lies idle has gone', () => {
    const reasons: string[] = [];
    const { heap } = openHeap(
      {
        budgetBytes: 100 * KIB,
        chunkBytes: 64 * KIB,
        onPressure: ({ reason, requestedBytes }) => {
          reasons.push(`${reason} ${requestedBytes}`);
          heap.setBudget(200 * KIB);
        },
      },
      AT_ONCE,
    );
    heap.allocate({ size: 60 * KIB, usage: VERTEX }).free();
    heap.endFrame();
    expect(heap.statistics()).toMatchObject({ reservedBytes: 64 * KIB, usedBytes: 0 });
    const textures = heap.useTextures(new MockTextures());
    const usage = TextureUsage.COPY_DST;
    for (let k = 0; k < 6; k++) textures.create({ width: 64, height: 64, format: 'rgba8unorm', usage });
    expect(heap.statistics()).toMatchObject({ reservedBytes: 96 * KIB, textureBytes: 96 * KIB });
    expect(reasons).toEqual([]);
    textures.create({ width: 64, height: 64, format: 'rgba8unorm', usage });
    expect(reasons).toEqual([`over-budget ${16 * KIB}`]);
  });

  it('may end the textures that ask: nothing of them is left', () => {
    const port = new MockTextures();
    const { heap } = open(8, () => {
      heap.setBudget(1024 * KIB);
      textures.dispose();
    });
    let textures = heap.useTextures(port);
    const usage = TextureUsage.COPY_DST;
    const descriptor = { width: 64, height: 64, format: 'rgba8unorm', usage };
    expect(codeOf(() => textures.create(descriptor))).toBe('disposed');
    heap.setBudget(8 * KIB);
    textures = heap.useTextures(port);
    const tiles = textures.createTilePool({ width: 64, height: 64, format: 'rgba8unorm', tilesPerChunk: 4 });
    expect(codeOf(() => tiles.allocate())).toBe('disposed');
    expect(codeOf(() => textures.createTilePool({ width: 8, height: 8, format: 'rgba8unorm' }))).toBe(
      'disposed',
    );
    expect(port.textures.size).toBe(0);
    expect(heap.statistics().textureBytes).toBe(0);
  });
});
