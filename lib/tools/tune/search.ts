/**
 * The search for the frontier. Small spaces are tried whole. In others many settings, spread over the space, are tried on
 * the beginning of the history; the better half goes on to twice as much of it, and so on (successive halving); from those
 * that have come through, the search climbs to neighbours, always from where the goal is kept most cheaply (a Pareto local
 * search). The same seed and the same answers give the same search.
 */
import { frontierOf } from '../page/script/frontier.js';
import type { Random } from '../simulator/random.ts';
import { inLayers, type Point, preference } from './frontier.ts';
import type { Goal } from './goal.ts';
import { keyOf, type Setting } from './setting.ts';
import { allOf, isIn, neighboursOf, type Space, sampleOf } from './space.ts';

/** What is searched, and how a setting is tried. */
export type Search<Outcome extends Point> = {
  /** One for each strategy. */
  readonly spaces: readonly Space[];
  readonly present: Setting;
  readonly goal: Goal;
  /** The most runs, of whatever length. */
  readonly mostRuns: number;
  /** Shares of the history that settings are tried on one after the other, rising, the last one 1. */
  readonly stages: readonly number[];
  readonly random: Random;
  readonly evaluate: (setting: Setting, share: number) => Promise<Outcome>;
};

/** A setting and what came of it on the whole. */
export type Tried<Outcome extends Point> = { readonly setting: Setting; readonly outcome: Outcome } & Point;

export type Found<Outcome extends Point> = {
  /** The present setting, whether or not the spaces allow it. */
  readonly present: Tried<Outcome>;
  /** Everything that was tried on the whole and that the spaces allow, in the order of the search. */
  readonly tried: readonly Tried<Outcome>[];
  readonly runs: number;
  /** Whether every setting of the spaces was tried. */
  readonly isExhaustive: boolean;
};

/** Searches until the runs are used or there is nothing left to try. */
export async function search<Outcome extends Point>(request: Search<Outcome>): Promise<Found<Outcome>> {
  const { spaces, present, mostRuns } = request;
  const trials = openTrials(request);
  const reference = await trials.run(present, 1);
  if (spaces.some((space) => isIn(space, present))) trials.keep(reference);
  const all = everythingIn(spaces, mostRuns - 1);
  if (all === undefined) {
    await tryByHalves(request, trials);
    await climb(request, trials);
  } else {
    for (const setting of all) await trials.runOnce(setting);
  }
  return { present: reference, tried: trials.kept, runs: trials.runs, isExhaustive: all !== undefined };
}

/** Runs that a search makes at most, each counted by its share of the history: how much work is ahead. */
export function plannedWork({
  mostRuns,
  stages,
  spaces,
}: Pick<Search<Point>, 'mostRuns' | 'stages' | 'spaces'>): number {
  const all = everythingIn(spaces, mostRuns - 1);
  if (all !== undefined) return all.length + 1;
  const sizes = stageSizes(mostRuns, stages);
  const [runs, work] = stages.reduce(
    ([runs, work], share, stage) => [runs + (sizes[stage] ?? 0), work + share * (sizes[stage] ?? 0)],
    [0, 0],
  );
  return work + Math.max(0, mostRuns - runs);
}

/** A third of the runs are for the first look; every later stage has half of those before it. */
function stageSizes(mostRuns: number, stages: readonly number[]): readonly number[] {
  return stages.map((_, stage) => Math.ceil(Math.floor((mostRuns - 1) / 3) / 2 ** stage));
}

function everythingIn(spaces: readonly Space[], atMost: number): readonly Setting[] | undefined {
  const parts = spaces.map((space) => allOf(space, atMost));
  const all = parts.flatMap((part) => part ?? []);
  return parts.includes(undefined) || all.length > atMost ? undefined : all;
}

type Trials<Outcome extends Point> = {
  readonly run: (setting: Setting, share: number) => Promise<Tried<Outcome>>;
  /** On the whole, unless it was already. */
  readonly runOnce: (setting: Setting) => Promise<void>;
  readonly keep: (tried: Tried<Outcome>) => void;
  readonly isNew: (setting: Setting) => boolean;
  readonly kept: readonly Tried<Outcome>[];
  readonly runs: number;
};

/** Counts the runs, and remembers what was tried on the whole. */
function openTrials<Outcome extends Point>({ evaluate, present }: Search<Outcome>): Trials<Outcome> {
  const kept: Tried<Outcome>[] = [];
  const known = new Set([keyOf(present)]);
  let runs = 0;
  const run = async (setting: Setting, share: number): Promise<Tried<Outcome>> => {
    runs += 1;
    const outcome = await evaluate(setting, share);
    return { setting, outcome, waitedMs: outcome.waitedMs, cost: outcome.cost };
  };
  return {
    run,
    runOnce: async (setting) => {
      if (known.has(keyOf(setting))) return;
      known.add(keyOf(setting));
      kept.push(await run(setting, 1));
    },
    keep: (tried) => kept.push(tried),
    isNew: (setting) => !known.has(keyOf(setting)),
    kept,
    get runs() {
      return runs;
    },
  };
}

/** Many settings on a little of the history, few on all of it. */
async function tryByHalves<Outcome extends Point>(request: Search<Outcome>, trials: Trials<Outcome>): Promise<void> {
  const { spaces, stages, mostRuns, goal, random } = request;
  const sizes = stageSizes(mostRuns, stages);
  const each = Math.ceil((sizes[0] ?? 0) / spaces.length);
  let settings = spaces.flatMap((space) => sampleOf(space, each, random));
  for (const [stage, share] of stages.entries()) {
    const affordable = settings.slice(0, Math.min(sizes[stage] ?? 0, mostRuns - trials.runs));
    if (share === 1) {
      for (const setting of affordable) await trials.runOnce(setting);
      return;
    }
    const tried: Tried<Outcome>[] = [];
    for (const setting of affordable) tried.push(await trials.run(setting, share));
    settings = inLayers(tried, goal).map(({ setting }) => setting);
  }
}

/** One neighbour after the other, each time of the best setting that has one which was not tried. */
async function climb<Outcome extends Point>(request: Search<Outcome>, trials: Trials<Outcome>): Promise<void> {
  const { spaces, goal, mostRuns } = request;
  const isExpanded = new Set<Tried<Outcome>>();
  while (trials.runs < mostRuns) {
    const open = frontierOf(trials.kept)
      .filter((tried) => !isExpanded.has(tried))
      .sort((a, b) => preference(goal, a, b))[0];
    if (open === undefined) return;
    const next = spaces
      .filter(({ strategy }) => strategy === open.setting.strategy)
      .flatMap((space) => neighboursOf(space, open.setting))
      .find(trials.isNew);
    if (next === undefined) isExpanded.add(open);
    else await trials.runOnce(next);
  }
}
