/**
 * Buffer targets: the two ways without a heap. Every resource has a buffer of its own, fresh (direct) or
 * second-hand (pooled).
 *
 * Promise  pooled gives a buffer away again only after the submit that follows its release.
 * Refusal  pooled never gives a buffer back to the device, as the pools of common libraries do not.
 */
import { BufferUsage } from '@gpuheap/core';
import type { MeasuredBackend } from './measured-backend.ts';
import { type LocationTypes, locationTypes } from './memory-types.ts';
import type { Place, ReplayTarget, ResourceRequest } from './replay-target.ts';

/** A buffer that serves one resource at a time. */
export interface OwnBuffer<Buffer> extends Place<Buffer> {
  readonly size: number;
  /** Which buffers it can stand in for. */
  readonly key: string;
}

/** One `createBuffer` per resource, one `destroyBuffer` at its end. */
export class DirectTarget<Buffer> implements ReplayTarget<Buffer, OwnBuffer<Buffer>> {
  readonly mode: 'direct' | 'pooled' = 'direct';
  readonly backend: MeasuredBackend<Buffer>;
  readonly pendingBytes: number = 0;
  private readonly held = new Set<OwnBuffer<Buffer>>();
  private readonly types: LocationTypes;

  constructor(backend: MeasuredBackend<Buffer>) {
    this.backend = backend;
    this.types = locationTypes(backend);
  }

  create(request: ResourceRequest): OwnBuffer<Buffer> {
    const size = Math.ceil(request.size / 4) * 4;
    const { location, label } = request;
    const usage = location === 'readback' ? request.usage | BufferUsage.MAP_READ : request.usage;
    const descriptor = { size, usage, memoryType: this.types[location], label };
    const created = this.backend.createBuffer(descriptor);
    const own = { buffer: created.buffer, offset: 0, size, key: keyOf(request) };
    this.held.add(own);
    return own;
  }

  destroy(resource: OwnBuffer<Buffer>): void {
    this.held.delete(resource);
    this.backend.destroyBuffer(resource.buffer);
  }

  write(resource: OwnBuffer<Buffer>, offset: number, data: Uint8Array): void {
    this.backend.write(resource.buffer, offset, data.byteLength % 4 === 0 ? data : padded(data));
  }

  copy(
    source: OwnBuffer<Buffer>,
    sourceOffset: number,
    target: OwnBuffer<Buffer>,
    targetOffset: number,
    size: number,
  ): void {
    this.backend.copy([{ source: source.buffer, sourceOffset, target: target.buffer, targetOffset, size }]);
  }

  read(resource: OwnBuffer<Buffer>, offset: number, size: number): Promise<Uint8Array> {
    return this.backend.read(resource.buffer, offset, size);
  }

  submitted(): void {}

  endFrame(): void {}

  snapshot(): undefined {
    return undefined;
  }

  dispose(): void {
    for (const own of this.held) this.backend.destroyBuffer(own.buffer);
    this.held.clear();
  }
}

/** Free buffers are kept, by exact size and usage, for the next resource that asks for the same. */
export class PooledTarget<Buffer> extends DirectTarget<Buffer> {
  override readonly mode = 'pooled';
  override pendingBytes = 0;
  private readonly free = new Map<string, OwnBuffer<Buffer>[]>();
  private released: OwnBuffer<Buffer>[] = [];

  override create(request: ResourceRequest): OwnBuffer<Buffer> {
    return this.free.get(keyOf(request))?.pop() ?? super.create(request);
  }

  override destroy(resource: OwnBuffer<Buffer>): void {
    this.released.push(resource);
    this.pendingBytes += resource.size;
  }

  override submitted(): void {
    for (const own of this.released) {
      const kept = this.free.get(own.key);
      if (kept === undefined) this.free.set(own.key, [own]);
      else kept.push(own);
    }
    this.released = [];
    this.pendingBytes = 0;
  }

  override endFrame(): void {
    this.submitted();
  }
}

/** Which buffers can stand in for one another. */
export function keyOf({ size, usage, location }: ResourceRequest): string {
  return `${Math.ceil(size / 4)} ${usage} ${location}`;
}

function padded(data: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(data.byteLength / 4) * 4);
  whole.set(data);
  return whole;
}
