/** States of a budget, at noon: calls are given by how many minutes ago they were made. */
import { type BudgetState, EMPTY_BUDGET } from '#adapters/budget/state.ts';
import { NOON } from '#kit/fleet.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
const THIS_MINUTE = NOON / MINUTE;

/** `[minutes ago, calls for looking, other calls]` */
export function calls(...entries: readonly (readonly [ago: number, look: number, other: number])[]): BudgetState {
  return { ...EMPTY_BUDGET, calls: entries.map(([ago, look, other]) => ({ minute: THIS_MINUTE - ago, look, other })) };
}

/** Workspaces that were looked at just now, with so many calls each. */
export function looks(byWorkspace: Readonly<Record<string, number>>, at: number = NOON): BudgetState['looks'] {
  return Object.fromEntries(Object.entries(byWorkspace).map(([name, cost]) => [name, { at, slot: at, calls: cost }]));
}
