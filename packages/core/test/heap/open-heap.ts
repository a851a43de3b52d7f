import { MockGpu, type MockGpuOptions } from '../../../mock/src/index.ts';
import { GpuHeap, type GpuHeapOptions } from '../../src/index.ts';

/** A heap on a virtual GPU of its own. */
export function openHeap(options: GpuHeapOptions = {}, gpuOptions: MockGpuOptions = {}) {
  const gpu = new MockGpu(gpuOptions);
  const backend = gpu.backend();
  return { gpu, backend, heap: new GpuHeap(backend, options) };
}

/** Bytes that differ from allocation to allocation and from place to place. */
export function patternOf(seed: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, k) => (seed * 97 + k * 31 + (k >>> 8)) % 251);
}

/** The first byte in which two runs of bytes differ, or -1: quicker than a deep comparison. */
export function firstDifference(actual: Uint8Array, expected: Uint8Array): number {
  const length = Math.max(actual.length, expected.length);
  for (let k = 0; k < length; k++) if (actual[k] !== expected[k]) return k;
  return -1;
}
