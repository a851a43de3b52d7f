import { afterEach, describe, expect, it, vi } from 'vitest';
import { bytesOfData, bytesOfView } from '../../src/base/bytes.ts';
import { codeOf } from '../code-of.ts';

/** Memory that was sent elsewhere. */
function detach(buffer: ArrayBuffer): ArrayBuffer {
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

afterEach(() => vi.unstubAllGlobals());

describe('bytes', () => {
  it('are those of the view, not of the memory around it, and not a copy', () => {
    const memory = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
    for (const view of [new Uint16Array(memory, 2, 2), new DataView(memory, 2, 4)]) {
      for (const bytes of [bytesOfView(view), bytesOfData(view)]) {
        expect([...bytes]).toEqual([3, 4, 5, 6]);
        expect(bytes.buffer).toBe(memory);
        expect(bytes.byteOffset).toBe(2);
      }
    }
  });

  it('are all of a buffer, shared or not', () => {
    for (const buffer of [new ArrayBuffer(12), new SharedArrayBuffer(12)]) {
      const bytes = bytesOfData(buffer);
      expect([bytes.byteLength, bytes.buffer]).toEqual([12, buffer]);
      expect(bytesOfData(new Uint8Array(buffer, 4)).byteLength).toBe(8);
    }
  });

  it('are there too where the host has no shared memory', () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    expect(bytesOfData(new ArrayBuffer(12)).byteLength).toBe(12);
    expect(codeOf(() => bytesOfData({} as never))).toBe('bad-data');
  });

  it('are not there when the data is no data, or is detached', () => {
    for (const data of [undefined, null, 0, 'text', [1, 2], {}, { byteLength: 4 }]) {
      expect(codeOf(() => bytesOfView(data as never))).toBe('bad-data');
      expect(codeOf(() => bytesOfData(data as never))).toBe('bad-data');
    }
    expect(codeOf(() => bytesOfView(new ArrayBuffer(4) as never))).toBe('bad-data');
    const view = new Uint8Array(new ArrayBuffer(8));
    detach(view.buffer);
    expect(codeOf(() => bytesOfView(view))).toBe('bad-data');
    expect(codeOf(() => bytesOfData(view))).toBe('bad-data');
    const buffer = detach(new ArrayBuffer(8));
    expect(codeOf(() => bytesOfData(buffer))).toBe('bad-data');
    // What the engine said is kept.
    for (const act of [() => bytesOfView(view), () => bytesOfData(buffer)]) {
      expect(act).toThrow(expect.objectContaining({ cause: expect.any(TypeError) }));
    }
  });
});
