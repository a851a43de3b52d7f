/**
 * Endings: what waits for a device that may stand still, and must not wait longer than its heap lives.
 *
 * Cost     O(1) each, and nothing stays behind of what has settled.
 */
export class Endings {
  private readonly waiting = new Set<() => void>();

  /** As `promise`, but resolves at the latest when all is ended. */
  until(promise: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.waiting.delete(end);
        resolve();
      };
      this.waiting.add(end);
      promise.then(end, (error: unknown) => {
        this.waiting.delete(end);
        reject(error);
      });
    });
  }

  /** Nobody waits any more. */
  end(): void {
    for (const end of this.waiting) end();
  }
}
