/** Page style: light and dark from the same names. */

/** The style sheet of a report. */
export const PAGE_STYLE: string = `
:root { color-scheme: light dark; --page: #ffffff; --text: #1c2024; --faint: #687076; --line: #e3e6e8;
  --panel: #f7f8f9; --live: #2f6fde; --live2: #6f9bea; --pending: #d9820f; --free: #dfe3e6; --direct:
  #7a7f87; --pooled: #b3432b; --gpuheap: #137a5f; --good: #137a5f; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --page: #15181b; --text: #e8eaec; --faint: #9aa3aa; --line:
  #2c3236; --panel: #1c2024; --live: #5b92f0; --live2: #3b6cc4; --pending: #f0a63c; --free: #343b40;
  --direct: #a3a9b1; --pooled: #ec7a60; --gpuheap: #3cc79c; --good: #3cc79c; --bad: #f2786f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1180px; padding: 24px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0; }
h2 { font-size: 20px; margin: 40px 0 4px; }
h3 { font-size: 16px; margin: 28px 0 8px; }
p { margin: 4px 0 12px; }
.faint { color: var(--faint); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap;
  }
th { color: var(--faint); font-weight: 600; vertical-align: bottom; white-space: normal; }
th:first-child, td:first-child { text-align: left; font-weight: 600; }
.verdicts { list-style: none; padding: 0; margin: 12px 0; }
.verdicts b { display: inline-block; min-width: 44px; }
.pass b { color: var(--good); }
.miss b { color: var(--bad); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 12px; }
.charts > div { background: var(--panel); border-radius: 8px; padding: 8px; min-width: 0; overflow:
  hidden; }
.charts .wide { grid-column: 1 / -1; }
.uplot, .u-title { font-family: inherit; }
.u-title { font-size: 14px; }
.u-legend { font-size: 12px; }
.u-legend th, .u-legend td { border: 0; padding: 0 4px; font-weight: 400; }
.u-series > * { padding: 1px 4px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; color: var(--faint); font-size: 13px; }
.legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px;
  vertical-align: -1px; }
i.live { background: var(--live); }
i.pending { background: var(--pending); }
i.free { background: var(--free); }
.chunk { display: grid; grid-template-columns: 190px 1fr; gap: 12px; margin-bottom: 8px; align-items:
  start; }
.chunk .name { font-size: 12px; line-height: 1.35; color: var(--faint); }
.chunk .name b { color: var(--text); }
.chunk svg { width: 100%; min-height: 12px; display: block; }
svg g.live { fill: var(--live); }
svg g.live.odd { fill: var(--live2); }
svg g.pending { fill: var(--pending); }
svg g.free { fill: var(--free); }
svg g:hover { fill: var(--text); }
.pointed { position: sticky; bottom: 0; background: var(--page); border-top: 1px solid var(--line);
  padding: 6px 0; font-size: 13px; font-variant-numeric: tabular-nums; color: var(--faint); }
@media (max-width: 640px) { .chunk { grid-template-columns: 1fr; gap: 2px; } body { padding: 12px; } }
`;
