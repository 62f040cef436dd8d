/** A chart over time that a reader points at, drags across, or walks through with the keyboard. */
import { PLOT } from '../chart/time-chart.ts';

/** What the plot tells; places are shares of its width of time, from 0 to 1. */
export type Gestures = {
  readonly pointAt: (share: number) => void;
  readonly leave: () => void;
  readonly select: (from: number, to: number) => void;
  /** Gives whether the key means something here. */
  readonly press: (key: string, isShift: boolean) => boolean;
};

/** A drag shorter than this is a click. */
const DRAG_PX = 6;

/** Makes a plot answer. `drawnWidth`: of its drawing, in the drawing's own units. */
export function listen(plot: HTMLElement, drawnWidth: () => number, gestures: Gestures): void {
  const selection = plot.querySelector<HTMLElement>('.selection');
  let dragFrom: number | undefined;
  const shareAt = (event: PointerEvent) => shareOf(plot, drawnWidth(), event.clientX);
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

/** Where a share of the time is, in pixels from the plot's left. */
export function leftOf(plot: HTMLElement, drawnWidth: number, share: number): number {
  const factor = plot.clientWidth / drawnWidth;
  return (PLOT.left + share * (drawnWidth - PLOT.left - PLOT.right)) * factor;
}

function shareOf(plot: HTMLElement, drawnWidth: number, clientX: number): number {
  const { left, width } = plot.getBoundingClientRect();
  const x = ((clientX - left) / width) * drawnWidth;
  return Math.min(1, Math.max(0, (x - PLOT.left) / (drawnWidth - PLOT.left - PLOT.right)));
}
