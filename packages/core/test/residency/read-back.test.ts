/** Read-backs by themselves: batches that fail in part, room that is not there, what is used meanwhile. */
import { describe, expect, it } from 'vitest';
import { OutOfMemoryError, UsageError } from '../../src/index.ts';
import type { Chunk } from '../../src/memory/chunk.ts';
import type { Memory } from '../../src/memory/memory.ts';
import type { ReadPiece } from '../../src/memory/readback-ring.ts';
import { Departure, ReadBack } from '../../src/movement/residency/read-back.ts';
import type { Resident, Residents } from '../../src/movement/residency/resident.ts';
import { firstDifference, quickPattern } from '../heap/quick-bytes.ts';

const KIB = 1024;

type Piece = ReadPiece<object> & { readonly resident: Something };

/** Somebody with bytes. */
class Something implements Partial<Resident<object>> {
  readonly bytes: Uint8Array;
  readonly chunk = { isMarked: () => false } as unknown as Chunk<object>;
  readonly handle = 1;
  isHeld = false;
  busyAt = 0;

  constructor(seed: number, size: number) {
    this.bytes = quickPattern(seed, size);
  }

  get size(): number {
    return this.bytes.byteLength;
  }
}

interface World {
  readonly budgetBytes?: number;
  readonly heldBytes?: number;
  /** Called with the sizes of each batch; what it throws the read throws. */
  readonly onRead?: (sizes: readonly number[], pieces: readonly Piece[]) => void;
  readonly whenNext?: () => Promise<void> | undefined;
}

function read(all: readonly Something[], world: World): Promise<Map<unknown, Uint8Array>> {
  const { budgetBytes = Number.POSITIVE_INFINITY, heldBytes = 0, onRead, whenNext = () => undefined } = world;
  const memory = {
    evictionStagingBytes: heldBytes,
    backend: { budgetBytes, reservedBytes: 0 },
    reads: { whenNext },
  } as unknown as Memory<object>;
  const residents = {
    pieceOf: (resident: Something, offset: number, size: number) => ({ resident, offset, size }),
  } as unknown as Residents<object, Resident<object>>;
  const reader = {
    async readMany(pieces: readonly ReadPiece<object>[]) {
      onRead?.(
        pieces.map(({ size }) => size),
        pieces as readonly Piece[],
      );
      return (pieces as readonly Piece[]).map(({ resident, offset, size }) =>
        resident.bytes.slice(offset, offset + size),
      );
    },
  };
  const back = new ReadBack(memory, residents, reader);
  return back.read(all.map((each) => new Departure(each as unknown as Resident<object>)));
}

function noRoom(): OutOfMemoryError {
  const figures = { largestFreeBytes: 0, freeBytes: 0, pendingBytes: 0, reservedBytes: 0, budgetBytes: 0 };
  return new OutOfMemoryError('over-budget', 'no room', { requestedBytes: 1, ...figures });
}

function expectWhole(found: Map<unknown, Uint8Array>, all: readonly Something[]): void {
  expect(found.size).toBe(all.length);
  for (const each of all) expect(firstDifference(found.get(each) as Uint8Array, each.bytes)).toBe(-1);
}

describe('a read-back', () => {
  it('reads what is large in pieces and what is small together', async () => {
    const all = [new Something(1, 10), new Something(2, 200 * KIB), new Something(3, 30 * KIB)];
    const batches: number[][] = [];
    expectWhole(
      await read(all, {
        budgetBytes: 100 * KIB,
        heldBytes: 64 * KIB,
        onRead: (sizes) => void batches.push([...sizes]),
      }),
      all,
    );
    expect(batches).toEqual([[10], [100 * KIB], [100 * KIB], [30 * KIB]]);
  });

  it('reads the others again when one of a batch is gone, and no hole in what is read in pieces', async () => {
    const first = new Something(1, 130 * KIB);
    const gone = new Something(2, 8 * KIB);
    const last = new Something(3, 20 * KIB);
    const found = await read([first, gone, last], {
      budgetBytes: 64 * KIB,
      onRead: (_, pieces) => {
        if (!pieces.some(({ resident }) => resident === gone)) return;
        gone.busyAt = 1;
        throw new UsageError('dead-allocation', 'it was freed under pressure');
      },
    });
    expectWhole(found, [first, last]);
  });

  it('rejects when a read is refused for no such reason', async () => {
    const refusal = new UsageError('bad-argument', 'not so');
    const fail = () => {
      throw refusal;
    };
    await expect(read([new Something(1, 10)], { onRead: fail })).rejects.toBe(refusal);
  });

  it('goes on in smaller pieces while there is no room, then waits for others, and fails when there are none', async () => {
    const all = [new Something(1, 300 * KIB), new Something(2, 50 * KIB)];
    const sizes = new Set<number>();
    let waits = 0;
    const world = (most: number, next: boolean): World => ({
      onRead: (batch) => {
        const bytes = batch.reduce((sum, size) => sum + size, 0);
        sizes.add(bytes);
        if (bytes > most) throw noRoom();
      },
      whenNext: () => {
        if (!next) return undefined;
        waits++;
        // By then there is room.
        return waits < 40 ? Promise.resolve() : undefined;
      },
    });
    expectWhole(await read(all, world(70 * KIB, false)), all);
    expect(Math.max(...sizes)).toBe(350 * KIB);
    await expect(read(all, world(10, false))).rejects.toBeInstanceOf(OutOfMemoryError);
    await expect(read(all, world(10, true))).rejects.toBeInstanceOf(OutOfMemoryError);
    expect(waits).toBeGreaterThan(30);
  });

  it('answers nothing of what was used while its pieces came', async () => {
    const used = new Something(1, 200 * KIB);
    const idle = new Something(2, 10);
    let batches = 0;
    const found = await read([used, idle], {
      budgetBytes: 64 * KIB,
      onRead: () => {
        if (++batches === 2) used.busyAt = 1;
      },
    });
    expectWhole(found, [idle]);
    expect(batches).toBe(3);
  });
});
