/**
 * Turns: jobs that take time and must not run beside one another.
 *
 * Cost     O(1) a job.
 * Promise  jobs run one after the other, in the order in which they came, whatever becomes of those before.
 */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();
  private count = 0;

  /** Whether a job runs or waits. */
  get isBusy(): boolean {
    return this.count > 0;
  }

  /** Runs `job` when those before it have ended, at once when there are none; settles as it does. */
  take<T>(job: () => Promise<T>): Promise<T> {
    const isFree = this.count === 0;
    this.count++;
    const made = (isFree ? job() : this.last.then(job)).finally(() => {
      this.count--;
    });
    this.last = made.catch(() => {});
    return made;
  }
}
