/**
 * Scope conflicts: what can be wrong with the bindings of a usage scope, in words.
 *
 * Promise  a message names the culprits by label, says where they lie, and what to do about it.
 */
import type { BackendLimits } from './port.ts';
import type { PlacedBinding, ScopeBinding, ScopeResource } from './scope-bindings.ts';

/**
 * What is wrong. `mixed-buffer`: two allocations of one buffer, one read and one written.
 * `mixed-allocation`: one allocation read and written. `overlapping-writes`: two writable ranges share bytes.
 * Of one binding, with limits: a `misaligned` offset, `too-large`, and `uneven-size` for storage that is no
 * multiple of 4.
 */
export type ScopeConflictKind =
  | 'mixed-buffer'
  | 'mixed-allocation'
  | 'overlapping-writes'
  | 'misaligned'
  | 'too-large'
  | 'uneven-size';

/** Why a scope is not legal. */
export interface ScopeConflict<Buffer, Resource extends ScopeResource<Buffer> = ScopeResource<Buffer>> {
  readonly kind: ScopeConflictKind;
  /** The two that do not go together, a reader before a writer; or the one binding that breaks a limit. */
  readonly culprits: readonly ScopeBinding<Buffer, Resource>[];
  /** What, the numbers, and what to do. */
  readonly message: string;
}

/** The limits of a backend that bindings are held to. */
export type ScopeLimits = Pick<
  BackendLimits,
  'maxUniformBindingSize' | 'maxStorageBindingSize' | 'uniformOffsetAlignment' | 'storageOffsetAlignment'
>;

/** @internal One allocation, or two of one buffer, read and written in one scope. */
export function mixConflict<Buffer, Resource extends ScopeResource<Buffer>>(
  read: PlacedBinding<Buffer, Resource>,
  write: PlacedBinding<Buffer, Resource>,
): ScopeConflict<Buffer, Resource> {
  const culprits = [read.binding, write.binding];
  if (read.binding.allocation === write.binding.allocation) {
    const message =
      `one usage scope reads ${describe(read)} and writes it as ${describe(write)}; ` +
      'read it in another dispatch or pass, or write to an allocation of its own';
    return { kind: 'mixed-allocation', culprits, message };
  }
  const message =
    `one usage scope reads ${describe(read)} and writes ${describe(write)}, both in one buffer; ` +
    'move one of them apart (apartFrom, resolveScope), or use them in different dispatches or passes';
  return { kind: 'mixed-buffer', culprits, message };
}

/** @internal Two writable ranges that share bytes. */
export function overlapConflict<Buffer, Resource extends ScopeResource<Buffer>>(
  one: PlacedBinding<Buffer, Resource>,
  other: PlacedBinding<Buffer, Resource>,
): ScopeConflict<Buffer, Resource> {
  const sharedBytes = Math.min(one.end, other.end) - Math.max(one.start, other.start);
  const message =
    `one dispatch or draw may write ${describe(one)} and ${describe(other)}, which share ${sharedBytes} bytes ` +
    'of one buffer; bind the range once, or ranges that do not overlap';
  return { kind: 'overlapping-writes', culprits: [one.binding, other.binding], message };
}

/** @internal The first limit that a binding breaks. Offsets are those in the buffer. O(1). */
export function limitConflict<Buffer, Resource extends ScopeResource<Buffer>>(
  placed: PlacedBinding<Buffer, Resource>,
  limits: ScopeLimits,
): ScopeConflict<Buffer, Resource> | undefined {
  const { binding, start, end } = placed;
  const culprits = [binding];
  const size = end - start;
  const alignment = offsetAlignmentOf(placed, limits);
  if (start % alignment !== 0) {
    const message =
      `${describe(placed)} does not start at a multiple of ${alignment}; ` +
      `allocate it with usage for ${binding.use}, or bind it from such an offset on`;
    return { kind: 'misaligned', culprits, message };
  }
  const mostBytes = mostBytesOf(placed, limits);
  if (size > mostBytes) {
    const message = `${describe(placed)} is larger than ${mostBytes} bytes; bind a part of it`;
    return { kind: 'too-large', culprits, message };
  }
  if (isStorage(placed) && size % 4 !== 0) {
    const message = `${describe(placed)} has a size that is no multiple of 4; round it up`;
    return { kind: 'uneven-size', culprits, message };
  }
  return undefined;
}

function offsetAlignmentOf<Buffer, Resource extends ScopeResource<Buffer>>(
  placed: PlacedBinding<Buffer, Resource>,
  limits: ScopeLimits,
): number {
  const { use } = placed.binding;
  if (use === 'uniform') return limits.uniformOffsetAlignment;
  if (isStorage(placed)) return limits.storageOffsetAlignment;
  return use === 'index' ? 2 : 4;
}

function mostBytesOf<Buffer, Resource extends ScopeResource<Buffer>>(
  placed: PlacedBinding<Buffer, Resource>,
  limits: ScopeLimits,
): number {
  if (placed.binding.use === 'uniform') return limits.maxUniformBindingSize;
  return isStorage(placed) ? limits.maxStorageBindingSize : Number.POSITIVE_INFINITY;
}

function isStorage<Buffer, Resource extends ScopeResource<Buffer>>({
  binding,
}: PlacedBinding<Buffer, Resource>): boolean {
  return binding.use === 'storage' || binding.use === 'read-only-storage';
}

function describe<Buffer, Resource extends ScopeResource<Buffer>>({
  binding,
  start,
  end,
}: PlacedBinding<Buffer, Resource>): string {
  const { label } = binding.allocation;
  const name = label === '' ? 'an allocation without a label' : JSON.stringify(label);
  return `${name} (${binding.use}, ${end - start} bytes at ${start} of its buffer)`;
}
