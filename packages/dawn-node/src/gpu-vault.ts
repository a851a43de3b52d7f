/**
 * GPU vault: Dawn's `GPU` objects, one for each way to reach a driver, kept to the end of the process.
 *
 * Promise  a `GPU` object is never collected: Dawn for Node crashes when that happens while callbacks are
 *          still due, also after the last device was destroyed.
 * Refusal  gives none back; an object holds one driver instance, and there are at most as many as ways.
 */

const KEY = Symbol.for('gpuheap.dawn-node.gpus');

/** The `GPU` object known as `way`; `make` makes it at first. */
export function keptGpu(way: string, make: () => GPU): GPU {
  // On the global object, because a module can be dropped by whoever reloads modules.
  const host = globalThis as { [KEY]?: Map<string, GPU> };
  host[KEY] ??= new Map();
  let gpu = host[KEY].get(way);
  if (gpu === undefined) {
    gpu = make();
    host[KEY].set(way, gpu);
  }
  return gpu;
}
