/** A chart over time that a reader points at, drags across, or walks through with the keyboard. */
/** @import { Gestures } from './types.ts' */
import { PLOT } from './time-chart.js';

/** A drag shorter than this is a click. */
const DRAG_PX = 6;

/**
 * Makes a plot answer. `drawnWidth`: of its drawing, in the drawing's own units.
 * @param {HTMLElement} plot @param {() => number} drawnWidth @param {Gestures} gestures
 */
export function listen(plot, drawnWidth, gestures) {
  const selection = partOf(plot, '.selection');
  /** @type {number | undefined} */
  let dragFrom;
  /** @param {PointerEvent} event */
  const shareAt = (event) => shareOf(plot, drawnWidth(), event.clientX);
  plot.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.pointerType === 'touch') return;
    dragFrom = event.clientX;
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener('pointermove', (event) => {
    gestures.pointAt(shareAt(event));
    if (dragFrom === undefined || selection === null) return;
    const { left } = plot.getBoundingClientRect();
    selection.hidden = Math.abs(event.clientX - dragFrom) < DRAG_PX;
    selection.style.left = `${Math.min(event.clientX, dragFrom) - left}px`;
    selection.style.width = `${Math.abs(event.clientX - dragFrom)}px`;
  });
  plot.addEventListener('pointerup', (event) => {
    const from = dragFrom;
    dragFrom = undefined;
    if (selection !== null) selection.hidden = true;
    if (from === undefined || Math.abs(event.clientX - from) < DRAG_PX) gestures.pointAt(shareAt(event));
    else gestures.select(shareOf(plot, drawnWidth(), from), shareAt(event));
  });
  plot.addEventListener('pointercancel', () => {
    dragFrom = undefined;
    if (selection !== null) selection.hidden = true;
  });
  plot.addEventListener('pointerleave', () => gestures.leave());
  plot.addEventListener('blur', () => gestures.leave());
  plot.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (gestures.press(event.key, event.shiftKey)) event.preventDefault();
  });
}

/**
 * Where a share of the time is, in pixels from the plot's left.
 * @param {HTMLElement} plot @param {number} drawnWidth @param {number} share
 */
export function leftOf(plot, drawnWidth, share) {
  const factor = plot.clientWidth / drawnWidth;
  return (PLOT.left + share * (drawnWidth - PLOT.left - PLOT.right)) * factor;
}

/** @param {HTMLElement} plot @param {number} drawnWidth @param {number} clientX */
function shareOf(plot, drawnWidth, clientX) {
  const { left, width } = plot.getBoundingClientRect();
  const x = ((clientX - left) / width) * drawnWidth;
  return Math.min(1, Math.max(0, (x - PLOT.left) / (drawnWidth - PLOT.left - PLOT.right)));
}

/** @param {ParentNode} place @param {string} selector @returns {HTMLElement | null} */
export function partOf(place, selector) {
  return place.querySelector(selector);
}

/** @param {ParentNode} place @param {string} selector @returns {readonly HTMLElement[]} */
export function partsOf(place, selector) {
  return [...place.querySelectorAll(selector)].filter((part) => part instanceof HTMLElement);
}
