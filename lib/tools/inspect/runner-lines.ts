/** What was seen of each runner, and what followed from it, in a sentence. Pure. */
import type { ClassifiedRunner } from '#core/decide/classify.ts';
import { isOutOfService } from '#core/decide/classify.ts';
import type { RunnerClass } from '#core/model/decision.ts';
import type { GroupObservation, Instant, RunnerPod } from '#core/model/observation.ts';
import { duration } from '#core/reasons.ts';

/** One runner as an explanation shows it. */
export type RunnerLine = {
  readonly runner: string;
  readonly name: string;
  readonly class: RunnerClass;
  readonly text: string;
};

/** A line for every runner, in the order of the observation. `at` is when it was looked at. */
export function runnerLines(
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
  if (!idleTrusted) return 'shows no step, which proves nothing: this API has never shown a busy runner';
  const since = memory.idleSince[runner.uuid];
  if (since === undefined) return 'idle, seen so for the first time';
  const idle = `idle for ${duration(at - since)}`;
  if (at - since >= group.coolDownMs) return `${idle}, past the cool-down of ${duration(group.coolDownMs)}`;
  return `${idle} of the ${duration(group.coolDownMs)} cool-down, so it may not go yet`;
}

function sentenceOnStarting({ group }: GroupObservation, { runner, job }: ClassifiedRunner, at: Instant): string {
  const age = duration(at - (runner.status === 'UNREGISTERED' ? runner.createdAt : runner.stateChangedAt));
  const limit = `of at most ${duration(group.startTimeoutMs)}`;
  return `${runner.statusText} for ${age} ${limit}; ${job === undefined ? 'no Job behind it' : describePod(job.pod)}`;
}

function sentenceOnDraining({ group, memory }: GroupObservation, { runner }: ClassifiedRunner, at: Instant): string {
  if (runner.hasStep) return `${runner.statusText}, and its step goes on`;
  const since = memory.drainingSince[runner.uuid];
  if (!isOutOfService(runner)) return `${runner.statusText}: takes a place and no step; left alone`;
  const seen = since === undefined ? 'seen so for the first time' : `for ${duration(at - since)}`;
  return `out of service and without a step, ${seen}; it is removed after ${duration(group.drainGraceMs)}`;
}

/** `its pod is Pending (Unschedulable: no node fits)` */
export function describePod(pod: RunnerPod | undefined): string {
  if (pod === undefined) return 'its Job has no pod';
  if (pod.trouble === undefined) return `its pod is ${pod.phase}`;
  const { reason, message } = pod.trouble;
  return `its pod is ${pod.phase} (${message === '' ? reason : `${reason}: ${message}`})`;
}
