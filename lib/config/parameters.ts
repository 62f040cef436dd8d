/**
 * A group's strategy and its `parameters`: what is missing, crossed or another strategy's, and the settings that they
 * make. What concerns one strategy alone stands with the strategy.
 */
import { STRATEGIES, strategyOf } from '#core/decide/strategies/index.ts';
import type { Strategy } from '#core/model/configuration.ts';
import { highestMax } from '#core/schedule/bounds.ts';
import { type Finding, type Path, problem, when } from '#yaml/finding.ts';
import type { GroupConfig, GroupDraft, ParametersDraft } from './schema.ts';
import { parametersOf, STRATEGY_NAMES } from './strategy-schema.ts';

type Kind = Strategy['kind'];

/** The rule, without the bounds; undefined while a part of it is missing. */
export function settingsOf(group: GroupConfig): Strategy | undefined {
  const { parameters, schedules } = group;
  const most = highestMax({ max: parameters.max, schedules });
  return strategyOf(group.strategy).settings({ group, parameters, most });
}

/** A group's parameters as written. */
type WrittenParameters = {
  /** The keys of the group that are valid by themselves. */
  readonly group: GroupDraft;
  /** Those that are valid by themselves. */
  readonly parameters: ParametersDraft;
  /** All keys, valid or not. */
  readonly present: readonly string[];
  /** The highest `max` at any time, schedules included; 0 where none is valid. */
  readonly most: number;
};

/** Checks that concern more than one parameter. If the strategy is unknown, only the bounds are checked. */
export function parameterFindings(path: Path, written: WrittenParameters): readonly Finding[] {
  const { group, parameters, present } = written;
  const bounds = boundFindings(path, parameters);
  if (group.strategy === undefined) return bounds;
  const own = strategyOf(group.strategy).check(path, written);
  return [...bounds, ...own, ...foreignFindings(path, group.strategy, present)];
}

/** Whether the strategy keeps a runner also where `min` is 0. */
export function keepsAwake(strategy: Kind | undefined, parameters: ParametersDraft): boolean {
  return strategy !== undefined && strategyOf(strategy).keepsAwake(parameters);
}

/** Checks the keys of a group that only some strategies have; `present` are those in the file. */
export function groupKeyFindings(path: Path, group: GroupDraft, present: readonly string[]): readonly Finding[] {
  return STRATEGIES.flatMap(({ kind, groupKeys, checkGroup }) => {
    if (group.strategy === undefined || group.strategy === kind) return checkGroup?.(path, group, present) ?? [];
    const message = `belongs to strategy ${kind}, and this group has ${group.strategy}; remove the key, or change the strategy`;
    return groupKeys.filter((key) => present.includes(key)).map((key) => problem([...path, key], message, 'key'));
  });
}

function foreignFindings(path: Path, strategy: Kind, present: readonly string[]): readonly Finding[] {
  return present.flatMap((key) => {
    const owners = STRATEGY_NAMES.filter((kind) => parametersOf(kind).includes(key));
    if (owners.length === 0 || owners.includes(strategy)) return [];
    const message = `belongs to ${owners.join(' and ')}, and this group has ${strategy}; remove it, or change the strategy`;
    return [problem([...path, key], message, 'key')];
  });
}

/** Bounds that no number can keep. */
export function boundFindings(path: Path, { min = 0, max = min }: { min?: number; max?: number }): readonly Finding[] {
  const message = `is ${min}, which is more than max (${max}); lower min or raise max`;
  return when(min > max, problem([...path, 'min'], message));
}
