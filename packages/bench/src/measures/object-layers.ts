/**
 * Object layers: what it costs that users of a heap hold objects and not handles.
 *
 * Layout   the same operations through three lanes in turns, each a step from numbers to a heap:
 *          handles  tlsf; handle and offset are kept in a typed array
 *          objects  tlsf; each range is an object that knows its suballocator and handle, kept in an array
 *          heap     `GpuHeap` over a virtual GPU, a frame ended every 1,000 operations
 * Promise  from handles to objects is the price of objects; from objects to heap that of the bookkeeping:
 *          requests checked, memory type and chunk chosen, budget and counts kept, frees held back until the
 *          frame has ended. Collecting the objects is in the time.
 */
import { BufferUsage, GpuHeap } from '@gpuheap/core';
import type { Handle, Suballocator } from '@gpuheap/core/ranges';
import { createMockBackend } from '@gpuheap/mock';
import { TLSF } from '../competitors/kinds.ts';
import { loadCopy } from '../loops/load-copy.ts';
import type { HeldRange, ObjectLayer, ObjectPassModule, ObjectState } from '../loops/object-pass.ts';
import { type Program, packSteps } from '../programs/program.ts';
import { type Lane, openLane } from './times.ts';

/** The lanes' names, in their order. */
export const LAYER_NAMES: readonly LayerName[] = ['handles', 'objects', 'heap'];

/** See the head of the file. */
export type LayerName = 'handles' | 'objects' | 'heap';

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
      layer = name === 'heap' ? new HeapLayer() : new RangeLayer(program);
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

class HeapLayer implements ObjectLayer {
  private readonly heap = new GpuHeap(createMockBackend({ autoComplete: true, reuseAfter: 'submitted' }));

  allocate(size: number, alignment: number): HeldRange | undefined {
    return this.heap.tryAllocate({ size, usage: BufferUsage.VERTEX, alignment });
  }

  endFrame(): void {
    this.heap.endFrame();
  }
}
