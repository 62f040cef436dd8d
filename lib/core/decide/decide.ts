/**
 * From an observation to decisions: what every group wants (its strategy), what it gets (the limits, and its share of
 * the workspace), and which runners go. Pure; the same observation always gives the same decisions.
 */
import type { Decision } from '../model/decision.ts';
import type { GroupObservation, Instant, Observation, RecentTarget } from '../model/observation.ts';
import { type Reason, reason } from '../reasons.ts';
import { budgetCaps } from './api-budget.ts';
import { type GroupClaim, sumOf, type Withheld, withhold } from './caps.ts';
import { type ClassifiedRunner, classify, countClasses } from './classify.ts';
import { idleBuffer } from './idle-buffer.ts';
import { limitByGroup } from './limits.ts';
import { isPartial } from './partial.ts';
import { percentageRunnersIdle } from './percentage-runners-idle.ts';
import { waitingByGroup } from './queue.ts';
import { queueAware } from './queue-aware.ts';
import { chooseRetirements, type Retirement } from './retirement.ts';
import { targetsWithin } from './stabilisation.ts';
import { surplusOf } from './surplus.ts';
import type { Wish } from './wish.ts';
import { workspaceCaps } from './workspace-caps.ts';

/** A decision with what `plan` needs to carry it out. */
export type GroupDecision = {
  readonly observation: GroupObservation;
  readonly classified: readonly ClassifiedRunner[];
  readonly decision: Decision;
  /** How many runners to add. */
  readonly creates: number;
  /** Which runners to take out of service. */
  readonly retire: readonly Retirement[];
  /** The targets that the way down has to mind from now on. */
  readonly recentTargets: readonly RecentTarget[];
};

/** A group half-way: it knows what it wants and what its own limits leave of it. */
type Assessment = {
  readonly observation: GroupObservation;
  readonly classified: readonly ClassifiedRunner[];
  readonly counts: Decision['counts'];
  /** Busy, idle and starting. */
  readonly working: number;
  readonly wish: Wish;
  readonly creates: number;
  readonly bounds: readonly Reason[];
};

/** Decides for every group, in the observation's order. */
export function decide(observation: Observation): readonly GroupDecision[] {
  const waiting = waitingByGroup(observation);
  const assessments = observation.groups.map((entry) => assess(entry, waiting.get(entry.group.name), observation.at));
  const caps = [
    ...observation.workspaces.flatMap(workspaceCaps),
    ...budgetCaps(observation.budgets ?? [], observation.at),
  ];
  const withheld = withhold(assessments.map(claimOf), caps);
  return assessments.map((assessment) =>
    conclude(assessment, withheld.get(assessment.observation.group.name) ?? [], observation.at),
  );
}

function assess(observation: GroupObservation, waiting: number | undefined, at: Instant): Assessment {
  const classified = classify(observation, at);
  const counts = countClasses(classified);
  const working = counts.busy + counts.idle + counts.starting;
  if (isPartial(observation)) {
    const wish = { working, reason: reasonOfPartial(observation) };
    return { observation, classified, counts, working, wish, creates: 0, bounds: [] };
  }
  const wish = wishOf(observation, counts, waiting);
  const allowance = limitByGroup(observation, classified, Math.max(0, wish.working - working), at);
  return {
    observation,
    classified,
    counts,
    working,
    wish,
    creates: allowance.creates,
    bounds: [...unknownStatuses(observation), ...unknownQueue(observation), ...allowance.bounds],
  };
}

function reasonOfPartial({ missing, heldBack }: GroupObservation): Reason {
  const incomplete = reason('partial-observation', { missing: missing.join('; ') });
  return missing.length > 0 ? incomplete : (heldBack ?? incomplete);
}

function wishOf({ group }: GroupObservation, counts: Decision['counts'], waiting: number | undefined): Wish {
  switch (group.strategy.kind) {
    case 'percentageRunnersIdle':
      return percentageRunnersIdle(group.strategy, counts, group.min);
    case 'idleBuffer':
      return idleBuffer(group.strategy, counts, group.min);
    case 'queueAware':
      return queueAware(group.strategy, counts, group.min, waiting);
  }
}

function unknownStatuses({ runners }: GroupObservation): readonly Reason[] {
  const unknown = runners.filter((runner) => runner.status === 'UNKNOWN');
  if (unknown.length === 0) return [];
  const statuses = [...new Set(unknown.map((runner) => runner.statusText))].sort().join(', ');
  return [reason('unknown-status', { runners: unknown.length, statuses })];
}

function unknownQueue({ queue }: GroupObservation): readonly Reason[] {
  return queue?.kind === 'unknown' ? [reason('queue-unknown', { why: queue.why })] : [];
}

function claimOf({ observation: { group }, working, creates }: Assessment): GroupClaim {
  return { group: group.name, workspace: group.scope.workspace, wanted: creates, weight: group.weight, working };
}

function conclude(assessment: Assessment, withheld: readonly Withheld[], at: Instant): GroupDecision {
  const { observation, classified, counts, working, wish } = assessment;
  const creates = assessment.creates - sumOf(withheld);
  const descent = descend(assessment, at);
  const retire = descent.chosen;
  const bounds = [...assessment.bounds, ...withheld.map(({ bound }) => bound), ...descent.bounds];

  const shared = { group: observation.group.name, from: working, bounds, counts };
  const decision: Decision =
    creates > 0
      ? { ...shared, action: 'scale-up', to: working + creates, reason: wish.reason }
      : retire.length > 0
        ? { ...shared, action: 'scale-down', to: working - retire.length, reason: reasonToShrink(assessment) }
        : { ...shared, action: 'hold', to: working, reason: reasonToHold(assessment, descent) };
  return { observation, classified, decision, creates, retire, recentTargets: descent.recentTargets };
}

/** The way down: how many are too many, which of them go, and what keeps the others. */
type Descent = {
  /** Idle runners too many, once the window and the last runner online are minded. */
  readonly surplus: number;
  readonly chosen: readonly Retirement[];
  readonly bounds: readonly Reason[];
  readonly recentTargets: readonly RecentTarget[];
};

function descend({ observation, classified, counts, wish }: Assessment, at: Instant): Descent {
  if (isPartial(observation)) return { surplus: 0, chosen: [], bounds: [], recentTargets: [] };
  const { group, memory } = observation;
  const target = Math.min(wish.working, group.max);
  // Stryker disable next-line ArrayDeclaration: what is no target is dropped.
  const recentTargets = targetsWithin(group.stabilisationWindowMs, memory.recentTargets ?? [], target, at);
  const { surplus, bounds } = surplusOf(group, counts, target, recentTargets, at);
  const { chosen, bounds: kept } = chooseRetirements(observation, classified, surplus, at);
  return { surplus: surplus.idle, chosen, bounds: [...bounds, ...kept], recentTargets };
}

function reasonToShrink({ observation, working, wish }: Assessment): Reason {
  return wish.working < working ? wish.reason : reason('above-max', { working, max: observation.group.max });
}

function reasonToHold({ working, wish }: Assessment, { surplus, bounds }: Descent): Reason {
  if (surplus > 0) {
    const coolDown = bounds.find((bound) => bound.code === 'cool-down');
    if (coolDown === undefined) return reason('idle-unproven', { surplus });
    const { coolDownMs, longestIdleMs } = coolDown.values;
    return reason('cooling-down', { surplus, coolDownMs, longestIdleMs });
  }
  const [kept] = bounds;
  if (kept !== undefined) return kept;
  return wish.working > working ? reason('no-room', { wanted: wish.working, working }) : wish.reason;
}
