/** The cursor of a plot: a line, what it says in a box beside it, and the same to a screen reader. */
import { drawnColumns } from '../chart/time-chart.ts';
import { bucketCount, type Column, type View } from '../chart/view.ts';
import type { PageData, Track } from '../data.ts';
import { columnLines } from '../panel.ts';
import { leftOf } from './plot.ts';

/** A plot and what it shows now. */
export type Plotted = {
  readonly plot: HTMLElement;
  readonly data: PageData;
  readonly track: Track;
  readonly view: View;
  readonly width: number;
};

/** The column at a share of the view. */
export function columnAt(plotted: Plotted, share: number): Column | undefined {
  const columns = drawnColumns(plotted);
  return columns[Math.min(columns.length - 1, Math.floor(share * columns.length))];
}

/** The share at which the next column is, some columns on. */
export function shareBeside(plotted: Plotted, share: number, columns: number): number {
  const count = drawnColumns(plotted).length;
  const present = Math.min(count - 1, Math.floor(share * count));
  return (Math.min(count - 1, Math.max(0, present + columns)) + 0.5) / count;
}

/** Shows the cursor there. */
export function showCursor(plotted: Plotted, share: number): void {
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

export function hideCursor(plot: HTMLElement): void {
  for (const part of plot.querySelectorAll<HTMLElement>('.cursor, .tooltip')) part.hidden = true;
}

/** Makes a plot a thing with a position, for the keyboard and for screen readers. */
export function makeSlider({ plot, data, track }: Plotted): void {
  plot.tabIndex = 0;
  plot.setAttribute('role', 'slider');
  plot.setAttribute('aria-label', `Time in the chart of ${track.name}`);
  plot.setAttribute('aria-valuemin', '0');
  plot.setAttribute('aria-valuemax', String(bucketCount(data, track.series) - 1));
  plot.setAttribute('aria-valuenow', '0');
  plot.setAttribute('aria-valuetext', 'Arrow keys move through the time');
}

function moveLine(plot: HTMLElement, left: number): void {
  const line = plot.querySelector<HTMLElement>('.cursor');
  if (line === null) return;
  line.hidden = false;
  line.style.left = `${left}px`;
}

function fillTooltip(plot: HTMLElement, lines: readonly string[], left: number): void {
  const tooltip = plot.querySelector<HTMLElement>('.tooltip');
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
