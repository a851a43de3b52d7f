import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findKind, KINDS } from '../src/competitors/kinds.ts';
import { measurableKinds, measureMetadata } from '../src/measures/metadata.ts';
import { measureSteadiness, namesInTrace } from '../src/measures/steadiness.ts';

// A process of its own runs the built files: `npm test` builds before it tests.
const runFile = fileURLToPath(new URL('../dist/measures/steady-run.js', import.meta.url));
const OPERATIONS = 200_000;

describe('a warm suballocator', () => {
  it.each(KINDS)('$name makes no garbage and keeps its code', async ({ name }) => {
    expect(existsSync(runFile), 'build the packages first: pnpm build').toBe(true);
    const run = await measureSteadiness(name, 'young', OPERATIONS, runFile);
    expect(run.operations).toBe(OPERATIONS);
    expect(run.liveCount).toBeGreaterThan(100);
    expect(run.grownBytes).toBeLessThan(65_536);
    // One number on the heap for every hundredth operation would be more than this.
    expect(run.allocatedBytes).toBeLessThan(OPERATIONS / 10);
    expect(run.collectionCount).toBe(0);
    expect(run.deoptimised).toEqual([]);
  });

  it('does not grow the heap when its records are old', async () => {
    const run = await measureSteadiness('tlsf', 'old', OPERATIONS, runFile);
    expect(run.grownBytes).toBeLessThan(65_536);
    expect(run.deoptimised).toEqual([]);
  });

  it('rejects a kind that it does not know', async () => {
    await expect(measureSteadiness('slab', 'young', 1000, runFile)).rejects.toThrow(/usage/);
  });
});

describe('the trace of deoptimisations', () => {
  it('is read by function name', () => {
    const trace =
      '[bailout (kind: deopt-eager, reason: wrong map): begin. deoptimizing 0x12 <JSFunction carve (sfi = 0x1)>, ' +
      '0x2 <Code TURBOFAN>, opt id 3]\n[bailout end. took 0.01 ms]\n' +
      '[marking dependent code 0x3 <Code TURBOFAN> (0x4 <SharedFunctionInfo free>) (opt id 5) for deoptimization, ' +
      'reason: weak objects]\n[bailout (kind: deopt-lazy): begin. deoptimizing 0x5 <JSFunction (sfi = 0x6)>, …]\n';
    expect(namesInTrace(trace)).toEqual(['carve', 'free', '(anonymous)']);
    expect(namesInTrace('')).toEqual([]);
  });
});

describe('metadata', () => {
  it('is counted for every kind that serves the sizes and tells', () => {
    expect(measurableKinds()).toContain(findKind('tlsf'));
    for (const kind of measurableKinds()) {
      const use = measureMetadata(kind, 1000, 1000);
      expect([use.name, use.liveCount]).toEqual([kind.name, 1000]);
      expect(use.totalBytes).toBeGreaterThan(1000 * 16);
      expect(use.bytesPerLive).toBeCloseTo(use.totalBytes / 1000, 6);
    }
  });
});
