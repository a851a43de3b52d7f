import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BestFit } from '../../src/ranges/best-fit.ts';
import { Fixed } from '../../src/ranges/fixed.ts';
import { type ChunkReport, reportChunk } from '../../src/telemetry/chunk-report.ts';
import { formatBytes } from '../../src/telemetry/format-bytes.ts';
import { formatReport } from '../../src/telemetry/format-report.ts';
import { type AllocationReport, makeReport } from '../../src/telemetry/report.ts';
import { codeOf } from '../code-of.ts';

const TOTALS = { reservedBytes: 5120, stagingBytes: 1024, budgetBytes: 8192 };

function allocation(sizeBytes: number, chunkId: number, offset: number, more: object = {}): AllocationReport {
  const place = { poolName: 'gpu-read', chunkId, offset };
  return {
    label: `m${offset}`,
    owner: '',
    ...place,
    sizeBytes,
    requestedBytes: sizeBytes - 4,
    ageFrames: 2,
    ...more,
  };
}

function chunk(
  id: number,
  poolName: string,
  usedBytes: number,
  pendingBytes: number,
  freeBytes: number,
): ChunkReport {
  return {
    ...{
      id,
      poolName,
      dedicated: false,
      sizeBytes: usedBytes + pendingBytes + freeBytes,
      usedBytes,
      pendingBytes,
    },
    ...{ freeBytes, largestFreeBytes: freeBytes / 2, rangeCount: 3, holeCount: 2 },
  };
}

const CHUNKS = [
  chunk(2, 'gpu-read', 256, 0, 768),
  chunk(0, 'gpu-read', 512, 256, 256),
  chunk(1, 'upload', 1024, 0, 1024),
];

describe('a report', () => {
  it('lists allocations by size, equal ones by place, and chunks by id, whatever order they came in', () => {
    const listed = [
      allocation(256, 1, 0),
      allocation(256, 0, 512),
      allocation(256, 0, 0),
      allocation(1024, 3, 0),
      allocation(2 ** 40, 2, 0),
    ];
    const order = [2 ** 40, 1024, 256, 256, 256];
    const check = (allocations: AllocationReport[], chunks: ChunkReport[]): void => {
      const report = makeReport({ ...TOTALS, allocations, chunks });
      expect(report.allocations.map(({ sizeBytes }) => sizeBytes)).toEqual(order);
      expect(report.allocations.slice(2).map(({ chunkId, offset }) => [chunkId, offset])).toEqual([
        [0, 0],
        [0, 512],
        [1, 0],
      ]);
      expect(report.chunks.map(({ id }) => id)).toEqual([0, 1, 2]);
    };
    const shuffled = <T>(items: T[]) => fc.shuffledSubarray(items, { minLength: items.length });
    fc.assert(fc.property(shuffled(listed), shuffled(CHUNKS), check), { numRuns: 50 });
  });

  it('sums chunks for the heap and each pool', () => {
    const allocations = [allocation(1024, 1, 0), allocation(256, 2, 0)];
    const report = makeReport({ ...TOTALS, allocations: new Set(allocations), chunks: new Set(CHUNKS) });
    const { pools, chunks, allocations: listed, ...totals } = report;
    expect(listed).toEqual(allocations);
    expect(totals).toEqual({
      ...TOTALS,
      requestedBytes: 1272,
      usedBytes: 1792,
      pendingBytes: 256,
      freeBytes: 2048,
      capacityBytes: 4096,
      freeShare: 0.5,
      largestFreeBytes: 512,
      holeCount: 6,
      fragmentation: 0.75,
    });
    expect(pools).toEqual([
      {
        ...{ name: 'gpu-read', chunkCount: 2, sizeBytes: 2048, usedBytes: 768, pendingBytes: 256 },
        ...{ freeBytes: 1024, largestFreeBytes: 384 },
      },
      {
        ...{ name: 'upload', chunkCount: 1, sizeBytes: 2048, usedBytes: 1024, pendingBytes: 0 },
        ...{ freeBytes: 1024, largestFreeBytes: 512 },
      },
    ]);
    for (const { sizeBytes, usedBytes, pendingBytes, freeBytes } of [...pools, ...chunks]) {
      expect(usedBytes + pendingBytes + freeBytes).toBe(sizeBytes);
    }
  });

  it('of nothing is all zero', () => {
    const report = makeReport({
      reservedBytes: 0,
      stagingBytes: 0,
      budgetBytes: Infinity,
      allocations: [],
      chunks: [],
    });
    expect(report).toMatchObject({
      usedBytes: 0,
      capacityBytes: 0,
      freeShare: 0,
      fragmentation: 0,
      pools: [],
    });
    expect(formatReport(report)).toContain('no budget');
  });

  it('leaves what it is given as it is', () => {
    const allocations = Object.freeze([allocation(4, 0, 0), allocation(8, 0, 4)]);
    const chunks = Object.freeze([...CHUNKS]);
    expect(makeReport({ ...TOTALS, allocations, chunks }).allocations).toHaveLength(2);
    expect(chunks.map(({ id }) => id)).toEqual([2, 0, 1]);
  });
});

describe('the report of a chunk', () => {
  it('tells live from pending by what is pending', () => {
    const suballocator = new BestFit({ capacity: 1000, granularity: 4 });
    const handles = [100, 50, 30].map((size) => suballocator.allocate(size));
    suballocator.free(handles[0] as number);
    const report = reportChunk({ id: 7, dedicated: true, pendingBytes: 52, suballocator }, 'gpu-write');
    expect(report).toEqual({
      ...{ id: 7, poolName: 'gpu-write', dedicated: true, sizeBytes: 1000, usedBytes: 32, pendingBytes: 52 },
      ...{ freeBytes: 916, largestFreeBytes: 816, rangeCount: 2, holeCount: 2 },
    });
  });

  it('fills the record it is given', () => {
    const suballocator = new Fixed({ capacity: 64, granularity: 16 });
    const source = { id: 0, dedicated: false, pendingBytes: 0, suballocator };
    const into = reportChunk(source, 'a');
    suballocator.allocate(16);
    expect(reportChunk(source, 'b', into)).toBe(into);
    expect(into).toMatchObject({ poolName: 'b', usedBytes: 16, freeBytes: 48, rangeCount: 1 });
  });
});

describe('a report as text', () => {
  const report = makeReport({
    ...TOTALS,
    allocations: [
      allocation(1024, 1, 0, { owner: 'scene', stack: 'at load (app.js:3)\n  at main (app.js:9)' }),
      allocation(256, 2, 0, { label: 'two\nlines', requestedBytes: 256, ageFrames: 1 }),
      allocation(128, 2, 256, { label: 'x'.repeat(200) }),
    ],
    chunks: CHUNKS,
  });

  it('has a line for each allocation, the largest first, and one for each pool and chunk', () => {
    expect(formatReport(report).split('\n')).toEqual([
      'live 1.75 KiB (1.37 KiB asked for), pending 256 B, free 2.00 KiB of 4.00 KiB',
      'reserved 5.00 KiB (1.00 KiB staging), budget 8.00 KiB',
      'free share 50.0 %, largest free 512 B, 6 holes, fragmentation 75.0 %',
      'allocations: 3',
      '  1.00 KiB (1020 B asked for) "m0" of "scene" in gpu-read, chunk 1 at 0, age 2 frames',
      '      at load (app.js:3)',
      '      at main (app.js:9)',
      '  256 B "two\\nlines" in gpu-read, chunk 2 at 0, age 1 frame',
      `  128 B (124 B asked for) "${'x'.repeat(40)}…" in gpu-read, chunk 2 at 256, age 2 frames`,
      'pools: 2',
      '  gpu-read: 2.00 KiB, live 768 B, pending 256 B, free 1.00 KiB (largest 384 B) in 2 chunks',
      '  upload: 2.00 KiB, live 1.00 KiB, pending 0 B, free 1.00 KiB (largest 512 B) in 1 chunk',
      'chunks: 3',
      '  0 gpu-read: 1.00 KiB, live 512 B, pending 256 B, free 256 B (largest 128 B) in 3 ranges',
      '  1 upload: 2.00 KiB, live 1.00 KiB, pending 0 B, free 1.00 KiB (largest 512 B) in 3 ranges',
      '  2 gpu-read: 1.00 KiB, live 256 B, pending 0 B, free 768 B (largest 384 B) in 3 ranges',
    ]);
  });

  it('lists no more than the limit, and says what it left out', () => {
    const lines = formatReport(report, { limit: 1 }).split('\n');
    expect(lines.filter((line) => line.includes('age'))).toHaveLength(1);
    expect(lines).toContain('  and 2 more of 384 B together');
    expect(lines).toContain('  and 2 more of 3.00 KiB together');
    expect(formatReport(report, { limit: 0 })).toContain('and 3 more of 1.38 KiB together');
    expect(formatReport(report, { limit: Infinity })).toBe(formatReport(report));
    expect(formatReport(report)).not.toContain('more of');
  });

  it('refuses options that it does not know', () => {
    expect(codeOf(() => formatReport(report, { limits: 3 } as object))).toBe('unknown-option');
    for (const limit of [-1, 0.5, Number.NaN, '3' as never]) {
      expect(codeOf(() => formatReport(report, { limit }))).toBe('bad-argument');
    }
  });
});

describe('bytes as text', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [1536, '1.50 KiB'],
    [2 ** 20 - 1, '1.00 MiB'],
    [2 ** 20 - 6, '1023.99 KiB'],
    [2 ** 20, '1.00 MiB'],
    [2 ** 30 - 1, '1.00 GiB'],
    [3 * 2 ** 30, '3.00 GiB'],
    [2 ** 40, '1.00 TiB'],
    [2 ** 50, '1024.00 TiB'],
    [Number.MAX_SAFE_INTEGER, '8192.00 TiB'],
  ])('%i is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('refuses what is no number of bytes', () => {
    for (const bytes of [-1, 0.5, Infinity, Number.NaN, '4' as never]) {
      expect(codeOf(() => formatBytes(bytes))).toBe('bad-size');
    }
  });
});
