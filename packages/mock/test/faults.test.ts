import { describe, expect, it } from 'vitest';
import type { CallKind, MockBuffer, MockGpu } from '../src/index.ts';
import { ALL, bytes, codeOf, openGpu, outcomeOf, UPLOAD } from './open-gpu.ts';

/** Calls of the script; the last attempt makes two. */
const CALLS = 14;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** One call of every kind; answers what came of each. */
async function runScript(gpu: MockGpu): Promise<string[]> {
  const backend = gpu.backend();
  const outcomes: string[] = [];
  const attempt = (act: () => unknown): void => {
    outcomes.push(codeOf(act));
  };
  const promises: Promise<unknown>[] = [];
  const made: ReturnType<typeof backend.createBuffer>[] = [];
  const create = (usage: number, memoryType: number, mapped: boolean): void => {
    made.push(backend.createBuffer({ size: 16, usage, memoryType, mapped }));
  };
  attempt(() => create(ALL, 0, false));
  attempt(() => create(ALL, 0, false));
  attempt(() => create(UPLOAD, 1, true));
  const [first, second] = made
    .filter(({ bytes: mapped }) => mapped === undefined)
    .map(({ buffer }) => buffer);
  const upload = made.find(({ bytes: mapped }) => mapped !== undefined)?.buffer;
  const outside = openOutside(gpu);
  attempt(() => backend.adoptBuffer(outside as never, { size: 16, usage: ALL }));
  attempt(() => backend.write(first as never, 0, bytes(1, 16)));
  const region = { source: first, sourceOffset: 0, target: second, targetOffset: 0, size: 16 };
  attempt(() => backend.copy([region as never]));
  attempt(() => backend.clear(second as never, 0, 8));
  attempt(() => backend.unmap(upload as never));
  attempt(() => promises.push(backend.map(upload as never, 0, 16)));
  attempt(() => promises.push(backend.read(second as never, 0, 16)));
  attempt(() => promises.push(backend.whenCompleted(backend.signal())));
  attempt(() => gpu.recordEncoder().submit());
  attempt(() => backend.destroyBuffer(first as never));
  gpu.completeAll();
  await Promise.allSettled([...promises, ...made.map(({ settled }) => settled)]);
  backend.dispose();
  if (outside !== undefined) gpu.destroyBuffer(outside);
  if (!gpu.isLost) gpu.completeAll();
  return outcomes;
}

/** A buffer beside the backend; undefined where the device is lost already. */
function openOutside(gpu: MockGpu): MockBuffer | undefined {
  return gpu.isLost ? undefined : gpu.makeBuffer({ size: 16, usage: ALL });
}

describe('a fault at any call', () => {
  it('loses the device there: everything settles and nothing is left', async () => {
    const { gpu: whole } = openGpu();
    expect(await runScript(whole)).toEqual(Array.from({ length: CALLS - 1 }, () => 'no error'));
    expect(whole.callCount).toBe(CALLS);
    for (let atCall = 1; atCall <= CALLS; atCall++) {
      const { gpu } = openGpu();
      gpu.faults.loseAtCall(atCall);
      const outcomes = await runScript(gpu);
      expect(gpu.isLost).toBe(true);
      expect(gpu.openPromiseCount).toBe(0);
      expect([gpu.heldBytes, gpu.occupiedBytes, gpu.queuedCount]).toEqual([0, 0, 0]);
      const allowed = ['no error', 'device-lost', 'foreign-object', 'bad-argument'];
      expect(outcomes.filter((outcome) => !allowed.includes(outcome))).toEqual([]);
    }
  });

  it('fails that call alone, which has changed nothing', async () => {
    for (let atCall = 1; atCall <= CALLS; atCall++) {
      const { gpu } = openGpu();
      gpu.faults.failAtCall(atCall);
      const outcomes = await runScript(gpu);
      expect(outcomes.filter((outcome) => outcome === 'backend-failed')).toHaveLength(1);
      expect(gpu.calls.filter(({ outcome }) => outcome === 'backend-failed')).toMatchObject([
        { number: atCall },
      ]);
      expect([gpu.openPromiseCount, gpu.heldBytes, gpu.occupiedBytes, gpu.isLost]).toEqual([0, 0, 0, false]);
    }
  });

  it('counts calls of one kind where a kind is given', () => {
    const { gpu, backend, make } = openGpu();
    const buffer = make(8);
    gpu.faults.failAtCall(2, { kind: 'write' });
    backend.write(buffer, 0, bytes(1));
    backend.signal();
    expect(codeOf(() => backend.write(buffer, 0, bytes(2)))).toBe('backend-failed');
    backend.write(buffer, 4, bytes(3));
    gpu.completeAll();
    expect(gpu.peek(buffer)).toEqual(Uint8Array.of(1, 1, 1, 1, 3, 3, 3, 3));
    gpu.faults.loseAtCall(2, 'signal');
    backend.write(buffer, 0, bytes(2));
    expect(gpu.isLost).toBe(false);
    backend.signal();
    expect(gpu.isLost).toBe(true);
  });

  it('fails late through the promise that the call answers', async () => {
    const { gpu, backend, make } = openGpu();
    const buffer = make(8);
    gpu.faults.failAtCall(2, { kind: 'createBuffer', when: 'late' });
    gpu.faults.failAtCall(1, { kind: 'read', when: 'late' });
    gpu.faults.failAtCall(1, { kind: 'whenCompleted', when: 'late' });
    const { settled } = backend.createBuffer({ size: 8, usage: ALL, memoryType: 0 });
    const serial = backend.signal();
    const promises = [settled, backend.read(buffer, 0, 8), backend.whenCompleted(serial)];
    const sound = [backend.read(buffer, 0, 8), backend.whenCompleted(serial)];
    gpu.completeAll();
    for (const promise of promises) expect(await outcomeOf(promise)).toBe('backend-failed');
    expect(await Promise.all(sound)).toEqual([bytes(0, 8), undefined]);
  });

  it('delays what the call promises, and the fence of a signal', async () => {
    const { gpu, backend, make } = openGpu();
    const buffer = make(8);
    gpu.faults.delayAtCall(1, 2, 'read');
    gpu.faults.delayAtCall(2, 1, 'createBuffer');
    gpu.faults.delayAtCall(1, 1, 'signal');
    const settled: string[] = [];
    const note = (name: string) => () => settled.push(name);
    backend.createBuffer({ size: 8, usage: ALL, memoryType: 0 }).settled.then(note('creation'));
    backend.read(buffer, 0, 8).then(note('slow read'));
    backend.read(buffer, 0, 8).then(note('read'));
    const serial = backend.signal();
    backend.whenCompleted(serial).then(note('wait'));
    const history: string[][] = [];
    for (let completion = 0; completion < 3; completion++) {
      gpu.completeAll();
      await turn();
      history.push(settled.splice(0));
      expect(backend.completedSerial).toBe(completion === 0 ? 0 : serial);
    }
    expect(history).toEqual([['creation', 'read'], ['wait'], ['slow read']]);
  });
});

describe('refused creations', () => {
  it('are the one at a call, every one, or those above a size', async () => {
    const { gpu, backend, make } = openGpu();
    gpu.faults.refuseCreation({ atCall: 2, when: 'now' });
    make(8);
    expect(codeOf(() => make(8))).toBe('refused-by-device');
    make(8);
    gpu.faults.refuseCreation({ sizeAbove: 100, when: 'now' });
    make(100);
    expect(codeOf(() => make(104))).toBe('refused-by-device');
    gpu.faults.clear();
    make(104);
    gpu.faults.refuseCreation({ every: true });
    const { buffer, settled } = backend.createBuffer({ size: 8, usage: ALL, memoryType: 0 });
    expect(await outcomeOf(settled)).toBe('refused-by-device');
    expect(buffer.isRefused).toBe(true);
    expect(gpu.heldBytes).toBe(8 + 8 + 100 + 104);
    expect(gpu.buffers.size).toBe(5);
  });

  it('now have changed nothing', () => {
    const { gpu, make } = openGpu();
    gpu.faults.refuseCreation({ every: true, when: 'now' });
    expect(codeOf(() => make(8))).toBe('refused-by-device');
    expect([gpu.buffers.size, gpu.occupiedBytes, gpu.openPromiseCount, gpu.queuedCount]).toEqual([
      0, 0, 0, 0,
    ]);
  });
});

describe('orders that make no sense', () => {
  it.each([
    [{}],
    [7],
    [{ atCall: 1, every: true }],
    [{ every: false }],
    [{ atCall: 0 }],
    [{ atCall: 1.5 }],
    [{ sizeAbove: -1 }],
    [{ every: true, when: 'soon' }],
  ])('refuseCreation(%j) is refused', (refusal) => {
    const { gpu, make } = openGpu();
    expect(codeOf(() => gpu.faults.refuseCreation(refusal as never))).toBe('bad-argument');
    expect(make(8).isRefused).toBe(false);
  });

  it('are refused: calls that are over, unknown kinds, no steps, and what can not fail late', () => {
    const { gpu, backend } = openGpu();
    backend.signal();
    expect(codeOf(() => gpu.faults.loseAtCall(1))).toBe('bad-argument');
    expect(codeOf(() => gpu.faults.failAtCall(1, { kind: 'signal' }))).toBe('bad-argument');
    expect(codeOf(() => gpu.faults.failAtCall(2, { kind: 'paint' as CallKind }))).toBe('bad-argument');
    expect(codeOf(() => gpu.faults.failAtCall(2, { often: true } as never))).toBe('unknown-option');
    expect(codeOf(() => gpu.faults.failAtCall(2, { when: 'late' }))).toBe('bad-argument');
    expect(codeOf(() => gpu.faults.failAtCall(2, { kind: 'write', when: 'late' }))).toBe('bad-argument');
    expect(codeOf(() => gpu.faults.delayAtCall(2, 0))).toBe('bad-argument');
    expect(codeOf(() => gpu.faults.delayAtCall(Number.NaN, 1))).toBe('bad-argument');
    expect(codeOf(() => backend.signal())).toBe('no error');
  });
});

describe('the call log', () => {
  it('has every call in order, with its numbers and how it went', () => {
    const { gpu, backend, make } = openGpu();
    const buffer = make(8);
    backend.write(buffer, 4, bytes(1));
    codeOf(() => backend.write(buffer, 2, bytes(1)));
    backend.copy([{ source: buffer, sourceOffset: 0, target: make(8), targetOffset: 4, size: 4 }]);
    codeOf(() => backend.copy(7 as never));
    expect(gpu.calls.map(({ kind, numberOfKind, outcome }) => `${kind} ${numberOfKind} ${outcome}`)).toEqual([
      'createBuffer 1 done',
      'write 1 done',
      'write 2 misaligned',
      'createBuffer 2 done',
      'copy 1 done',
      'copy 2 bad-argument',
    ]);
    expect(gpu.calls.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(gpu.calls[1]?.details).toEqual({ buffer: 1, offset: 4, size: 4 });
    const region = { source: 1, sourceOffset: 0, target: 2, targetOffset: 4, size: 4 };
    expect(gpu.calls[4]?.details).toEqual({ regions: [region] });
    expect(gpu.counts).toMatchObject({ createBuffer: 2, write: 2, copy: 2, read: 0 });
  });

  it('counts alone when it is told not to keep', () => {
    const { gpu, make } = openGpu({ recordCalls: false });
    make(8);
    expect([gpu.calls.length, gpu.callCount]).toEqual([0, 1]);
    expect(openGpu({ autoComplete: true, recordCalls: true }).gpu.calls).toEqual([]);
  });

  it('is the same for the same calls', async () => {
    const logs = [];
    for (let run = 0; run < 2; run++) {
      const { gpu } = openGpu({ settleOrder: 3 });
      await runScript(gpu);
      logs.push(JSON.stringify(gpu.calls));
    }
    expect(logs[0]).toBe(logs[1]);
  });
});
