/** What a new buffer is, and which are refused. */
import { type BufferDescriptor, BufferUsage } from '@gpuheap/core/backend';
import { expectBytes, expectCode, expectEqual, expectThat } from './assertions.ts';
import { BAD_BYTES, describeValue } from './bad-values.ts';
import type { BackendContractCase } from './contract-case.ts';
import { BOTH_WAYS, backendCase, patternOf, type Session } from './session.ts';

const { MAP_READ, MAP_WRITE, COPY_DST, STORAGE } = BufferUsage;
const ALL_USAGES = Object.values(BufferUsage).reduce((all, bit) => all + bit, 0);

/** Throws unless creating that buffer is refused with one of `codes`. */
function refuse(session: Session, change: Record<string, unknown>, codes: string | string[]): void {
  const good = { size: session.up(64), usage: BOTH_WAYS, memoryType: session.defaultMemoryType };
  const descriptor = { ...good, ...change } as unknown as BufferDescriptor;
  const what = Object.entries(change).map(([key, value]) => `${key}: ${describeValue(value)}`);
  expectCode(() => session.backend.createBuffer(descriptor), codes, `createBuffer with ${what.join(', ')}`);
}

const readsAsZero = backendCase('createBuffer: a new buffer reads as zero', async (session) => {
  for (const wish of [4, 60, 4096, 65_540, 1_048_576]) {
    const size = session.up(wish);
    await session.expectContent(session.make(size), new Uint8Array(size), `new buffer of ${size} bytes`);
  }
});

const zeroAgain = backendCase(
  'createBuffer: reads as zero also where another buffer has been',
  async (session) => {
    const size = session.up(65_536);
    for (let round = 0; round < 8; round++) {
      const buffer = session.make(size);
      await session.expectContent(buffer, new Uint8Array(size), `buffer of round ${round}`);
      session.backend.write(buffer, 0, patternOf(round, size));
      await session.finish();
      session.backend.destroyBuffer(buffer);
    }
  },
);

const zeroAround = backendCase('createBuffer: what is not written stays zero', async (session) => {
  const { step } = session;
  const size = session.up(100_000);
  const at = session.up(70_000);
  const buffer = session.make(size);
  session.backend.write(buffer, at, patternOf(1, step));
  const expected = new Uint8Array(size);
  expected.set(patternOf(1, step), at);
  await session.expectContent(buffer, expected, 'buffer with one write in it');
});

const settles = backendCase('createBuffer: settled resolves with nothing once granted', async (session) => {
  const { buffer, settled } = session.backend.createBuffer({
    size: session.up(64),
    usage: BOTH_WAYS | STORAGE,
    memoryType: session.defaultMemoryType,
    label: 'settled',
  });
  expectEqual(await session.after(settled), undefined, 'settled');
  session.backend.destroyBuffer(buffer);
});

const usableAtOnce = backendCase(
  'createBuffer: the buffer is usable before it is settled',
  async (session) => {
    const { backend } = session;
    const size = session.up(256);
    const memoryType = session.defaultMemoryType;
    const source = backend.createBuffer({ size, usage: BOTH_WAYS, memoryType });
    const target = backend.createBuffer({ size, usage: BOTH_WAYS, memoryType });
    backend.write(source.buffer, 0, patternOf(2, size));
    const region = { source: source.buffer, sourceOffset: 0, target: target.buffer, targetOffset: 0, size };
    backend.copy([region]);
    expectBytes(await session.read(target.buffer, 0, size), patternOf(2, size), 'copy of the written bytes');
    await session.after(Promise.all([source.settled, target.settled]));
  },
);

const takesUsages = backendCase(
  'createBuffer: takes every usage but the mapping ones, alone and together',
  async (session) => {
    const bits = Object.values(BufferUsage).filter((bit) => bit !== MAP_READ && bit !== MAP_WRITE);
    const together = bits.reduce((all, bit) => all + bit, 0);
    for (const usage of [...bits, together]) {
      const { settled } = session.backend.createBuffer({
        size: session.up(16),
        usage,
        memoryType: session.defaultMemoryType,
      });
      expectEqual(await session.after(settled), undefined, `settled with usage ${usage}`);
    }
  },
);

const takesMemoryTypes = backendCase('createBuffer: every memory type holds bytes', async (session) => {
  const size = session.up(300);
  for (let memoryType = 0; memoryType < session.backend.memoryTypes.length; memoryType++) {
    const { buffer } = session.backend.createBuffer({ size, usage: BOTH_WAYS, memoryType });
    session.backend.write(buffer, 0, patternOf(memoryType, size));
    await session.expectContent(buffer, patternOf(memoryType, size), `buffer of memory type ${memoryType}`);
  }
});

const takesLabels = backendCase('createBuffer: any string is a label', async (session) => {
  for (const label of ['', 'terrain', 'a\nb', '\u{1f5fb} \u0000', 'x'.repeat(1000)]) {
    const memoryType = session.defaultMemoryType;
    const { settled } = session.backend.createBuffer({
      size: session.up(4),
      usage: COPY_DST,
      memoryType,
      label,
    });
    expectEqual(await session.after(settled), undefined, `settled with a label of ${label.length}`);
  }
});

const descriptorTaken = backendCase('createBuffer: the descriptor is taken at once', async (session) => {
  const size = session.up(32);
  const descriptor = { size, usage: BOTH_WAYS, memoryType: session.defaultMemoryType };
  const { buffer } = session.backend.createBuffer(descriptor);
  descriptor.size = session.step;
  descriptor.usage = STORAGE;
  session.backend.write(buffer, 0, patternOf(3, size));
  await session.expectContent(buffer, patternOf(3, size), 'buffer whose descriptor was changed');
});

const refusesSizes = backendCase(
  'createBuffer: refuses sizes that are no positive multiple',
  async (session) => {
    for (const size of BAD_BYTES) refuse(session, { size }, ['bad-size', 'too-large']);
    refuse(session, { size: 0 }, 'bad-size');
    refuse(session, { size: -0 }, 'bad-size');
    for (let over = 1; over < session.step; over++)
      refuse(session, { size: session.step + over }, 'bad-size');
  },
);

const refusesLarge = backendCase('createBuffer: refuses more than maxBufferSize', async (session) => {
  const { maxBufferSize } = session.backend.limits;
  const most = maxBufferSize - (maxBufferSize % session.step);
  if (most + session.step <= Number.MAX_SAFE_INTEGER) {
    refuse(session, { size: most + session.step }, 'too-large');
  }
  const safe = Number.MAX_SAFE_INTEGER - (Number.MAX_SAFE_INTEGER % session.step);
  if (safe > maxBufferSize) refuse(session, { size: safe }, 'too-large');
  refuse(session, { size: 2 ** 53 }, ['bad-size', 'too-large']);
});

const refusesUsages = backendCase('createBuffer: refuses usages that are no set of bits', async (session) => {
  for (const usage of BAD_BYTES) refuse(session, { usage }, 'bad-usage');
  for (const usage of [0, ALL_USAGES + 1, 2 ** 20, 2 ** 31, 2 ** 32, 2 ** 32 + COPY_DST, 2 ** 52]) {
    refuse(session, { usage }, 'bad-usage');
  }
});

const refusesArguments = backendCase('createBuffer: refuses other bad arguments', async (session) => {
  const beyond = session.backend.memoryTypes.length;
  for (const memoryType of [...BAD_BYTES, beyond, 2 ** 32]) refuse(session, { memoryType }, 'bad-argument');
  for (const label of [1, null, {}, Symbol('label'), () => 'label'])
    refuse(session, { label }, 'bad-argument');
  refuse(session, { mappedAtCreation: true }, ['unknown-option', 'bad-argument']);
  for (const descriptor of [undefined, null, 64, '64', [], [64], () => 64]) {
    const create = () => session.backend.createBuffer(descriptor as unknown as BufferDescriptor);
    expectCode(create, 'bad-argument', `createBuffer(${describeValue(descriptor)})`);
  }
});

const refusalChangesNothing = backendCase(
  'createBuffer: a refused creation has changed nothing',
  async (session) => {
    const size = session.up(128);
    const buffer = session.make(size, BOTH_WAYS, patternOf(4, size));
    const serial = session.backend.signal();
    for (const usage of BAD_BYTES) refuse(session, { usage }, 'bad-usage');
    for (const wrong of BAD_BYTES) refuse(session, { size: wrong }, ['bad-size', 'too-large']);
    await session.expectContent(buffer, patternOf(4, size), 'the buffer from before');
    expectThat(session.backend.signal() > serial, 'serials go on');
    expectEqual(session.backend.isLost, false, 'isLost');
  },
);

/** Cases on `createBuffer`. */
export const creationCases: readonly BackendContractCase[] = [
  readsAsZero,
  zeroAgain,
  zeroAround,
  settles,
  usableAtOnce,
  takesUsages,
  takesMemoryTypes,
  takesLabels,
  descriptorTaken,
  refusesSizes,
  refusesLarge,
  refusesUsages,
  refusesArguments,
  refusalChangesNothing,
];
