import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { NIL, RecordTable, type TableParts } from '../../src/tables/record-table.ts';
import { codeOf } from '../code-of.ts';

/** A table whose insides a test can reach. */
class OpenTable extends RecordTable {
  declare cells: Int32Array;
  override take(): number {
    return super.take();
  }
  override give(n: number): void {
    super.give(n);
  }
  override enliven(n: number): number {
    return super.enliven(n);
  }
  override retire(n: number): void {
    super.retire(n);
  }
  override find(handle: number): number {
    return super.find(handle);
  }
  override handleOf(n: number): number {
    return super.handleOf(n);
  }
  override isLive(n: number): boolean {
    return super.isLive(n);
  }
  override isNameless(n: number): boolean {
    return super.isNameless(n);
  }
  override makeNameless(n: number): void {
    super.makeNameless(n);
  }
  override giveNameless(n: number): void {
    super.giveNameless(n);
  }
  override clear(): void {
    super.clear();
  }
  override hasRecords(count: number): boolean {
    return super.hasRecords(count);
  }
  override saveTable(parts: TableParts): void {
    super.saveTable(parts);
  }
  override loadTable(parts: Readonly<TableParts>): boolean {
    return super.loadTable(parts);
  }
  override isRecord(n: number): boolean {
    return super.isRecord(n);
  }
  get byteLength(): number {
    return this.tableBytes;
  }
}

describe('record table', () => {
  it('finds the record that a handle names, through growth', () => {
    const table = new OpenTable(3);
    const named = Array.from({ length: 1000 }, () => {
      const n = table.take();
      return { n, handle: table.enliven(n) };
    });
    for (const { n, handle } of named) {
      expect(table.find(handle)).toBe(n);
      expect(table.handleOf(n)).toBe(handle);
      expect(table.isLive(n)).toBe(true);
    }
    expect(named.map(({ handle }) => table.indexOf(handle))).toEqual(named.map((_, index) => index + 1));
  });

  it('never accepts an ended handle again, through many thousand lives of one record', () => {
    const table = new OpenTable(2);
    const ended: number[] = [];
    const lives = scale(5000, 5000, 1200);
    const n = table.take();
    for (let life = 0; life < lives; life++) {
      const handle = table.enliven(n);
      expect(Number.isSafeInteger(handle)).toBe(true);
      expect(table.find(handle)).toBe(n);
      ended.push(handle);
      table.retire(n);
      expect(codeOf(() => table.find(handle))).toBe('stale-handle');
    }
    expect(new Set(ended).size).toBe(lives);
    expect(ended.at(-1)).toBeGreaterThan(2 ** 31);
    table.enliven(n);
    for (const handle of ended) expect(codeOf(() => table.find(handle))).toBe('stale-handle');
  });

  it('keeps records apart when some have used up their small names and the table grows', () => {
    const table = new OpenTable(2);
    const worn = table.take();
    for (let life = 0; life < 1100; life++) {
      table.enliven(worn);
      table.retire(worn);
    }
    const wornHandle = table.enliven(worn);
    const others = Array.from({ length: 100 }, () => {
      const n = table.take();
      return { n, handle: table.enliven(n) };
    });
    expect(wornHandle).toBeGreaterThan(2 ** 31);
    expect(table.find(wornHandle)).toBe(worn);
    for (const { n, handle } of others) {
      expect(handle).toBeLessThan(2 ** 31);
      expect(table.find(handle)).toBe(n);
    }
  });

  it('refuses what was never given out', () => {
    const table = new OpenTable(2);
    const n = table.take();
    const handle = table.enliven(n);
    const forged = [0, -1, -handle, handle + 2 ** 21, handle + 1, handle + 2 ** 31, 0.5, handle + 0.5];
    const strange = [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      '1',
      null,
      undefined,
      {},
      1n,
      Symbol('handle'),
      () => handle,
    ];
    for (const value of [...forged, ...strange]) {
      expect(codeOf(() => table.find(value as number))).toBe('bad-handle');
    }
    table.retire(n);
    // The name of the next life stands in the record already; it is still not a handle.
    expect(codeOf(() => table.find(-table.cells[n]!))).toBe('bad-handle');
    expect(codeOf(() => table.find(table.cells[n]!))).toBe('bad-handle');
  });

  it('shares no handle with other tables, through many lives', () => {
    const tables = Array.from({ length: scale(50, 50, 8) }, () => new OpenTable(2));
    const owners = new Map<number, OpenTable>();
    for (const table of tables) {
      const records = Array.from({ length: 40 }, () => table.take());
      for (let life = 0; life < 30; life++) {
        for (const n of records) {
          const handle = table.enliven(n);
          expect(owners.has(handle)).toBe(false);
          owners.set(handle, table);
          if (life < 29) table.retire(n);
        }
      }
    }
    // Each with a few of the others; with all of them where there is time.
    const others = scale(2, tables.length - 1);
    for (const [handle, owner] of owners) {
      const at = tables.indexOf(owner);
      for (let k = 1; k <= others; k++) {
        const table = tables[(at + k * 7) % tables.length] as OpenTable;
        if (codeOf(() => table.find(handle)) !== 'bad-handle') throw new Error(`${handle} found`);
      }
    }
  });

  it('gives records out again, last in first out, and ends all handles at once', () => {
    const table = new OpenTable(2);
    const first = table.take();
    const second = table.take();
    const handles = [table.enliven(first), table.enliven(second)];
    table.retire(first);
    table.give(first);
    expect(table.take()).toBe(first);
    handles.push(table.enliven(first));
    table.clear();
    for (const handle of handles) expect(codeOf(() => table.find(handle))).toBe('stale-handle');
    expect([table.take(), table.take()]).toEqual([2, 4]);
  });

  it('is full after 2^21 - 1 records', () => {
    const table = new OpenTable(2);
    for (let count = 0; count < 2 ** 21 - 1; count++) table.take();
    expect(table.take()).toBe(NIL);
    expect(table.byteLength).toBe(2 ** 21 * 8);
  });

  it('keeps nameless records from every handle, and their generation from those who come after', () => {
    const table = new OpenTable(2);
    const [first, second, third] = [table.take(), table.take(), table.take()];
    const handles = [first, second, third].map((n) => table.enliven(n));
    table.retire(second);
    table.makeNameless(second);
    expect(table.isLive(second)).toBe(true);
    expect([first, second, third].map((n) => table.isNameless(n))).toEqual([false, true, false]);
    // Its cell reads as a name that leads elsewhere; no handle ever given out leads to it.
    const worn = table.cells[second] as number;
    if (!handles.includes(worn)) expect(codeOf(() => table.find(worn))).not.toBe('none');
    expect(codeOf(() => table.find(handles[1] as number))).not.toBe('none');
    expect([handles[0], handles[2]].map((handle) => table.find(handle as number))).toEqual([first, third]);
    table.giveNameless(second);
    expect(table.take()).toBe(second);
    const reborn = table.enliven(second);
    expect(handles).not.toContain(reborn);
    expect(table.find(reborn)).toBe(second);
    expect(codeOf(() => table.find(handles[1] as number))).toBe('stale-handle');
  });

  it('gives a range another record where its own has used up its lives', () => {
    const young = new OpenTable(2);
    const records = [young.take(), young.take(), young.take()] as const;
    for (let life = 0; life < 1100; life++) {
      young.enliven(records[1]);
      young.retire(records[1]);
    }
    const parts: TableParts = {};
    young.saveTable(parts);
    const old = new OpenTable(2);
    const epochs = Int32Array.from([0, 0, 2 ** 21 - 1, 0]);
    expect(old.loadTable({ ...parts, epochs })).toBe(true);
    const ended: number[] = [];
    // The last epoch has no fewer names than those before.
    while (ended.length < 2000) {
      const handle = old.enliven(records[1]);
      if (old.indexOf(handle) !== records[1] / 2) break;
      expect(handle).toBeLessThan(2 ** 52);
      ended.push(handle);
      old.retire(records[1]);
    }
    expect(ended.length).toBeGreaterThan(900);
    expect(ended.length).toBeLessThan(1100);
    // It lives on in a new record, with what else it held; the old one is at rest.
    expect(old.isLive(8)).toBe(true);
    expect(old.isLive(records[1])).toBe(false);
    old.give(records[1]);
    expect(old.take()).toBe(10);
    for (const handle of ended) expect(codeOf(() => old.find(handle))).toBe('stale-handle');
  });

  it('knows whether it has so many records more', () => {
    const table = new OpenTable(2);
    const first = [table.take(), table.take(), table.take()];
    expect([table.hasRecords(2 ** 21 - 4), table.hasRecords(2 ** 21 - 3)]).toEqual([true, false]);
    for (const n of first.slice(1)) table.give(n);
    expect([table.hasRecords(2 ** 21 - 2), table.hasRecords(2 ** 21 - 1)]).toEqual([true, false]);
    expect(table.hasRecords(0)).toBe(true);
  });

  it('takes over what another one saved, and nothing that can not be', () => {
    const table = new OpenTable(2);
    const handles = Array.from({ length: 6 }, () => table.enliven(table.take()));
    table.makeNameless(table.take());
    for (const handle of handles.slice(2, 5)) {
      const n = table.find(handle);
      table.retire(n);
      table.give(n);
    }
    const parts: TableParts = {};
    table.saveTable(parts);
    const { cells, veil, freeHead } = parts as Required<TableParts>;
    const twin = new OpenTable(2);
    expect(twin.loadTable(parts)).toBe(true);
    expect(twin.find(handles[0]!)).toBe(2);
    expect([twin.take(), twin.take(), twin.take(), twin.take()]).toEqual([10, 8, 6, 16]);
    const epochs = new Int32Array(cells.length / 2);
    expect(new OpenTable(2).loadTable({ ...parts, epochs })).toBe(true);
    const wrong: TableParts[] = [
      { ...parts, cells: new Int32Array(0), freeHead: 0 },
      { ...parts, cells: cells.slice(1) },
      { ...parts, cells: Float64Array.from(cells) as unknown as Int32Array },
      // All but the end of one more record.
      { ...parts, cells: Int32Array.of(...cells, -(2 ** 21 + ((cells.length / 2) ^ veil))) },
      ...[-1, 0.5, 2 ** 21, Number.NaN, '1'].map((changed) => ({
        cells: cells.slice(0, 2),
        veil: changed as number,
        freeHead: 0,
      })),
      { ...parts, cells: new Int32Array(2 * (2 ** 21 + 1)) },
      ...[-1, 0.5, 2 ** 21, veil + 1].map((changed) => ({ ...parts, veil: changed })),
      // Live, nameless, in the middle of a record, and none.
      ...[2, 14, 9, 16, -2, 8.5].map((changed) => ({ ...parts, freeHead: changed })),
      // In a circle, and to a live one.
      { ...parts, cells: cells.with(7, freeHead) },
      { ...parts, cells: cells.with(7, 2) },
      // A name of another record, of no generation, of none.
      ...[cells[4]!, cells[2]! - 2 ** 21, 0].map((name) => ({ ...parts, cells: cells.with(2, name) })),
      { ...parts, epochs: epochs.with(1, -1) },
      { ...parts, epochs: epochs.with(1, 2 ** 22) },
      { ...parts, epochs: epochs.with(freeHead / 2, 2 ** 21) },
      { ...parts, epochs: epochs.slice(1) },
    ];
    for (const each of wrong) expect(new OpenTable(2).loadTable(each)).toBe(false);
    expect(new OpenTable(2).loadTable({ ...parts, epochs: epochs.with(1, 2 ** 22 - 1) })).toBe(true);
  });

  it('keeps no tie to the state that it took over', () => {
    const table = new OpenTable(2);
    const handle = table.enliven(table.take());
    const parts: TableParts = {};
    table.saveTable(parts);
    const { cells } = parts as Required<TableParts>;
    const epochs = new Int32Array(2);
    const twin = new OpenTable(2);
    expect(twin.loadTable({ ...parts, epochs })).toBe(true);
    expect(twin.byteLength).toBe(cells.byteLength + epochs.byteLength);
    cells.fill(0);
    epochs.fill(7);
    expect(twin.find(handle)).toBe(2);
  });

  it('takes over a table that is full', () => {
    const cells = Int32Array.from({ length: 2 ** 22 }, (_, k) => (k % 2 === 0 ? -(2 ** 21 + k / 2) : 0));
    const table = new OpenTable(2);
    expect(table.loadTable({ cells, veil: 0, freeHead: 0 })).toBe(true);
    expect(table.take()).toBe(NIL);
  });

  it('serves names whose bits are all of the generation', () => {
    const table = new OpenTable(2);
    // The veil of record 1 is its own index: its names are multiples of 2^21.
    const cells = Int32Array.of(-(2 ** 21 + 1), 0, -(2 ** 21), 0);
    expect(table.loadTable({ cells, veil: 1, freeHead: 0 })).toBe(true);
    const first = table.enliven(2);
    expect(first).toBe(2 ** 21);
    table.retire(2);
    expect(codeOf(() => table.find(first))).toBe('stale-handle');
    expect(codeOf(() => table.find(table.cells[2] as number))).toBe('bad-handle');
    // Its last name before the next epoch.
    expect(table.loadTable({ cells: cells.with(2, 2 ** 21 - 2 ** 31), veil: 1, freeHead: 0 })).toBe(true);
    const last = table.enliven(2);
    expect(table.find(last)).toBe(2);
    table.retire(2);
    const reborn = table.enliven(2);
    expect(reborn).toBe(2 ** 31 + 2 ** 21);
    expect(table.find(reborn)).toBe(2);
    expect(codeOf(() => table.find(last))).toBe('stale-handle');
    // Below the first generation there are no names, in no epoch.
    expect(codeOf(() => table.find(2 ** 31))).toBe('bad-handle');
    expect(codeOf(() => table.find(0))).toBe('bad-handle');
    expect(table.byteLength).toBe(4 * 4 + 2 * 4);
  });

  it('ends nameless records too when it ends all', () => {
    const table = new OpenTable(2);
    const [first, second] = [table.take(), table.take()];
    const handle = table.enliven(first);
    table.enliven(second);
    table.retire(second);
    table.makeNameless(second);
    table.clear();
    expect([table.take(), table.take()]).toEqual([first, second]);
    expect([table.isNameless(second), table.isLive(second)]).toEqual([false, false]);
    expect(codeOf(() => table.find(handle))).toBe('stale-handle');
    expect(table.find(table.enliven(second))).toBe(second);
  });

  it('knows its records by their ids', () => {
    const table = new OpenTable(3);
    table.take();
    table.take();
    const ids = [-3, 0, 1, 3, 4, 6, 7, 9, 12];
    expect(ids.filter((n) => table.isRecord(n))).toEqual([3, 6]);
  });

  it('grows by a quarter while it is small, then by an eighth', () => {
    const table = new OpenTable(2);
    const growth: [count: number, by: number][] = [];
    for (let count = table.cells.length / 2; count < 10_000; ) {
      while (table.cells.length / 2 === count) table.take();
      const grown = table.cells.length / 2;
      growth.push([count, grown - count]);
      count = grown;
    }
    for (const [count, by] of growth) expect(by).toBe(Math.ceil(count / (count < 1024 ? 4 : 8)));
    expect(growth.some(([count]) => count < 1024) && growth.some(([count]) => count > 1024)).toBe(true);
  });
});
