/**
 * Usage scopes: whether the bindings of one dispatch, or of one whole render pass, may be used together.
 *
 * Cost     O(n log n) in the bindings, about 0.1 µs each (Node 20); nothing is kept between calls.
 * Promise  a legal scope has no conflict; of one that is not, every allocation that breaks the rule is named.
 *          In one scope the uses of one buffer are all reads, or all writable storage, wherever in it they
 *          lie; and writable ranges bound together share no byte. With limits, offsets and sizes count too.
 * Refusal  judges what it is given: list what the pipeline of a dispatch uses, and all that a render pass
 *          ever sets. Knows no textures, and no index format: an offset of 2 is wrong for indices of 32 bits.
 * Source   WebGPU specification, "Usage scopes" and "Encoder bind groups alias a writable resource"; held
 *          against Dawn by `packages/integration/test/dawn-scopes.test.ts`.
 */
import {
  type BufferUses,
  groupByBuffer,
  type PlacedBinding,
  type ScopeBinding,
  type ScopeResource,
} from './scope-bindings.ts';
import {
  limitConflict,
  mixConflict,
  overlapConflict,
  type ScopeConflict,
  type ScopeLimits,
} from './scope-conflicts.ts';

/**
 * The first conflict of a scope; `undefined` when it is legal. O(n log n).
 * @throws UsageError `bad-argument`, `bad-offset`, `bad-size`, `out-of-bounds`; `dead-allocation` for a freed
 *   allocation
 */
export function checkScope<Buffer, Resource extends ScopeResource<Buffer>>(
  bindings: readonly ScopeBinding<Buffer, Resource>[],
  limits?: ScopeLimits,
): ScopeConflict<Buffer, Resource> | undefined {
  return findConflicts(bindings, limits)[0];
}

/**
 * Conflicts that name every culprit of a scope: not every pair of them. O(n log n).
 * @throws UsageError as `checkScope`
 */
export function findConflicts<Buffer, Resource extends ScopeResource<Buffer>>(
  bindings: readonly ScopeBinding<Buffer, Resource>[],
  limits?: ScopeLimits,
): ScopeConflict<Buffer, Resource>[] {
  const conflicts: ScopeConflict<Buffer, Resource>[] = [];
  for (const uses of groupByBuffer(bindings).values()) {
    addBufferConflicts(uses, conflicts);
    if (limits === undefined) continue;
    for (const list of [uses.reads, uses.writes]) {
      for (const placed of list) {
        const conflict = limitConflict(placed, limits);
        if (conflict !== undefined) conflicts.push(conflict);
      }
    }
  }
  return conflicts;
}

/** @internal What is wrong between the uses of one buffer. O(n log n). */
export function addBufferConflicts<Buffer, Resource extends ScopeResource<Buffer>>(
  { reads, writes }: BufferUses<Buffer, Resource>,
  conflicts: ScopeConflict<Buffer, Resource>[],
): void {
  if (reads.length > 0 && writes.length > 0) addMixes(reads, writes, conflicts);
  if (writes.length > 1) addOverlaps(writes, conflicts);
}

function addMixes<Buffer, Resource extends ScopeResource<Buffer>>(
  reads: readonly PlacedBinding<Buffer, Resource>[],
  writes: readonly PlacedBinding<Buffer, Resource>[],
  conflicts: ScopeConflict<Buffer, Resource>[],
): void {
  const writeOf = new Map(writes.map((write) => [write.binding.allocation, write]));
  const mixed = new Set<Resource>();
  for (const read of reads) {
    const { allocation } = read.binding;
    const write = writeOf.get(allocation);
    if (write === undefined || mixed.has(allocation)) continue;
    mixed.add(allocation);
    conflicts.push(mixConflict(read, write));
  }
  const isPure = ({ binding }: PlacedBinding<Buffer, Resource>) => !mixed.has(binding.allocation);
  const readers = reads.filter(isPure);
  const writers = writes.filter(isPure);
  // Each at least once, the shorter side repeated; where all of a side are mixed, its first stands for it.
  for (let i = 0; i < Math.max(readers.length, writers.length); i++) {
    const read = readers.length === 0 ? reads[0] : readers[i % readers.length];
    const write = writers.length === 0 ? writes[0] : writers[i % writers.length];
    conflicts.push(mixConflict(read, write));
  }
}

/** Each range that starts inside an earlier one, with the earlier one that reaches farthest. */
function addOverlaps<Buffer, Resource extends ScopeResource<Buffer>>(
  writes: readonly PlacedBinding<Buffer, Resource>[],
  conflicts: ScopeConflict<Buffer, Resource>[],
): void {
  const sorted = [...writes].sort((a, b) => a.draw - b.draw || a.start - b.start);
  let farthest = sorted[0];
  for (const write of sorted.slice(1)) {
    const isSameDraw = write.draw === farthest.draw;
    if (isSameDraw && write.start < farthest.end) conflicts.push(overlapConflict(farthest, write));
    if (!isSameDraw || write.end > farthest.end) farthest = write;
  }
}
