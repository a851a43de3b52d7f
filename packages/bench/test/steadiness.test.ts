import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { measureMetadata } from '../src/metadata.ts';
import { measureSteadiness, namesInTrace } from '../src/steadiness.ts';

// A process of its own runs the built files: `npm test` builds before it tests.
const runFile = fileURLToPath(new URL('../dist/steady-run.js', import.meta.url));

describe('a warm suballocator', () => {
  it.each(['tlsf', 'best-fit'])('%s makes no garbage and keeps its code', async (name) => {
    expect(existsSync(runFile), 'build the packages first: pnpm build').toBe(true);
    const run = await measureSteadiness(name, 1_000_000, runFile);
    expect(run.operations).toBe(1_000_000);
    expect(run.liveCount).toBeGreaterThan(1000);
    expect(run.grownBytes).toBeLessThan(65_536);
    // One number on the heap for every tenth operation would be more than this.
    expect(run.allocatedBytes).toBeLessThan(1_000_000);
    expect(run.collectionCount).toBe(0);
    expect(run.deoptimised).toEqual([]);
  });

  it('rejects a kind that it does not know', async () => {
    await expect(measureSteadiness('slab', 1000, runFile)).rejects.toThrow(/usage/);
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
  it('is counted for both kinds', () => {
    const uses = measureMetadata(1000, 1000);
    expect(uses.map(({ name }) => name)).toEqual(['tlsf', 'best-fit']);
    for (const use of uses) {
      expect(use.liveCount).toBe(1000);
      expect(use.bytesPerLive).toBeCloseTo(use.totalBytes / 1000, 6);
    }
  });
});
