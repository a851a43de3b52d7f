/**
 * Task: what can be measured in a thread of its own, and how.
 *
 * Promise  a thread's engine has seen one competitor alone. Our kinds share base classes: what the engine
 *          learns of one kind in a shared method, another would pay for.
 */
import { type CompetitorName, findCompetitor } from '../competitors/by-name.ts';
import { findKind } from '../competitors/kinds.ts';
import { type Ageing, measureAgeing } from '../measures/ageing.ts';
import { type Latency, measureLatency } from '../measures/latency.ts';
import { type LayerName, openLayer } from '../measures/object-layers.ts';
import { measureTableGrowth, type TableGrowth } from '../measures/table-growth.ts';
import { type Lane, openLane } from '../measures/times.ts';
import type { Program } from '../programs/program.ts';

/** A lane, to be run pass by pass. */
export type LaneTask =
  | {
      readonly what: 'allocator';
      readonly competitor: CompetitorName;
      readonly program: Program;
      readonly liveCount: number;
    }
  | { readonly what: 'layer'; readonly layer: LayerName; readonly program: Program };

/** Something that is measured at once. */
export interface LatencyTask {
  readonly what: 'latency';
  readonly kind: string;
  readonly program: Program;
  readonly passes: number;
}

/** Something that is measured at once. */
export interface GrowthTask {
  readonly what: 'growth';
  readonly kind: string;
  readonly liveCount: number;
  readonly repeats: number;
}

/** Something that is measured at once. */
export interface AgeingTask {
  readonly what: 'ageing';
  readonly kind: string;
  readonly repeats: number;
}

/** Every task that is no lane. */
export type SingleTask = LatencyTask | GrowthTask | AgeingTask;

/** The lane of a task, in this thread. */
export function openTask(task: LaneTask): Promise<Lane> {
  if (task.what === 'layer') return openLayer(task.program, task.layer);
  return openLane(task.program, task.liveCount, findCompetitor(task.competitor));
}

/** The result of a task, in this thread. */
export function runTask(task: SingleTask): Promise<Latency | TableGrowth | Ageing> {
  const kind = findKind(task.kind);
  if (task.what === 'latency') return measureLatency(task.program, kind, task.passes);
  if (task.what === 'ageing') return measureAgeing(kind, task.repeats);
  return measureTableGrowth(kind, task.liveCount, task.repeats);
}
