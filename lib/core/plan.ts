/** From decisions to whole-runner actions. Pure: the dry run ends with this value, a tick carries it out. */
import { cleanUp } from './decide/clean-up.ts';
import type { GroupDecision } from './decide/decide.ts';
import { changeProtection } from './decide/protection.ts';
import { isSameMemory, remember } from './decide/remember.ts';
import type { Action, GroupPlan, Plan } from './model/decision.ts';
import type { Instant, Observation } from './model/observation.ts';
import { bracedUuid } from './uuid.ts';

/**
 * The plan for every decision. A `hold` neither adds a runner nor takes one out of service; tidying up goes on, except
 * under a partial observation, whose plan is empty.
 */
export function makePlan(observation: Observation, decisions: readonly GroupDecision[]): Plan {
  return {
    at: observation.at,
    groups: decisions.map((decision) => planGroup(decision, observation.at)),
    scopeMemory: observation.scopeMemory,
    ...(observation.workspaceMemory && { workspaceMemory: observation.workspaceMemory }),
  };
}

function planGroup(decided: GroupDecision, at: Instant): GroupPlan {
  const { group, memory, memoryVersion } = decided.observation;
  if (decided.kind === 'unseen') return { group, actions: [], memory, memoryVersion, memoryChanged: false };
  const { observation, classified, decision, creates, retire, recentTargets } = decided;
  const retired = retire.flatMap(({ runner }) => (runner.hasStep ? [] : [runner]));
  const next = remember(observation, classified, { retired, recentTargets }, at);
  const { identity } = observation;
  const actions: readonly Action[] = [
    ...Array.from({ length: creates }, (): Action => ({ action: 'add', identity, reason: decision.reason })),
    ...retire.map(({ runner, reason }): Action => ({ action: 'disable', runner, reason })),
    ...cleanUp(observation, classified, at),
    ...changeProtection(observation, classified, at),
  ];
  return { group, actions, memory: next, memoryVersion, memoryChanged: !isSameMemory(next, memory) };
}

/** The runner that an action is about; none for an add. */
export function runnerOf(action: Action): { readonly runner?: string } {
  switch (action.action) {
    // Stryker disable next-line StringLiteral: nothing is the same as an object without anything.
    case 'add':
      return {};
    case 'disable':
    case 'remove':
    case 'protect':
    case 'unprotect':
      return { runner: action.runner.uuid };
    case 'remove-job':
      return { runner: bracedUuid(action.runnerUuid) };
  }
}
