/**
 * Object layers: what it costs that users of a heap hold objects and not handles.
 *
 * Layout   the same operations through three lanes in turns, each a step from numbers to a heap:
 *          handles  tlsf; handle and offset are kept in a typed array
 *          objects  tlsf; each range is an object that knows its suballocator and handle, kept in an array
 *          heap     `GpuHeap` over a virtual GPU, a frame ended every 1,000 operations
 *          and the heap again with one part of its books in use: each allocation has an owner, a label, an
 *          open scope, or is watched for leaks.
 * Promise  from handles to objects is the price of objects; from objects to heap that of the bookkeeping:
 *          requests checked, memory type and chunk chosen, budget and counts kept, frees held back until the
 *          frame has ended. Collecting the objects is in the time.
 */
import { BufferUsage, GpuHeap, type GpuHeapOptions } from '@gpuheap/core';
import type { Handle, Suballocator } from '@gpuheap/core/ranges';
import { createMockBackend, type MockBuffer } from '@gpuheap/mock';
import { TLSF } from '../competitors/kinds.ts';
import { loadCopy } from '../loops/load-copy.ts';
import type { HeldRange, ObjectLayer, ObjectPassModule, ObjectState } from '../loops/object-pass.ts';
import { type Program, packSteps } from '../programs/program.ts';
import { type Lane, openLane } from './times.ts';

/** The lanes of the heap with a part of its books in use. */
export const BOOK_NAMES = ['heap, owners', 'heap, labels', 'heap, scope', 'heap, watch'] as const;

/** The lanes' names, in their order. */
export const LAYER_NAMES: readonly LayerName[] = ['handles', 'objects', 'heap', ...BOOK_NAMES];

/** See the head of the file. */
export type LayerName = 'handles' | 'objects' | 'heap' | (typeof BOOK_NAMES)[number];

/** Owners and labels of a program. */
const NAMES: readonly string[] = Array.from({ length: 64 }, (_, i) => `part ${i}`);

/** A lane of this thread; to be timed by `measureTimes`. */
export async function openLayer(program: Program, name: LayerName): Promise<Lane> {
  if (name === 'handles') return { ...(await openLane(program, program.slotCount, TLSF)), name };
  const { replayObjects } = await loadCopy<ObjectPassModule>('object-pass');
  const steps = packSteps(program);
  const { alignment, fillCount, operationCount, slotCount } = program;
  const operations = operationCount - fillCount;
  const state: ObjectState = {
    held: new Array<HeldRange | undefined>(slotCount).fill(undefined),
    offsets: new Float64Array(slotCount),
  };
  // Kept until the next pass: an engine throws code away when the last instance of a class dies.
  let layer: ObjectLayer;
  return {
    name,
    operations,
    runPass() {
      layer = name === 'objects' ? new RangeLayer(program) : makeHeapLayer(name);
      state.held.fill(undefined);
      const fillFailures = replayObjects(steps, alignment, layer, state, 0, fillCount);
      const before = process.cpuUsage();
      const failures = replayObjects(steps, alignment, layer, state, fillCount, operationCount);
      const { user, system } = process.cpuUsage(before);
      return { nanoseconds: ((user + system) * 1000) / operations, failedCount: fillFailures + failures };
    },
  };
}

class RangeObject implements HeldRange {
  private readonly suballocator: Suballocator;
  private readonly handle: Handle;

  constructor(suballocator: Suballocator, handle: Handle) {
    this.suballocator = suballocator;
    this.handle = handle;
  }

  get offset(): number {
    return this.suballocator.offsetOf(this.handle);
  }

  free(): void {
    this.suballocator.free(this.handle);
  }
}

class RangeLayer implements ObjectLayer {
  private readonly suballocator: Suballocator;

  constructor({ span, alignment }: Program) {
    this.suballocator = TLSF.make({ capacity: span, granularity: alignment });
  }

  allocate(size: number, alignment: number): HeldRange | undefined {
    const handle = this.suballocator.allocate(size, alignment);
    return handle === 0 ? undefined : new RangeObject(this.suballocator, handle);
  }

  endFrame(): void {}
}

function makeHeapLayer(name: LayerName): HeapLayer {
  if (name === 'heap, owners') return new OwnersLayer();
  if (name === 'heap, labels') return new LabelsLayer();
  const layer = new HeapLayer(name === 'heap, watch' ? { watchLeaks: true } : {});
  if (name === 'heap, scope') layer.heap.scopes.enter('program');
  return layer;
}

class HeapLayer implements ObjectLayer {
  readonly heap: GpuHeap<MockBuffer>;
  private turn = 0;

  constructor(options: GpuHeapOptions = {}) {
    this.heap = new GpuHeap(createMockBackend({ autoComplete: true, reuseAfter: 'submitted' }), options);
  }

  allocate(size: number, alignment: number): HeldRange | undefined {
    return this.heap.tryAllocate({ size, usage: BufferUsage.VERTEX, alignment });
  }

  endFrame(): void {
    this.heap.endFrame();
  }

  protected nextName(): string {
    this.turn = (this.turn + 1) % NAMES.length;
    return NAMES[this.turn] as string;
  }
}

class OwnersLayer extends HeapLayer {
  override allocate(size: number, alignment: number): HeldRange | undefined {
    return this.heap.tryAllocate({ size, usage: BufferUsage.VERTEX, alignment, owner: this.nextName() });
  }
}

class LabelsLayer extends HeapLayer {
  override allocate(size: number, alignment: number): HeldRange | undefined {
    return this.heap.tryAllocate({ size, usage: BufferUsage.VERTEX, alignment, label: this.nextName() });
  }
}
