/**
 * How many repetitions a suite runs: the quick tier's count, the deep tier's when `GPUHEAP_DEEP=1` is set, or
 * a twentieth of the quick one when `GPUHEAP_BRIEF=1` is, for runs of the suite by the thousand. What becomes
 * less with depth, as a stride does, is the same in the brief tier as in the quick one.
 */
export function scale(quick: number, deep: number): number {
  const host = globalThis as { process?: { env: Record<string, string | undefined> } };
  const env = host.process?.env ?? {};
  if (env['GPUHEAP_DEEP'] === '1') return deep;
  return env['GPUHEAP_BRIEF'] === '1' && quick < deep ? Math.ceil(quick / 20) : quick;
}
