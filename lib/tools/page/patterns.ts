/** Fills for the classes of runners that differ by more than their colour. The style sheet colours them. */
import type { LevelId } from './data.ts';

/** What is drawn on the ground of each class, in a square of 8; a busy runner is all ground. */
const STROKES: Readonly<Record<Exclude<LevelId, 'busy'>, string>> = {
  idle: 'M-2 2L2-2M0 8L8 0M6 10L10 6',
  starting: 'M2 2h2v2h-2zM6 6h2v2h-2z',
  unavailable: 'M0 0L8 8M0 8L8 0',
  draining: 'M2 0V8M6 0V8',
  dead: 'M0 2H8M0 6H8',
};

/** Definitions for the whole page; not displayed themselves. */
export const PATTERNS = `<svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false"><defs>${Object.entries(
  STROKES,
)
  .map(
    ([id, d]) =>
      `<pattern id="fill-${id}" width="8" height="8" patternUnits="userSpaceOnUse"><rect class="ground ${id}" width="8" height="8"/><path class="stroke ${id}" d="${d}"/></pattern>`,
  )
  .join('')}</defs></svg>`;
