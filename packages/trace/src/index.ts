export { DirectTarget, type OwnBuffer, PooledTarget } from './buffer-targets.ts';
export { carriedTraces, findTrace, tracesIn } from './carried-traces.ts';
export { HeapTarget } from './heap-target.ts';
export { type ApiTimes, type Clock, MeasuredBackend } from './measured-backend.ts';
export type { Mismatch } from './mismatch.ts';
export { forecastPooledBytes } from './pooled-forecast.ts';
export { readTrace } from './read-trace.ts';
export type { ReplayOptions } from './replay-options.ts';
export type { ReplayResult } from './replay-result.ts';
export {
  type Place,
  REPLAY_MODES,
  type ReplayMode,
  type ReplayTarget,
  type ResourceRequest,
} from './replay-target.ts';
export { replayTrace } from './replay-trace.ts';
export type { TimelineSample } from './timeline.ts';
export { EventKind, labelOf, type Trace, type TraceHeader } from './trace.ts';
export { TraceError } from './trace-error.ts';
export { figuresOf, type TraceFigures } from './trace-figures.ts';
export { cutTrace, writeTrace } from './write-trace.ts';
