/** What can be done about the time that is shown, and by which keys. Pure. */
/** @import { KeyAction } from './types.ts' */

/** @type {readonly KeyAction[]} */
export const ACTIONS = ['in', 'out', 'earlier', 'later', 'worst', 'whole'];

/** @type {Readonly<Record<string, KeyAction>>} */
const ACTION_KEYS = { '+': 'in', '=': 'in', '-': 'out', _: 'out', 0: 'whole' };
/** @type {Readonly<Record<string, KeyAction>>} */
const SHIFT_KEYS = { ArrowLeft: 'earlier', ArrowRight: 'later' };
/** @type {Readonly<Record<string, number>>} */
const STEP_KEYS = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 10,
  PageDown: -10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** What a key does to the time that is shown; undefined: nothing. @param {string} key @param {boolean} isShift */
export function actionOf(key, isShift) {
  return (isShift ? SHIFT_KEYS[key] : undefined) ?? ACTION_KEYS[key];
}

/** How far a key moves the cursor; undefined: it does not. @param {string} key */
export function stepsOf(key) {
  return STEP_KEYS[key];
}
