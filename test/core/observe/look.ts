/** Looks through recorded ports, and what such tests script. */
import { budgetsOf } from '#core/budget/tick-budgets.ts';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import type { Observation, Runner } from '#core/model/observation.ts';
import { observe } from '#core/observe/observe.ts';
import type { MemoryDocument } from '#core/ports.ts';
import { scopeKey } from '#core/scope.ts';
import { group, NOON } from '#kit/fleet.ts';
import { recordingPorts, type Script } from '../reconcile/ports.ts';

export const SITE = { workspace: 'acme', repository: 'site' };

/** Two groups of one workspace, one of a repository in it, and one of another workspace. */
export const builds = group();
export const tests = group({ name: 'tests' });
export const site = group({ name: 'site', scope: SITE, namespace: 'web' });
export const other = group({ name: 'other', scope: { workspace: 'other' } });

/** One look at all groups of the fleet unless told otherwise, and the calls that it took. */
export async function look(
  config: Fleet,
  script: Script = {},
  groups: readonly RunnerGroup[] = config.groups,
): Promise<{ readonly seen: Observation; readonly trace: string[] }> {
  const { ports, trace } = recordingPorts(script);
  const budgets = budgetsOf(groups, ports);
  return { seen: await observe({ fleet: config, groups, at: NOON, budgets, looksAfter: () => true }, ports), trace };
}

/** Memory that has these documents. */
export function documents(entries: Readonly<Record<string, MemoryDocument>>): Script {
  return { state: { load: async (keys) => new Map(Object.entries(entries).filter(([key]) => keys.includes(key))) } };
}

/** A Bitbucket that has these registrations, by scope. */
export function listing(byScope: Readonly<Record<string, readonly Runner[]>>): Script['runners'] {
  return { list: async (scope) => byScope[scopeKey(scope)] ?? [] };
}

/** A call that fails with this sentence. */
export function fails(sentence: string): () => Promise<never> {
  return async () => {
    throw new Error(sentence);
  };
}
