import { UsageError } from '@gpuheap/core/errors';
import type { Handle, SuballocatorCapabilities } from '@gpuheap/core/ranges';
import { ReferenceSuballocator } from '../../src/index.ts';
import { describeSuballocatorContract } from '../../src/vitest.ts';

const SHORT = { randomOperations: 10_000, seeds: 20, depth: 4 };

describeSuballocatorContract('reference', (options) => new ReferenceSuballocator(options), SHORT);

/** Claims less than the reference: serves multiples and divisors of the granularity alone. */
class FewAlignments extends ReferenceSuballocator {
  override readonly kind: string = 'few-alignments';
  override readonly capabilities: SuballocatorCapabilities = {
    freesInAnyOrder: true,
    anyAlignment: false,
    exact: true,
  };

  override allocate(size: number, alignment = 1): Handle {
    if (Number.isSafeInteger(size) && size > 0) this.checkServed(alignment);
    return super.allocate(size, alignment);
  }

  override largestAllocatable(alignment = 1): number {
    this.checkServed(alignment);
    return super.largestAllocatable(alignment);
  }

  private checkServed(alignment: number): void {
    if (typeof alignment !== 'number') return; // The reference refuses it.
    if (alignment % this.granularity !== 0 && this.granularity % alignment !== 0) {
      throw new UsageError('bad-alignment', `alignment ${alignment} is no multiple or divisor of a unit`);
    }
  }
}

describeSuballocatorContract('few alignments', (options) => new FewAlignments(options), SHORT);
