/** What `read` answers: the bytes of now, at any place, and its staging. */
import { BufferUsage } from '@gpuheap/core/backend';
import { expectBytes, expectCode, expectEqual, expectThat } from './assertions.ts';
import { BAD_BUFFERS, BAD_BYTES, describeValue } from './bad-values.ts';
import type { BackendContractCase } from './contract-case.ts';
import { BOTH_WAYS, backendCase, patternOf, type Session } from './session.ts';

/**
 * Reads of one size, one after the other, may keep at most this much staging: a few buffers, not one a read.
 */
const MOST_STAGING_BYTES = 2 * 1024 * 1024;

const anywhere = backendCase('read: any offset and size, odd ones too', async (session) => {
  const size = session.up(260);
  const whole = patternOf(80, size);
  const buffer = session.make(size, BOTH_WAYS, whole);
  const reads: Promise<void>[] = [];
  for (const offset of [0, 1, 2, 3, 4, 5, 7, 8, 63, 64, 127, size - 9]) {
    for (const length of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      const expected = whole.slice(offset, offset + length);
      const what = `${length} bytes at ${offset}`;
      reads.push(
        session.backend.read(buffer, offset, length).then((bytes) => expectBytes(bytes, expected, what)),
      );
    }
  }
  await session.after(Promise.all(reads));
  await session.expectContent(buffer, whole, 'the whole');
});

const noBytes = backendCase('read: no bytes, at any place, are no bytes', async (session) => {
  const size = session.up(64);
  const buffer = session.make(size, BOTH_WAYS, patternOf(81, size));
  for (const offset of [0, 1, size - 1, size]) {
    expectBytes(await session.read(buffer, offset, 0), new Uint8Array(0), `no bytes at ${offset}`);
  }
});

const ofNow = backendCase(
  'read: sees what was submitted before it, and nothing that comes after',
  async (session) => {
    const { backend } = session;
    const size = session.up(128);
    const buffer = session.make(size);
    const source = session.make(size, BOTH_WAYS, patternOf(90, size));
    const reads: Promise<Uint8Array>[] = [];
    for (let turn = 0; turn < 8; turn++) {
      if (turn % 2 === 0) backend.write(buffer, 0, patternOf(91 + turn, size));
      else backend.copy([{ source, sourceOffset: 0, target: buffer, targetOffset: 0, size }]);
      reads.push(backend.read(buffer, 0, size));
    }
    backend.write(buffer, 0, patternOf(99, size));
    for (const [turn, bytes] of (await session.after(Promise.all(reads))).entries()) {
      const seed = turn % 2 === 0 ? 91 + turn : 90;
      expectBytes(bytes, patternOf(seed, size), `read number ${turn}`);
    }
    await session.expectContent(buffer, patternOf(99, size), 'the buffer at the end');
  },
);

const ownCopy = backendCase('read: the answer belongs to the caller', async (session) => {
  const size = session.up(64);
  const buffer = session.make(size, BOTH_WAYS, patternOf(100, size));
  const first = await session.read(buffer, 0, size);
  const second = await session.read(buffer, 0, size);
  first.fill(0xcc);
  expectBytes(second, patternOf(100, size), 'another answer');
  await session.expectContent(buffer, patternOf(100, size), 'the buffer');
  expectBytes(first, new Uint8Array(size).fill(0xcc), 'the first answer, after more reads');
});

const mapped = backendCase(
  'read: a readback buffer is read at any place, again and again',
  async (session) => {
    const { backend } = session;
    const size = session.up(300);
    const readback = session.makeReadback(size);
    if (readback === undefined) {
      expectThat(backend.memoryTypes.length > 0, 'memory types are told');
      return;
    }
    await session.expectContent(readback, new Uint8Array(size), 'the new readback buffer');
    const source = session.make(size);
    for (let round = 0; round < 6; round++) {
      const whole = patternOf(110 + round, size);
      backend.write(source, 0, whole);
      backend.copy([{ source, sourceOffset: 0, target: readback, targetOffset: 0, size }]);
      const [offset, length] = [round * 13, 1 + round * 29] as const;
      const expected = whole.slice(offset, offset + length);
      expectBytes(await session.read(readback, offset, length), expected, `${length} bytes at ${offset}`);
    }
    backend.write(readback, 0, patternOf(109, size));
    await session.expectContent(readback, patternOf(109, size), 'the readback buffer that was written');
  },
);

const refusals = backendCase('read: refuses bad places and buffers at once', async (session) => {
  const { backend } = session;
  const size = session.up(64);
  const buffer = session.make(size, BOTH_WAYS, patternOf(120, size));
  const read = (from: unknown, offset: unknown, length: unknown) =>
    backend.read(from, offset as number, length as number);
  for (const value of BAD_BYTES) {
    expectCode(() => read(buffer, value, 1), 'out-of-bounds', `read at ${describeValue(value)}`);
    expectCode(() => read(buffer, 0, value), 'out-of-bounds', `read of ${describeValue(value)} bytes`);
  }
  for (const [offset, length] of [
    [size, 1],
    [0, size + 1],
    [size + 1, 0],
    [1, size],
    [2 ** 32, 1],
    [2 ** 52, 1],
    [1, 2 ** 53 - 1],
  ]) {
    expectCode(
      () => read(buffer, offset, length),
      'out-of-bounds',
      `read of ${length} bytes at ${offset} of ${size}`,
    );
  }
  for (const other of BAD_BUFFERS) {
    expectCode(() => read(other, 0, 1), 'foreign-object', `read of ${describeValue(other)}`);
  }
  const unreadable = session.make(size, BufferUsage.COPY_DST | BufferUsage.STORAGE);
  expectCode(() => read(unreadable, 0, 1), 'bad-usage', 'read without COPY_SRC or MAP_READ');
  expectEqual(backend.stagingBytes, 0, 'stagingBytes after refused reads');
  await session.expectContent(buffer, patternOf(120, size), 'the buffer');
});

async function readOften(session: Session, count: number, size: number): Promise<void> {
  const buffer = session.make(size, BOTH_WAYS, patternOf(121, size));
  for (let turn = 0; turn < count; turn++) {
    const bytes = await session.read(buffer, 0, size);
    expectEqual(bytes[turn % size], patternOf(121, size)[turn % size], `a byte of read number ${turn}`);
  }
}

const staging = backendCase('stagingBytes: is bounded however many reads there are', async (session) => {
  const size = session.up(65_536);
  for (const count of [1, 199]) {
    await readOften(session, count, size);
    const held = session.backend.stagingBytes;
    expectThat(Number.isSafeInteger(held) && held >= 0, 'stagingBytes is a count of bytes');
    expectThat(held <= MOST_STAGING_BYTES, `${held} bytes of staging are at most ${MOST_STAGING_BYTES}`);
  }
});

const atOnce = backendCase('read: many at once, each with its own answer', async (session) => {
  const size = session.up(2048);
  const whole = patternOf(122, size);
  const buffer = session.make(size, BOTH_WAYS, whole);
  const starts = Array.from({ length: 100 }, (_, turn) => (turn * 17) % (size - 32));
  const reads = starts.map((start) => session.backend.read(buffer, start, 32));
  for (const [turn, bytes] of (await session.after(Promise.all(reads))).entries()) {
    const start = starts[turn] ?? 0;
    expectBytes(bytes, whole.slice(start, start + 32), `read number ${turn}, at ${start}`);
  }
});

/** Cases on `read` and `stagingBytes`. */
export const readCases: readonly BackendContractCase[] = [
  anywhere,
  noBytes,
  ofNow,
  ownCopy,
  mapped,
  refusals,
  staging,
  atOnce,
];
