/** Output: where the command writes. */

/** A stream of text; `process.stdout` is one. */
export interface CliOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Results and progress, and errors. */
export interface CliStreams {
  readonly out: CliOutput;
  readonly error: CliOutput;
}
