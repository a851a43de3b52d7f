/**
 * Digest: the visible state of a suballocator as one string, to compare before with after, or one twin with
 * the other.
 *
 * Cost     O(ranges).
 * Promise  two suballocators of one kind that were asked the same have the same digest, in every process; a
 *          difference in any range, region or figure is a difference in the digest.
 * Refusal  leaves out the handles' numbers, which differ from instance to instance.
 */
import { NO_SPACE, type Suballocator } from '../ranges/suballocator.ts';

/**
 * Every range (`offset+size`, `-` in front when free), every region (`@` in front) where the kind has them,
 * and every figure of the statistics. O(ranges).
 */
export function digest(suballocator: Suballocator): string {
  const parts = [`${suballocator.kind}/${suballocator.granularity}`];
  for (const { offset, size, handle } of suballocator.ranges()) {
    parts.push(`${handle === NO_SPACE ? '-' : ''}${offset}+${size}`);
  }
  for (const { offset, size } of suballocator.regions?.() ?? []) parts.push(`@${offset}+${size}`);
  const statistics = Object.entries(suballocator.statistics());
  statistics.sort(([left], [right]) => (left < right ? -1 : 1));
  for (const [name, figure] of statistics) parts.push(`${name}=${figure}`);
  return parts.join(' ');
}
