import { fileURLToPath } from 'node:url';
import { planDefragmentation } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { runDefragmentFigures } from '../src/defragment/defragment-command.ts';
import { halfFreed } from '../src/defragment/fragmented-heaps.ts';
import { drawPlan } from '../src/defragment/picture.ts';

const MEBI = 1024 * 1024;
const CUT = fileURLToPath(
  new URL('../../trace/test/fixtures/tfjs-train-logical-cut.ndjson.gz', import.meta.url),
);

describe('the figures of defragmentation', () => {
  it('are printed and judged for the scenario and for heaps of recorded programs', async () => {
    const lines: string[] = [];
    const { rows, verdicts } = await runDefragmentFigures(
      { scenarios: [{ bytes: 64 * MEBI, mostBytes: 64 * 1024 }], traces: [CUT], repeats: 2 },
      (text) => lines.push(text),
    );
    expect(rows.map(({ strategy }) => strategy)).toEqual([
      ...['fast', 'balanced', 'full'],
      ...['fast', 'balanced', 'full'],
    ]);
    for (const { plan, faults, totalMs, slowestPassMs, passCount } of rows) {
      expect(faults).toBe(0);
      expect(plan.after.liveBytes).toBe(plan.before.liveBytes);
      expect(plan.after.usedChunks).toBeLessThan(plan.before.usedChunks);
      expect(totalMs).toBeGreaterThanOrEqual(slowestPassMs / 2);
      expect(passCount).toBeGreaterThan(0);
    }
    expect(new Set(verdicts.map(({ target }) => target))).toEqual(new Set(['D1', 'D2', 'D3', 'D4']));
    // Times are the machine's own matter.
    for (const { target, met, what } of verdicts)
      if (target !== 'D1') expect([what, met]).toEqual([what, true]);
    expect(lines.join('\n')).toContain('tfjs-train-logical-cut, full');
  });

  it('are drawn: as many rows as chunks in use, as much dark as lives', () => {
    const { fragments } = halfFreed({ bytes: 64 * MEBI, mostBytes: 2 * MEBI });
    const plan = planDefragmentation(fragments, { strategy: 'full' });
    const pictures = drawPlan(fragments, plan);
    for (const [svg, { usedChunks, liveBytes, usedChunkBytes }] of [
      [pictures.before, plan.before],
      [pictures.after, plan.after],
    ] as const) {
      expect(svg.match(/<rect /g)).toHaveLength(usedChunks);
      const dark = [...svg.matchAll(/h([\d.]+)v/g)].reduce((sum, [, width]) => sum + Number(width), 0);
      expect(dark / (720 * usedChunks)).toBeCloseTo(liveBytes / usedChunkBytes, 2);
    }
  });
});
