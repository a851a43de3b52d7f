/**
 * Replay device: what a replay runs on, a GPU through Dawn or the mock.
 *
 * Promise  `auto` always ends with a device: hardware, else software, else the mock, and a reason.
 */
import { BackendError, type GpuBackend, GpuMemoryError } from '@gpuheap/core';
import { MockGpu } from '@gpuheap/mock';
import type { ReplayMode } from '@gpuheap/trace';

/** What `--device` takes. */
export const DEVICE_CHOICES = ['auto', 'hardware', 'software', 'mock'] as const;

/** One of them. */
export type DeviceChoice = (typeof DEVICE_CHOICES)[number];

/** An open device. */
export interface ReplayDevice {
  readonly kind: 'hardware' | 'software' | 'mock';
  /** For people: its name and its kind. */
  readonly name: string;
  /** Why it is not what was hoped for. */
  readonly note?: string;
  /** A fresh backend for one replay. */
  backend(mode: ReplayMode): GpuBackend<unknown>;
  /** Errors that the device has reported and nobody caught. */
  countErrors(): number;
  /** What the first of them said. */
  firstError(): string;
  close(): void;
}

/** Opens a device. @throws BackendError `no-adapter`, `backend-failed`, when it is not there */
export async function openReplayDevice(choice: DeviceChoice): Promise<ReplayDevice> {
  if (choice === 'mock') return openMock();
  try {
    return await openGpu(choice);
  } catch (error) {
    if (choice !== 'auto' || !(error instanceof GpuMemoryError)) throw error;
    return openMock(error.message);
  }
}

async function openGpu(choice: Exclude<DeviceChoice, 'mock'>): Promise<ReplayDevice> {
  const { openDawn } = await importDawn();
  const dawn = await openDawn({ device: choice });
  const { vendor, device, description } = dawn.adapterInfo;
  const errors: string[] = [];
  dawn.device.addEventListener('uncapturederror', (event) => errors.push(event.error.message));
  return {
    kind: dawn.kind === 'hardware' ? 'hardware' : 'software',
    name: `${[description || device || vendor || 'unnamed adapter'][0]} (${dawn.kind}, Dawn)`,
    // Error scopes belong to the heap's promises; the other ways are not slowed by them.
    backend: (mode) => dawn.backend({ creationChecks: mode === 'gpuheap' ? 'error-scope' : 'none' }),
    countErrors: () => errors.length,
    firstError: () => errors[0] ?? '',
    close: () => dawn.close(),
  };
}

async function importDawn(): Promise<typeof import('@gpuheap/dawn-node')> {
  try {
    return await import('@gpuheap/dawn-node');
  } catch (cause) {
    throw new BackendError('no-adapter', `Dawn for Node does not load: ${String(cause)}`, { cause });
  }
}

function openMock(why?: string): ReplayDevice {
  const gpu = new MockGpu({ autoComplete: true, reuseAfter: 'submitted', maxBufferSize: 2 ** 32 });
  const common = {
    kind: 'mock' as const,
    name: 'mock (no GPU: bytes are moved by the CPU)',
    backend: () => gpu.backend(),
    countErrors: () => gpu.hazards.length,
    firstError: () => gpu.hazards[0]?.message ?? '',
    close: () => {},
  };
  return why === undefined ? common : { ...common, note: why };
}
