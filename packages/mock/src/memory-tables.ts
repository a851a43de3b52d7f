/**
 * Memory tables: what devices of several builds say of their memory, as the option `memoryTypes` of the
 * virtual GPU.
 *
 * Layout   types that can do less stand before those that can do more, as explicit APIs order them, so that
 *          the first that serves is the plainest. Types of one heap share its bytes.
 * Promise  the shapes are those of real devices; the sizes are round numbers of our own.
 * Refusal  one device of each build; real ones have more types, most of them twins of these.
 */
import { MemoryProperty, type MemoryType } from '@gpuheap/core/backend';

const { DEVICE_LOCAL, HOST_VISIBLE, HOST_COHERENT, HOST_CACHED, LAZILY_ALLOCATED } = MemoryProperty;

const GIBI: number = 2 ** 30;
const WITHOUT_END = Number.POSITIVE_INFINITY;

/** Tables of memory types by the build of the device. */
export interface MemoryTables {
  /**
   * A card with memory of its own, 10 GiB, behind a bus. The CPU sees the computer's 24 GiB; of the card only
   * a window of 256 MiB, small and worth keeping for what changes every frame. The type without properties is
   * memory of the computer that the GPU reaches over the bus and the CPU does not map.
   *
   *     0  -                        heap 1, computer
   *     1  device                   heap 0, card
   *     2  host, coherent           heap 1
   *     3  host, coherent, cached   heap 1
   *     4  device, host, coherent   heap 2, window
   */
  readonly discrete: readonly MemoryType[];
  /**
   * The same card where the bus lets the CPU see all of it: the window is the card's own heap, so that data
   * may be written in place; reading it back over the bus is as slow as ever.
   *
   *     0  -                        heap 1, computer
   *     1  device                   heap 0, card
   *     2  host, coherent           heap 1
   *     3  host, coherent, cached   heap 1
   *     4  device, host, coherent   heap 0
   */
  readonly discreteResizable: readonly MemoryType[];
  /**
   * A GPU on the processor's chip: one heap of half the computer's memory. All of it is as near to the GPU as
   * any, so every type is device-local; the types differ in how the CPU sees it.
   *
   *     0  device
   *     1  device, host, coherent
   *     2  device, host, coherent, cached
   */
  readonly integrated: readonly MemoryType[];
  /**
   * A phone's tiled GPU: one heap, all of it visible to the CPU. Cached memory is not coherent: it must be
   * flushed. What lives in a tile only, such as a depth attachment that nobody loads or stores, may take
   * lazily allocated memory, which costs nothing until it leaves the tile.
   *
   *     0  device, host, coherent
   *     1  device, host, cached
   *     2  device, lazily allocated
   */
  readonly mobile: readonly MemoryType[];
  /**
   * What plain WebGPU amounts to, whatever the device: buffers without a MAP usage, those with MAP_WRITE, and
   * those with MAP_READ. It tells of no heaps and no sizes, and nothing that is mapped is the GPU's to use,
   * so that no type is both near the GPU and visible.
   *
   *     0  device
   *     1  host, coherent           MAP_WRITE | COPY_SRC
   *     2  host, cached             MAP_READ | COPY_DST
   */
  readonly webgpu: readonly MemoryType[];
}

const CARD = { heapIndex: 0, heapSizeBytes: 10 * GIBI };
const COMPUTER = { heapIndex: 1, heapSizeBytes: 24 * GIBI };
const WINDOW = { heapIndex: 2, heapSizeBytes: GIBI / 4 };
const CHIP = { heapIndex: 0, heapSizeBytes: 8 * GIBI };
const PHONE = { heapIndex: 0, heapSizeBytes: 3 * GIBI };
const BROWSER = { heapIndex: 0, heapSizeBytes: WITHOUT_END };

/** Tables of memory types, to be passed as the option `memoryTypes` of a `MockGpu`. */
export const MEMORY_TABLES: MemoryTables = {
  discrete: cardWith(WINDOW),
  discreteResizable: cardWith(CARD),
  integrated: [
    { ...CHIP, properties: DEVICE_LOCAL },
    { ...CHIP, properties: DEVICE_LOCAL | HOST_VISIBLE | HOST_COHERENT },
    { ...CHIP, properties: DEVICE_LOCAL | HOST_VISIBLE | HOST_COHERENT | HOST_CACHED },
  ],
  mobile: [
    { ...PHONE, properties: DEVICE_LOCAL | HOST_VISIBLE | HOST_COHERENT },
    { ...PHONE, properties: DEVICE_LOCAL | HOST_VISIBLE | HOST_CACHED },
    { ...PHONE, properties: DEVICE_LOCAL | LAZILY_ALLOCATED },
  ],
  webgpu: [
    { ...BROWSER, properties: DEVICE_LOCAL },
    { ...BROWSER, properties: HOST_VISIBLE | HOST_COHERENT },
    { ...BROWSER, properties: HOST_VISIBLE | HOST_CACHED },
  ],
};

/** The types of a card of which the CPU sees `window`. */
function cardWith(window: Omit<MemoryType, 'properties'>): readonly MemoryType[] {
  return [
    { ...COMPUTER, properties: 0 },
    { ...CARD, properties: DEVICE_LOCAL },
    { ...COMPUTER, properties: HOST_VISIBLE | HOST_COHERENT },
    { ...COMPUTER, properties: HOST_VISIBLE | HOST_COHERENT | HOST_CACHED },
    { ...window, properties: DEVICE_LOCAL | HOST_VISIBLE | HOST_COHERENT },
  ];
}
