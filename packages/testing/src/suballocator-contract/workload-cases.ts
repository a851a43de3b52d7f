/**
 * Workload cases: the benchmark's programs, shortened, with the books checked at the end and at some points
 * between.
 */
import { validate } from '@gpuheap/core/debug';
import { type Handle, NO_SPACE } from '@gpuheap/core/ranges';
import { replayWorkload } from '../workloads/replay.ts';
import { makeWorkload, WORKLOAD_NAMES, type Workload, type WorkloadName } from '../workloads/workload.ts';
import type { Checks } from './checks.ts';
import { type Contract, type ContractCase, serves } from './contract-case.ts';

const PARTS = 8;

/** Enough to see each program's habit, and few enough for a kind that is O(n). */
const STEPS: Readonly<Record<WorkloadName, number>> = {
  W1: 2000,
  W2: 2000,
  W3: 6,
  W4: 2000,
  W5: 512,
  W6: 2000,
};

/** W1 to W6. */
export function workloadCases(contract: Contract): ContractCase[] {
  return WORKLOAD_NAMES.map((name) => ({
    group: 'workloads',
    name: `${name}, twice`,
    run: (check: Checks) => {
      const workload = makeWorkload(name, { live: 500, steps: STEPS[name] });
      const first = checkWorkload(contract, workload, check);
      check.same(checkWorkload(contract, workload, check), first, `Checksum of ${name}`);
    },
  }));
}

function checkWorkload({ make }: Contract, workload: Workload, check: Checks): string {
  const subject = make({ capacity: workload.span });
  if (!serves(subject, workload.alignment)) return 'alignment not served';
  const handles = new Array<Handle>(workload.slotCount).fill(NO_SPACE);
  const sums: number[] = [];
  let failedCount = 0;
  for (let part = 0; part < PARTS; part++) {
    const from = Math.floor((workload.operationCount * part) / PARTS);
    const to = Math.floor((workload.operationCount * (part + 1)) / PARTS);
    const result = replayWorkload(workload, subject, from, to, handles);
    failedCount += result.failedCount;
    sums.push(result.checksum);
    const violations = validate(subject);
    check.that(violations.length === 0, () => `${workload.name}, operation ${to}: ${violations.join(' ')}`);
  }
  check.that(failedCount >= workload.expectedFailureCount, 'Requests were served that can not fit.');
  return sums.join();
}
