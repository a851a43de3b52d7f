import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeWorkload } from '@gpuheap/testing/workloads';
import { describe, expect, it } from 'vitest';
import { exportWorkloads } from '../src/export-workloads.ts';
import { parsePeers, resultsFor } from '../src/peers.ts';
import type { Program } from '../src/programs/program.ts';
import { encodeProgram } from '../src/programs/program-file.ts';
import { chooseRows, ROW_NAMES, recordRow } from '../src/programs/rows.ts';

/** A reader written from the README, as a program in another language would be. */
function readFile(bytes: Uint8Array): Program {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([0x4b574847, 1]);
  const operationCount = view.getUint32(20, true);
  const slotsAt = 32 + operationCount + ((4 - (operationCount % 4)) % 4);
  expect(bytes.length).toBe(slotsAt + 8 * operationCount);
  const column = (at: number) =>
    Int32Array.from({ length: operationCount }, (_, i) => view.getInt32(at + 4 * i, true));
  return {
    span: view.getFloat64(8, true),
    alignment: view.getUint32(16, true),
    operationCount,
    fillCount: view.getUint32(24, true),
    slotCount: view.getUint32(28, true),
    operations: {
      kind: Uint8Array.from(bytes.subarray(32, 32 + operationCount)),
      slot: column(slotsAt),
      size: column(slotsAt + 4 * operationCount),
      alignment: new Int32Array(operationCount).fill(view.getUint32(16, true)),
    },
    expectedFailureCount: 0,
  };
}

describe('exported workloads', () => {
  it.each([1001, 1002, 1003, 1004])('read back as they were, %i operations', (steps) => {
    const { name, ...workload } = makeWorkload('W1', { steps });
    expect(readFile(encodeProgram(workload))).toEqual(workload);
  });

  it('are those that a quick run times, a file a row', async () => {
    const to = mkdtempSync(join(tmpdir(), 'gpuheap-bench-'));
    try {
      const paths: string[] = [];
      await exportWorkloads({ to, quick: true, workload: 'W3' }, (path) => paths.push(path));
      expect(paths).toEqual([join(to, 'w3.bin')]);
      const [row] = await chooseRows(['W3'], true);
      const program = recordRow(row as NonNullable<typeof row>, true, undefined);
      expect(readFile(readFileSync(join(to, 'w3.bin'))).operations).toEqual(program.operations);
    } finally {
      rmSync(to, { recursive: true });
    }
  });

  it('have names of their own, the recorded applications included', async () => {
    const rows = await chooseRows(ROW_NAMES, false);
    const ids = rows.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9-]+$/);
    expect(ids).toContain('real-three-stream');
    expect(await chooseRows(['real'], true)).toHaveLength(2);
  });
});

describe('results of peers', () => {
  const program = makeWorkload('W3', { steps: 10 });
  const one = {
    name: 'ring',
    workload: 'w3',
    operationCount: program.operationCount,
    nanoseconds: 5,
    failedCount: 0,
  };

  it('count when they are of this very program, the least of each peer', () => {
    const peers = [
      one,
      { ...one, nanoseconds: 4 },
      { ...one, nanoseconds: 6 },
      { ...one, name: 'OffsetAllocator', nanoseconds: 9 },
      { ...one, workload: 'w4', nanoseconds: 1 },
      { ...one, operationCount: 7, nanoseconds: 1 },
    ];
    const file = parsePeers(JSON.stringify({ machine: 'a desk', peers }));
    expect(file.machine).toBe('a desk');
    expect(resultsFor('w3', program, file)).toEqual([peers[1], peers[3]]);
    expect(resultsFor('w3', program, undefined)).toEqual([]);
  });

  it.each([
    ['{', /JSON/],
    ['[]', /no list "peers"/],
    ['{"peers": [1]}', /peers\[0\] is no object/],
    ['{"peers": [{"name": "x"}]}', /peers\[0\] has no "name" and "workload"/],
    [JSON.stringify({ peers: [one, { ...one, nanoseconds: '5' }] }), /peers\[1\]\.nanoseconds is "5"/],
    [JSON.stringify({ peers: [{ ...one, failedCount: -1 }] }), /peers\[0\]\.failedCount is -1/],
    [JSON.stringify({ peers: [{ ...one, operationCount: null }] }), /operationCount is null/],
  ])('are refused with a reason: %s', (text, reason) => {
    expect(() => parsePeers(text)).toThrow(reason);
  });
});
