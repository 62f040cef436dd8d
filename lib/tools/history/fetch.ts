/**
 * Reading the past: repository by repository, each from its newest pipeline back to the beginning of the range. Whatever
 * was read is in the journal before the next call goes out, so that it may end at any point and go on there.
 */
import type { PastApi } from '#adapters/bitbucket/past.ts';
import type { Pipeline } from '#adapters/bitbucket/pipeline-answers.ts';
import type { Part } from '#adapters/bitbucket/pipeline-reader.ts';
import { ServiceError, sentenceOf } from '#core/errors.ts';
import type { Scope } from '#core/model/configuration.ts';
import { HOUR_MS } from '#core/time.ts';
import { type Patience, patiently } from './calls.ts';
import type { ExportPlan, Journal, Progress, ReadPipeline } from './journal.ts';

/** How far a fetch is: `share` in [0, 1]. */
export type FetchProgress = {
  readonly repository: string;
  readonly share: number;
  readonly pipelines: number;
};

export type FetchOptions = Patience & { readonly onProgress: (progress: FetchProgress) => void };

/** The first steps of the range may belong to pipelines that were created before it. */
const LEAD_MS = 6 * HOUR_MS;

/** Reads everything that the journal lacks. Throws `ServiceError` for what is refused, and the signal's reason. */
export async function fetchHistory(api: PastApi, journal: Journal, options: FetchOptions): Promise<void> {
  const { progress } = journal;
  const names = progress.names ?? (await findRepositories(api, journal, options));
  for (const [index, name] of names.entries()) {
    if (progress.finished.has(name)) continue;
    await fetchRepository(api, name, journal, {
      ...options,
      onProgress: (found) => options.onProgress({ ...found, share: (index + found.share) / names.length }),
    });
  }
}

async function findRepositories(api: PastApi, journal: Journal, patience: Patience): Promise<readonly string[]> {
  const { workspace, repositories } = journal.progress.plan;
  const names: string[] = [...(repositories ?? [])];
  for (let path: string | undefined, isDone = repositories !== undefined; !isDone; isDone = path === undefined) {
    const part: Part<string> = await patiently(() => api.repositories(workspace, path), patience);
    names.push(...part.values);
    path = part.next;
  }
  await journal.append({ kind: 'repositories', names });
  return names;
}

async function fetchRepository(
  api: PastApi,
  repository: string,
  journal: Journal,
  options: FetchOptions,
): Promise<void> {
  const { plan, parts } = journal.progress;
  const scope = { workspace: plan.workspace, repository };
  let path = parts.get(repository);
  do {
    const part = await readPart(api, scope, path, journal, options);
    for (const pipeline of part.values) {
      if (isWanted(pipeline, journal.progress)) await fetchPipeline(api, scope, pipeline, journal, options);
      options.onProgress({ repository, share: shareDone(pipeline, plan), pipelines: journal.progress.pipelines.size });
    }
    // One page that is older throughout: a single pipeline out of its order does not end the reading.
    const isPast = part.values.length > 0 && part.values.every(({ createdAt = plan.to }) => createdAt < earliest(plan));
    path = isPast ? undefined : part.next;
    if (path !== undefined) await journal.append({ kind: 'part', repository, path });
  } while (path !== undefined);
  await journal.append({ kind: 'finished', repository });
}

async function readPart(
  api: PastApi,
  scope: Required<Scope>,
  path: string | undefined,
  journal: Journal,
  patience: Patience,
): Promise<Part<Pipeline>> {
  const { repositories, from, to } = journal.progress.plan;
  try {
    return await patiently(() => api.pipelines(scope, path), patience);
  } catch (error) {
    // A repository that the workspace has and whose pipelines are not there; one that was named is a mistake.
    if (repositories !== undefined || !isNotFound(error)) throw error;
    const gap = { from, to, repository: scope.repository, reason: 'Bitbucket knows no pipelines of it' };
    await journal.append({ kind: 'gap', gap });
    return { values: [] };
  }
}

async function fetchPipeline(
  api: PastApi,
  scope: Required<Scope>,
  pipeline: Pipeline,
  journal: Journal,
  patience: Patience,
): Promise<void> {
  const { plan } = journal.progress;
  try {
    const { ran, problem, ...others } = await patiently(() => api.steps(scope, pipeline), patience);
    const all = ran.map(({ index, ...step }) => ({
      ...step,
      ...scope,
      id: `${pipeline.number ?? pipeline.uuid}.${index}`,
    }));
    const steps = all.filter(({ ready }) => ready >= plan.from && ready < plan.to);
    const omitted = { ...others, outside: all.length - steps.length };
    const read: ReadPipeline = { repository: scope.repository, uuid: pipeline.uuid, steps, omitted };
    await journal.append({ kind: 'pipeline', pipeline: problem === undefined ? read : { ...read, problem } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const at = pipeline.createdAt ?? plan.from;
    const reason = sentenceOf(error).replace(/\.$/, '');
    const gap = { from: at, to: at, repository: scope.repository, reason };
    await journal.append({ kind: 'gap', gap, uuid: pipeline.uuid });
  }
}

/** In the range, or of an unknown time, and not read before. */
function isWanted({ uuid, createdAt }: Pipeline, { plan, pipelines, unreadable }: Progress): boolean {
  const isInRange = createdAt === undefined || (createdAt >= earliest(plan) && createdAt < plan.to);
  return isInRange && !pipelines.has(uuid) && !unreadable.has(uuid);
}

function earliest({ from }: ExportPlan): number {
  return from - LEAD_MS;
}

function shareDone({ createdAt }: Pipeline, plan: ExportPlan): number {
  const share = (plan.to - (createdAt ?? plan.to)) / (plan.to - earliest(plan));
  return Math.min(1, Math.max(0, share));
}

function isNotFound(error: unknown): boolean {
  return error instanceof ServiceError && error.status === 404;
}
