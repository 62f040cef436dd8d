/** The cursor of a plot: a line, what it says in a box beside it, and the same to a screen reader. */
/** @import { PageData, Track } from '../data.ts' */
/** @import { View } from './types.ts' */
/**
 * A plot and what it shows now.
 * @typedef {{ plot: HTMLElement, data: PageData, track: Track, view: View, width: number }} Plotted
 */

import { columnLines } from './panel.js';
import { leftOf, partOf, partsOf } from './plot.js';
import { drawnColumns } from './time-chart.js';
import { bucketCount } from './view.js';

/** The column at a share of the view. @param {Plotted} plotted @param {number} share */
function columnAt(plotted, share) {
  const columns = drawnColumns(plotted);
  return columns[Math.min(columns.length - 1, Math.floor(share * columns.length))];
}

/**
 * The share at which the next column is, some columns on.
 * @param {Plotted} plotted @param {number} share @param {number} columns
 */
export function shareBeside(plotted, share, columns) {
  const count = drawnColumns(plotted).length;
  const present = Math.min(count - 1, Math.floor(share * count));
  return (Math.min(count - 1, Math.max(0, present + columns)) + 0.5) / count;
}

/** Shows the cursor there. @param {Plotted} plotted @param {number} share */
export function showCursor(plotted, share) {
  const { plot, data, track, view, width } = plotted;
  const column = columnAt(plotted, share);
  if (column === undefined) return;
  const span = data.to - data.from;
  const middle = ((column.from + column.to) / 2 - data.from) / span;
  const left = leftOf(plot, width, Math.min(1, Math.max(0, (middle - view.from) / (view.to - view.from))));
  const lines = columnLines(data, track, column);
  moveLine(plot, left);
  fillTooltip(plot, lines, left);
  plot.setAttribute('aria-valuenow', String(column.index));
  plot.setAttribute('aria-valuetext', lines.join('; '));
}

/** @param {HTMLElement} plot */
export function hideCursor(plot) {
  for (const part of partsOf(plot, '.cursor, .tooltip')) part.hidden = true;
}

/** Makes a plot a thing with a position, for the keyboard and for screen readers. @param {Plotted} plotted */
export function makeSlider({ plot, data, track }) {
  plot.tabIndex = 0;
  plot.setAttribute('role', 'slider');
  plot.setAttribute('aria-label', `Time in the chart of ${track.name}`);
  plot.setAttribute('aria-valuemin', '0');
  plot.setAttribute('aria-valuemax', String(bucketCount(data, track.series) - 1));
  plot.setAttribute('aria-valuenow', '0');
  plot.setAttribute('aria-valuetext', 'Arrow keys move through the time');
}

/** @param {HTMLElement} plot @param {number} left */
function moveLine(plot, left) {
  const line = partOf(plot, '.cursor');
  if (line === null) return;
  line.hidden = false;
  line.style.left = `${left}px`;
}

/** @param {HTMLElement} plot @param {readonly string[]} lines @param {number} left */
function fillTooltip(plot, lines, left) {
  const tooltip = partOf(plot, '.tooltip');
  if (tooltip === null) return;
  tooltip.replaceChildren(
    ...lines.map((text) => {
      const line = document.createElement('div');
      line.textContent = text;
      return line;
    }),
  );
  tooltip.hidden = false;
  const room = plot.clientWidth - tooltip.offsetWidth;
  const beside = left + 12 <= room ? left + 12 : left - 12 - tooltip.offsetWidth;
  tooltip.style.left = `${Math.max(0, Math.min(room, beside))}px`;
}
