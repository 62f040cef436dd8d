/** From Job and Pod objects, as an API server lists them, to the autoscaler's own words. Pure. */
import * as z from 'zod';
import type { Quantities } from '#core/model/configuration.ts';
import type { PodResize, PodTrouble, RunnerJob, RunnerPod, TakenAway } from '#core/model/observation.ts';
import { bareUuid } from '#core/uuid.ts';
import { isRunner } from '#manifests/containers.ts';
import { PROTECTED_LABEL, RESIZE_ANNOTATION, RUNNER_LABEL, runnerUuidOf, stampsOf } from '#manifests/naming.ts';
import { parseQuantity } from '#yaml/quantity.ts';
import { jsonIn } from '#yaml/values.ts';

/** Controllers write as much as they like; a sentence has room for so much. */
const LONGEST_TEXT = 500;

const Text = z
  .string()
  .default('')
  .transform((text) => text.slice(0, LONGEST_TEXT));
const Labels = z.record(z.string(), z.string()).default({});

const metadata = z.object({
  name: z.string(),
  uid: z.string(),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().optional(),
  labels: Labels,
  annotations: Labels,
  ownerReferences: z.array(z.object({ uid: z.string() })).default([]),
});
const conditions = z
  .array(
    z.object({
      type: z.string(),
      status: z.string(),
      reason: Text,
      message: Text,
      lastTransitionTime: z.string().nullish(),
    }),
  )
  .default([]);
const Amounts = z.object({ cpu: z.coerce.string().optional(), memory: z.coerce.string().optional() });
const container = z.object({
  restartCount: z.number().default(0),
  state: z.object({ waiting: z.object({ reason: Text, message: Text }).optional() }).optional(),
  lastState: z
    .object({ terminated: z.object({ reason: z.string().optional(), exitCode: z.number().optional() }).optional() })
    .optional(),
});

export const jobObject = z.object({ metadata, status: z.object({ conditions }).prefault({}) });
const podContainer = z.object({
  name: Text,
  image: Text.optional(),
  env: z.array(z.object({ name: Text })).default([]),
  resources: z.object({ requests: Amounts.default({}) }).optional(),
});
const pod = z.object({
  metadata,
  spec: z
    .object({ containers: z.array(podContainer).default([]), initContainers: z.array(podContainer).optional() })
    .prefault({}),
  status: z
    .object({
      phase: z.string().default('Pending'),
      reason: z.string().optional(),
      message: Text,
      conditions,
      initContainerStatuses: z.array(container).default([]),
      containerStatuses: z.array(container).default([]),
    })
    .prefault({}),
});

/** A page of a list, of which only these fields are read. */
function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    metadata: z.object({ continue: z.string().optional() }).default({}),
    items: z.array(item).nullable(),
  });
}
export const jobPage = pageOf(jobObject);
export const podPage = pageOf(pod);
type JobObject = z.output<typeof jobObject>;
type PodObject = z.output<typeof pod>;

/** Each Job with its latest pod. Jobs from which no runner's uuid can be told are not ours and left out. */
export function joinJobs(jobs: readonly JobObject[], pods: readonly PodObject[]): readonly RunnerJob[] {
  const owned = new Map<string, PodObject[]>();
  for (const each of pods.toSorted((a, b) => createdAt(a) - createdAt(b))) {
    for (const { uid } of each.metadata.ownerReferences) owned.set(uid, [...(owned.get(uid) ?? []), each]);
  }
  return jobs.flatMap((each) => {
    const { name, uid, labels } = each.metadata;
    const runnerUuid = labels[RUNNER_LABEL] ?? runnerUuidOf(name);
    return runnerUuid === undefined ? [] : [runnerJob(each, bareUuid(runnerUuid), owned.get(uid) ?? [])];
  });
}

/** `pods`: all of the Job's, oldest first. */
function runnerJob(object: JobObject, runnerUuid: string, pods: readonly PodObject[]): RunnerJob {
  const { name, labels, annotations } = object.metadata;
  const itsPod = pods.at(-1);
  const takenAway = takenAwayOf(object, pods);
  return {
    name,
    runnerUuid,
    ...stampsOf(labels, annotations),
    status: jobStatus(object),
    createdAt: createdAt(object),
    pod: itsPod && runnerPod(itsPod),
    ...(takenAway && { takenAway }),
  };
}

/** What Kubernetes sets on a Job whose pods it deletes because they have failed too often: before they are gone, and after. */
const FAILURES = ['FailureTarget', 'Failed'];

/**
 * The mark of a pod that is being taken away. All pods of the Job are asked: a new one may hide the one that leaves. One
 * that has ended says nothing any more, unless there is no later one.
 */
function takenAwayOf(job: JobObject, pods: readonly PodObject[]): TakenAway | undefined {
  const hasEnded = ({ status: { phase } }: PodObject) => phase === 'Succeeded' || phase === 'Failed';
  const present = pods.filter((each) => each === pods.at(-1) || !hasEnded(each));
  const [disruption] = present.flatMap(({ status: { conditions } }) =>
    conditions.filter(({ type, status }) => type === 'DisruptionTarget' && status === 'True'),
  );
  if (disruption !== undefined) return { why: disruption.reason || disruption.type };
  if (!present.some((each) => each.metadata.deletionTimestamp !== undefined && !hasEnded(each))) return undefined;
  const byItsJob = FAILURES.some((type) => isTrue(job, type));
  return { why: 'Deleted', ...(byItsJob && { byItsJob }) };
}

function createdAt({ metadata: { creationTimestamp } }: JobObject | PodObject): number {
  return Date.parse(creationTimestamp);
}

function jobStatus(job: JobObject): RunnerJob['status'] {
  if (isTrue(job, 'Complete')) return 'complete';
  return isTrue(job, 'Failed') ? 'failed' : 'active';
}

function isTrue({ status: { conditions } }: JobObject, type: string): boolean {
  return conditions.some((one) => one.type === type && one.status === 'True');
}

const PHASES: readonly RunnerPod['phase'][] = ['Pending', 'Running', 'Succeeded', 'Failed'];

/** The container with the runner in it, told by what it does, or by its name; undefined where nothing tells. */
function runnerContainer({ spec: { containers } }: PodObject): string | undefined {
  return (containers.find(isRunner) ?? containers.find(({ name }) => name === 'runner'))?.name;
}

/** A pod whose node is gone stays `Running` until somebody removes it; the controller of nodes says what it knows. */
function isLost({ reason, conditions }: PodObject['status']): boolean {
  const isEvicted = conditions.some(
    ({ type, status, reason: why }) =>
      type === 'DisruptionTarget' && status === 'True' && why === 'DeletionByTaintManager',
  );
  const isReady = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  return reason === 'NodeLost' || (isEvicted && !isReady);
}

function phaseOf({ status }: PodObject): RunnerPod['phase'] {
  const known = PHASES.find((phase) => phase === status.phase) ?? 'Unknown';
  return known === 'Running' && isLost(status) ? 'Unknown' : known;
}

/** What we have written down on a pod whose requests follow what its runner is at. */
const ResizeMark = z.object({
  container: z.string(),
  isInit: z.literal(true).optional(),
  idle: Amounts,
  full: Amounts,
});

/** How the pod is resized, and what has come of it; undefined: it is not. */
function resizeOf({ metadata: { annotations }, spec, status: { conditions } }: PodObject): PodResize | undefined {
  const mark = ResizeMark.safeParse(jsonIn(annotations[RESIZE_ANNOTATION] ?? '')).data;
  if (mark === undefined) return undefined;
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  const requests = all.find(({ name }) => name === mark.container)?.resources?.requests ?? {};
  const asks = (['full', 'idle'] as const).find((kind) => isAsked(mark[kind], requests));
  const pending = conditions.find(({ type, status }) => type === 'PodResizePending' && status === 'True');
  const since = Date.parse(pending?.lastTransitionTime ?? '');
  return {
    ...mark,
    ...(asks && { asks }),
    // Of unknown age it counts as old: its step goes on, and another runner is made.
    ...(pending && { pending: { reason: pending.reason, message: pending.message, since: since || 0 } }),
  };
}

/** Whether these amounts are what is asked for, however they are written: `1000m` comes back as `1`. */
function isAsked(amounts: Quantities, requests: Quantities): boolean {
  return (['cpu', 'memory'] as const).every(
    (kind) => amounts[kind] === undefined || parseQuantity(amounts[kind]) === parseQuantity(requests[kind] ?? ''),
  );
}

function runnerPod(object: PodObject): RunnerPod {
  const {
    metadata: { name, labels },
    status,
  } = object;
  const resize = resizeOf(object);
  const container = runnerContainer(object);
  const containers = [...status.initContainerStatuses, ...status.containerStatuses];
  const trouble = troubleOf(status, containers);
  return {
    name,
    ...(container !== undefined && { container }),
    phase: phaseOf(object),
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
    isProtected: labels[PROTECTED_LABEL] === 'true',
    ...(resize && { resize }),
    ...(trouble && { trouble }),
  };
}

/** What every pod waits for while it starts. */
const ORDINARY_WAITS = new Set(['', 'ContainerCreating', 'PodInitializing']);

function troubleOf(
  { conditions, reason, message }: PodObject['status'],
  containers: readonly z.output<typeof container>[],
): PodTrouble | undefined {
  for (const { state, lastState } of containers) {
    const waiting = state?.waiting;
    if (waiting !== undefined && !ORDINARY_WAITS.has(waiting.reason)) {
      return { reason: waiting.reason, message: `${waiting.message}${lastEnding(lastState)}` };
    }
  }
  const unscheduled = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (unscheduled !== undefined) {
    return { reason: unscheduled.reason || 'Unschedulable', message: unscheduled.message };
  }
  return reason === undefined ? undefined : { reason, message };
}

/** ` (last exit: OOMKilled, code 137)`: why a container that is held back keeps crashing. */
function lastEnding(lastState: z.output<typeof container>['lastState']): string {
  const { terminated } = lastState ?? {};
  if (terminated === undefined) return '';
  const { reason, exitCode } = terminated;
  const parts = [reason, exitCode === undefined ? undefined : `code ${exitCode}`];
  return ` (last exit: ${parts.filter((part) => part !== undefined).join(', ')})`;
}
