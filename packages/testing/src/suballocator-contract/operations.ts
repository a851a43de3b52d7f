/**
 * Operations: random programs as plain data, so that a failing one can be made shorter, printed, and run
 * again.
 *
 * Promise  a seed alone decides the span, the sizes and every operation; an operation means something
 *          whatever came before it, so any part of a program is a program.
 */
import type { SuballocatorCapabilities } from '@gpuheap/core/ranges';
import { XorShift32 } from '../workloads/random.ts';
import { BAD_HANDLES, BAD_INTEGERS, FORGED_HANDLES } from './bad-values.ts';
import { ALIGNMENTS, GRANULARITIES } from './contract-case.ts';
import type { Witness } from './witness.ts';

/**
 * One step. `pick` chooses among what is there at that moment: the remainder by its number, -1 the newest.
 */
export type Operation =
  | { readonly act: 'allocate'; readonly size: number; readonly alignment: number }
  | { readonly act: 'free' | 'free stale' | 'ask stale' | 'forge' | 'ask badly'; readonly pick: number }
  | { readonly act: 'ask largest'; readonly alignment: number }
  | { readonly act: 'reset' };

/** A span and what is done to it. */
export interface Program {
  readonly capacity: number;
  readonly granularity: number;
  readonly operations: readonly Operation[];
}

/** Sizes that hardly any span holds. */
const HUGE = [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32 + 1, 2 ** 52, 2 ** 53 - 1];

/** The program of a seed. O(length). */
export function makeProgram(seed: number, length: number, capabilities: SuballocatorCapabilities): Program {
  // Seeds next to each other would begin alike: spread them.
  const random = new XorShift32(Math.imul(seed, 0x9e3779b1));
  for (let i = 0; i < 8; i++) random.next();
  const granularity = [...GRANULARITIES, 1, 3, 1000][random.below(8)] as number;
  const units = drawUnits(random);
  const drawSize = drawSizes(random, units * granularity);
  const drawAlignment = drawAlignments(random, granularity, capabilities);
  let freeShare = 0.3;
  const resetShare = capabilities.freesInAnyOrder ? 0.002 : 0.03;
  const newestShare = capabilities.freesInAnyOrder ? 0.2 : 0.8;
  const operations: Operation[] = [];
  while (operations.length < length) {
    const dice = random.uniform();
    // Phases of filling and of emptying.
    if (operations.length % 64 === 0) freeShare = 0.2 + 0.4 * random.uniform();
    if (dice < freeShare) {
      operations.push({ act: 'free', pick: random.uniform() < newestShare ? -1 : random.below(1000) });
    } else if (dice < freeShare + resetShare) operations.push({ act: 'reset' });
    else if (dice > 0.95) operations.push(drawMisuse(random, drawAlignment));
    else operations.push({ act: 'allocate', size: drawSize(), alignment: drawAlignment() });
  }
  return { capacity: units * granularity + random.below(granularity), granularity, operations };
}

/** Does one operation to the witness's subject, and checks all that can be checked about it. */
export function perform(witness: Witness, operation: Operation): void {
  switch (operation.act) {
    case 'allocate':
      witness.allocate(operation.size, operation.alignment);
      return;
    case 'reset':
      witness.reset();
      return;
    case 'free':
      if (witness.live.length > 0) witness.freeAt(indexOf(operation.pick, witness.live.length));
      return;
    case 'ask largest':
      witness.askLargest(operation.alignment);
      return;
    default:
      misuse(witness, operation.act, operation.pick);
  }
}

/** An operation as a line of a report. */
export function textOf(operation: Operation): string {
  if (operation.act === 'allocate') return `allocate(${operation.size}, ${operation.alignment})`;
  if (operation.act === 'ask largest') return `largestAllocatable(${operation.alignment})`;
  if (operation.act === 'reset') return 'reset()';
  if (operation.act !== 'free') return `${operation.act} ${operation.pick}`;
  return operation.pick < 0 ? 'free the newest' : `free number ${operation.pick} of the live, oldest first`;
}

function misuse(witness: Witness, act: string, pick: number): void {
  const stale = witness.ended[indexOf(pick, witness.ended.length)];
  if (act === 'free stale' && stale !== undefined) {
    witness.refused(`free(${stale}), stale,`, ['stale-handle'], (subject) => subject.free(stale));
  } else if (act === 'ask stale' && stale !== undefined) {
    witness.refused(`offsetOf(${stale}), stale,`, ['stale-handle'], (subject) => subject.offsetOf(stale));
    witness.refused(`sizeOf(${stale}), stale,`, ['stale-handle'], (subject) => subject.sizeOf(stale));
  } else if (act === 'forge') {
    const forgeries = [...BAD_HANDLES, ...FORGED_HANDLES];
    const forged = forgeries[indexOf(pick, forgeries.length)];
    if (witness.hasGiven(forged)) return;
    witness.refused('free() of a forgery', ['bad-handle'], (subject) => subject.free(forged as number));
  } else if (act === 'ask badly') {
    const size = BAD_INTEGERS[indexOf(pick, BAD_INTEGERS.length)] as number;
    witness.refused('allocate() of a bad size', ['bad-size'], (subject) => subject.allocate(size));
  }
}

function indexOf(pick: number, count: number): number {
  return pick < 0 ? count - 1 : pick % Math.max(1, count);
}

function drawUnits(random: XorShift32): number {
  const dice = random.uniform();
  if (dice < 0.2) return 1 + random.below(20);
  if (dice < 0.6) return 16 + random.below(200);
  if (dice < 0.9) return 200 + random.below(1500);
  return random.logUniform(2 ** 16, 2 ** 31 - 1);
}

function drawSizes(random: XorShift32, capacity: number): () => number {
  const most = Math.max(2, Math.floor(capacity / [2, 10, 40, 120][random.below(4)]!));
  const constant = 1 + random.below(most);
  switch (random.below(4)) {
    case 0:
      return () => 1 + random.below(most);
    case 1:
      return () => random.logUniform(1, most);
    case 2:
      return () => 2 ** random.below(Math.ceil(Math.log2(most)) + 1) + random.below(3) - 1 || 1;
    default:
      return () => (random.below(4) === 0 ? 1 + random.below(most) : constant);
  }
}

function drawAlignments(
  random: XorShift32,
  granularity: number,
  { anyAlignment }: SuballocatorCapabilities,
): () => number {
  const served = ALIGNMENTS.filter((a) => anyAlignment || a % granularity === 0 || granularity % a === 0);
  const usual = served[random.below(served.length)] as number;
  return () => (random.below(3) === 0 ? (served[random.below(served.length)] as number) : usual);
}

function drawMisuse(random: XorShift32, drawAlignment: () => number): Operation {
  const act = (['free stale', 'ask stale', 'forge', 'ask badly', 'ask largest'] as const)[random.below(5)]!;
  if (act === 'ask largest') return { act, alignment: drawAlignment() };
  if (random.below(8) === 0) {
    return { act: 'allocate', size: HUGE[random.below(HUGE.length)]!, alignment: drawAlignment() };
  }
  return { act, pick: random.below(1000) };
}
