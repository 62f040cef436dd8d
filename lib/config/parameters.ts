/**
 * A group's `parameters` in either of Atlassian's spellings: what is missing, given twice or crossed, and the strategy
 * that they make. Pure.
 */
import type { PercentageRunnersIdle } from '../model.ts';
import { type Finding, type Path, problem, warning } from './finding.ts';
import { type ParametersDraft, SPELLINGS } from './schema.ts';

/** The rule, without the bounds; undefined while a part of it is missing. */
export function strategyOf(parameters: ParametersDraft): PercentageRunnersIdle | undefined {
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

/** Everything that concerns more than one parameter. `present` are the keys as written, valid or not. */
export function parameterFindings(
  path: Path,
  parameters: ParametersDraft,
  present: readonly string[],
): readonly Finding[] {
  return [...spellingFindings(path, present), ...boundFindings(path, parameters), ...crossed(path, parameters)];
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
  if (min !== 0) return [];
  const message =
    'with 0 the group never starts by itself: a step that finds no online runner fails at once, and no runner means no busy share; use at least 1';
  return [warning([...path, 'min'], message)];
}

function crossed(path: Path, parameters: ParametersDraft): readonly Finding[] {
  const key = parameters.scale_down_threshold === undefined ? 'scaleDownThreshold' : 'scale_down_threshold';
  const down = parameters.scale_down_threshold ?? parameters.scaleDownThreshold;
  const up = parameters.scale_up_threshold ?? parameters.scaleUpThreshold;
  if (down === undefined || up === undefined || down < up) return [];
  const message = `is ${down}, but has to be below the scale-up threshold (${up}); otherwise the group grows and shrinks at once`;
  return [problem([...path, key], message)];
}
