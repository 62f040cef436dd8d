/**
 * The strategies, as the configuration names them, and the parameters of each, from their own list. What one strategy
 * demands, and that a parameter belongs to another one, is said in `parameters.ts` and, for editors, by the rules at the
 * end.
 */
import * as z from 'zod';
import { STRATEGIES } from '#core/decide/strategies/index.ts';
import type { Strategy } from '#core/model/configuration.ts';

type Kind = Strategy['kind'];

/** The names of the strategies. */
export const STRATEGY_NAMES: readonly Kind[] = STRATEGIES.map(({ kind }) => kind);

/** The parameters of a strategy besides `min` and `max`, which all have. */
export function parametersOf(kind: Kind): readonly string[] {
  return STRATEGIES.filter((strategy) => strategy.kind === kind).flatMap(({ parameters }) => Object.keys(parameters));
}

const own: z.core.$ZodLooseShape = Object.assign({}, ...STRATEGIES.map(({ parameters }) => parameters));

export const Parameters = z
  .strictObject({
    min: z.int().min(0).meta({ description: 'The least number of runners; at least 1 is recommended.' }),
    max: z.int().min(1).meta({ description: 'The most registrations that the group may ever have.' }),
    ...own,
  })
  .meta({ description: "The bounds, and the strategy's own parameters." });

/** As a part of the JSON Schema: what a strategy wants, and what belongs to others. */
export function editorRules(kind: Kind): Record<string, unknown> {
  const others = <Key extends string>(keysOf: (strategy: (typeof STRATEGIES)[number]) => readonly Key[]) => {
    const known = new Set(STRATEGIES.filter((strategy) => strategy.kind === kind).flatMap(keysOf));
    const foreign = STRATEGIES.flatMap(keysOf).filter((key) => !known.has(key));
    return Object.fromEntries(foreign.map((key) => [key, false]));
  };
  const rules = STRATEGIES.find((strategy) => strategy.kind === kind)?.editorRules;
  const parameters = { properties: others(({ parameters }) => Object.keys(parameters)), ...rules };
  return {
    if: { properties: { strategy: { const: kind } }, required: ['strategy'] },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
    then: { properties: { parameters, ...others(({ groupKeys }) => groupKeys) } },
  };
}
