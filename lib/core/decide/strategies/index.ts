/** The strategies. A new one is a file beside this one, and a line in the list. */
import type { QueueSource } from '../../model/configuration.ts';
import type { Outlook } from '../experience.ts';
import { idleBuffer } from './idle-buffer.ts';
import { percentageRunnersIdle } from './percentage-runners-idle.ts';
import { queueAware } from './queue-aware.ts';
import { SHARED_WORDS, type Stay, type Strategy, type Wish, type Words } from './strategy.ts';

/** Every strategy, in the order in which documents and the configuration's schema name them. */
export const STRATEGIES = [percentageRunnersIdle, idleBuffer, queueAware] as const;

type Listed = (typeof STRATEGIES)[number];

/** The settings of a group's strategy: a union by `kind`. */
export type StrategySettings = NonNullable<ReturnType<Listed['settings']>>;

/** What some settings want; see `Strategy.wish`. */
export function wishOf(settings: StrategySettings, counts: Outlook, min: number, waiting?: number): Wish {
  return strategyOf(settings.kind).wish(settings, counts, min, waiting);
}

/** Where waiting steps are counted for a group with these settings; undefined: nowhere. */
export function sourceOf(settings: StrategySettings): QueueSource | undefined {
  return strategyOf(settings.kind).queue?.source(settings);
}

/** The same while the wish depends on them; see `Strategy.queue`. */
export function queueOf(settings: StrategySettings, counts: Outlook, early: boolean): QueueSource | undefined {
  return strategyOf(settings.kind).queue?.isNeeded(settings, counts, early) ? sourceOf(settings) : undefined;
}

/** For how long idle runners stay, where the file does not say; see `Strategy.stay`. */
export function stayOf(settings: StrategySettings): Stay {
  return strategyOf(settings.kind).stay(settings);
}

/** The strategy of that name. */
export function strategyOf(kind: StrategySettings['kind']): Strategy<StrategySettings, Words> {
  // Whoever has settings of a kind has the strategy's own; that the two belong together no type of a list can say.
  return STRATEGIES.find((strategy) => strategy.kind === kind) as Strategy<StrategySettings, Words>;
}

type Together<Union> = (Union extends unknown ? (each: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The words of all strategies. */
export type StrategyWords = typeof SHARED_WORDS & Together<Listed['words']>;

export const STRATEGY_WORDS = Object.assign({}, SHARED_WORDS, ...STRATEGIES.map(({ words }) => words)) as StrategyWords;
