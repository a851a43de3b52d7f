import { describe, expect, it } from 'vitest';
import { BufferUsage, formatReport } from '../../src/index.ts';
import { Linear } from '../../src/ranges/index.ts';
import { collectHistogram } from '../../src/telemetry/fragmentation.ts';
import { takeStack } from '../../src/telemetry/leaks.ts';
import { openHeap } from '../heap/open-heap.ts';

const { VERTEX } = BufferUsage;

describe('takeStack', () => {
  const engine = Error as {
    stackTraceLimit?: number | undefined;
    prepareStackTrace?: ((...args: unknown[]) => unknown) | undefined;
  };

  it('leaves the limit of the engine as it is, also where it has none', () => {
    const limit = engine.stackTraceLimit;
    try {
      engine.stackTraceLimit = 3;
      expect(takeStack()?.split('\n').length).toBeGreaterThan(3);
      expect(engine.stackTraceLimit).toBe(3);
      delete engine.stackTraceLimit;
      takeStack();
      expect('stackTraceLimit' in engine).toBe(false);
    } finally {
      engine.stackTraceLimit = limit;
    }
  });

  it('answers nothing where the host makes no text of stacks, and all of it where no name comes first', () => {
    const { prepareStackTrace } = engine;
    try {
      engine.prepareStackTrace = () => ({ calls: 3 });
      expect(takeStack()).toBe(undefined);
      engine.prepareStackTrace = () => 'takeStack@heap.js:1\n  main@app.js:2\n\n';
      expect(takeStack()).toBe('main@app.js:2');
    } finally {
      engine.prepareStackTrace = prepareStackTrace;
    }
  });
});

describe('figures that are alike', () => {
  it('are told by name', () => {
    const { heap } = openHeap();
    for (const owner of ['c', 'a', 'b', 'a']) heap.allocate({ size: 64, usage: VERTEX, owner });
    const names = heap.owners.list().map(({ name }) => name);
    expect(names).toEqual(['a', 'b', 'c']);
  });

  it('are told of chunks for one allocation too', () => {
    const { heap } = openHeap();
    heap.allocate({ size: 64, usage: VERTEX, dedicated: true });
    expect(formatReport(heap.report())).toContain('gpu-read, dedicated: ');
  });

  it('leave no bar out between the shortest and the longest', () => {
    const [small, large] = [new Linear({ capacity: 4 }), new Linear({ capacity: 4096 })];
    small.allocate(4);
    large.allocate(4096);
    const bars = collectHistogram([{ suballocator: small }, { suballocator: large }]);
    expect(bars.map(({ from }) => from)).toEqual([4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]);
    expect(bars.filter(({ liveCount }) => liveCount > 0).map(({ from }) => from)).toEqual([4, 4096]);
  });
});
