/**
 * What the pods of idle and of busy runners ask for: little while a runner has been idle for a while, and what its size says
 * from the first look that sees it busy. A step begins at once, within the limits, which never change. Pure.
 */

import type { Action } from '../model/decision.ts';
import type { Instant, RunnerJob, SeenGroup } from '../model/observation.ts';
import { type Reason, reason } from '../reasons.ts';
import { MINUTE_MS } from '../time.ts';
import { ageOf } from './age.ts';
import { type ClassifiedRunner, whereIs } from './classify.ts';

/** Idle for so long: a busy mark may come so late. */
const IDLE_FOR_A_WHILE_MS = MINUTE_MS;

/** Nodes change within minutes; a pod that has waited for longer waits for nothing that is known to come. */
const DEFERRED_FOR_LONG_MS = 2 * MINUTE_MS;

/** The pods to resize. */
export function changeRequests(
  observation: SeenGroup,
  classified: readonly ClassifiedRunner[],
  at: Instant,
): readonly Action[] {
  return classified.flatMap((entry): readonly Action[] => {
    const { runner, job } = entry;
    const pod = job?.pod;
    if (pod?.phase !== 'Running' || pod.resize === undefined) return [];
    const { container, isInit, idle, full, asks } = pod.resize;
    const where = { runner, pod: pod.name, ...whereIs(job) };
    const place = { action: 'resize', ...where, container, ...(isInit && { isInit }) } as const;
    if (runner.hasStep) return asks === 'full' ? [] : [{ ...place, requests: full, reason: reason('needs-all', {}) }];
    const why = restedLong(observation, entry, at);
    return why === undefined || asks === 'idle' ? [] : [{ ...place, requests: idle, reason: why }];
  });
}

/** Why the pod of an idle runner needs little, once it has been idle for a while. */
function restedLong(
  { memory, group, idleTrusted }: SeenGroup,
  { runner, class: name }: ClassifiedRunner,
  at: Instant,
): Reason | undefined {
  const idleMs = at - (memory.idleSince[runner.uuid] ?? at);
  const isResting = name === 'idle' && idleTrusted && idleMs >= IDLE_FOR_A_WHILE_MS;
  return isResting && group.pod.whenIdle !== undefined ? reason('needs-little', { idleMs }) : undefined;
}

/** Whether the node does not give the pod what a busy runner needs, and nothing says that it will. */
export function isStuck(job: RunnerJob | undefined, at: Instant): boolean {
  const { asks, pending } = job?.pod?.resize ?? {};
  if (asks !== 'full' || pending === undefined) return false;
  return pending.reason === 'Infeasible' || ageOf(pending.since, at) >= DEFERRED_FOR_LONG_MS;
}

/** What nodes have not given, in the cluster's words. */
export function pendingResizes(classified: readonly ClassifiedRunner[]): readonly Reason[] {
  const pending = classified.flatMap(({ job }) => job?.pod?.resize?.pending ?? []);
  const kinds = Map.groupBy(pending, ({ reason: word, message }) => `${word} ${message}`);
  return [...kinds.values()].flatMap((same) =>
    same
      .slice(0, 1)
      .map(({ reason: word, message }) => reason('resize-pending', { runners: same.length, word, message })),
  );
}
