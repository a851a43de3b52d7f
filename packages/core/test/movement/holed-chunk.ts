/** A heap with one chunk full of holes, and what is seen of it when its ranges slide together. */
import type { MockBuffer, MockGpuOptions } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage, type GpuHeap, type GpuHeapOptions } from '../../src/index.ts';
import { openHeap, patternOf } from '../heap/open-heap.ts';
import { doFrames, type Scene } from './scattered-heap.ts';

const KIB = 1024;
const { VERTEX } = BufferUsage;
export const CHUNK: GpuHeapOptions = { chunkBytes: 64 * KIB };

/** A chunk of 64 KiB in which every third of so many allocations lives, of `size` bytes each. */
export async function openHoles(
  options: GpuHeapOptions = {},
  gpuOptions: MockGpuOptions = {},
  size = 1000,
): Promise<Scene> {
  const gpuSettings = { reuseAfter: 'submitted', autoComplete: true, ...gpuOptions } as const;
  const { gpu, heap } = openHeap({ ...CHUNK, ...options }, gpuSettings);
  const all = Array.from({ length: Math.floor((60 * KIB) / size) }, (_, k) =>
    heap.allocate({ size: size - (k % 5) * 16, usage: VERTEX, label: `part ${k}` }),
  );
  const live = new Map<Allocation<MockBuffer>, Uint8Array>();
  for (const [k, each] of all.entries()) {
    if (k % 3 !== 1) {
      each.free();
      continue;
    }
    const bytes = patternOf(k, each.size);
    each.write(bytes);
    live.set(each, bytes);
  }
  await doFrames(heap, 2);
  return { gpu, heap, live };
}

/** Free ranges of each chunk of the GPU in which something lives. */
export function holeCounts(heap: GpuHeap<MockBuffer>): number[] {
  return heap
    .snapshot()
    .chunks.filter(
      ({ location, ranges }) => location === 'gpu' && ranges.some(({ state }) => state === 'live'),
    )
    .map(({ ranges }) => ranges.filter(({ state }) => state !== 'live').length);
}

export function placesOf(scene: Scene): unknown[] {
  return [...scene.live.keys()].map(({ buffer, offset, version }) => [buffer, offset, version]);
}

/** What copies copy within one submission, noted where it is asked for. */
export function watchCopies(scene: { heap: GpuHeap<MockBuffer> }): { bytes: number; count: number }[] {
  const { backend } = scene.heap;
  const noted: { bytes: number; count: number }[] = [];
  const copy = backend.copy.bind(backend);
  backend.copy = (regions) => {
    noted.push({ bytes: regions.reduce((sum, { size }) => sum + size, 0), count: regions.length });
    copy(regions);
  };
  return noted;
}

/** Five chunks of 64 KiB, in which half lives, here and there. */
export async function openMany(reuseAfter: 'submitted' | 'completed'): Promise<Scene> {
  const { gpu, heap } = openHeap(CHUNK, { reuseAfter, autoComplete: true });
  const live = new Map<Allocation<MockBuffer>, Uint8Array>();
  const all = Array.from({ length: 150 }, (_, k) =>
    heap.allocate({ size: 500 + ((k * 613) % 3000), usage: VERTEX, alignment: 16 }),
  );
  for (const [k, each] of all.entries()) {
    if ((k * 7) % 5 < 2) each.free();
    else live.set(each, patternOf(k, each.size));
  }
  for (const [each, bytes] of live) each.write(bytes);
  await doFrames(heap, 3);
  return { gpu, heap, live };
}

/** So that a pass does not wait for the device's word on scratch. */
export async function warmScratch(heap: GpuHeap<MockBuffer>): Promise<void> {
  const one = heap.allocate({ size: 8 * KIB, usage: VERTEX });
  const other = heap.allocate({ size: 8 * KIB, usage: VERTEX });
  heap.copy(one, 0, other, 0, 8 * KIB);
  one.free();
  other.free();
  await doFrames(heap, 2);
}
