/**
 * Tuning a group, from the history to the recommendation: split, search in the first part, check what was found in the
 * last one. The runs are those of the laboratory, with the decider that ships, and only for this group and its steps.
 */
import { InputError } from '#core/errors.ts';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import { DAY_MS } from '#core/time.ts';
import type { Arrivals } from '../arrival.ts';
import { stepsOf } from '../laboratory/ownership.ts';
import { run } from '../laboratory/run.ts';
import type { Scenario } from '../laboratory/scenario.ts';
import { shippedPolicy } from '../laboratory/shipped.ts';
import { distinct, frontierOf } from '../page/script/frontier.js';
import { createRandom } from '../simulator/random.ts';
import { preferred } from './frontier.ts';
import type { Goal } from './goal.ts';
import { type Measure, type Outcome, outcomeOf } from './outcome.ts';
import { plannedWork, search, type Tried } from './search.ts';
import { changesBetween, type Kind, type Setting, settingOf, withSetting } from './setting.ts';
import { refuseForeignBounds, type SearchBounds, type Space, spaceAround } from './space.ts';
import { arrivalsWithin, beginningOf, splitScenario } from './stretch.ts';

/** What is to be tuned, on what, and for what. */
export type TuneRequest = {
  readonly fleet: Fleet;
  readonly group: RunnerGroup;
  readonly scenario: Scenario;
  /** The same stream from its beginning each time. */
  readonly openArrivals: () => Arrivals;
  readonly goal: Goal;
  readonly measure: Measure;
  /** Those that are tried; the group's own alone, as a rule. */
  readonly strategies: readonly Kind[];
  readonly bounds: SearchBounds;
  /** Share of the time, in (0, 1), that is held out. */
  readonly holdOut: number;
  /** The most runs of the search, of whatever length. */
  readonly mostRuns: number;
  /** Told which run is at work and how far the whole is at least, from 0 to 1. */
  readonly onProgress?: (run: number, share: number) => void;
};

/** A part of the history: how long it is, and what is in it for the group. */
export type Part = { readonly scenario: Scenario; readonly steps: number };

/** A setting in both parts. */
export type Candidate = {
  readonly setting: Setting;
  readonly training: Outcome;
  readonly holdOut: Outcome;
};

export type Tuning = {
  readonly goal: Goal;
  readonly measure: Measure;
  readonly training: Part;
  readonly holdOut: Part;
  /** Steps of the history that are those of other groups, or of none. */
  readonly otherSteps: number;
  readonly spaces: readonly Space[];
  /** Runs of the search, and those on the hold-out, which came on top. */
  readonly runs: number;
  readonly checks: number;
  /** Settings that were tried on the whole training part, and whether that were all there are. */
  readonly settings: number;
  readonly isExhaustive: boolean;
  readonly present: Candidate;
  /** Settings that no other beats in the training part, the cheapest first; of many, some. */
  readonly frontier: readonly Candidate[];
  /** Of the frontier: the cheapest that keeps the goal in the training part, or, where none does, the one nearest to it. */
  readonly best: Candidate;
};

/** More than that nobody compares. */
const MOST_SHOWN = 10;

/** Throws `InputError` where a part has no step of the group, or the bounds make no sense. */
export async function tune(request: TuneRequest): Promise<Tuning> {
  const { group, goal, scenario, mostRuns } = request;
  const spaces = request.strategies.map((kind) => spaceAround(settingOf(group, kind), request.bounds));
  refuseForeignBounds(request.bounds, spaces);
  const split = splitScenario(scenario, request.holdOut);
  const parts = await survey(request, split);
  const present = settingOf(group);
  const stages = stagesFor(split.training.span);
  const searchMs = plannedWork({ mostRuns, spaces, stages }) * split.training.span;
  const play = openPlays(request, searchMs + (MOST_SHOWN + 1) * split.holdOut.span);
  const evaluate = (setting: Setting, share: number) => play(setting, beginningOf(split.training, share));
  const random = createRandom(scenario.seed);
  const found = await search<Outcome>({ spaces, present, goal, mostRuns, stages, random, evaluate });
  const frontier = distinct(frontierOf(fewestChangesFirst(found.tried, present)));
  const best = preferred(frontier, goal);
  if (best === undefined) throw new InputError('The bounds of --within leave no setting that makes sense; widen them');
  const candidates = new Map<Tried<Outcome>, Candidate>();
  for (const tried of new Set([found.present, ...thinned(frontier, best)])) {
    const { setting, outcome: training } = tried;
    candidates.set(tried, { setting, training, holdOut: await play(setting, split.holdOut) });
  }
  const candidateOf = (tried: Tried<Outcome>) => candidates.get(tried) ?? raise('every candidate was checked');
  return {
    ...{ goal, measure: request.measure, ...parts, spaces },
    ...{ runs: found.runs, checks: candidates.size, settings: found.tried.length, isExhaustive: found.isExhaustive },
    present: candidateOf(found.present),
    frontier: thinned(frontier, best).map(candidateOf),
    best: candidateOf(best),
  };
}

/**
 * A quarter of the history, half of it, all of it; but no stage is shorter than two days, because what a day brings is seen
 * in no part of one.
 */
export function stagesFor(spanMs: number): readonly number[] {
  return [1 / 4, 1 / 2, 1].filter((share) => share === 1 || share * spanMs >= 2 * DAY_MS);
}

/** Reads the history once: how many steps are the group's in each part. */
async function survey(
  { fleet, group, scenario, openArrivals }: TuneRequest,
  split: ReturnType<typeof splitScenario>,
): Promise<Pick<Tuning, 'training' | 'holdOut' | 'otherSteps'>> {
  const isOwn = stepsOf(fleet, group);
  const counts = { training: 0, holdOut: 0, other: 0 };
  for await (const arrival of arrivalsWithin(openArrivals(), scenario, () => true)) {
    if (!isOwn(arrival)) counts.other += 1;
    else if (arrival.at < split.holdOut.start) counts.training += 1;
    else counts.holdOut += 1;
  }
  refuseEmpty(group, counts);
  return {
    training: { scenario: split.training, steps: counts.training },
    holdOut: { scenario: split.holdOut, steps: counts.holdOut },
    otherSteps: counts.other,
  };
}

function refuseEmpty({ name, labels }: RunnerGroup, { training, holdOut, other }: Record<string, number>): void {
  if (training === 0 && holdOut === 0) {
    const others = other === 0 ? 'there is none at all' : `${other} are those of other groups, or of none`;
    throw new InputError(
      `No step is for group "${name}" (${labels.join(', ')}): ${others}; check the group and where the steps are from`,
    );
  }
  if (training === 0 || holdOut === 0) {
    const [empty, change] = training === 0 ? ['training', 'smaller'] : ['held-out', 'larger'];
    throw new InputError(
      `The ${empty} part has no step for group "${name}"; give a ${change} --hold-out or more history`,
    );
  }
}

/** Plays settings, one after the other, and tells how much of the work is done; `totalMs`: of simulated time, about. */
function openPlays({ fleet, group, openArrivals, goal, measure, onProgress }: TuneRequest, totalMs: number) {
  const isOwn = stepsOf(fleet, group);
  let [runs, doneMs] = [0, 0];
  return async (setting: Setting, scenario: Scenario): Promise<Outcome> => {
    runs += 1;
    const result = await run({
      scenario,
      policy: shippedPolicy(group.name, { ...fleet, groups: [withSetting(group, setting)] }, fleet.pollEveryMs),
      arrivals: arrivalsWithin(openArrivals(), scenario, isOwn),
      onProgress: (share) => onProgress?.(runs, Math.min(1, (doneMs + share * scenario.span) / totalMs)),
      buckets: 1,
    });
    doneMs += scenario.span;
    return outcomeOf(result, scenario.span, goal, measure);
  };
}

/** So that among equals the one comes first that changes least. */
function fewestChangesFirst(tried: readonly Tried<Outcome>[], present: Setting): readonly Tried<Outcome>[] {
  const changes = new Map(tried.map((one) => [one, changesBetween(present, one.setting).length]));
  return [...tried].sort((a, b) => (changes.get(a) ?? 0) - (changes.get(b) ?? 0));
}

/** At most so many as anybody compares, evenly from one end to the other, `best` among them. */
export function thinned<Item>(frontier: readonly Item[], best: Item): readonly Item[] {
  if (frontier.length <= MOST_SHOWN) return frontier;
  const step = (frontier.length - 1) / (MOST_SHOWN - 2);
  const some = new Set(Array.from({ length: MOST_SHOWN - 1 }, (_, index) => Math.round(index * step)));
  return frontier.filter((item, index) => item === best || some.has(index));
}

function raise(message: string): never {
  throw new Error(message);
}
