/**
 * Operation list: what a program asked of an allocator, as columns, and the recorder that fills them.
 *
 * Layout   one typed array per field; operation `i` is `kind[i]`, `slot[i]`, `size[i]`, `alignment[i]`.
 * Promise  a slot is freed only after it was allocated, and allocated only when never used or freed before;
 *          so a replay needs one array of `slotCount` handles and nothing else.
 */

/** Value of `kind`: reserve `size` bytes into `slot`. */
export const OPERATION_ALLOCATE = 0;
/** Value of `kind`: free what `slot` holds; skipped when its allocation was refused. */
export const OPERATION_FREE = 1;

/** Recorded operations, in order. */
export interface OperationColumns {
  readonly kind: Uint8Array;
  /** Which logical resource: an index below `slotCount`. Slots are used again after they were freed. */
  readonly slot: Int32Array;
  /** Bytes, also on a free (what the slot was allocated with). */
  readonly size: Int32Array;
  /** Bytes, also on a free. */
  readonly alignment: Int32Array;
}

/** Records operations; knows which slots are live and how many bytes they asked for. */
export class OperationRecorder {
  /** Operations so far. */
  count = 0;
  /** Requested bytes of live slots. */
  liveBytes = 0;
  /** Slots in use at once, at most. */
  slotCount = 0;
  private columns: OperationColumns = makeColumns(1024);
  private readonly sizes: number[] = [];
  private readonly live: number[] = [];
  private readonly spare: number[] = [];
  private readonly alignment: number;

  constructor(alignment: number) {
    this.alignment = alignment;
  }

  /** Live slots now. */
  get liveCount(): number {
    return this.live.length;
  }

  /** Records an allocation and answers its slot. Amortised O(1). */
  allocate(size: number): number {
    const slot = this.spare.pop() ?? this.slotCount++;
    this.sizes[slot] = size;
    this.live.push(slot);
    this.liveBytes += size;
    this.push(OPERATION_ALLOCATE, slot, size);
    return slot;
  }

  /** Records an allocation that is expected to be refused and is never freed. Amortised O(1). */
  allocateInVain(slot: number, size: number): void {
    this.push(OPERATION_ALLOCATE, slot, size);
  }

  /** Frees the `index`-th live slot; the last live one takes its place in the order. Amortised O(1). */
  freeAt(index: number): void {
    const slot = this.live[index] as number;
    const last = this.live.pop() as number;
    if (index < this.live.length) this.live[index] = last;
    this.record(slot);
  }

  /** Frees the slots given, all of them live. O(live). */
  freeAll(slots: readonly number[]): void {
    const gone = new Set(slots);
    const staying = this.live.filter((slot) => !gone.has(slot));
    this.live.length = 0;
    for (const slot of staying) this.live.push(slot);
    for (const slot of slots) this.record(slot);
  }

  /** The columns, cut to length. O(operations). */
  finish(): OperationColumns {
    return resized(this.columns, this.count);
  }

  private record(slot: number): void {
    const size = this.sizes[slot] as number;
    this.liveBytes -= size;
    this.spare.push(slot);
    this.push(OPERATION_FREE, slot, size);
  }

  private push(kind: number, slot: number, size: number): void {
    if (this.count === this.columns.kind.length) this.columns = resized(this.columns, this.count * 2);
    const { columns, count } = this;
    columns.kind[count] = kind;
    columns.slot[count] = slot;
    columns.size[count] = size;
    columns.alignment[count] = this.alignment;
    this.count = count + 1;
  }
}

function makeColumns(length: number): OperationColumns {
  return {
    kind: new Uint8Array(length),
    slot: new Int32Array(length),
    size: new Int32Array(length),
    alignment: new Int32Array(length),
  };
}

function resized(from: OperationColumns, length: number): OperationColumns {
  const to = makeColumns(length);
  const kept = Math.min(length, from.kind.length);
  to.kind.set(from.kind.subarray(0, kept));
  to.slot.set(from.slot.subarray(0, kept));
  to.size.set(from.size.subarray(0, kept));
  to.alignment.set(from.alignment.subarray(0, kept));
  return to;
}
