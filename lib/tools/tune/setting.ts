/** The parameters of a group that can be tuned, as numbers by name, and the way back to a group. Pure. */
import { type Buffer, stayOfBuffer } from '#core/decide/strategies/idle-buffer.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import { highestMax } from '#core/schedule/bounds.ts';
import { renderSpan } from './goal.ts';

/** A strategy that can be tuned, by its name. */
export type Kind = (typeof TUNABLE)[number];

const TUNABLE = ['percentageRunnersIdle', 'idleBuffer', 'queueAware'] as const;

const COMMON = ['min', 'max', 'coolDown'] as const;
const RULE = ['scaleUpThreshold', 'scaleDownThreshold', 'scaleUpMultiplier', 'scaleDownMultiplier'] as const;
const BUFFER = ['idleCount', 'scaleFactor', 'scaleFactorLimit', 'stabilisationWindow'] as const;

/** What can be tuned, as the configuration calls it (in the camelCase spelling). */
export const PARAMETERS = [...COMMON, ...BUFFER, ...RULE] as const;

export type Parameter = (typeof PARAMETERS)[number];

/** Those that are keys of the group itself, and durations. */
export const DURATIONS: ReadonlySet<Parameter> = new Set<Parameter>(['coolDown', 'stabilisationWindow']);

/** What each strategy listens to. */
export function parametersOf(strategy: Kind): readonly Parameter[] {
  return strategy === 'percentageRunnersIdle' ? [...COMMON, ...RULE] : [...COMMON, ...BUFFER];
}

/**
 * Values of all parameters of a strategy and of no other; durations in ms. A learned buffer has no
 * `scaleFactor`; with one of 0 there is no `scaleFactorLimit`, since it would have no effect.
 */
export type Setting = { readonly strategy: Kind; readonly values: Readonly<Partial<Record<Parameter, number>>> };

/** The rule that Atlassian's guide begins with, for groups that have had another one. */
const GUIDE = { scaleUpThreshold: 0.5, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 };

/** The strategy of a group; what cannot be tuned begins as a buffer. */
export function kindOf({ strategy }: RunnerGroup): Kind {
  return TUNABLE.find((kind) => kind === strategy.kind) ?? 'idleBuffer';
}

/** A group's present setting, or, for another strategy than its own, what it would begin with. */
export function settingOf(group: RunnerGroup, kind: Kind = kindOf(group)): Setting {
  const { strategy, min, max, coolDownMs, stabilisationWindowMs } = group;
  const common = { min, max, coolDown: coolDownMs };
  if (kind === 'percentageRunnersIdle') {
    const { kind: _, ...rule } = strategy.kind === kind ? strategy : { kind, ...GUIDE };
    return { strategy: kind, values: { ...common, ...rule } };
  }
  const isBuffer = strategy.kind === 'idleBuffer' || strategy.kind === 'queueAware';
  const buffer: Buffer = isBuffer
    ? strategy
    : { idleCount: 1, scaleFactor: 0, scaleFactorLimit: highestMax(group), learned: true };
  const { idleCount, scaleFactor, scaleFactorLimit, learned } = buffer;
  const factor = learned ? {} : { scaleFactor };
  const isLimited = learned ? scaleFactorLimit < highestMax(group) : scaleFactor > 0;
  const limit = isLimited ? { scaleFactorLimit } : {};
  const stabilisationWindow = isBuffer ? stabilisationWindowMs : stayOfBuffer(buffer).stabilisationWindowMs;
  return { strategy: kind, values: { ...common, idleCount, ...factor, ...limit, stabilisationWindow } };
}

/** The group with a setting instead of its own. */
export function withSetting(group: RunnerGroup, { strategy: kind, values }: Setting): RunnerGroup {
  const { min = group.min, max = group.max, coolDown = group.coolDownMs } = values;
  const common = { ...group, min, max, coolDownMs: coolDown };
  if (kind === 'percentageRunnersIdle') {
    const isOwn = group.strategy.kind === kind;
    const strategy = { kind, ...GUIDE, ...pick(values, RULE) };
    return { ...common, strategy, stabilisationWindowMs: isOwn ? group.stabilisationWindowMs : 0 };
  }
  const { idleCount = 1, scaleFactor = 0 } = values;
  const { scaleFactorLimit = highestMax(common) } = values;
  const learned = values.scaleFactor === undefined;
  const buffer = { idleCount, scaleFactor, scaleFactorLimit, ...(learned && { learned }) };
  const { stabilisationWindow = stayOfBuffer(buffer).stabilisationWindowMs } = values;
  const repositories =
    group.strategy.kind === 'queueAware' ? group.strategy.repositories : ({ kind: 'query' } as const);
  return {
    ...common,
    strategy: kind === 'idleBuffer' ? { kind, ...buffer } : { kind, ...buffer, repositories },
    stabilisationWindowMs: stabilisationWindow,
  };
}

/**
 * The setting as the configuration would have it, or undefined where the configuration refuses it or warns of it. What has
 * no effect is left out, so that no two settings differ only by it.
 */
export function sensible({ strategy, values }: Setting): Setting | undefined {
  const { min = 0, max = 0 } = values;
  if (min > max) return undefined;
  if (strategy === 'percentageRunnersIdle') {
    const { scaleUpThreshold = 1, scaleDownThreshold = 0 } = values;
    return min > 0 && scaleDownThreshold < scaleUpThreshold ? { strategy, values } : undefined;
  }
  const { scaleFactorLimit = max, ...others } = values;
  const { idleCount = 0, scaleFactor = 0 } = others;
  if (min === 0 && idleCount === 0) return undefined;
  const isLearned = values.scaleFactor === undefined;
  const limit = scaleFactor === 0 && !isLearned ? max : Math.min(max, scaleFactorLimit);
  if (idleCount > limit) return undefined;
  return { strategy, values: limit === max && scaleFactor === 0 ? others : { ...others, scaleFactorLimit: limit } };
}

/** Equal for equal settings. */
export function keyOf({ strategy, values }: Setting): string {
  return [strategy, ...parametersOf(strategy).map((name) => values[name])].join(' ');
}

/** What differs, in the order of the parameters; a change of strategy makes every parameter of the new one a change. */
export function changesBetween(before: Setting, after: Setting): readonly ParameterChange[] {
  const old = before.strategy === after.strategy ? before.values : {};
  return parametersOf(after.strategy).flatMap((parameter) => {
    const [from, to] = [old[parameter], after.values[parameter]];
    if (from === to || (to === undefined && parameter !== 'scaleFactor')) return [];
    return [{ parameter, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }];
  });
}

/** A parameter that gets another value; without `from` it had none, without `to` it is learned from now on. */
type ParameterChange = { readonly parameter: Parameter; readonly from?: number; readonly to?: number };

/** A value as the configuration has it. */
export function renderParameter(parameter: Parameter, value: number): string {
  return DURATIONS.has(parameter) ? renderSpan(value) : `${value}`;
}

function pick<Name extends Parameter>(
  values: Setting['values'],
  names: readonly Name[],
): Partial<Record<Name, number>> {
  return Object.fromEntries(
    names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
  ) as Partial<Record<Name, number>>;
}
