/** One tick's look at one group, with everything that led to its decision. Pure. */
import { type ClassifiedRunner, isOutOfService, mayRun } from '#core/decide/classify.ts';
import { isOver } from '#core/decide/clean-up.ts';
import { InputError } from '#core/errors.ts';
import type { RunnerClass } from '#core/model/decision.ts';
import type { FailedStart, GroupObservation, Instant, Observation, RunnerPod } from '#core/model/observation.ts';
import type { GroupReport, Report, TickRecord } from '#core/model/report.ts';
import { duration } from '#core/quantities.ts';
import { assumption, reason } from '#core/reasons.ts';
import { counted } from '#text/layout.ts';
import { timeText } from '#text/time.ts';
import { replay } from './replay.ts';

/** The answer of `explain --at`. */
export type Explanation = {
  readonly version: 1;
  readonly tick: Report['tick'];
  /** What the tick reported of the group: counts, decision, bounds, plan, outcomes and problems. */
  readonly group: GroupReport;
  readonly seen: {
    readonly runners: readonly RunnerLine[];
    /** Jobs without a runner, what was remembered, the workspace's room and the queue, a sentence each. */
    readonly more: readonly string[];
  };
  /** Set when this version would decide otherwise on the same observation. */
  readonly nowDecides?: string;
  /** What the whole tick said besides. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
};

/** Explains one group of a tick. Throws `InputError` when the tick did not look at the group. */
export function explain(record: TickRecord, name: string): Explanation {
  const { report, observation } = record;
  const group = report.groups.find((entry) => entry.name === name);
  const look = observation.groups.find((entry) => entry.group.name === name);
  if (group === undefined || look === undefined) {
    throw new InputError(`Tick ${record.id} did not look at group "${name}"; choose another --at`);
  }
  const again = replayed(record, name);
  return {
    version: 1,
    tick: report.tick,
    group,
    seen: {
      runners: again === undefined ? [] : runnerLines(look, again.decided.classified, observation.at),
      more: [
        ...look.orphanJobs.map((job) => `Job ${job.name} has no registration behind it; ${describePod(job.pod)}`),
        ...remembered(look, observation.at),
        ...surroundings(look, observation),
      ],
    },
    ...(again === undefined || again.isSame ? {} : { nowDecides: describeDecision(again.decided.decision) }),
    problems: report.problems,
    notes: report.notes,
  };
}

/** `scale-up 2 → 4: 2 of 2 busy …` */
function describeDecision({ action, from, to, reason }: GroupReport['decision']): string {
  return `${action} ${action === 'hold' ? from : `${from} → ${to}`}: ${reason.text}`;
}

/** Undefined when the record is of a version that this one cannot decide again. */
function replayed(record: TickRecord, name: string) {
  try {
    return replay(record).get(name);
  } catch {
    return undefined;
  }
}

function remembered({ memory: { quarantine } }: GroupObservation, at: Instant): readonly string[] {
  if (quarantine === undefined) return [];
  const { failures, since, failed = [] } = quarantine;
  const starts = failures === 1 ? '1 start has' : `${failures} starts in a row have`;
  return [`${starts} failed, the last ${duration(at - since)} before`, ...failed.map(describeFailure)];
}

function describeFailure({ runner, at, cause }: FailedStart): string {
  const start = runner === undefined ? 'a start was refused' : `the start of ${runner} failed`;
  return `${start} at ${timeText(at)} UTC: ${cause}`;
}

function surroundings({ group, queue }: GroupObservation, { workspaces, queues = [] }: Observation): readonly string[] {
  const workspace = workspaces.find((entry) => entry.workspace === group.scope.workspace);
  const room =
    workspace === undefined
      ? []
      : [
          `workspace ${workspace.workspace} has ${counted(workspace.registrations, 'registration')}${assumption(workspace.assumed)} and may have ${workspace.maxRunners}`,
        ];
  if (queue === undefined) return room;
  if (queue.kind === 'unknown') return [...room, `its queue could not be counted: ${queue.why}`];
  const looked = queues.filter(
    ({ scope }) => scope.workspace === group.scope.workspace && queue.repositories.includes(scope.repository),
  );
  const steps = looked.map(({ scope, waiting }) => {
    const total = waiting.reduce((sum, entry) => sum + entry.steps, 0);
    return `${scope.repository} ${total}`;
  });
  return [...room, `steps that wait, by repository: ${steps.length === 0 ? 'none' : steps.join(', ')}`];
}

/** One runner as an explanation shows it. */
export type RunnerLine = {
  readonly runner: string;
  readonly name: string;
  readonly class: RunnerClass;
  readonly text: string;
};

/** A line for every runner, in the order of the observation. `at` is when it was looked at. */
function runnerLines(
  observation: GroupObservation,
  classified: readonly ClassifiedRunner[],
  at: Instant,
): readonly RunnerLine[] {
  return classified.map((entry) => {
    const { runner, class: name } = entry;
    return { runner: runner.uuid, name: runner.name, class: name, text: sentenceOn(observation, entry, at) };
  });
}

function sentenceOn(observation: GroupObservation, entry: ClassifiedRunner, at: Instant): string {
  switch (entry.class) {
    case 'busy':
      return 'runs a step, so nobody touches it';
    case 'idle':
      return sentenceOnIdle(observation, entry, at);
    case 'starting':
      return sentenceOnStarting(observation, entry, at);
    case 'draining':
      return sentenceOnDraining(observation, entry, at);
    case 'dead':
      return entry.cause.text;
  }
}

function sentenceOnIdle({ group, memory, idleTrusted }: GroupObservation, { runner }: ClassifiedRunner, at: Instant) {
  if (!idleTrusted) return 'shows no step, which proves nothing: this API has shown no busy runner lately';
  const since = memory.idleSince[runner.uuid];
  if (since === undefined) return 'idle, seen so for the first time';
  const idle = `idle for ${duration(at - since)}`;
  if (at - since >= group.coolDownMs) return `${idle}, past the cool-down of ${duration(group.coolDownMs)}`;
  return `${idle} of the ${duration(group.coolDownMs)} cool-down, so it may not go yet`;
}

function sentenceOnStarting({ group }: GroupObservation, { runner, job, slow }: ClassifiedRunner, at: Instant): string {
  const age = duration(at - (runner.status === 'UNREGISTERED' ? runner.createdAt : runner.stateChangedAt));
  const limit = `of at most ${duration(group.startTimeoutMs)}`;
  const behind = job === undefined ? 'no Job behind it' : describePod(job.pod);
  return `${runner.statusText} for ${age} ${limit}; ${behind}${slow ? '; too slow to be counted on' : ''}`;
}

function sentenceOnDraining({ group, memory }: GroupObservation, entry: ClassifiedRunner, at: Instant): string {
  const { runner, job, leaving } = entry;
  if (leaving !== undefined) return reason('pod-leaving', { why: leaving.why }).text;
  if (entry.ended && isOver(entry)) return `its Job is ${job?.status ?? 'gone'}, so nothing runs on it`;
  if (runner.hasStep && runner.status === 'OFFLINE') return 'OFFLINE in the middle of a step, which may still run';
  const wasTaken = memory.drains?.[runner.uuid]?.cause === 'pod-leaving' && !mayRun(job);
  if (runner.hasStep && wasTaken)
    return `${runner.statusText}: its pod was taken away in the middle of a step, which is lost`;
  if (runner.hasStep) return sentenceAtWork(entry);
  const since = memory.drainingSince[runner.uuid];
  if (!isOutOfService(runner)) return sentenceInService(entry);
  const seen = since === undefined ? 'seen so for the first time' : `for ${duration(at - since)}`;
  return `out of service and without a step, ${seen}; it is removed after ${duration(group.drainGraceMs)}`;
}

function sentenceAtWork({ runner, contested }: ClassifiedRunner): string {
  const isUnlisted = contested === true && !isOutOfService(runner);
  return isUnlisted ? reason('job-unlisted', {}).text : `${runner.statusText}, and its step goes on`;
}

function sentenceInService({ runner, contested }: ClassifiedRunner): string {
  return contested ? reason('job-unlisted', {}).text : `${runner.statusText}: takes a place and no step; left alone`;
}

/** `its pod is Pending (Unschedulable: no node fits)` */
function describePod(pod: RunnerPod | undefined): string {
  if (pod === undefined) return 'its Job has no pod';
  if (pod.trouble === undefined) return `its pod is ${pod.phase}`;
  const { reason, message } = pod.trouble;
  return `its pod is ${pod.phase} (${message === '' ? reason : `${reason}: ${message}`})`;
}
