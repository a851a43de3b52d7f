/**
 * Adoption: a request to take a buffer of the caller's own into the books of a heap.
 */
import { checkInteger, checkOptions, checkText, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { AllocationFacts } from './allocation-state.ts';

/** What is adopted. */
export interface AdoptionRequest<Buffer> {
  /** Made by the caller, on the same device. */
  readonly buffer: Buffer;
  /** All of its bytes, a multiple of 4. */
  readonly size: number;
  /** Bits of BufferUsage with which it was made. */
  readonly usage: number;
  /** Shown in snapshots, reports and errors. */
  readonly label?: string;
  /** Who makes it, for statistics and reports. */
  readonly owner?: string;
  /** Kept on the allocation; the heap does not look at it. */
  readonly userData?: unknown;
}

/** @throws UsageError `bad-argument`, `unknown-option`, `bad-size` */
export function checkAdoptionRequest<Buffer>(request: AdoptionRequest<Buffer>): {
  buffer: Buffer;
  usage: number;
  facts: AllocationFacts;
} {
  checkOptions(request, 'request', ['buffer', 'size', 'usage', 'label', 'owner', 'userData']);
  const { buffer, size, usage, label = '', owner = '', userData } = request;
  checkInteger(size, 'size', 4, Number.MAX_SAFE_INTEGER, 'bad-size');
  if (size % 4 !== 0) {
    throw new UsageError('bad-size', `size is ${size}; pass a buffer whose size is a multiple of 4`);
  }
  checkText(label, 'label');
  checkText(owner, 'owner');
  if (typeof buffer !== 'object' || buffer === null) {
    throw new UsageError('bad-argument', `buffer is ${show(buffer)}; pass one that you made on this device`);
  }
  return {
    buffer,
    usage,
    facts: {
      ...{ size, alignment: 1, dedicated: false, label, owner, userData },
      ...{ onRestore: undefined, priority: undefined, isGpuWritten: true },
    },
  };
}
