/**
 * Read staging: the backend's own mappable buffers, recycled.
 *
 * Layout   one stack of idle buffers per size, a power of two from 4 KiB to 16 MiB; a larger read gets a
 *          buffer of its exact size that is not kept.
 * Cost     take, give back: O(1) when one fits, a device buffer when none does. A sweep is O(idle), every 64
 *          ticks.
 * Promise  idle buffers never exceed 32 MiB; one that no read has used for 64 ticks is destroyed.
 */
import { BufferUsage } from '@gpuheap/core';
import type { WebGpuBuffer, WebGpuDevice } from './device-types.ts';

const LEAST_BYTES = 4096;
const LARGEST_KEPT_BYTES = 16 * 1024 * 1024;
const MOST_IDLE_BYTES = 32 * 1024 * 1024;
const SWEEP_TICKS = 64;

/** One staging buffer. */
export interface Staging<Buffer> {
  readonly buffer: Buffer;
  readonly sizeBytes: number;
  /** The tick at which it was given back last. */
  idleSince: number;
}

/** The staging buffers of one backend. */
export class ReadStaging<Buffer extends WebGpuBuffer> {
  private readonly device: WebGpuDevice<Buffer>;
  private readonly idle = new Map<number, Staging<Buffer>[]>();
  private readonly all = new Set<Staging<Buffer>>();
  private allBytes = 0;
  private idleBytes = 0;
  private ticks = 0;

  constructor(device: WebGpuDevice<Buffer>) {
    this.device = device;
  }

  /** Bytes of all staging buffers, idle and in use. */
  get heldBytes(): number {
    return this.allBytes;
  }

  /** Bytes of those that no read uses. */
  get spareBytes(): number {
    return this.idleBytes;
  }

  /** A staging buffer of at least `sizeBytes`, a positive multiple of 4. */
  take(sizeBytes: number): Staging<Buffer> {
    const stagingBytes = stagingSize(sizeBytes);
    const known = this.idle.get(stagingBytes)?.pop();
    if (known !== undefined) {
      this.idleBytes -= known.sizeBytes;
      return known;
    }
    const buffer = this.device.createBuffer({
      size: stagingBytes,
      usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST,
      label: 'gpuheap read staging',
    });
    const staging: Staging<Buffer> = { buffer, sizeBytes: stagingBytes, idleSince: this.ticks };
    this.all.add(staging);
    this.allBytes += stagingBytes;
    return staging;
  }

  /** Takes back an unmapped buffer for later reads, or destroys it when enough are idle. */
  giveBack(staging: Staging<Buffer>): void {
    const tooMany = this.idleBytes + staging.sizeBytes > MOST_IDLE_BYTES;
    if (staging.sizeBytes > LARGEST_KEPT_BYTES || tooMany) {
      this.discard(staging);
      return;
    }
    staging.idleSince = this.ticks;
    this.idleBytes += staging.sizeBytes;
    const stack = this.idle.get(staging.sizeBytes);
    if (stack === undefined) this.idle.set(staging.sizeBytes, [staging]);
    else stack.push(staging);
  }

  /** Takes a buffer that is not idle out of service. */
  discard(staging: Staging<Buffer>): void {
    if (!this.all.delete(staging)) return;
    this.allBytes -= staging.sizeBytes;
    staging.buffer.destroy();
  }

  /** One step of its clock. */
  tick(): void {
    this.ticks += 1;
    if (this.ticks % SWEEP_TICKS === 0) this.trim(this.ticks - SWEEP_TICKS);
  }

  /** Destroys the idle buffers that nobody has used since tick `since`; all of them by default. O(idle). */
  trim(since: number = this.ticks): void {
    for (const [sizeBytes, stack] of this.idle) {
      const kept = stack.filter((staging) => staging.idleSince > since);
      for (const staging of stack) {
        if (staging.idleSince > since) continue;
        this.idleBytes -= staging.sizeBytes;
        this.discard(staging);
      }
      this.idle.set(sizeBytes, kept);
    }
  }

  /** Destroys all, those in use too. O(all). */
  dispose(): void {
    this.idle.clear();
    this.idleBytes = 0;
    for (const staging of [...this.all]) this.discard(staging);
  }
}

/** The size of the staging buffer that serves a read of `sizeBytes`. */
function stagingSize(sizeBytes: number): number {
  if (sizeBytes > LARGEST_KEPT_BYTES) return sizeBytes;
  let size = LEAST_BYTES;
  while (size < sizeBytes) size *= 2;
  return size;
}
