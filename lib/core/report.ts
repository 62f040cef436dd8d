/** What a tick saw, decided, planned and did, as one document. Pure; the shape is a public contract (version 1). */
import type { GroupDecision } from './decide/decide.ts';
import { startTroubles } from './decide/pod-trouble.ts';
import { waitingOf } from './decide/waiting.ts';
import { seatsOf } from './inventory.ts';
import type { Fleet } from './model/configuration.ts';
import type { Action, Applied, GroupPlan, Plan } from './model/decision.ts';
import type { Instant, Observation } from './model/observation.ts';
import type { BudgetReport, GroupReport, LeftoverReport, PlannedAction, Report } from './model/report.ts';
import { runnerOf } from './plan.ts';
import { reportWorkspaces } from './report-workspaces.ts';

/** The report of a tick that ran. `leftovers`: what was decided about what groups have left behind. */
export function makeReport(
  tick: Report['tick'],
  observation: Observation,
  decisions: readonly GroupDecision[],
  plan: Plan,
  applied: Applied,
  budgets: readonly BudgetReport[] = [],
  leftovers: readonly GroupDecision[] = [],
): Report {
  const workspaces = reportWorkspaces(observation.workspaces, decisions);
  const plans = new Map(plan.groups.map((entry) => [entry.group.name, entry]));
  return {
    version: 1,
    tick,
    groups: decisions.map((decision) => reportGroup(decision, observation.at, plans, applied)),
    ...(budgets.length > 0 && { budgets: budgets.map((budget) => reportBudget(budget, decisions)) }),
    problems: applied.problems,
    notes: [...observation.notes, ...(applied.notes ?? [])],
    ...(workspaces.length > 0 && { workspaces }),
    ...(leftovers.length > 0 && { leftovers: reportLeftovers(leftovers, plan, applied) }),
  };
}

/** The report of a tick that did not run, and why. */
export function makeSkippedReport(tick: Report['tick'], skipped: string): Report {
  return { version: 1, tick: { ...tick, skipped }, groups: [], problems: [], notes: [] };
}

/** What the door knows of a tick, besides what the line finds out. */
export type Circumstances = Pick<Report, 'notes' | 'configuration' | 'credential'>;

/** The report with these circumstances; its own notes come after theirs. */
export function withCircumstances(report: Report, { notes, ...known }: Circumstances): Report {
  return { ...report, ...known, notes: [...notes, ...report.notes] };
}

/** What groups have left behind; without `applied`, what is planned about it. */
export function reportLeftovers(
  leftovers: readonly GroupDecision[],
  plan: Plan,
  applied?: Applied,
): readonly LeftoverReport[] {
  return leftovers.map(({ observation, decision }, index) => {
    const { group, missing, unreachable = [] } = observation;
    const { name, scope, cluster, namespace } = group;
    return {
      group: name,
      workspace: scope.workspace,
      ...(scope.repository === undefined ? {} : { repository: scope.repository }),
      cluster,
      namespace,
      counts: decision.counts,
      runners: seatsOf(observation).map(({ uuid }) => uuid),
      reason: decision.reason,
      plan: (plan.leftovers?.[index]?.actions ?? []).map(planned),
      outcomes: applied?.leftovers?.[index] ?? [],
      problems: [...missing, unreachable].flat(),
    };
  });
}

/** What to know of workspaces on the public API in which runners are taken out of service, or put back. */
export function noteSurfaces({ workspaces }: Fleet, plan: Plan): readonly string[] {
  const changing = [...plan.groups, ...(plan.leftovers ?? [])].filter(({ actions }) =>
    actions.some(({ action }) => action === 'disable' || action === 'enable'),
  );
  const names = [...new Set(changing.map(({ group }) => group.scope.workspace))];
  return names
    .filter((name) => workspaces[name]?.api === 'public')
    .map(
      (name) =>
        `Runners of workspace ${name} are disabled and enabled through Bitbucket's internal API, although it says api: public, whose way to do it is not documented.`,
    );
}

/**
 * Whether anything went wrong: the command exits with 1 then, the function fails after it has logged the report. A place
 * that a group has left and that cannot be read is told and has an alarm of its own, for it may stay so for good.
 */
export function hasFailed({ problems, groups, leftovers = [] }: Report): boolean {
  return (
    problems.length > 0 ||
    groups.some((group) => group.problems.length > 0) ||
    [...groups, ...leftovers].some(({ outcomes }) => outcomes.some((outcome) => outcome.status === 'failed'))
  );
}

/** Whether the numbers of a group are those of the world: nothing seen is not nobody there. */
export function wasSeen({ decision: { reason } }: GroupReport): boolean {
  return reason.code !== 'look-held-back' && reason.code !== 'partial-observation';
}

/** Creates are held back where they are decided on, everything else where it is asked for. */
function reportBudget(budget: BudgetReport, decisions: readonly GroupDecision[]): BudgetReport {
  const { credential, heldBack } = budget;
  const withholds = decisions.some(({ decision }) =>
    decision.bounds.some((bound) => bound.code === 'api-budget' && bound.values.credential === credential),
  );
  return withholds && !heldBack.includes('create') ? { ...budget, heldBack: ['create', ...heldBack] } : budget;
}

function reportGroup(
  { observation, classified, decision, waits }: GroupDecision,
  at: Instant,
  plans: ReadonlyMap<string, GroupPlan>,
  applied: Applied,
): GroupReport {
  const { name, scope } = observation.group;
  const { action, from, to, reason } = decision;
  const waiting = waits && waitingOf(waits, at);
  return {
    name,
    workspace: scope.workspace,
    ...(scope.repository === undefined ? {} : { repository: scope.repository }),
    counts: decision.counts,
    ...(observation.unlisted && { countsUnknown: true }),
    decision: { action, from, to, reason },
    ...(waiting && { waiting }),
    bounds: decision.bounds,
    troubles: startTroubles(observation, classified, at),
    plan: (plans.get(name)?.actions ?? []).map(planned),
    outcomes: applied.outcomes.get(name) ?? [],
    problems: observation.missing,
  };
}

function planned(action: Action): PlannedAction {
  return { action: action.action, ...runnerOf(action), reason: action.reason };
}
