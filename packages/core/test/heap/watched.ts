/** Watched: a promise of which a test knows how far it has come. */

/** Follows one promise. */
export class Watched<T> {
  state: 'open' | 'resolved' | 'rejected' = 'open';
  value: T | undefined;
  error: unknown;
  /** Called when it resolves. */
  onResolved: ((value: T) => void) | undefined;
  /** Settles with the promise, when the callbacks have run; rejects with what they threw. */
  readonly told: Promise<void>;

  /** `onRejected` is called when it rejects. */
  constructor(promise: Promise<T>, onRejected: (error: unknown) => void = () => {}) {
    this.told = promise.then(
      (value) => {
        this.state = 'resolved';
        this.value = value;
        this.onResolved?.(value);
      },
      (error: unknown) => {
        this.state = 'rejected';
        this.error = error;
        onRejected(error);
      },
    );
  }
}

/** Lets everything run that follows from settled promises, so many steps of each chain. */
export async function drain(turns = 50): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}
