/** Which calls of `map` and `unmap` are refused, and which creations of what is mapped. */
import { type BufferDescriptor, BufferUsage } from '@gpuheap/core/backend';
import { expectCode, expectEqual } from './assertions.ts';
import { BAD_BUFFERS, BAD_BYTES, describeValue } from './bad-values.ts';
import type { BackendContractCase } from './contract-case.ts';
import { BOTH_WAYS, backendCase, isHostVisible, patternOf, READBACK, UPLOAD } from './session.ts';

const { MAP_READ, MAP_WRITE, COPY_SRC, COPY_DST } = BufferUsage;

const usages = backendCase(
  'createBuffer: MAP_READ goes with COPY_DST, MAP_WRITE with COPY_SRC, both with host memory',
  async (session) => {
    const refuse = (usage: number, memoryType: number): void => {
      const create = () => session.backend.createBuffer({ size: session.up(64), usage, memoryType });
      expectCode(create, 'bad-usage', `createBuffer with usage ${usage} in memory type ${memoryType}`);
    };
    for (const [memoryType, type] of session.backend.memoryTypes.entries()) {
      refuse(MAP_WRITE, memoryType);
      refuse(MAP_READ | MAP_WRITE, memoryType);
      for (const bit of Object.values(BufferUsage)) {
        if (bit !== MAP_READ && bit !== COPY_DST) refuse(READBACK | bit, memoryType);
        if (bit !== MAP_WRITE && bit !== COPY_SRC) refuse(UPLOAD | bit, memoryType);
      }
      for (const usage of [READBACK, UPLOAD]) {
        if (!isHostVisible(type)) {
          refuse(usage, memoryType);
          continue;
        }
        const { settled } = session.backend.createBuffer({ size: session.up(64), usage, memoryType });
        expectEqual(await session.after(settled), undefined, `settled with ${usage} in type ${memoryType}`);
      }
    }
  },
);

const births = backendCase(
  'createBuffer: mapped goes with MAP_WRITE, and is true or false',
  async (session) => {
    const { backend } = session;
    const hostType = backend.memoryTypes.findIndex(isHostVisible);
    const refuse = (change: Record<string, unknown>, code: string): void => {
      const good = { size: session.up(64), usage: BOTH_WAYS, memoryType: session.defaultMemoryType };
      const descriptor = { ...good, ...change } as unknown as BufferDescriptor;
      expectCode(() => backend.createBuffer(descriptor), code, `createBuffer with ${Object.keys(change)}`);
    };
    for (const mapped of [null, 0, 1, 'yes', {}, [], Symbol('mapped')]) refuse({ mapped }, 'bad-argument');
    refuse({ mapped: true }, 'bad-usage');
    if (hostType < 0) return;
    refuse({ mapped: true, usage: READBACK, memoryType: hostType }, 'bad-usage');
    if (session.step < 4) {
      for (let over = 1; over < 4; over++) {
        refuse({ mapped: true, usage: UPLOAD, memoryType: hostType, size: 64 + over }, 'bad-size');
      }
    }
  },
);

const places = backendCase('map: refuses bad places, and changes nothing', async (session) => {
  const { backend } = session;
  const size = session.up(64);
  const upload = session.makeUpload(size);
  if (upload === undefined) return;
  const refuse = (offset: unknown, length: unknown, code: string): void => {
    const what = `map of ${describeValue(length)} bytes at ${describeValue(offset)}`;
    expectCode(() => backend.map(upload, offset as number, length as number), code, what);
  };
  for (const value of BAD_BYTES) {
    refuse(value, 8, 'out-of-bounds');
    refuse(0, value, 'out-of-bounds');
  }
  for (const value of [size + 8, 2 ** 32, 2 ** 32 + 8, 2 ** 52]) {
    refuse(value, 8, 'out-of-bounds');
    refuse(0, value, 'out-of-bounds');
  }
  refuse(size, 8, 'out-of-bounds');
  for (let over = 1; over < 8; over++) refuse(over, 4, 'misaligned');
  for (let over = 1; over < 4; over++) refuse(0, over, 'misaligned');
  for (const offset of [0, 8, size]) refuse(offset, 0, 'bad-size');
  const bytes = await session.after(backend.map(upload, 0, size));
  bytes.set(patternOf(201, size));
  backend.unmap(upload);
  await session.expectContent(upload, patternOf(201, size), 'the upload buffer');
});

const buffers = backendCase(
  'map, unmap: refuse buffers without MAP_WRITE, and what is none',
  async (session) => {
    const { backend } = session;
    const size = session.up(64);
    const [plain, readback] = [session.make(size), session.makeReadback(size)];
    for (const buffer of readback === undefined ? [plain] : [plain, readback]) {
      expectCode(() => backend.map(buffer, 0, size), 'bad-usage', 'map without MAP_WRITE');
      expectCode(() => backend.unmap(buffer), 'bad-usage', 'unmap without MAP_WRITE');
    }
    for (const other of BAD_BUFFERS) {
      expectCode(() => backend.map(other, 0, size), 'foreign-object', `map of ${describeValue(other)}`);
      expectCode(() => backend.unmap(other), 'foreign-object', `unmap of ${describeValue(other)}`);
    }
    const upload = session.makeUpload(size);
    if (upload === undefined) return;
    const region = { source: plain, sourceOffset: 0, target: upload, targetOffset: 0, size };
    expectCode(
      () => backend.write(upload, 0, new Uint8Array(size)),
      'bad-usage',
      'write to an upload buffer',
    );
    expectCode(() => backend.clear(upload, 0, size), 'bad-usage', 'clear of an upload buffer');
    expectCode(() => backend.copy([region]), 'bad-usage', 'copy to an upload buffer');
  },
);

/** Cases on what can not be mapped. */
export const mappingRefusalCases: readonly BackendContractCase[] = [usages, births, places, buffers];
