/**
 * Usage scope: what one dispatch, or one render pass, may bind at a time.
 *
 * Cost     O(uses of one buffer, squared).
 * Promise  within a scope a buffer is either only read or only written, whatever the ranges; written ranges
 *          touch no other.
 * Source   WebGPU specification, "Usage scopes" and "Writable buffer binding aliasing".
 */
import {
  type BackendLimits,
  BufferUsage,
  checkOneOf,
  checkSpan,
  checkUsage,
  show,
} from '@gpuheap/core/backend';
import { UsageError } from '@gpuheap/core/errors';
import { describe, type Hazard } from './hazards.ts';
import type { MockBuffer } from './mock-buffer.ts';

/** How a range is bound. */
export type BindingKind = 'vertex' | 'index' | 'uniform' | 'storage' | 'indirect';

/** One range that a dispatch or draw uses. Bytes. */
export interface MockUse {
  readonly buffer: MockBuffer;
  /** Default 0. */
  readonly offset?: number;
  /** Default: up to the end of the buffer. */
  readonly size?: number;
  readonly access: 'read' | 'write';
  /**
   * Holds the use to the rules of that binding. Default: only ranges are checked, and STORAGE for what is
   * written.
   */
  readonly as?: BindingKind;
  /** What the shader stores at `offset`, at most `size` bytes. Only with `write`. */
  readonly store?: Uint8Array;
}

/** A use with nothing left out. */
export interface ResolvedUse extends MockUse {
  readonly offset: number;
  readonly size: number;
}

/** A use with its defaults; the buffer has been checked. */
export function resolveUse(use: MockUse): ResolvedUse {
  const offset = use.offset ?? 0;
  return { ...use, offset, size: use.size ?? use.buffer.sizeBytes - offset };
}

const RULES: Readonly<Record<BindingKind, { usage: number; name: string }>> = {
  vertex: { usage: BufferUsage.VERTEX, name: 'VERTEX' },
  index: { usage: BufferUsage.INDEX, name: 'INDEX' },
  uniform: { usage: BufferUsage.UNIFORM, name: 'UNIFORM' },
  storage: { usage: BufferUsage.STORAGE, name: 'STORAGE' },
  indirect: { usage: BufferUsage.INDIRECT, name: 'INDIRECT' },
};

/** Throws unless a use is possible by itself; the buffer has been checked. */
export function checkUse(use: ResolvedUse, limits: BackendLimits, name: string): void {
  const { buffer, offset, size, access, as, store } = use;
  checkOneOf(access, `${name}.access`, ['read', 'write']);
  checkSpan(offset, size, buffer, 1, name);
  if (size === 0) throw new UsageError('bad-size', `${name} binds 0 bytes; bind at least one`);
  if (as !== undefined) checkBinding(use, as, limits, name);
  else if (access === 'write') checkUsage(buffer, BufferUsage.STORAGE, name, 'STORAGE');
  if (store === undefined) return;
  if (access !== 'write' || !(store instanceof Uint8Array) || store.length > size) {
    throw new UsageError(
      'bad-data',
      `${name}.store is ${show(store)}; pass a Uint8Array of at most ${size} bytes, to a binding that is written`,
    );
  }
}

function checkBinding(use: ResolvedUse, as: BindingKind, limits: BackendLimits, name: string): void {
  checkOneOf(as, `${name}.as`, Object.keys(RULES) as BindingKind[]);
  const { buffer, offset, size, access } = use;
  checkUsage(buffer, RULES[as].usage, name, RULES[as].name);
  if (access === 'write' && as !== 'storage') {
    throw new UsageError('bad-usage', `${name} writes through a ${as} binding; only storage can be written`);
  }
  const { alignment, sizeStep, mostBytes } = bindingRules(as, limits);
  if (offset % alignment !== 0 || size % sizeStep !== 0) {
    throw new UsageError(
      'misaligned',
      `${name}: ${size} bytes at ${offset}; as ${as} offsets are multiples of ${alignment}, sizes of ${sizeStep}`,
    );
  }
  if (size > mostBytes) {
    throw new UsageError(
      'too-large',
      `${name} binds ${size} bytes; as ${as} at most ${mostBytes} are allowed`,
    );
  }
}

function bindingRules(as: BindingKind, limits: BackendLimits) {
  const mostBytes = Number.POSITIVE_INFINITY;
  if (as === 'uniform') {
    return { alignment: limits.uniformOffsetAlignment, sizeStep: 1, mostBytes: limits.maxUniformBindingSize };
  }
  if (as === 'storage') {
    return { alignment: limits.storageOffsetAlignment, sizeStep: 4, mostBytes: limits.maxStorageBindingSize };
  }
  // 16-bit indices begin at any even offset.
  return { alignment: as === 'index' ? 2 : 4, sizeStep: 1, mostBytes };
}

/**
 * What is wrong with a scope that uses all of these at once, a hazard per pair of uses that do not go
 * together.
 */
export function findScopeHazards(uses: readonly ResolvedUse[]): Hazard[] {
  const hazards: Hazard[] = [];
  for (const [index, later] of uses.entries()) {
    for (const earlier of uses.slice(0, index)) {
      const hazard = earlier.buffer === later.buffer ? judgePair(earlier, later) : undefined;
      if (hazard !== undefined) hazards.push(hazard);
    }
  }
  return hazards;
}

function judgePair(earlier: ResolvedUse, later: ResolvedUse): Hazard | undefined {
  const { buffer } = later;
  const from = Math.max(earlier.offset, later.offset);
  const to = Math.min(earlier.offset + earlier.size, later.offset + later.size);
  if (earlier.access !== later.access) {
    const [reads, writes] = earlier.access === 'read' ? [earlier, later] : [later, earlier];
    return {
      kind: 'usage-scope',
      buffer,
      offset: writes.offset,
      size: writes.size,
      by: 'encoder',
      message:
        `one scope writes ${describe(buffer)} at ${writes.offset} and reads it at ${reads.offset}; ` +
        'usage is tracked for the whole buffer: place them in different buffers, or use them in different dispatches',
    };
  }
  if (later.access === 'read' || from >= to) return undefined;
  return {
    kind: 'overlapping-bindings',
    buffer,
    offset: from,
    size: to - from,
    by: 'encoder',
    message: `one scope writes ${describe(buffer)} [${from}, ${to}) through two bindings; bind disjoint ranges`,
  };
}
