/**
 * What was listed, by whom it concerns, so that a look at a group costs its own runners and Jobs and not everybody's: a
 * namespace may hold the Jobs of two hundred groups. Pure.
 */
import type { RunnerGroup } from '../model/configuration.ts';
import type { GroupObservation, Runner, RunnerJob } from '../model/observation.ts';
import { bareUuid } from '../uuid.ts';

/** Registrations of one scope. */
export type RunnerIndex = {
  /** By their labels, joined. */
  readonly byLabels: ReadonlyMap<string, readonly Runner[]>;
  /** Without braces. */
  readonly uuids: ReadonlySet<string>;
};

/** A Job and its place in the list. */
type Ranked = { readonly rank: number; readonly job: RunnerJob };

/** Jobs of one namespace. */
export type JobIndex = {
  /** By the uuid of their runner, without braces. */
  readonly byRunner: ReadonlyMap<string, readonly Ranked[]>;
  /** By the name of the group that they were made for. */
  readonly byGroup: ReadonlyMap<string, readonly RunnerJob[]>;
};

export function indexRunners(runners: readonly Runner[]): RunnerIndex {
  return {
    byLabels: Map.groupBy(runners, ({ labels }) => labels.join(' ')),
    uuids: new Set(runners.map(({ uuid }) => bareUuid(uuid))),
  };
}

export function indexJobs(jobs: readonly RunnerJob[]): JobIndex {
  const ranked = jobs.map((job, rank) => ({ rank, job }));
  return {
    byRunner: Map.groupBy(ranked, ({ job }) => job.runnerUuid),
    byGroup: Map.groupBy(jobs, ({ group }) => group),
  };
}

/** The runners with exactly the labels of the group. */
export function runnersOf({ labels }: RunnerGroup, { byLabels }: RunnerIndex): readonly Runner[] {
  return byLabels.get(labels.join(' ')) ?? [];
}

/** The Jobs behind these runners, in the order of the list. */
export function jobsBehind(runners: readonly Runner[], { byRunner }: JobIndex): readonly RunnerJob[] {
  return runners
    .flatMap(({ uuid }) => byRunner.get(bareUuid(uuid)) ?? [])
    .sort((a, b) => a.rank - b.rank)
    .map(({ job }) => job);
}

/** Jobs made for this group whose runner is registered nowhere in the scope that they were made for. */
export function orphansOf(
  { name }: RunnerGroup,
  { uuids }: RunnerIndex,
  { byGroup }: JobIndex,
  identity: GroupObservation['identity'],
): readonly RunnerJob[] {
  if (identity === undefined) return [];
  const isOrphan = (job: RunnerJob) =>
    !uuids.has(job.runnerUuid) &&
    job.identity?.workspaceUuid === identity.workspaceUuid &&
    job.identity.repositoryUuid === identity.repositoryUuid;
  return byGroup.get(name)?.filter(isOrphan) ?? [];
}
