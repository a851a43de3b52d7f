/**
 * Observer: looks at a suballocator after every change, and compares what it shows with its own books and
 * with the oracles. The base of the witness, who makes the changes.
 *
 * Cost     O(ranges) a look.
 * Promise  throws ContractViolation at the first look at which they differ.
 */
import { digest, validate } from '@gpuheap/core/debug';
import type { Handle, Suballocator } from '@gpuheap/core/ranges';
import type { SpaceOracle } from '../oracles/space-oracle.ts';
import { Books, type KnownRange } from './books.ts';
import { type Checks, type Text, textFrom } from './checks.ts';
import { Completeness } from './completeness.ts';
import type { Contract } from './contract-case.ts';
import { isSmall, type MakePanel, makeOracles } from './oracle-panel.ts';
import { ShownState } from './state.ts';
import { countsSplits, verifyOracles, verifyShown } from './verification.ts';

/** How often the oracles' whole free space is compared; every change of theirs is checked anyway. */
const ORACLE_PERIOD = 16;

/** What a witness may be given beside its subject. */
export interface WitnessOptions {
  /** What it knows about a subject that is not new. */
  readonly books?: Books;
  /** The oracles that it asks. Default: all that suit the span. */
  readonly makePanel?: MakePanel;
}

/** See the head of the file. */
export class Observer {
  subject: Suballocator;
  readonly books: Books;
  protected readonly contract: Contract;
  protected readonly check: Checks;
  protected readonly completeness: Completeness;
  private readonly makePanel: MakePanel;
  /** Undefined while it would lag behind the books. */
  protected panel: readonly SpaceOracle[] | undefined;
  protected readonly shown: ShownState;
  protected watching = true;
  /** Splits and merges are taken from the subject the next time: they could not be told from outside. */
  protected trusting = false;
  private verifications = 0;
  /** What was restored from, and how it must stay. */
  protected abandoned: { readonly subject: Suballocator; readonly digest: string } | undefined;

  /** A witness of a new subject, or, with `books`, of one that they tell about. Begin with `verify`. */
  constructor(contract: Contract, subject: Suballocator, check: Checks, more: WitnessOptions = {}) {
    this.contract = contract;
    this.subject = subject;
    this.check = check;
    this.books = more.books ?? new Books(subject.capacity, subject.granularity);
    this.makePanel = more.makePanel ?? makeOracles;
    this.completeness = new Completeness(contract, check);
    this.shown = new ShownState(subject);
  }

  /**
   * Runs `act` without checks in between. What came of it is checked by the next operation, but splits and
   * merges.
   */
  unwatched(act: () => void): void {
    this.watching = false;
    act();
    this.watching = true;
    this.panel = undefined;
    this.shown.read(this.subject);
    this.books.splitCount = this.shown.statistics.splitCount;
    this.books.mergeCount = this.shown.statistics.mergeCount;
  }

  /** What `restore` makes of the serialized subject. */
  twin(): Suballocator {
    return this.contract.restore(this.subject.serialize());
  }

  /** Checks all invariants now. */
  verify(call: string): void {
    if (!this.watching) return;
    const { subject, shown, books } = this;
    const check: Checks = this.check;
    shown.read(subject);
    if (this.trusting || !countsSplits(subject)) this.trustCounts(call);
    verifyShown(subject, shown, books, check, call);
    if (this.verifications++ % ORACLE_PERIOD === 0) verifyOracles(this.oracles(), books, check, call);
    const violations = validate(subject);
    check.that(violations.length === 0, () => `After ${call}: ${violations.join(' ')}`);
    if (this.abandoned === undefined) return;
    check.same(
      digest(this.abandoned.subject),
      this.abandoned.digest,
      `What was restored from, after ${call},`,
    );
    this.abandoned = undefined;
  }

  /** Takes a new range into the books. */
  protected noteRange(call: string, handle: Handle, size: number, alignment: number): void {
    const { subject, books } = this;
    const check: Checks = this.check;
    if (!(Number.isSafeInteger(handle) && handle > 0)) check.fail(`${call} answered ${String(handle)}.`);
    if (books.given.has(handle)) check.fail(`${call} answered handle ${handle} a second time.`);
    const offset = subject.offsetOf(handle);
    const reserved = subject.sizeOf(handle);
    this.completeness.checkReserved(call, subject, size, reserved);
    if (offset % alignment !== 0) check.fail(`${call} answered offset ${offset}, which is not aligned.`);
    this.tell(call, (oracle) => oracle.take(offset, reserved));
    if (this.watching && countsSplits(subject)) {
      const { start, end } = books.gapAround(offset);
      books.splitCount += (start < offset ? 1 : 0) + (offset + reserved < end ? 1 : 0);
    }
    books.begin(handle, offset, reserved, size);
  }

  /** Takes a range that has ended out of the books. */
  protected noteEnd(range: KnownRange, call: string): void {
    const { offset, size } = range;
    if (this.watching && countsSplits(this.subject)) {
      const { start, end } = this.books.gapAround(offset);
      this.books.mergeCount += (start < offset ? 1 : 0) + (offset + size < end ? 1 : 0);
    }
    this.tell(call, (oracle) => oracle.give(offset, size));
    this.books.end(range);
  }

  protected noteOpen(call: string, offset: number, size: number, asMore: boolean): void {
    if (isSmall(offset + size, this.books)) this.tell(call, (oracle) => oracle.open(offset, size, asMore));
    else this.panel = undefined; // One of them could not follow.
    this.books.open(offset, size, asMore);
    this.trusting = true;
    this.verify(call);
  }

  protected noteClose(call: string, offset: number, size: number): void {
    this.tell(call, (oracle) => oracle.close(offset, size));
    this.books.close(offset, size);
    this.trusting = true;
    this.verify(call);
  }

  /** Takes splits and merges from the subject, where they can not be told from outside. */
  private trustCounts(call: string): void {
    const { splitCount, mergeCount } = this.shown.statistics;
    const { books } = this;
    const check: Checks = this.check;
    check.that(splitCount >= books.splitCount, () => `${call} has lowered splitCount to ${splitCount}.`);
    check.that(mergeCount >= books.mergeCount, () => `${call} has lowered mergeCount to ${mergeCount}.`);
    books.splitCount = splitCount;
    books.mergeCount = mergeCount;
    this.trusting = false;
  }

  protected unchanged(call: Text): void {
    if (!this.watching) return;
    this.check.count++;
    const difference = this.shown.differenceTo(this.subject);
    if (difference !== undefined)
      this.check.fail(`${textFrom(call)} should change nothing, but ${difference}.`);
  }

  /** Tells every oracle what has happened, and throws when one complains. */
  protected tell(call: string, act: (oracle: SpaceOracle) => string | undefined): void {
    if (!this.watching) return;
    for (const oracle of this.oracles()) {
      const complaint = act(oracle);
      this.check.count++;
      if (complaint !== undefined) this.check.fail(`${call}: ${complaint}, says the ${oracle.name}.`);
    }
  }

  protected oracles(): readonly SpaceOracle[] {
    this.panel ??= this.makePanel(this.books);
    return this.panel;
  }
}
