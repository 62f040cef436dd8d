/** The types of the page's script, for the comments in it. */
import type { PageData, Track } from '../data.ts';

/** What a panel shows. `width` in pixels. */
export type Panel = {
  readonly data: PageData;
  readonly index: number;
  readonly view: View;
  readonly width: number;
  readonly reach: Reach;
};

/** Where a value is, in pixels. */
export type Scale = (value: number) => number;

/** A stretch of time, as shares of the whole from 0 to 1. */
export type View = { readonly from: number; readonly to: number };

/** What a bucket, or several together, came to. `index`: of the first. */
export type ChartColumn = {
  readonly index: number;
  readonly from: number;
  readonly to: number;
  /** In the order of `PageData.levels`; null where nothing is known. */
  readonly levels: readonly (number | null)[];
  readonly waiting: number | null;
  readonly mostWaiting: number | null;
};

/** A rectangle of the drawing, in pixels. */
export type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/** A point and what is to be written beside it. */
export type Named = { readonly x: number; readonly y: number; readonly text: string };

/** Which waiting is looked at. */
export type WaitingFigure = 'waitingMean' | 'waitingP95';

/** A policy's place among the others. */
export type Point = {
  readonly track: Track;
  /** Its place in `PageData.tracks`. */
  readonly index: number;
  readonly cost: number;
  readonly waitedMs: number;
  /** Steps that failed for lack of a runner, or because theirs was taken away. */
  readonly failed: number;
};

export type CostChart = { readonly data: PageData; readonly waiting: WaitingFigure; readonly width: number };

/** A point in the drawing. */
export type Place = { readonly point: Point; readonly x: number; readonly y: number };

/** What the axes reach, so that charts beside each other can be compared. */
type Reach = { readonly runners: number; readonly waiting: number };

export type TimeChart = {
  readonly data: PageData;
  readonly track: Track;
  readonly view: View;
  /** In pixels. */
  readonly width: number;
  readonly reach: Reach;
};

/** A lane of the drawing, from top to bottom. */
export type Lane = { readonly top: number; readonly bottom: number };

/** A button's name, too. */
export type KeyAction = 'in' | 'out' | 'earlier' | 'later' | 'worst' | 'whole';

/** What the plot tells; places are shares of its width of time, from 0 to 1. */
export type Gestures = {
  readonly pointAt: (share: number) => void;
  readonly leave: () => void;
  readonly select: (from: number, to: number) => void;
  /** Gives whether the key means something here. */
  readonly press: (key: string, isShift: boolean) => boolean;
};
