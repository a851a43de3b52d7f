/** Trace error: a file that is not a trace, or not a possible one. */
import { UsageError } from '@gpuheap/core';

/** A malformed trace; `line` says where, from 1. Always code `bad-data`. */
export class TraceError extends UsageError {
  /** The line of the trace, from 1; 0 when no line could be read. */
  readonly line: number;

  constructor(line: number, what: string, options?: { cause?: unknown }) {
    super('bad-data', line === 0 ? `trace: ${what}` : `trace line ${line}: ${what}`, options);
    this.line = line;
  }
}
