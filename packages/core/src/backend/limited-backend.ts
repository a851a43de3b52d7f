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

  /** Counts a texture that is about to be asked of the device. @throws OutOfMemoryError `over-budget` */
  claim(bytes: number): void {
    if (!this.mayReserve(bytes)) throw this.overBudget('texture', bytes);
    this.textureBytes += bytes;
    this.notePeak();
  }

  /** Such a texture was refused, or given back. */
  unclaim(bytes: number): void {
    this.textureBytes -= bytes;
  }

  /** As the port says. @throws OutOfMemoryError `over-budget` */
  override createBuffer(descriptor: BufferDescriptor): CreatedBuffer<Buffer> {
    if (!this.mayReserve(descriptor.size)) throw this.overBudget('buffer', descriptor.size);
    return super.createBuffer(descriptor);
  }

  private overBudget(what: string, requestedBytes: number): OutOfMemoryError {
    const { reservedBytes, budgetBytes } = this;
    return new OutOfMemoryError(
      'over-budget',
      `a ${what} of ${requestedBytes} bytes beside ${reservedBytes} held would pass the budget of ${budgetBytes}; free something or raise it`,
      { requestedBytes, largestFreeBytes: 0, freeBytes: 0, pendingBytes: 0, reservedBytes, budgetBytes },
    );
  }
}
