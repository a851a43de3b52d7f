import { describe, expect, it } from 'vitest';
import { type MockBuffer, MockGpu, MockTextures } from '../../../mock/src/index.ts';
import { ForwardingBackend } from '../../src/backend/forwarding-backend.ts';
import { MemoryProperty } from '../../src/backend/port.ts';
import { BufferUsage, type CreatedBuffer, FrameRing, GpuHeap, TextureUsage } from '../../src/index.ts';
import { Buddy, NO_SPACE, type SuballocatorOptions, Tlsf } from '../../src/ranges/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { COPY_DST, STORAGE, UNIFORM, VERTEX } = BufferUsage;
const KIB = 1024;
const AT_ONCE = { reuseAfter: 'submitted', autoComplete: true } as const;
const texture = { width: 64, height: 64, format: 'rgba8unorm', usage: TextureUsage.COPY_DST };

describe('what `using` ends', () => {
  it('is a token, a pool, textures and a heap', () => {
    const port = new MockTextures();
    const { gpu, heap } = openHeap({}, AT_ONCE);
    const mesh = heap.allocate({ size: 64, usage: VERTEX });
    const token = heap.record().use(mesh);
    mesh.free();
    heap.endFrame();
    expect(heap.statistics().pendingBytes).toBe(64);
    token[Symbol.dispose]();
    heap.endFrame();
    expect(heap.statistics().pendingBytes).toBe(0);
    const pool = heap.createPool({ name: 'theirs', minChunks: 1 });
    pool[Symbol.dispose]();
    expect(pool.isLive).toBe(false);
    const textures = heap.useTextures(port);
    textures.create(texture);
    expect(textures.statistics()).toMatchObject({ liveCount: 1, heldBytes: 16 * KIB });
    textures[Symbol.dispose]();
    expect(port.textures.size).toBe(0);
    heap.allocate({ size: 64, usage: VERTEX });
    heap[Symbol.dispose]();
    expect(gpu.buffers.size).toBe(0);
  });
});

describe('asked for memory, the application', () => {
  const options = { budgetBytes: 128 * KIB, chunkBytes: 64 * KIB, dedicatedBytes: 64 * KIB };

  it('may move what a new allocation is kept apart from: they are apart', () => {
    const { heap } = openHeap(
      {
        ...options,
        onPressure: () => {
          heap.setBudget(2000 * KIB);
          other.resize(20 * KIB);
        },
      },
      AT_ONCE,
    );
    const other = heap.allocate({ size: 10 * KIB, usage: VERTEX });
    heap.allocate({ size: 54 * KIB, usage: VERTEX });
    heap.allocate({ size: 60 * KIB, usage: VERTEX, apartFrom: [other] });
    const mesh = heap.allocate({ size: 30 * KIB, usage: VERTEX, apartFrom: [other] });
    expect(other.size).toBe(20 * KIB);
    expect(mesh.buffer).not.toBe(other.buffer);
  });

  it('may free what a new allocation is kept apart from: it is kept from nothing then', () => {
    const { heap } = openHeap(
      {
        ...options,
        onPressure: () => {
          heap.setBudget(2000 * KIB);
          other.free();
          heap.endFrame();
        },
      },
      AT_ONCE,
    );
    const other = heap.allocate({ size: 10 * KIB, usage: VERTEX });
    const rest = heap.allocate({ size: 54 * KIB, usage: VERTEX });
    heap.allocate({ size: 60 * KIB, usage: VERTEX });
    const mesh = heap.allocate({ size: 8 * KIB, usage: VERTEX, apartFrom: [other] });
    expect([mesh.isLive, other.isLive]).toEqual([true, false]);
    // Its next place may be where that one was.
    heap.allocate({ size: 64 * KIB - 8 * KIB, usage: VERTEX });
    mesh.resize(10 * KIB);
    expect(mesh.buffer).toBe(rest.buffer);
  });

  it('may not pin or resize what is being moved: the move is refused, and it stays', () => {
    for (const act of ['pin', 'resize'] as const) {
      const { heap } = openHeap(
        {
          ...options,
          onPressure: () => {
            heap.setBudget(2000 * KIB);
            if (act === 'pin') mesh.pin();
            else mesh.resize(20 * KIB);
          },
        },
        AT_ONCE,
      );
      const mesh = heap.allocate({ size: 30 * KIB, usage: VERTEX });
      heap.allocate({ size: 34 * KIB, usage: VERTEX });
      heap.allocate({ size: 60 * KIB, usage: VERTEX });
      expect(codeOf(() => mesh.resize(50 * KIB))).toBe('not-movable');
      expect(mesh.size).toBe(act === 'pin' ? 30 * KIB : 20 * KIB);
      expect(heap.statistics().requestedBytes).toBe(mesh.size + 94 * KIB);
    }
  });

  it('may bring together what a scope wants apart: the scope says so', () => {
    const { heap } = openHeap(
      {
        ...options,
        onPressure: () => {
          heap.setBudget(2000 * KIB);
          reads.resize(20 * KIB);
        },
      },
      AT_ONCE,
    );
    const usage = VERTEX | STORAGE;
    const writes = heap.allocate({ size: 10 * KIB, usage, access: 'read' });
    const reads = heap.allocate({ size: 11 * KIB, usage, access: 'read' });
    heap.allocate({ size: 43 * KIB, usage, access: 'read' });
    heap.allocate({ size: 60 * KIB, usage, access: 'read' });
    const scope = [
      { allocation: writes, use: 'storage' },
      { allocation: reads, use: 'vertex' },
    ] as const;
    const code = codeOf(() => heap.resolveScope(scope));
    expect(code === 'none').toBe(writes.buffer !== reads.buffer);
    heap.resolveScope(scope);
    expect(writes.buffer).not.toBe(reads.buffer);
  });

  it('may raise the budget for a pool that is made with bytes of its own', () => {
    const { heap } = openHeap({ ...options, onPressure: () => heap.setBudget(2000 * KIB) });
    const pool = heap.createPool({ name: 'large', minBytes: 512 * KIB });
    expect(pool.statistics().reservedBytes).toBe(512 * KIB);
  });
});

describe('pools with suballocators of all kinds', () => {
  it('say that a request is too large for a suballocator that serves nothing', () => {
    const { gpu, heap } = openHeap();
    const pool = heap.createPool({
      name: 'stubborn',
      suballocator: (options) => Object.assign(new Tlsf(options), { allocate: () => NO_SPACE }),
    });
    expect(codeOf(() => heap.allocate({ size: 60, usage: VERTEX, pool }))).toBe('too-large');
    expect([heap.statistics().allocationCount, gpu.buffers.size]).toEqual([0, 0]);
  });

  it('keep what a shortened range loses where they can not part it', () => {
    const { heap } = openHeap({}, AT_ONCE);
    const pool = heap.createPool({ name: 'buddies', suballocator: (options) => new Buddy(options) });
    const mesh = heap.allocate({ size: 2048, usage: VERTEX, pool });
    mesh.resize(300);
    expect(mesh.size).toBe(300);
    heap.endFrame();
    const { usedBytes, pendingBytes } = heap.statistics();
    expect(pendingBytes).toBe(0);
    expect([512, 2048]).toContain(usedBytes);
    mesh.resize(2048);
    expect(heap.statistics().usedBytes).toBe(2048);
    mesh.free();
    heap.endFrame();
    expect(heap.statistics().usedBytes).toBe(0);
  });

  it('move what they can not make longer or shorter where it is', async () => {
    const { heap } = openHeap({}, AT_ONCE);
    const makers = [
      // No resize at all.
      (options: SuballocatorOptions) => Object.assign(new Tlsf(options), { resize: undefined as never }),
      // One that always says no.
      (options: SuballocatorOptions) => Object.assign(new Tlsf(options), { resize: () => false }),
      // A tail that is longer than what was cut off.
      (options: SuballocatorOptions) => {
        const made = new Tlsf(options);
        const allocateAt = made.allocateAt.bind(made);
        return Object.assign(made, {
          allocateAt: (offset: number, size: number) => allocateAt(offset, size + 16),
        });
      },
    ];
    for (const [k, suballocator] of makers.entries()) {
      const pool = heap.createPool({ name: `pool ${k}`, suballocator });
      const mesh = heap.allocate({ size: 2048, usage: VERTEX, pool });
      mesh.write(patternOf(k, 2048));
      mesh.resize(300);
      // What it loses stays with it.
      expect([mesh.size, mesh.version, pool.statistics().usedBytes]).toEqual([300, 0, 2048]);
      heap.allocate({ size: 64, usage: VERTEX, pool });
      mesh.resize(4096);
      expect([mesh.size, mesh.version]).toEqual([4096, 1]);
      expect(firstDifference((await mesh.read()).subarray(0, 300), patternOf(k, 300))).toBe(-1);
      mesh.free();
      heap.endFrame();
      expect(pool.statistics()).toMatchObject({ usedBytes: 64, pendingBytes: 0, allocationCount: 1 });
    }
  });

  it('tell what could be had beside buffers for one allocation, and refused ones', async () => {
    const { gpu, heap } = openHeap({ budgetBytes: 300 * KIB, chunkBytes: 64 * KIB }, { autoComplete: true });
    heap.allocate({ size: 100 * KIB, usage: VERTEX, dedicated: true });
    gpu.faults.refuseCreation({ every: true, when: 'late' });
    const refused = heap.allocate({ size: 10 * KIB, usage: VERTEX });
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(codeOf(() => refused.binding())).toBe('refused-by-device');
    const largest = heap.largestAllocatable({ size: 4, usage: VERTEX });
    expect(heap.allocate({ size: largest, usage: VERTEX }).isLive).toBe(true);
    expect(codeOf(() => heap.allocate({ size: 4, usage: VERTEX }))).toBe('over-budget');
  });
});

describe('devices that are odd', () => {
  const memoryTypes = [
    { properties: MemoryProperty.DEVICE_LOCAL, heapIndex: 0, heapSizeBytes: Number.POSITIVE_INFINITY },
  ];

  it('read nothing back where no memory is for it', async () => {
    const { heap } = openHeap({}, { memoryTypes, autoComplete: true });
    const mesh = heap.allocate({ size: 64, usage: VERTEX, location: 'auto' });
    await expect(mesh.read()).rejects.toMatchObject({ code: 'no-memory-type' });
  });

  it('are refused for a rebuild where a pool finds no memory type', () => {
    const { gpu, heap } = openHeap();
    heap.allocate({ size: 64, usage: COPY_DST, location: 'readback' });
    gpu.lose();
    expect(codeOf(() => heap.rebuild(new MockGpu({ memoryTypes }).backend()))).toBe('no-memory-type');
    expect(heap.rebuild(new MockGpu().backend()).emptied).toHaveLength(1);
  });

  it('may refuse a buffer with any error', async () => {
    class Grumbler extends ForwardingBackend<MockBuffer> {
      override createBuffer(descriptor: Parameters<ForwardingBackend<MockBuffer>['createBuffer']>[0]) {
        const { buffer } = super.createBuffer(descriptor);
        const settled = Promise.reject(new RangeError('no'));
        return { buffer, settled } as CreatedBuffer<MockBuffer>;
      }
    }
    const gpu = new MockGpu();
    const backend = new Grumbler(gpu.backend());
    expect(backend.stagingBytes).toBe(0);
    const heap = new GpuHeap<MockBuffer>(backend);
    const mesh = heap.allocate({ size: 64, usage: VERTEX });
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(codeOf(() => mesh.binding())).toBe('backend-failed');
    mesh.free();
    heap.endFrame();
    heap.dispose();
    expect(gpu.buffers.size).toBe(0);
  });

  it('may refuse a texture with any error, and its tiles one by one', async () => {
    const port = new MockTextures();
    const create = port.createTexture.bind(port);
    port.createTexture = (descriptor) => {
      const made = create(descriptor);
      return { ...made, settled: Promise.reject(new RangeError('no')) };
    };
    const { heap } = openHeap({}, AT_ONCE);
    const textures = heap.useTextures(port);
    const whole = textures.create(texture);
    const tiles = textures.createTilePool({ width: 64, height: 64, format: 'rgba8unorm', tilesPerChunk: 4 });
    const runs = [tiles.allocate(), tiles.allocate(2)] as const;
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(codeOf(() => whole.texture)).toBe('backend-failed');
    tiles.free(runs[0]);
    heap.endFrame();
    expect(tiles.statistics().chunkCount).toBe(1);
    tiles.free(runs[1]);
    heap.endFrame();
    expect(tiles.statistics().chunkCount).toBe(0);
    textures.free(whole);
    heap.endFrame();
    expect([port.textures.size, heap.statistics().textureBytes]).toEqual([0, 0]);
  });
});

describe('where leaks are watched for', () => {
  it('what moves and is renamed is known where it is, by its name', () => {
    const leaks: string[] = [];
    const { heap } = openHeap(
      { watchLeaks: true, guardBytes: 16, onLeak: ({ label }) => leaks.push(label) },
      AT_ONCE,
    );
    const mesh = heap.allocate({ size: 64, usage: VERTEX, label: 'mesh' });
    heap.allocate({ size: 64, usage: VERTEX, label: 'other' });
    mesh.resize(4096);
    expect(mesh.version).toBe(1);
    mesh.rename('terrain');
    expect(heap.labels.statistics('terrain')).toMatchObject({ liveCount: 1, requestedBytes: 4096 });
    expect(heap.labels.statistics('mesh')).toMatchObject({ liveCount: 0, requestedBytes: 0 });
    heap.dispose();
    expect(leaks.sort()).toEqual(['other', 'terrain']);
  });
});

describe('a rebuild while something is under way', () => {
  it('keeps no place for what was being read or staged', async () => {
    const { gpu, heap } = openHeap();
    const mesh = heap.allocate({ size: 300, usage: VERTEX, hostCopy: true });
    mesh.write(patternOf(1, 300));
    const read = mesh.read();
    gpu.lose();
    const other = new MockGpu({ autoComplete: true });
    heap.rebuild(other.backend());
    await expect(read).rejects.toMatchObject({ code: 'device-lost' });
    expect(firstDifference(await mesh.read(), patternOf(1, 300))).toBe(-1);
    heap.endFrame();
    heap.endFrame();
    expect(heap.statistics()).toMatchObject({ usedBytes: 304, pendingBytes: 0 });
  });
});

describe('guards', () => {
  it('say nothing of what was freed or moved while they were read', async () => {
    const { gpu, heap } = openHeap({ guardBytes: 16 });
    const [freed, moved] = [0, 1].map(() => heap.allocate({ size: 64, usage: VERTEX }));
    const check = heap.checkGuards();
    freed?.free();
    moved?.resize(8192);
    for (let turn = 0; turn < 20; turn++) {
      gpu.completeAll();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await check).toEqual([]);
  });
});

describe('a block of several timelines', () => {
  it('waits for every one that a member is used on', () => {
    const { gpu, heap } = openHeap({}, { timelines: 3 });
    const block = heap.allocateBlock([
      { size: 64, usage: VERTEX, timelines: [1] },
      { size: 64, usage: VERTEX },
      { size: 64, usage: VERTEX, timelines: [1, 2] },
    ]);
    block.free();
    heap.endFrame();
    heap.endFrame();
    expect(heap.statistics().pendingBytes).toBe(192);
    gpu.completeAll();
    heap.endFrame();
    expect(heap.statistics().pendingBytes).toBe(0);
  });
});

describe('writes of nothing', () => {
  it('do nothing, and are checked all the same', () => {
    const { heap } = openHeap();
    const mesh = heap.allocate({ size: 64, usage: VERTEX });
    heap.uploads.write(mesh, new Uint8Array(0), 64);
    heap.uploads.writeInPlace(mesh, 0, () => expect.unreachable(), 4);
    expect(codeOf(() => heap.uploads.write(mesh, new Uint8Array(0), 68))).toBe('out-of-bounds');
    expect(heap.uploads.statistics()).toMatchObject({ directCount: 0, batchedCount: 0 });
  });
});

describe('a frame ring', () => {
  it('goes on where it was when its bytes are moved on the same device', () => {
    const { heap } = openHeap({}, AT_ONCE);
    const ring = new FrameRing<MockBuffer>(heap, { usage: UNIFORM, bytes: 1024 });
    const { version } = ring;
    ring.push(patternOf(1, 100));
    ring.flush();
    expect(ring.version).toBe(version);
    ring.endFrame(heap.endFrame());
    expect(ring.push(patternOf(2, 100)) % 256).toBe(0);
  });
});
