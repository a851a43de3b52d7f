/**
 * Scope plan: which allocations leave their buffer so that a usage scope becomes legal.
 *
 * Cost     O(n log n) in the bindings.
 * Promise  no other choice of allocations moves fewer bytes; among equals the fewer moves, then the readers.
 *          Carried out in order, each move to any buffer that holds nothing of its `apartFrom`, they leave
 *          no conflict but the unresolved ones.
 * Refusal  moves nothing itself, and nothing in a buffer that stays illegal anyhow. Where the bytes go is the
 *          caller's choice.
 */
import { checkOptions, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import {
  type BufferUses,
  groupByBuffer,
  type PlacedBinding,
  type ScopeBinding,
  type ScopeResource,
} from './scope-bindings.ts';
import { mixConflict, type ScopeConflict } from './scope-conflicts.ts';
import { addBufferConflicts } from './usage-scope.ts';

/** What a plan may do. */
export interface ScopePlanOptions<Resource> {
  /** Whether an allocation may be moved; default all may. */
  readonly isMovable?: (allocation: Resource) => boolean;
}

/** One allocation that leaves its buffer. */
export interface ScopeMove<Resource> {
  readonly allocation: Resource;
  /** What may not lie in the buffer that it goes to. Moves share these lists. */
  readonly apartFrom: readonly Resource[];
}

/** How a scope becomes legal. */
export interface ScopePlan<Buffer, Resource extends ScopeResource<Buffer> = ScopeResource<Buffer>> {
  /** In the order in which to make them. */
  readonly moves: readonly ScopeMove<Resource>[];
  /** Bytes of all that move. */
  readonly moveBytes: number;
  /** What no move resolves: the scope stays illegal. */
  readonly unresolved: readonly ScopeConflict<Buffer, Resource>[];
}

/** The readers or the writers of one buffer, and what it costs that they leave. */
interface Side<Buffer, Resource extends ScopeResource<Buffer>> {
  readonly allocations: ReadonlySet<Resource>;
  readonly sizeBytes: number;
  /** The first that may not be moved. */
  readonly fixed: PlacedBinding<Buffer, Resource> | undefined;
}

/**
 * Plans the moves that make a scope legal. O(n log n).
 * @throws UsageError `bad-argument`, `unknown-option`, `bad-offset`, `bad-size`, `out-of-bounds`;
 *   `dead-allocation` for a freed allocation
 */
export function planScope<Buffer, Resource extends ScopeResource<Buffer>>(
  bindings: readonly ScopeBinding<Buffer, Resource>[],
  options: ScopePlanOptions<Resource> = {},
): ScopePlan<Buffer, Resource> {
  const isMovable = checkPlanOptions(options);
  // A mover must stay apart from the other kind of the whole scope: it could land in another buffer of it.
  const readers: Resource[] = [];
  const writers: Resource[] = [];
  const moves: ScopeMove<Resource>[] = [];
  const unresolved: ScopeConflict<Buffer, Resource>[] = [];
  let moveBytes = 0;
  for (const uses of groupByBuffer<Buffer, Resource>(bindings).values()) {
    const readSide = sideOf(uses.reads, isMovable);
    const writeSide = sideOf(uses.writes, isMovable);
    for (const reader of readSide.allocations) readers.push(reader);
    for (const writer of writeSide.allocations) writers.push(writer);
    if (!needsMoves(uses, unresolved)) continue;
    const leaving = chooseSide(readSide, writeSide);
    if (leaving === undefined) {
      unresolved.push(mixConflict(readSide.fixed!, writeSide.fixed!));
      continue;
    }
    const apartFrom = leaving === readSide ? writers : readers;
    for (const allocation of leaving.allocations) moves.push({ allocation, apartFrom });
    moveBytes += leaving.sizeBytes;
  }
  return { moves, moveBytes, unresolved };
}

function checkPlanOptions<Resource>(options: ScopePlanOptions<Resource>): (allocation: Resource) => boolean {
  checkOptions(options, 'options', ['isMovable']);
  const { isMovable = () => true } = options;
  if (typeof isMovable !== 'function') {
    throw new UsageError('bad-argument', `isMovable is ${show(isMovable)}; pass a function`);
  }
  return isMovable;
}

/** Whether moves make the uses of a buffer legal and are needed; what they can not mend is added. */
function needsMoves<Buffer, Resource extends ScopeResource<Buffer>>(
  uses: BufferUses<Buffer, Resource>,
  unresolved: ScopeConflict<Buffer, Resource>[],
): boolean {
  const conflicts: ScopeConflict<Buffer, Resource>[] = [];
  addBufferConflicts(uses, conflicts);
  const hopeless = conflicts.filter(({ kind }) => kind !== 'mixed-buffer');
  for (const conflict of hopeless) unresolved.push(conflict);
  return conflicts.length > 0 && hopeless.length === 0;
}

function sideOf<Buffer, Resource extends ScopeResource<Buffer>>(
  placed: readonly PlacedBinding<Buffer, Resource>[],
  isMovable: (allocation: Resource) => boolean,
): Side<Buffer, Resource> {
  const allocations = new Set<Resource>();
  let sizeBytes = 0;
  let fixed: PlacedBinding<Buffer, Resource> | undefined;
  for (const each of placed) {
    const { allocation } = each.binding;
    if (allocations.has(allocation)) continue;
    allocations.add(allocation);
    sizeBytes += allocation.size;
    if (fixed === undefined && !isMovable(allocation)) fixed = each;
  }
  return { allocations, sizeBytes, fixed };
}

/** The side that leaves; `undefined` when something on either must stay. */
function chooseSide<Buffer, Resource extends ScopeResource<Buffer>>(
  readSide: Side<Buffer, Resource>,
  writeSide: Side<Buffer, Resource>,
): Side<Buffer, Resource> | undefined {
  if (readSide.fixed !== undefined) return writeSide.fixed === undefined ? writeSide : undefined;
  if (writeSide.fixed !== undefined) return readSide;
  const moreBytes = readSide.sizeBytes - writeSide.sizeBytes;
  const moreMoves = readSide.allocations.size - writeSide.allocations.size;
  return (moreBytes || moreMoves) > 0 ? writeSide : readSide;
}
