import { BufferUsage, GpuMemoryError } from '@gpuheap/core';
import { type MockBuffer, MockGpu, type MockGpuOptions } from '../src/index.ts';

/** All that a buffer may do without being mapped. */
export const ALL = 0x3fc;
/** What a readback buffer may do. */
export const READBACK: number = BufferUsage.MAP_READ | BufferUsage.COPY_DST;
/** What an upload buffer may do. */
export const UPLOAD: number = BufferUsage.MAP_WRITE | BufferUsage.COPY_SRC;

/** A virtual GPU, a backend on it, and a short way to make buffers. */
export function openGpu(options: MockGpuOptions = {}) {
  const gpu = new MockGpu(options);
  const backend = gpu.backend();
  const make = (size: number, usage: number = ALL, memoryType = 0): MockBuffer =>
    backend.createBuffer({ size, usage, memoryType, label: `of ${size}` }).buffer;
  return { gpu, backend, make };
}

/** The code of the error that `act` throws, or what else happened. */
export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof GpuMemoryError ? error.code : String(error);
  }
  return 'no error';
}

/** The code of the error that a promise rejects with, or what it resolves with. */
export async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.catch((error: unknown) => (error instanceof GpuMemoryError ? error.code : error));
}

/** `count` bytes of one value. */
export function bytes(value: number, count = 4): Uint8Array {
  return new Uint8Array(count).fill(value);
}
