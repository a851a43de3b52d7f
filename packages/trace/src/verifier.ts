/**
 * Verifier: reads resources back, many at a time, and compares every byte.
 *
 * Cost     resources are gathered by GPU copies into one buffer: up to 16 MiB are one submission and one
 *          read.
 * Promise  its buffer appears in no figure.
 * Refusal  readback buffers can not be copied from: they are compared when the trace maps them. A checkpoint
 *          with a limit takes resources in turn: what it leaves out comes first the next time.
 */
import { BufferUsage, type CopyRegion } from '@gpuheap/core';
import type { PlacedResource } from './live-resource.ts';
import type { MeasuredBackend } from './measured-backend.ts';
import { locationTypes } from './memory-types.ts';
import type { Findings } from './mismatch.ts';

const BATCH_BYTES: number = 16 * 1024 * 1024;

/** A part of a resource on its way through the gathering buffer. */
interface Part<Buffer> {
  readonly live: PlacedResource<Buffer>;
  readonly at: number;
  readonly size: number;
  readonly gatheredAt: number;
}

/** Compares resources with what they must hold. */
export class Verifier<Buffer> {
  private readonly backend: MeasuredBackend<Buffer>;
  private readonly findings: Findings;
  private gathering: Buffer | undefined;
  private turn = 0;

  constructor(backend: MeasuredBackend<Buffer>, findings: Findings) {
    this.backend = backend;
    this.findings = findings;
  }

  /** Verifies resources of together about `limitBytes`, in turn. O(resources + bytes). */
  async verify(all: readonly PlacedResource<Buffer>[], limitBytes: number, event: number): Promise<void> {
    const chosen = this.choose(
      all.filter((live) => live.location !== 'readback'),
      limitBytes,
    );
    let batch: Part<Buffer>[] = [];
    let filled = 0;
    for (const live of chosen) {
      for (let at = 0; at < live.size; ) {
        const size = Math.min(live.size - at, BATCH_BYTES - filled);
        batch.push({ live, at, size, gatheredAt: filled });
        at += size;
        filled += Math.ceil(size / 4) * 4;
        if (filled < BATCH_BYTES) continue;
        await this.verifyBatch(batch, filled, event);
        batch = [];
        filled = 0;
      }
    }
    if (batch.length > 0) await this.verifyBatch(batch, filled, event);
  }

  dispose(): void {
    if (this.gathering !== undefined) this.backend.inner.destroyBuffer(this.gathering);
    this.gathering = undefined;
  }

  private choose(all: readonly PlacedResource<Buffer>[], limitBytes: number): PlacedResource<Buffer>[] {
    const chosen: PlacedResource<Buffer>[] = [];
    let bytes = 0;
    for (let step = 0; step < all.length && bytes < limitBytes; step++) {
      const live = all[this.turn % all.length]!;
      this.turn = (this.turn + 1) % all.length;
      chosen.push(live);
      bytes += live.size;
    }
    return chosen;
  }

  private async verifyBatch(parts: readonly Part<Buffer>[], filled: number, event: number): Promise<void> {
    const { inner: raw } = this.backend;
    const target = this.gatheringBuffer();
    const regions: CopyRegion<Buffer>[] = parts.map(({ live, at, size, gatheredAt }) => ({
      source: live.resource.buffer,
      sourceOffset: live.resource.offset + at,
      target,
      targetOffset: gatheredAt,
      size: Math.ceil(size / 4) * 4,
    }));
    raw.copy(regions);
    const bytes = await raw.read(target, 0, filled);
    for (const { live, at, size, gatheredAt } of parts) {
      const got = bytes.subarray(gatheredAt, gatheredAt + size);
      this.findings.compare(live, at, live.contents.bytes(at, size), got, event);
    }
  }

  private gatheringBuffer(): Buffer {
    const usage = BufferUsage.MAP_READ | BufferUsage.COPY_DST;
    const memoryType = locationTypes(this.backend.inner).readback;
    const descriptor = { size: BATCH_BYTES, usage, memoryType, label: 'replay verification' };
    this.gathering ??= this.backend.inner.createBuffer(descriptor).buffer;
    return this.gathering;
  }
}
