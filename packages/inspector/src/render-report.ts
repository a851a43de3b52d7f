/**
 * Render report: replays as one page that needs nothing else.
 *
 * Cost     O(data); the page carries the chart library (uPlot, MIT), about 50 KiB.
 * Promise  self-contained: no request leaves the page. Text from traces is escaped.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { escapeText, scriptJson } from './markup.ts';
import { renderMemoryMap } from './memory-map.ts';
import { PAGE_PRELUDE, PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';
import type { ReportCurve, ReportData, ReportTable, ReportTrace } from './report-data.ts';

/** The page for `data`, as HTML. */
export function renderReport(data: ReportData): string {
  const curves = data.traces.map((trace) => trace.curves.map(columnsOf));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(data.title)}</title>
<link rel="icon" href="data:,">
<style>${chartLibrary('uPlot.min.css')}${PAGE_STYLE}</style>
</head>
<body>
<h1>${escapeText(data.title)}</h1>
<p class="faint">${escapeText(data.subtitle)}</p>
${data.traces.map(renderTrace).join('\n')}
<script>${PAGE_PRELUDE}${chartLibrary('uPlot.iife.min.js')}</script>
<script>const CURVES = ${scriptJson(curves)};${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function renderTrace(trace: ReportTrace, index: number): string {
  const verdicts = trace.verdicts.map(({ name, text, passed }) => {
    const word = passed ? 'pass' : 'miss';
    return `<li class="${word}"><b>${word}</b> ${escapeText(name)}: ${escapeText(text)}</li>`;
  });
  const charts = trace.curves.map((_, nth) => `<div id="mode-${index}-${nth}"></div>`).join('');
  return `<section>
<h2>${escapeText(trace.name)}</h2>
<p class="faint">${escapeText(trace.description)}</p>
<div class="scroll">${renderTable(trace.table)}</div>
<ul class="verdicts">${verdicts.join('')}</ul>
<h3>Bytes over time</h3>
<div class="charts"><div id="all-${index}" class="wide"></div>${charts}</div>
${trace.snapshot === undefined ? '' : `<h3>Memory map at the peak</h3>\n${renderMemoryMap(trace.snapshot)}`}
</section>`;
}

function renderTable({ columns, rows }: ReportTable): string {
  const head = columns.map((column) => `<th>${escapeText(column)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeText(cell)}</td>`).join('')}</tr>`);
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`;
}

/** A curve in columns, as the charts take it. */
function columnsOf({ mode, samples }: ReportCurve): Record<string, unknown> {
  return {
    mode,
    frames: samples.map((sample) => Math.round(sample.frame * 1000) / 1000),
    live: samples.map((sample) => sample.liveBytes),
    reserved: samples.map((sample) => sample.reservedBytes),
    pending: samples.map((sample) => sample.pendingBytes),
  };
}

/** A file of the chart library, as it is published. */
function chartLibrary(name: string): string {
  const path = createRequire(import.meta.url).resolve(`uplot/dist/${name}`);
  return readFileSync(path, 'utf8').replaceAll('</script', '<\\/script');
}
