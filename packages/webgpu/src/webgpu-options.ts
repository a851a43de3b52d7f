/** Options of the WebGPU backend, and their defaults. */
import { UsageError } from '@gpuheap/core';
import { checkOptions, show } from '@gpuheap/core/backend';

const IN_NODE: boolean =
  (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;

/** How a {@link WebGpuBackend} behaves. */
export interface WebGpuBackendOptions {
  /**
   * `error-scope` (default): every new buffer is watched for a late refusal, which `settled` tells. `none`:
   * buffers count as granted at once; refusals surface as uncaptured errors of the device.
   */
  readonly creationChecks?: 'error-scope' | 'none';
  /**
   * Copies views of shared memory before they are handed to the device. Default: true in Node, whose bindings
   * end the process otherwise, else false.
   */
  readonly copySharedViews?: boolean;
}

/** The options with defaults filled in. @throws UsageError `bad-argument`, `unknown-option` */
export function resolveOptions(options: WebGpuBackendOptions): Required<WebGpuBackendOptions> {
  checkOptions(options, 'options', ['creationChecks', 'copySharedViews']);
  const { creationChecks = 'error-scope', copySharedViews = IN_NODE } = options;
  if (creationChecks !== 'error-scope' && creationChecks !== 'none') {
    throw new UsageError(
      'bad-argument',
      `creationChecks is ${show(creationChecks)}; pass error-scope or none`,
    );
  }
  if (typeof copySharedViews !== 'boolean') {
    throw new UsageError('bad-argument', `copySharedViews is ${show(copySharedViews)}; pass true or false`);
  }
  return { creationChecks, copySharedViews };
}
