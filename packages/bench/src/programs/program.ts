/**
 * Program: what the loops need of a workload, and its operations packed for them.
 *
 * Layout   two cells an operation: where the slot's pair of handle and offset is in `held`, as it is for an
 *          allocate and inverted (~) for a free; then the size in bytes.
 */
import { OPERATION_ALLOCATE, type Workload } from '@gpuheap/testing/workloads';

/** A workload, seeded or recorded. */
export type Program = Omit<Workload, 'name'>;

/** The operations of a program as the loops read them: one array, in order. O(operations). */
export function packSteps(program: Program): Int32Array {
  const { kind, slot, size } = program.operations;
  const steps = new Int32Array(program.operationCount * 2);
  for (let i = 0; i < program.operationCount; i++) {
    const at = (slot[i] as number) * 2;
    steps[i * 2] = kind[i] === OPERATION_ALLOCATE ? at : ~at;
    steps[i * 2 + 1] = size[i] as number;
  }
  return steps;
}

/** Room for handle and offset of every slot, all empty. O(slots). */
export function makeHeld(program: Program): Float64Array {
  return new Float64Array(program.slotCount * 2);
}

/** The handles of the live slots. O(slots). */
export function liveHandles(held: Float64Array): number[] {
  return Array.from(held.filter((handle, i) => i % 2 === 0 && handle !== 0));
}
