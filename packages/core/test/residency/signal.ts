/** Signal: what a platform's `AbortSignal` is, with a count of who listens. */

/** A signal that a test aborts. */
export class Signal {
  aborted = false;
  readonly reason: unknown = new Error('had enough');
  private readonly listeners = new Set<() => void>();

  addEventListener(_: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }

  abort(): void {
    this.aborted = true;
    for (const listener of [...this.listeners]) listener();
  }

  get listenerCount(): number {
    return this.listeners.size;
  }
}
