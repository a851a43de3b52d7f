/** What `destroyBuffer` ends, what it does not, and whose buffers are whose. */
import { expectBytes, expectCode, expectThat } from './assertions.ts';
import { BAD_BUFFERS, describeValue } from './bad-values.ts';
import type { BackendContractCase } from './contract-case.ts';
import { BOTH_WAYS, backendCase, patternOf, type Session } from './session.ts';

const MANY = 1000;

/** Throws unless every call that takes a buffer refuses this one with `code`. */
function expectRefused(session: Session, buffer: unknown, live: unknown, code: string): void {
  const { backend, step } = session;
  const to = { source: live, sourceOffset: 0, target: buffer, targetOffset: 0, size: step };
  const from = { source: buffer, sourceOffset: 0, target: live, targetOffset: 0, size: step };
  expectCode(() => backend.write(buffer, 0, new Uint8Array(step)), code, 'write');
  expectCode(() => backend.write(buffer, 0, new Uint8Array(0)), code, 'write of no bytes');
  expectCode(() => backend.clear(buffer, 0, step), code, 'clear');
  expectCode(() => backend.copy([to]), code, 'copy to it');
  expectCode(() => backend.copy([from]), code, 'copy from it');
  expectCode(() => backend.read(buffer, 0, step), code, 'read');
  expectCode(() => backend.read(buffer, 0, 0), code, 'read of no bytes');
  expectCode(() => backend.map(buffer, 0, 8), code, 'map');
  expectCode(() => backend.unmap(buffer), code, 'unmap');
  expectCode(() => backend.destroyBuffer(buffer), code, 'destroyBuffer');
}

const dead = backendCase('destroyBuffer: anything after is refused, and changes nothing', async (session) => {
  const size = session.up(64);
  const live = session.make(size, BOTH_WAYS, patternOf(130, size));
  for (const isFinished of [false, true]) {
    const buffer = session.make(size, BOTH_WAYS, patternOf(131, size));
    if (isFinished) await session.finish();
    session.backend.destroyBuffer(buffer);
    expectRefused(session, buffer, live, 'dead-buffer');
    await session.finish();
    expectRefused(session, buffer, live, 'dead-buffer');
  }
  await session.expectContent(live, patternOf(130, size), 'the live buffer');
});

const earlierWork = backendCase(
  'destroyBuffer: work submitted before still sees the buffer',
  async (session) => {
    const { backend } = session;
    const size = session.up(4096);
    const source = session.make(size, BOTH_WAYS, patternOf(132, size));
    const target = session.make(size);
    const early = backend.read(source, 0, size);
    backend.copy([{ source, sourceOffset: 0, target, targetOffset: 0, size }]);
    backend.destroyBuffer(source);
    const next = session.make(size, BOTH_WAYS, patternOf(133, size));
    expectBytes(await session.after(early), patternOf(132, size), 'the read from before');
    await session.expectContent(target, patternOf(132, size), 'the target of the copy from before');
    await session.expectContent(next, patternOf(133, size), 'the buffer from after');
  },
);

const others = backendCase('destroyBuffer: leaves the other buffers alone', async (session) => {
  const size = session.up(1024);
  const buffers = Array.from({ length: 30 }, (_, seed) =>
    session.make(size, BOTH_WAYS, patternOf(seed, size)),
  );
  for (const [index, buffer] of buffers.entries()) if (index % 3 === 0) session.backend.destroyBuffer(buffer);
  for (const [index, buffer] of buffers.entries()) {
    if (index % 3 !== 0) await session.expectContent(buffer, patternOf(index, size), `buffer ${index}`);
  }
});

const unsettled = backendCase('destroyBuffer: a buffer may go before it is settled', async (session) => {
  const { backend } = session;
  const memoryType = session.defaultMemoryType;
  const { buffer, settled } = backend.createBuffer({ size: session.up(64), usage: BOTH_WAYS, memoryType });
  backend.destroyBuffer(buffer);
  const outcome = await session.after(settled.then(() => 'settled').catch(() => 'settled'));
  expectThat(outcome === 'settled', 'settled settles');
  expectCode(() => backend.destroyBuffer(buffer), 'dead-buffer', 'destroyBuffer again');
});

const noBuffers = backendCase('destroyBuffer: refuses what is no buffer', async (session) => {
  const size = session.up(64);
  const buffer = session.make(size, BOTH_WAYS, patternOf(134, size));
  for (const other of BAD_BUFFERS) {
    const destroy = () => session.backend.destroyBuffer(other);
    expectCode(destroy, 'foreign-object', `destroyBuffer(${describeValue(other)})`);
  }
  await session.expectContent(buffer, patternOf(134, size), 'the buffer');
});

const strangers = backendCase(
  'buffers: those of a backend on another device are refused',
  async (session) => {
    const size = session.up(64);
    const live = session.make(size, BOTH_WAYS, patternOf(135, size));
    await session.withStranger(async (stranger) => {
      const foreign = stranger.make(size, BOTH_WAYS, patternOf(136, size));
      expectRefused(session, foreign, live, 'foreign-object');
      await stranger.expectContent(foreign, patternOf(136, size), "the stranger's buffer");
    });
    await session.expectContent(live, patternOf(135, size), 'our buffer');
  },
);

const siblings = backendCase(
  'buffers: those of another backend on the same device are refused',
  async (session) => {
    const size = session.up(64);
    const live = session.make(size, BOTH_WAYS, patternOf(137, size));
    const sibling = session.sibling();
    const foreign = sibling.make(size, BOTH_WAYS, patternOf(138, size));
    expectRefused(session, foreign, live, 'foreign-object');
    expectRefused(sibling, live, foreign, 'foreign-object');
    await session.expectContent(live, patternOf(137, size), 'our buffer');
    await sibling.expectContent(foreign, patternOf(138, size), "the sibling's buffer");
  },
  'sibling',
);

const many = backendCase(
  `buffers: ${MANY} of different sizes, each with bytes of its own`,
  async (session) => {
    const sizes = Array.from({ length: MANY }, (_, index) => session.up(4 + ((index * 7919) % 6000)));
    const buffers = sizes.map((size, index) => session.make(size, BOTH_WAYS, patternOf(index, size)));
    const reads = buffers.map((buffer, index) => session.backend.read(buffer, 0, sizes[index] ?? 0));
    for (const [index, bytes] of (await session.after(Promise.all(reads))).entries()) {
      expectBytes(bytes, patternOf(index, sizes[index] ?? 0), `buffer ${index}`);
    }
    for (const buffer of buffers) session.backend.destroyBuffer(buffer);
    for (const buffer of buffers.slice(0, 10)) {
      expectCode(() => session.backend.destroyBuffer(buffer), 'dead-buffer', 'destroyBuffer again');
    }
  },
);

/** Cases on `destroyBuffer`, and on which buffers a backend takes for its own. */
export const destructionCases: readonly BackendContractCase[] = [
  dead,
  earlierWork,
  others,
  unsettled,
  noBuffers,
  strangers,
  siblings,
  many,
];
