/**
 * How many repetitions a suite runs: the quick tier's count, the deep tier's when `GPUHEAP_DEEP=1` is set, or
 * the brief tier's when `GPUHEAP_BRIEF=1` is, for runs of the suite by the thousand: a twentieth of the quick
 * one unless given. What becomes less with depth, as a stride does, is then the same as in the quick tier.
 */
export function scale(
  quick: number,
  deep: number,
  brief: number = quick < deep ? Math.ceil(quick / 20) : quick,
): number {
  const host = globalThis as { process?: { env: Record<string, string | undefined> } };
  const env = host.process?.env ?? {};
  if (env['GPUHEAP_DEEP'] === '1') return deep;
  return env['GPUHEAP_BRIEF'] === '1' ? brief : quick;
}
