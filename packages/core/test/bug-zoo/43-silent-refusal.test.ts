/** The device has no memory, says so when it is late, and nobody is told. */
import { expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';
import { drain } from '../heap/watched.ts';

const KIB = 1024;
const usage = BufferUsage.STORAGE;

function open() {
  const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB }, { reuseAfter: 'submitted', settleWhen: 'manual' });
  const settle = async (): Promise<void> => {
    gpu.completeAll();
    gpu.settle();
    await drain();
  };
  const refuseNext = () => gpu.faults.refuseCreation({ atCall: gpu.counts.createBuffer + 1, when: 'late' });
  return { gpu, heap, settle, refuseNext };
}

it('an allocation in memory that is not there says so, and nothing else comes into it', async () => {
  const { heap, settle, refuseNext } = open();
  refuseNext();
  const gone = heap.allocate({ size: 256, usage });
  const { buffer } = gone;
  await settle();
  expect(codeOf(() => gone.binding())).toBe('refused-by-device');
  const next = heap.allocate({ size: 256, usage });
  await settle();
  expect(next.buffer === buffer).toBe(false);
  const later = heap.allocateAsync({ size: 40 * KIB, usage: BufferUsage.VERTEX });
  await settle();
  expect((await later).binding().size).toBe(40 * KIB);
});

it('a copy that went by way of memory that is not there is told of', async () => {
  const { heap, settle, refuseNext } = open();
  const [from, to] = [heap.allocate({ size: 256, usage }), heap.allocate({ size: 256, usage })];
  from.write(patternOf(1, 256));
  await settle();
  refuseNext();
  heap.copy(from, 0, to, 0, 256);
  await settle();
  expect(codeOf(() => to.binding())).toBe('refused-by-device');
  heap.copy(from, 0, to, 0, 256);
  const read = to.read();
  await settle();
  expect(firstDifference(await read, patternOf(1, 256))).toBe(-1);
});

it('bytes leave their memory only for what is there, if that is asked for', async () => {
  const { heap, settle, refuseNext } = open();
  const mesh = heap.allocate({ size: 40 * KIB, usage });
  mesh.write(patternOf(1, 40 * KIB));
  await settle();
  refuseNext();
  const resized = mesh.resizeAsync(100 * KIB);
  await drain();
  expect(mesh.version).toBe(0);
  for (let k = 0; k < 4; k++) await settle();
  await resized;
  const read = mesh.read(0, 40 * KIB);
  await settle();
  expect(firstDifference(await read, patternOf(1, 40 * KIB))).toBe(-1);
});
