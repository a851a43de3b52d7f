/** Broken suballocators: the reference with one fault each, all of which the contract suite must find. */
import {
  type Handle,
  NO_SPACE,
  type RangeView,
  type SuballocatorOptions,
  type SuballocatorStatistics,
} from '@gpuheap/core/ranges';
import { ReferenceSuballocator } from '../../src/index.ts';

class OverlapsByOneUnit extends ReferenceSuballocator {
  override allocate(size: number, alignment = 1): Handle {
    const handle = super.allocate(size, alignment);
    const at = this.list.findIndex((range) => range.handle === handle && handle !== NO_SPACE);
    const range = this.list[at];
    const before = this.list[at - 1];
    // Only between two live ranges that leave no gap: the second begins one unit early.
    if (range === undefined || before === undefined || before.handle === NO_SPACE || range.size < 3)
      return handle;
    const { granularity } = this;
    this.list[at] = { ...range, offset: range.offset - granularity };
    return handle;
  }
}

class HidesOverlap extends ReferenceSuballocator {
  private allocations = 0;
  private readonly shifted = new Set<Handle>();

  override allocate(size: number, alignment = 1): Handle {
    const handle = super.allocate(size, alignment);
    if (handle !== NO_SPACE && ++this.allocations % 5 === 0) this.shifted.add(handle);
    return handle;
  }

  // The walk is right; what users are told is not.
  override offsetOf(handle: Handle): number {
    const offset = super.offsetOf(handle);
    return this.shifted.has(handle) && offset > 0 ? offset - this.granularity : offset;
  }
}

class LosesMergeToTheRight extends ReferenceSuballocator {
  override free(handle: Handle): void {
    const offset = this.offsetOf(handle);
    const size = this.sizeOf(handle);
    const before = this.list;
    super.free(handle);
    const right = before.find((range) => range.handle === NO_SPACE && range.offset === offset + size);
    const at = this.list.findIndex((range) => range.offset <= offset && offset < range.offset + range.size);
    const merged = this.list[at];
    if (right === undefined || merged === undefined) return;
    this.list.splice(at, 1, { ...merged, size: right.offset - merged.offset }, right);
  }
}

class NeverMerges extends ReferenceSuballocator {
  override free(handle: Handle): void {
    const at = this.list.findIndex((range) => range.handle === handle);
    const before = this.list;
    super.free(handle);
    this.list = before.map((range, i) => (i === at ? { ...range, handle: NO_SPACE, requested: 0 } : range));
  }
}

class IgnoresAlignment extends ReferenceSuballocator {
  override allocate(size: number, alignment = 1): Handle {
    super.largestAllocatable(alignment);
    return super.allocate(size);
  }
}

class MasksAlignment extends ReferenceSuballocator {
  override allocate(size: number, alignment = 1): Handle {
    super.largestAllocatable(alignment);
    // Right for powers of two alone.
    return super.allocate(size, alignment & -alignment);
  }
}

class ForgetsRequested extends ReferenceSuballocator {
  private drift = 0;

  override free(handle: Handle): void {
    const size = this.sizeOf(handle);
    super.free(handle);
    this.drift += size % 7 === 0 ? 1 : 0;
  }

  override statistics(into?: SuballocatorStatistics): SuballocatorStatistics {
    const figures = super.statistics(into);
    figures.requested += this.drift;
    return figures;
  }
}

class ForgetsPeakOnReset extends ReferenceSuballocator {
  override reset(): void {
    super.reset();
    this.peakUsed = 0;
  }
}

class DoesNotCountFreesOfReset extends ReferenceSuballocator {
  override reset(): void {
    const counted = this.freeCount;
    super.reset();
    this.freeCount = counted;
  }
}

class CountsOneSplitForTwo extends ReferenceSuballocator {
  override allocate(size: number, alignment = 1): Handle {
    const counted = this.splitCount;
    const handle = super.allocate(size, alignment);
    this.splitCount = Math.min(this.splitCount, counted + 1);
    return handle;
  }
}

class CountsRefusals extends ReferenceSuballocator {
  override allocate(size: number, alignment = 1): Handle {
    const handle = super.allocate(size, alignment);
    if (handle === NO_SPACE) this.allocationCount++;
    return handle;
  }
}

class CutsBeforeItRefuses extends ReferenceSuballocator {
  override allocate(size: number, alignment = 1): Handle {
    const handle = super.allocate(size, alignment);
    const last = this.list.at(-1);
    // A refused request leaves a free range cut in two.
    if (handle !== NO_SPACE || last === undefined || last.handle !== NO_SPACE) return handle;
    if (last.size < 2 * this.granularity) return handle;
    const rest = last.size - this.granularity;
    const head = { ...last, size: this.granularity };
    this.list.splice(-1, 1, head, { ...last, offset: last.offset + this.granularity, size: rest });
    return handle;
  }
}

class FreesBeforeItThrows extends ReferenceSuballocator {
  override free(handle: Handle): void {
    if (this.ended.has(handle)) this.freeCount++;
    super.free(handle);
  }
}

class RefusesExactFits extends ReferenceSuballocator {
  override allocate(size: number, alignment = 1): Handle {
    const isExact = size === super.largestAllocatable(alignment);
    return isExact && size > 2 && this.list.length > 2 ? NO_SPACE : super.allocate(size, alignment);
  }
}

class RefusesNearFits extends ReferenceSuballocator {
  override allocate(size: number, alignment = 1): Handle {
    // Good fit without the exact fallback: as if the request were a thirtieth larger.
    const fits = super.largestAllocatable(alignment);
    const isNear = Number.isSafeInteger(size) && size >= 32 && size <= fits && fits < Math.ceil(size * 1.03);
    return isNear && this.list.length > 1 ? NO_SPACE : super.allocate(size, alignment);
  }
}

class AcceptsDoubleFree extends ReferenceSuballocator {
  override free(handle: Handle): void {
    if (!this.ended.has(handle)) super.free(handle);
  }
}

class AnswersForTheDead extends ReferenceSuballocator {
  private readonly remembered = new Map<Handle, number>();

  override allocate(size: number, alignment = 1): Handle {
    const handle = super.allocate(size, alignment);
    if (handle !== NO_SPACE) this.remembered.set(handle, super.offsetOf(handle));
    return handle;
  }

  override offsetOf(handle: Handle): number {
    return this.remembered.get(handle) ?? super.offsetOf(handle);
  }
}

/** Renames handles on the way out and in. */
class Renames extends ReferenceSuballocator {
  protected readonly inner = new Map<Handle, Handle>();
  protected readonly outer = new Map<Handle, Handle>();
  private readonly retired = new Set<Handle>();

  protected nameOf(_inner: Handle, count: number): Handle {
    return count;
  }

  override allocate(size: number, alignment = 1): Handle {
    const inner = super.allocate(size, alignment);
    if (inner === NO_SPACE) return NO_SPACE;
    const name = this.nameOf(inner, this.allocationCount);
    this.inner.set(name, inner);
    this.outer.set(inner, name);
    return name;
  }

  override free(handle: Handle): void {
    super.free(this.inner.get(handle) ?? handle);
  }

  override offsetOf(handle: Handle): number {
    return super.offsetOf(this.inner.get(handle) ?? handle);
  }

  override sizeOf(handle: Handle): number {
    return super.sizeOf(this.inner.get(handle) ?? handle);
  }

  override indexOf(handle: Handle): number {
    return super.indexOf(this.inner.get(handle) ?? handle);
  }

  override reset(): void {
    super.reset();
    for (const name of this.inner.keys()) this.retired.add(name);
  }

  override *ranges(): IterableIterator<RangeView> {
    for (const range of super.ranges())
      yield { ...range, handle: this.outer.get(range.handle) ?? range.handle };
  }
}

class AcceptsForeignHandles extends Renames {}

class WrapsGenerations extends Renames {
  // Eight generations of up to 2^20 remembered.
  protected override nameOf(inner: Handle, count: number): Handle {
    return 2 ** 20 * (1 + (count % 8)) + super.offsetOf(inner) / this.granularity;
  }
}

class ReadsHandlesLoosely extends ReferenceSuballocator {
  override free(handle: Handle): void {
    super.free(typeof handle === 'string' ? Number(handle) : handle);
  }
}

class ThrowsPlainErrors extends ReferenceSuballocator {
  override free(handle: Handle): void {
    if (this.ended.has(handle)) throw new Error('stale');
    super.free(handle);
  }
}

class KeepsHandlesThroughReset extends ReferenceSuballocator {
  override reset(): void {
    const kept = [...this.list];
    super.reset();
    for (const { handle } of kept) this.ended.delete(handle);
  }
}

class WrapsOffsets extends ReferenceSuballocator {
  override offsetOf(handle: Handle): number {
    return super.offsetOf(handle) | 0;
  }
}

class WrapsOffsetsAt32Bits extends ReferenceSuballocator {
  override offsetOf(handle: Handle): number {
    return super.offsetOf(handle) >>> 0;
  }
}

class OverflowsHugeSizes extends ReferenceSuballocator {
  override allocate(size: number, alignment = 1): Handle {
    // 2^53-1 bytes rounded up in 32 bits become next to nothing.
    const wraps = Number.isSafeInteger(size) && size > 2 ** 52 && size > this.capacity;
    return super.allocate(wraps ? 1 : size, alignment);
  }
}

class MovesARange extends ReferenceSuballocator {
  override free(handle: Handle): void {
    super.free(handle);
    const [first, second] = this.list;
    if (first === undefined || second === undefined || this.list.length > 3) return;
    if (first.handle !== NO_SPACE || second.handle === NO_SPACE || first.size !== second.size) return;
    this.list.splice(0, 2, { ...second, offset: 0 }, { ...first, offset: second.size });
  }
}

let turns = 0;

class PlacesAtRandom extends ReferenceSuballocator {
  override allocate(size: number, alignment = 1): Handle {
    const handle = super.allocate(size, alignment);
    const [range, hole] = this.list;
    // Every second time, whoever asks: the first range of the span lies behind the hole instead of in front.
    if (handle === NO_SPACE || alignment > 1 || this.list.length !== 2 || ++turns % 2 === 0) return handle;
    if (range === undefined || hole === undefined || range.handle !== handle) return handle;
    this.list = [
      { ...hole, offset: 0 },
      { ...range, offset: hole.size },
    ];
    return handle;
  }
}

class OverstatesLargest extends ReferenceSuballocator {
  override largestAllocatable(alignment = 1): number {
    // As if every hole began aligned.
    super.largestAllocatable(alignment);
    return super.largestAllocatable();
  }
}

class UnderstatesLargest extends ReferenceSuballocator {
  override largestAllocatable(alignment = 1): number {
    const largest = super.largestAllocatable(alignment);
    return largest > 100 * this.granularity ? largest - this.granularity : largest;
  }
}

class IgnoresUnknownOptions extends ReferenceSuballocator {
  constructor(options: SuballocatorOptions) {
    const isPlain = options !== null && typeof options === 'object' && !Array.isArray(options);
    const { capacity, granularity } = options ?? {};
    super(isPlain ? { capacity, ...(granularity === undefined ? {} : { granularity }) } : options);
  }
}

class ThrowsWhenFull extends ReferenceSuballocator {
  override allocate(size: number, alignment = 1): Handle {
    const handle = super.allocate(size, alignment);
    if (handle === NO_SPACE) throw new RangeError('full');
    return handle;
  }
}

class RoundsToPowersOfTwo extends ReferenceSuballocator {
  override allocate(size: number, alignment = 1): Handle {
    const fits = super.largestAllocatable(alignment);
    const rounded = Number.isSafeInteger(size) && size > 0 ? 2 ** Math.ceil(Math.log2(size)) : fits + 1;
    return super.allocate(rounded <= fits ? rounded : size, alignment);
  }
}

/** Fault by fault, the class that has it. */
export const BROKEN: readonly (readonly [
  string,
  new (options: SuballocatorOptions) => ReferenceSuballocator,
])[] = [
  ['two ranges overlap by one unit', OverlapsByOneUnit],
  ['two ranges overlap, and the walk hides it', HidesOverlap],
  ['the free neighbour on the right is not joined', LosesMergeToTheRight],
  ['free neighbours are never joined', NeverMerges],
  ['the alignment is ignored', IgnoresAlignment],
  ['the alignment is taken for a power of two', MasksAlignment],
  ['requested bytes drift', ForgetsRequested],
  ['the peak is lost in a reset', ForgetsPeakOnReset],
  ['a reset counts no frees', DoesNotCountFreesOfReset],
  ['a range cut on both sides counts as one split', CountsOneSplitForTwo],
  ['refusals count as allocations', CountsRefusals],
  ['a refusal leaves a range cut in two', CutsBeforeItRefuses],
  ['a free that throws has been counted', FreesBeforeItThrows],
  ['exact fits are refused', RefusesExactFits],
  ['near fits are refused', RefusesNearFits],
  ['a second free is ignored', AcceptsDoubleFree],
  ['a dead handle still has an offset', AnswersForTheDead],
  ['handles of another instance are accepted', AcceptsForeignHandles],
  ['generations wrap', WrapsGenerations],
  ['a string is taken for a handle', ReadsHandlesLoosely],
  ['a stale handle throws a plain error', ThrowsPlainErrors],
  ['a reset forgets that its handles were live', KeepsHandlesThroughReset],
  ['offsets wrap at 2^31', WrapsOffsets],
  ['offsets wrap at 2^32', WrapsOffsetsAt32Bits],
  ['a huge size becomes a small one', OverflowsHugeSizes],
  ['a live range is moved', MovesARange],
  ['placement depends on what other instances did', PlacesAtRandom],
  ['the largest allocatable forgets the alignment', OverstatesLargest],
  ['the largest allocatable is a unit too small', UnderstatesLargest],
  ['unknown options are ignored', IgnoresUnknownOptions],
  ['a full span throws', ThrowsWhenFull],
  ['sizes are rounded further than the granularity', RoundsToPowersOfTwo],
];
