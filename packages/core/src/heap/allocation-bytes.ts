/**
 * Allocation bytes: what is written to, read from and copied between allocations, wherever they are.
 *
 * Promise  a call that is refused has touched nothing. What is evicted is written and read on the CPU.
 */
import { bytesOfData, type WriteData } from '../base/bytes.ts';
import { roundUp } from '../base/quantities.ts';
import type { ReadPiece } from '../memory/readback-ring.ts';
import type { Allocation } from './allocation.ts';
import type { Evictions, ReadSpan } from './evictions.ts';
import { noteWrite, useOnFirst } from './mover.ts';
import { checkExtent, checkGranules } from './transfer.ts';
import type { Transfers } from './transfers.ts';

export class AllocationBytes<Buffer> {
  private readonly transfers: Transfers<Buffer>;
  private readonly evictions: Evictions<Buffer>;
  private readonly checkDevice: () => void;

  /** `checkDevice` throws when the device is lost. */
  constructor(transfers: Transfers<Buffer>, evictions: Evictions<Buffer>, checkDevice: () => void) {
    this.transfers = transfers;
    this.evictions = evictions;
    this.checkDevice = checkDevice;
  }

  /** As `Allocation.write`. */
  write(allocation: Allocation<Buffer>, data: WriteData, at: number): void {
    const { evicted } = allocation;
    const chunk = evicted === undefined ? allocation.home() : undefined;
    const bytes = bytesOfData(data);
    checkExtent(at, bytes.byteLength, allocation.size);
    checkGranules(at, bytes.byteLength, allocation.size);
    this.checkDevice();
    if (chunk === undefined) {
      this.evictions.write(allocation, bytes, at);
      return;
    }
    this.transfers.flushFor(allocation);
    this.transfers.write(chunk, allocation.offset + at, bytes);
    useOnFirst(allocation);
    noteWrite(allocation);
    allocation.remember(bytes, at);
  }

  /** As `Allocation.read`. */
  read(span: ReadSpan<Buffer>): Promise<Uint8Array> {
    span.allocation.checkLive();
    checkExtent(span.at, span.size, span.allocation.size);
    return this.readMany([span]).then(([bytes]) => bytes as Uint8Array);
  }

  /** The bytes of each, all from the same moment. @throws UsageError · BackendError `device-lost` */
  readMany(spans: readonly ReadSpan<Buffer>[]): Promise<Uint8Array[]> {
    this.checkDevice();
    const pieces = spans.filter(({ allocation }) => allocation.evicted === undefined);
    const copied = this.transfers.readMany(pieces.map((each) => this.pieceOf(each)));
    if (pieces.length === spans.length) return copied;
    return this.evictions.readAmong(spans, copied);
  }

  /** Where bytes of a live allocation are that are about to be read. */
  private pieceOf({ allocation, at, size }: ReadSpan<Buffer>): ReadPiece<Buffer> {
    const chunk = allocation.home();
    useOnFirst(allocation);
    allocation.noteUse('read');
    const locate = () => {
      checkExtent(at, size, allocation.size);
      return { chunk: allocation.home(), offset: allocation.offset + at };
    };
    return { chunk, offset: allocation.offset + at, size, handle: allocation.handle, locate };
  }

  /** As `GpuHeap.copy`. */
  copy(
    source: Allocation<Buffer>,
    sourceOffset: number,
    target: Allocation<Buffer>,
    targetOffset: number,
    size: number,
  ): void {
    const from = source.home();
    const to = target.home();
    const check = (): void => {
      checkExtent(sourceOffset, size, source.size);
      checkExtent(targetOffset, size, target.size);
      checkGranules(sourceOffset, size, source.size);
      checkGranules(targetOffset, size, target.size);
    };
    check();
    this.checkDevice();
    if (size === 0) return;
    // Whatever makes room for scratch, these stay.
    source.noteUse('read');
    target.noteUse('written');
    const bytes = roundUp(size, 4);
    this.transfers.copy(from, to, target, bytes, () => {
      // Asked for memory, the application may have made one of them shorter.
      check();
      return {
        source: source.buffer,
        sourceOffset: source.offset + sourceOffset,
        target: target.buffer,
        targetOffset: target.offset + targetOffset,
        size: bytes,
      };
    });
    useOnFirst(source);
    useOnFirst(target);
  }
}
