/** Event loop: the one thing of the host that the suite needs, in Node and in a page. */

const host = globalThis as unknown as { setTimeout(run: () => void, milliseconds: number): unknown };

/** Resolves in a later turn of the event loop, when everything that was due before has run. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    host.setTimeout(resolve, 0);
  });
}
