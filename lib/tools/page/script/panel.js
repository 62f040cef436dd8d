/**
 * A track over time as HTML: its drawing, and beneath it the same as tables. Written into the file for the tracks that
 * are shown first, and written again by the page's script for whatever a reader chooses.
 */
/** @import { PageData, Track, Mark } from '../data.ts' */
/** @import { Panel, View, ChartColumn } from './types.ts' */

import { formatLevel, formatNumber, formatRange, formatTime } from './format.js';
import { escapeHtml } from './html.js';
import { timeChart } from './time-chart.js';
import { columnsOf } from './view.js';

const TABLE_ROWS = 48;
const DECISIONS_LISTED = 200;

/** The whole panel; empty for a track that is not there. @param {Panel} panel */
export function panelHtml(panel) {
  const { data, index } = panel;
  const track = data.tracks[index];
  if (track === undefined) return '';
  return `<figure class="panel" data-track="${index}">
<figcaption><h3>${trackName(data, index)}</h3>${data.kind === 'production' ? `<p class="quiet">${escapeHtml(track.summary)}</p>` : ''}</figcaption>
<div class="plot"><div class="drawing">${drawingHtml(panel)}</div><div class="cursor" hidden></div><div class="selection" hidden></div><div class="tooltip" hidden></div></div>
<details><summary>The chart as a table</summary><div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(`Over time, ${track.name}`)}" data-part="levels">${levelTable(data, track, panel.view)}</div></details>
${track.decisions === undefined ? '<p class="quiet">This policy tells nothing of its decisions.</p>' : `<details><summary>Decisions</summary><div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(`Decisions, ${track.name}`)}" data-part="decisions">${decisionTable(data, track, panel.view)}</div></details>`}
</figure>
`;
}

/** The drawing alone. @param {Panel} panel */
export function drawingHtml({ data, index, view, width, reach }) {
  const track = data.tracks[index];
  return track === undefined ? '' : timeChart({ data, track, view, width, reach });
}

/**
 * `2 queueAware`, as it is called everywhere on the page; a group has no number.
 * @param {PageData} data @param {number} index
 */
export function trackName({ kind, tracks }, index) {
  const name = escapeHtml(tracks[index]?.name ?? '');
  return kind === 'laboratory' ? `<span class="number">${index + 1}</span> ${name}` : name;
}

/**
 * Averages over the view, in as many rows as a person reads.
 * @param {PageData} data @param {Track} track @param {View} view
 */
export function levelTable(data, track, view) {
  const columns = columnsOf(data, track, view, TABLE_ROWS);
  const hasWaiting = track.series.waiting !== undefined;
  const heads = [
    'Time (UTC)',
    ...data.levels.map(({ label }) => label),
    ...(hasWaiting ? ['Waiting', 'Most waiting'] : []),
  ];
  const rows = columns.map((column) => [
    formatTime(column.from),
    ...[...column.levels, ...(hasWaiting ? [column.waiting, column.mostWaiting] : [])].map(levelText),
  ]);
  const caption = 'Numbers of runners and of steps that wait, on average over each row';
  return tableHtml(
    caption,
    heads,
    rows.map((cells) => cells.map(escapeHtml)),
  );
}

/** The decisions of a view. @param {PageData} data @param {Track} track @param {View} view */
export function decisionTable(data, { decisions }, view) {
  const span = data.to - data.from;
  const [from, to] = [data.from + view.from * span, data.from + view.to * span];
  const inView = (decisions?.shown ?? []).filter(({ at }) => at >= from && at < to);
  const listed = inView.slice(0, DECISIONS_LISTED);
  const rows = listed.map((mark) =>
    [formatTime(mark.at), mark.group, decisionText(mark), whyText(mark)].map(escapeHtml),
  );
  const all = formatNumber(decisions?.total ?? 0, 0);
  const caption =
    listed.length < inView.length
      ? `The first ${listed.length} of ${formatNumber(inView.length, 0)} kept for this time; zoom in for the others`
      : `${formatNumber(listed.length, 0)} kept for this time: those that changed most, and holds by a limit`;
  return tableHtml(`${caption} (${all} changes in all)`, ['Time (UTC)', 'Group', 'Decision', 'Why'], rows);
}

/**
 * What a reader sees at the cursor, a line each.
 * @param {PageData} data @param {Track} track @param {ChartColumn} column
 */
export function columnLines(data, { series, decisions }, column) {
  const known = data.levels.flatMap(({ label }, place) => {
    const value = column.levels[place];
    return value === null || value === undefined ? [] : [`${label}: ${levelText(value)}`];
  });
  const marks =
    decisions?.shown.filter(({ at, action }) => at >= column.from && at < column.to && action !== 'hold') ?? [];
  const [mark] = marks;
  return [
    `${formatRange(column.from, column.to)} UTC`,
    ...(known.length === 0 ? ['No tick looked then'] : known),
    ...(series.waiting === undefined || column.waiting === null
      ? []
      : [`Waiting: ${levelText(column.waiting)}, at most ${levelText(column.mostWaiting)}`]),
    ...(mark === undefined ? [] : [`${mark.group}: ${decisionText(mark)}, ${mark.sentence}`]),
    ...(marks.length > 1 ? [`and ${marks.length - 1} more ${marks.length === 2 ? 'decision' : 'decisions'}`] : []),
  ];
}

/**
 * A table; cells are HTML.
 * @param {string} caption @param {readonly string[]} heads @param {readonly (readonly string[])[]} rows
 */
export function tableHtml(caption, heads, rows) {
  const head = heads.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('');
  const body = rows
    .map(([first = '', ...others]) => {
      const cells = others.map((cell) => `<td>${cell}</td>`).join('');
      return `<tr><th scope="row">${first}</th>${cells}</tr>`;
    })
    .join('\n');
  return `<table><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

/** @param {number | null | undefined} value */
function levelText(value) {
  return value === null || value === undefined ? '–' : formatLevel(Math.round(value * 10) / 10);
}

/** @param {Mark} mark */
function decisionText({ action, from, to }) {
  return action === 'hold' ? `hold ${from}` : `${action} ${from} → ${to}`;
}

/** @param {Mark} mark */
function whyText({ sentence, limits }) {
  return [sentence, ...limits].join('; ');
}
