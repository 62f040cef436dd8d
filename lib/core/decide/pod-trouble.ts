/**
 * What keeps a starting runner from coming online, told from what its pod says, and whether waiting can help. Pure.
 * The words are Kubernetes' own: a container's waiting reasons and the scheduler's message.
 */
import type { GroupObservation, Instant, PodTrouble, RunnerJob } from '../model/observation.ts';
import { type Reason, reason, type StartTroubleKind } from '../reasons.ts';
import { ageOf, ORPHAN_GRACE_MS, UNFINISHED_GRACE_MS } from './age.ts';
import type { ClassifiedRunner } from './classify.ts';

/** A trouble, in the cluster's words. */
export type StartTrouble = {
  readonly kind: StartTroubleKind;
  readonly message: string;
  /** No amount of waiting brings this runner online. */
  readonly hopeless: boolean;
};

/** A container that has crashed this often without ever connecting will not come up by itself. */
const HOPELESS_CRASHES = 3;

const IMAGE: readonly string[] = [
  'ErrImagePull',
  'ImagePullBackOff',
  'ImageInspectError',
  'RegistryUnavailable',
  'InvalidImageName',
  'ErrImageNeverPull',
];
const HOPELESS_IMAGE: readonly string[] = ['InvalidImageName', 'ErrImageNeverPull'];
const CONFIGURATION: readonly string[] = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'];

/** What troubles a Job of this age or its pod, if anything does. */
export function startTroubleOf({ pod, createdAt }: RunnerJob, at: Instant): StartTrouble | undefined {
  // What comes a moment later, by design or because somebody is slow, has come by then or never comes.
  const isLate = ageOf(createdAt, at) > ORPHAN_GRACE_MS;
  if (pod?.trouble !== undefined) return podTrouble(pod.trouble, pod.restarts, isLate);
  if (!isLate) return undefined;
  if (pod === undefined) return { kind: 'no-pod', message: '', hopeless: false };
  return pod.phase === 'Running' ? { kind: 'silent', message: '', hopeless: false } : undefined;
}

/**
 * Whether the Job's pod waits for its own Secret, which nobody will create any more: the tick that made the Job was cut
 * off before. The Secret is named after the runner, and the pod names what it misses.
 */
export function lacksItsSecret({ pod, createdAt, runnerUuid }: RunnerJob, at: Instant): boolean {
  return (
    pod?.trouble?.reason === 'CreateContainerConfigError' &&
    pod.trouble.message.includes(runnerUuid) &&
    ageOf(createdAt, at) > UNFINISHED_GRACE_MS
  );
}

function podTrouble({ reason: word, message }: PodTrouble, restarts: number, isLate: boolean): StartTrouble {
  const told = message === '' ? word : `${word}: ${message}`;
  if (IMAGE.includes(word)) return { kind: 'image', message: told, hopeless: HOPELESS_IMAGE.includes(word) };
  // A pod waits for its Secret for a moment.
  if (CONFIGURATION.includes(word)) return { kind: 'configuration', message: told, hopeless: isLate };
  if (word === 'CrashLoopBackOff') return { kind: 'crash', message: told, hopeless: restarts >= HOPELESS_CRASHES };
  const isUnscheduled = word === 'Unschedulable' || word === 'SchedulerError';
  return { kind: isUnscheduled ? 'unschedulable' : 'other', message: isUnscheduled ? message : told, hopeless: false };
}

/** The troubles of a group's starting runners, the same ones counted together. */
export function startTroubles(
  { group }: GroupObservation,
  classified: readonly ClassifiedRunner[],
  at: Instant,
): readonly Reason[] {
  const troubles = classified.flatMap((entry) => {
    const trouble = entry.class === 'starting' && entry.job !== undefined ? startTroubleOf(entry.job, at) : undefined;
    return trouble === undefined ? [] : [trouble];
  });
  const selector = Object.entries(group.pod.nodeSelector)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
  const kinds = Map.groupBy(troubles, ({ kind, message }) => `${kind} ${message}`);
  return [...kinds.values()].flatMap((same) =>
    same
      .slice(0, 1)
      .map(({ kind, message }) => reason('start-trouble', { kind, runners: same.length, message, selector })),
  );
}
