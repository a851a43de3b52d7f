/** More options: what a kind takes beside those of every kind, for contract tests. */
import type { SuballocatorOptions } from '@gpuheap/core/ranges';

/** Options with more of them; what is no options at all is passed on as it is, to be refused. */
export function withMore<More extends SuballocatorOptions>(
  options: SuballocatorOptions,
  more: Partial<More>,
): More {
  const isRecord = typeof options === 'object' && options !== null && !Array.isArray(options);
  return (isRecord ? { ...options, ...more } : options) as More;
}
