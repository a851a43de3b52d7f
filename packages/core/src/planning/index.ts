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
