/** What `clear` does: exactly those bytes, in the order of writes and copies. */
import { BufferUsage } from '@gpuheap/core/backend';
import { expectBytes, expectCode } from './assertions.ts';
import { BAD_BUFFERS, BAD_BYTES, describeValue } from './bad-values.ts';
import type { BackendContractCase } from './contract-case.ts';
import { BOTH_WAYS, backendCase, patternOf } from './session.ts';

const exact = backendCase('clear: makes exactly those bytes zero', async (session) => {
  const { step } = session;
  const size = session.up(4096);
  for (const length of [step, step * 3, session.up(1000), size]) {
    for (const offset of [0, step, size - length]) {
      if (offset + length > size) continue;
      const buffer = session.make(size, BOTH_WAYS, patternOf(150, size));
      session.backend.clear(buffer, offset, length);
      const expected = patternOf(150, size).fill(0, offset, offset + length);
      await session.expectContent(buffer, expected, `after ${length} bytes at ${offset} were cleared`);
      session.backend.destroyBuffer(buffer);
    }
  }
});

const inOrder = backendCase(
  'clear: comes after earlier writes and copies, before later ones',
  async (session) => {
    const { backend } = session;
    const size = session.up(512);
    const half = session.up(256);
    const source = session.make(size);
    const targets = Array.from({ length: 8 }, () => session.make(size));
    for (const [index, target] of targets.entries()) {
      backend.write(source, 0, patternOf(151 + index, size));
      if (index % 2 === 0) backend.clear(source, 0, half);
      backend.copy([{ source, sourceOffset: 0, target, targetOffset: 0, size }]);
      if (index % 4 < 2) backend.clear(target, half, size - half);
      backend.clear(source, 0, size);
    }
    for (const [index, target] of targets.entries()) {
      const expected = patternOf(151 + index, size);
      if (index % 2 === 0) expected.fill(0, 0, half);
      if (index % 4 < 2) expected.fill(0, half);
      await session.expectContent(target, expected, `target ${index}`);
    }
    await session.expectContent(source, new Uint8Array(size), 'the source');
    backend.write(source, 0, patternOf(160, size));
    await session.expectContent(source, patternOf(160, size), 'the source, written again');
  },
);

const afterReads = backendCase('clear: an earlier read sees the bytes of before', async (session) => {
  const size = session.up(256);
  const buffer = session.make(size, BOTH_WAYS, patternOf(161, size));
  const before = session.backend.read(buffer, 0, size);
  session.backend.clear(buffer, 0, size);
  const after = session.backend.read(buffer, 0, size);
  expectBytes(await session.after(before), patternOf(161, size), 'the read from before');
  expectBytes(await session.after(after), new Uint8Array(size), 'the read from after');
});

const nothing = backendCase('clear: no bytes change nothing, at any place', async (session) => {
  const size = session.up(64);
  const buffer = session.make(size, BOTH_WAYS, patternOf(162, size));
  for (const offset of [0, session.step, size]) session.backend.clear(buffer, offset, 0);
  await session.expectContent(buffer, patternOf(162, size), 'the buffer');
});

const refusals = backendCase(
  'clear: refuses bad places and buffers, and changes nothing',
  async (session) => {
    const { backend, step } = session;
    const size = session.up(64);
    const buffer = session.make(size, BOTH_WAYS, patternOf(163, size));
    const refuse = (of: unknown, offset: unknown, length: unknown, code: string): void => {
      const what = `clear of ${describeValue(length)} bytes at ${describeValue(offset)}`;
      expectCode(() => backend.clear(of, offset as number, length as number), code, what);
    };
    for (const value of BAD_BYTES) {
      refuse(buffer, value, step, 'out-of-bounds');
      refuse(buffer, 0, value, 'out-of-bounds');
    }
    for (const value of [size + step, 2 ** 32, 2 ** 32 + step, 2 ** 52]) {
      refuse(buffer, value, step, 'out-of-bounds');
      refuse(buffer, 0, value, 'out-of-bounds');
    }
    refuse(buffer, size, step, 'out-of-bounds');
    refuse(buffer, step, size, 'out-of-bounds');
    for (let over = 1; over < step; over++) {
      refuse(buffer, over, step, 'misaligned');
      refuse(buffer, 0, over, 'misaligned');
    }
    for (const other of BAD_BUFFERS) refuse(other, 0, step, 'foreign-object');
    refuse(session.make(size, BufferUsage.COPY_SRC | BufferUsage.STORAGE), 0, step, 'bad-usage');
    await session.expectContent(buffer, patternOf(163, size), 'the buffer');
  },
);

/** Cases on `clear`. */
export const clearCases: readonly BackendContractCase[] = [exact, inOrder, afterReads, nothing, refusals];
