/** Whole places: where an allocation may lie, from its request alone. */
import type { MockBuffer } from '../../../mock/src/index.ts';
import { type Allocation, type AllocationRequest, BufferUsage } from '../../src/index.ts';
import type { Place } from './range-watch.ts';

/** What the mock's offsets of uniform and storage bindings are multiples of. */
const BINDING_ALIGNMENT = 256;

/** Where it lies now, in whole words. */
export function placeOf(allocation: Allocation<MockBuffer>): Place {
  const { buffer, offset, size } = allocation.binding();
  return { buffer, offset, size };
}

/** A number of which its offset is a multiple, whatever else is asked for. */
export function wantedAlignment({ usage, alignment = 1 }: AllocationRequest<MockBuffer>): number {
  const isBound = (usage & (BufferUsage.UNIFORM | BufferUsage.STORAGE)) !== 0;
  const needed = isBound ? BINDING_ALIGNMENT : 4;
  return needed % alignment === 0 ? needed : alignment;
}

/** Only requests of one class share a buffer. */
export function classOf(request: AllocationRequest<MockBuffer>): string {
  const { usage, location = 'gpu', lifetime = 'default', pool } = request;
  if (pool !== undefined) return `pool ${pool.name}`;
  const isWritten = (usage & BufferUsage.STORAGE) !== 0;
  const { access = isWritten ? 'write' : 'read' } = request;
  return `${location} ${location === 'gpu' ? access : 'read'} ${lifetime}`;
}
