/**
 * Scope bindings: what one dispatch or render pass uses, and the same by buffer.
 *
 * Cost     grouping is O(n) in the bindings.
 * Promise  a grouped binding lies inside its allocation, and has at least a byte.
 */
import { checkInteger, checkOneOf, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { roundUp } from '../base/quantities.ts';

/** How a binding uses its buffer. `storage` is the one that shaders may write. */
export type ScopeUse = 'vertex' | 'index' | 'indirect' | 'uniform' | 'read-only-storage' | 'storage';

const USES: readonly ScopeUse[] = ['vertex', 'index', 'indirect', 'uniform', 'read-only-storage', 'storage'];

/** A range of a buffer with a name: what an `Allocation` is, and whatever looks like one. Bytes. */
export interface ScopeResource<Buffer> {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly size: number;
  readonly label: string;
}

/** One use of one allocation within a scope. */
export interface ScopeBinding<Buffer, Resource extends ScopeResource<Buffer> = ScopeResource<Buffer>> {
  readonly allocation: Resource;
  readonly use: ScopeUse;
  /** First byte, from the start of the allocation; default 0. */
  readonly offset?: number;
  /** Bytes; default what is left of the allocation, padded to 4 as `binding()` gives it. */
  readonly size?: number;
  /**
   * Which draw of a render pass has it bound; default 0. Writable ranges may overlap from draw to draw. What
   * several draws bind is listed once for each.
   */
  readonly draw?: number;
}

/** @internal A binding, and where it lies in its buffer: bytes `start` to `end`. */
export interface PlacedBinding<Buffer, Resource extends ScopeResource<Buffer>> {
  readonly binding: ScopeBinding<Buffer, Resource>;
  readonly start: number;
  readonly end: number;
  readonly draw: number;
}

/** @internal What a scope does with one buffer. */
export interface BufferUses<Buffer, Resource extends ScopeResource<Buffer>> {
  readonly reads: PlacedBinding<Buffer, Resource>[];
  readonly writes: PlacedBinding<Buffer, Resource>[];
}

/**
 * @internal The bindings by their buffer, in the order of first use. O(n).
 * @throws UsageError `bad-argument`, `bad-offset`, `bad-size`, `out-of-bounds`; `dead-allocation` for a freed
 *   allocation
 */
export function groupByBuffer<Buffer, Resource extends ScopeResource<Buffer>>(
  bindings: readonly ScopeBinding<Buffer, Resource>[],
): Map<Buffer, BufferUses<Buffer, Resource>> {
  if (!Array.isArray(bindings)) {
    throw new UsageError('bad-argument', `bindings is ${show(bindings)}; pass an array of bindings`);
  }
  const groups = new Map<Buffer, BufferUses<Buffer, Resource>>();
  for (const binding of bindings) {
    const placed = placeBinding<Buffer, Resource>(binding);
    const { buffer } = placed.binding.allocation;
    let uses = groups.get(buffer);
    if (uses === undefined) {
      uses = { reads: [], writes: [] };
      groups.set(buffer, uses);
    }
    (placed.binding.use === 'storage' ? uses.writes : uses.reads).push(placed);
  }
  return groups;
}

function placeBinding<Buffer, Resource extends ScopeResource<Buffer>>(
  binding: ScopeBinding<Buffer, Resource>,
): PlacedBinding<Buffer, Resource> {
  if (binding === null || typeof binding !== 'object') {
    throw new UsageError('bad-argument', `binding is ${show(binding)}; pass { allocation, use }`);
  }
  const { allocation, use, offset = 0, draw = 0 } = binding;
  // Of an object that looks like none, also: a start that is no number would be in nobody's way.
  if (!Number.isSafeInteger(allocation?.size) || !Number.isSafeInteger(allocation.offset)) {
    throw new UsageError('bad-argument', `binding.allocation is ${show(allocation)}; pass an allocation`);
  }
  checkOneOf(use, 'binding.use', USES);
  checkInteger(draw, 'binding.draw', 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
  checkInteger(offset, 'binding.offset', 0, Number.MAX_SAFE_INTEGER, 'bad-offset');
  const wholeBytes = roundUp(allocation.size, 4);
  // An offset at the end, or past it, leaves nothing: one byte is then too much, and refused as such.
  const { size = Math.max(1, wholeBytes - offset) } = binding;
  checkInteger(size, 'binding.size', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
  if (size > wholeBytes - offset) {
    throw new UsageError(
      'out-of-bounds',
      `binding of ${size} bytes at ${offset} is not inside the ${wholeBytes} bytes of ${show(allocation.label)}`,
    );
  }
  const start = allocation.offset + offset;
  return { binding, start, end: start + size, draw };
}
