/**
 * Limited backend: the budget. A counting backend that refuses a creation before the device is asked.
 *
 * Promise  `reservedBytes` never passes `budgetBytes` through a creation; a refusal has changed nothing.
 * Refusal  the backend's own staging counts towards the budget, but a read is not refused for it.
 */
import { OutOfMemoryError } from '../base/errors.ts';
import { CountingBackend } from './counting-backend.ts';
import type { BufferDescriptor, CreatedBuffer, GpuBackend } from './port.ts';

export class LimitedBackend<Buffer> extends CountingBackend<Buffer> {
  /** Bytes; Infinity for none. Below what is held it refuses every creation and takes nothing away. */
  budgetBytes: number;

  constructor(inner: GpuBackend<Buffer>, budgetBytes: number) {
    super(inner);
    this.budgetBytes = budgetBytes;
  }

  /** Whether the budget has room for a buffer of `bytes`. */
  mayReserve(bytes: number): boolean {
    return this.reservedBytes + bytes <= this.budgetBytes;
  }

  /** As the port says. @throws OutOfMemoryError `over-budget` */
  override createBuffer(descriptor: BufferDescriptor): CreatedBuffer<Buffer> {
    const reservedBytes = this.reservedBytes;
    if (!this.mayReserve(descriptor.size)) {
      throw new OutOfMemoryError(
        'over-budget',
        `a buffer of ${descriptor.size} bytes beside ${reservedBytes} held would pass the budget of ${this.budgetBytes}`,
        {
          requestedBytes: descriptor.size,
          largestFreeBytes: 0,
          freeBytes: 0,
          pendingBytes: 0,
          reservedBytes,
          budgetBytes: this.budgetBytes,
        },
      );
    }
    return super.createBuffer(descriptor);
  }
}
