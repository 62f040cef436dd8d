/** What can be done about the time that is shown, and by which keys. Pure. */

export const ACTIONS = ['in', 'out', 'earlier', 'later', 'worst', 'whole'] as const;

/** A button's name, too. */
export type Action = (typeof ACTIONS)[number];

const ACTION_KEYS: Readonly<Record<string, Action>> = { '+': 'in', '=': 'in', '-': 'out', _: 'out', '0': 'whole' };
const SHIFT_KEYS: Readonly<Record<string, Action>> = { ArrowLeft: 'earlier', ArrowRight: 'later' };
const STEP_KEYS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 10,
  PageDown: -10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** What a key does to the time that is shown; undefined: nothing. */
export function actionOf(key: string, isShift: boolean): Action | undefined {
  return (isShift ? SHIFT_KEYS[key] : undefined) ?? ACTION_KEYS[key];
}

/** How far a key moves the cursor; undefined: it does not. */
export function stepsOf(key: string): number | undefined {
  return STEP_KEYS[key];
}
