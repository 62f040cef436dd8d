/** Checks between the windows of a group, and between the keys of one window. Pure. */
import { type Finding, type Path, problem, warning, when } from '#yaml/finding.ts';
import { boundFindings } from './parameters.ts';
import { shadowed } from './schedule-shadow.ts';
import { draftSchedule, type ScheduleDraft } from './schema.ts';

/** A window as far as it is valid by itself, and its place in the list. */
type WrittenSchedule = { readonly index: number; readonly draft: ScheduleDraft };

/**
 * All problems and warnings of a group's windows, beyond single keys; `path` leads to the list. `isAwake`: the group's
 * strategy keeps a runner even if `min` is 0.
 */
export function scheduleFindings(path: Path, schedules: unknown, isAwake: boolean): readonly Finding[] {
  const written = windowsOf(schedules).map((draft, index) => ({ index, draft }));
  return [
    ...written.flatMap(({ index, draft }) => windowFindings([...path, index], draft, isAwake)),
    ...repeatedNames(path, written),
    ...shadowFindings(path, written),
  ];
}

/** The highest max of a group's windows, 0 without any. */
export function highestWindow(schedules: unknown): number {
  return windowsOf(schedules).reduce((highest, { max = 0 }) => Math.max(highest, max), 0);
}

/** The windows of a group, as far as each is valid by itself. */
export function windowsOf(schedules: unknown): readonly ScheduleDraft[] {
  return Array.isArray(schedules) ? schedules.map(draftSchedule) : [];
}

function windowFindings(path: Path, { from, to, min, max }: ScheduleDraft, isAwake: boolean): readonly Finding[] {
  return [
    ...when(
      from !== undefined && from === to,
      problem(
        [...path, 'to'],
        'is the same as "from", so the window never opens; a whole day is from "00:00" to "24:00"',
      ),
    ),
    ...boundFindings(path, { min, max }),
    ...when(
      min === 0 && (max === 0 || !isAwake),
      warning(
        [...path, 'min'],
        'with 0 the last runner goes while the window is open, and a step that finds no online runner fails at once; use at least 1',
      ),
    ),
  ];
}

function repeatedNames(path: Path, written: readonly WrittenSchedule[]): readonly Finding[] {
  return written
    .filter(({ index, draft: { name } }) =>
      written.some((other) => other.index < index && name !== undefined && other.draft.name === name),
    )
    .map(({ index, draft: { name } }) =>
      problem([...path, index, 'name'], `"${name}" is the name of an earlier window already; give each its own`),
    );
}

function shadowFindings(path: Path, written: readonly WrittenSchedule[]): readonly Finding[] {
  const complete = written.flatMap(({ index, draft: { days, from, to, timezone } }) =>
    days === undefined || from === undefined || to === undefined || timezone === undefined || from === to
      ? []
      : [{ index, days, from, to, timezone }],
  );
  const message =
    'is never in force: windows further down are open whenever it is, and the last one that is open holds; move it behind them, or remove it';
  return shadowed(complete).map(({ index }) => problem([...path, index], message));
}
