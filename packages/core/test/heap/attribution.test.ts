import { describe, expect, it } from 'vitest';
import {
  type Allocation,
  BufferUsage,
  formatReport,
  type LeakReport,
  type LogLine,
} from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { collectGarbage } from '../telemetry/garbage.ts';
import { openHeap } from './open-heap.ts';

const { STORAGE, VERTEX } = BufferUsage;

describe('owners, labels and scopes', () => {
  it('agree with a recount, through resizes, renames, moves and frees', () => {
    const { heap } = openHeap({}, { reuseAfter: 'submitted' });
    const live: Allocation<unknown>[] = [];
    const owners = ['terrain', 'ui', ''];
    const labels = ['a', 'b', '', 'c'];
    for (let step = 0; step < 800; step++) {
      const pick = live[(step * 31) % Math.max(1, live.length)];
      if (step % 5 < 3 || pick === undefined) {
        live.push(
          heap.allocate({
            size: 1 + ((step * 131) % 3000),
            usage: step % 2 === 0 ? VERTEX : STORAGE,
            owner: owners[step % 3] as string,
            label: labels[step % 4] as string,
          }),
        );
      } else if (step % 5 === 3) pick.resize(1 + ((step * 61) % 4000));
      else if (step % 2 === 0) pick.rename(labels[step % 4] as string);
      else {
        live.splice(live.indexOf(pick), 1);
        pick.free();
      }
      if (step % 20 === 0) heap.endFrame();
      if (step % 50 !== 0) continue;
      const { allocations } = heap.report();
      for (const owner of owners.slice(0, 2)) {
        const own = allocations.filter((each) => each.owner === owner);
        if (step === 0) continue;
        expect(heap.owners.statistics(owner)).toMatchObject({
          liveCount: own.length,
          usedBytes: own.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
          requestedBytes: own.reduce((sum, { requestedBytes }) => sum + requestedBytes, 0),
        });
      }
      for (const label of ['a', 'b', 'c']) {
        const own = allocations.filter((each) => each.label === label);
        if (heap.labels.statistics(label) === undefined) expect(own).toEqual([]);
        else {
          expect(heap.labels.statistics(label)).toMatchObject({
            liveCount: own.length,
            usedBytes: own.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
          });
        }
      }
      expect(allocations.length).toBe(live.length);
      expect(heap.report()).toMatchObject({
        usedBytes: heap.statistics().usedBytes,
        pendingBytes: heap.statistics().pendingBytes,
        freeBytes: heap.statistics().freeBytes,
      });
    }
    expect(heap.owners.list(1).length).toBe(1);
    expect(formatReport(heap.report(), { limit: 3 })).toMatch(/terrain|ui|a|b|c/);
  });

  it('count what is made in a scope, wherever it ends', () => {
    const { heap } = openHeap();
    const outside = heap.allocate({ size: 100, usage: VERTEX });
    let inner: Allocation<unknown>;
    {
      using _loading = heap.scopes.open('loading');
      heap.allocate({ size: 200, usage: VERTEX });
      heap.scopes.enter('shaders');
      inner = heap.allocate({ size: 300, usage: VERTEX });
      heap.scopes.leave();
    }
    expect(heap.scopes.statistics('loading')).toMatchObject({ requestedBytes: 500, liveCount: 2 });
    expect(heap.scopes.statistics('loading/shaders')).toMatchObject({ requestedBytes: 300 });
    inner.resize(250);
    inner.free();
    outside.free();
    expect(heap.scopes.statistics('loading')).toMatchObject({ requestedBytes: 200, liveCount: 1 });
    expect(heap.scopes.statistics('loading/shaders')).toMatchObject({
      requestedBytes: 0,
      peakRequestedBytes: 300,
    });
  });
});

describe('the log', () => {
  it('tells what it was asked to, and nothing by default', () => {
    const lines: LogLine[] = [];
    const logger = (line: LogLine) => lines.push(line);
    const quiet = openHeap({ logger }).heap;
    quiet.allocate({ size: 4, usage: VERTEX }).free();
    expect(lines).toEqual([]);
    const debug = { memoryInformation: true, allocations: true, frees: true, stacks: true };
    const { heap } = openHeap({ logger, debug });
    const mesh = heap.allocate({ size: 100, usage: VERTEX, label: 'mesh', owner: 'scene' });
    mesh.free();
    expect(lines.map(({ event }) => event)).toEqual([
      'memory-information',
      'memory-information',
      'memory-information',
      'allocation',
      'free',
    ]);
    expect(lines[3]).toMatchObject({ label: 'mesh', owner: 'scene', requestedBytes: 100, sizeBytes: 112 });
    expect((lines[3] as { stack?: string }).stack).toMatch(/attribution/);
    expect(codeOf(() => openHeap({ debug: { everything: true } as never }))).toBe('unknown-option');
    expect(codeOf(() => openHeap({ logger: 1 as never }))).toBe('bad-argument');
  });

  it('tells at the end what was never freed, with stacks where they are kept', () => {
    const lines: LogLine[] = [];
    const leaks: LeakReport[] = [];
    const { heap } = openHeap({
      logger: (line) => lines.push(line),
      debug: { storeStacks: true },
      onLeak: (leak) => leaks.push(leak),
    });
    heap.allocate({ size: 10, usage: VERTEX, label: 'freed' }).free();
    heap.allocate({ size: 100, usage: VERTEX, label: 'small' });
    heap.allocate({ size: 1000, usage: VERTEX, label: 'large' });
    heap.endFrame();
    heap.dispose();
    expect(lines.map(({ event }) => event)).toEqual(['leak', 'leak']);
    expect(leaks.map(({ label, ageFrames, reason }) => [label, ageFrames, reason])).toEqual([
      ['large', 1, 'disposed'],
      ['small', 1, 'disposed'],
    ]);
    expect(leaks[0]?.stack).toMatch(/attribution/);
  });

  it('tells of allocations that nobody can free any more, and gives their ranges back', async () => {
    const leaks: LeakReport[] = [];
    const { gpu, heap } = openHeap({ onLeak: (leak) => leaks.push(leak) }, { reuseAfter: 'submitted' });
    const kept = heap.allocate({ size: 64, usage: VERTEX, label: 'kept', owner: 'scene' });
    (() => {
      for (let k = 0; k < 5; k++) {
        const dropped = heap.allocate({ size: 64, usage: VERTEX, label: `dropped ${k}`, owner: 'scene' });
        dropped.resize(80 + k);
        if (k === 4) dropped.free();
      }
    })();
    await collectGarbage();
    expect(new Set(leaks.map(({ label, requestedBytes }) => `${label}: ${requestedBytes}`))).toEqual(
      new Set([0, 1, 2, 3].map((k) => `dropped ${k}: ${80 + k}`)),
    );
    expect(heap.owners.statistics('scene')).toMatchObject({ liveCount: 1, usedBytes: 64 });
    heap.endFrame();
    expect(heap.statistics()).toMatchObject({ allocationCount: 1, usedBytes: 64, pendingBytes: 0 });
    expect(kept.isLive).toBe(true);
    kept.resize(5000);
    expect(heap.report().allocations).toMatchObject([{ label: 'kept', requestedBytes: 5000 }]);
    heap.dispose();
    expect(leaks.at(-1)).toMatchObject({ label: 'kept', reason: 'disposed' });
    expect(gpu.buffers.size).toBe(0);
  });
});
