/**
 * What to tidy away, in both directions: registrations whose work is over (drained or dead) and Jobs whose
 * registration is gone. Only what is ours, and never anything with a step.
 */
import type { Action } from '../model/decision.ts';
import type { Instant, SeenGroup } from '../model/observation.ts';
import { type ReasonCode, reason } from '../reasons.ts';
import { ageOf, ORPHAN_GRACE_MS } from './age.ts';
import { type ClassifiedRunner, isOutOfService } from './classify.ts';

/** Causes of death that rest on "shows no step"; the others rest on there being no process that could run one. */
const RESTS_ON_NO_STEP: readonly ReasonCode[] = ['lost-heart-beat', 'unhealthy'];

/** The removals that are due, registrations first. */
export function cleanUp(
  observation: SeenGroup,
  classified: readonly ClassifiedRunner[],
  at: Instant,
): readonly Action[] {
  return [
    ...classified.flatMap((entry) => removal(observation, entry, at)),
    ...observation.orphanJobs.flatMap((job): readonly Action[] => {
      const ageMs = ageOf(job.createdAt, at);
      if (ageMs <= ORPHAN_GRACE_MS) return [];
      const cause = reason('registration-gone', { ageMs });
      return [{ action: 'remove-job', runnerUuid: job.runnerUuid, job: job.name, reason: cause }];
    }),
  ];
}

function removal(observation: SeenGroup, entry: ClassifiedRunner, at: Instant): readonly Action[] {
  const { runner, job } = entry;
  if (runner.hasStep) return [];
  const cause = entry.class === 'dead' ? entry.cause : drained(observation, entry, at);
  if (cause === undefined) return [];
  if (!observation.idleTrusted && RESTS_ON_NO_STEP.includes(cause.code)) return [];
  return [{ action: 'remove', runner, ...(job === undefined ? {} : { job: job.name }), reason: cause }];
}

/**
 * A runner that was seen out of service and without a step by an earlier tick, and ever since. The earlier tick
 * matters: an idle mark can arrive up to a minute late, so one look proves nothing.
 */
function drained({ memory, group, idleTrusted }: SeenGroup, { runner }: ClassifiedRunner, at: Instant) {
  const since = memory.drainingSince[runner.uuid];
  // Stryker disable next-line ConditionalExpression: without it a comparison with NaN gives the same, for worse reasons.
  if (since === undefined) return undefined;
  if (!isOutOfService(runner) || !idleTrusted) return undefined;
  const drainedMs = at - since;
  return drainedMs >= group.drainGraceMs ? reason('drained', { drainedMs }) : undefined;
}
