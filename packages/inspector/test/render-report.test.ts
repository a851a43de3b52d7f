import type { HeapSnapshot } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { type ReportData, type ReportTrace, renderReport } from '../src/index.ts';

const MIB = 1024 * 1024;

function snapshotOf(...sizes: number[]): HeapSnapshot {
  const chunks = sizes.map((sizeBytes, id) => ({
    id,
    pool: 'gpu-read',
    memoryType: 0,
    usage: 0x3fc,
    access: 'read' as const,
    location: 'gpu' as const,
    lifetime: 'default' as const,
    sizeBytes,
    dedicated: id === 1,
    canSlide: true,
    ranges: [
      { offset: 0, size: 4096, state: 'live' as const, label: 'a <b>"mesh"</b>' },
      { offset: 4096, size: 4096, state: 'pending' as const },
      { offset: 8192, size: sizeBytes - 8192, state: 'free' as const },
    ],
  }));
  return { format: 'gpuheap-snapshot', version: 1, statistics: {} as HeapSnapshot['statistics'], chunks };
}

function traceOf(fields: Partial<ReportTrace> = {}): ReportTrace {
  const samples = [0, 1, 2].map((frame) => ({
    frame: frame + 1 / 3,
    liveBytes: frame * MIB,
    reservedBytes: 4 * MIB,
    pendingBytes: frame,
  }));
  return {
    name: 'sample',
    description: 'x & y',
    table: { columns: ['mode', 'buffers'], rows: [['direct', '8,317']] },
    verdicts: [
      { name: 'H1', text: '600 times fewer', passed: true },
      { name: 'H2', text: '1.2 times', passed: false },
    ],
    curves: [{ mode: 'direct', samples }],
    ...fields,
  };
}

const page = (...traces: ReportTrace[]): string =>
  renderReport({ title: 'Title </script>', subtitle: 'on <nothing>', traces } satisfies ReportData);

/** The curves that a page carries for its charts. */
function curvesOf(html: string): unknown[][] {
  const found = /const CURVES = (.*?);\n/.exec(html);
  return JSON.parse(found?.[1] ?? 'null') as unknown[][];
}

/** Total width of the bars of one state, in thousandths of a row. */
function widthOf(html: string, state: string): number {
  const groups = [...html.matchAll(new RegExp(`<g class="${state}( odd)?">(.*?)</g>`, 'g'))];
  const bars = groups.flatMap(([, , inside]) => [...(inside ?? '').matchAll(/width="([\d.]+)"/g)]);
  return bars.reduce((sum, [, width]) => sum + Number(width), 0);
}

describe('renderReport', () => {
  it('needs nothing but itself', () => {
    const html = page(traceOf({ snapshot: snapshotOf(MIB) }));
    const fetches = html.match(/<(?:script|img|iframe)[^>]*\bsrc=|@import|url\(|href="(?!data:)/g);
    expect(fetches).toBeNull();
    expect(html.match(/<script>/g)).toHaveLength(2);
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    expect(html).toContain('uPlot');
  });

  it('escapes what traces say', () => {
    const html = page(traceOf({ name: '<img src=x>', snapshot: snapshotOf(MIB) }));
    expect(html).toContain('<h2>&lt;img src=x&gt;</h2>');
    expect(html).toContain('Title &lt;/script&gt;');
    expect(html).toContain('a &lt;b&gt;&quot;mesh&quot;&lt;/b&gt; (live): 4096 bytes (4.00 KiB) at 0');
    expect(html).toContain('x &amp; y');
  });

  it('shows the table and the verdicts', () => {
    const html = page(traceOf());
    expect(html).toContain('<tr><td>direct</td><td>8,317</td></tr>');
    expect(html).toContain('<li class="pass"><b>pass</b> H1: 600 times fewer</li>');
    expect(html).toContain('<li class="miss"><b>miss</b> H2: 1.2 times</li>');
    expect(html).not.toContain('Memory map');
  });

  it('carries the curves in columns', () => {
    const curves = curvesOf(page(traceOf(), traceOf({ curves: [] })));
    expect(curves).toEqual([
      [
        {
          mode: 'direct',
          frames: [0.333, 1.333, 2.333],
          live: [0, MIB, 2 * MIB],
          reserved: [4 * MIB, 4 * MIB, 4 * MIB],
          pending: [0, 1, 2],
        },
      ],
      [],
    ]);
  });

  it('is a script that parses', () => {
    const scripts = [...page(traceOf()).matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
      ([, text]) => text ?? '',
    );
    for (const script of scripts) expect(() => new Function(script)).not.toThrow();
  });
});

describe('the memory map', () => {
  it('draws every byte once, in rows of one scale', () => {
    const html = page(traceOf({ snapshot: snapshotOf(MIB, 3 * MIB + 65_536) }));
    expect(html).toContain('one row is 64.0 KiB');
    // 65 rows in all, a thousand wide.
    const width = widthOf(html, 'live') + widthOf(html, 'pending') + widthOf(html, 'free');
    expect(Math.round(width)).toBe(65_000);
    expect(widthOf(html, 'live')).toBe(125);
    expect(html).toContain('<b>gpu-read 1</b>, dedicated');
  });

  it('keeps to about a hundred rows, however large the heap', () => {
    const html = page(traceOf({ snapshot: snapshotOf(2 ** 33, 2 ** 34) }));
    expect(html).toContain('one row is 256 MiB');
    expect(html.match(/<rect/g)?.length).toBeLessThan(110);
  });

  it('takes more chunks than rows, and none', () => {
    const many = Array.from({ length: 120 }, () => 65_536);
    expect(page(traceOf({ snapshot: snapshotOf(...many) })).match(/class="chunk"/g)).toHaveLength(120);
    expect(page(traceOf({ snapshot: snapshotOf() }))).toContain('one row is 64.0 KiB');
  });
});
