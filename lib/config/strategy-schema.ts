/**
 * The strategies, as the configuration names them, and the parameters of each. What one strategy demands, and that a
 * parameter belongs to another one, is said in `parameters.ts` and, for editors, by the rules at the end. Pure.
 */
import * as z from 'zod';
import type { Strategy } from '#core/model/configuration.ts';

/** Every strategy. */
export const STRATEGIES = [
  'percentageRunnersIdle',
  'idleBuffer',
  'queueAware',
] as const satisfies readonly Strategy['kind'][];

/** Atlassian's spellings of the four rule parameters: since 2.0, and before. Both are accepted. */
export const SPELLINGS = [
  ['scale_up_threshold', 'scaleUpThreshold'],
  ['scale_down_threshold', 'scaleDownThreshold'],
  ['scale_up_multiplier', 'scaleUpMultiplier'],
  ['scale_down_multiplier', 'scaleDownMultiplier'],
] as const;

const BUFFER = ['idleCount', 'scaleFactor', 'scaleFactorLimit'] as const;

/** The parameters of each strategy besides `min` and `max`, which all have. */
export const PARAMETERS_OF = {
  percentageRunnersIdle: SPELLINGS.flat(),
  idleBuffer: BUFFER,
  queueAware: BUFFER,
} as const satisfies Record<Strategy['kind'], readonly string[]>;

/** Keys of a group that say where its queue is. */
export const QUEUE_KEYS = ['repositories', 'repositoryQuery'] as const;

const threshold = z
  .number()
  .gt(0)
  .lte(1)
  .optional()
  .meta({ description: 'A share of busy runners: above 0, at most 1.' });

export const Parameters = z
  .strictObject({
    min: z.int().min(0).meta({ description: 'The least number of runners; at least 1 is recommended.' }),
    max: z.int().min(1).meta({ description: 'The most registrations that the group may ever have.' }),
    scale_up_threshold: threshold.meta({ description: 'Runners are added when the busy share is above this.' }),
    scaleUpThreshold: threshold.meta({ description: 'scale_up_threshold in the spelling of 1.x.' }),
    scale_down_threshold: threshold.meta({ description: 'Idle runners go when the busy share is below this.' }),
    scaleDownThreshold: threshold.meta({ description: 'scale_down_threshold in the spelling of 1.x.' }),
    scale_up_multiplier: z.number().gt(1).optional().meta({ description: 'The growth of one step up: above 1.' }),
    scaleUpMultiplier: z.number().gt(1).optional().meta({ description: 'scale_up_multiplier in the spelling of 1.x.' }),
    scale_down_multiplier: z
      .number()
      .gt(0)
      .lt(1)
      .optional()
      .meta({ description: 'The share of idle runners that stays in one step down: between 0 and 1.' }),
    scaleDownMultiplier: z
      .number()
      .gt(0)
      .lt(1)
      .optional()
      .meta({ description: 'scale_down_multiplier in the spelling of 1.x.' }),
    idleCount: z
      .int()
      .min(0)
      .optional()
      .meta({ description: 'idleBuffer, queueAware: the fewest runners to keep idle; default: 1.' }),
    scaleFactor: z
      .number()
      .min(0)
      .optional()
      .meta({ description: 'idleBuffer, queueAware: idle runners to keep per busy one; default: 0.' }),
    scaleFactorLimit: z
      .int()
      .min(0)
      .optional()
      .meta({ description: 'idleBuffer, queueAware: the most runners to keep idle; default: max.' }),
  })
  .meta({ description: "The bounds, and the strategy's own parameters." });

/** As a part of the JSON Schema: what a strategy wants, and what belongs to others. */
export function editorRules(strategy: Strategy['kind']): Record<string, unknown> {
  const own: readonly string[] = PARAMETERS_OF[strategy];
  const foreign = Object.values(PARAMETERS_OF)
    .flat()
    .filter((key) => !own.includes(key));
  const none = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, false]));
  const spellings = SPELLINGS.map((spelling) => ({ oneOf: spelling.map((key) => ({ required: [key] })) }));
  const parameters = {
    properties: none(foreign),
    ...(strategy === 'percentageRunnersIdle' ? { allOf: spellings } : {}),
  };
  return {
    if: { properties: { strategy: { const: strategy } }, required: ['strategy'] },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
    then: { properties: { parameters, ...(strategy === 'queueAware' ? {} : none(QUEUE_KEYS)) } },
  };
}
