import { describe, expect, it } from 'vitest';
import { BufferTable } from '../../src/backend/buffer-table.ts';
import { codeOf } from '../code-of.ts';

const record = (sizeBytes: number) => ({ sizeBytes, usage: 0xc });

describe('buffer table', () => {
  it('tells ours from adopted ones at the end of their lives', () => {
    const table = new BufferTable<object, ReturnType<typeof record>>();
    const [ours, adopted] = [{}, {}];
    table.add(ours, record(10));
    table.adopt(adopted, record(100), 'buffer');
    expect([table.liveBytes, table.adoptedBuffers.has(adopted), table.adoptedBuffers.has(ours)]).toEqual([
      110,
      true,
      false,
    ]);
    expect(codeOf(() => table.adopt(adopted, record(100), 'buffer'))).toBe('bad-argument');
    expect(codeOf(() => table.adopt(ours, record(10), 'buffer'))).toBe('bad-argument');
    for (const buffer of [ours, adopted]) {
      table.remove(buffer, 'buffer');
      expect(codeOf(() => table.get(buffer, 'buffer'))).toBe('dead-buffer');
      expect(codeOf(() => table.remove(buffer, 'buffer'))).toBe('dead-buffer');
    }
    expect(codeOf(() => table.adopt(ours, record(10), 'buffer'))).toBe('dead-buffer');
    table.adopt(adopted, record(100), 'buffer');
    expect(table.get(adopted, 'buffer').sizeBytes).toBe(100);
    expect(table.liveBytes).toBe(100);
  });

  it('gives up all, and names those that are to be destroyed', () => {
    const table = new BufferTable<object, ReturnType<typeof record>>();
    const [first, adopted, second] = [{}, {}, {}];
    table.add(first, record(1));
    table.adopt(adopted, record(2), 'buffer');
    table.add(second, record(4));
    expect(table.removeAll()).toEqual([first, second]);
    expect([table.liveBytes, table.adoptedBuffers.size]).toEqual([0, 0]);
    expect(codeOf(() => table.get(adopted, 'buffer'))).toBe('dead-buffer');
  });
});
