/**
 * Metamorphic cases: how answers must change when the question changes in a known way, whatever the answers
 * are.
 */
import { digest } from '@gpuheap/core/debug';
import { type Handle, NO_SPACE, type Suballocator } from '@gpuheap/core/ranges';
import { ReferenceSuballocator } from '../oracles/reference-suballocator.ts';
import { scale } from '../scale.ts';
import { XorShift32 } from '../workloads/random.ts';
import type { Checks } from './checks.ts';
import { ALIGNMENTS, type Contract, type ContractCase, programCount, serves } from './contract-case.ts';
import { type Operation, type Program, perform } from './operations.ts';
import { type Trial, tryPrograms } from './program-trial.ts';
import { makeWitness, type Witness } from './witness.ts';

const LENGTH = 100;
/** No span holds it. */
const HUGE = Number.MAX_SAFE_INTEGER;

/** Relations between two runs. */
export function metamorphicCases(contract: Contract): ContractCase[] {
  const { mergesNeighbours, exact, exactSizes } = contract.capabilities;
  const relation = (group: string, judge: Trial['judge']): ContractCase => {
    const seeds = programCount(contract, scale(40, 500), 5);
    const trial = { contract, group, seeds, length: LENGTH, judge };
    return { group, name: `on ${seeds} programs`, run: (check) => tryPrograms(trial, check) };
  };
  return [
    relation('placed alike when asked alike', judgeTwice(contract)),
    relation('a refused call leaves no trace', judgeDisturbed(contract)),
    relation('scaled sizes give scaled offsets', judgeScaled(contract)),
    ...(mergesNeighbours ? [relation('the order of frees does not matter', judgeOrders(contract))] : []),
    ...(exact && exactSizes ? [relation('accepts what the reference accepts', judgeBeside(contract))] : []),
  ];
}

function run(contract: Contract, program: Program, check: Checks): Witness {
  const { capacity, granularity, operations } = program;
  const witness = makeWitness(contract, { capacity, granularity }, check);
  witness.unwatched(() => {
    for (const operation of operations) perform(witness, operation);
  });
  return witness;
}

function judgeTwice(contract: Contract): Trial['judge'] {
  return (program, check) => {
    const first = run(contract, program, check);
    const second = run(contract, program, check);
    check.same(digest(second.subject), digest(first.subject), 'The digest of the second run');
  };
}

/** Refusals and questions come between the operations: placement must not notice. */
function judgeDisturbed(contract: Contract): Trial['judge'] {
  return (program, check) => {
    const { capacity, granularity } = program;
    const once = run(contract, program, check);
    const disturbed = makeWitness(contract, { capacity, granularity }, check);
    disturbed.unwatched(() => {
      for (const operation of program.operations) {
        disturbed.subject.allocate(HUGE);
        disturbed.subject.allocateMany([{ size: HUGE }]);
        disturbed.subject.largestAllocatable();
        disturbed.subject.statistics();
        disturbed.subject.serialize();
        perform(disturbed, operation);
      }
    });
    check.same(digest(disturbed.subject), digest(once.subject), 'The digest after further refusals');
  };
}

function judgeScaled(contract: Contract): Trial['judge'] {
  return (program, check) => {
    for (const factor of [3, 256]) {
      if (program.capacity * factor > Number.MAX_SAFE_INTEGER) continue;
      const plain = run(contract, program, check).subject;
      const scaled = run(contract, scaledProgram(program, factor), check).subject;
      check.same(layoutOf(scaled, factor), layoutOf(plain, 1), `The layout of sizes times ${factor}`);
    }
  };
}

function scaledProgram({ capacity, granularity, operations }: Program, factor: number): Program {
  const scaled = operations.map((operation): Operation => {
    const size = 'size' in operation ? { size: times(operation.size, factor) } : {};
    const alignment = 'alignment' in operation ? { alignment: operation.alignment * factor } : {};
    if (operation.act !== 'allocate many') return { ...operation, ...size, ...alignment };
    const requests = operation.requests.map((each) => ({
      size: times(each.size, factor),
      alignment: each.alignment * factor,
    }));
    return { ...operation, requests };
  });
  return {
    capacity: capacity * factor,
    granularity: granularity * factor,
    // Bad calls are another matter.
    operations: scaled.filter(({ act }) => act !== 'bad call'),
  };
}

/** What is too large anyway stays a size. */
function times(size: number, factor: number): number {
  return Math.min(size * factor, Number.MAX_SAFE_INTEGER);
}

/** The ranges, and the figures that are counts, in a scale. */
function layoutOf(subject: Suballocator, factor: number): string {
  const { liveCount, holeCount, splitCount, allocationCount } = subject.statistics();
  const ranges = [...subject.ranges()].map(
    ({ offset, size, handle }) => `${handle === NO_SPACE ? '-' : ''}${offset / factor}+${size / factor}`,
  );
  return [...ranges, liveCount, holeCount, splitCount, allocationCount].join(' ');
}

function judgeOrders(contract: Contract): Trial['judge'] {
  return (program, check) => {
    const origin = run(contract, program, check);
    const random = new XorShift32(program.operations.length + program.capacity);
    const doomed = origin.live.filter(() => random.below(2) === 0).map(({ handle }) => handle);
    const layouts = new Set<string>();
    for (let order = 0; order < 6; order++) {
      const twin = origin.twin();
      for (const handle of shuffled(doomed, random)) twin.free(handle);
      layouts.add(
        [...twin.ranges()].map(({ offset, size, handle }) => `${offset}+${size}/${handle}`).join(' '),
      );
    }
    check.same(layouts.size, 1, `Number of layouts after freeing ${doomed.length} ranges in six orders`);
  };
}

function shuffled(handles: readonly Handle[], random: XorShift32): Handle[] {
  const left = [...handles];
  return handles.map(() => left.splice(random.below(left.length), 1)[0] as Handle);
}

/** The reference is brought to the same layout, and both are asked the same. */
function judgeBeside(contract: Contract): Trial['judge'] {
  return (program, check) => {
    const origin = run(contract, program, check);
    const { granularity } = origin.subject;
    const [first, ...others] = origin.books.regions;
    if (first === undefined || first.offset !== 0) return;
    const reference = new ReferenceSuballocator({ capacity: first.size, granularity });
    for (const { offset, size } of others) reference.track(offset, size);
    for (const { offset, size } of origin.books.byOffset) reference.allocateAt(offset, size);
    const random = new XorShift32(program.operations.length + program.capacity);
    for (const alignment of ALIGNMENTS) {
      if (!serves(origin.subject, alignment)) continue;
      const largest = reference.largestAllocatable(alignment);
      check.same(origin.subject.largestAllocatable(alignment), largest, `largestAllocatable(${alignment})`);
      const sizes = [
        largest,
        largest + 1,
        largest + granularity,
        1 + random.below(2 * granularity + largest),
      ];
      for (const size of sizes) {
        if (!Number.isSafeInteger(size) || size < 1) continue;
        const isServed = origin.twin().allocate(size, alignment) !== NO_SPACE;
        check.same(isServed, size <= largest, `Whether allocate(${size}, ${alignment}) is served`);
      }
    }
  };
}
