/** Seeds 1 to `count`; or the one that the environment variable `GPUHEAP_SEED` names, to replay a failure. */
export function chosenSeeds(count: number): number[] {
  const host = globalThis as { process?: { env: Record<string, string | undefined> } };
  const chosen = Number(host.process?.env['GPUHEAP_SEED']);
  if (Number.isSafeInteger(chosen) && chosen > 0) return [chosen];
  return Array.from({ length: count }, (_, i) => i + 1);
}
