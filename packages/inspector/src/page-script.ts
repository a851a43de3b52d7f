/**
 * Page script: draws the charts of a report and says what the pointer is on. Plain JavaScript, as browsers
 * run it.
 */

/**
 * Runs before the chart library, which formats numbers in the browser's language and stops at one that is not
 * valid.
 */
export const PAGE_PRELUDE: string = `
try { new Intl.NumberFormat(navigator.language); }
catch { Object.defineProperty(navigator, 'language', { value: 'en-US' }); }
`;

/** The script; expects `uPlot` and `CURVES`, a list of lists of curves, one for each trace. */
export const PAGE_SCRIPT: string = `
const charts = [];
const MEGABYTE = 1e6;
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const figure = (bytes) => (bytes == null ? '' : (bytes / MEGABYTE).toFixed(2) + ' MB');
const widthOf = (place) => Math.max(280, place.clientWidth);
const axisFigure = (bytes) => +(bytes / MEGABYTE).toPrecision(4) + '';

function draw(place, title, frames, series) {
  const axis = { stroke: color('faint'), grid: { stroke: color('line'), width: 1 }, ticks: { show: false } };
  const lines = series.map(({ label, tone, fill, values }) => ({
    label, width: 1.5, stroke: color(tone), points: { show: false },
    fill: fill ? color(tone) + '33' : undefined,
    value: (_, bytes) => figure(bytes),
  }));
  const chart = new uPlot({
    title,
    width: widthOf(place),
    height: place.classList.contains('wide') ? 260 : 200,
    scales: { x: { time: false }, y: { range: (_, low, high) => [0, (high || 1) * 1.05] } },
    axes: [
      { ...axis, label: 'frame', labelSize: 18, size: 34 },
      { ...axis, label: 'MB', labelSize: 18, size: 58, values: (_, ticks) => ticks.map(axisFigure) },
    ],
    series: [{ label: 'frame', value: (_, frame) => (frame == null ? '' : frame.toFixed(1)) }, ...lines],
  }, [frames, ...series.map(({ values }) => values)], place);
  charts.push({ chart, place });
}

function drawAll() {
  for (const { chart } of charts.splice(0)) chart.destroy();
  for (const [index, curves] of CURVES.entries()) {
    if (curves.length === 0 || curves[0].frames.length === 0) continue;
    const first = curves[0];
    const line = ({ mode, reserved }) => ({ label: mode + ' reserved', tone: mode, values: reserved });
    const all = [{ label: 'live', tone: 'live', fill: true, values: first.live }, ...curves.map(line)];
    draw(document.getElementById('all-' + index), 'Reserved bytes, all modes', first.frames, all);
    for (const [nth, { mode, frames, live, reserved, pending }] of curves.entries()) {
      draw(document.getElementById('mode-' + index + '-' + nth), mode, frames, [
        { label: 'live', tone: 'live', fill: true, values: live },
        { label: 'reserved', tone: mode, values: reserved },
        { label: 'pending', tone: 'pending', values: pending },
      ]);
    }
  }
}

drawAll();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
addEventListener('resize', () => {
  for (const { chart, place } of charts) chart.setSize({ width: widthOf(place), height: chart.height });
});
for (const map of document.querySelectorAll('.map')) {
  map.addEventListener('pointerover', ({ target }) => {
    const title = target.closest('g')?.querySelector('title');
    if (title) map.nextElementSibling.textContent = title.textContent;
  });
}
`;
