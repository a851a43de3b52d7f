import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Captured, capture, fixture, freshFolder } from './capture.ts';

const FILE = readFileSync(fixture('tfjs-train-logical-cut'));
const TEXT = gunzipSync(FILE).toString();
const HEADER = JSON.parse(TEXT.slice(0, TEXT.indexOf('\n')));

/** Replays a file with these bytes. */
async function replayBytes(bytes: Uint8Array | string): Promise<Captured> {
  const path = join(freshFolder(), 'bad.ndjson.gz');
  writeFileSync(path, bytes);
  return capture('replay', path, '--device', 'mock');
}

/** One clear line, exit code 1, and nothing else happened. */
function expectRefusal({ code, out, error, folder }: Captured, message: RegExp): void {
  expect(error).toMatch(message);
  expect(error.split('\n')).toHaveLength(2);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(existsSync(join(folder, 'report.html'))).toBe(false);
}

describe('gpuheap replay refuses', () => {
  it('a trace that is not there', async () => {
    const found = await capture('replay', 'three-streem', '--device', 'mock');
    expectRefusal(found, /^gpuheap: there is no trace "three-streem"; .*three-stream.* \[bad-argument\]\n$/);
  });

  it('a file that is no trace', async () => {
    expectRefusal(
      await replayBytes('hello\n'),
      /^gpuheap: trace line 1: is not JSON: "hello".* \[bad-data\]\n$/,
    );
    expectRefusal(await replayBytes(''), /the file is empty \[bad-data\]/);
    expectRefusal(await replayBytes('{"format":"other"}'), /trace line 1: format is "other"/);
  });

  it('a format that it does not know', async () => {
    const header = (fields: object): Uint8Array => gzipSync(`${JSON.stringify({ ...HEADER, ...fields })}\n`);
    expectRefusal(await replayBytes(header({ version: 2 })), /trace line 1: version is 2/);
    expectRefusal(await replayBytes(header({ api: 'webgl2' })), /only webgpu traces can be replayed/);
  });

  it('a file that is cut off or damaged', async () => {
    expectRefusal(await replayBytes(FILE.subarray(0, 9000)), /trace line \d+: the gzip file is cut off here/);
    const damaged = Buffer.from(FILE);
    damaged.fill(0, 5000, 5064);
    expectRefusal(await replayBytes(damaged), /trace line \d+: .* \[bad-data\]/);
    expectRefusal(
      await replayBytes(gzipSync(TEXT.slice(0, 50_003))),
      /trace line \d+: is not JSON: .*cut off/,
    );
  });

  it('events that could not have happened', async () => {
    const end = TEXT.trimEnd().split('\n').length + 1;
    const events = `${TEXT}["d",999999,99999999]\n`;
    expectRefusal(
      await replayBytes(events),
      new RegExp(`trace line ${end}: buffer 999999 was never created`),
    );
  });

  it('outputs that can not be written, before it starts', async () => {
    const args = ['replay', fixture('tfjs-train-logical-cut'), '--device', 'mock'];
    const message = /^gpuheap: \/no\/such\/folder\/x can not be written: ENOENT \[bad-argument\]\n$/;
    expectRefusal(await capture(...args, '--report', '/no/such/folder/x'), message);
    expectRefusal(await capture(...args, '--json', '/no/such/folder/x'), message);
  });

  it.each([
    [['replay', '--device', 'quantum'], /Allowed choices are auto, hardware, software, mock/],
    [['replay', '--modes', 'direct,other'], /Pass some of direct,pooled,gpuheap/],
    [['replay', '--modes', ''], /Pass some of direct,pooled,gpuheap/],
    [['replay', '--checkpoints', '-1'], /Pass a number from 0/],
    [['replay', '--checkpoints', '1e3'], /Pass a number from 0/],
    [['replay', '--frames', '3'], /unknown option '--frames'/],
    [['doctor', 'now'], /too many arguments/],
    [['reply'], /unknown command 'reply'/],
  ])('the arguments %j', async (args, message) => {
    const { code, out, error } = await capture(...args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(error).toMatch(message);
  });
});
