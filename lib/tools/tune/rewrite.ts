/**
 * A setting written into the text of a configuration: only the values that change are touched, so that comments, order and
 * spacing stay as their author has them. Pure.
 */
import { createTwoFilesPatch } from 'diff';
import { toFleet } from '#config/fleet.ts';
import { readConfig } from '#config/read.ts';
import { STRATEGIES } from '#core/decide/strategies/index.ts';
import { SPELLINGS } from '#core/decide/strategies/percentage-runners-idle.ts';
import { InputError } from '#core/errors.ts';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import { highestMax } from '#core/schedule/bounds.ts';
import { editText, type GroupEdits, type KeyEdit } from '#yaml/edit.ts';
import {
  DURATIONS,
  keyOf,
  PARAMETERS,
  type Parameter,
  renderParameter,
  type Setting,
  settingOf,
  withSetting,
} from './setting.ts';

/**
 * The text with this setting for the group of that name; `source` names the text in problems. Throws `InputError` when
 * that would change more than this group, as where several share an anchor.
 */
export function rewrite(text: string, source: string, group: string, setting: Setting): string {
  const before = fleetIn(text, source);
  const present = before.groups.find(({ name }) => name === group);
  const edited = present && editText(text, group, editsFor(present, setting));
  const after = edited === undefined ? undefined : readableFleetIn(edited, source);
  if (edited === undefined || after === undefined || !isAsWished({ before, after, group, setting })) {
    throw new InputError(
      `${source}: the settings of group "${group}" cannot be rewritten on their own, since they share an anchor with others or are written in an unusual way; give the group strategy and parameters of its own`,
    );
  }
  return edited;
}

/** For the group itself and for its `parameters`: what to set and what to remove. */
function editsFor(group: RunnerGroup, setting: Setting): GroupEdits {
  const present = settingOf(group);
  const before = present.strategy === setting.strategy ? present.values : undefined;
  // Without a limit the configuration takes max, whatever that will be.
  const after = { ...setting.values };
  if (after.scaleFactorLimit === highestMax(withSetting(group, setting))) delete after.scaleFactorLimit;
  const edits = PARAMETERS.map((parameter) => ({ parameter, ...editOf(parameter, before, after) }));
  const strategy: KeyEdit[] = before === undefined ? [{ keys: ['strategy'], kind: 'set', text: setting.strategy }] : [];
  const others = STRATEGIES.filter(({ kind }) => kind !== setting.strategy).flatMap(({ groupKeys }) => groupKeys);
  const foreign: KeyEdit[] = others.map((key) => ({ keys: [key], kind: 'remove' }));
  return {
    group: [...strategy, ...foreign, ...edits.filter(({ parameter }) => DURATIONS.has(parameter))],
    parameters: edits.filter(({ parameter }) => !DURATIONS.has(parameter)),
  };
}

type Values = Setting['values'];

/** `before`: undefined where the group had another strategy, of which nothing is to be left. */
function editOf(parameter: Parameter, before: Values | undefined, after: Values): KeyEdit {
  const keys = spellingsOf(parameter);
  const value = after[parameter];
  if (value === undefined)
    return { keys, kind: before === undefined || before[parameter] !== undefined ? 'remove' : 'keep' };
  const text = renderParameter(parameter, value);
  const isSame = before?.[parameter] === value && !mayFollow(parameter, before, after);
  return { keys, kind: isSame ? 'keep' : 'set', text };
}

/** Whether a value that is not in the file may become another by what else changes: a limit is max, and idle runners stay longer beside a fixed buffer. */
function mayFollow(parameter: Parameter, before: Values, after: Values): boolean {
  if (parameter === 'scaleFactorLimit') return true;
  return DURATIONS.has(parameter) && (before.scaleFactor === undefined) !== (after.scaleFactor === undefined);
}

/** The key as it may be written; the first one is for those that are not there yet. */
function spellingsOf(parameter: Parameter): readonly [string, ...string[]] {
  const snake = SPELLINGS.find(([, camel]) => camel === parameter)?.[0];
  return snake === undefined ? [parameter] : [parameter, snake];
}

type Rewriting = {
  readonly before: Fleet;
  readonly after: Fleet;
  readonly group: string;
  readonly setting: Setting;
};

/** Whether the group has the setting now, and everything else is as it was. */
function isAsWished({ before, after, group: name, setting }: Rewriting): boolean {
  const was = before.groups.find((group) => group.name === name);
  const is = after.groups.find((group) => group.name === name);
  if (was === undefined || is === undefined || keyOf(settingOf(is)) !== keyOf(setting)) return false;
  const wished = {
    ...before,
    groups: before.groups.map((group) => (group === was ? withSetting(was, setting) : group)),
  };
  return sorted(wished) === sorted(after);
}

function fleetIn(text: string, source: string): Fleet {
  const fleet = readableFleetIn(text, source);
  if (fleet === undefined) throw new InputError(`${source} is no valid configuration any more; validate it first`);
  return fleet;
}

/** The fleet as far as the text alone says, which is all that a comparison needs. */
function readableFleetIn(text: string, source: string): Fleet | undefined {
  const { config } = readConfig(text, source);
  if (config === undefined) return undefined;
  return toFleet(config, { templates: new Map(), defaultCluster: { kind: 'kubeconfig' }, resolve: (path) => path });
}

/** A text that is equal for equal data, in whatever order its keys are. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** As `git apply` and `patch -p1` take it; empty when nothing changes. `path`: of the file, with `/`, as they see it. */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return '';
  const patch = createTwoFilesPatch(`a/${path}`, `b/${path}`, before, after, undefined, undefined, { context: 3 });
  // The library begins with a line for Index files, which neither needs.
  return patch.slice(patch.indexOf('--- '));
}
