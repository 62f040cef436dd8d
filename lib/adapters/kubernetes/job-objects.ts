/** From Job and Pod objects, as an API server lists them, to the autoscaler's own words. Pure. */
import * as z from 'zod';
import type { PodTrouble, RunnerJob, RunnerPod } from '#core/model/observation.ts';
import { bareUuid, bracedUuid } from '#core/uuid.ts';
import {
  GROUP_ANNOTATION,
  GROUP_LABEL,
  PROTECTED_LABEL,
  REPOSITORY_LABEL,
  RUNNER_LABEL,
  runnerUuidOf,
  WORKSPACE_LABEL,
} from '#manifests/naming.ts';

const metadata = z.object({
  name: z.string(),
  uid: z.string(),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
  ownerReferences: z.array(z.object({ uid: z.string() })).default([]),
});
const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
});
const conditions = z.array(condition).default([]);
const ending = z.object({ reason: z.string().optional(), exitCode: z.number().optional() }).optional();
const containerStatuses = z
  .array(
    z.object({
      restartCount: z.number().default(0),
      state: z
        .object({ waiting: z.object({ reason: z.string().default(''), message: z.string().default('') }).optional() })
        .optional(),
      lastState: z.object({ terminated: ending }).optional(),
    }),
  )
  .default([]);

export const jobObject = z.object({ metadata, status: z.object({ conditions }).optional() });
const pod = z.object({
  metadata,
  status: z
    .object({
      phase: z.string().optional(),
      reason: z.string().optional(),
      message: z.string().default(''),
      conditions,
      initContainerStatuses: containerStatuses,
      containerStatuses,
    })
    .optional(),
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
export type JobObject = z.infer<typeof jobObject>;
export type PodObject = z.infer<typeof pod>;

/** Each Job with its latest pod. Jobs from which no runner's uuid can be told are not ours and left out. */
export function joinJobs(jobs: readonly JobObject[], pods: readonly PodObject[]): readonly RunnerJob[] {
  const latest = new Map<string, PodObject>();
  for (const each of pods) {
    for (const { uid } of each.metadata.ownerReferences) {
      const other = latest.get(uid);
      if (other === undefined || createdAt(other) <= createdAt(each)) latest.set(uid, each);
    }
  }
  return jobs.flatMap((each) => {
    const { name, uid, labels, annotations } = each.metadata;
    const runnerUuid = labels[RUNNER_LABEL] ?? runnerUuidOf(name);
    if (runnerUuid === undefined) return [];
    const itsPod = latest.get(uid);
    return [
      {
        name,
        runnerUuid: bareUuid(runnerUuid),
        group: annotations[GROUP_ANNOTATION] ?? labels[GROUP_LABEL] ?? '',
        ...scopeOf(labels),
        status: jobStatus(each),
        createdAt: createdAt(each),
        ...(itsPod === undefined ? {} : { pod: runnerPod(itsPod) }),
      },
    ];
  });
}

/** The scope, from labels that may have been taken away. */
function scopeOf(labels: Readonly<Record<string, string>>): Pick<RunnerJob, 'identity'> {
  const workspace = labels[WORKSPACE_LABEL];
  const repository = labels[REPOSITORY_LABEL];
  if (workspace === undefined) return {};
  const workspaceUuid = bracedUuid(workspace);
  return {
    identity: repository === undefined ? { workspaceUuid } : { workspaceUuid, repositoryUuid: bracedUuid(repository) },
  };
}

function createdAt({ metadata: { creationTimestamp } }: JobObject | PodObject): number {
  return Date.parse(creationTimestamp);
}

function jobStatus({ status }: JobObject): RunnerJob['status'] {
  const isTrue = (type: string) => (status?.conditions ?? []).some((one) => one.type === type && one.status === 'True');
  if (isTrue('Complete')) return 'complete';
  return isTrue('Failed') ? 'failed' : 'active';
}

const PHASES: ReadonlySet<string> = new Set<RunnerPod['phase']>(['Pending', 'Running', 'Succeeded', 'Failed']);

function runnerPod(each: PodObject): RunnerPod {
  const { status } = each;
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const phase = status?.phase ?? 'Pending';
  const trouble = troubleOf(each);
  return {
    name: each.metadata.name,
    phase: PHASES.has(phase) ? (phase as RunnerPod['phase']) : 'Unknown',
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
    isProtected: each.metadata.labels[PROTECTED_LABEL] === 'true',
    ...(trouble === undefined ? {} : { trouble }),
  };
}

/** What every pod waits for while it starts. */
const ORDINARY_WAITS = new Set(['', 'ContainerCreating', 'PodInitializing']);

function troubleOf({ status }: PodObject): PodTrouble | undefined {
  if (status === undefined) return undefined;
  for (const { state, lastState } of [...status.initContainerStatuses, ...status.containerStatuses]) {
    const waiting = state?.waiting;
    if (waiting !== undefined && !ORDINARY_WAITS.has(waiting.reason)) {
      return { reason: waiting.reason, message: `${waiting.message}${lastEnding(lastState?.terminated)}` };
    }
  }
  const unscheduled = status.conditions.find(({ type, status: value }) => type === 'PodScheduled' && value === 'False');
  if (unscheduled !== undefined) {
    return { reason: unscheduled.reason || 'Unschedulable', message: unscheduled.message };
  }
  return status.reason === undefined ? undefined : { reason: status.reason, message: status.message };
}

/** ` (last exit: OOMKilled, code 137)`: why a container that is held back keeps crashing. */
function lastEnding(terminated: z.infer<typeof ending>): string {
  if (terminated === undefined) return '';
  const parts = [
    terminated.reason,
    terminated.exitCode === undefined ? undefined : `code ${terminated.exitCode}`,
  ].filter((part) => part !== undefined);
  return ` (last exit: ${parts.join(', ')})`;
}
