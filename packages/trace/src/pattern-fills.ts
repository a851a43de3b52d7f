/**
 * Pattern fills: copies from the pattern table on the GPU, standing in for the dispatches that would produce
 * contents.
 *
 * Cost     collecting: O(1); one submission for all that have gathered.
 * Promise  a fill happens before anything else touches its resource, or not at all when nothing could see it.
 */
import { BufferUsage, type CopyRegion } from '@gpuheap/core';
import type { PlacedResource } from './live-resource.ts';
import type { MeasuredBackend } from './measured-backend.ts';
import { locationTypes } from './memory-types.ts';
import type { PatternTable } from './pattern-table.ts';

const PIECE_BYTES: number = 1024 * 1024;

/** The fills of one replay. */
export class PatternFills<Buffer> {
  private readonly backend: MeasuredBackend<Buffer>;
  private readonly table: PatternTable;
  private readonly source: Buffer;
  private readonly pending = new Set<PlacedResource<Buffer>>();

  /** Uploads the table; its buffer is not counted. */
  constructor(backend: MeasuredBackend<Buffer>, table: PatternTable) {
    this.backend = backend;
    this.table = table;
    const { inner: raw } = backend;
    const size = table.bytes.byteLength;
    const usage = BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
    const memoryType = locationTypes(raw).gpu;
    this.source = raw.createBuffer({ size, usage, memoryType, label: 'replay patterns' }).buffer;
    for (let at = 0; at < size; at += PIECE_BYTES) {
      raw.write(this.source, at, table.bytes.subarray(at, at + PIECE_BYTES));
    }
  }

  /** The resource gets its first contents at the next `submit`. */
  add(live: PlacedResource<Buffer>): void {
    live.fillPending = true;
    this.pending.add(live);
  }

  /** Nothing will see the first contents of the resource. */
  drop(live: PlacedResource<Buffer>): void {
    if (!live.fillPending) return;
    live.fillPending = false;
    this.pending.delete(live);
  }

  /** Submits what has gathered. */
  submit(): void {
    if (this.pending.size === 0) return;
    const regions: CopyRegion<Buffer>[] = [];
    for (const live of this.pending) {
      live.fillPending = false;
      // Reserved bytes go on to the next multiple of 4.
      const size = Math.ceil(live.size / 4) * 4;
      const { buffer, offset } = live.resource;
      for (const piece of this.table.pieces(live.patternOffset, size)) {
        const targetOffset = offset + piece.at;
        const { size: bytes, offset: sourceOffset } = piece;
        regions.push({ source: this.source, sourceOffset, target: buffer, targetOffset, size: bytes });
      }
    }
    this.pending.clear();
    this.backend.fill(regions);
  }

  /** Forgets what is pending and gives the table's buffer back. */
  dispose(): void {
    this.pending.clear();
    this.backend.inner.destroyBuffer(this.source);
  }
}
