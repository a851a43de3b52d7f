/**
 * Open Dawn: a WebGPU device in Node, on the best adapter that this machine can offer.
 *
 * Cost     about 0.05 s; 0.3 s more when the software driver is unpacked for the first time on a machine.
 * Promise  hardware when there is any, software otherwise, else an error that says what to install.
 * Refusal  installs nothing; on systems other than Linux it depends on what the system brings.
 * Source   Dawn for Node (npm `webgpu`); the Vulkan loader's rules for driver files.
 */
import { isMainThread } from 'node:worker_threads';
import { BackendError, UsageError } from '@gpuheap/core';
import { recommendedLimits } from '@gpuheap/webgpu';
import { DawnDevice, type DawnKind } from './dawn-device.ts';
import { keptGpu } from './gpu-vault.ts';
import { findSoftwareVulkan, type SoftwareVulkan } from './software/software-vulkan.ts';
import { hasHardwareDriver, preloadLibrary, withVulkanDriver } from './vulkan-environment.ts';

const SYSTEM_LOADER = 'libvulkan.so.1';
const CHOICES = ['auto', 'hardware', 'software', 'null'] as const;
const ADVICE =
  'install a Vulkan driver for your GPU, or a software one: `npm install @sparticuz/chromium` ' +
  '(Linux on x64), or on Debian `apt install chromium libvulkan1`';

/** Which device to open. */
export interface OpenDawnOptions {
  /** `auto` (default): hardware if there is any, else software. `null` validates and never runs anything. */
  readonly device?: 'auto' | DawnKind;
  /** Limits to ask for instead of or beside the `recommendedLimits` of the adapter, by their WebGPU names. */
  readonly requiredLimits?: Readonly<Record<string, number>>;
  /** Where the software driver is kept; default `$XDG_CACHE_HOME/gpuheap` or `~/.cache/gpuheap`. */
  readonly cacheFolder?: string;
}

/** Asks for the adapter of one kind; `undefined` when there is none. */
type Way = (create: CreateGpu) => Promise<DawnDevice | undefined>;
type CreateGpu = (options: string[]) => GPU;

/**
 * Opens a device. Close it when done.
 * @throws UsageError `bad-argument`, `unknown-option`
 * @throws BackendError `no-adapter`; `backend-failed` when the adapter gives no device, as for limits beyond
 * its own
 */
export async function openDawn(options: OpenDawnOptions = {}): Promise<DawnDevice> {
  checkOpenOptions(options);
  const choice = options.device ?? 'auto';
  const create = await importDawn();
  const reasons: string[] = [];
  for (const way of waysTo(choice, options, reasons)) {
    const opened = await way(create);
    if (opened !== undefined) return opened;
  }
  const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
  throw new BackendError('no-adapter', `no WebGPU adapter of kind ${choice} here${why}; ${ADVICE}`);
}

function waysTo(choice: 'auto' | DawnKind, options: OpenDawnOptions, reasons: string[]): Way[] {
  const hardware: Way = (create) => openHardware(create, options, reasons);
  const software: Way = (create) => openSoftware(create, options, reasons);
  if (choice === 'null') return [(create) => openNull(create, options)];
  if (choice === 'hardware') return [hardware];
  return choice === 'software' ? [software] : [hardware, software];
}

function openNull(create: CreateGpu, options: OpenDawnOptions): Promise<DawnDevice | undefined> {
  return openAdapter(
    keptGpu('null', () => create(['backend=null'])),
    {},
    'null',
    options,
  );
}

async function openHardware(
  create: CreateGpu,
  options: OpenDawnOptions,
  reasons: string[],
): Promise<DawnDevice | undefined> {
  if (process.platform === 'linux') {
    if (!hasHardwareDriver()) {
      reasons.push('no Vulkan driver for hardware is installed');
      return undefined;
    }
    // A driver without the system's loader still runs: the software package brings a loader as well.
    const brought = preloadLibrary(SYSTEM_LOADER) ? undefined : await lookForSoftware(options, reasons);
    if (brought !== undefined) preloadLibrary(brought.loader);
  }
  const opened = await withVulkanDriver(undefined, async () => {
    const gpu = keptGpu('hardware', () => create([]));
    const fast = await openAdapter(gpu, { powerPreference: 'high-performance' }, 'hardware', options);
    return fast ?? openAdapter(gpu, { powerPreference: 'low-power' }, 'hardware', options);
  });
  if (opened === undefined) reasons.push('Dawn offers no hardware adapter');
  return opened;
}

async function openSoftware(
  create: CreateGpu,
  options: OpenDawnOptions,
  reasons: string[],
): Promise<DawnDevice | undefined> {
  const found = await lookForSoftware(options, reasons);
  if (process.platform === 'linux' && !preloadLibrary(found?.loader ?? SYSTEM_LOADER)) {
    reasons.push('no Vulkan loader (libvulkan.so.1) was found');
    return undefined;
  }
  const opened = await withVulkanDriver(found?.manifest, () => {
    const gpu = keptGpu(`software ${found?.manifest}`, () => create([]));
    return openAdapter(gpu, { forceFallbackAdapter: true }, 'software', options);
  });
  if (opened === undefined) reasons.push(noSoftware(found));
  return opened;
}

function noSoftware(found: SoftwareVulkan | undefined): string {
  if (isMainThread || found === undefined) return 'Dawn offers no software adapter';
  // Native code reads the variables of the process; those of a worker are a copy.
  const how = `set VK_DRIVER_FILES=${found.manifest} in the main thread`;
  return `Dawn offers no software adapter in this worker thread: ${how}, or start it with env: SHARE_ENV`;
}

async function lookForSoftware(
  { cacheFolder }: OpenDawnOptions,
  reasons: string[],
): Promise<SoftwareVulkan | undefined> {
  try {
    const found = await findSoftwareVulkan(cacheFolder === undefined ? {} : { cacheFolder });
    if (found === undefined) reasons.push('no software driver was found');
    return found;
  } catch (error) {
    reasons.push(`the software driver could not be unpacked: ${String(error)}`);
    return undefined;
  }
}

async function openAdapter(
  gpu: GPU,
  request: GPURequestAdapterOptions,
  kind: DawnKind,
  { requiredLimits }: OpenDawnOptions,
): Promise<DawnDevice | undefined> {
  const adapter = await gpu.requestAdapter(request);
  if (adapter === null || adapter.info.isFallbackAdapter !== (kind === 'software')) return undefined;
  try {
    const device = await adapter.requestDevice({
      requiredLimits: { ...recommendedLimits(adapter), ...requiredLimits },
    });
    return new DawnDevice(device, adapter.info, kind);
  } catch (cause) {
    throw new BackendError('backend-failed', `the ${kind} adapter gave no device: ${String(cause)}`, {
      cause,
    });
  }
}

async function importDawn(): Promise<CreateGpu> {
  try {
    const { create } = await import('webgpu');
    return create;
  } catch (cause) {
    const platform = `${process.platform} on ${process.arch}`;
    throw new BackendError('no-adapter', `Dawn for Node does not load on ${platform}: ${String(cause)}`, {
      cause,
    });
  }
}

function checkOpenOptions(options: OpenDawnOptions): void {
  if (options === null || typeof options !== 'object' || Array.isArray(options)) {
    throw new UsageError(
      'bad-argument',
      'options is not an object; pass { device, requiredLimits, cacheFolder }',
    );
  }
  for (const key of Object.keys(options)) {
    if (key === 'device' || key === 'requiredLimits' || key === 'cacheFolder') continue;
    throw new UsageError(
      'unknown-option',
      `options has no option ${JSON.stringify(key)}; known are device, requiredLimits, cacheFolder`,
    );
  }
  const { device, requiredLimits, cacheFolder } = options;
  if (device !== undefined && !CHOICES.includes(device)) {
    throw new UsageError('bad-argument', `device is ${String(device)}; pass one of ${CHOICES.join(', ')}`);
  }
  if (requiredLimits !== undefined && (requiredLimits === null || typeof requiredLimits !== 'object')) {
    throw new UsageError('bad-argument', 'requiredLimits is not an object; pass limits by name');
  }
  if (cacheFolder !== undefined && (typeof cacheFolder !== 'string' || cacheFolder === '')) {
    throw new UsageError('bad-argument', 'cacheFolder is not a path; pass a string');
  }
}
