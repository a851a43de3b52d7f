import { type Allocation, BufferUsage, GpuHeap, OutOfMemoryError } from '@gpuheap/core';
import { type DawnDevice, openDawn } from '@gpuheap/dawn-node';
import { scale } from '@gpuheap/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const MEBI = 1024 * 1024;
/** What Dawn's null device has. */
const CAPACITY_BYTES = 512 * MEBI;
const LARGE = { size: 48 * MEBI, usage: BufferUsage.VERTEX, label: 'large' };
const SMALL = { size: 3 * MEBI, usage: BufferUsage.STORAGE, label: 'small' };
const FIT = Math.floor(CAPACITY_BYTES / LARGE.size);

type Held = Allocation<GPUBuffer>;

/** The error with which the heap names an allocation that the device did not grant. */
function refusalOf(allocation: Held): unknown {
  try {
    allocation.binding();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('running out of memory on the null device, and coming back', () => {
  const uncaptured: string[] = [];
  let dawn: DawnDevice;
  let heap: GpuHeap<GPUBuffer>;

  beforeEach(async () => {
    dawn = await openDawn({ device: 'null' });
    dawn.device.addEventListener('uncapturederror', (event) => uncaptured.push(event.error.message));
    heap = new GpuHeap(dawn.backend(), { chunkBytes: 16 * MEBI });
  });

  afterEach(() => {
    heap.dispose();
    heap.backend.dispose();
    dawn.close();
    expect(uncaptured.splice(0)).toEqual([]);
  });

  /** The device has given its word on all that it was asked for. */
  async function settle(): Promise<void> {
    await dawn.device.queue.onSubmittedWorkDone();
    // The heap hears of it in promises of its own.
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }

  /** Everything is given back: the heap holds nothing, and the device says so by granting as much again. */
  function expectNothing(held: readonly Held[]): void {
    for (const each of held) each.free();
    heap.endFrame();
    heap.trim();
    const { createdBufferCount, destroyedBufferCount, ...rest } = heap.statistics();
    expect(destroyedBufferCount).toBe(createdBufferCount);
    expect(rest).toMatchObject({ allocationCount: 0, chunkCount: 0, reservedBytes: 0, pendingBytes: 0 });
  }

  /** Asks for twice what there is at once, and hears of it later. */
  async function overfill(): Promise<void> {
    const held = Array.from({ length: 2 * FIT }, () => heap.allocate(LARGE));
    const last = held[held.length - 1] as Held;
    // A device swallows what is done with a buffer that it refuses.
    heap.copy(last, 0, held[held.length - 2] as Held, 0, 64);
    await settle();
    const refusals = held.map(refusalOf).filter((refusal) => refusal !== undefined);
    expect(refusals.length).toBe(held.length - FIT);
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(OutOfMemoryError);
      expect(refusal).toMatchObject({ code: 'refused-by-device' });
    }
    expect(() => last.write(new Uint8Array(4))).toThrow(OutOfMemoryError);
    expect(heap.statistics().chunkCount).toBe(held.length);
    expectNothing(held);
  }

  /** Asks for one after the other and waits for each until the heap says no, then does what it says. */
  async function fill(): Promise<void> {
    const held: Held[] = [];
    const failure = await (async () => {
      for (;;) {
        const next = await heap.allocateAsync(LARGE).catch((error: unknown) => error);
        if (next instanceof Error) return next;
        held.push(next as Held);
      }
    })();
    expect(failure).toBeInstanceOf(OutOfMemoryError);
    expect(failure).toMatchObject({ code: 'refused-by-device', remedy: 'free' });
    expect(held.length).toBe(FIT);
    // The remedy.
    held.pop()?.free();
    heap.endFrame();
    held.push(await heap.allocateAsync(LARGE));
    expectNothing(held);
  }

  /** Many in shared chunks: those in the chunk that is refused are named, and the others live on. */
  async function crowd(): Promise<void> {
    const walls = Array.from({ length: FIT - 1 }, () => heap.allocate(LARGE));
    const many = Array.from({ length: 40 }, () => heap.allocate(SMALL));
    await settle();
    expect(walls.map(refusalOf).every((refusal) => refusal === undefined)).toBe(true);
    const refused = many.filter((each) => refusalOf(each) instanceof OutOfMemoryError);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(many.length);
    for (const each of refused) each.free();
    walls.pop()?.free();
    heap.endFrame();
    const next = await heap.allocateAsync(SMALL);
    expect(refusalOf(next)).toBeUndefined();
    expectNothing([...walls, ...many.filter((each) => each.isLive), next]);
  }

  it('leaves nothing behind, however often', async () => {
    const cycles = scale(200, 1000);
    const ways = [overfill, fill, crowd];
    for (let cycle = 0; cycle < cycles; cycle++) await (ways[cycle % ways.length] as typeof fill)();
  });
});
