/** How tracks are told apart: by a colour, a dash and a shape each, so that none of the three is needed. */
/** @import { Role } from '../data.ts' */

/** Colours of the style sheet, as `ink-0` … */
const INKS = 8;
const DASHES = [undefined, '7 4', '2 3', '10 3 2 3', '5 2', '1 5'];

/** The class of a track's colour. @param {number} index */
export function inkOf(index) {
  return `ink-${index % INKS}`;
}

/** The dashes of a track's line; undefined: none. @param {number} index */
export function dashOf(index) {
  return DASHES[index % DASHES.length];
}

/**
 * A shape of some 12 pixels around the origin: a circle for ours, a square to compare with, a diamond for the bound.
 * @param {Role} role
 */
export function shapeOf(role) {
  switch (role) {
    case 'baseline':
      return 'M-5.5-5.5h11v11h-11z';
    case 'oracle':
      return 'M0-7.5L7.5 0 0 7.5-7.5 0z';
    case 'ours':
    case 'fleet':
    case 'group':
      return 'M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z';
  }
}
