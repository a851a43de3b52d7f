export type { FragmentChunk, FragmentRange, Fragments } from './fragments.ts';
export type {
  LifetimeItem,
  LifetimeOptions,
  LifetimeOrder,
  LifetimePlacement,
  LifetimePlan,
  LifetimeStop,
  LifetimeStrategy,
  PlannedBuffer,
} from './lifetime-plan.ts';
export { planLifetimes } from './lifetimes.ts';
export type { DefragmentationMove, MoveWay, SpareChunk } from './move-queue.ts';
export {
  type DefragmentationPlan,
  type FragmentationFigures,
  planDefragmentation,
} from './plan-defragmentation.ts';
export type { DefragmentationStrategy, PlanOptions } from './plan-options.ts';
export { type DefragmentationPass, DefragmentationPlanner, type PassStop } from './planner.ts';
export type { KeptChunk, KeptReason } from './pool-plan.ts';
