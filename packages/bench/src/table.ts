/**
 * Table: figures as text, columns aligned.
 */
import type { Verdict } from './verdict.ts';

/** Rows of cells as lines; the first column to the left, the others to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const lines = rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** Figure, target and mark of each verdict. */
export function formatVerdicts(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ target, what, figure, bound, limit, unit, met }) => [
    `${met ? 'pass' : 'MISS'}  ${target}  ${what}`,
    `${showFigure(figure)} ${unit}`.trimEnd(),
    `${bound} ${limit} ${unit}`.trimEnd(),
  ]);
  const metCount = verdicts.filter(({ met }) => met).length;
  return `Targets\n${formatTable(rows)}${metCount} of ${verdicts.length} met`;
}

function showFigure(figure: number): string {
  if (Number.isInteger(figure)) return String(figure);
  return figure >= 1000 ? figure.toFixed(0) : figure.toFixed(2);
}
