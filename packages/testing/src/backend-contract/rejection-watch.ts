/**
 * Rejection watch: sees promises that were rejected and that nobody handled, in Node and in a page.
 *
 * Refusal  beside it the host does what it always does: a test framework that fails on unhandled rejections
 *          still does.
 */
import { nextTurn } from './event-loop.ts';

interface Host {
  process?: {
    on(name: 'unhandledRejection', listener: (reason: unknown) => void): void;
    off(name: 'unhandledRejection', listener: (reason: unknown) => void): void;
  };
  addEventListener?(name: 'unhandledrejection', listener: (event: { reason: unknown }) => void): void;
  removeEventListener?(name: 'unhandledrejection', listener: (event: { reason: unknown }) => void): void;
}

const host = globalThis as unknown as Host;

/** Runs `body` and answers the reasons of the rejections that nobody handled meanwhile. */
export async function watchRejections(body: () => Promise<void>): Promise<readonly unknown[]> {
  const reasons: unknown[] = [];
  const note = (reason: unknown): void => {
    reasons.push(reason);
  };
  const noteEvent = (event: { reason: unknown }): void => note(event.reason);
  // In Node a page's event exists too, but only for what is dispatched by hand.
  if (host.process !== undefined) host.process.on('unhandledRejection', note);
  else host.addEventListener?.('unhandledrejection', noteEvent);
  try {
    await body();
    // A host tells of a rejection when its microtasks are done: two turns of the event loop later it has.
    await nextTurn();
    await nextTurn();
  } finally {
    host.process?.off('unhandledRejection', note);
    host.removeEventListener?.('unhandledrejection', noteEvent);
  }
  return reasons;
}
