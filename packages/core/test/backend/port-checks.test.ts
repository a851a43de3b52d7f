import { describe, expect, it } from 'vitest';
import { BufferUsage } from '../../src/backend/port.ts';
import { checkAdoption, checkMap, checkMapped, checkUnmapped } from '../../src/backend/port-checks.ts';
import { UPLOAD_USAGE } from '../../src/backend/usage.ts';
import { codeOf } from '../code-of.ts';

const { COPY_DST } = BufferUsage;
const upload = { sizeBytes: 64, usage: UPLOAD_USAGE };

describe('checks of mapping', () => {
  it('take what says nothing of its state for unmapped', () => {
    expect(codeOf(() => checkUnmapped(upload, 'buffer'))).toBe('none');
    expect(codeOf(() => checkMap(upload, 8, 56))).toBe('none');
    expect(codeOf(() => checkMapped(upload))).toBe('not-mapped');
  });

  it.each([
    ['unmapped', 'none', 'not-mapped'],
    ['pending', 'mapped-buffer', 'not-mapped'],
    ['mapped', 'mapped-buffer', 'none'],
  ] as const)('of a buffer that is %s: used or mapped %s, unmapped %s', (mapState, used, unmapped) => {
    const record = { ...upload, mapState };
    expect(codeOf(() => checkUnmapped(record, 'buffer'))).toBe(used);
    expect(codeOf(() => checkMap(record, 0, 64))).toBe(used);
    expect(codeOf(() => checkMapped(record))).toBe(unmapped);
  });

  it('say what to do', () => {
    expect(() => checkUnmapped({ ...upload, mapState: 'mapped' }, 'source')).toThrow(
      /source is mapped.*unmap it/,
    );
    expect(() => checkUnmapped({ ...upload, mapState: 'pending' }, 'source')).toThrow(
      /wait until the promise/,
    );
    expect(() => checkMapped(upload)).toThrow(/the buffer is unmapped/);
  });
});

describe('checks of adoption', () => {
  it('believe what the buffer does not tell, and compare what it does', () => {
    const told = { size: 64, usage: COPY_DST };
    expect(codeOf(() => checkAdoption(told, {}))).toBe('none');
    expect(codeOf(() => checkAdoption(told, { ...told, mapState: 'unmapped' }))).toBe('none');
    expect(codeOf(() => checkAdoption(told, { size: 60 }))).toBe('bad-size');
    expect(codeOf(() => checkAdoption(told, { usage: COPY_DST | 4 }))).toBe('bad-usage');
    expect(codeOf(() => checkAdoption(told, { mapState: 'mapped' }))).toBe('mapped-buffer');
    expect(codeOf(() => checkAdoption(told, { mapState: 'pending' }))).toBe('mapped-buffer');
    expect(codeOf(() => checkAdoption({ size: 30, usage: COPY_DST }, {}))).toBe('none');
    expect(() => checkAdoption({ size: 0, usage: COPY_DST }, {})).toThrow(
      /size is 0; pass that of the buffer/,
    );
    expect(() => checkAdoption({ size: 0, usage: COPY_DST }, { size: 60 })).toThrow(/size is 0; pass 60/);
  });
});
