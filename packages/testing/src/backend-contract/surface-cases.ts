/** What a backend says of itself: limits, memory types, and the state it begins in. */
import { expectEqual, expectThat } from './assertions.ts';
import type { BackendContractCase } from './contract-case.ts';
import { nextTurn } from './event-loop.ts';
import { backendCase } from './session.ts';

const BYTE_LIMITS = [
  'maxBufferSize',
  'maxUniformBindingSize',
  'maxStorageBindingSize',
  'uniformOffsetAlignment',
  'storageOffsetAlignment',
  'copyAlignment',
] as const;

const limits = backendCase('limits: are positive safe integers that go together', async ({ backend }) => {
  const told = backend.limits;
  for (const name of BYTE_LIMITS) {
    expectThat(Number.isSafeInteger(told[name]) && told[name] > 0, `${name} is a positive safe integer`);
    expectEqual(backend.limits[name], told[name], `${name}, asked again`);
  }
  expectEqual(typeof told.copiesWithinBuffer, 'boolean', 'type of copiesWithinBuffer');
  expectThat(told.maxBufferSize >= 65_536, 'maxBufferSize is at least 64 KiB');
  expectThat(told.maxUniformBindingSize <= told.maxBufferSize, 'a uniform binding fits a buffer');
  for (const name of ['uniformOffsetAlignment', 'storageOffsetAlignment'] as const) {
    const shared = Math.max(told[name], told.copyAlignment);
    const less = Math.min(told[name], told.copyAlignment);
    expectEqual(shared % less, 0, `${name} and copyAlignment, the larger by the smaller`);
  }
});

const memoryTypes = backendCase('memoryTypes: there is one, and each is described', async ({ backend }) => {
  expectThat(backend.memoryTypes.length >= 1, 'there is a memory type');
  for (const [index, { properties, heapIndex, heapSizeBytes }] of backend.memoryTypes.entries()) {
    expectThat(Number.isSafeInteger(properties) && properties >= 0, `properties of ${index} are bits`);
    expectThat(Number.isSafeInteger(heapIndex) && heapIndex >= 0, `heapIndex of ${index} is an index`);
    const isSize = Number.isSafeInteger(heapSizeBytes) || heapSizeBytes === Number.POSITIVE_INFINITY;
    expectThat(isSize && heapSizeBytes > 0, `heapSizeBytes of ${index} is a size or Infinity`);
  }
});

const beginning = backendCase(
  'state: begins at no serial, without staging and not lost',
  async ({ backend }) => {
    expectEqual(backend.completedSerial, 0, 'completedSerial');
    expectEqual(backend.stagingBytes, 0, 'stagingBytes');
    expectEqual(backend.isLost, false, 'isLost');
    expectThat(['submitted', 'completed'].includes(backend.reuseAfter), 'reuseAfter is one of its two words');
    const first = await Promise.race([backend.lost.then(() => 'lost'), nextTurn().then(() => 'not lost')]);
    expectEqual(first, 'not lost', 'the device');
  },
);

/** Cases on what can be asked without doing anything. */
export const surfaceCases: readonly BackendContractCase[] = [limits, memoryTypes, beginning];
