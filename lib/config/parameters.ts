/**
 * A group's strategy and its `parameters`, four of them in either of Atlassian's spellings: what is missing, given twice,
 * crossed or another strategy's, and the strategy that they make. Pure.
 */
import type { IdleBuffer, PercentageRunnersIdle, Strategy } from '#core/model/configuration.ts';
import { highestMax } from '#core/schedule/bounds.ts';
import { type Finding, type Path, problem, warning } from '#yaml/finding.ts';
import { queueSourceOf } from './queue-source.ts';
import type { GroupConfig, ParametersDraft } from './schema.ts';
import { PARAMETERS_OF, SPELLINGS, STRATEGIES } from './strategy-schema.ts';

type Kind = Strategy['kind'];

/** The rule, without the bounds; undefined while a part of it is missing. */
export function strategyOf(group: GroupConfig): Strategy | undefined {
  const { parameters, schedules } = group;
  const most = highestMax({ max: parameters.max, schedules });
  switch (group.strategy) {
    case 'percentageRunnersIdle':
      return percentageRunnersIdleOf(parameters);
    case 'idleBuffer':
      return { kind: 'idleBuffer', ...bufferOf(parameters, most) };
    case 'queueAware':
      return { kind: 'queueAware', ...bufferOf(parameters, most), repositories: queueSourceOf(group) };
  }
}

function percentageRunnersIdleOf(parameters: ParametersDraft): PercentageRunnersIdle | undefined {
  const [scaleUpThreshold, scaleDownThreshold, scaleUpMultiplier, scaleDownMultiplier] = SPELLINGS.map(
    ([snake, camel]) => parameters[snake] ?? parameters[camel],
  );
  if (scaleUpThreshold === undefined || scaleDownThreshold === undefined) return undefined;
  if (scaleUpMultiplier === undefined || scaleDownMultiplier === undefined) return undefined;
  return {
    kind: 'percentageRunnersIdle',
    scaleUpThreshold,
    scaleDownThreshold,
    scaleUpMultiplier,
    scaleDownMultiplier,
  };
}

/** One idle runner, so that a step need not wait for a start-up; no more for more load unless asked for. */
function bufferOf(
  { idleCount = 1, scaleFactor = 0, scaleFactorLimit }: ParametersDraft,
  most: number,
): Omit<IdleBuffer, 'kind'> {
  return { idleCount, scaleFactor, scaleFactorLimit: scaleFactorLimit ?? most };
}

/** A group's parameters as written. */
export type WrittenParameters = {
  /** Absent where the file names none, or one that nobody knows. */
  readonly strategy?: Kind | undefined;
  /** Those that are valid by themselves. */
  readonly parameters: ParametersDraft;
  /** All keys, valid or not. */
  readonly present: readonly string[];
  /** The highest `max` at any time, schedules included; 0 where none is valid. */
  readonly most: number;
};

/** Everything that concerns more than one parameter. Of a strategy that nobody knows only the bounds are judged. */
export function parameterFindings(path: Path, written: WrittenParameters): readonly Finding[] {
  const { strategy, parameters, present, most } = written;
  const bounds = boundFindings(path, parameters);
  if (strategy === undefined) return bounds;
  const foreign = foreignFindings(path, strategy, present);
  if (strategy !== 'percentageRunnersIdle') return [...bounds, ...bufferFindings(path, parameters, most), ...foreign];
  const own = [...spellingFindings(path, present), ...zeroFindings(path, parameters), ...crossed(path, parameters)];
  return [...bounds, ...own, ...foreign];
}

/** Whether the strategy keeps a runner also where `min` is 0. */
export function keepsAwake(strategy: Kind | undefined, { idleCount = 1 }: ParametersDraft): boolean {
  return strategy !== undefined && strategy !== 'percentageRunnersIdle' && idleCount > 0;
}

function foreignFindings(path: Path, strategy: Kind, present: readonly string[]): readonly Finding[] {
  const knows = (kind: Kind, key: string) => PARAMETERS_OF[kind].some((known) => known === key);
  return present.flatMap((key) => {
    const owners = STRATEGIES.filter((kind) => knows(kind, key));
    if (owners.length === 0 || owners.includes(strategy)) return [];
    const message = `belongs to ${owners.join(' and ')}, and this group has ${strategy}; remove it, or change the strategy`;
    return [problem([...path, key], message, 'key')];
  });
}

function spellingFindings(path: Path, present: readonly string[]): readonly Finding[] {
  const prefersCamel = SPELLINGS.some(([, camel]) => present.includes(camel));
  return SPELLINGS.flatMap(([snake, camel]) => {
    const isSnake = present.includes(snake);
    const isCamel = present.includes(camel);
    if (isSnake && isCamel) return [problem([...path, camel], `is "${snake}" once more; remove one of them`, 'key')];
    return isSnake || isCamel ? [] : [problem([...path, prefersCamel ? camel : snake], 'is missing')];
  });
}

function boundFindings(path: Path, { min, max }: ParametersDraft): readonly Finding[] {
  if (min !== undefined && max !== undefined && min > max) {
    return [problem([...path, 'min'], `is ${min}, which is more than max (${max}); lower min or raise max`)];
  }
  return [];
}

function zeroFindings(path: Path, { min }: ParametersDraft): readonly Finding[] {
  if (min !== 0) return [];
  const message =
    'with 0 the group never starts by itself: a step that finds no online runner fails at once, and no runner means no busy share; use at least 1';
  return [warning([...path, 'min'], message)];
}

function bufferFindings(path: Path, parameters: ParametersDraft, most: number): readonly Finding[] {
  const { idleCount, scaleFactor, scaleFactorLimit } = bufferOf(parameters, most);
  const findings: Finding[] = [];
  if (parameters.min === 0 && idleCount === 0) {
    const message =
      'with 0, and idleCount 0, the group never starts by itself: a step that finds no online runner fails at once; use at least 1 for one of them';
    findings.push(warning([...path, 'min'], message));
  }
  // Where no max is valid, that is the problem to tell.
  const isAboveMax = (count: number) => most > 0 && count > most;
  if (isAboveMax(idleCount)) {
    const message = `is ${idleCount}, which is more than max (${most}), so the group always has ${most}; lower it, or raise max`;
    findings.push(warning([...path, 'idleCount'], message));
  }
  if (parameters.scaleFactorLimit === undefined) return findings;
  if (scaleFactorLimit < idleCount) {
    const message = `is ${scaleFactorLimit}, which is less than idleCount (${idleCount}); raise it, or lower idleCount`;
    findings.push(problem([...path, 'scaleFactorLimit'], message));
  } else if (scaleFactor === 0) {
    findings.push(
      warning([...path, 'scaleFactorLimit'], 'has no effect without a scaleFactor; give one, or remove it'),
    );
  } else if (isAboveMax(scaleFactorLimit)) {
    const message = `is ${scaleFactorLimit}, which is more than max (${most}), so it limits nothing; lower it, or raise max`;
    findings.push(warning([...path, 'scaleFactorLimit'], message));
  }
  return findings;
}

function crossed(path: Path, parameters: ParametersDraft): readonly Finding[] {
  const key = parameters.scale_down_threshold === undefined ? 'scaleDownThreshold' : 'scale_down_threshold';
  const down = parameters.scale_down_threshold ?? parameters.scaleDownThreshold;
  const up = parameters.scale_up_threshold ?? parameters.scaleUpThreshold;
  if (down === undefined || up === undefined || down < up) return [];
  const message = `is ${down}, but has to be below the scale-up threshold (${up}); otherwise the group grows and shrinks at once`;
  return [problem([...path, key], message)];
}
