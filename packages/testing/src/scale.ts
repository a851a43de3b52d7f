/**
 * How many repetitions a suite runs: the quick tier's count, or the deep tier's when `GPUHEAP_DEEP=1` is set.
 */
export function scale(quick: number, deep: number): number {
  const host = globalThis as { process?: { env: Record<string, string | undefined> } };
  return host.process?.env['GPUHEAP_DEEP'] === '1' ? deep : quick;
}
