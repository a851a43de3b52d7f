/** Sample traces, written by hand. */
import { gzipSync } from 'node:zlib';

export const HEADER = {
  format: 'gpu-alloc-trace',
  version: 1,
  name: 'sample',
  source: 'a test',
  api: 'webgpu',
};

/** The bytes of a gzipped trace of these events. */
export function traceFile(events: readonly unknown[], header: unknown = HEADER): Uint8Array {
  return gzipSync(plainTrace(events, header));
}

/** The text of a trace. */
export function plainTrace(events: readonly unknown[], header: unknown = HEADER): string {
  return [header, ...events].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** A little of everything; 68 = COPY_SRC | UNIFORM, 140 = COPY | STORAGE, 9 = MAP_READ | COPY_DST. */
export const SAMPLE: readonly unknown[] = [
  ['f', 0],
  ['b', 1, 256, 72, 0, 'uniforms', 1],
  ['b', 2, 1000, 40, 1, 'vertices', 2],
  ['b', 3, 4096, 140, 0, null, 3],
  ['x', 1, 65536, 20, 'texture', 4],
  ['w', 1, 0, 256, 5],
  ['w', 1, 64, 16, 6],
  ['s', 7],
  ['b', 4, 4096, 9, 0, 'readback', 8],
  ['c', 3, 0, 4, 0, 4096, 9],
  ['s', 10],
  ['m', 4, 11],
  ['d', 4, 12],
  ['f', 13],
  ['b', 5, 256, 6, 1, 'upload', 14],
  ['c', 5, 128, 1, 0, 128, 15],
  ['d', 5, 16],
  ['s', 17],
  ['g', 2, 18],
  ['y', 1, 19],
];
