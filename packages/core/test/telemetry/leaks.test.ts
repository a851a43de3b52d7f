import { afterEach, describe, expect, it, vi } from 'vitest';
import { type LeakReport, LeakTracker, listLeaks, takeStack } from '../../src/telemetry/leaks.ts';
import type { AllocationReport } from '../../src/telemetry/report.ts';
import { codeOf } from '../code-of.ts';
import { collectGarbage } from './garbage.ts';

/** What a heap keeps of an allocation while the object is its user's. */
class Entry {
  frame = { now: 0 };
  chunkId = 0;
  label: string;
  readonly stack: string | undefined;

  constructor(label: string, stack?: string) {
    this.label = label;
    this.stack = stack;
  }

  report(): AllocationReport {
    const { label, chunkId, stack } = this;
    const place = { poolName: 'gpu-read', chunkId, offset: 256 };
    const report = {
      label,
      owner: 'scene',
      ...place,
      sizeBytes: 112,
      requestedBytes: 100,
      ageFrames: this.frame.now,
    };
    return stack === undefined ? report : { ...report, stack };
  }
}

/** What a user holds; its record must not be the way back to it. */
class Held {
  readonly entry: Entry;
  constructor(entry: Entry) {
    this.entry = entry;
  }
}

/** A tracker and what it told. */
function openTracker() {
  const told: [LeakReport, Entry][] = [];
  const tracker = new LeakTracker<Entry>((leak, entry) => told.push([leak, entry]));
  return { told, tracker };
}

function watchOne(tracker: LeakTracker<Entry>, entry: Entry): Held {
  const held = new Held(entry);
  tracker.watch(held, entry);
  return held;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('leaks by collection', () => {
  it('are told once, as the allocation is then, with its record', async () => {
    const { told, tracker } = openTracker();
    const entry = new Entry('mesh', 'at load');
    watchOne(tracker, entry);
    entry.label = 'renamed';
    entry.chunkId = 5;
    entry.frame.now = 3;
    await collectGarbage();
    expect(told).toEqual([
      [
        {
          ...{ label: 'renamed', owner: 'scene', poolName: 'gpu-read', chunkId: 5, offset: 256 },
          ...{ sizeBytes: 112, requestedBytes: 100, ageFrames: 3, stack: 'at load', reason: 'collected' },
        },
        entry,
      ],
    ]);
    expect(told[0]?.[1]).toBe(entry);
    expect([tracker.watchedCount, tracker.leakCount]).toEqual([0, 1]);
    await collectGarbage();
    expect(told).toHaveLength(1);
  });

  it('are not told while anybody holds the allocation, and then are', async () => {
    const { told, tracker } = openTracker();
    const holders = [watchOne(tracker, new Entry('held'))];
    await collectGarbage();
    expect([told.length, tracker.watchedCount]).toEqual([0, 1]);
    holders.pop();
    await collectGarbage();
    expect(told.map(([{ label }]) => label)).toEqual(['held']);
  });

  it('are not told of what was freed', async () => {
    const { told, tracker } = openTracker();
    const entries = Array.from({ length: 100 }, (_, i) => new Entry(`m${i}`));
    for (const entry of entries) watchOne(tracker, entry);
    expect(tracker.watchedCount).toBe(100);
    for (const entry of entries.slice(0, 60)) tracker.forget(entry);
    expect(tracker.watchedCount).toBe(40);
    await collectGarbage();
    expect(told.map(([{ label }]) => label).sort()).toEqual(
      entries
        .slice(60)
        .map(({ label }) => label)
        .sort(),
    );
    expect([tracker.watchedCount, tracker.leakCount]).toEqual([0, 40]);
  });

  it('give the owner the range back, for whom the record is then no longer watched', async () => {
    const free = new Set<Entry>();
    const tracker: LeakTracker<Entry> = new LeakTracker<Entry>((_leak, entry) => {
      // As the ordinary way of freeing does.
      tracker.forget(entry);
      free.add(entry);
    });
    const entry = new Entry('mesh');
    watchOne(tracker, entry);
    await collectGarbage();
    expect([...free]).toEqual([entry]);
    expect(tracker.watchedCount).toBe(0);
  });

  it('are not told after the tracker was disposed of', async () => {
    const { told, tracker } = openTracker();
    watchOne(tracker, new Entry('mesh'));
    tracker.dispose();
    await collectGarbage();
    expect(told).toEqual([]);
  });

  it('come through a registry that is passed in', () => {
    const kept: { target: WeakKey; record: Entry }[] = [];
    let tell: (entry: Entry) => void = () => undefined;
    const told: string[] = [];
    const tracker = new LeakTracker<Entry>(
      ({ label, reason }) => told.push(`${label} ${reason}`),
      (onCollected) => {
        tell = onCollected;
        return {
          register: (target, record) => kept.push({ target, record }),
          unregister: (token) => kept.some(({ record }) => record === token),
        };
      },
    );
    const held = watchOne(tracker, new Entry('mesh'));
    expect(kept).toEqual([{ target: held, record: held.entry }]);
    tell(held.entry);
    expect(told).toEqual(['mesh collected']);
    tracker.forget(new Entry('strange'));
    expect(tracker.watchedCount).toBe(0);
  });

  it('need an engine that can tell, or a registry', () => {
    vi.stubGlobal('FinalizationRegistry', undefined);
    expect(codeOf(() => openTracker())).toBe('bad-argument');
    const none = () => ({ register: () => undefined, unregister: () => false });
    expect(new LeakTracker<Entry>(() => undefined, none).watchedCount).toBe(0);
  });
});

describe('leaks at the end', () => {
  it('are what still lives, the largest first', () => {
    const small = { ...new Entry('small', 'at load').report(), sizeBytes: 16 };
    const large = { ...new Entry('large').report(), sizeBytes: 2 ** 40 };
    expect(listLeaks([small, large])).toEqual([
      { ...large, reason: 'disposed' },
      { ...small, reason: 'disposed' },
    ]);
    expect(listLeaks([])).toEqual([]);
  });
});

describe('stacks', () => {
  it('begin with the caller', () => {
    function loadMesh(): string | undefined {
      return takeStack();
    }
    const lines = loadMesh()?.split('\n') ?? [];
    expect(lines[0]).toContain('loadMesh');
    expect(lines.join('\n')).not.toContain('takeStack');
    for (const line of lines) expect(line).toBe(line.trim());
  });

  it('keep none of the objects alive that were at work', async () => {
    const { told, tracker } = openTracker();
    class Loader {
      readonly held: Held;
      readonly stack: string | undefined;
      constructor(entry: Entry) {
        this.stack = takeStack();
        this.held = watchOne(tracker, entry);
      }
    }
    const stack = new Loader(new Entry('mesh')).stack;
    await collectGarbage();
    expect(told).toHaveLength(1);
    expect(stack).toContain('Loader');
  });

  it('are absent where the host makes something else of them', () => {
    const host = Error as { prepareStackTrace?: unknown };
    const before = host.prepareStackTrace;
    host.prepareStackTrace = (_error: unknown, sites: unknown[]) => sites;
    try {
      expect(takeStack()).toBe(undefined);
    } finally {
      host.prepareStackTrace = before;
    }
  });
});
