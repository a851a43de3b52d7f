export type { FragmentChunk, FragmentRange, Fragments, RangeTeller } from './defragmentation/fragments.ts';
export type { DefragmentationMove, MoveWay, SpareChunk } from './defragmentation/move-queue.ts';
export {
  type DefragmentationPlan,
  type FragmentationFigures,
  planDefragmentation,
} from './defragmentation/plan-defragmentation.ts';
export type { DefragmentationStrategy, PlanOptions } from './defragmentation/plan-options.ts';
export {
  type DefragmentationPass,
  DefragmentationPlanner,
  type PassStop,
} from './defragmentation/planner.ts';
export type { KeptChunk, KeptReason } from './defragmentation/pool-plan.ts';
export type {
  LifetimeItem,
  LifetimeOptions,
  LifetimeOrder,
  LifetimePlacement,
  LifetimePlan,
  LifetimeStop,
  LifetimeStrategy,
  PlannedBuffer,
} from './lifetimes/lifetime-plan.ts';
export { planLifetimes } from './lifetimes/lifetimes.ts';
