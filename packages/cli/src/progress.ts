/**
 * Progress: one line that is redrawn on a terminal, a line now and then elsewhere.
 */
import type { CliOutput } from './output.ts';

const TERMINAL_INTERVAL_MS = 100;
const PLAIN_INTERVAL_MS = 5000;
const ERASE_LINE = '\r\u001b[2K';

/** Shows how far a replay is. */
export class Progress {
  private readonly out: CliOutput;
  private readonly clock: () => number;
  private shownAt: number;
  private isDrawn = false;

  constructor(out: CliOutput, clock: () => number = () => performance.now()) {
    this.out = out;
    this.clock = clock;
    this.shownAt = clock();
  }

  show(what: string, done: number, all: number): void {
    const now = this.clock();
    const isTerminal = this.out.isTTY === true;
    if (now - this.shownAt < (isTerminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS)) return;
    this.shownAt = now;
    const percent = all === 0 ? 100 : Math.floor((done / all) * 100);
    const text = `${what} ${percent} %`;
    this.out.write(isTerminal ? `${ERASE_LINE}${text}` : `${text}\n`);
    this.isDrawn = isTerminal;
  }

  /** Takes the line away, so that results can follow. */
  clear(): void {
    if (this.isDrawn) this.out.write(ERASE_LINE);
    this.isDrawn = false;
  }
}
