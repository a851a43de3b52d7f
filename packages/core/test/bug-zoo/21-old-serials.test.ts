/** What belongs to a fence or a stream that is no more is taken for a part of the one that has its name. */
import { expect, it } from 'vitest';
import { type MockBuffer, MockGpu, MockTextures } from '../../../mock/src/index.ts';
import { BufferUsage, FrameRing, type GpuHeap, TextureUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { openHeap } from '../heap/open-heap.ts';
import { openSlots, SlotBackend } from './slot-backend.ts';

const { UNIFORM, VERTEX } = BufferUsage;
const request = { size: 1024, usage: VERTEX };

it('serials that a lost device has reached are not reached on the next one', () => {
  const { gpu, heap } = openHeap();
  for (let frame = 0; frame < 40; frame++) {
    heap.allocate(request).free();
    gpu.completeUpTo(heap.endFrame());
  }
  const mesh = heap.allocate(request);
  heap.endFrame();
  gpu.lose();
  const next = new MockGpu();
  heap.rebuild(next.backend());
  const { offset } = mesh;
  mesh.free();
  const serial = heap.endFrame();
  expect(serial).toBeLessThan(gpu.completedSerial);
  for (let frame = 0; frame < 3; frame++) {
    expect(heap.allocate(request).offset).not.toBe(offset);
    heap.endFrame();
  }
  next.completeUpTo(serial);
  heap.endFrame();
  expect(heap.allocate(request).offset).toBe(offset);
});

it('a recording of a lost device ends without ending that of the next one', () => {
  const { gpu, heap } = openHeap();
  const mesh = heap.allocate(request);
  const old = heap.record().use(mesh);
  gpu.lose();
  const next = new MockGpu();
  heap.rebuild(next.backend());
  const token = heap.record().use(mesh);
  const { offset } = mesh;
  old.end();
  mesh.free();
  for (let frame = 0; frame < 3; frame++) {
    next.completeUpTo(heap.endFrame());
    expect(heap.allocate(request).offset).not.toBe(offset);
  }
  token.end();
  next.completeUpTo(heap.endFrame());
  heap.endFrame();
  expect(heap.allocate(request).offset).toBe(offset);
});

it('a ring keeps frames in flight on the next device, whatever the lost one has reached', () => {
  const { gpu, heap } = openHeap();
  const ring = new FrameRing<MockBuffer>(heap, { usage: UNIFORM, bytes: 1024 });
  const pushFrame = (): [MockBuffer, number] => {
    const offset = ring.push(new Uint8Array(256));
    ring.flush();
    const { buffer } = ring;
    ring.endFrame(heap.endFrame());
    return [buffer, offset];
  };
  for (let frame = 0; frame < 20; frame++) {
    pushFrame();
    gpu.completeAll();
  }
  pushFrame();
  gpu.lose();
  const next = new MockGpu();
  heap.rebuild(next.backend());
  const places = Array.from({ length: 6 }, pushFrame);
  expect(ring.framesInFlight).toBe(6);
  expect(new Set(places.map(([{ id }, offset]) => `${id} ${offset}`)).size).toBe(6);
  next.completeAll();
  expect(ring.framesInFlight).toBe(0);
});

it('the word on a buffer of a lost device is not one on that which has its name now', async () => {
  const { gpu, heap } = openSlots({}, { settleWhen: 'with-completion' });
  const mesh = heap.allocate({ ...request, hostCopy: true });
  const { buffer } = mesh;
  gpu.lose();
  heap.rebuild(new SlotBackend(new MockGpu({ autoComplete: true }).backend()));
  expect(mesh.buffer).toBe(buffer);
  await settle();
  expect(codeOf(() => mesh.binding())).toBe('none');
  expect(await mesh.read()).toEqual(new Uint8Array(1024));
});

it('whoever waits for the word on a buffer waits for that of the device which has it', async () => {
  const { gpu, heap } = openHeap({}, { settleWhen: 'manual' });
  let outcome = '';
  const waiting = heap.allocateAsync(request).then(
    () => {
      outcome = 'granted';
    },
    ({ code }: { code: string }) => {
      outcome = code;
    },
  );
  await Promise.resolve();
  gpu.lose();
  const next = new MockGpu({ settleWhen: 'manual', capacityBytes: 0 });
  heap.rebuild(next.backend());
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  expect(outcome).toBe('');
  for (let turn = 0; turn < 200; turn++) {
    next.settle();
    await Promise.resolve();
  }
  await waiting;
  expect(outcome).toBe('refused-by-device');
});

it('a texture that was claimed of a lost device counts nothing on the next one', () => {
  const { gpu, heap } = openHeap({
    budgetBytes: 32 * 1024,
    onPressure: () => {
      gpu.lose();
      heap.rebuild(new MockGpu().backend());
    },
  });
  const textures = heap.useTextures(new MockTextures());
  const usage = TextureUsage.COPY_DST | TextureUsage.TEXTURE_BINDING;
  const descriptor = { width: 64, height: 64, format: 'rgba8unorm', usage };
  for (let k = 0; k < 3; k++) textures.create(descriptor);
  expect(heap.statistics().textureBytes).toBe(0);
  textures.dispose();
  expect(heap.statistics()).toMatchObject({ textureBytes: 0, reservedBytes: 0 });
});

it.each([
  ['before the rebuild', true, true],
  ['after it', true, false],
  ['after it, of what has gone with the device', false, false],
])(
  'what a lost device refuses in the end makes no chunk of the next one smaller: %s',
  async (_, isKept, isEarly) => {
    const sizes: number[][] = [];
    for (const settleWhen of ['at-once', 'manual'] as const) {
      const { gpu, heap } = openHeap({}, { settleWhen });
      const mesh = heap.allocate(request);
      if (!isKept) mesh.free();
      if (settleWhen === 'at-once') await settle();
      gpu.lose();
      if (isEarly) await settle();
      heap.rebuild(new MockGpu({ autoComplete: true }).backend());
      await settle();
      sizes.push(fillChunks(heap));
    }
    expect(sizes[1]).toEqual(sizes[0]);
  },
);

it('what one device had no memory for may find room on the next one', async () => {
  const { gpu, heap } = openHeap();
  gpu.faults.refuseCreation({ atCall: 1, when: 'late' });
  heap.allocate(request);
  await settle();
  gpu.lose();
  heap.rebuild(new MockGpu({ autoComplete: true }).backend());
  expect(fillChunks(heap)).toEqual(fillChunks(openHeap().heap));
});

/** Promises of the device have settled. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

/** Sizes of the chunks for more than the first holds. */
function fillChunks(heap: GpuHeap<MockBuffer>): number[] {
  for (let k = 0; k < 12; k++) heap.allocate({ size: 300 * 1024, usage: VERTEX });
  return heap.snapshot().chunks.map(({ sizeBytes }) => sizeBytes);
}
