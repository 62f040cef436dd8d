/** From decisions to whole-runner actions. Pure: the dry run ends with this value, a tick carries it out. */
import type { ClassifiedRunner } from './decide/classify.ts';
import { cleanUp } from './decide/clean-up.ts';
import type { GroupDecision } from './decide/decide.ts';
import { changeProtection } from './decide/protection.ts';
import { remember } from './decide/remember.ts';
import { changeRequests, isStuck } from './decide/resizing.ts';
import { groupMemoryKey, isSame } from './memory.ts';
import type { Action, GroupPlan, Plan } from './model/decision.ts';
import type { GroupMemory, Instant, Observation } from './model/observation.ts';
import { bracedUuid } from './uuid.ts';

/**
 * The plan for every decision. `newName`: for the deployment, while it has none. A `hold` neither adds a runner nor takes one
 * that works out of service; tidying up goes on, except under a partial observation, whose plan is empty.
 */
export function makePlan(
  observation: Observation,
  decisions: readonly GroupDecision[],
  leftovers: readonly GroupDecision[] = [],
  newName?: string,
): Plan {
  const { at, places, scratch } = observation;
  // The first tick of a state store names the deployment.
  const id = observation.deployment ?? newName;
  return {
    at,
    groups: decisions.map((decision) => planGroup(decision, observation)),
    ...(leftovers.length > 0 && { leftovers: leftovers.map((decision) => planGroup(decision, observation)) }),
    ...(scratch && { scratch }),
    ...(places && { places }),
    ...(id !== undefined && { deployment: { id, isNew: observation.deployment === undefined } }),
    scopeMemory: observation.scopeMemory,
    ...(observation.workspaceMemory && { workspaceMemory: observation.workspaceMemory }),
  };
}

function planGroup(decided: GroupDecision, { at, readBy }: Observation): GroupPlan {
  const { group, memory, memoryVersion, memoryKey = groupMemoryKey(group.name) } = decided.observation;
  const known = { group, memoryKey, memoryVersion };
  // What is known of a place that a group has just left is written down, whether or not anything is news there: the group's
  // own document will tell of other runners from now on.
  const isFirst = memoryKey !== groupMemoryKey(group.name) && memoryVersion === 0;
  if (decided.kind === 'unseen') return { ...known, actions: [], memory, memoryChanged: isFirst };
  const { observation, classified, decision, creates, enable, retire, recentTargets, waits } = decided;
  // One that is put back stays, though its time to be removed may have come in this very look.
  const staying = classified.filter(({ runner }) => !enable.includes(runner));
  const tidying = cleanUp(observation, staying, at);
  const out = [...retire, ...tidying.filter((action) => action.action === 'disable')];
  const next = remember(
    observation,
    classified,
    { enable, retire: out, recentTargets, creates, ...(waits && { waits }) },
    at,
    readBy,
  );
  const { identity } = observation;
  const isFull = hasStuck(classified, memory, at);
  const add: Action = { action: 'add', identity, ...(isFull && { isFull }), reason: decision.reason };
  const actions: readonly Action[] = [
    ...enable.map((runner): Action => ({ action: 'enable', runner, reason: decision.reason })),
    ...Array.from({ length: creates }, () => add),
    ...retire.map(({ runner, reason }): Action => ({ action: 'disable', runner, reason })),
    ...tidying,
    ...changeProtection(observation, classified, at),
    ...changeRequests(observation, classified, at),
  ];
  return { ...known, actions, memory: next, memoryChanged: isFirst || !isSame(next, memory) };
}

/** Whether a runner works whose pod does not get what it needs, in service as the last one or taken out of it for that. */
function hasStuck(classified: readonly ClassifiedRunner[], { drains = {} }: GroupMemory, at: Instant): boolean {
  return classified.some(
    ({ class: name, runner, job }) =>
      (name === 'busy' && isStuck(job, at)) || drains[runner.uuid]?.cause === 'resize-stuck',
  );
}

/** The runner that an action is about; none for an add. */
export function runnerOf(action: Action): { readonly runner?: string } {
  if ('runner' in action) return { runner: action.runner.uuid };
  return 'runnerUuid' in action ? { runner: bracedUuid(action.runnerUuid) } : {};
}
