/**
 * Which pods must not be moved to another node. A pod is made protected; its mark is taken away once its runner has been
 * idle for the cool-down, so that nodes can be emptied, and put back as soon as the runner is seen busy. Pure.
 */
import type { Action } from '../model/decision.ts';
import type { Instant, SeenGroup } from '../model/observation.ts';
import { reason } from '../reasons.ts';
import { type ClassifiedRunner, whereIs } from './classify.ts';

/** The marks to change. */
export function changeProtection(
  observation: SeenGroup,
  classified: readonly ClassifiedRunner[],
  at: Instant,
): readonly Action[] {
  return classified.flatMap((entry): readonly Action[] => {
    const { runner, job } = entry;
    const pod = job?.pod;
    if (pod?.phase !== 'Running') return [];
    const place = { runner, pod: pod.name, ...whereIs(job) };
    if (runner.hasStep) {
      return pod.isProtected ? [] : [{ action: 'protect', ...place, reason: reason('at-work', {}) }];
    }
    const idleMs = at - (observation.memory.idleSince[runner.uuid] ?? at);
    const rested = entry.class === 'idle' && observation.idleTrusted && idleMs >= observation.group.coolDownMs;
    if (!rested || !pod.isProtected) return [];
    return [{ action: 'unprotect', ...place, reason: reason('rested', { idleMs }) }];
  });
}
