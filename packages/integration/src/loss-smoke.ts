/**
 * Loss smoke: what becomes of a backend when its device is destroyed under it, in Node or in a page.
 *
 * Promise  tells outcomes in words, so that they travel as JSON.
 */
import { BufferUsage, type GpuBackend } from '@gpuheap/core';

const BOTH_WAYS = BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
const MEBI = 1024 * 1024;

/** What happened to each kind of waiting. */
export interface LossReport {
  readonly read: string;
  readonly fence: string;
  readonly creation: string;
  readonly readAfterwards: string;
  readonly createAfterwards: string;
  readonly reason: string;
  readonly isLost: boolean;
  /** How far the fences had come, before and after. */
  readonly serials: readonly [number, number];
}

/** Leaves a read, a fence and a creation under way, has `destroy` end the device, and looks at them. */
export async function smokeLoss<Buffer>(
  backend: GpuBackend<Buffer>,
  destroy: () => void,
): Promise<LossReport> {
  const descriptor = { size: 4 * MEBI, usage: BOTH_WAYS, memoryType: 0 };
  const { buffer, settled } = backend.createBuffer(descriptor);
  await settled;
  backend.write(buffer, 0, new Uint8Array(4 * MEBI));
  const before = backend.completedSerial;
  const read = outcome(backend.read(buffer, 0, 4 * MEBI));
  const fence = outcome(backend.whenCompleted(backend.signal()));
  const creation = outcome(backend.createBuffer(descriptor).settled);
  destroy();
  const { reason } = await backend.lost;
  // What comes after the loss is swallowed or refused, and never waits.
  backend.write(buffer, 0, new Uint8Array(4));
  const report = {
    read: await read,
    fence: await fence,
    creation: await creation,
    readAfterwards: await outcome(backend.read(buffer, 0, 4)),
    createAfterwards: await outcome((async () => backend.createBuffer(descriptor))()),
    reason,
    isLost: backend.isLost,
    serials: [before, backend.completedSerial] as const,
  };
  backend.dispose();
  return report;
}

/** `resolved`, or the code of the error. */
async function outcome(waiting: Promise<unknown>): Promise<string> {
  try {
    await waiting;
    return 'resolved';
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  }
}
