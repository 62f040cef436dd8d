/**
 * What to tidy away, in both directions: registrations whose work is over (drained or dead) and Jobs whose
 * registration is gone. Only what is ours, and never anything with a step, unless no process is left to run it.
 */
import { unseenJob } from '../inventory.ts';
import type { Action, LogPlace } from '../model/decision.ts';
import type { Instant, RunnerJob, SeenGroup } from '../model/observation.ts';
import { type Reason, type ReasonCode, reason } from '../reasons.ts';
import { ageOf, LONGEST_STEP_MS, ORPHAN_GRACE_MS } from './age.ts';
import { type ClassifiedRunner, isOutOfService, mayRun, whereIs } from './classify.ts';
import { FAILED_STARTS } from './quarantine.ts';

/** Causes of death that rest on "shows no step"; the others rest on there being no process that could run one. */
const RESTS_ON_NO_STEP: readonly ReasonCode[] = ['lost-heart-beat', 'unhealthy'];

/** Causes for which a step that shows keeps nobody: there is no process that could run it. */
const RESTS_ON_NO_PROCESS: readonly ReasonCode[] = ['lost-at-work', 'job-ended', 'step-overdue'];

/** The removals that are due, registrations first; what may come online in this moment is only taken out of service. */
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
      return [{ action: 'remove-job', runnerUuid: job.runnerUuid, job: job.name, ...whereIs(job), reason: cause }];
    }),
  ];
}

function removal(observation: SeenGroup, entry: ClassifiedRunner, at: Instant): readonly Action[] {
  const { runner, job, leaving } = entry;
  if (leaving !== undefined) {
    return [{ action: 'disable', runner, reason: reason('pod-leaving', { why: leaving.why }) }];
  }
  if (isUnlisted(entry)) return withoutJob(observation, entry, at);
  const cause = entry.class === 'dead' ? entry.cause : drained(observation, entry, at);
  if (cause === undefined || (runner.hasStep && !RESTS_ON_NO_PROCESS.includes(cause.code))) return [];
  if (mayConnect(observation, entry, cause)) return [{ action: 'disable', runner, reason: cause }];
  if (!observation.idleTrusted && RESTS_ON_NO_STEP.includes(cause.code)) return [];
  const isUnproven = cause.code === 'drained' && isMarkless(observation, entry, at);
  const log = logOf(job, cause, isUnproven);
  return isUnproven && log === undefined ? [] : [removalOf(observation, entry, cause, log)];
}

/** In service, and alive by Bitbucket, while its Job is not listed any more. */
function isUnlisted({ class: name, runner, contested }: ClassifiedRunner): boolean {
  return contested === true && name === 'draining' && !isOutOfService(runner);
}

/**
 * Such a runner is taken out of service once looks have seen it so for the grace: one whose process is gone shows as offline
 * by then, and others have had time to start. It drains like any other. Shown in service for longer than any step may take,
 * whatever is done, it has no process.
 */
function withoutJob({ memory, group }: SeenGroup, entry: ClassifiedRunner, at: Instant): readonly Action[] {
  const { runner } = entry;
  const unlistedMs = at - (memory.finishing?.[runner.uuid] ?? at);
  if (unlistedMs > LONGEST_STEP_MS) return [{ action: 'remove', runner, reason: reason('job-ended', GONE) }];
  return unlistedMs < group.drainGraceMs ? [] : [{ action: 'disable', runner, reason: reason('job-unlisted', {}) }];
}

const GONE = { jobStatus: 'gone' } as const;

/**
 * Whether a process of a dead runner may connect before a deletion takes effect, and take a step that would be lost with it.
 * Such a runner drains like any other: a pod that has waited for a node for long may get one now. One that lacks its Secret
 * never starts.
 */
function mayConnect(
  { jobsUnsure, memory }: SeenGroup,
  { runner, job, ended }: ClassifiedRunner,
  { code }: Reason,
): boolean {
  if (isOutOfService(runner) || ended || code === 'secret-missing') return false;
  // One behind which no look ever saw a Job most likely has none.
  return job !== undefined || jobsUnsure === true || memory.awayJobs?.[runner.uuid] !== undefined;
}

function removalOf(
  { memory }: SeenGroup,
  { runner, job }: ClassifiedRunner,
  cause: Reason,
  log: LogPlace | undefined,
): Action {
  const lookSuffices = cause.code === 'drained' && memory.drains?.[runner.uuid]?.confirm === undefined;
  return {
    action: 'remove',
    runner,
    ...(job !== undefined && { job: job.name, ...whereIs(job) }),
    ...(lookSuffices && { lookSuffices }),
    ...(log && { log }),
    reason: cause,
  };
}

/**
 * Whether nothing can be at work on the runner: its Job has ended for sure, or it is out of service and shows no step. From the
 * first look that sees this the drain grace counts. A status that nobody knows says nothing.
 */
export function isOver({ runner, ended, contested }: ClassifiedRunner): boolean {
  const isDone = ended === true && contested === undefined && runner.status !== 'UNKNOWN';
  return isDone || (isOutOfService(runner) && !runner.hasStep);
}

/** A runner that every look since an earlier one saw to be over: a busy mark can be a minute late, so one proves nothing. */
function drained({ memory, group }: SeenGroup, entry: ClassifiedRunner, at: Instant): Reason | undefined {
  const { runner, job, ended, contested } = entry;
  const since = memory.drainingSince[runner.uuid];
  // Stryker disable next-line ConditionalExpression: no age of it reaches a grace; only the compiler does not know.
  if (since === undefined) return undefined;
  if (!isOver(entry)) return undefined;
  const drainedMs = at - since;
  if (ended && !contested) {
    // A step that shows although nothing runs it is given the time in which a runner may come back.
    const graceMs = runner.hasStep ? Math.max(group.startTimeoutMs, group.drainGraceMs) : group.drainGraceMs;
    return drainedMs >= graceMs ? reason('job-ended', { jobStatus: job?.status ?? 'gone' }) : undefined;
  }
  return drainedMs >= group.drainGraceMs ? reason('drained', { drainedMs }) : undefined;
}

/** Causes of runners that were taken out of service as idle ones, while marks were trusted. */
const RESTED: readonly (string | undefined)[] = ['surplus', 'too-old', 'outdated'];

/** Causes of runners that no step can run on once no pod of theirs runs, and none is on its way out. */
const WITHOUT_PROCESS: readonly (string | undefined)[] = [...FAILED_STARTS, 'pod-leaving'];

/**
 * Whether only the runner's own log can tell that no step runs on it: for ten minutes where its Job may be out of sight; and
 * where marks are not trusted, it was taken out of service neither as an idle one while they were nor for its pod, which
 * does not run, and not for longer than any step may take.
 */
function isMarkless(observation: SeenGroup, { runner, job }: ClassifiedRunner, at: Instant): boolean {
  const { memory, idleTrusted, unreachable } = observation;
  const drainedMs = at - (memory.drainingSince[runner.uuid] ?? at);
  const cause = memory.drains?.[runner.uuid]?.cause;
  // Where its Jobs cannot be read nobody can ask its log, which may know of a step that came just before it was out.
  const wasRested = RESTED.includes(cause) && unreachable === undefined;
  const isHidden = job === undefined && unseenJob(observation, runner.uuid) === 'out-of-sight';
  const isAtRest = !isHidden && WITHOUT_PROCESS.includes(cause) && !mayRun(job) && job?.takenAway === undefined;
  if (isHidden && drainedMs <= SILENT_LOG_MS) return true;
  return !idleTrusted && !wasRested && !isAtRest && drainedMs <= LONGEST_STEP_MS;
}

/** For so long a log whose end does not tell, or that is out of sight, keeps a runner that nobody sees at work. */
const SILENT_LOG_MS = 600_000;

/** Where the log of a drained runner is that may still run. While a step can still run, asking for it has to succeed. */
function logOf(job: RunnerJob | undefined, cause: Reason, isUnproven: boolean): LogPlace | undefined {
  const isAsked = cause.code === 'drained' || cause.code === 'step-overdue';
  // Stryker disable next-line ConditionalExpression: without a pod nothing may run; only the compiler does not know.
  if (job?.pod === undefined) return undefined;
  if (!isAsked || !mayRun(job)) return undefined;
  const { name, container } = job.pod;
  // Stryker disable next-line ConditionalExpression: an absent age is below no limit either; only the compiler does not know.
  const drainedMs = cause.code === 'drained' ? cause.values.drainedMs : Infinity;
  return {
    pod: name,
    ...(container !== undefined && { container }),
    mustBeAnswered: drainedMs <= LONGEST_STEP_MS,
    mustBeRead: isUnproven || drainedMs < SILENT_LOG_MS,
    ...(isUnproven && { onlyProof: true as const }),
  };
}
