import { GpuMemoryError } from '@gpuheap/core/errors';

/** The code of the error of ours that `act` throws; `none` when it throws nothing. */
export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof GpuMemoryError) return error.code;
    throw error;
  }
  return 'none';
}
