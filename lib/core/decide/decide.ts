/**
 * From an observation to decisions: what every group wants (its strategy), what it gets (the limits, and its share of
 * the workspace), and which runners go. Pure; the same observation always gives the same decisions.
 */
import { RESERVED } from '../budget/hour.ts';
import type { Decision } from '../model/decision.ts';
import type {
  BudgetObservation,
  GroupObservation,
  Instant,
  Observation,
  RecentTarget,
  SeenGroup,
  Waits,
} from '../model/observation.ts';
import { type Reason, reason, reasonFor } from '../reasons.ts';
import { ageOf, LONGEST_STEP_MS } from './age.ts';
import { limitByGroup } from './allowance.ts';
import { type QueueQuestion, questionOf } from './asking.ts';
import { capsOf, freeSlotsIn, underCaps } from './caps.ts';
import {
  type ClassifiedGroup,
  type ClassifiedRunner,
  classifyGroup,
  isOutOfService,
  isSeen,
  mayRun,
  workingIn,
} from './classify.ts';
import { chooseEnabled, type FreeSlots } from './enabling.ts';
import { begunSteps } from './experience.ts';
import { takersOf, waitingByGroup } from './queue.ts';
import { dueIn, recycle, recyclingBounds, wantedWith } from './recycling.ts';
import { pendingResizes } from './resizing.ts';
import { chooseRetirements, type Retirement } from './retirement.ts';
import type { Claimant } from './shares.ts';
import { targetsWithin } from './stabilisation.ts';
import { wishOf } from './strategies/index.ts';
import { surplusOf } from './surplus.ts';
import { nextWaits } from './waiting.ts';

/** A decision about a group of which everything was read, with what `plan` needs to carry it out. */
export type SeenDecision = Pick<Claimant, 'observation' | 'classified' | 'creates' | 'enable' | 'retire'> & {
  readonly kind: 'seen';
  readonly decision: Decision;
  /** The targets that the way down has to mind from now on. */
  readonly recentTargets: readonly RecentTarget[];
  /** What the next look has to know of steps that wait; absent: no queue was ever counted. */
  readonly waits?: Waits;
  /** Present while the decision could change with what waits in a queue that nobody has counted yet. */
  readonly question?: QueueQuestion;
};

/** The hold of a group of which not everything was read: nothing of it is touched. */
type UnseenDecision = Omit<SeenDecision, 'kind' | 'observation'> & {
  readonly kind: 'unseen';
  readonly observation: GroupObservation;
};

export type GroupDecision = SeenDecision | UnseenDecision;

/** A group half-way: it knows what it wants and what its own limits leave of it. */
type Assessment = Claimant & { readonly wish: Wanted; readonly descent: Descent; readonly waits: Waits | undefined };

/** How many working runners the strategy wants, and why. */
type Wanted = { readonly working: number; readonly reason: Reason };

/** Decides for every group, in the observation's order. */
export function decide(observation: Observation): readonly GroupDecision[] {
  const { at, queues = [] } = observation;
  const groups = observation.groups.map((entry) => classifyGroup(entry, at));
  const waiting = waitingByGroup(takersOf(groups), queues);
  const free: FreeSlots = freeSlotsIn(observation);
  const assessed = groups.flatMap((group) => {
    const { observation: seen } = group;
    if (!isSeen(seen)) return [];
    const scarce = scarcityIn(observation, seen.group.scope.workspace);
    return [assess({ ...group, observation: seen }, { waiting: waiting.get(seen.group.name), free, scarce }, at)];
  });
  const caps = capsOf(observation, free);
  const settled = new Map(underCaps(assessed, caps, at).map((entry) => [entry.classified, entry]));
  return groups.map((group) => {
    const entry = settled.get(group.classified);
    return entry ? conclude(entry, observation) : holdUnseen(group);
  });
}

/** The queues on which these decisions depend; once they are counted, `decide` runs again. */
export function questionsIn(decisions: readonly GroupDecision[]): readonly QueueQuestion[] {
  return decisions.flatMap(({ question }) => question ?? []);
}

/** What changes nothing. */
export const NOTHING_DECIDED = { creates: 0, enable: [], retire: [], recentTargets: [] } as const;

/** The hold of a group of which something is missing. */
export function holdUnseen({ observation, classified, counts }: ClassifiedGroup): UnseenDecision {
  const { group, missing, heldBack } = observation;
  const incomplete = reason('partial-observation', { missing: missing.join('; ') });
  const working = workingIn(counts);
  const decision: Decision = {
    group: group.name,
    from: working,
    bounds: [],
    counts,
    action: 'hold',
    to: working,
    reason: missing.length > 0 ? incomplete : (heldBack ?? incomplete),
  };
  return { kind: 'unseen', observation, classified, decision, ...NOTHING_DECIDED };
}

/** What bears on a group besides itself. */
type Circumstances = {
  readonly waiting: number | undefined;
  readonly free: FreeSlots;
  /** Present while the hour's calls are short: an idle runner costs less than a call that is missing. */
  readonly scarce: BudgetObservation | undefined;
};

/** The budget behind a workspace, if no more is left of it than looks leave to what is more important. */
function scarcityIn({ budgets = [] }: Observation, workspace: string): BudgetObservation | undefined {
  return budgets.find(
    ({ workspaces, limit, left }) => workspaces.includes(workspace) && left <= Math.ceil(limit * RESERVED.look),
  );
}

function assess(entry: ClassifiedGroup<SeenGroup>, { waiting, free, scarce }: Circumstances, at: Instant): Assessment {
  const { observation, counts, expected } = entry;
  const { group } = observation;
  const wish = wishOf(group.strategy, expected, group.min, waiting);
  const due = dueIn(entry, at);
  const wanted = wantedWith(due, wish.working, entry);
  const missing = wanted - workingIn(expected);
  const enable = chooseEnabled(entry, Math.min(wanted, group.max) - workingIn(expected), free);
  const allowance = limitByGroup(entry, Math.max(0, missing - enable.length), at);
  const descent = descend(entry, wanted, scarce, at);
  const recycled = recycle(due, wish.working, entry, descent.chosen);
  return {
    ...entry,
    ...allowance,
    working: workingIn(counts),
    wish: { working: wish.working, reason: reasonFor(wish.because) },
    descent,
    enable,
    retire: [...descent.chosen, ...recycled],
    waits: nextWaits(
      observation.memory.waits,
      { waiting, begun: begunSteps(observation.memory, entry.classified), counts },
      at,
    ),
    bounds: [
      ...unknownStatuses(observation),
      ...stuckAtWork(entry, at),
      ...leavingPods(entry),
      ...pendingResizes(entry.classified),
      ...(observation.queue?.kind === 'unknown' ? [reason('queue-unknown', { why: observation.queue.why })] : []),
      ...allowance.bounds,
      ...recyclingBounds(due, [...descent.chosen, ...recycled]),
    ],
  };
}

function unknownStatuses({ runners }: GroupObservation): readonly Reason[] {
  const unknown = runners.filter((runner) => runner.status === 'UNKNOWN');
  if (unknown.length === 0) return [];
  const statuses = [...new Set(unknown.map((runner) => runner.statusText))].sort().join(', ');
  return [reason('unknown-status', { runners: unknown.length, statuses })];
}

/** Runners that keep their seat for a step that may have died: offline in the middle of it, or drained of all but it. */
function stuckAtWork({ classified }: ClassifiedGroup, at: Instant): readonly Reason[] {
  const draining = classified.filter(({ class: name, runner }) => name === 'draining' && runner.hasStep);
  const [offline, out] = [draining.filter(({ runner }) => runner.status === 'OFFLINE'), draining.filter(isBereft)];
  const told = (entries: readonly ClassifiedRunner[]) => ({
    runners: entries.length,
    longestMs: Math.max(...entries.map(({ runner }) => ageOf(runner.stateChangedAt, at))),
  });
  return [
    ...(offline.length > 0 ? [reason('offline-at-work', told(offline))] : []),
    ...(out.length > 0 ? [reason('drained-at-work', { ...told(out), limitMs: LONGEST_STEP_MS })] : []),
  ];
}

/** Runners whose pods are being taken away, in service still or not. */
function leavingPods({ classified }: ClassifiedGroup): readonly Reason[] {
  const leaving = classified.flatMap(({ runner, job }) => {
    const { status, takenAway } = job ?? {};
    return status === 'active' && takenAway !== undefined ? [{ runner, why: takenAway.why }] : [];
  });
  if (leaving.length === 0) return [];
  const atWork = leaving.filter(({ runner }) => runner.hasStep).length;
  const why = [...new Set(leaving.map((entry) => entry.why))].sort().join(', ');
  return [reason('pods-leaving', { runners: leaving.length, atWork, why })];
}

/** Out of service, which hides whether it is online, with a Job that goes on in a pod that is not at work yet. */
function isBereft({ runner, job }: ClassifiedRunner): boolean {
  return isOutOfService(runner) && job?.status === 'active' && job.pod !== undefined && !mayRun(job);
}

function conclude(assessment: Assessment, seen: Observation): SeenDecision {
  const { observation, classified, counts, working, wish, creates, enable, retire, descent, waits } = assessment;
  const bounds = [...assessment.bounds, ...descent.bounds];
  const shared = { group: observation.group.name, from: working, bounds, counts };
  const more = creates + enable.length;
  const decision: Decision =
    more > 0
      ? { ...shared, action: 'scale-up', to: working + more - retire.length, reason: wish.reason }
      : retire.length > 0
        ? { ...shared, action: 'scale-down', to: working - retire.length, reason: reasonToShrink(assessment) }
        : { ...shared, action: 'hold', to: working, reason: reasonToHold(assessment) };
  const question = questionOf(assessment, seen);
  const { recentTargets } = descent;
  const decided = { observation, classified, decision, creates, enable, retire, recentTargets };
  return { kind: 'seen', ...decided, ...(waits && { waits }), ...(question && { question }) };
}

/** The way down: how many are too many, which of them go, and what keeps the others. */
type Descent = {
  /** Idle runners too many, once the window and the last runner online are minded. */
  readonly surplus: number;
  readonly chosen: readonly Retirement[];
  readonly bounds: readonly Reason[];
  readonly recentTargets: readonly RecentTarget[];
};

function descend(
  entry: ClassifiedGroup<SeenGroup>,
  wanted: number,
  scarce: BudgetObservation | undefined,
  at: Instant,
): Descent {
  const { observation, classified } = entry;
  const { group, memory } = observation;
  const target = Math.min(wanted, group.max);
  // Stryker disable next-line ArrayDeclaration: what is no target is dropped.
  const recentTargets = targetsWithin(group.stabilisationWindowMs, memory.recentTargets ?? [], target, at);
  const { surplus, bounds } = surplusOf(group, entry, target, recentTargets, at);
  if (scarce !== undefined && surplus.idle > 0) {
    const { credential, limit, left } = scarce;
    const calls = reason('calls-scarce', { credential, limit, left, surplus: surplus.idle });
    const { chosen } = chooseRetirements(observation, classified, { ...surplus, idle: 0 }, at);
    return { surplus: 0, chosen, bounds: [...bounds, calls], recentTargets };
  }
  const { chosen, bounds: kept } = chooseRetirements(observation, classified, surplus, at);
  return { surplus: surplus.idle, chosen, bounds: [...bounds, ...kept], recentTargets };
}

function reasonToShrink({ observation, working, expected, wish, descent, retire }: Assessment): Reason {
  const [given] = descent.chosen.length === 0 ? retire : [];
  if (given !== undefined) return given.reason;
  return wish.working < workingIn(expected)
    ? wish.reason
    : reason('above-max', { working, max: observation.group.max });
}

function reasonToHold({ expected, wish, descent: { surplus, bounds } }: Assessment): Reason {
  if (surplus > 0) {
    const coolDown = bounds.find((bound) => bound.code === 'cool-down');
    if (coolDown === undefined) return reason('idle-unproven', { surplus });
    const { coolDownMs, longestIdleMs } = coolDown.values;
    return reason('cooling-down', { surplus, coolDownMs, longestIdleMs });
  }
  const [kept] = bounds;
  if (kept !== undefined) return kept;
  const working = workingIn(expected);
  return wish.working > working ? reason('no-room', { wanted: wish.working, working }) : wish.reason;
}
