/// <reference types="@webgpu/types" preserve="true" />
/** Error watch: all that a device complains of while a program runs. */

const FILTERS: readonly GPUErrorFilter[] = ['validation', 'out-of-memory', 'internal'];

/** What a program answered, and the messages of all errors, captured or not. */
export interface Watched<Result> {
  readonly result: Result;
  readonly errors: readonly string[];
}

/** Runs `program` to its end, and the device with it. */
export async function watchErrors<Result>(
  device: GPUDevice,
  program: (device: GPUDevice) => Promise<Result>,
): Promise<Watched<Result>> {
  const errors: string[] = [];
  const note = ({ error }: GPUUncapturedErrorEvent): number => errors.push(error.message);
  device.addEventListener('uncapturederror', note);
  for (const filter of FILTERS) device.pushErrorScope(filter);
  const result = await program(device);
  // Errors of what was submitted last arrive before this fence does.
  await device.queue.onSubmittedWorkDone();
  for (const _filter of FILTERS) {
    const error = await device.popErrorScope();
    if (error !== null) errors.push(error.message);
  }
  device.removeEventListener('uncapturederror', note);
  return { result, errors };
}
