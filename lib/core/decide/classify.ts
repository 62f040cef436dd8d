/**
 * Puts every runner of a group into exactly one class, once; everything after works on the classes.
 * The meaning of the statuses is Bitbucket's: see docs/scaling.md, "Classes".
 */
import { unseenJob } from '../inventory.ts';
import type { RunnerGroup } from '../model/configuration.ts';
import type { Counts, RunnerClass } from '../model/decision.ts';
import type {
  Drain,
  GroupMemory,
  GroupObservation,
  Instant,
  Runner,
  RunnerJob,
  SeenGroup,
  TakenAway,
} from '../model/observation.ts';
import { type Reason, reason } from '../reasons.ts';
import { bareUuid } from '../uuid.ts';
import { ageOf, LONGEST_STEP_MS, ORPHAN_GRACE_MS, UNFINISHED_GRACE_MS } from './age.ts';
import { experienceOf, type Outlook } from './experience.ts';
import { lacksItsSecret, startTroubleOf } from './pod-trouble.ts';
import { isSlow, usualStartUpMs } from './start-up.ts';

/** A runner with its class. A dead one carries why it is dead. */
export type ClassifiedRunner = {
  readonly runner: Runner;
  readonly job?: RunnerJob;
  /** Present when its Job has ended, or was there and is not listed any more. */
  readonly ended?: true;
  /**
   * Present beside `ended` where only the list of Jobs says so, and Bitbucket shows a runner that may be at work: the list may
   * be another cluster's, and the pod of a Job that somebody deletes goes on until its step is done.
   */
  readonly contested?: true;
  /** Present on a starting one that takes too long to be counted on. */
  readonly slow?: true;
  /**
   * Present on one that shows in service although an earlier look took it out: its list may be older than that, so nobody can
   * count on it as the one that stays online.
   */
  readonly retired?: true;
  /** Present on one that is in service and whose pod is being taken away: it has to get out of service. */
  readonly leaving?: TakenAway;
} & Verdict;

type Verdict = { readonly class: Exclude<RunnerClass, 'dead'> } | { readonly class: 'dead'; readonly cause: Reason };

/** Every runner of the observation, in its order, each in one class. */
export function classify(observation: GroupObservation, at: Instant): readonly ClassifiedRunner[] {
  const jobs = new Map(observation.jobs.map((job) => [job.runnerUuid, job]));
  const usualMs = usualStartUpMs(observation.memory);
  return observation.runners.map((runner) => {
    const job = jobs.get(bareUuid(runner.uuid));
    const end = endOf(observation, runner, job);
    const entry = { runner, ...(job && { job }), ...end };
    const { ended = false } = end;
    const leaving = ended ? undefined : leavingOf(runner, job);
    if (leaving !== undefined) return { ...entry, ...IS.draining, leaving };
    const { drains = {}, finishing = {} } = observation.memory;
    const finishingMs = at - (finishing[runner.uuid] ?? at);
    const drain = drains[runner.uuid];
    const found = { runner, job, ended, drain, finishingMs, group: observation.group, at };
    const verdict = verdictOn(found);
    const slow = verdict.class === 'starting' && isSlow(runner, usualMs, at);
    const retired = isOnline(verdict) && isJustOut(drain, at);
    return { ...entry, ...verdict, ...(slow && { slow }), ...(retired && { retired }) };
  });
}

/** Whether it was taken out so lately that a list may not show it; later, somebody has put it back by hand. */
export function isJustOut(drain: Drain | undefined, at: Instant): boolean {
  return drain !== undefined && drain.enabledAt === undefined && at - drain.at <= ORPHAN_GRACE_MS;
}

/** Whether its Job has ended, or was there and is not listed any more. */
function endOf(
  observation: GroupObservation,
  runner: Runner,
  job: RunnerJob | undefined,
): Pick<ClassifiedRunner, 'ended' | 'contested'> {
  if (job !== undefined) return job.status === 'active' ? {} : { ended: true };
  if (unseenJob(observation, runner.uuid) !== 'gone') return {};
  return { ended: true, ...(mayBeAtWork(runner, observation.memory) && { contested: true as const }) };
}

/** A group with its runners in their classes: what every later step works on, computed once for each look. */
export type ClassifiedGroup<Seen extends GroupObservation = GroupObservation> = {
  readonly observation: Seen;
  readonly classified: readonly ClassifiedRunner[];
  readonly counts: Counts;
  /**
   * The counts without the starts that are too slow to be counted on, and with runners that finish their only step: what a
   * wish goes by.
   */
  readonly expected: Outlook;
};

/** The group, classified. */
export function classifyGroup<Seen extends GroupObservation>(observation: Seen, at: Instant): ClassifiedGroup<Seen> {
  const classified = classify(observation, at);
  const counts = countClasses(classified);
  const slow = classified.filter((entry) => entry.slow).length;
  const all = { ...counts, starting: counts.starting + unlistedStarting(observation) };
  const busy = all.busy + finishing(observation, classified);
  const experience = experienceOf(observation.memory, classified, at);
  const expected = { ...all, busy, starting: all.starting - slow, ...experience };
  return { observation, classified, counts: all, expected };
}

/** Causes of draining with a step, for which a runner still counts as busy. */
const LAST_STEPS: readonly (string | undefined)[] = ['first-step', 'resize-stuck'];

/** Runners that were taken out of service at their last step, which goes on: for a wish they are at work. */
function finishing({ memory: { drains = {} } }: GroupObservation, classified: readonly ClassifiedRunner[]): number {
  const isFinishing = ({ class: name, runner, ended }: ClassifiedRunner) =>
    name === 'draining' && runner.hasStep && !ended && LAST_STEPS.includes(drains[runner.uuid]?.cause);
  return classified.filter(isFinishing).length;
}

/** Whether everything was read of a group. One that was not holds, and nothing of it is touched. */
export function isSeen(observation: GroupObservation): observation is SeenGroup {
  const { missing, heldBack, identity } = observation;
  return missing.length === 0 && heldBack === undefined && identity !== undefined;
}

/** Runners that no list shows yet: adds that were begun, and Jobs that may still be at work for one. */
function unlistedStarting({ orphanJobs, pendingAdds = 0 }: GroupObservation): number {
  const isStarting = ({ status, takenAway }: RunnerJob) => status === 'active' && takenAway === undefined;
  return pendingAdds + orphanJobs.filter(isStarting).length;
}

/** How many runners there are of each class. */
export function countClasses(runners: readonly ClassifiedRunner[]): Counts {
  const counts = { busy: 0, idle: 0, starting: 0, draining: 0, dead: 0 };
  for (const { class: name } of runners) counts[name] += 1;
  return counts;
}

/** Runners that work or soon will. */
export function workingIn({ busy, idle, starting }: Counts): number {
  return busy + idle + starting;
}

/** Whether the runner is online and in service. */
export function isOnline({ class: name }: Verdict): boolean {
  return name === 'busy' || name === 'idle';
}

/** Those that will be online for sure when this look is over, unless it takes them out; without one, those that show so. */
export function stayingOnline<Entry extends ClassifiedRunner>(entries: readonly Entry[]): readonly Entry[] {
  const online = entries.filter(isOnline);
  const staying = online.filter(({ retired }) => retired === undefined);
  return staying.length > 0 ? staying : online;
}

/** Whether the runner was taken out of service: it gets no new step, though it may carry one. */
export function isOutOfService(runner: Runner): boolean {
  return runner.status === 'DISABLED' || runner.cordoned;
}

/**
 * Whether Bitbucket hears from a runner, or did until it was taken out of service for want of a Job, which was never seen to
 * have ended.
 */
// Stryker disable next-line ArrayDeclaration: no runner is called that.
function mayBeAtWork({ uuid, status }: Runner, { drains = {}, endedJobs = [] }: GroupMemory): boolean {
  const wasHeard = status === 'DISABLED' && drains[uuid]?.cause === 'job-unlisted';
  return (status === 'ONLINE' || status === 'UNHEALTHY' || wasHeard) && !endedJobs.includes(uuid);
}

/** Whether a process of the Job may be at work: its pod runs, or its node says nothing. */
export function mayRun(job: RunnerJob | undefined): boolean {
  return job?.status === 'active' && (job.pod?.phase === 'Running' || job.pod?.phase === 'Unknown');
}

/** Where a runner's Job is, where that is not its group's namespace: what is done to it or asked of it is done there. */
export function whereIs(job: RunnerJob | undefined): Pick<RunnerJob, 'away'> {
  // Stryker disable next-line OptionalChaining: every caller has a Job; only the compiler does not know.
  return { ...(job?.away && { away: job.away }) };
}

const IS = {
  busy: { class: 'busy' },
  idle: { class: 'idle' },
  starting: { class: 'starting' },
  draining: { class: 'draining' },
} as const satisfies Record<string, Verdict>;

/**
 * Why the runner's pod is being taken away, where that asks for something. Out of service it drains as it is; offline in
 * the middle of a step it gets no other, and only in service its step is given up when nothing comes back. One that never
 * connected has failed to start where the Job's own controller gives up.
 */
function leavingOf(runner: Runner, job: RunnerJob | undefined): TakenAway | undefined {
  const { status, hasStep } = runner;
  if (isOutOfService(runner) || status === 'UNKNOWN' || (status === 'OFFLINE' && hasStep)) return undefined;
  return status === 'UNREGISTERED' && job?.takenAway?.byItsJob ? undefined : job?.takenAway;
}

/** A runner, and what its class depends on. */
type Case = {
  readonly runner: Runner;
  readonly job: RunnerJob | undefined;
  readonly ended: boolean;
  /** That it was to be taken out of service. */
  readonly drain: Drain | undefined;
  /** For how long every look has seen that it is out of service and shows a step. */
  readonly finishingMs: number;
  readonly group: RunnerGroup;
  readonly at: Instant;
};

function verdictOn(found: Case): Verdict {
  const { runner, ended, at } = found;
  if (runner.hasStep) return verdictOnWorking(found);
  if (runner.cordoned) return IS.draining;
  switch (runner.status) {
    case 'ONLINE':
      return ended ? IS.draining : IS.idle;
    case 'UNREGISTERED':
    case 'ENABLED':
      return verdictOnStarting(found);
    case 'OFFLINE':
      return verdictOnOffline(found);
    case 'UNHEALTHY': {
      const unhealthyMs = ageOf(runner.stateChangedAt, at);
      return unhealthyMs > ORPHAN_GRACE_MS ? dead(reason('unhealthy', { unhealthyMs })) : IS.draining;
    }
    case 'DISABLED':
    // A status that Bitbucket invents tomorrow takes up a slot and is not usable; nothing more is known of it.
    case 'UNKNOWN':
      return IS.draining;
  }
}

/** A step on a runner that is not online (disabled, say) may still run: it takes nothing new and nobody touches it. */
function verdictOnWorking(of: Case): Verdict {
  const { runner, job, ended, group, at } = of;
  if (isOutOfService(runner)) return verdictOnLastStep(of);
  if (runner.status !== 'OFFLINE') return runner.status === 'ONLINE' && !ended ? IS.busy : IS.draining;
  const offlineMs = ageOf(runner.stateChangedAt, at);
  const isRunning = job?.status === 'active' && job.pod?.phase === 'Running';
  if (isRunning || offlineMs <= group.startTimeoutMs) return IS.draining;
  return lostAtWork(offlineMs, job);
}

function verdictOnLastStep({ job, drain, finishingMs, group, at }: Case): Verdict {
  // It was taken out of service because nothing runs its step; a pod that runs again may have taken another one before.
  if (drain?.cause === 'lost-at-work' && !mayRun(job)) return lostAtWork(group.startTimeoutMs + at - drain.at, job);
  // It took its step before a look saw it so, and Bitbucket ends every step. Bitbucket's own time of its state may be that at
  // which it came online.
  return finishingMs > LONGEST_STEP_MS ? dead(reason('step-overdue', { outMs: finishingMs })) : IS.draining;
}

function lostAtWork(offlineMs: number, job: RunnerJob | undefined): Verdict {
  return dead(reason('lost-at-work', { offlineMs, pod: job === undefined ? 'none' : describePod(job) }));
}

function verdictOnStarting({ runner, job, drain, group, at }: Case): Verdict {
  // A runner that was enabled again starts anew at that moment; one that never connected, at its registration.
  const isAgain = runner.status === 'ENABLED';
  const ageMs = ageOf(isAgain ? runner.stateChangedAt : runner.createdAt, at);
  if (job === undefined) {
    const graceMs = isAgain ? ORPHAN_GRACE_MS : UNFINISHED_GRACE_MS;
    return ageMs > graceMs ? dead(reason('job-missing', { ageMs })) : IS.starting;
  }
  if (job.status !== 'active') return verdictOnEnded(job, isAgain, drain);
  if (lacksItsSecret(job, at)) return dead(reason('secret-missing', { ageMs: ageOf(job.createdAt, at) }));
  const trouble = startTroubleOf(job, at);
  if (trouble?.hopeless) return dead(reason('start-hopeless', { kind: trouble.kind, message: trouble.message }));
  if (ageMs <= group.startTimeoutMs) return IS.starting;
  return dead(reason('never-online', { ageMs, startTimeoutMs: group.startTimeoutMs, pod: describePod(job) }));
}

/**
 * Its Job ended while it was starting. One that was enabled again has worked before; one that never connected is a failed
 * start, unless its pod was taken away, now or at an earlier look.
 */
function verdictOnEnded(
  { status: jobStatus, takenAway }: RunnerJob,
  isAgain: boolean,
  drain: Drain | undefined,
): Verdict {
  if (isAgain) return dead(reason('job-ended', { jobStatus }));
  const wasTaken = drain?.cause === 'pod-leaving' || (takenAway !== undefined && !takenAway.byItsJob);
  return dead(reason(wasTaken ? 'start-interrupted' : 'start-ended', { jobStatus }));
}

function verdictOnOffline({ runner, job, ended, group, at }: Case): Verdict {
  const offlineMs = ageOf(runner.stateChangedAt, at);
  if (ended) return dead(reason('job-ended', { jobStatus: job?.status ?? 'gone' }));
  if (job === undefined) {
    return offlineMs > ORPHAN_GRACE_MS ? dead(reason('lost-heart-beat', { offlineMs })) : IS.draining;
  }
  // Its Job is alive: the pod is being replaced or the network is gone for a moment, so it is expected back.
  return offlineMs > group.startTimeoutMs ? dead(reason('lost-heart-beat', { offlineMs })) : IS.starting;
}

function dead(cause: Reason): Verdict {
  return { class: 'dead', cause };
}

function describePod(job: RunnerJob): string {
  if (job.pod === undefined) return 'none';
  return job.pod.trouble === undefined ? job.pod.phase : `${job.pod.phase}, ${job.pod.trouble.reason}`;
}
