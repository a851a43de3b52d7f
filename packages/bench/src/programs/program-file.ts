/**
 * Program file: a workload as bytes, for programs in other languages to replay.
 *
 * Layout   little-endian:
 *          u32 magic 0x4b574847, "GHWK" · u32 version 1 · f64 span in bytes · u32 alignment in bytes
 *          u32 operationCount · u32 fillCount (the first, untimed operations) · u32 slotCount
 *          u8 kind[operationCount] (0 allocate, 1 free), padded with zeros to a multiple of 4
 *          i32 slot[operationCount] · i32 size[operationCount] in bytes
 * Promise  the whole program is in it: whoever replays the file does what the benchmark does.
 */
import type { Program } from './program.ts';

const MAGIC = 0x4b574847;
const VERSION = 1;
const HEADER_BYTES = 32;

/** The file of a program. O(operations). */
export function encodeProgram(program: Program): Uint8Array {
  const { operationCount: count, operations } = program;
  const slotsAt = HEADER_BYTES + Math.ceil(count / 4) * 4;
  const bytes = new Uint8Array(slotsAt + count * 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setFloat64(8, program.span, true);
  view.setUint32(16, program.alignment, true);
  view.setUint32(20, count, true);
  view.setUint32(24, program.fillCount, true);
  view.setUint32(28, program.slotCount, true);
  bytes.set(operations.kind.subarray(0, count), HEADER_BYTES);
  for (let i = 0; i < count; i++) {
    view.setInt32(slotsAt + i * 4, operations.slot[i] as number, true);
    view.setInt32(slotsAt + (count + i) * 4, operations.size[i] as number, true);
  }
  return bytes;
}
