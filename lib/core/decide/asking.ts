/** Which queues a decision depends on: those of groups whose next runners the waiting steps would change. */
import { SPARED } from '../budget/hour.ts';
import type { QueueSource, RunnerGroup } from '../model/configuration.ts';
import type { Observation, SeenGroup } from '../model/observation.ts';
import { HOUR_MS, MINUTE_MS } from '../time.ts';
import { roomUnderMax } from './allowance.ts';
import { roomInWorkspace } from './caps.ts';
import type { ClassifiedGroup } from './classify.ts';
import { enableable } from './enabling.ts';
import { nextQuarantine } from './quarantine.ts';
import type { Claimant } from './shares.ts';
import { queueOf, sourceOf } from './strategies/index.ts';

/** A group that needs its queue. */
export type QueueQuestion = {
  readonly group: ClassifiedGroup<SeenGroup>;
  /** Where its steps come from. */
  readonly source: QueueSource;
  /** Waiting steps that suffice to know: more would not lead to more runners on this tick. */
  readonly enough: number;
};

/**
 * The group's question, if its strategy has one and it may get more runners, or is about to let idle ones go while others
 * are at work: marks are late, and runners of short steps look idle for minutes. In quarantine it tries one runner, whatever waits.
 */
export function questionOf(group: Claimant, seen: Observation): QueueQuestion | undefined {
  const { observation, classified, expected, retire } = group;
  const { scope, maxCreatesPerTick, strategy } = observation.group;
  const lets = expected.busy > 0 && retire.some(({ reason: { code } }) => code === 'surplus');
  const source = queueOf(strategy, expected, lets || hasCallsToSpare(seen, scope.workspace));
  if (source === undefined || observation.queue !== undefined) return undefined;
  if (nextQuarantine(observation, classified, seen.at) !== undefined) return undefined;
  const free = roomInWorkspace(scope.workspace, seen);
  const room = free <= 0 && group.due > 0 && hasPeers(observation.group, seen) ? Infinity : free;
  const creates = Math.max(0, Math.min(roomUnderMax(observation), room, maxCreatesPerTick));
  // So many that wait keep everybody.
  const more = Math.max(creates + enableable(group).length, lets ? expected.idle : 0);
  return more > 0 ? { group, source, enough: expected.starting + more } : undefined;
}

/**
 * Whether the calls suffice to look at the queues of all groups of the workspace every minute, though nothing says that
 * anything waits: marks are late, and a queue is not. It takes a call for each repository, and one for each pipeline.
 */
function hasCallsToSpare({ budgets = [], groups }: Observation, workspace: string): boolean {
  const budget = budgets.find(({ workspaces }) => workspaces.includes(workspace));
  if (budget === undefined) return false;
  const perLook = groups.reduce((sum, { group: { scope, strategy }, runners }) => {
    const source = sourceOf(strategy);
    if (source === undefined || !budget.workspaces.includes(scope.workspace)) return sum;
    return sum + repositoriesIn(source) + runners.filter(({ hasStep }) => hasStep).length;
  }, 0);
  const left = Math.max(budget.left - budget.limit * SPARED, budget.leftForQueues ?? 0);
  return (perLook * HOUR_MS) / MINUTE_MS <= left;
}

/** How many repositories a look at a queue takes; a query may find any number. */
function repositoriesIn(source: QueueSource): number {
  return source.kind === 'named' ? source.names.length : Number.POSITIVE_INFINITY;
}

/** Whether others can make room for the group if it is below its share, so that what it wants matters without any. */
function hasPeers({ name, scope: { workspace } }: RunnerGroup, { groups }: Observation): boolean {
  return groups.some(({ group }) => group.scope.workspace === workspace && group.name !== name);
}
