/**
 * The page's script. It draws with the same functions as the file was made with: closer, for other tracks, as wide as
 * the window is. Without it the page is complete, but stands still.
 */
import { costChart } from '../chart/cost-chart.ts';
import { sharedReach } from '../chart/time-chart.ts';
import { bucketCount, type View, WHOLE } from '../chart/view.ts';
import { waitingChart } from '../chart/waiting-chart.ts';
import type { PageData } from '../data.ts';
import { formatRange } from '../format.ts';
import { decisionTable, drawingHtml, levelTable, panelHtml } from '../panel.ts';
import { hideCursor, makeSlider, type Plotted, shareBeside, showCursor } from './cursor.ts';
import { ACTIONS, type Action, actionOf, stepsOf } from './keys.ts';
import { listen } from './plot.ts';
import { between, closest, moved, snapped, zoomed } from './zoom.ts';

/** Paper is about this wide, in the units of a drawing. */
const PAPER_WIDTH = 720;

const data: PageData = JSON.parse(document.getElementById('data')?.textContent ?? '');
/** Buckets of the finest series: no view is finer. */
const BUCKETS = Math.max(1, ...data.tracks.map(({ series }) => bucketCount(data, series)));
const LEAST = closest(BUCKETS);
const panels = document.querySelector<HTMLElement>('.panels');
const tools = document.querySelector<HTMLElement>('.tools');
const state = { view: WHOLE, shown: [...data.shown], cursor: undefined as number | undefined, isPrinting: false };

/** How wide a drawing in this place is, in units that grow with the text. */
function widthOf(place: Element): number {
  if (state.isPrinting) return place.closest('.pair') === null ? PAPER_WIDTH : PAPER_WIDTH / 2;
  const scale = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  return Math.max(280, Math.round(place.clientWidth / scale));
}

function figures(): readonly HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('.panel')];
}

/** What is in a panel now. */
function plottedIn(figure: HTMLElement): Plotted | undefined {
  const plot = figure.querySelector<HTMLElement>('.plot');
  const track = data.tracks[Number(figure.dataset.track)];
  return plot === null || track === undefined
    ? undefined
    : { plot, data, track, view: state.view, width: widthOf(plot) };
}

/** Draws everything over time again. */
function draw(): void {
  const all = figures().map((figure) => ({ figure, plotted: plottedIn(figure) }));
  const reach = sharedReach(all.flatMap(({ plotted }) => (plotted === undefined ? [] : [plotted])));
  for (const { figure, plotted } of all) {
    if (plotted === undefined) continue;
    const { track, view, width, plot } = plotted;
    const fill = (selector: string, html: string) => {
      const place = figure.querySelector(selector);
      if (place !== null) place.innerHTML = html;
    };
    fill('.drawing', drawingHtml({ data, index: Number(figure.dataset.track), view, width, reach }));
    fill('[data-part="levels"]', levelTable(data, track, view));
    fill('[data-part="decisions"]', decisionTable(data, track, view));
    hideCursor(plot);
  }
  tellRange();
}

function drawOthers(): void {
  for (const place of document.querySelectorAll<HTMLElement>('[data-chart]')) {
    const chart = place.dataset.chart;
    const width = widthOf(place);
    if (chart === 'waits') place.innerHTML = waitingChart(data, width);
    if (chart === 'waitingMean' || chart === 'waitingP95') place.innerHTML = costChart({ data, waiting: chart, width });
  }
}

function tellRange(): void {
  const range = document.querySelector('.range');
  const span = data.to - data.from;
  const { from, to } = state.view;
  if (range !== null) range.textContent = `${formatRange(data.from + from * span, data.from + to * span)} UTC`;
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-do]')) {
    button.disabled = isIdle(actionIn(button));
  }
}

/** Whether a button would change nothing. */
function isIdle(action: Action): boolean {
  const next = viewAfter(action, (state.view.from + state.view.to) / 2);
  if (next === undefined) return true;
  const { from, to } = snapped(next, BUCKETS);
  return isNear(from, state.view.from) && isNear(to, state.view.to);
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-9;
}

/** What a button does. */
function actionIn(button: HTMLElement): Action {
  return ACTIONS.find((action) => action === button.dataset.do) ?? 'whole';
}

function look(view: View): void {
  state.view = snapped(view, BUCKETS);
  draw();
}

/** The worst half hour of the first track shown that has one, with as much again before and after. */
function worstView(): View | undefined {
  const worst = state.shown.map((index) => data.tracks[index]?.worst).find((stretch) => stretch !== undefined);
  if (worst === undefined) return undefined;
  const span = data.to - data.from;
  const width = worst.to - worst.from;
  return between((worst.from - width - data.from) / span, (worst.to + width - data.from) / span, LEAST);
}

/** Changes what is shown; `around` is the place of the whole time that stays where it is when zooming. */
function act(action: Action, around: number): void {
  const next = viewAfter(action, around);
  if (next !== undefined) look(next);
}

function viewAfter(action: Action, around: number): View | undefined {
  const { view } = state;
  switch (action) {
    case 'in':
    case 'out':
      return zoomed(view, action, around, LEAST);
    case 'earlier':
      return moved(view, -0.5);
    case 'later':
      return moved(view, 0.5);
    case 'whole':
      return WHOLE;
    case 'worst':
      return worstView();
  }
}

/** A place of the view as a place of the whole time. */
function wholeShare(share: number): number {
  return state.view.from + share * (state.view.to - state.view.from);
}

/** The cursor in every panel at once, so that the same time can be compared; only the plot in use says what is there. */
function pointAt(share: number, active: HTMLElement): void {
  state.cursor = share;
  for (const figure of figures()) {
    const plotted = plottedIn(figure);
    if (plotted === undefined) continue;
    showCursor(plotted, share);
    const tooltip = plotted.plot.querySelector<HTMLElement>('.tooltip');
    if (tooltip !== null) tooltip.hidden = plotted.plot !== active;
  }
}

function leave(): void {
  state.cursor = undefined;
  for (const figure of figures()) {
    const plot = figure.querySelector<HTMLElement>('.plot');
    if (plot !== null) hideCursor(plot);
  }
}

/** Does what a key means with a chart in focus; gives whether it means something. */
function press(plotted: Plotted, key: string, isShift: boolean): boolean {
  const action = actionOf(key, isShift);
  const steps = stepsOf(key);
  if (action !== undefined) act(action, wholeShare(state.cursor ?? 0.5));
  else if (steps !== undefined) walk(plotted, steps);
  else if (key === 'Escape') leave();
  else return false;
  return true;
}

/** Moves the cursor; one that is not there yet appears where the walk begins. */
function walk(plotted: Plotted, steps: number): void {
  const { cursor } = state;
  const share =
    cursor === undefined && Number.isFinite(steps)
      ? shareBeside(plotted, steps > 0 ? 0 : 1, 0)
      : shareBeside(plotted, cursor ?? 0, steps);
  pointAt(share, plotted.plot);
}

/** Makes new panels answer to pointer and keyboard. */
function enliven(): void {
  for (const figure of figures()) {
    const plotted = plottedIn(figure);
    if (plotted === undefined || plotted.plot.tabIndex === 0) continue;
    makeSlider(plotted);
    listen(plotted.plot, () => widthOf(plotted.plot), {
      pointAt: (share) => pointAt(share, plotted.plot),
      leave,
      select: (from, to) => look(between(wholeShare(from), wholeShare(to), LEAST)),
      press: (key, isShift) => {
        const present = plottedIn(figure);
        return present !== undefined && press(present, key, isShift);
      },
    });
  }
}

/** Shows the tracks that are ticked. */
function choose(): void {
  const ticked = [...document.querySelectorAll<HTMLInputElement>('[name="track"]:checked')].map(({ value }) =>
    Number(value),
  );
  state.shown = ticked;
  if (panels === null) return;
  const reach = { runners: 1, waiting: 1 };
  const present = new Map(figures().map((figure) => [Number(figure.dataset.track), figure]));
  panels.replaceChildren(
    ...ticked.map(
      (index) =>
        present.get(index) ?? newPanel(panelHtml({ data, index, view: state.view, width: PAPER_WIDTH, reach })),
    ),
  );
  draw();
  enliven();
}

function newPanel(html: string): Node {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content;
}

function redraw(): void {
  draw();
  drawOthers();
}

function print(isPrinting: boolean): void {
  if (state.isPrinting === isPrinting) return;
  state.isPrinting = isPrinting;
  redraw();
}

if (tools !== null) tools.hidden = false;
tools?.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-do]') : null;
  if (button !== null) act(actionIn(button), (state.view.from + state.view.to) / 2);
});
tools?.addEventListener('change', choose);
addEventListener('beforeprint', () => print(true));
addEventListener('afterprint', () => print(false));
matchMedia('print').addEventListener('change', ({ matches }) => print(matches));
if (panels !== null) {
  let width = 0;
  new ResizeObserver(() => {
    if (panels.clientWidth === width || state.isPrinting) return;
    width = panels.clientWidth;
    redraw();
  }).observe(panels);
}
redraw();
enliven();
