export { OPERATION_ALLOCATE, OPERATION_FREE, type OperationColumns } from './operation-list.ts';
export { WORKLOAD_SEED, XorShift32 } from './random.ts';
export { type ReplayResult, replayWorkload } from './replay.ts';
export {
  HOME_WORKLOAD_NAMES,
  type HomeWorkloadName,
  makeWorkload,
  WORKLOAD_NAMES,
  type Workload,
  type WorkloadName,
  type WorkloadOptions,
} from './workload.ts';
