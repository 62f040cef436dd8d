/**
 * The fleet now: what Bitbucket says of every runner beside what the cluster says of its Job, and everything in which
 * the two do not match. Pure.
 */
import { type ClassifiedRunner, classifyGroup, isSeen } from '#core/decide/classify.ts';
import type { OpenWindow } from '#core/model/configuration.ts';
import type { Counts, RunnerClass } from '#core/model/decision.ts';
import type { GroupObservation, Instant, Observation, Runner, RunnerJob } from '#core/model/observation.ts';
import type { LeftoverReport } from '#core/model/report.ts';
import { makePlan } from '#core/plan.ts';
import { duration } from '#core/quantities.ts';
import type { Look } from '#core/reconcile.ts';
import { reportLeftovers } from '#core/report.ts';

/** The answer of `status`. */
export type Status = {
  readonly version: 1;
  /** ISO 8601. */
  readonly at: string;
  readonly groups: readonly GroupStatus[];
  readonly workspaces: Observation['workspaces'];
  /** What groups have left behind; absent: nothing is left, or only some groups were looked at. */
  readonly leftovers?: readonly LeftoverReport[];
  readonly notes: readonly string[];
};

export type GroupStatus = {
  readonly name: string;
  readonly workspace: string;
  readonly repository?: string;
  readonly counts: Counts;
  /** Present where the runners could not be listed: the counts are unknown and say 0. */
  readonly countsUnknown?: true;
  /** The bounds in force. */
  readonly min: number;
  readonly max: number;
  /** Present while a window of the schedules sets them. */
  readonly window?: OpenWindow;
  readonly runners: readonly RunnerStatusLine[];
  /** Jobs whose registration is not listed. */
  readonly orphanJobs: readonly { readonly job: string; readonly cluster: string; readonly mismatch: string }[];
  /** What could not be read, or is not read now to spare the hourly calls. */
  readonly problems: readonly string[];
};

/** One runner on both sides. */
type RunnerStatusLine = {
  readonly runner: string;
  readonly name: string;
  readonly class: RunnerClass;
  /** In Bitbucket's word, with what it does and the version of its program where a newer one is current: `ONLINE, step`. */
  readonly bitbucket: string;
  /** In the cluster's words: `active, pod Running`, `no Job`. */
  readonly cluster: string;
  readonly mismatches: readonly string[];
};

/** The status of everything that was looked at. */
export function statusOf({ observation, leftovers, decisions }: Look): Status {
  const { at, groups, workspaces, notes } = observation;
  const plan = makePlan(observation, decisions, leftovers);
  return {
    version: 1,
    at: new Date(at).toISOString(),
    groups: groups.map((group) => groupStatus(group, at)),
    workspaces,
    ...(leftovers.length > 0 && { leftovers: reportLeftovers(leftovers, plan) }),
    notes,
  };
}

/** Whether anything could not be read. */
export function isIncomplete({ groups, leftovers = [] }: Status): boolean {
  return [...groups, ...leftovers].some(({ problems }) => problems.length > 0);
}

function groupStatus(observation: GroupObservation, at: Instant): GroupStatus {
  const { group, orphanJobs, missing, heldBack } = observation;
  const { classified, counts } = classifyGroup(observation, at);
  const problems = [...missing, ...(heldBack === undefined ? [] : [heldBack.text])];
  // Without both lists there is nothing to hold side by side.
  const isComparable = isSeen(observation);
  return {
    name: group.name,
    workspace: group.scope.workspace,
    ...(group.scope.repository === undefined ? {} : { repository: group.scope.repository }),
    counts,
    ...(observation.unlisted && { countsUnknown: true as const }),
    min: group.min,
    max: group.max,
    ...(group.window && { window: group.window }),
    runners: classified.map((entry) => ({
      runner: entry.runner.uuid,
      name: entry.runner.name,
      class: entry.class,
      bitbucket: bitbucketSide(entry),
      cluster: isComparable || entry.job !== undefined ? clusterSide(entry.job) : 'not read',
      mismatches: isComparable ? mismatchesOf(entry, group.name, at) : [],
    })),
    orphanJobs: orphanJobs.map((job) => ({
      job: job.name,
      cluster: clusterSide(job),
      mismatch: `its registration is not in Bitbucket's list: it is gone, or the list is late; the Job is ${duration(at - job.createdAt)} old`,
    })),
    problems,
  };
}

function bitbucketSide({ runner }: ClassifiedRunner): string {
  const { cordoned, hasStep, behind } = runner;
  const version = behind ? `version ${behind.version}, ${behind.current} is current` : '';
  const marks = [cordoned ? 'cordoned' : '', hasStep ? 'step' : '', version].filter((mark) => mark !== '');
  return [runner.statusText, ...marks].join(', ');
}

function clusterSide(job: RunnerJob | undefined): string {
  if (job === undefined) return 'no Job';
  const { pod, status, takenAway } = job;
  const leaving = takenAway === undefined ? '' : `, being taken away (${takenAway.why})`;
  if (pod === undefined) return `${status}, no pod`;
  const { asks, pending } = pod.resize ?? {};
  const resized =
    asks === undefined
      ? ''
      : `, asks for ${asks === 'idle' ? 'little' : 'all'}${pending ? ` (${pending.reason})` : ''}`;
  return `${status}, pod ${pod.phase}${pod.trouble === undefined ? '' : ` (${pod.trouble.reason})`}${resized}${leaving}`;
}

/** What one side says that the other does not bear out, each with what it means. */
function mismatchesOf(entry: ClassifiedRunner, group: string, at: Instant): readonly string[] {
  const { runner, job } = entry;
  const isConnected = runner.status === 'ONLINE' || runner.status === 'UNHEALTHY';
  if (job === undefined) {
    return [
      isConnected
        ? 'connected to Bitbucket, but there is no Job of ours behind it: something else runs it, or its Job was deleted just now'
        : `registered ${duration(at - runner.createdAt)} ago, but there is no Job behind it`,
    ];
  }
  const other = job.group === group ? [] : [`its Job was made for group "${job.group}"`];
  return [...other, ...(isConnected ? mismatchesOfConnected(runner, job) : mismatchesOfUnconnected(entry, job))];
}

function mismatchesOfConnected({ hasStep }: Runner, { status, pod }: RunnerJob): readonly string[] {
  if (status !== 'active') return [`connected to Bitbucket, but its Job is ${status}`];
  if (pod?.phase !== 'Running') return [`connected to Bitbucket, but its pod is ${pod?.phase ?? 'gone'}`];
  const isExposed = hasStep && !pod.isProtected;
  return isExposed ? ['runs a step, but its pod has no mark that keeps it on its node'] : [];
}

function mismatchesOfUnconnected({ runner, class: name }: ClassifiedRunner, { pod }: RunnerJob): readonly string[] {
  if (name === 'draining' || pod?.phase !== 'Running') return [];
  return [`its pod runs, but Bitbucket says ${runner.statusText}`];
}
