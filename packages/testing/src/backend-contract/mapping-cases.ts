/** What `mapped`, `map` and `unmap` give to the CPU and take back, with all bytes. */
import { expectBytes, expectCode, expectEqual, expectRejection, expectThat } from './assertions.ts';
import type { BackendContractCase } from './contract-case.ts';
import { nextTurn } from './event-loop.ts';
import { BOTH_WAYS, backendCase, patternOf, type Session } from './session.ts';

const MANY = 64;

/** Throws unless a copy of the whole buffer has these bytes. */
async function expectUploaded(session: Session, source: unknown, expected: Uint8Array, what: string) {
  const size = expected.length;
  const target = session.make(size);
  session.backend.copy([{ source, sourceOffset: 0, target, targetOffset: 0, size }]);
  await session.expectContent(target, expected, what);
  session.backend.destroyBuffer(target);
}

/** A case with an upload buffer that is not mapped; nothing where no memory type can be mapped. */
function uploadCase(
  name: string,
  size: number,
  body: (session: Session, upload: unknown, size: number) => Promise<void>,
): BackendContractCase {
  return backendCase(name, async (session) => {
    const upload = session.makeUpload(session.up(size));
    if (upload !== undefined) await body(session, upload, session.up(size));
  });
}

const bornMapped = backendCase('createBuffer: mapped is born with its bytes, all zero', async (session) => {
  for (const size of [session.up(4), session.up(300), session.up(65_540)]) {
    const born = session.makeMapped(size);
    if (born === undefined) return;
    const { buffer, bytes } = born;
    expectBytes(bytes, new Uint8Array(size), 'the bytes of a new buffer');
    const half = size - session.step;
    bytes.set(patternOf(180, half));
    session.backend.unmap(buffer);
    expectEqual(bytes.length, 0, 'length of the array after unmap');
    const expected = new Uint8Array(size);
    expected.set(patternOf(180, half));
    await expectUploaded(session, buffer, expected, `what was stored in ${size} bytes`);
    await session.expectContent(buffer, expected, 'the buffer itself');
  }
});

const settledMapped = backendCase('createBuffer: mapped is granted like any other', async (session) => {
  const born = session.makeMapped(session.up(64));
  if (born === undefined) return;
  expectEqual(await session.after(born.settled), undefined, 'settled');
  const plain = session.backend.createBuffer({
    size: session.up(64),
    usage: BOTH_WAYS,
    memoryType: session.defaultMemoryType,
    mapped: false,
  });
  expectEqual(plain.bytes, undefined, 'bytes of a buffer that is not mapped');
});

const parts = uploadCase(
  'map: any part, again and again; the rest stays',
  512,
  async (session, upload, size) => {
    const expected = new Uint8Array(size);
    for (const [round, [offset, length]] of (
      [
        [0, size],
        [8, 4],
        [16, 100],
        [size - 8, 8],
        [0, 4],
        [24, size - 24],
      ] as const
    ).entries()) {
      const bytes = await session.after(session.backend.map(upload, offset, length));
      expectBytes(bytes, expected.slice(offset, offset + length), `${length} mapped bytes at ${offset}`);
      bytes.set(patternOf(181 + round, length));
      expected.set(patternOf(181 + round, length), offset);
      session.backend.unmap(upload);
      expectEqual(bytes.length, 0, 'length of the array after unmap');
      await expectUploaded(session, upload, expected, `after ${length} bytes at ${offset}`);
    }
  },
);

const waits = uploadCase(
  'map: waits for the work that uses the buffer, which sees the bytes of before',
  4096,
  async (session, upload, size) => {
    const { backend } = session;
    const targets = Array.from({ length: 6 }, () => session.make(size));
    for (const [round, target] of targets.entries()) {
      const refilled = backend.map(upload, 0, size).then((bytes) => {
        bytes.set(patternOf(190 + round, size));
        backend.unmap(upload);
      });
      // Nothing has advanced yet: a map that is over in the next turn must have been right all the same.
      await Promise.race([refilled, nextTurn()]);
      await session.after(refilled);
      backend.copy([{ source: upload, sourceOffset: 0, target, targetOffset: 0, size }]);
    }
    for (const [round, target] of targets.entries()) {
      await session.expectContent(target, patternOf(190 + round, size), `the copy of round ${round}`);
    }
  },
);

const refused = uploadCase(
  'map: while it is mapped or about to be, all else refuses the buffer',
  64,
  async (session, upload, size) => {
    const { backend } = session;
    const target = session.make(size, BOTH_WAYS, patternOf(197, size));
    const region = { source: upload, sourceOffset: 0, target, targetOffset: 0, size };
    const expectHeld = (when: string): void => {
      expectCode(() => backend.copy([region]), 'mapped-buffer', `copy ${when}`);
      expectCode(() => backend.read(upload, 0, size), 'mapped-buffer', `read ${when}`);
      expectCode(() => backend.map(upload, 0, size), 'mapped-buffer', `map ${when}`);
    };
    expectCode(() => backend.unmap(upload), 'not-mapped', 'unmap of what was never mapped');
    const map = backend.map(upload, 0, 8);
    expectHeld('while a map is pending');
    expectCode(() => backend.unmap(upload), 'not-mapped', 'unmap while the map is pending');
    backend.write(target, 0, patternOf(198, size));
    (await session.after(map)).fill(0xaa);
    expectHeld('while it is mapped');
    await session.expectContent(target, patternOf(198, size), 'another buffer meanwhile');
    backend.unmap(upload);
    expectCode(() => backend.unmap(upload), 'not-mapped', 'unmap again');
    backend.copy([region]);
    await session.expectContent(target, new Uint8Array(size).fill(0xaa, 0, 8), 'the copy afterwards');
  },
);

const readHolds = backendCase(
  'read: while a readback buffer is read, all else refuses it',
  async (session) => {
    const { backend, step } = session;
    const size = session.up(64);
    const readback = session.makeReadback(size);
    if (readback === undefined) return;
    const source = session.make(size, BOTH_WAYS, patternOf(199, size));
    const region = { source, sourceOffset: 0, target: readback, targetOffset: 0, size };
    backend.copy([region]);
    const reads = [backend.read(readback, 0, size), backend.read(readback, 4, 8)];
    expectCode(() => backend.copy([region]), 'mapped-buffer', 'copy to it');
    expectCode(() => backend.write(readback, 0, new Uint8Array(step)), 'mapped-buffer', 'write');
    expectCode(() => backend.clear(readback, 0, size), 'mapped-buffer', 'clear');
    const [all, some] = await session.after(Promise.all(reads));
    expectBytes(all, patternOf(199, size), 'the first read');
    expectBytes(some, patternOf(199, size).slice(4, 12), 'the second read');
    backend.clear(readback, 0, size);
    await session.expectContent(readback, new Uint8Array(size), 'the readback buffer afterwards');
  },
);

const ended = uploadCase(
  'destroyBuffer: ends a mapping, and rejects one that is pending',
  64,
  async (session, upload, size) => {
    const { backend } = session;
    const map = backend.map(upload, 0, size);
    backend.destroyBuffer(upload);
    await expectRejection(session.after(map), 'backend-failed', 'the map of a buffer that was destroyed');
    const born = session.makeMapped(size);
    expectThat(born !== undefined, 'where a buffer can be mapped it can be born mapped');
    backend.destroyBuffer(born.buffer);
    expectEqual(born.bytes.length, 0, 'length of the array of a destroyed buffer');
    expectCode(() => backend.unmap(born.buffer), 'dead-buffer', 'unmap of a destroyed buffer');
  },
);

const many = backendCase(`map: ${MANY} buffers at once, each with bytes of its own`, async (session) => {
  const { backend } = session;
  const size = session.up(1000);
  const born = Array.from({ length: MANY }, () => session.makeMapped(size));
  if (born[0] === undefined) return;
  const buffers = born.flatMap((each) => (each === undefined ? [] : [each.buffer]));
  for (const [index, each] of born.entries()) each?.bytes.set(patternOf(index, size));
  for (const buffer of buffers) backend.unmap(buffer);
  const target = session.make(size * MANY);
  const copyAll = (): void =>
    backend.copy(
      buffers.map((source, index) => ({ source, sourceOffset: 0, target, targetOffset: index * size, size })),
    );
  copyAll();
  // Asked for while the copies are under way, and granted in whatever order.
  const maps = buffers.map((buffer) => backend.map(buffer, 0, size));
  for (const [index, bytes] of (await session.after(Promise.all(maps))).entries()) {
    expectBytes(bytes, patternOf(index, size), `buffer ${index}, mapped again`);
    bytes.set(patternOf(index + MANY, size));
  }
  for (let index = 0; index < MANY; index++) {
    await session.expectContent(target, patternOf(index, size), `first copy ${index}`, index * size);
  }
  for (const buffer of buffers) backend.unmap(buffer);
  copyAll();
  for (let index = 0; index < MANY; index++) {
    await session.expectContent(target, patternOf(index + MANY, size), `second copy ${index}`, index * size);
  }
});

/** Cases on mapping for uploads. */
export const mappingCases: readonly BackendContractCase[] = [
  bornMapped,
  settledMapped,
  parts,
  waits,
  refused,
  readHolds,
  ended,
  many,
];
