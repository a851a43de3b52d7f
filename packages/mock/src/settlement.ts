/**
 * Settlement: when, and in which order, the promises of the virtual GPU settle.
 *
 * Cost     O(1) a promise; a batch is O(promises that fall due).
 * Promise  deterministic: the same calls settle the same promises in the same order. No rejection is ever
 *          unhandled.
 * Refusal  knows nothing of what is promised: it only holds outcomes back.
 */
import type { SettleOrder, SettleWhen } from './mock-options.ts';

/** A promise whose outcome is given first and settled later. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  /** On whose behalf it was made. */
  readonly owner: object;
  /** Completions that it still has to sit out after its outcome is known. */
  stepsLeft: number;
  /** Runs when it settles, before whoever waits for it. */
  onSettled: (() => void) | undefined;
  private readonly settlement: Settlement;
  private resolveNow: (value: T) => void = () => {};
  private rejectNow: (error: Error) => void = () => {};
  private outcome: (() => void) | undefined;

  constructor(settlement: Settlement, owner: object, stepsLeft: number) {
    this.settlement = settlement;
    this.owner = owner;
    this.stepsLeft = stepsLeft;
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolveNow = resolve;
      this.rejectNow = reject;
    });
    // Whoever asked still sees the rejection; nobody has to ask.
    this.promise.catch(() => {});
  }

  /** The outcome is `value`; only the first outcome counts. */
  resolve(value: T): void {
    this.decide(() => this.resolveNow(value));
  }

  /** The outcome is `error`; only the first outcome counts. */
  reject(error: Error): void {
    this.decide(() => this.rejectNow(error));
  }

  /** Settles with the outcome that was given. */
  fire(): void {
    this.onSettled?.();
    this.outcome?.();
  }

  /** Replaces whatever the outcome was, and settles. */
  abandon(error: Error): void {
    this.outcome = () => this.rejectNow(error);
    this.fire();
  }

  private decide(outcome: () => void): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.settlement.fallDue(this as Deferred<unknown>);
  }
}

/** All promises of one virtual GPU that are not settled. */
export class Settlement {
  private readonly when: SettleWhen;
  private readonly order: SettleOrder;
  private readonly open = new Set<Deferred<unknown>>();
  private due: Deferred<unknown>[] = [];
  private isBatching = false;
  private isOver = false;
  private shuffleState: number;

  constructor(when: SettleWhen, order: SettleOrder) {
    this.when = when;
    this.order = order;
    this.shuffleState = typeof order === 'number' ? order : 0;
  }

  /** Promises that are not settled. */
  get openCount(): number {
    return this.open.size;
  }

  /** A promise that sits out `steps` completions after its outcome is known. */
  make<T>(owner: object, steps = 0): Deferred<T> {
    const deferred = new Deferred<T>(this, owner, steps);
    this.open.add(deferred as Deferred<unknown>);
    return deferred;
  }

  /** Runs one completion; what falls due in it settles together at its end. */
  complete(run: () => void): void {
    for (const deferred of this.due) if (deferred.stepsLeft > 0) deferred.stepsLeft--;
    this.isBatching = true;
    try {
      run();
    } finally {
      this.isBatching = false;
    }
    if (this.when !== 'manual') this.settle();
  }

  /** Settles up to `count` promises that are due. Answers how many. */
  settle(count: number = Number.POSITIVE_INFINITY): number {
    const ready = this.arrange(this.due.filter((deferred) => deferred.stepsLeft === 0));
    const chosen = new Set(ready.slice(0, count));
    this.due = this.due.filter((deferred) => !chosen.has(deferred));
    for (const deferred of chosen) {
      this.open.delete(deferred);
      deferred.fire();
    }
    return chosen.size;
  }

  /** Rejects at once all that is open, or what was made on behalf of `owner`. O(open). */
  abandon(makeError: () => Error, owner?: object): void {
    // Nothing moves any more that could release what is held back.
    if (owner === undefined) this.isOver = true;
    const gone = [...this.open].filter((deferred) => owner === undefined || deferred.owner === owner);
    this.due = this.due.filter((deferred) => owner !== undefined && deferred.owner !== owner);
    for (const deferred of this.arrange(gone)) {
      this.open.delete(deferred);
      deferred.abandon(makeError());
    }
  }

  /** An open deferred has its outcome. */
  fallDue(deferred: Deferred<unknown>): void {
    if (this.isOver) deferred.stepsLeft = 0;
    this.due.push(deferred);
    if (this.isOver || (this.when === 'at-once' && !this.isBatching)) this.settle();
  }

  private arrange<T>(batch: T[]): T[] {
    if (this.order === 'fifo') return batch;
    if (this.order === 'lifo') return batch.reverse();
    for (let left = batch.length; left > 1; left--) {
      const chosen = this.nextRandom() % left;
      [batch[left - 1], batch[chosen]] = [batch[chosen] as T, batch[left - 1] as T];
    }
    return batch;
  }

  /** A linear congruence: the products stay far below 2^53. */
  private nextRandom(): number {
    this.shuffleState = (this.shuffleState * 48_271 + 11) % 2_147_483_647;
    return this.shuffleState;
  }
}
