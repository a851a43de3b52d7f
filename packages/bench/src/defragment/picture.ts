/**
 * Picture: the chunks of a heap as an SVG drawing, a row each, live ranges dark and free ones light.
 */
import type { DefragmentationPlan, Fragments } from '@gpuheap/core';

const ROW_HEIGHT = 10;
const ROW_STEP = 13;
const WIDTH = 720;
const TOP = 22;
const FONT = 'font-family="system-ui, sans-serif" font-size="12"';

/** A range in use. Bytes. */
interface Stretch {
  readonly offset: number;
  readonly size: number;
}

/** One row of a drawing. */
interface Row {
  readonly id: number;
  readonly sizeBytes: number;
  readonly live: readonly Stretch[];
}

/** The chunks as they are, and as a plan leaves them: those with something live in them. */
export function drawPlan(fragments: Fragments, plan: DefragmentationPlan): { before: string; after: string } {
  const before = rowsOf(fragments);
  const { before: figures, after: figuresAfter } = plan;
  return {
    before: draw(before, `before: ${figures.usedChunks} chunks, ${figures.holeCount} holes`),
    after: draw(
      afterMoves(before, plan).filter(({ live }) => live.length > 0),
      `after: ${figuresAfter.usedChunks} chunks, ${figuresAfter.holeCount} holes`,
    ),
  };
}

function rowsOf({ chunks }: Fragments): Row[] {
  return chunks.map(({ id, sizeBytes, ranges }) => ({
    id,
    sizeBytes,
    live: [...ranges].filter(({ state }) => state === 'live'),
  }));
}

function afterMoves(rows: readonly Row[], { passes }: DefragmentationPlan): Row[] {
  const live = new Map(rows.map((row) => [row.id, new Map(row.live.map((each) => [each.offset, each]))]));
  const sizes = new Map(rows.map(({ id, sizeBytes }) => [id, sizeBytes]));
  for (const { moves, spares } of passes) {
    for (const { id, sizeBytes } of spares) {
      live.set(id, new Map());
      sizes.set(id, sizeBytes);
    }
    for (const { fromChunk, fromOffset, toChunk, toOffset, size } of moves) {
      live.get(fromChunk)?.delete(fromOffset);
      live.get(toChunk)?.set(toOffset, { offset: toOffset, size });
    }
  }
  return [...live].map(([id, stretches]) => ({
    id,
    sizeBytes: sizes.get(id) ?? 0,
    live: [...stretches.values()].sort((a, b) => a.offset - b.offset),
  }));
}

function draw(rows: readonly Row[], title: string): string {
  const height = TOP + rows.length * ROW_STEP;
  const most = Math.max(1, ...rows.map(({ sizeBytes }) => sizeBytes));
  const lines = rows.map(({ sizeBytes, live }, k) => {
    const y = TOP + k * ROW_STEP;
    const scale = WIDTH / most;
    const x = (bytes: number): string => (bytes * scale).toFixed(2);
    const free = `<rect y="${y}" width="${x(sizeBytes)}" height="${ROW_HEIGHT}" fill="#d9e2ec"/>`;
    // One path a row: thousands of ranges are a small file so.
    const path = live.map(({ offset, size }) => `M${x(offset)} ${y}h${x(size)}v${ROW_HEIGHT}h-${x(size)}z`);
    return `${free}<path fill="#243b53" d="${path.join('')}"/>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${title}</title>`,
    `<text x="0" y="14" fill="#627d98" ${FONT}>${title}</text>`,
    ...lines,
    '</svg>\n',
  ].join('\n');
}
