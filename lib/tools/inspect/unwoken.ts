/**
 * Pipelines that use a group which sleeps and do not wake it: their steps fail for lack of a runner. What is looked at is
 * what ran lately, section by section, as it is written at the commit that ran.
 */
import { strategyOf } from '#core/decide/strategies/index.ts';
import { sentenceOf } from '#core/errors.ts';
import type { RunnerGroup, Scope } from '#core/model/configuration.ts';
import type { PipelineSource } from '#core/ports.ts';
import { scopeKey } from '#core/scope.ts';
import { isUuid } from '#core/uuid.ts';
import { isWakeable } from '#core/wake/wakeable.ts';
import type { InputProblem } from '#yaml/problem.ts';

/** A step of a section; blocks come one after the other. `wakes`: the script by which it asks for runners. */
export type WrittenStep = {
  readonly name?: string;
  readonly labels: readonly string[];
  readonly block: number;
  readonly wakes?: string;
};

/** What is asked of Bitbucket, for a workspace. */
export type WrittenPipelines = {
  /** Repositories by slug, the most recently active first. */
  readonly recent: (workspace: string) => Promise<readonly string[]>;
  /** Pipelines, newest first. */
  readonly pipelines: (scope: Required<Scope>) => Promise<{ readonly values: readonly PipelineSource[] }>;
  readonly written: (
    scope: Required<Scope>,
    pipeline: PipelineSource,
  ) => Promise<{ readonly steps: readonly WrittenStep[] } | { readonly problem: string }>;
};

/** Of a repository; each takes a call. */
const MOST_SECTIONS = 5;

/** Whether nothing may be online although nobody has taken the group away: its strategy keeps no idle runner, either. */
export function sleeps(group: RunnerGroup): boolean {
  const { strategy } = group;
  if (!isWakeable(group) || strategyOf(strategy.kind).keepsAwake(strategy)) return false;
  return [group, ...group.schedules].some(({ min, max }) => min === 0 && max > 0);
}

/** A warning for each repository, section and group. What cannot be read is one, too. */
export async function findUnwoken(
  groups: readonly RunnerGroup[],
  openWorkspace: (workspace: string) => Promise<WrittenPipelines>,
): Promise<readonly InputProblem[]> {
  const workspaces = [...new Set(groups.filter(sleeps).map(({ scope }) => scope.workspace))];
  const found = await Promise.all(
    workspaces.map(async (workspace) => {
      const own = groups.filter(({ scope }) => scope.workspace === workspace);
      try {
        const api = await openWorkspace(workspace);
        return await inWorkspace(workspace, own, api);
      } catch (error) {
        return [{ source: workspace, path: '', message: `was not looked at: ${sentenceOf(error)}` }];
      }
    }),
  );
  return found.flat();
}

async function inWorkspace(workspace: string, groups: readonly RunnerGroup[], api: WrittenPipelines) {
  const named = groups.filter(isWakeable).flatMap(({ wake }) => wake.from.map(({ repository }) => repository));
  const repositories = [...new Set([...named, ...(await api.recent(workspace))])];
  const found: InputProblem[] = [];
  // One after the other: these calls are the least important of all.
  for (const repository of repositories) {
    const scope = { workspace, repository };
    found.push(...(await inRepository(scope, groups, api).catch((error) => [unread(scope, sentenceOf(error))])));
  }
  return found;
}

async function inRepository(scope: Required<Scope>, groups: readonly RunnerGroup[], api: WrittenPipelines) {
  const { values } = await api.pipelines(scope);
  const latest = new Map(values.toReversed().map((pipeline) => [nameOf(pipeline), pipeline]));
  const sections = [...latest].reverse().slice(0, MOST_SECTIONS);
  const written = await Promise.all(
    sections.map(async ([name, pipeline]) => ({ name, section: await api.written(scope, pipeline) })),
  );
  return written.flatMap(({ name, section }) =>
    'problem' in section
      ? [unread(scope, `${name} ${section.problem}`)]
      : unwokenIn(section.steps, groups, scope).map((message) => ({ ...placeOf(scope), path: name, message })),
  );
}

function nameOf({ section, pattern, ref }: PipelineSource): string {
  return section === 'default' ? section : `${section}.${pattern ?? ref ?? '?'}`;
}

/** A sentence for each group that sleeps, of which a step is the first to use it and none before it wakes it. */
export function unwokenIn(
  steps: readonly WrittenStep[],
  groups: readonly RunnerGroup[],
  { repository }: Required<Scope>,
): readonly string[] {
  const inReach = groups.filter((group) => isInReach(group, repository));
  return inReach.filter(sleeps).flatMap((group) => {
    const step = steps.find((one) => one.labels.length > 0 && runs(group, one));
    if (step === undefined) return [];
    const isOthers = inReach.some((other) => !sleeps(other) && runs(other, step));
    const isWoken = steps.some((one) => one.block < step.block && mayWake(one, group, groups));
    if (isOthers || isWoken) return [];
    const name = step.name === undefined ? 'a step' : `step "${step.name}"`;
    return [
      `${name} runs on group ${group.name}, which sleeps, and no step before it wakes the group: it fails unless a runner happens to be online; wake it first (docs/from-zero.md)`,
    ];
  });
}

/** What the uuid of a repository stands for, `wake.from` says at best. */
function isInReach({ scope: { repository: own }, wake }: RunnerGroup, repository: string): boolean {
  if (own === undefined || own === repository) return true;
  return isUuid(own) && wake?.from.some((one) => one.repository === repository) === true;
}

/** Whether it asks for the group, as far as can be told: it may take the name from a variable, but not while it has another. */
function mayWake({ wakes: script }: WrittenStep, { name }: RunnerGroup, groups: readonly RunnerGroup[]): boolean {
  if (script === undefined) return false;
  return script.includes(name) || !groups.some((other) => script.includes(other.name));
}

function runs({ labels }: RunnerGroup, step: WrittenStep): boolean {
  return step.labels.every((label) => labels.includes(label));
}

function unread(scope: Required<Scope>, why: string): InputProblem {
  return { ...placeOf(scope), path: '', message: `was not looked at: ${why}` };
}

function placeOf(scope: Required<Scope>) {
  return { source: `bitbucket-pipelines.yml of ${scopeKey(scope)}` };
}
