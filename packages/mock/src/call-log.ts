/** Call log: what the backends and encoders of one virtual GPU were asked, in order, and how it went. */

/** Every call that is counted, logged and can be made to fail. */
export const CALL_KINDS = [
  'createBuffer',
  'adoptBuffer',
  'destroyBuffer',
  'write',
  'clear',
  'copy',
  'read',
  'map',
  'unmap',
  'signal',
  'whenCompleted',
  'submit',
] as const;

/** One of {@link CALL_KINDS}; `submit` is that of an encoder. */
export type CallKind = (typeof CALL_KINDS)[number];

/** One call. */
export interface MockCall {
  readonly kind: CallKind;
  /** 1 for the first call of all kinds. */
  readonly number: number;
  /** 1 for the first call of this kind. */
  readonly numberOfKind: number;
  /** What was passed: numbers as they came, buffers by their ids. */
  readonly details: Readonly<Record<string, unknown>>;
  /** `done`, or the code of what it threw. */
  readonly outcome: string;
}

/** Counts calls and, if told so, keeps them. */
export class CallLog {
  readonly calls: MockCall[] = [];
  readonly counts: Record<CallKind, number> = {
    createBuffer: 0,
    adoptBuffer: 0,
    destroyBuffer: 0,
    write: 0,
    clear: 0,
    copy: 0,
    read: 0,
    map: 0,
    unmap: 0,
    signal: 0,
    whenCompleted: 0,
    submit: 0,
  };
  /** Calls of all kinds. */
  total = 0;
  private readonly isKept: boolean;

  constructor(isKept: boolean) {
    this.isKept = isKept;
  }

  /** Counts one more call. */
  count(kind: CallKind): void {
    this.total++;
    this.counts[kind]++;
  }

  /** Keeps a call that was counted as number `number` of all and `numberOfKind` of its kind. */
  keep(call: MockCall): void {
    if (this.isKept) this.calls.push(call);
  }
}
