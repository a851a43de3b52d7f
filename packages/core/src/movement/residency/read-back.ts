/**
 * Read-back: the bytes of residents on their way to the CPU, before they are evicted.
 *
 * Cost     one submission for each 16 MiB, or for what the budget leaves; at least as much as is held for it.
 * Promise  what is answered is what each held when nobody had used it since; of one that was used, moved or
 *          freed meanwhile, nothing. Goes on in smaller pieces when there is no room for larger ones.
 */
import { OutOfMemoryError, UsageError } from '../../base/errors.ts';
import type { Chunk } from '../../memory/chunk.ts';
import type { Memory } from '../../memory/memory.ts';
import type { ReadPiece } from '../../memory/readback-ring.ts';
import type { Resident, Residents } from './resident.ts';

const MOST_BYTES: number = 16 * 1024 * 1024;
const LEAST_BYTES: number = 64 * 1024;

/** Who reads pieces as one submission. */
export interface PieceReader<Buffer> {
  readMany(pieces: readonly ReadPiece<Buffer>[]): Promise<Uint8Array[]>;
}

/** A part of one of them, in one submission. */
interface Slice<R> {
  readonly resident: R;
  readonly at: number;
  readonly size: number;
}

/** One of them, as it was when it was chosen. */
export class Departure<Buffer, R extends Resident<Buffer>> {
  readonly resident: R;
  private readonly chunk: Chunk<Buffer> | undefined;
  private readonly handle: number;
  private readonly busyAt: number;

  constructor(resident: R) {
    this.resident = resident;
    this.chunk = resident.chunk;
    this.handle = resident.handle;
    this.busyAt = resident.busyAt;
  }

  /** Whether it may go: nobody has done anything with it. */
  get isReady(): boolean {
    const { resident, chunk, handle, busyAt } = this;
    if (chunk === undefined || resident.chunk !== chunk || resident.handle !== handle) return false;
    return resident.busyAt === busyAt && !resident.isHeld && !chunk.isMarked(handle);
  }
}

/** What has come of one of them. */
class Arrival<Buffer, R extends Resident<Buffer>> {
  readonly departure: Departure<Buffer, R>;
  bytes: Uint8Array | undefined;
  private missing: number;

  constructor(departure: Departure<Buffer, R>) {
    this.departure = departure;
    this.missing = departure.resident.size;
  }

  get isWhole(): boolean {
    return this.missing === 0;
  }

  take({ resident, at, size }: Slice<R>, part: Uint8Array): void {
    this.missing -= size;
    if (size === resident.size) {
      this.bytes = part;
      return;
    }
    this.bytes ??= new Uint8Array(resident.size);
    this.bytes.set(part, at);
  }
}

export class ReadBack<Buffer, R extends Resident<Buffer>> {
  private readonly memory: Memory<Buffer>;
  private readonly residents: Residents<Buffer, R>;
  private readonly reader: PieceReader<Buffer>;

  constructor(memory: Memory<Buffer>, residents: Residents<Buffer, R>, reader: PieceReader<Buffer>) {
    this.memory = memory;
    this.residents = residents;
    this.reader = reader;
  }

  /**
   * The bytes of those that nobody has used meanwhile. Rejects with OutOfMemoryError where there is no room
   * to read anything, and with BackendError.
   */
  async read(departures: readonly Departure<Buffer, R>[]): Promise<Map<R, Uint8Array>> {
    const { evictionStagingBytes, reads } = this.memory;
    const least = evictionStagingBytes > 0 ? Math.min(LEAST_BYTES, evictionStagingBytes) : LEAST_BYTES;
    let most = this.sliceBytes;
    const read = new Map(departures.map((each) => [each.resident, new Arrival(each)]));
    const isReady = ({ resident }: Slice<R>): boolean => read.get(resident)?.departure.isReady === true;
    let left = departures.flatMap(({ resident }) => slicesOf(resident, most));
    for (;;) {
      left = left.filter(isReady);
      const batch = firstOf(left, most);
      if (batch.length === 0) return wholeOf(read);
      try {
        const parts = await this.reader.readMany(
          batch.map(({ resident, at, size }) => this.residents.pieceOf(resident, at, size)),
        );
        for (const [k, slice] of batch.entries()) {
          if (isReady(slice)) read.get(slice.resident)?.take(slice, parts[k] as Uint8Array);
        }
        left = left.slice(batch.length);
      } catch (error) {
        // Asked for memory, the application may have freed or moved one: the others are read again.
        if (error instanceof UsageError && !batch.every(isReady)) continue;
        if (!(error instanceof OutOfMemoryError)) throw error;
        const next = reads.whenNext();
        if (most > least) {
          most = Math.max(least, Math.floor(most / 8) * 4);
          left = left.flatMap((slice) => cut(slice, most));
        } else if (next === undefined) throw error;
        else await next;
      }
    }
  }

  private get sliceBytes(): number {
    const { budgetBytes, reservedBytes } = this.memory.backend;
    const room = Math.max(LEAST_BYTES, Math.min(MOST_BYTES, budgetBytes - reservedBytes));
    const held = this.memory.evictionStagingBytes;
    const most = Math.max(room, held);
    return most - (most % 4);
  }
}

function slicesOf<R extends { readonly size: number }>(resident: R, most: number): Slice<R>[] {
  return cut({ resident, at: 0, size: resident.size }, most);
}

function cut<R>({ resident, at, size }: Slice<R>, most: number): Slice<R>[] {
  const slices: Slice<R>[] = [];
  for (let from = 0; from < size; from += most) {
    slices.push({ resident, at: at + from, size: Math.min(most, size - from) });
  }
  return slices;
}

/** The first of them, as many as `most` bytes hold, and one at least. */
function firstOf<R>(slices: readonly Slice<R>[], most: number): readonly Slice<R>[] {
  let count = 0;
  for (let bytes = 0; count < slices.length; count++) {
    // Each begins at a word of its own.
    bytes += (slices[count] as Slice<R>).size + 4;
    if (bytes > most && count > 0) break;
  }
  return slices.slice(0, count);
}

/** Those of which all has come. */
function wholeOf<Buffer, R extends Resident<Buffer>>(
  read: ReadonlyMap<R, Arrival<Buffer, R>>,
): Map<R, Uint8Array> {
  const whole = new Map<R, Uint8Array>();
  for (const [resident, { bytes, isWhole }] of read) if (isWhole) whole.set(resident, bytes as Uint8Array);
  return whole;
}
