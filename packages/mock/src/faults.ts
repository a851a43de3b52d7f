/**
 * Faults: what the virtual GPU is told to break, and at which call.
 *
 * Promise  a fault strikes at the call it names and at no other; the broken call has changed nothing.
 * Refusal  a call that is over can not be broken: asking for it is refused.
 */
import { checkInteger, checkOneOf, checkOptions, show } from '@gpuheap/core/backend';
import { UsageError } from '@gpuheap/core/errors';
import { CALL_KINDS, type CallKind, type CallLog } from './call-log.ts';

/** What answers a promise, and so can fail late. */
const PROMISING: readonly unknown[] = ['createBuffer', 'read', 'map', 'whenCompleted'];

/** Which creations are refused, by one of the three, and how. */
export interface CreationRefusal {
  /** The creation with this number, counted from 1 since the GPU was made. */
  readonly atCall?: number;
  /** Every creation from now on. */
  readonly every?: boolean;
  /** Every creation of more bytes than this. */
  readonly sizeAbove?: number;
  /** `now`: `createBuffer` throws. `late`: the buffer comes, and its `settled` rejects. Default `late`. */
  readonly when?: 'now' | 'late';
}

/** How a call is told to fail. */
export interface CallFailure {
  /** Which kind is counted. Default: calls of all kinds together. */
  readonly kind?: CallKind;
  /** `now`: the call throws. `late`: the promise that it answers rejects. Default `now`. */
  readonly when?: 'now' | 'late';
}

interface Strike {
  readonly effect: 'lose' | 'fail-now' | 'fail-late' | 'delay';
  readonly kind: CallKind | undefined;
  readonly atCall: number;
  readonly steps: number;
}

/** What strikes one call. */
export interface StruckCall {
  readonly isLost: boolean;
  readonly failure: 'now' | 'late' | undefined;
  /** Completions by which its outcome is late. */
  readonly delaySteps: number;
}

/** The faults of one virtual GPU. */
export class Faults {
  private readonly log: CallLog;
  private refusals: CreationRefusal[] = [];
  private strikes: Strike[] = [];

  constructor(log: CallLog) {
    this.log = log;
  }

  /**
   * Refuses creations, as a device without memory does. @throws UsageError `bad-argument`, `unknown-option`
   */
  refuseCreation(refusal: CreationRefusal): void {
    checkOptions(refusal, 'refusal', ['atCall', 'every', 'sizeAbove', 'when']);
    const { atCall, every, sizeAbove, when = 'late' } = refusal;
    checkOneOf(when, 'when', ['now', 'late']);
    const ways = [atCall, every, sizeAbove].filter((way) => way !== undefined).length;
    if (ways !== 1 || (every !== undefined && every !== true)) {
      throw new UsageError(
        'bad-argument',
        'refusal names no creation; pass one of atCall, every: true, sizeAbove',
      );
    }
    if (atCall !== undefined) this.checkFuture(atCall, 'createBuffer');
    if (sizeAbove !== undefined) {
      checkInteger(sizeAbove, 'sizeAbove', 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
    }
    this.refusals.push({ ...refusal, when });
  }

  /**
   * Loses the device when call number `atCall` (of a kind, or of all) is made.
   * @throws UsageError `bad-argument`
   */
  loseAtCall(atCall: number, kind?: CallKind): void {
    this.addStrike('lose', atCall, kind, 0);
  }

  /**
   * Makes call number `atCall` fail with `backend-failed`. Only what answers a promise (`createBuffer`,
   * `read`, `map`, `whenCompleted`) can fail late. @throws UsageError `bad-argument`, `unknown-option`
   */
  failAtCall(atCall: number, failure: CallFailure = {}): void {
    checkOptions(failure, 'failure', ['kind', 'when']);
    const { kind, when = 'now' } = failure;
    checkOneOf(when, 'when', ['now', 'late']);
    if (when === 'late' && !PROMISING.includes(kind)) {
      throw new UsageError('bad-argument', `kind is ${show(kind)}; what fails late must answer a promise`);
    }
    this.addStrike(when === 'now' ? 'fail-now' : 'fail-late', atCall, kind, 0);
  }

  /**
   * Makes the outcome of call number `atCall` late by `steps` completions: of its promise, or, for `signal`,
   * of the fence.
   * @throws UsageError `bad-argument`
   */
  delayAtCall(atCall: number, steps: number, kind?: CallKind): void {
    checkInteger(steps, 'steps', 1, Number.MAX_SAFE_INTEGER, 'bad-argument');
    this.addStrike('delay', atCall, kind, steps);
  }

  /** Forgets all faults that have not struck yet. */
  clear(): void {
    this.refusals = [];
    this.strikes = [];
  }

  /** What strikes the call that was just counted. */
  strike(kind: CallKind): StruckCall {
    let isLost = false;
    let failure: StruckCall['failure'];
    let delaySteps = 0;
    for (const strike of this.strikes) {
      if (strike.kind !== undefined && strike.kind !== kind) continue;
      if (strike.atCall !== this.callNumber(strike.kind)) continue;
      if (strike.effect === 'lose') isLost = true;
      else if (strike.effect === 'delay') delaySteps += strike.steps;
      else failure = strike.effect === 'fail-now' ? 'now' : 'late';
    }
    return { isLost, failure, delaySteps };
  }

  /** How the creation that was just counted is refused, if it is. */
  creationRefusal(sizeBytes: number): 'now' | 'late' | undefined {
    const number = this.log.counts.createBuffer;
    return this.refusals.find(
      ({ atCall, every, sizeAbove }) =>
        every === true || atCall === number || (sizeAbove !== undefined && sizeBytes > sizeAbove),
    )?.when;
  }

  private addStrike(
    effect: Strike['effect'],
    atCall: number,
    kind: CallKind | undefined,
    steps: number,
  ): void {
    if (kind !== undefined) checkOneOf(kind, 'kind', CALL_KINDS);
    this.checkFuture(atCall, kind);
    this.strikes.push({ effect, kind, atCall, steps });
  }

  private checkFuture(atCall: number, kind: CallKind | undefined): void {
    const next = this.callNumber(kind) + 1;
    checkInteger(atCall, 'atCall', next, Number.MAX_SAFE_INTEGER, 'bad-argument');
  }

  private callNumber(kind: CallKind | undefined): number {
    return kind === undefined ? this.log.total : this.log.counts[kind];
  }
}
