/**
 * Exhaustive cases: every sequence of a few operations on a span of 16 units, with every invariant checked.
 *
 * Cost     the sequences of one alphabet: (operations that can follow)^depth.
 * Promise  each sequence is run from the start on a fresh subject and checked after its last operation; its
 *          beginnings are sequences of their own. A subject whose last operation was refused is as good as
 *          one that never heard of it, and goes on to the next sequence.
 */
import { scale } from '../scale.ts';
import { type Alphabet, alphabetsOf, inUnits } from './alphabets.ts';
import type { Checks } from './checks.ts';
import { type Contract, type ContractCase, servedAlignments } from './contract-case.ts';
import { type Operation, type Program, perform } from './operations.ts';
import { makeQuickOracles } from './oracle-panel.ts';
import { reportOn } from './program-trial.ts';
import { judgeUnder } from './random-cases.ts';
import { Witness } from './witness.ts';

const group = 'exhaustive small scope';
const UNITS = 16;

/** Every sequence of every alphabet; those of allocate and free once more in coarse units. */
export function exhaustiveCases(contract: Contract): ContractCase[] {
  return alphabetsOf(contract).flatMap((alphabet) => {
    const depth = Math.max(2, alphabet.depth - contract.shorterBy);
    const isFirst = alphabet.name === 'allocate and free';
    return [
      exhaustiveCase(contract, alphabet, depth, 1),
      ...(isFirst ? [exhaustiveCase(contract, alphabet, Math.max(2, depth - 2), 36)] : []),
    ];
  });
}

function exhaustiveCase(
  contract: Contract,
  alphabet: Alphabet,
  depth: number,
  granularity: number,
): ContractCase {
  const name = `${alphabet.name}, every sequence of ${depth}, units of ${granularity}`;
  return {
    group,
    name,
    run: (check) => {
      const tree = new SequenceTree(contract, alphabet, granularity, check, name);
      tree.explore([], depth);
      if (tree.sequenceCount <= 1) check.fail('No sequence was tried.');
    },
  };
}

class SequenceTree {
  sequenceCount = 0;
  private readonly contract: Contract;
  private readonly alphabet: Alphabet;
  private readonly granularity: number;
  private readonly check: Checks;
  private readonly name: string;
  private readonly always: readonly Operation[];

  constructor(contract: Contract, alphabet: Alphabet, granularity: number, check: Checks, name: string) {
    this.contract = contract;
    this.alphabet = alphabet;
    this.granularity = granularity;
    this.check = check;
    this.name = name;
    const served = servedAlignments(
      contract,
      granularity,
      [1, 2, 4, 8].map((units) => units * granularity),
    );
    this.always = alphabet.always
      .map((operation) => inUnits(operation, granularity))
      .filter((operation) => alignmentsOf(operation).every((alignment) => served.includes(alignment)));
  }

  /** Tries everything that can follow the operations already done, `depth` deep. */
  explore(done: readonly Operation[], depth: number): void {
    let witness: Witness | undefined;
    // What this very subject was asked, refusals included.
    let asked = done;
    let following: readonly Operation[] | undefined;
    for (let i = 0; following === undefined || i < following.length; i++) {
      if (witness === undefined) {
        witness = this.follow(done);
        asked = done;
      }
      following ??= this.followersOf(witness);
      const last = following[i] as Operation;
      asked = [...asked, last];
      const before = witness.books.changeCount;
      this.perform(witness, asked);
      this.sequenceCount++;
      const isUnchanged =
        witness.books.changeCount === before && last.act !== 'restore' && last.act !== 'mark';
      if (!isUnchanged) witness = undefined;
      if (depth > 1) this.explore([...done, last], depth - 1);
    }
  }

  /** A fresh subject after these operations. */
  private follow(done: readonly Operation[]): Witness {
    const { contract, granularity } = this;
    const subject = contract.make({ capacity: UNITS * granularity, granularity });
    const witness = new Witness(contract, subject, this.check, { makePanel: makeQuickOracles });
    let at = -1;
    try {
      witness.unwatched(() => {
        for (at = 0; at < done.length; at++) perform(witness, done[at] as Operation);
      });
    } catch (error) {
      this.report(done.slice(0, at + 1), error);
    }
    return witness;
  }

  private perform(witness: Witness, asked: readonly Operation[]): void {
    try {
      perform(witness, asked.at(-1) as Operation);
    } catch (error) {
      this.report(asked, error);
    }
  }

  private followersOf({ live, books }: Witness): readonly Operation[] {
    const { perLive, perMark, perRegion } = this.alphabet;
    const each = (count: number, make: ((pick: number) => readonly Operation[]) | undefined): Operation[] => {
      if (make === undefined) return [];
      return Array.from({ length: count }, (_, pick) => make(pick)).flat();
    };
    return [
      ...this.always,
      ...each(live.length, perLive).map((operation) => inUnits(operation, this.granularity)),
      ...each(books.marks.length, perMark),
      ...each(books.regions.length, perRegion),
    ];
  }

  /** Throws what was found, with as few operations as still show it. */
  private report(operations: readonly Operation[], error: unknown): never {
    const { contract, granularity, name } = this;
    const program: Program = { capacity: UNITS * granularity, granularity, operations };
    const message = error instanceof Error ? error.message : String(error);
    const deep = scale(0, 1) === 1 ? 'GPUHEAP_DEEP=1 ' : '';
    const command = `${deep}npx vitest run --project unit -t '${contract.name}.*${group}: ${this.alphabet.name}'`;
    const failure = { at: operations.length - 1, message, error };
    throw reportOn({ contract, judge: judgeUnder(contract) }, name, program, failure, command);
  }
}

function alignmentsOf(operation: Operation): number[] {
  if (operation.act === 'allocate many') return operation.requests.map(({ alignment }) => alignment);
  return 'alignment' in operation ? [operation.alignment] : [];
}
