import { gzipSync } from 'node:zlib';
import { UsageError } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { cutTrace, EventKind, figuresOf, labelOf, readTrace, TraceError, writeTrace } from '../src/index.ts';
import { HEADER, plainTrace, SAMPLE, traceFile } from './sample-trace.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What reading throws. */
async function refusalOf(input: string | Uint8Array): Promise<UsageError> {
  try {
    await readTrace(input);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('readTrace', () => {
  it('fills a column per field', async () => {
    const trace = await readTrace(traceFile(SAMPLE));
    expect(trace.header.name).toBe('sample');
    expect(trace.eventCount).toBe(SAMPLE.length);
    expect(trace.kinds[1]).toBe(EventKind.CREATE);
    expect([trace.ids[1], trace.sizes[1], trace.others[1], trace.mapped[1]]).toEqual([1, 256, 72, 0]);
    expect([labelOf(trace, 1), labelOf(trace, 2), labelOf(trace, 3)]).toEqual(['uniforms', 'vertices', '']);
    expect([
      trace.ids[15],
      trace.offsets[15],
      trace.others[15],
      trace.targetOffsets[15],
      trace.sizes[15],
    ]).toEqual([5, 128, 1, 0, 128]);
    expect(trace.times[19]).toBe(19);
  });

  it('takes plain text, and bytes in pieces of any size', async () => {
    const whole = await readTrace(traceFile(SAMPLE));
    expect(await readTrace(bytesOf(plainTrace(SAMPLE)))).toEqual(whole);
    const file = traceFile(SAMPLE);
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < file.length; at += 7) yield file.subarray(at, at + 7);
    };
    expect(await readTrace(pieces())).toEqual(whole);
  });

  it('takes a last line without an end', async () => {
    const trace = await readTrace(bytesOf(plainTrace(SAMPLE).trimEnd()));
    expect(trace.eventCount).toBe(SAMPLE.length);
  });

  it('grows its columns', async () => {
    const events = Array.from({ length: 10_000 }, (_, index) => [
      'b',
      index,
      index + 1,
      40,
      0,
      `l${index}`,
      index,
    ]);
    const trace = await readTrace(traceFile(events));
    expect([trace.eventCount, trace.sizes[9999], labelOf(trace, 9999)]).toEqual([10_000, 10_000, 'l9999']);
  });

  it('names the line of a damaged or cut file', async () => {
    const file = traceFile(SAMPLE);
    const cut = await refusalOf(file.subarray(0, file.length - 20));
    expect(cut).toBeInstanceOf(TraceError);
    expect(cut.message).toMatch(/^trace line \d+: the gzip file is cut off here \[bad-data\]$/);
    const damaged = file.slice();
    damaged.fill(0xff, 12, 40);
    expect((await refusalOf(damaged)).message).toMatch(/the gzip file is damaged here/);
    const text = plainTrace(SAMPLE);
    expect((await refusalOf(bytesOf(text.slice(0, -8)))).message).toMatch(
      /trace line 21: is not JSON.*cut off/,
    );
  });

  it('refuses what is no file and what is no trace', async () => {
    expect((await refusalOf('no/such/file')).code).toBe('bad-argument');
    expect((await refusalOf('.')).code).toBe('bad-argument');
    expect((await refusalOf(7 as never)).code).toBe('bad-argument');
    expect((await refusalOf(new Uint8Array(0))).message).toBe('trace: the file is empty [bad-data]');
    expect((await refusalOf(gzipSync(''))).message).toBe('trace: the file is empty [bad-data]');
    expect((await refusalOf(bytesOf('x'.repeat(100_000)))).message).toMatch(/line 1: is far too long/);
  });

  it.each([
    [null, /not a header/],
    [[], /not a header/],
    [{ ...HEADER, format: 'other' }, /format is "other"/],
    [{ ...HEADER, version: 2 }, /version is 2/],
    [{ ...HEADER, api: 'webgl2' }, /api is "webgl2"; only webgpu/],
    [{ ...HEADER, name: '' }, /no name/],
  ])('refuses the header %j', async (header, message) => {
    const error = await refusalOf(traceFile([], header));
    expect(error).toMatchObject({ code: 'bad-data', line: 1 });
    expect(error.message).toMatch(message);
  });

  it.each([
    [{}, /an event is an array/],
    [['q', 1], /unknown event "q"/],
    [['bd', 1], /unknown event "bd"/],
    [[5, 1], /unknown event 5/],
    [['s'], /has 1 elements/],
    [['s', 1, 2], /has 3 elements/],
    [['s', -1], /time is -1/],
    [['s', 1.5], /time is 1.5/],
    [['b', 7, 0, 40, 0, null, 1], /size is 0/],
    [['b', 7, 4, 0x400, 0, null, 1], /usage is 1024/],
    [['b', 7, 4, 40, 2, null, 1], /mappedAtCreation is 2/],
    [['b', 7, 4, 40, 0, 5, 1], /label is 5/],
    [['b', -1, 4, 40, 0, null, 1], /id is -1/],
    [['b', 1, 4, 40, 0, null, 1], /buffer 1 is created a second time/],
    [['d', 7, 1], /buffer 7 was never created/],
    [['d', 2, 1], /buffer 2 has been destroyed before/],
    [['y', 1, 1], /texture 1 was never created/],
    [['w', 1, 2, 4, 1], /offset is 2/],
    [['w', 1, 0, 6, 1], /bytes is 6/],
    [['w', 1, 96, 8, 1], /8 bytes at 96 reach beyond the 100 of buffer 1/],
    [['w', 1, '0', 8, 1], /offset is "0"/],
    [['c', 1, 0, 1, 50, 4, 1], /targetOffset is 50/],
    [['c', 1, 0, 1, 52, 4, 1], /copies within buffer 1/],
    [['c', 1, 0, 2, 0, 4, 1], /buffer 2 has been destroyed/],
    [['m', 9, 1], /buffer 9 was never created/],
    [['s', 0], /time goes back from 1 to 0/],
  ])('refuses the event %j', async (event, message) => {
    const before = [
      ['b', 1, 100, 40, 0, null, 0],
      ['b', 2, 100, 40, 0, null, 1],
      ['d', 2, 1],
    ];
    const error = await refusalOf(traceFile([...before, event]));
    expect(error).toMatchObject({ code: 'bad-data', line: 5 });
    expect(error.message).toMatch(message);
  });
});

describe('writing', () => {
  it('writes what it read', async () => {
    const trace = await readTrace(traceFile(SAMPLE));
    expect(await readTrace(writeTrace(trace))).toEqual(trace);
  });

  it('cuts a part that is a trace of its own', async () => {
    const trace = await readTrace(traceFile(SAMPLE));
    const cut = await readTrace(cutTrace(trace, 13, 18));
    expect(cut.header.name).toBe('sample-cut');
    expect([...cut.kinds]).toEqual([0, 0, 0, 3, 8, 0, 9, 1, 7]);
    expect(() => cutTrace(trace, 5, 4)).toThrow(/out-of-bounds/);
    expect(() => cutTrace(trace, 0, 99)).toThrow(/out-of-bounds/);
  });

  it('knows the figures of a trace', async () => {
    const trace = await readTrace(traceFile(SAMPLE));
    expect(figuresOf(trace)).toEqual({
      eventCount: 20,
      bufferCount: 5,
      textureCount: 1,
      frameCount: 2,
      submitCount: 3,
      totalBytes: 9704,
      peakLiveBytes: 9448,
      peakEvent: 8,
      peakLiveCount: 4,
    });
  });
});
