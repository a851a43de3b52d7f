/** Doctor command: says which GPU would be used, and what is missing. */
import { GpuMemoryError } from '@gpuheap/core';
import type { CliStreams } from './output.ts';
import { openReplayDevice } from './replay-device.ts';

const OLDEST_NODE = [20, 19] as const;

/** Runs it. Resolves to the exit code: 1 when this Node is too old or no device can be had but the mock. */
export async function runDoctor({ out }: CliStreams): Promise<number> {
  const nodeIsFine = isAtLeast(process.versions.node, OLDEST_NODE);
  const wanted = nodeIsFine ? '' : ` (too old: ${OLDEST_NODE.join('.')} or newer is needed)`;
  out.write(`node      ${process.versions.node}${wanted}\n`);
  out.write(`platform  ${process.platform} ${process.arch}\n`);
  const hardware = await describe('hardware');
  out.write(`hardware  ${hardware.text}\n`);
  const software = await describe('software');
  out.write(`software  ${software.text}\n`);
  const chosen = hardware.found
    ? hardware.text
    : software.found
      ? software.text
      : 'the mock, for want of a device';
  out.write(`would use ${chosen}\n`);
  return nodeIsFine && (hardware.found || software.found) ? 0 : 1;
}

async function describe(kind: 'hardware' | 'software'): Promise<{ found: boolean; text: string }> {
  try {
    const device = await openReplayDevice(kind);
    device.close();
    return { found: true, text: device.name };
  } catch (error) {
    if (!(error instanceof GpuMemoryError)) throw error;
    return { found: false, text: `none: ${error.message}` };
  }
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
