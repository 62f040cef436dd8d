/**
 * The page's script. It draws with the same functions as the file was made with: closer, for other tracks, as wide as
 * the window is. Without it the page is complete, but stands still.
 */
/** @import { PageData } from '../data.ts' */
/** @import { Plotted } from './cursor.js' */
/** @import { KeyAction, View } from './types.ts' */
import { costChart } from './cost-chart.js';
import { hideCursor, makeSlider, shareBeside, showCursor } from './cursor.js';
import { formatRange } from './format.js';
import { ACTIONS, actionOf, stepsOf } from './keys.js';
import { decisionTable, drawingHtml, levelTable, panelHtml } from './panel.js';
import { listen, partOf, partsOf } from './plot.js';
import { sharedReach } from './time-chart.js';
import { bucketCount, WHOLE } from './view.js';
import { waitingChart } from './waiting-chart.js';
import { between, closest, shifted, snapped, zoomed } from './zoom.js';

/** Paper is about this wide, in the units of a drawing. */
const PAPER_WIDTH = 720;

/** @type {PageData} */
const data = JSON.parse(document.getElementById('data')?.textContent ?? '');
/** Buckets of the finest series: no view is finer. */
const BUCKETS = Math.max(1, ...data.tracks.map(({ series }) => bucketCount(data, series)));
const LEAST = closest(BUCKETS);
const panels = partOf(document, '.panels');
const tools = partOf(document, '.tools');
/** @type {{ view: View, shown: readonly number[], cursor: number | undefined, isPrinting: boolean }} */
const state = { view: WHOLE, shown: [...data.shown], cursor: undefined, isPrinting: false };

/** How wide a drawing in this place is, in units that grow with the text. @param {Element} place */
function widthOf(place) {
  if (state.isPrinting) return place.closest('.pair') === null ? PAPER_WIDTH : PAPER_WIDTH / 2;
  const scale = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  return Math.max(280, Math.round(place.clientWidth / scale));
}

function figures() {
  return partsOf(document, '.panel');
}

/** What is in a panel now. @param {HTMLElement} figure */
function plottedIn(figure) {
  const plot = partOf(figure, '.plot');
  const track = data.tracks[Number(figure.dataset.track)];
  return plot === null || track === undefined
    ? undefined
    : { plot, data, track, view: state.view, width: widthOf(plot) };
}

/** Draws everything over time again. */
function draw() {
  const all = figures().map((figure) => ({ figure, plotted: plottedIn(figure) }));
  const reach = sharedReach(all.flatMap(({ plotted }) => (plotted === undefined ? [] : [plotted])));
  for (const { figure, plotted } of all) {
    if (plotted === undefined) continue;
    const { track, view, width, plot } = plotted;
    /** @param {string} selector @param {string} html */
    const fill = (selector, html) => {
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

function drawOthers() {
  for (const place of partsOf(document, '[data-chart]')) {
    const chart = place.dataset.chart;
    const width = widthOf(place);
    if (chart === 'waits') place.innerHTML = waitingChart(data, width);
    if (chart === 'waitingMean' || chart === 'waitingP95') place.innerHTML = costChart({ data, waiting: chart, width });
  }
}

function tellRange() {
  const range = partOf(document, '.range');
  const span = data.to - data.from;
  const { from, to } = state.view;
  if (range !== null) range.textContent = `${formatRange(data.from + from * span, data.from + to * span)} UTC`;
  for (const button of partsOf(document, '[data-do]')) button.toggleAttribute('disabled', isIdle(actionIn(button)));
}

/** Whether a button would change nothing. @param {KeyAction} action */
function isIdle(action) {
  const next = viewAfter(action, (state.view.from + state.view.to) / 2);
  if (next === undefined) return true;
  const { from, to } = snapped(next, BUCKETS);
  return isNear(from, state.view.from) && isNear(to, state.view.to);
}

/** @param {number} a @param {number} b */
function isNear(a, b) {
  return Math.abs(a - b) < 1e-9;
}

/** What a button does. @param {HTMLElement} button */
function actionIn(button) {
  return ACTIONS.find((action) => action === button.dataset.do) ?? 'whole';
}

/** @param {View} view */
function look(view) {
  state.view = snapped(view, BUCKETS);
  draw();
}

/** The worst half hour of the first track shown that has one, with as much again before and after. */
function worstView() {
  const worst = state.shown.map((index) => data.tracks[index]?.worst).find((stretch) => stretch !== undefined);
  if (worst === undefined) return undefined;
  const span = data.to - data.from;
  const width = worst.to - worst.from;
  return between((worst.from - width - data.from) / span, (worst.to + width - data.from) / span, LEAST);
}

/**
 * Changes what is shown; `around` is the place of the whole time that stays where it is when zooming.
 * @param {KeyAction} action @param {number} around
 */
function act(action, around) {
  const next = viewAfter(action, around);
  if (next !== undefined) look(next);
}

/** @param {KeyAction} action @param {number} around */
function viewAfter(action, around) {
  const { view } = state;
  switch (action) {
    case 'in':
    case 'out':
      return zoomed(view, action, around, LEAST);
    case 'earlier':
      return shifted(view, -0.5);
    case 'later':
      return shifted(view, 0.5);
    case 'whole':
      return WHOLE;
    case 'worst':
      return worstView();
  }
}

/** A place of the view as a place of the whole time. @param {number} share */
function wholeShare(share) {
  return state.view.from + share * (state.view.to - state.view.from);
}

/**
 * The cursor in every panel at once, so that the same time can be compared; only the plot in use says what is there.
 * @param {number} share @param {HTMLElement} active
 */
function pointAt(share, active) {
  state.cursor = share;
  for (const figure of figures()) {
    const plotted = plottedIn(figure);
    if (plotted === undefined) continue;
    showCursor(plotted, share);
    const tooltip = partOf(plotted.plot, '.tooltip');
    if (tooltip !== null) tooltip.hidden = plotted.plot !== active;
  }
}

function leave() {
  state.cursor = undefined;
  for (const figure of figures()) {
    const plot = partOf(figure, '.plot');
    if (plot !== null) hideCursor(plot);
  }
}

/**
 * Does what a key means with a chart in focus; gives whether it means something.
 * @param {Plotted} plotted @param {string} key @param {boolean} isShift
 */
function press(plotted, key, isShift) {
  const action = actionOf(key, isShift);
  const steps = stepsOf(key);
  if (action !== undefined) act(action, wholeShare(state.cursor ?? 0.5));
  else if (steps !== undefined) walk(plotted, steps);
  else if (key === 'Escape') leave();
  else return false;
  return true;
}

/**
 * Moves the cursor; one that is not there yet appears where the walk begins.
 * @param {Plotted} plotted @param {number} steps
 */
function walk(plotted, steps) {
  const { cursor } = state;
  const share =
    cursor === undefined && Number.isFinite(steps)
      ? shareBeside(plotted, steps > 0 ? 0 : 1, 0)
      : shareBeside(plotted, cursor ?? 0, steps);
  pointAt(share, plotted.plot);
}

/** Makes new panels answer to pointer and keyboard. */
function enliven() {
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
function choose() {
  const ticked = partsOf(document, '[name="track"]:checked').map((box) => Number(box.getAttribute('value')));
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

/** @param {string} html */
function newPanel(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content;
}

function redraw() {
  draw();
  drawOthers();
}

/** @param {boolean} isPrinting */
function print(isPrinting) {
  if (state.isPrinting === isPrinting) return;
  state.isPrinting = isPrinting;
  redraw();
}

if (tools !== null) tools.hidden = false;
tools?.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('[data-do]') : null;
  if (button instanceof HTMLElement) act(actionIn(button), (state.view.from + state.view.to) / 2);
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
