import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  checkDebugSettings,
  DebugLog,
  type DebugSettings,
  type LogLine,
} from '../../src/telemetry/debug-log.ts';
import type { AllocationReport } from '../../src/telemetry/report.ts';
import { codeOf } from '../code-of.ts';

const MESH: AllocationReport = {
  ...{ label: 'mesh', owner: 'scene', poolName: 'gpu-read', chunkId: 3, offset: 4096 },
  ...{ sizeBytes: 2048, requestedBytes: 2000, ageFrames: 7, stack: 'at load (app.js:3)' },
};
const { stack: _, ...PLAIN } = MESH;
const TYPES = [
  { properties: 1, heapIndex: 0, heapSizeBytes: 2 ** 33 },
  { properties: 6, heapIndex: 1, heapSizeBytes: Number.POSITIVE_INFINITY },
];

/** Everything that can happen to a heap, in one go; what the logger heard of it. */
function hearAll(settings: DebugSettings): LogLine[] {
  const lines: LogLine[] = [];
  const log = new DebugLog(settings, (line) => lines.push(line));
  tellAll(log);
  return lines;
}

function tellAll(log: DebugLog): void {
  log.logMemory(TYPES);
  log.logAllocation(MESH);
  log.logFree(MESH);
  log.logLeak({ ...MESH, reason: 'disposed' });
  log.logLeak({ ...MESH, reason: 'collected' });
}

function eventsOf(settings: DebugSettings): string[] {
  return hearAll(settings).map((line) => (line.event === 'leak' ? `leak ${line.reason}` : line.event));
}

const QUIET = { leaksOnDispose: false };

afterEach(() => {
  vi.restoreAllMocks();
});

describe('debug settings', () => {
  it('are all off but leaks at the end', () => {
    expect(checkDebugSettings({})).toEqual({
      ...{ memoryInformation: false, leaksOnDispose: true, storeStacks: false },
      ...{ allocations: false, frees: false, stacks: false },
    });
    expect(checkDebugSettings({ frees: true, leaksOnDispose: false })).toMatchObject({
      ...{ frees: true, leaksOnDispose: false, allocations: false },
    });
  });

  it('are refused when they are unknown or no switches', () => {
    expect(codeOf(() => checkDebugSettings({ free: true } as object))).toBe('unknown-option');
    for (const settings of [null, 3, 'all', []]) {
      expect(codeOf(() => new DebugLog(settings as object))).toBe('bad-argument');
    }
    for (const value of [1, 'yes', null]) {
      expect(codeOf(() => new DebugLog({ frees: value as never }))).toBe('bad-argument');
    }
    for (const logger of [null, {}, 'console']) {
      expect(codeOf(() => new DebugLog({}, logger as never))).toBe('bad-argument');
    }
  });

  it.each<[DebugSettings, string[]]>([
    [{}, ['leak disposed', 'leak collected']],
    [QUIET, ['leak collected']],
    [{ ...QUIET, memoryInformation: true }, ['memory-information', 'memory-information', 'leak collected']],
    [{ ...QUIET, allocations: true }, ['allocation', 'leak collected']],
    [{ ...QUIET, frees: true }, ['free', 'leak collected']],
    [{ ...QUIET, stacks: true }, ['leak collected']],
    [{ ...QUIET, storeStacks: true }, ['leak collected']],
  ])('%o makes lines of %o and nothing else', (settings, events) => {
    expect(eventsOf(settings)).toEqual(events);
  });
});

describe('a line', () => {
  it('of an allocation has the words, the figures, and no stack unless asked for', () => {
    const [allocated, freed] = hearAll({ allocations: true, frees: true });
    expect(allocated).toEqual({
      ...PLAIN,
      ...{ level: 'debug', event: 'allocation' },
      message: 'allocated 2.00 KiB: "mesh" of "scene" in gpu-read, chunk 3 at 4096',
    });
    expect(freed).toEqual({
      ...PLAIN,
      ...{ level: 'debug', event: 'free' },
      message: 'freed 2.00 KiB: "mesh" of "scene" in gpu-read, chunk 3 at 4096',
    });
  });

  it('has the stack of its own call where stacks are asked for', () => {
    const lines = hearAll({ allocations: true, frees: true, stacks: true });
    for (const line of lines.slice(0, 2)) {
      const stack = line.event === 'memory-information' ? undefined : line.stack;
      expect(stack).toContain('tellAll');
      expect(stack).not.toContain('app.js');
    }
  });

  it('of a leak has the stack that was stored', () => {
    const [atEnd, collected] = hearAll({});
    expect(atEnd).toEqual({
      ...MESH,
      ...{ level: 'warn', event: 'leak', reason: 'disposed' },
      message:
        'leaked 2.00 KiB: "mesh" of "scene" in gpu-read, chunk 3 at 4096, 7 frames old, still live at dispose()',
    });
    expect(collected?.message).toMatch(/7 frames old, dropped without free\(\) and collected$/);
  });

  it('of memory has a type each', () => {
    expect(hearAll({ memoryInformation: true }).slice(0, 2)).toEqual([
      {
        ...{ level: 'info', event: 'memory-information', memoryType: 0, properties: 1, heapIndex: 0 },
        heapSizeBytes: 2 ** 33,
        message: 'memory type 0: properties 1, heap 0 of 8.00 GiB',
      },
      {
        ...{ level: 'info', event: 'memory-information', memoryType: 1, properties: 6, heapIndex: 1 },
        heapSizeBytes: Number.POSITIVE_INFINITY,
        message: 'memory type 1: properties 6, heap 1 of unknown size',
      },
    ]);
  });
});

describe('a debug log', () => {
  const all = { memoryInformation: true, allocations: true, frees: true, stacks: true, storeStacks: true };

  it('prints nothing by itself, and asks for no reports without a logger', () => {
    const names = ['log', 'info', 'warn', 'error', 'debug'] as const;
    const printed = names.map((name) => vi.spyOn(console, name as 'log'));
    const log = new DebugLog(all);
    tellAll(log);
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
    expect([log.memoryInformation, log.allocations, log.frees, log.leaksOnDispose]).toEqual(
      Array(4).fill(false),
    );
    expect(log.storeStacks).toBe(true);
    expect(new DebugLog().storeStacks).toBe(false);
  });

  it('says which reports it wants', () => {
    const log = new DebugLog({ frees: true }, () => undefined);
    expect([log.allocations, log.frees, log.leaksOnDispose]).toEqual([false, true, true]);
  });

  it('goes on when the logger throws', () => {
    let heard = 0;
    const log = new DebugLog(all, () => {
      heard++;
      throw new Error('disk full');
    });
    tellAll(log);
    expect(heard).toBe(6);
  });

  it('tells nothing of what the logger itself does to the heap', () => {
    const lines: string[] = [];
    const log: DebugLog = new DebugLog(all, (line) => {
      lines.push(line.event);
      log.logAllocation(MESH);
    });
    log.logAllocation(MESH);
    log.logFree(MESH);
    expect(lines).toEqual(['allocation', 'free']);
  });
});
