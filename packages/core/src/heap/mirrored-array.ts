/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Mirrored array: numbers on the CPU that grow as an array does, and a copy of them on the GPU that `upload`
 * brings up to date.
 *
 * Cost     get, set, push of one, pop: O(1), amortised over growth; get and set allocate nothing. insert,
 *          erase: O(elements behind). upload: one write for each dirty range, at most 16, and nothing when
 *          nothing has changed.
 * Promise  after `upload` the GPU has every element as the CPU has it, for all that is submitted later.
 *          Ranges reach to whole words of 4 bytes, whatever the elements are. After a rebuild of the heap the
 *          GPU has the elements again.
 * Refusal  goes one way: what shaders write is overwritten by some upload sooner or later. Elements of 64-bit
 *          integers, which no shader has, are refused. Gives no memory back but by `free`.
 */
import { checkInteger, checkOptions, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { roundUp } from '../base/quantities.ts';
import type { Allocation, BufferBinding } from './allocation.ts';
import { DirtyRanges } from './dirty-ranges.ts';
import type { GpuHeap } from './gpu-heap.ts';
import { GrowableBuffer, type GrowableRequest } from './growable-buffer.ts';
import { grownBytes } from './grown-bytes.ts';

/** What every typed array of numbers can do: `Float32Array`, `Uint8Array`, `Float16Array` where it exists. */
export interface NumberArray extends ArrayBufferView, Iterable<number> {
  readonly BYTES_PER_ELEMENT: number;
  readonly length: number;
  [index: number]: number;
  set(values: ArrayLike<number>, offset?: number): void;
  fill(value: number, from?: number, to?: number): unknown;
  copyWithin(target: number, from: number, to?: number): unknown;
  subarray(from?: number, to?: number): NumberArray;
}

/** The class of a typed array, such as `Float32Array` itself. */
export interface NumberArrayType<Data extends NumberArray> {
  readonly BYTES_PER_ELEMENT: number;
  readonly prototype: Data;
  new (memory: ArrayBuffer): NumberArray;
}

/** How a mirrored array is made. */
export interface MirroredArrayOptions<Buffer, Data extends NumberArray>
  extends Omit<GrowableRequest<Buffer>, 'size' | 'location' | 'onRestore' | 'hostCopy'> {
  /** What the elements are: `Float32Array`, `Uint16Array` … */
  readonly type: NumberArrayType<Data>;
  /** Elements from the start, all 0. Default 0. */
  readonly length?: number;
  /** As in any request, but `read` by default also for STORAGE: shaders have no reason to write here. */
  readonly access?: 'read' | 'write';
}

const KNOWN = [
  'type',
  'length',
  'usage',
  'alignment',
  'access',
  'lifetime',
  'apartFrom',
  'pool',
  'label',
  'owner',
  'userData',
  'timelines',
] as const;

/**
 * Unchanged bytes that are sooner uploaded than left out: a second write costs 2 to 3 µs by itself, in which
 * some 30 KiB are copied (measured on Dawn); over a bus, a third of that.
 */
const GAP_BYTES: number = 8 * 1024;

/** An array of numbers with a copy on the GPU. */
export class MirroredArray<Buffer, Data extends NumberArray> implements Iterable<number> {
  private readonly type: NumberArrayType<Data>;
  private readonly elementBytes: number;
  private readonly gpu: GrowableBuffer<Buffer>;
  private readonly dirty: DirtyRanges;
  /** All elements that there is room for. */
  private mirror: NumberArray;
  /** The elements that there are. */
  private view: NumberArray;
  private count = 0;

  /** @throws UsageError `too-large`, and as `GpuHeap.allocate` */
  constructor(heap: GpuHeap<Buffer>, options: MirroredArrayOptions<Buffer, Data>) {
    checkOptions(options, 'options', KNOWN);
    const { type, length = 0, ...request } = options;
    checkType(type);
    checkInteger(length, 'length', 0, Number.MAX_SAFE_INTEGER, 'bad-size');
    this.type = type;
    this.elementBytes = type.BYTES_PER_ELEMENT;
    this.dirty = new DirtyRanges(GAP_BYTES / this.elementBytes);
    this.mirror = this.makeMirror(length * this.elementBytes);
    this.view = this.mirror;
    const access = request.access ?? request.pool?.kind?.access ?? 'read';
    this.gpu = new GrowableBuffer(heap, { ...request, access, onRestore: () => this.bytesTo(this.gpu.size) });
    this.count = length;
    if (length > 0) this.dirty.add(0, length);
  }

  /** Elements that there are. */
  get length(): number {
    return this.count;
  }

  /** Elements that there may be before it grows. */
  get capacity(): number {
    return this.mirror.length;
  }

  /**
   * The elements themselves, to read and to write; tell `touch` what you wrote. Another one after `length` or
   * `capacity` have changed.
   */
  get array(): Data {
    const { view, mirror, count } = this;
    if (view.length !== count || view.buffer !== mirror.buffer) this.view = mirror.subarray(0, count);
    return this.view as Data;
  }

  /** Element `index`. @throws UsageError `out-of-bounds` */
  get(index: number): number {
    this.checkIndex(index);
    return this.mirror[index];
  }

  /** Element `index`, from the end where it is negative; undefined where there is none. */
  at(index: number): number | undefined {
    const place = index < 0 ? this.count + index : index;
    return place >= 0 && place < this.count ? this.mirror[place] : undefined;
  }

  /** Sets element `index`. @throws UsageError `out-of-bounds`, `bad-data` */
  set(index: number, value: number): void {
    this.checkIndex(index);
    checkNumber(value);
    this.mirror[index] = value;
    this.dirty.add(index, index + 1);
  }

  /** Puts elements at the end; answers the length. @throws UsageError `bad-data`, `too-large` */
  push(...values: number[]): number {
    this.insert(this.count, values);
    return this.count;
  }

  /** Takes the last element away; undefined when there is none. */
  pop(): number | undefined {
    if (this.count === 0) return undefined;
    this.count--;
    return this.mirror[this.count];
  }

  /**
   * Puts elements in front of element `index`, or at the end.
   * @throws UsageError `out-of-bounds`, `bad-data`, `too-large`
   */
  insert(index: number, values: ArrayLike<number>): void {
    checkInteger(index, 'index', 0, this.count, 'out-of-bounds');
    const added = this.checkValues(values);
    const { count } = this;
    if (added.length === 0) return;
    this.makeRoom(count + added.length);
    this.mirror.copyWithin(index + added.length, index, count);
    this.mirror.set(added, index);
    this.count = count + added.length;
    this.dirty.add(index, this.count);
  }

  /** Takes `count` elements from `index` on away; the rest moves up. @throws UsageError `out-of-bounds` */
  erase(index: number, count = 1): void {
    checkInteger(index, 'index', 0, this.count, 'out-of-bounds');
    checkInteger(count, 'count', 0, this.count - index, 'out-of-bounds');
    if (count === 0) return;
    this.mirror.copyWithin(index, index + count, this.count);
    this.count -= count;
    if (index < this.count) this.dirty.add(index, this.count);
  }

  /** Has `length` elements from now on; new ones are 0. @throws UsageError `bad-size`, `too-large` */
  resize(length: number): void {
    checkInteger(length, 'length', 0, Number.MAX_SAFE_INTEGER, 'bad-size');
    const { count } = this;
    if (length > count) {
      this.makeRoom(length);
      this.mirror.fill(0, count, length);
      this.dirty.add(count, length);
    }
    this.count = length;
  }

  /**
   * Makes room for `capacity` elements, here and on the GPU.
   * @throws UsageError `bad-size`, `too-large` · OutOfMemoryError · BackendError
   */
  reserve(capacity: number): void {
    checkInteger(capacity, 'capacity', 0, Number.MAX_SAFE_INTEGER, 'bad-size');
    const bytes = capacity * this.elementBytes;
    const mirror = capacity > this.capacity ? this.makeMirror(bytes) : undefined;
    this.gpu.reserve(roundUp(bytes, 4));
    // Told of the move, the application may have pushed more than this.
    if (mirror !== undefined && mirror.length > this.capacity) this.moveTo(mirror);
  }

  /** Has no elements, and the room that it had. */
  clear(): void {
    this.count = 0;
  }

  /** Sets elements `from` up to `to`, by default all. @throws UsageError `bad-data`, `out-of-bounds` */
  fill(value: number, from = 0, to: number = this.count): void {
    checkNumber(value);
    this.checkSpan(from, to);
    this.mirror.fill(value, from, to);
    if (from < to) this.dirty.add(from, to);
  }

  /** Elements `from` up to `to`, to read; valid as `array` is. @throws UsageError `out-of-bounds` */
  subarray(from = 0, to: number = this.count): Data {
    this.checkSpan(from, to);
    return this.mirror.subarray(from, to) as Data;
  }

  /** The elements in order. */
  [Symbol.iterator](): Iterator<number> {
    return this.array[Symbol.iterator]();
  }

  /**
   * Elements `from` up to `to`, by default all, were written through `array`.
   * @throws UsageError `out-of-bounds`
   */
  touch(from = 0, to: number = this.count): void {
    this.checkSpan(from, to);
    if (from < to) this.dirty.add(from, to);
  }

  /** Bytes that `upload` would write now. O(ranges), at most 16. */
  get dirtyBytes(): number {
    let bytes = 0;
    for (let k = 0; k < this.dirty.count; k++) bytes += Math.max(0, this.endOf(k) - this.startOf(k));
    return bytes;
  }

  /**
   * Brings the GPU up to date, for what is submitted later; answers the bytes written. Growth on the GPU
   * happens here, so that `version` may be another afterwards.
   * @throws UsageError `too-large` · OutOfMemoryError · BackendError; the same is dirty then
   */
  upload(): number {
    const { gpu, dirty } = this;
    const sizeBefore = gpu.size;
    const size = roundUp(this.count * this.elementBytes, 4);
    if (size !== sizeBefore) gpu.resize(size);
    let bytes = 0;
    try {
      for (let k = 0; k < dirty.count; k++) {
        const start = this.startOf(k);
        const end = this.endOf(k);
        if (start >= end) continue;
        gpu.write(this.bytesTo(end).subarray(start), start);
        bytes += end - start;
      }
    } catch (error) {
      gpu.resize(sizeBefore);
      throw error;
    }
    dirty.clear();
    return bytes;
  }

  /**
   * Buffer, offset and size as of the last `upload`; valid until `version` or `length` changes.
   * @throws UsageError `bad-size` when nothing is there yet · OutOfMemoryError
   */
  binding(): BufferBinding<Buffer> {
    return this.gpu.binding();
  }

  /** Grows whenever buffer or offset change: rebuild bind groups then. */
  get version(): number {
    return this.gpu.version;
  }

  /** Calls `hook` after every such change; answers how to stop that. @throws UsageError `bad-argument` */
  on(event: 'moved', hook: () => void): () => void {
    return this.gpu.on(event, hook);
  }

  /** Gives the allocation on the GPU away; the next `upload` makes another and writes everything there. */
  detach(): Allocation<Buffer> | undefined {
    const allocation = this.gpu.detach();
    this.touch();
    return allocation;
  }

  /** Gives the memory here and on the GPU back and is empty; it may be used again. */
  free(): void {
    this.gpu.free();
    this.count = 0;
    this.mirror = this.makeMirror(0);
    this.dirty.clear();
  }

  /** As `free`. */
  [Symbol.dispose](): void {
    this.free();
  }

  /** First byte of a dirty range, rounded to words. */
  private startOf(range: number): number {
    const bytes = this.dirty.fromOf(range) * this.elementBytes;
    return bytes - (bytes % 4);
  }

  /** The byte after a dirty range, rounded to words; elements that are gone need no upload. */
  private endOf(range: number): number {
    return roundUp(Math.min(this.dirty.toOf(range), this.count) * this.elementBytes, 4);
  }

  private bytesTo(end: number): Uint8Array {
    return new Uint8Array(this.mirror.buffer, 0, end);
  }

  private makeRoom(length: number): void {
    if (length <= this.capacity) return;
    this.moveTo(this.makeMirror(grownBytes(this.mirror.byteLength, length * this.elementBytes)));
  }

  private moveTo(mirror: NumberArray): void {
    mirror.set(this.array);
    this.mirror = mirror;
  }

  /** Room for whole words and whole elements. */
  private makeMirror(bytes: number): NumberArray {
    try {
      return new this.type(new ArrayBuffer(roundUp(bytes, 8)));
    } catch (cause) {
      throw new UsageError(
        'too-large',
        `an array of ${bytes} bytes does not fit the CPU's memory; split it`,
        {
          cause,
        },
      );
    }
  }

  /** The values, apart from the elements that they may be. */
  private checkValues(values: ArrayLike<number>): ArrayLike<number> {
    if (values === null || typeof values !== 'object') {
      throw new UsageError('bad-data', `values is ${show(values)}; pass an array of numbers`);
    }
    checkInteger(values.length, 'values.length', 0, Number.MAX_SAFE_INTEGER, 'bad-data');
    for (let k = 0; k < values.length; k++) checkNumber(values[k]);
    const isOwn = ArrayBuffer.isView(values) && values.buffer === this.mirror.buffer;
    return isOwn ? Array.from(values) : values;
  }

  private checkIndex(index: number): void {
    if (Number.isSafeInteger(index) && index >= 0 && index < this.count) return;
    throw new UsageError('out-of-bounds', `element ${show(index)} of ${this.count} does not exist`);
  }

  private checkSpan(from: number, to: number): void {
    checkInteger(to, 'to', 0, this.count, 'out-of-bounds');
    checkInteger(from, 'from', 0, to, 'out-of-bounds');
  }
}

function checkNumber(value: unknown): asserts value is number {
  if (typeof value === 'number') return;
  throw new UsageError('bad-data', `a value is ${show(value)}; pass a number`);
}

function checkType(type: unknown): void {
  const sample = typeof type === 'function' ? tryMake(type as new (length: number) => unknown) : undefined;
  // Of 64-bit integers it is 0n.
  const isNumbers = ArrayBuffer.isView(sample) && (sample as unknown as ArrayLike<unknown>)[0] === 0;
  if (isNumbers) return;
  throw new UsageError('bad-argument', `type is ${show(type)}; pass the class of a typed array of numbers`);
}

function tryMake(type: new (length: number) => unknown): unknown {
  try {
    return new type(1);
  } catch {
    return undefined;
  }
}
