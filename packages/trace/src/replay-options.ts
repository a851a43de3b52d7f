/** Replay options, and their defaults. */
import { UsageError } from '@gpuheap/core';

/** How a replay is run. */
export interface ReplayOptions {
  /** How often resources are read back and compared, beside the end. Default 20. */
  readonly checkpoints?: number;
  /** The most bytes that one checkpoint reads; the end reads everything. Default 64 MiB. */
  readonly checkpointBytes?: number;
  /** Points of the timeline. Default 500. */
  readonly samples?: number;
  /** Called now and then, with the events done and all events. */
  readonly onProgress?: (done: number, all: number) => void;
  /** How many errors the device has reported that nobody caught. Default: none is known of. */
  readonly countErrors?: () => number;
}

const CHECKPOINT_BYTES: number = 64 * 1024 * 1024;
const KNOWN = ['checkpoints', 'checkpointBytes', 'samples', 'onProgress', 'countErrors'];

/** The options with defaults filled in. @throws UsageError `bad-argument`, `unknown-option`, `bad-size` */
export function resolveReplayOptions(options: ReplayOptions): Required<ReplayOptions> {
  if (options === null || typeof options !== 'object') {
    throw new UsageError('bad-argument', 'options is not an object; pass { checkpoints, … }');
  }
  for (const key of Object.keys(options)) {
    if (KNOWN.includes(key)) continue;
    throw new UsageError('unknown-option', `options has no option "${key}"; known are ${KNOWN.join(', ')}`);
  }
  const resolved = {
    checkpoints: 20,
    checkpointBytes: CHECKPOINT_BYTES,
    samples: 500,
    onProgress: () => {},
    countErrors: () => 0,
    ...options,
  };
  checkCount(resolved.checkpoints, 'checkpoints', 0, 'bad-argument');
  checkCount(resolved.checkpointBytes, 'checkpointBytes', 1, 'bad-size');
  checkCount(resolved.samples, 'samples', 1, 'bad-argument');
  return resolved;
}

function checkCount(value: unknown, name: string, least: number, code: 'bad-argument' | 'bad-size'): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw new UsageError(code, `${name} is ${String(value)}; pass an integer from ${least} up`);
}
