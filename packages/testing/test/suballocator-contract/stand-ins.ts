/** Stand-ins: the reference in the shape of kinds that can do less, to try the contract suite on. */
import { UsageError } from '@gpuheap/core/errors';
import { NO_SPACE, type SuballocatorCapabilities, type SuballocatorOptions } from '@gpuheap/core/ranges';
import { type ReferencePlace, type ReferenceRange, ReferenceSuballocator } from '../../src/index.ts';

/** No optional operation at all. */
const NOTHING_MORE: Partial<SuballocatorCapabilities> = {
  strategies: [],
  allocateAt: false,
  resize: false,
  grow: false,
  shrinkTo: false,
  track: false,
  freeUpTo: false,
};

/** The contract and nothing beyond it. */
export class Bare extends ReferenceSuballocator {
  override readonly kind: string = 'bare';

  constructor(options: SuballocatorOptions) {
    super(options, NOTHING_MORE);
  }
}

/** Serves multiples and divisors of the granularity alone, and rounds sizes to powers of two. */
export class FewAlignments extends ReferenceSuballocator {
  override readonly kind: string = 'few-alignments';

  constructor(options: SuballocatorOptions) {
    super(options, { ...NOTHING_MORE, anyAlignment: false, strategies: ['min-offset'] });
  }

  protected override checkAlignment(alignment: number): void {
    super.checkAlignment(alignment);
    if (alignment % this.granularity !== 0 && this.granularity % alignment !== 0) {
      throw new UsageError('bad-alignment', `alignment ${alignment} is no multiple or divisor of a unit`);
    }
  }
}

/** Reserves whole pairs of units, from even units on; the last odd one is never served. */
export class Pairs extends ReferenceSuballocator {
  override readonly kind: string = 'pairs';

  constructor(options: SuballocatorOptions) {
    super(options, { ...NOTHING_MORE, exact: false, exactSizes: false, exactLargestFree: false });
  }

  protected override reservedFor(size: number): number {
    const exact = super.reservedFor(size);
    const units = exact / this.granularity;
    return this.capacity === this.granularity ? exact : (units + (units % 2)) * this.granularity;
  }

  override largestAllocatable(alignment = 1): number {
    const largest = super.largestAllocatable(alignment) / this.granularity;
    const isSingle = this.capacity === this.granularity;
    return (isSingle ? largest : largest - (largest % 2)) * this.granularity;
  }
}

/** Serves from what lies above the highest live range alone, as a stack. */
export class Stack extends ReferenceSuballocator {
  override readonly kind: string = 'stack';

  constructor(options: SuballocatorOptions) {
    super(options, { ...NOTHING_MORE, freesInAnyOrder: false, exact: false });
  }

  protected override serves(range: ReferenceRange): boolean {
    return range === this.list.at(-1) && range.handle === NO_SPACE;
  }
}

/** Serves behind the newest live range, then from the start, up to the oldest one. */
export class RingLike extends ReferenceSuballocator {
  override readonly kind: string = 'ring-like';

  constructor(options: SuballocatorOptions) {
    super(options, { ...NOTHING_MORE, freesInAnyOrder: false, exact: false, freeUpTo: true });
  }

  protected override serves(range: ReferenceRange): boolean {
    if (range.handle !== NO_SPACE) return false;
    const { oldest, newest } = this.ends();
    if (oldest === undefined || newest === undefined) return true;
    if (this.isBehind(range, newest)) return true;
    return range.offset === 0 && newest.offset >= oldest.offset;
  }

  protected override places(reserved: number, alignment: number, end: 'low' | 'high'): ReferencePlace[] {
    const { newest } = this.ends();
    const found = super.places(reserved, alignment, end);
    if (newest === undefined) return found;
    const behind = found.filter(({ at }) => this.isBehind(this.rangeAt(at), newest));
    return [...behind, ...found.filter((place) => !behind.includes(place))];
  }

  private isBehind(range: ReferenceRange, newest: ReferenceRange): boolean {
    return range.offset === newest.offset + newest.size;
  }

  /** Handles are numbers in the order of birth. */
  private ends(): { oldest: ReferenceRange | undefined; newest: ReferenceRange | undefined } {
    const live = this.list.filter(({ handle }) => handle !== NO_SPACE);
    live.sort((left, right) => left.handle - right.handle);
    return { oldest: live.at(0), newest: live.at(-1) };
  }
}
