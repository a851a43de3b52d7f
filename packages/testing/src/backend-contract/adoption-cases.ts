/** What `adoptBuffer` makes known, what stays the caller's, and what is refused. */
import { type AdoptedBuffer, BufferUsage } from '@gpuheap/core/backend';
import { expectCode, expectThat } from './assertions.ts';
import { BAD_BUFFERS, BAD_BYTES, describeValue } from './bad-values.ts';
import type { BackendContractCase } from './contract-case.ts';
import { BOTH_WAYS, backendCase, patternOf, type Session, UPLOAD } from './session.ts';

function adoptOutside(session: Session, size: number): unknown {
  const buffer = session.makeOutside(size, BOTH_WAYS);
  session.backend.adoptBuffer(buffer, { size, usage: BOTH_WAYS, label: 'adopted' });
  return buffer;
}

const likeAny = backendCase(
  'adoptBuffer: what is adopted is written, cleared, copied and read like any other',
  async (session) => {
    const { backend, step } = session;
    const size = session.up(1024);
    const own = session.make(size, BOTH_WAYS, patternOf(170, size));
    const adopted = adoptOutside(session, size);
    await session.expectContent(adopted, new Uint8Array(size), 'the adopted buffer at first');
    backend.copy([{ source: own, sourceOffset: 0, target: adopted, targetOffset: 0, size }]);
    backend.write(adopted, 0, patternOf(171, step));
    backend.clear(adopted, step, step * 2);
    const expected = patternOf(170, size).fill(0, step, step * 3);
    expected.set(patternOf(171, step));
    await session.expectContent(adopted, expected, 'the adopted buffer');
    backend.copy([{ source: adopted, sourceOffset: 0, target: own, targetOffset: 0, size }]);
    await session.expectContent(own, expected, 'a copy of it');
  },
  'adoption',
);

const forgotten = backendCase(
  'adoptBuffer: destroyBuffer forgets what was adopted and destroys nothing',
  async (session) => {
    const { backend, step } = session;
    const size = session.up(256);
    const adopted = adoptOutside(session, size);
    for (let round = 0; round < 3; round++) {
      backend.write(adopted, 0, patternOf(172 + round, size));
      backend.destroyBuffer(adopted);
      await session.finish();
      const write = () => backend.write(adopted, 0, new Uint8Array(step));
      expectCode(write, 'dead-buffer', 'write to what was forgotten');
      expectCode(() => backend.destroyBuffer(adopted), 'dead-buffer', 'destroyBuffer again');
      backend.adoptBuffer(adopted, { size, usage: BOTH_WAYS });
      await session.expectContent(adopted, patternOf(172 + round, size), 'what was adopted again');
    }
  },
  'adoption',
);

const kept = backendCase(
  'adoptBuffer: dispose forgets what was adopted and destroys nothing',
  async (session) => {
    const size = session.up(256);
    const adopted = adoptOutside(session, size);
    const sibling = session.sibling();
    session.backend.write(adopted, 0, patternOf(176, size));
    await session.finish();
    session.backend.dispose();
    sibling.backend.adoptBuffer(adopted, { size, usage: BOTH_WAYS });
    await sibling.expectContent(adopted, patternOf(176, size), 'the buffer, adopted by another backend');
  },
  ['adoption', 'sibling'],
);

const mappable = backendCase(
  'adoptBuffer: an upload buffer is mapped like any other, and forgotten unmapped',
  async (session) => {
    const { backend } = session;
    const size = session.up(256);
    if (session.makeUpload(size) === undefined) return;
    const adopted = session.makeOutside(size, UPLOAD);
    const descriptor = { size, usage: UPLOAD };
    backend.adoptBuffer(adopted, descriptor);
    (await session.after(backend.map(adopted, 0, size))).set(patternOf(177, size));
    backend.unmap(adopted);
    const target = session.make(size);
    backend.copy([{ source: adopted, sourceOffset: 0, target, targetOffset: 0, size }]);
    await session.expectContent(target, patternOf(177, size), 'the copy of what was stored');
    const bytes = await session.after(backend.map(adopted, 0, size));
    backend.destroyBuffer(adopted);
    expectThat(bytes.length === 0, 'the bytes of a mapped buffer that is forgotten are detached');
    backend.adoptBuffer(adopted, descriptor);
    backend.copy([{ source: adopted, sourceOffset: 0, target, targetOffset: 0, size }]);
    await session.expectContent(target, patternOf(177, size), 'the copy, after it was adopted again');
  },
  'adoption',
);

const refusals = backendCase(
  'adoptBuffer: refuses what is known, dead or no buffer, and bad descriptors',
  async (session) => {
    const { backend } = session;
    const size = session.up(64);
    const good: AdoptedBuffer = { size, usage: BOTH_WAYS };
    const outside = session.makeOutside(size, BOTH_WAYS);
    const refuse = (buffer: unknown, change: Record<string, unknown>, codes: string | string[]) => {
      const what = Object.entries(change).map(([key, value]) => `${key}: ${describeValue(value)}`);
      const adopt = () => backend.adoptBuffer(buffer, { ...good, ...change });
      expectCode(adopt, codes, `adoptBuffer of ${describeValue(buffer)} with ${what.join(', ')}`);
    };
    for (const other of BAD_BUFFERS) refuse(other, {}, 'foreign-object');
    for (const value of [...BAD_BYTES, 0]) refuse(outside, { size: value }, 'bad-size');
    for (const value of [...BAD_BYTES, 0, 1024, 2 ** 32]) refuse(outside, { usage: value }, 'bad-usage');
    refuse(outside, { usage: BufferUsage.MAP_WRITE }, 'bad-usage');
    refuse(outside, { label: 7 }, 'bad-argument');
    refuse(outside, { memoryType: 0 }, 'unknown-option');
    for (const descriptor of [undefined, null, 64, 'size', []]) {
      const adopt = () => backend.adoptBuffer(outside, descriptor as unknown as AdoptedBuffer);
      expectCode(adopt, 'bad-argument', `adoptBuffer with ${describeValue(descriptor)}`);
    }
    expectCode(() => backend.destroyBuffer(outside), 'foreign-object', 'destroyBuffer of a stranger');
    const own = session.make(size, BOTH_WAYS, patternOf(178, size));
    refuse(own, {}, 'bad-argument');
    await session.expectContent(own, patternOf(178, size), 'our own buffer');
    backend.destroyBuffer(own);
    refuse(own, {}, 'dead-buffer');
    backend.adoptBuffer(outside, good);
    refuse(outside, {}, 'bad-argument');
    backend.write(outside, 0, patternOf(179, size));
    await session.expectContent(outside, patternOf(179, size), 'the adopted buffer');
  },
  'adoption',
);

/** Cases on `adoptBuffer`. */
export const adoptionCases: readonly BackendContractCase[] = [likeAny, forgotten, kept, mappable, refusals];
