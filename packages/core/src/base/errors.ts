/**
 * Typed errors: whose fault it is is the class, what happened is the code.
 *
 * Promise  every code has a heading in `docs/errors.md`; a failed call has changed nothing.
 * Refusal  carries no words of any graphics API: what a backend said arrives as `cause`.
 */

/** The caller broke a rule. Nothing has changed; mend the call. */
export type UsageCode =
  | 'bad-argument'
  | 'unknown-option'
  | 'bad-size'
  | 'bad-alignment'
  | 'bad-granularity'
  | 'bad-capacity'
  | 'bad-offset'
  | 'bad-region'
  | 'bad-state'
  | 'bad-usage'
  | 'bad-data'
  | 'bad-handle'
  | 'stale-handle'
  | 'misaligned'
  | 'out-of-bounds'
  | 'too-large'
  | 'same-buffer'
  | 'not-readable'
  | 'foreign-object'
  | 'dead-buffer'
  | 'mapped-buffer'
  | 'not-mapped'
  | 'dead-allocation'
  | 'disposed'
  | 'part-of-block'
  | 'not-movable'
  | 'not-resident'
  | 'not-restored'
  | 'pool-in-use'
  | 'token-ended'
  | 'scope-conflict'
  | 'no-memory-type'
  | 'unbalanced-scope';

/** There was no room. Expected in long-running programs; carries what is needed to decide. */
export type OutOfMemoryCode = 'over-budget' | 'pool-full' | 'refused-by-device';

/**
 * What would help: call `endFrame()` or `submitted()`; wait for the GPU, as `allocateAsync` does; let it
 * evict what must be read back first; free something; free something or raise the budget; the same with the
 * limits of the pool.
 */
export type Remedy = 'end-frame' | 'wait' | 'evict' | 'free' | 'raise-budget' | 'raise-pool-limit';

/** The device, or the way to one, failed. */
export type BackendCode = 'device-lost' | 'backend-failed' | 'no-adapter';

/** We broke a promise of our own. */
export type InvariantCode = 'invariant-broken';

/** Every code that an error of this project can carry. */
export type ErrorCode = UsageCode | OutOfMemoryCode | BackendCode | InvariantCode;

/** Common base: catch this to catch everything that gpuheap throws on purpose. */
export class GpuMemoryError extends Error {
  /** Stable, documented in `docs/errors.md`. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(`${message} [${code}]`, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The caller's mistake: bad argument, dead handle, broken order of calls. */
export class UsageError extends GpuMemoryError {
  declare readonly code: UsageCode;

  constructor(code: UsageCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

/** Figures behind an {@link OutOfMemoryError}, all in bytes. */
export interface OutOfMemoryFigures {
  /** What was asked for. */
  readonly requestedBytes: number;
  /** The largest request that a chunk of the same pool could have served. */
  readonly largestFreeBytes: number;
  /** Free bytes in all chunks of the same pool. */
  readonly freeBytes: number;
  /** Released, but the GPU may still use them. */
  readonly pendingBytes: number;
  /** Bytes held from the backend, chunks, dedicated buffers and staging together. */
  readonly reservedBytes: number;
  /** The budget; Infinity when none was set. */
  readonly budgetBytes: number;
}

/** What the live allocations of one owner hold, in bytes. */
export interface OwnerBytes {
  readonly owner: string;
  readonly usedBytes: number;
}

const REMEDIES: Record<OutOfMemoryCode, Remedy> = {
  'over-budget': 'raise-budget',
  'pool-full': 'raise-pool-limit',
  'refused-by-device': 'free',
};

/** No room: neither in what is held, nor within the budget, nor from the device. */
export class OutOfMemoryError extends GpuMemoryError {
  declare readonly code: OutOfMemoryCode;
  readonly figures: OutOfMemoryFigures;
  /** What would make room for the same request. */
  readonly remedy: Remedy;
  /** The owners that hold the most, largest first, as far as requests have named any. */
  readonly owners: readonly OwnerBytes[];

  constructor(
    code: OutOfMemoryCode,
    message: string,
    figures: OutOfMemoryFigures,
    options?: { cause?: unknown; remedy?: Remedy; owners?: readonly OwnerBytes[] },
  ) {
    super(code, message, options);
    this.figures = figures;
    this.owners = options?.owners ?? [];
    this.remedy = options?.remedy ?? REMEDIES[code];
  }
}

/** The device is lost, could not be had, or failed in a way that is nobody's misuse. */
export class BackendError extends GpuMemoryError {
  declare readonly code: BackendCode;

  constructor(code: BackendCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

/** A bug of ours. Please report it with the snapshot. */
export class InvariantError extends GpuMemoryError {
  declare readonly code: InvariantCode;

  constructor(message: string, options?: { cause?: unknown }) {
    super('invariant-broken', message, options);
  }
}
