/**
 * Memory map: the chunks of a snapshot as bars, and their ranges as coloured pieces.
 *
 * Layout   every row of every bar stands for the same number of bytes, a power of two; a chunk takes as many
 *          rows as it needs, and a range that crosses the end of a row goes on in the next.
 * Cost     one SVG element per piece: O(ranges + rows).
 * Promise  shows every byte of the snapshot once; each piece says label, offset, size and state when pointed
 *          at.
 */
import type { ChunkSnapshot, HeapSnapshot, RangeSnapshot } from '@gpuheap/core';
import { escapeText, showBytes } from './markup.ts';

const MOST_ROWS = 96;
const LEAST_ROW_BYTES: number = 64 * 1024;
const ROW_WIDTH = 1000;
const ROW_HEIGHT = 12;
const BAR_HEIGHT = 10;

/** The map as HTML. */
export function renderMemoryMap(snapshot: HeapSnapshot): string {
  const rowBytes = chooseRowBytes(snapshot.chunks);
  const chunks = snapshot.chunks.map((chunk) => renderChunk(chunk, rowBytes)).join('\n');
  const notes = { live: '', pending: ' (released, not reusable yet)', free: '' };
  const legend = Object.entries(notes)
    .map(([state, note]) => `<span><i class="${state}"></i>${state}${note}</span>`)
    .join('');
  return `<div><p class="legend">${legend}<span>one row is ${showBytes(rowBytes)}</span></p>
<div class="map">${chunks}</div>
<p class="pointed" aria-live="polite">Point at a range to see what it is.</p></div>`;
}

/** Bytes of a row, so that the whole map has at most about a hundred. */
function chooseRowBytes(chunks: readonly ChunkSnapshot[]): number {
  let rowBytes = LEAST_ROW_BYTES;
  const rows = (): number => chunks.reduce((sum, chunk) => sum + Math.ceil(chunk.sizeBytes / rowBytes), 0);
  while (rows() > Math.max(MOST_ROWS, chunks.length)) rowBytes *= 2;
  return rowBytes;
}

function renderChunk(chunk: ChunkSnapshot, rowBytes: number): string {
  const rows = Math.ceil(chunk.sizeBytes / rowBytes);
  const height = rows * ROW_HEIGHT;
  const pieces = chunk.ranges.flatMap((range, index) => renderRange(range, index, rowBytes)).join('');
  const bytes = (state: RangeSnapshot['state']): number =>
    chunk.ranges.reduce((sum, range) => sum + (range.state === state ? range.size : 0), 0);
  const live = chunk.ranges.filter((range) => range.state === 'live').length;
  const share = ((bytes('live') / chunk.sizeBytes) * 100).toFixed(1);
  const filling = `${showBytes(chunk.sizeBytes)}, ${live} live, ${share} %`;
  const kind = chunk.dedicated ? ', dedicated' : '';
  return `<div class="chunk">
<div class="name"><b>${escapeText(chunk.pool)} ${chunk.id}</b>${kind}<br>${filling}</div>
<svg viewBox="0 0 ${ROW_WIDTH} ${height}" preserveAspectRatio="none" style="height:${height}px" role="img"
 aria-label="chunk ${chunk.id}: ${share} % live">${pieces}</svg>
</div>`;
}

/** One range as a group of bars, one for each row that it touches. */
function renderRange(range: RangeSnapshot, index: number, rowBytes: number): string {
  const bars: string[] = [];
  const end = range.offset + range.size;
  for (let from = range.offset; from < end; ) {
    const row = Math.floor(from / rowBytes);
    const to = Math.min(end, (row + 1) * rowBytes);
    const x = ((from - row * rowBytes) / rowBytes) * ROW_WIDTH;
    const width = ((to - from) / rowBytes) * ROW_WIDTH;
    bars.push(
      `<rect x="${short(x)}" y="${row * ROW_HEIGHT}" width="${short(width)}" height="${BAR_HEIGHT}"/>`,
    );
    from = to;
  }
  // Two tones let the eye tell live neighbours apart.
  const tone = range.state === 'live' && index % 2 === 1 ? ' odd' : '';
  const label = range.label === undefined ? range.state : `${range.label} (${range.state})`;
  const title = `${label}: ${range.size} bytes (${showBytes(range.size)}) at ${range.offset}`;
  return `<g class="${range.state}${tone}"><title>${escapeText(title)}</title>${bars.join('')}</g>`;
}

function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}
