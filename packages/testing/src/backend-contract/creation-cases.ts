/** The first cases: what a new buffer is. */
import { BufferUsage } from '@gpuheap/core/backend';
import { expectEqual } from './assertions.ts';
import type { BackendContractCase } from './contract-case.ts';
import { BOTH_WAYS, backendCase } from './session.ts';

const readsAsZero = backendCase('createBuffer: a new buffer reads as zero', async (session) => {
  for (const size of [4, 60, 4096, 65_540]) {
    await session.expectContent(session.make(size), new Uint8Array(size), `new buffer of ${size} bytes`);
  }
});

const settles = backendCase('createBuffer: settled resolves with nothing once granted', async (session) => {
  const { buffer, settled } = session.backend.createBuffer({
    size: 64,
    usage: BOTH_WAYS | BufferUsage.STORAGE,
    memoryType: session.defaultMemoryType,
    label: 'settled',
  });
  expectEqual(await session.after(settled), undefined, 'settled');
  session.backend.destroyBuffer(buffer);
});

/** Cases on `createBuffer`. */
export const creationCases: readonly BackendContractCase[] = [readsAsZero, settles];
