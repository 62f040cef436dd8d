/**
 * From an observation to decisions: what every group wants (its strategy), what it gets (the limits, and its share of
 * the workspace), and which runners go. Pure; the same observation always gives the same decisions.
 */
import type { Decision, GroupObservation, Instant, Observation, WorkspaceObservation } from '../model.ts';
import { type Reason, reason } from '../reasons.ts';
import { type ClassifiedRunner, classify, countClasses } from './classify.ts';
import { idleBuffer } from './idle-buffer.ts';
import { limitByGroup, shareOut, workspaceBound } from './limits.ts';
import { percentageRunnersIdle } from './percentage-runners-idle.ts';
import { chooseRetirements, type Retirement, type Surplus } from './retirement.ts';
import type { Wish } from './wish.ts';

/** A decision with what `plan` needs to carry it out. */
export type GroupDecision = {
  readonly observation: GroupObservation;
  readonly classified: readonly ClassifiedRunner[];
  readonly decision: Decision;
  /** How many runners to add. */
  readonly creates: number;
  /** Which runners to take out of service. */
  readonly retire: readonly Retirement[];
};

/** A group half-way: it knows what it wants and what its own limits leave of it. */
type Assessment = {
  readonly observation: GroupObservation;
  readonly classified: readonly ClassifiedRunner[];
  readonly counts: Decision['counts'];
  readonly wish: Wish;
  readonly creates: number;
  readonly bounds: readonly Reason[];
};

/** Decides for every group, in the observation's order. */
export function decide(observation: Observation): readonly GroupDecision[] {
  const assessments = observation.groups.map((group) => assess(group, observation.at));
  const withheld = withheldByWorkspaces(assessments, observation.workspaces);
  return assessments.map((assessment, index) => conclude(assessment, withheld[index], observation.at));
}

function assess(observation: GroupObservation, at: Instant): Assessment {
  const classified = classify(observation, at);
  const counts = countClasses(classified);
  const working = counts.busy + counts.idle + counts.starting;
  if (observation.missing.length > 0) {
    const missing = observation.missing.join('; ');
    const wish = { working, reason: reason('partial-observation', { missing }) };
    return { observation, classified, counts, wish, creates: 0, bounds: [] };
  }
  const wish = wishOf(observation, counts);
  const allowance = limitByGroup(observation, classified, Math.max(0, wish.working - working), at);
  return {
    observation,
    classified,
    counts,
    wish,
    creates: allowance.creates,
    bounds: [...unknownStatuses(observation), ...allowance.bounds],
  };
}

function wishOf({ group }: GroupObservation, counts: Decision['counts']): Wish {
  switch (group.strategy.kind) {
    case 'percentageRunnersIdle':
      return percentageRunnersIdle(group.strategy, counts, group.min);
    case 'idleBuffer':
    case 'queueAware':
      return idleBuffer(group.strategy, counts, group.min);
  }
}

function unknownStatuses({ runners }: GroupObservation): readonly Reason[] {
  const unknown = runners.filter((runner) => runner.status === 'UNKNOWN');
  if (unknown.length === 0) return [];
  const statuses = [...new Set(unknown.map((runner) => runner.statusText))].sort().join(', ');
  return [reason('unknown-status', { runners: unknown.length, statuses })];
}

/** For every assessment what its workspace's cap takes from it: a count and the bound that says so. */
function withheldByWorkspaces(
  assessments: readonly Assessment[],
  workspaces: readonly WorkspaceObservation[],
): readonly (Withheld | undefined)[] {
  const withheld: (Withheld | undefined)[] = assessments.map(() => undefined);
  const members = Map.groupBy(
    assessments.map((assessment, index) => ({ assessment, index })),
    ({ assessment }) => assessment.observation.group.scope.workspace,
  );
  for (const workspace of workspaces) {
    const groups = members.get(workspace.workspace) ?? [];
    const wanted = groups.map(({ assessment }) => assessment.creates);
    const shares = shareOut(wanted, workspace.maxRunners - workspace.registrations);
    groups.forEach(({ index, assessment }, position) => {
      const runners = assessment.creates - (shares[position] ?? 0);
      if (runners > 0) withheld[index] = { runners, bound: workspaceBound(workspace, runners) };
    });
  }
  return withheld;
}

type Withheld = { readonly runners: number; readonly bound: Reason };

function conclude(assessment: Assessment, withheld: Withheld | undefined, at: Instant): GroupDecision {
  const { observation, classified, counts, wish } = assessment;
  const working = counts.busy + counts.idle + counts.starting;
  const creates = assessment.creates - (withheld?.runners ?? 0);
  const upBounds = withheld === undefined ? assessment.bounds : [...assessment.bounds, withheld.bound];
  const surplus = surplusOf(assessment, working);
  const retirements = chooseRetirements(observation, classified, surplus, at);
  const retire = retirements.chosen;
  const bounds = [...upBounds, ...retirements.bounds];

  const shared = { group: observation.group.name, from: working, bounds, counts };
  const decision: Decision =
    creates > 0
      ? { ...shared, action: 'scale-up', to: working + creates, reason: wish.reason }
      : retire.length > 0
        ? { ...shared, action: 'scale-down', to: working - retire.length, reason: reasonToShrink(assessment, working) }
        : { ...shared, action: 'hold', to: working, reason: reasonToHold(assessment, working, surplus, bounds) };
  return { observation, classified, decision, creates, retire };
}

function surplusOf({ observation, counts, wish }: Assessment, working: number): Surplus {
  if (observation.missing.length > 0) return { starting: 0, idle: 0 };
  const { max } = observation.group;
  const surplus = Math.max(0, working - Math.min(wish.working, max));
  // A strategy never gives up a runner that is still starting; only `max` does, and these before any idle one.
  const starting = Math.min(counts.starting, Math.max(0, working - max));
  return { starting, idle: Math.min(counts.idle, surplus - starting) };
}

function reasonToShrink({ observation, wish }: Assessment, working: number): Reason {
  return wish.working < working ? wish.reason : reason('above-max', { working, max: observation.group.max });
}

function reasonToHold({ wish }: Assessment, working: number, surplus: Surplus, bounds: readonly Reason[]): Reason {
  if (surplus.idle > 0) {
    const coolDown = bounds.find((bound) => bound.code === 'cool-down');
    if (coolDown === undefined) return reason('idle-unproven', { surplus: surplus.idle });
    const { coolDownMs, longestIdleMs } = coolDown.values;
    return reason('cooling-down', { surplus: surplus.idle, coolDownMs, longestIdleMs });
  }
  return wish.working > working ? reason('no-room', { wanted: wish.working, working }) : wish.reason;
}
