/**
 * Workloads W1 to W6: the seeded programs that every allocator is timed on, recorded once and replayed
 * unchanged; and three more, each the home of a kind that can not serve those, or not at every scale.
 *
 * Layout   the first `fillCount` operations build the starting state and are not timed; the rest are.
 * Cost     O(operations); W1 is a million operations, 13 MB of columns.
 * Promise  the operations depend on name and options alone, never on what an allocator answers: fullness is
 *          counted in requested bytes. An allocate that an allocator refuses counts as failed, and the free
 *          of its slot is skipped.
 */
import { type OperationColumns, OperationRecorder } from './operation-list.ts';
import { WORKLOAD_SEED, XorShift32 } from './random.ts';

/** The workloads' names, in order. */
export const WORKLOAD_NAMES: readonly WorkloadName[] = ['W1', 'W2', 'W3', 'W4', 'W5', 'W6'];

/** W1 churn, W2 small, W3 frames, W4 powers of two, W5 checkerboard, W6 scale. */
export type WorkloadName = 'W1' | 'W2' | 'W3' | 'W4' | 'W5' | 'W6';

/** The names of the workloads that suit one kind each. */
export const HOME_WORKLOAD_NAMES: readonly HomeWorkloadName[] = ['equal', 'powers', 'stack'];

/**
 * `equal`: slots of one size, for fixed. `powers`: W6 in powers of two, for buddy. `stack`: freed last first,
 * for linear.
 */
export type HomeWorkloadName = 'equal' | 'powers' | 'stack';

/** What may vary; the defaults are the published figures' settings. */
export interface WorkloadOptions {
  /** Bytes, any positive integer. Default 256 for W1, W3, W4 and equal, else 16. */
  readonly alignment?: number;
  /**
   * Live ranges of W2 (default 65,536), W6 and powers (100,000), equal (49,152 of 65,536 slots) and stack
   * (10,000).
   */
  readonly live?: number;
  /**
   * How much is timed: operations of W1, W4 and stack (default 1,000,000), free-and-allocate pairs of W2, W6,
   * powers and equal (default 1,000,000), frames of W3 (default 2,000), slots of W5 (default 32,768; pass a
   * multiple of 8).
   */
  readonly steps?: number;
  /** W3 frees a frame's ranges last first. Default false. */
  readonly reverse?: boolean;
  /** Start of the random numbers, a 32-bit integer but 0. Default {@link WORKLOAD_SEED}. */
  readonly seed?: number;
}

/** A recorded program. */
export interface Workload {
  readonly name: WorkloadName | HomeWorkloadName;
  /** Bytes that the allocator should manage. */
  readonly span: number;
  /** Bytes; the alignment of every allocation. */
  readonly alignment: number;
  readonly operations: OperationColumns;
  readonly operationCount: number;
  /** How many of the first operations are the untimed fill. */
  readonly fillCount: number;
  /** Handles that a replay has to keep, at most. */
  readonly slotCount: number;
  /** Allocations that no allocator can serve once the fill lies without gaps: 4,096 in W5, else 0. */
  readonly expectedFailureCount: number;
}

const KIB = 2 ** 10;
const MIB = 2 ** 20;

/** Aligned to 256 unless asked otherwise; the others to 16. */
const COARSE: readonly string[] = ['W1', 'W3', 'W4', 'equal'];

/** Records a workload. O(operations). */
export function makeWorkload(name: WorkloadName | HomeWorkloadName, options: WorkloadOptions = {}): Workload {
  const alignment = options.alignment ?? (COARSE.includes(name) ? 256 : 16);
  const recorder = new OperationRecorder(alignment);
  const random = new XorShift32(options.seed ?? WORKLOAD_SEED);
  const shape = recordNamed(name, recorder, random, options);
  return {
    name,
    span: Math.ceil(shape.span / alignment) * alignment,
    alignment,
    operations: recorder.finish(),
    operationCount: recorder.count,
    fillCount: shape.fillCount,
    slotCount: recorder.slotCount,
    expectedFailureCount: shape.expectedFailureCount ?? 0,
  };
}

interface Shape {
  readonly span: number;
  readonly fillCount: number;
  readonly expectedFailureCount?: number;
}

function recordNamed(
  name: WorkloadName | HomeWorkloadName,
  recorder: OperationRecorder,
  random: XorShift32,
  options: WorkloadOptions,
): Shape {
  const steps = options.steps ?? (name === 'W3' ? 2_000 : name === 'W5' ? 32_768 : 1_000_000);
  switch (name) {
    case 'W1':
      return recordChurn(recorder, random, steps, () => random.logUniform(256, MIB));
    case 'W2':
      return recordSwaps(recorder, random, steps, options.live ?? 65_536, () => random.logUniform(64, 4096));
    case 'W3':
      return recordFrames(recorder, random, steps, options.reverse ?? false);
    case 'W4':
      return recordChurn(recorder, random, steps, () => 256 * 2 ** random.below(13));
    case 'W5':
      return recordCheckerboard(recorder, random, steps);
    case 'W6':
      return recordSwaps(recorder, random, steps, options.live ?? 100_000, () => random.logUniform(16, 1024));
    case 'equal':
      return recordSwaps(recorder, random, steps, options.live ?? 49_152, () => 256);
    case 'powers':
      return recordSwaps(recorder, random, steps, options.live ?? 100_000, () => 16 * 2 ** random.below(7));
    case 'stack':
      return recordStack(recorder, random, steps, options.live ?? 10_000);
  }
}

/**
 * Fill to 75 %; then free a random one and allocate one, between 70 and 80 %, until `steps` operations are
 * done.
 */
function recordChurn(
  recorder: OperationRecorder,
  random: XorShift32,
  steps: number,
  drawSize: () => number,
): Shape {
  const span = 256 * MIB;
  for (let size = drawSize(); recorder.liveBytes + size <= 0.75 * span; size = drawSize()) {
    recorder.allocate(size);
  }
  const fillCount = recorder.count;
  const end = fillCount + steps;
  while (recorder.count < end) {
    const size = drawSize();
    do recorder.freeAt(random.below(recorder.liveCount));
    while (recorder.count < end && recorder.liveBytes + size > 0.8 * span);
    if (recorder.count < end) recorder.allocate(size);
    while (recorder.count < end && recorder.liveBytes < 0.7 * span) recorder.allocate(drawSize());
  }
  return { span, fillCount };
}

/** `live` ranges in a span that they fill to 75 %; then `steps` times free a random one and allocate one. */
function recordSwaps(
  recorder: OperationRecorder,
  random: XorShift32,
  steps: number,
  live: number,
  drawSize: () => number,
): Shape {
  for (let i = 0; i < live; i++) recorder.allocate(drawSize());
  const span = Math.ceil(recorder.liveBytes / 0.75);
  const fillCount = recorder.count;
  for (let i = 0; i < steps; i++) {
    recorder.freeAt(random.below(recorder.liveCount));
    recorder.allocate(drawSize());
  }
  return { span, fillCount };
}

/** 500 ranges a frame, each freed three frames later; the first three frames are the fill. */
function recordFrames(
  recorder: OperationRecorder,
  random: XorShift32,
  frames: number,
  reverse: boolean,
): Shape {
  const inFlight: number[][] = [];
  let fillCount = 0;
  for (let frame = 0; frame < frames; frame++) {
    if (frame < 3) fillCount += 500;
    if (frame >= 3) {
      const oldest = inFlight.shift() as number[];
      recorder.freeAll(reverse ? oldest.reverse() : oldest);
    }
    const slots: number[] = [];
    for (let i = 0; i < 500; i++) slots.push(recorder.allocate(random.logUniform(256, 65_536)));
    inFlight.push(slots);
  }
  return { span: 24 * MIB, fillCount };
}

/** Fill with 4 KiB, free every second, ask in vain for 8 KiB, fill the holes again, free all shuffled. */
function recordCheckerboard(recorder: OperationRecorder, random: XorShift32, count: number): Shape {
  const slots: number[] = [];
  for (let i = 0; i < count; i++) slots.push(recorder.allocate(4 * KIB));
  const fillCount = recorder.count;
  recorder.freeAll(slots.filter((_, i) => i % 2 === 1));
  const vain = recorder.slotCount++;
  for (let i = 0; i < count / 8; i++) recorder.allocateInVain(vain, 8 * KIB);
  for (let i = 0; i < count / 2; i++) recorder.allocate(4 * KIB);
  for (let i = slots.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [slots[i], slots[j]] = [slots[j] as number, slots[i] as number];
  }
  recorder.freeAll(slots);
  return { span: count * 4 * KIB, fillCount, expectedFailureCount: count / 8 };
}

/** `live` ranges, then up to half of them freed last first and as many allocated, over and over. */
function recordStack(recorder: OperationRecorder, random: XorShift32, steps: number, live: number): Shape {
  const most = Math.ceil(live / 2);
  let peakBytes = 0;
  const allocate = (): void => {
    recorder.allocate(random.logUniform(64, 4096));
    peakBytes = Math.max(peakBytes, recorder.liveBytes);
  };
  for (let i = 0; i < live; i++) allocate();
  const fillCount = recorder.count;
  const end = fillCount + steps;
  while (recorder.count < end) {
    const count = Math.min(1 + random.below(most), Math.ceil((end - recorder.count) / 2));
    for (let i = 0; i < count; i++) recorder.freeAt(recorder.liveCount - 1);
    for (let i = 0; i < count && recorder.count < end; i++) allocate();
  }
  return { span: Math.ceil(peakBytes / 0.75), fillCount };
}
