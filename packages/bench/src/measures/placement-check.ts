/**
 * Placement check: the oracle of a timed pass. What is live at its end must not overlap and must be aligned.
 *
 * Cost     O(operations + live log live), outside of the clock.
 */
import { OPERATION_FREE } from '@gpuheap/testing/workloads';
import type { Competitor } from '../competitors/competitor.ts';
import type { Program } from '../programs/program.ts';

/** Throws an Error that names the offset when the first `end` operations left an overlap or a misfit. */
export function checkPlacement(
  program: Program,
  competitor: Pick<Competitor, 'name' | 'ownAlignment'>,
  held: Float64Array,
  end: number,
): void {
  const sizes = sizesOfSlots(program, end);
  const slots: number[] = [];
  for (let slot = 0; slot < program.slotCount; slot++) if (held[slot * 2] !== 0) slots.push(slot);
  const offsetOf = (slot: number): number => held[slot * 2 + 1] as number;
  slots.sort((a, b) => offsetOf(a) - offsetOf(b));
  const alignment = competitor.ownAlignment === 0 ? program.alignment : competitor.ownAlignment;
  let from = 0;
  for (const slot of slots) {
    const offset = offsetOf(slot);
    if (offset < from) throw new Error(`${competitor.name} gave out overlapping ranges at ${offset}`);
    if (offset % alignment !== 0) {
      throw new Error(`${competitor.name} gave out the misaligned offset ${offset}`);
    }
    from = offset + (sizes[slot] as number);
  }
}

function sizesOfSlots(program: Program, end: number): Float64Array {
  const { kind, slot, size } = program.operations;
  const sizes = new Float64Array(program.slotCount);
  for (let i = 0; i < end; i++) {
    sizes[slot[i] as number] = kind[i] === OPERATION_FREE ? 0 : (size[i] as number);
  }
  return sizes;
}
