/** The figures of all tracks as tables: every number with its raw value beside it, every name with its definition. Pure. */
import type { FigureDefinition, PageData, Track } from './data.ts';
import { formatShare, formatValue } from './script/format.js';
import { escapeHtml } from './script/html.js';
import { dashOf, inkOf, shapeOf } from './script/inks.js';
import { tableHtml, trackName } from './script/panel.js';
import { shareWithin } from './script/waiting-chart.js';

/** More tracks than this stand one below the other. */
const MOST_COLUMNS = 8;
const WITHIN_S = [1, 10, 30, 60, 120, 300, 600, 1800];

/** The table of figures. */
export function figureTable(data: PageData): string {
  return data.tracks.length <= MOST_COLUMNS ? byColumn(data) : byRow(data);
}

/** How many of a policy's steps waited no longer than some times. */
export function withinTable(data: PageData): string {
  const heads = ['Waited no longer than', ...WITHIN_S.map((seconds) => formatValue(seconds * 1000, 'ms'))];
  const rows = data.tracks.map((track, index) => [
    trackName(data, index),
    ...WITHIN_S.map((seconds) => cell(shareWithin(track.waitingBins ?? [], seconds), formatShare)),
  ]);
  return tableHtml('Share of steps by how long they waited', heads, rows);
}

/** A policy's mark, as charts draw it. */
export function swatch({ role }: Track, index: number): string {
  return `<svg class="swatch" viewBox="0 0 40 16" aria-hidden="true"><path class="curve ${inkOf(index)}" d="M0 8H40"${dashOf(index) === undefined ? '' : ` stroke-dasharray="${dashOf(index)}"`}/><path class="point ${inkOf(index)}" transform="translate(20 8)" d="${shapeOf(role)}"/></svg>`;
}

function byColumn(data: PageData): string {
  const heads = data.tracks.map(
    (track, index) =>
      `<th scope="col">${data.kind === 'laboratory' ? `${swatch(track, index)}<br>` : ''}${trackName(data, index)}</th>`,
  );
  const baseline = data.tracks.find(({ role }) => role === 'baseline');
  const bodies = [...Map.groupBy(data.figures, ({ section }) => section)].map(([section, figures]) => {
    const title = `<tr><th class="section" scope="rowgroup" colspan="${data.tracks.length + 1}">${escapeHtml(section)}</th></tr>`;
    const rows = figures.map((figure) => {
      const cells = data.tracks.map(
        (track) => `<td>${valueCell(track, figure)}${change(track, baseline, figure)}</td>`,
      );
      return `<tr><th scope="row">${definitionLink(figure)}</th>${cells.join('')}</tr>`;
    });
    return `<tbody>\n${[title, ...rows].join('\n')}\n</tbody>`;
  });
  const note = baseline === undefined ? '' : `; in small letters, beside ${baseline.name}`;
  return `<table class="figures"><caption>${escapeHtml(`Every figure${note}`)}</caption><thead><tr><th scope="col">Figure</th>${heads.join('')}</tr></thead>${bodies.join('\n')}</table>`;
}

function byRow(data: PageData): string {
  const heads = data.figures.map((figure) => `<th scope="col">${definitionLink(figure, `${figure.section}: `)}</th>`);
  const rows = data.tracks.map((track, index) => {
    const cells = data.figures.map((figure) => `<td>${valueCell(track, figure)}</td>`);
    return `<tr><th scope="row">${trackName(data, index)}</th>${cells.join('')}</tr>`;
  });
  return `<table class="figures"><caption>Every figure</caption><thead><tr><th scope="col">Name</th>${heads.join('')}</tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table>`;
}

function definitionLink({ id, label }: FigureDefinition, before = ''): string {
  return `<a href="#def-${escapeHtml(id)}">${before === '' ? '' : `<span class="before">${escapeHtml(before)}</span>`}${escapeHtml(label)}</a>`;
}

function valueCell({ figures }: Track, { id, unit }: FigureDefinition): string {
  const value = figures[id];
  return value === undefined ? '–' : cell(value, (known) => formatValue(known, unit), id);
}

function cell(value: number, format: (value: number) => string, figure?: string): string {
  const name = figure === undefined ? '' : ` data-figure="${escapeHtml(figure)}"`;
  return `<data value="${value}"${name}>${escapeHtml(format(value))}</data>`;
}

function change(track: Track, baseline: Track | undefined, { id, unit }: FigureDefinition): string {
  const [value, other] = [track.figures[id], baseline?.figures[id]];
  if (value === undefined || other === undefined || other === 0 || track === baseline || unit === 'count') return '';
  const share = value / other - 1;
  return ` <small>${share > 0 ? '+' : ''}${escapeHtml(formatShare(share))}</small>`;
}
