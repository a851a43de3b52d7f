/** Options of the WebGPU backend, and their defaults. */
import { UsageError } from '@gpuheap/core';
import { checkOptions, show } from '@gpuheap/core/backend';

/** How a {@link WebGpuBackend} behaves. */
export interface WebGpuBackendOptions {
  /**
   * `error-scope` (default): every new buffer is watched for a late refusal, which `settled` tells. `none`:
   * buffers count as granted at once; refusals surface as uncaptured errors of the device.
   */
  readonly creationChecks?: 'error-scope' | 'none';
  /**
   * Copies views of shared memory before they are handed to the device. Default false; needed by Node
   * bindings.
   */
  readonly copySharedViews?: boolean;
}

/** The options with defaults filled in. @throws UsageError `bad-argument`, `unknown-option` */
export function resolveOptions(options: WebGpuBackendOptions): Required<WebGpuBackendOptions> {
  checkOptions(options, 'options', ['creationChecks', 'copySharedViews']);
  const { creationChecks = 'error-scope', copySharedViews = false } = options;
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
