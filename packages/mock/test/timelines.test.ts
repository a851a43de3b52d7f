import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, codeOf, openGpu, outcomeOf } from './open-gpu.ts';

describe('several timelines', () => {
  it('complete out of order; completedSerial waits for the slowest', async () => {
    const { gpu, backend } = openGpu({ timelines: 3 });
    const [first, second, third, fourth] = [0, 1, 2, 1].map((timeline) => backend.signal(timeline));
    expect([backend.timelineCount, first, second, third, fourth]).toEqual([3, 1, 2, 3, 4]);
    const settled: number[] = [];
    for (const serial of [1, 2, 3, 4]) backend.whenCompleted(serial).then(() => settled.push(serial));
    const look = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return [
        backend.completedSerial,
        ...[0, 1, 2].map((each) => backend.completedOn(each)),
        settled.splice(0),
      ];
    };
    gpu.completeOn(1, 2);
    expect(await look()).toEqual([0, 0, 2, 0, [2]]);
    gpu.completeOn(2);
    expect(await look()).toEqual([0, 0, 2, 3, [3]]);
    gpu.completeOn(0);
    expect(await look()).toEqual([3, 1, 2, 3, [1]]);
    gpu.completeOn(1, 4);
    expect(await look()).toEqual([4, 1, 4, 3, [4]]);
    expect([gpu.completedSerial, gpu.signalledSerial]).toEqual([4, 4]);
  });

  it('keep their work apart: what is submitted to one is done with that one', () => {
    const { gpu, backend, make } = openGpu({ timelines: 2 });
    const buffers = [make(4), make(4)] as const;
    backend.write(buffers[0], 0, bytes(1));
    const encoder = gpu.recordEncoder();
    encoder.write(buffers[1], 0, bytes(2));
    encoder.submit(1);
    const contents = () => buffers.map((buffer) => gpu.peek(buffer)[0]);
    gpu.completeOn(1);
    expect(contents()).toEqual([0, 2]);
    expect(gpu.queuedCount).toBe(1);
    gpu.completeOn(0);
    expect(contents()).toEqual([1, 2]);
  });

  it('are completed up to a serial in each of them', () => {
    const { gpu, backend } = openGpu({ timelines: 2 });
    for (const timeline of [0, 1, 0, 1, 1]) backend.signal(timeline);
    gpu.completeUpTo(3);
    expect([backend.completedSerial, backend.completedOn(0), backend.completedOn(1)]).toEqual([3, 3, 2]);
    gpu.completeUpTo(5);
    expect(backend.completedSerial).toBe(5);
  });

  it('hold memory of a destroyed buffer until all that have used it are done', () => {
    const { gpu, backend, make } = openGpu({ timelines: 2 });
    const buffer = make(64);
    gpu.dispatch([{ buffer, access: 'read' }], 1);
    backend.destroyBuffer(buffer);
    gpu.completeOn(0);
    expect(gpu.occupiedBytes).toBe(64);
    gpu.completeOn(1);
    expect(gpu.occupiedBytes).toBe(0);
  });

  it('overwrite too early across timelines is a hazard', () => {
    const { gpu, backend, make } = openGpu({ timelines: 2 });
    const buffer = make(64);
    gpu.dispatch([{ buffer, access: 'read' }], 1);
    gpu.completeOn(0);
    backend.write(buffer, 0, bytes(1));
    expect(gpu.hazards).toMatchObject([{ kind: 'overwrite-in-flight', by: 'write', reader: 'encoder' }]);
  });

  it('are refused where there are none, and beside the promise of a single queue', () => {
    const { gpu, backend } = openGpu({ timelines: 2 });
    backend.signal(1);
    expect(codeOf(() => gpu.completeOn(2))).toBe('bad-argument');
    expect(codeOf(() => gpu.completeOn(0, 2))).toBe('bad-argument');
    expect(codeOf(() => gpu.recordEncoder().submit(2))).toBe('bad-argument');
    for (const timelines of [0, 65, 1.5, '2', null]) {
      expect(codeOf(() => openGpu({ timelines: timelines as number }))).toBe('bad-argument');
    }
    expect(codeOf(() => openGpu({ timelines: 2, reuseAfter: 'submitted' }))).toBe('bad-argument');
    expect(codeOf(() => openGpu({ timelines: 1, reuseAfter: 'submitted' }))).toBe('no error');
  });

  it('end together with the device: what was reached stays, the rest rejects', async () => {
    const { gpu, backend } = openGpu({ timelines: 2 });
    const serials = [0, 1, 0, 1].map((timeline) => backend.signal(timeline));
    gpu.completeOn(1, 2);
    const waits = serials.map((serial) => backend.whenCompleted(serial));
    gpu.lose();
    const late = backend.signal(1);
    expect(late).toBe(5);
    gpu.completeAll();
    expect([backend.completedSerial, backend.completedOn(0), backend.completedOn(1)]).toEqual([0, 0, 2]);
    const outcomes = await Promise.all([...waits, backend.whenCompleted(late)].map(outcomeOf));
    expect(outcomes).toEqual(['device-lost', undefined, 'device-lost', 'device-lost', 'device-lost']);
    expect(await outcomeOf(backend.whenCompleted(2))).toBeUndefined();
  });

  it('agree with a list of what was signalled and completed, whatever the order', () => {
    const COUNT = 3;
    const act = fc.record({ timeline: fc.nat(COUNT - 1), isSignal: fc.boolean(), upTo: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const { gpu, backend } = openGpu({ timelines: COUNT });
        const signals: { timeline: number; isDone: boolean }[] = [];
        for (const { timeline, isSignal, upTo } of acts) {
          if (isSignal) {
            signals.push({ timeline, isDone: false });
            expect(backend.signal(timeline)).toBe(signals.length);
          } else {
            const serial = Math.min(upTo, signals.length);
            gpu.completeOn(timeline, serial);
            for (const each of signals.slice(0, serial)) if (each.timeline === timeline) each.isDone = true;
          }
          const open = signals.findIndex(({ isDone }) => !isDone);
          expect(backend.completedSerial).toBe(open === -1 ? signals.length : open);
          for (let other = 0; other < COUNT; other++) {
            const last = signals.findLastIndex((each) => each.timeline === other && each.isDone);
            expect(backend.completedOn(other)).toBe(last + 1);
          }
        }
      }),
    );
  });
});
