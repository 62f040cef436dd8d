/**
 * Tuning a group, from the history to the recommendation: search by every second day, check what was found on the others.
 * The runs are those of the laboratory, with the decider that ships, for this group and those that share a limit with it.
 */
import { InputError } from '#core/errors.ts';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import { highestMax } from '#core/schedule/bounds.ts';
import { DAY_MS } from '#core/time.ts';
import type { Arrivals } from '../arrival.ts';
import { stepsOf } from '../laboratory/ownership.ts';
import { run } from '../laboratory/run.ts';
import type { Scenario } from '../laboratory/scenario.ts';
import { shippedPolicy } from '../laboratory/shipped.ts';
import { type Turns, turnAt } from '../laboratory/turns.ts';
import { distinct, frontierOf } from '../page/script/frontier.js';
import { createRandom } from '../simulator/random.ts';
import { meetsGoal, preferred } from './frontier.ts';
import { type Goal, withMargin } from './goal.ts';
import { type Measure, type Outcome, outcomeOf } from './outcome.ts';
import { Diary, type Repeat } from './repeats.ts';
import { plannedWork, search, type Tried } from './search.ts';
import { changesBetween, type Kind, type Setting, settingOf, withSetting } from './setting.ts';
import { refuseForeignBounds, type SearchBounds, type Space, spacesAround } from './space.ts';
import { arrivalsWithin, beginningOf, type TurnLength, turnsOf } from './stretch.ts';

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
  /** Every second day or week is held out; absent: whichever suits the history. */
  readonly holdOut?: TurnLength;
  /** The most runs of the search, of whatever length. */
  readonly mostRuns: number;
  /** Told which run is at work and how far the whole is at least, from 0 to 1. */
  readonly onProgress?: (run: number, share: number) => void;
};

/** A part of the history: what is in it for the group. */
export type Part = { readonly steps: number };

/** A setting in both parts. */
export type Candidate = {
  readonly setting: Setting;
  readonly training: Outcome;
  readonly holdOut: Outcome;
  /** Share of the looks, in both parts, at which `max` withheld runners. */
  readonly withheldByMax: number;
};

export type Tuning = {
  readonly goal: Goal;
  /** The goal with the margin that the training part is to keep. */
  readonly searched: Goal;
  readonly measure: Measure;
  /** Training and hold-out take turns. */
  readonly turns: Turns;
  /** Groups that were played beside it, since they share a limit of the workspace; money and hours are those of all. */
  readonly peers: readonly string[];
  readonly training: Part;
  readonly holdOut: Part;
  /** Steps of the history that are those of other groups, or of none. */
  readonly otherSteps: number;
  readonly spaces: readonly Space[];
  readonly runs: number;
  /** Settings that were tried on the whole training part, and whether that were all there are. */
  readonly settings: number;
  readonly isExhaustive: boolean;
  readonly present: Candidate;
  /** Settings that no other beats in the training part, the cheapest first; of many, some. */
  readonly frontier: readonly Candidate[];
  /** Of the frontier: the cheapest that keeps the goal in the training part, or, where none does, the one nearest to it. */
  readonly best: Candidate;
  /** A setting with windows for what repeats that keeps the goal in both parts and costs less; absent: none does. */
  readonly schedule?: Scheduled;
};

/** A setting with windows beside it. */
export type Scheduled = Candidate & { readonly windows: readonly Repeat[] };

/** More than that nobody compares. */
const MOST_SHOWN = 10;

/** Throws `InputError` where a part has no step of the group, or the bounds make no sense. */
export async function tune(request: TuneRequest): Promise<Tuning> {
  const { group, scenario, mostRuns, measure } = request;
  const spaces = request.strategies.flatMap((kind) => spacesAround(settingOf(group, kind), request.bounds));
  refuseForeignBounds(request.bounds, spaces);
  const goal = withMargin(request.goal);
  const turns = turnsOf(scenario, request.holdOut);
  const diary = new Diary(turns, scenario);
  const parts = await survey(request, turns, diary);
  const present = settingOf(group);
  const stages = stagesFor(scenario.span);
  const peers = peersOf(request.fleet, group);
  const play = openPlays({ ...request, peers, turns }, plannedWork({ mostRuns, spaces, stages }) * scenario.span);
  const evaluate = (setting: Setting, share: number) => play(setting, beginningOf(scenario, share));
  const random = createRandom(scenario.seed);
  const found = await search<Played>({ spaces, present, goal, mostRuns, stages, random, evaluate });
  const frontier = distinct(frontierOf(fewestChangesFirst(found.tried, present)));
  const best = preferred(frontier, goal);
  if (best === undefined) throw new InputError('The bounds of --within leave no setting that makes sense; widen them');
  const candidates = new Map<Tried<Played>, Candidate>();
  for (const tried of new Set([found.present, ...thinned(frontier, best)])) {
    const { setting, outcome } = tried;
    const { holdOut, withheldByMax, ...training } = outcome;
    candidates.set(tried, { setting, training, holdOut, withheldByMax });
  }
  const scheduled = await tryWindows(
    { diary, group, frontier, best, goal: request.goal, searched: goal },
    (setting, windows) => play(setting, scenario, windows),
  );
  const candidateOf = (tried: Tried<Played>) => candidates.get(tried) ?? raise('every candidate was played');
  return {
    ...{ goal: request.goal, searched: goal, measure, ...parts, turns, peers: peers.map(({ name }) => name), spaces },
    ...{ runs: found.runs, settings: found.tried.length, isExhaustive: found.isExhaustive },
    present: candidateOf(found.present),
    frontier: thinned(frontier, best).map(candidateOf),
    best: candidateOf(best),
    ...(scheduled && { schedule: scheduled }),
  };
}

/** So many settings are tried with windows. */
const MOST_SCHEDULED = 5;

type Scheduling = {
  readonly diary: Diary;
  readonly group: RunnerGroup;
  readonly frontier: readonly Tried<Played>[];
  readonly best: Tried<Played>;
  readonly goal: Goal;
  readonly searched: Goal;
};

/**
 * Windows for what repeats in the training part, beside settings that cost no more than the best one. They are worth
 * telling only where the hold-out bears them out. A group that has windows has its own reasons for them.
 */
async function tryWindows(
  { diary, group, frontier, best, goal, searched }: Scheduling,
  play: (setting: Setting, windows: readonly Repeat[]) => Promise<Played>,
): Promise<Scheduled | undefined> {
  const windows = group.schedules.length > 0 ? [] : diary.repeats();
  if (windows.length === 0) return undefined;
  const cheap = frontier.filter(
    ({ outcome }) => !meetsGoal(searched, best.outcome) || outcome.cost <= best.outcome.cost,
  );
  const played: (Played & { readonly setting: Setting })[] = [];
  for (const { setting } of thinned(cheap, best, MOST_SCHEDULED))
    played.push({ setting, ...(await play(setting, windows)) });
  const first = preferred(played, searched);
  if (first === undefined) return undefined;
  const { setting, holdOut, withheldByMax, ...training } = first;
  const keeps = (one: Outcome, other: Outcome) => meetsGoal(searched, one) && meetsGoal(goal, other);
  if (!keeps(training, holdOut)) return undefined;
  if (keeps(best.outcome, best.outcome.holdOut) && best.outcome.holdOut.cost <= holdOut.cost) return undefined;
  return { setting, training, holdOut, withheldByMax, windows };
}

/** The other groups of the workspace, where all of them together may want more runners than it may have. */
function peersOf({ groups, workspaces }: Fleet, group: RunnerGroup): readonly RunnerGroup[] {
  const { workspace } = group.scope;
  const all = groups.filter(({ scope }) => scope.workspace === workspace);
  const wanted = all.reduce((sum, each) => sum + highestMax(each), 0);
  const { maxRunners, maxConcurrentRunners = maxRunners } = workspaces[workspace] ?? { maxRunners: wanted };
  return wanted > Math.min(maxRunners, maxConcurrentRunners) ? all.filter((each) => each !== group) : [];
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
  turns: Turns,
  diary: Diary,
): Promise<Pick<Tuning, 'training' | 'holdOut' | 'otherSteps'>> {
  const isOwn = stepsOf(fleet, group);
  const counts = { training: 0, holdOut: 0, other: 0 };
  for await (const arrival of arrivalsWithin(openArrivals(), scenario, () => true)) {
    if (!isOwn(arrival)) counts.other += 1;
    else if (turnAt(turns, arrival.at) === 0) counts.training += 1;
    else counts.holdOut += 1;
    if (isOwn(arrival)) diary.note(arrival.at);
  }
  refuseEmpty(group, counts);
  const { training, holdOut, other } = counts;
  return { training: { steps: training }, holdOut: { steps: holdOut }, otherSteps: other };
}

function refuseEmpty({ name, labels }: RunnerGroup, { training, holdOut, other }: Record<string, number>): void {
  if (training === 0 && holdOut === 0) {
    const others = other === 0 ? 'there is none at all' : `${other} are those of other groups, or of none`;
    throw new InputError(
      `No step is for group "${name}" (${labels.join(', ')}): ${others}; check the group and where the steps are from`,
    );
  }
  if (training === 0 || holdOut === 0) {
    const empty = training === 0 ? 'training' : 'held-out';
    throw new InputError(`The ${empty} part has no step for group "${name}"; give another --hold-out or more history`);
  }
}

/** What a run says of a setting; the search looks at the training part alone. */
type Played = Outcome & Pick<Candidate, 'holdOut' | 'withheldByMax'>;

type Plays = TuneRequest & { readonly peers: readonly RunnerGroup[]; readonly turns: Turns };

/** Plays settings, one after the other, and tells how much of the work is done; `totalMs`: of simulated time, about. */
function openPlays({ fleet, group, peers, turns, openArrivals, goal, measure, onProgress }: Plays, totalMs: number) {
  const isOwn = stepsOf(fleet, group);
  const isPlayed = [isOwn, ...peers.map((peer) => stepsOf(fleet, peer))];
  let [runs, doneMs] = [0, 0];
  return async (setting: Setting, scenario: Scenario, windows: readonly Repeat[] = []): Promise<Played> => {
    runs += 1;
    const own = withSetting(group, setting);
    const extra = windows.map(({ schedule }) => ({ ...schedule, min: Math.min(schedule.min, own.max), max: own.max }));
    const groups = [{ ...own, schedules: [...own.schedules, ...extra] }, ...peers];
    let [looks, atMax] = [0, 0];
    const result = await run({
      scenario,
      policy: shippedPolicy(group.name, { ...fleet, groups }, fleet.pollEveryMs),
      arrivals: arrivalsWithin(openArrivals(), scenario, (step) => isPlayed.some((isOf) => isOf(step))),
      onProgress: (share) => onProgress?.(runs, Math.min(1, (doneMs + share * scenario.span) / totalMs)),
      onReport: (report) => {
        const bounds = report.groups.find(({ name }) => name === group.name)?.bounds ?? [];
        looks += 1;
        if (bounds.some(({ code }) => code === 'max')) atMax += 1;
      },
      buckets: 1,
      counting: { turns, isCounted: isOwn },
    });
    doneMs += scenario.span;
    return {
      ...outcomeOf(result, withMargin(goal), measure),
      holdOut: outcomeOf(result.others ?? result, goal, measure),
      withheldByMax: atMax / looks,
    };
  };
}

/** So that among equals the one comes first that changes least. */
function fewestChangesFirst(tried: readonly Tried<Played>[], present: Setting): readonly Tried<Played>[] {
  const changes = new Map(tried.map((one) => [one, changesBetween(present, one.setting).length]));
  return [...tried].sort((a, b) => (changes.get(a) ?? 0) - (changes.get(b) ?? 0));
}

/** At most so many, evenly from one end to the other, `best` among them. */
export function thinned<Item>(frontier: readonly Item[], best: Item, most: number = MOST_SHOWN): readonly Item[] {
  if (frontier.length <= most) return frontier;
  const step = (frontier.length - 1) / (most - 2);
  const some = new Set(Array.from({ length: most - 1 }, (_, index) => Math.round(index * step)));
  return frontier.filter((item, index) => item === best || some.has(index));
}

function raise(message: string): never {
  throw new Error(message);
}
