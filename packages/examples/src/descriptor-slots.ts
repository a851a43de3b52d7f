/** Numbered things without a backend: slots of a table that the GPU reads, two frames behind the CPU. */
import { Fixed, NO_SPACE, RangePool } from '@gpuheap/core';

const slots = new RangePool(new Fixed({ capacity: 4 }));
const sky = slots.allocate(); // No size: one slot.
for (let frame = 1; frame <= 5; frame++) {
  slots.reclaim(Math.max(0, frame - 2)); // The GPU has finished that frame.
  const smoke = slots.allocate();
  console.log(`frame ${frame}: sky in slot ${slots.offsetOf(sky)}, smoke in ${slots.offsetOf(smoke)}`);
  slots.release(smoke); // The GPU still reads the slot.
  slots.boundary(frame); // After queue.submit.
}
console.log(`${slots.pendingCount} slots wait, a pair of them is ${fits(2)}`);
slots.flush(); // The device is idle.
console.log(`${slots.pendingCount} slots wait, a pair of them is ${fits(2)}`);

function fits(count: number): string {
  return slots.allocate(count) === NO_SPACE ? 'not to be had' : 'here';
}
