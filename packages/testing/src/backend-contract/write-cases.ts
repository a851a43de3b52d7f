/** What `write` does: every kind of view, every place, at once and in order. */
import { BufferUsage } from '@gpuheap/core/backend';
import { expectBytes, expectCode } from './assertions.ts';
import { BAD_BUFFERS, BAD_BYTES, BAD_DATA, describeValue } from './bad-values.ts';
import type { BackendContractCase } from './contract-case.ts';
import { BOTH_WAYS, backendCase, patternOf, type Session } from './session.ts';

type ViewMaker = (memory: ArrayBuffer, byteOffset: number, byteLength: number) => ArrayBufferView;

/** Every kind of view, over the same bytes. */
const VIEW_MAKERS: readonly (readonly [name: string, make: ViewMaker])[] = [
  ['DataView', (memory, at, size) => new DataView(memory, at, size)],
  ...[
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ].map(
    (View) =>
      [
        View.name,
        (memory: ArrayBuffer, at: number, size: number) =>
          new View(memory, at, size / View.BYTES_PER_ELEMENT),
      ] as const,
  ),
];

/** Writes each kind of view, whole and as a part of its memory, and compares. */
async function tryViews(session: Session, makeMemory: (size: number) => ArrayBuffer): Promise<void> {
  const size = session.up(64);
  const memory = makeMemory(size + 32);
  new Uint8Array(memory).set(patternOf(5, size + 32));
  for (const [name, make] of VIEW_MAKERS) {
    for (const at of [0, 16]) {
      const buffer = session.make(size * 2);
      session.backend.write(buffer, size, make(memory, at, size));
      const expected = new Uint8Array(size * 2);
      expected.set(new Uint8Array(memory).subarray(at, at + size), size);
      await session.expectContent(buffer, expected, `a ${name} at byte ${at} of its memory`);
    }
  }
}

const roundTrips = backendCase('write: bytes come back from every size and offset', async (session) => {
  const { step } = session;
  const size = session.up(4096);
  const buffer = session.make(size);
  const expected = new Uint8Array(size);
  let seed = 10;
  for (const length of [step, step * 3, session.up(252), session.up(1020), size / 2]) {
    for (const offset of [0, step, session.up(500), size - length]) {
      const bytes = patternOf(seed++, length);
      session.backend.write(buffer, offset, bytes);
      expected.set(bytes, offset);
      await session.expectContent(buffer, expected, `after ${length} bytes at ${offset}`);
    }
  }
});

const large = backendCase('write: several MiB at once', async (session) => {
  const size = session.up(5 * 1024 * 1024 + 12);
  const buffer = session.make(size, BOTH_WAYS, patternOf(6, size));
  await session.expectContent(buffer, patternOf(6, size), 'the large buffer');
});

const views = backendCase('write: takes every kind of view', (session) =>
  tryViews(session, (size) => new ArrayBuffer(size)),
);

const sharedViews = backendCase(
  'write: takes every kind of view of shared memory',
  // A view is made of it in the same way, whatever the types of the makers say.
  (session) => tryViews(session, (size) => new SharedArrayBuffer(size) as unknown as ArrayBuffer),
  'shared-memory',
);

const takenAtOnce = backendCase('write: the data is taken at once', async (session) => {
  const size = session.up(1024);
  const buffers = Array.from({ length: 10 }, () => session.make(size));
  const scratch = new Uint8Array(size);
  for (const [index, buffer] of buffers.entries()) {
    scratch.set(patternOf(index, size));
    session.backend.write(buffer, 0, scratch);
    scratch.fill(0xee);
  }
  for (const [index, buffer] of buffers.entries()) {
    await session.expectContent(buffer, patternOf(index, size), `buffer ${index}`);
  }
});

const sharedTakenAtOnce = backendCase(
  'write: data in shared memory is taken at once',
  async (session) => {
    const size = session.up(1024);
    const scratch = new Uint8Array(new SharedArrayBuffer(size));
    const buffer = session.make(size);
    scratch.set(patternOf(7, size));
    session.backend.write(buffer, 0, scratch);
    scratch.fill(0xee);
    await session.expectContent(buffer, patternOf(7, size), 'the buffer');
  },
  'shared-memory',
);

const inOrder = backendCase('write: later writes win over earlier ones', async (session) => {
  const { step } = session;
  const size = step * 64;
  const buffer = session.make(size);
  const expected = new Uint8Array(size);
  for (let turn = 0; turn < 40; turn++) {
    const offset = ((turn * 7) % 48) * step;
    const bytes = patternOf(100 + turn, step * 16);
    session.backend.write(buffer, offset, bytes);
    expected.set(bytes, offset);
  }
  await session.expectContent(buffer, expected, 'the buffer after 40 overlapping writes');
});

const nothing = backendCase('write: no bytes change nothing, at any place', async (session) => {
  const size = session.up(64);
  const buffer = session.make(size, BOTH_WAYS, patternOf(8, size));
  for (const offset of [0, session.step, size]) session.backend.write(buffer, offset, new Uint8Array(0));
  await session.expectContent(buffer, patternOf(8, size), 'the buffer');
});

const refusals = backendCase(
  'write: refuses bad places, data and buffers, and changes nothing',
  async (session) => {
    const { backend, step } = session;
    const size = session.up(64);
    const buffer = session.make(size, BOTH_WAYS, patternOf(9, size));
    const data = new Uint8Array(step).fill(0xbb);
    const write = (to: unknown, offset: unknown, bytes: unknown) =>
      backend.write(to, offset as number, bytes as Uint8Array);
    for (const offset of BAD_BYTES) {
      expectCode(() => write(buffer, offset, data), 'out-of-bounds', `write at ${describeValue(offset)}`);
    }
    for (const offset of [size, size + step, 2 ** 32, 2 ** 32 + step, 2 ** 52]) {
      expectCode(() => write(buffer, offset, data), 'out-of-bounds', `write at ${offset} of ${size}`);
    }
    const tooLong = new Uint8Array(size + step);
    expectCode(() => write(buffer, 0, tooLong), 'out-of-bounds', 'write of more than the buffer');
    for (let over = 1; over < step; over++) {
      expectCode(() => write(buffer, over, data), 'misaligned', `write at ${over}`);
      expectCode(() => write(buffer, 0, new Uint8Array(over)), 'misaligned', `write of ${over} bytes`);
    }
    for (const bytes of BAD_DATA) {
      expectCode(() => write(buffer, 0, bytes), 'bad-data', `write of ${describeValue(bytes)}`);
    }
    for (const other of BAD_BUFFERS) {
      expectCode(() => write(other, 0, data), 'foreign-object', `write to ${describeValue(other)}`);
    }
    const unwritable = session.make(size, BufferUsage.COPY_SRC | BufferUsage.STORAGE);
    expectCode(() => write(unwritable, 0, data), 'bad-usage', 'write without COPY_DST');
    await session.expectContent(buffer, patternOf(9, size), 'the buffer');
    await session.expectContent(unwritable, new Uint8Array(size), 'the buffer without COPY_DST');
  },
);

const detached = backendCase('write: refuses views whose memory has gone elsewhere', async (session) => {
  const size = session.up(64);
  const buffer = session.make(size, BOTH_WAYS, patternOf(11, size));
  const memory = new ArrayBuffer(size);
  const gone = [new Uint8Array(memory), new Float32Array(memory, 0, 1), new DataView(memory)];
  const stayed = moveAway(memory);
  expectBytes(new Uint8Array(stayed), new Uint8Array(size), 'the memory where it is now');
  for (const view of gone) {
    expectCode(
      () => session.backend.write(buffer, 0, view),
      'bad-data',
      `write of a detached ${view.constructor.name}`,
    );
  }
  await session.expectContent(buffer, patternOf(11, size), 'the buffer');
});

/** Detaches an array buffer as sending it to a worker would. */
function moveAway(memory: ArrayBuffer): ArrayBuffer {
  const host = globalThis as unknown as {
    structuredClone(value: ArrayBuffer, options: { transfer: ArrayBuffer[] }): ArrayBuffer;
  };
  return host.structuredClone(memory, { transfer: [memory] });
}

/** Cases on `write`. */
export const writeCases: readonly BackendContractCase[] = [
  roundTrips,
  large,
  views,
  sharedViews,
  takenAtOnce,
  sharedTakenAtOnce,
  inOrder,
  nothing,
  refusals,
  detached,
];
