/**
 * Exhaustive cases: every sequence of a few operations on a span of 16 units, with every invariant checked.
 *
 * Cost     about 8^depth sequences.
 * Promise  each sequence is run from the start on a fresh subject and checked after its last operation; its
 *          beginnings are sequences of their own.
 */
import { scale } from '../scale.ts';
import { type Checks, ContractViolation } from './checks.ts';
import {
  type ContractCase,
  type ContractOptions,
  type MakeSuballocator,
  makeWitness,
  serves,
} from './contract-case.ts';
import { type Operation, perform, textOf } from './operations.ts';

const UNITS = 16;

/** Size and alignment in units: a unit, odd sizes that must be aligned, a half, the whole. */
const REQUESTS: readonly (readonly [number, number])[] = [
  [1, 1],
  [2, 4],
  [3, 1],
  [5, 4],
  [8, 1],
  [16, 1],
];

/** Every sequence to a depth. */
export function exhaustiveCases(make: MakeSuballocator, options: ContractOptions): ContractCase[] {
  const depth = options.depth ?? scale(5, 7);
  return [1, 36].map((granularity) => ({
    group: 'exhaustive small scope',
    name: `every sequence of ${depth - (granularity === 1 ? 0 : 2)} operations, units of ${granularity}`,
    run: (check: Checks) => {
      const tree = new SequenceTree(make, granularity, check);
      tree.explore([], depth - (granularity === 1 ? 0 : 2));
      check.that(tree.sequenceCount > 1, 'No sequence was tried.');
    },
  }));
}

class SequenceTree {
  sequenceCount = 0;
  private readonly make: MakeSuballocator;
  private readonly granularity: number;
  private readonly check: Checks;
  private readonly requests: Operation[];

  constructor(make: MakeSuballocator, granularity: number, check: Checks) {
    this.make = make;
    this.granularity = granularity;
    this.check = check;
    const sample = make({ capacity: granularity, granularity });
    this.requests = REQUESTS.map(([size, alignment]) => ({
      act: 'allocate' as const,
      size: size * granularity,
      alignment: alignment * granularity,
    })).filter(({ alignment }) => serves(sample, alignment));
  }

  /** Tries everything that can follow the operations already done, `depth` deep. */
  explore(done: readonly Operation[], depth: number): void {
    if (depth === 0) return;
    const liveCount = this.follow(done, { act: 'reset' }, depth);
    for (const request of this.requests) this.follow(done, request, depth);
    for (let pick = 0; pick < liveCount; pick++) this.follow(done, { act: 'free', pick }, depth);
  }

  /** Answers how many ranges were live before the last operation. */
  private follow(done: readonly Operation[], last: Operation, depth: number): number {
    const sequence = [...done, last];
    const liveCount = this.runSequence(done, last);
    this.sequenceCount++;
    this.explore(sequence, depth - 1);
    return liveCount;
  }

  private runSequence(done: readonly Operation[], last: Operation): number {
    const { granularity } = this;
    try {
      const witness = makeWitness(this.make, { capacity: UNITS * granularity, granularity }, this.check);
      witness.unwatched(() => {
        for (const operation of done) perform(witness, operation);
      });
      const liveCount = witness.live.length;
      perform(witness, last);
      return liveCount;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const lines = [...done, last].map((operation) => `  ${textOf(operation)}`);
      const span = `{ capacity: ${UNITS * granularity}, granularity: ${granularity} }`;
      throw new ContractViolation(`${message}\nsequence on ${span}:\n${lines.join('\n')}`, { cause: error });
    }
  }
}
