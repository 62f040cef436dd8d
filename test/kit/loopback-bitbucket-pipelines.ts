/** The pipelines of the loopback Bitbucket: what runs and waits in its repositories, and the files that say where. */
import { randomUUID } from 'node:crypto';
import type { Scope } from '#core/model/configuration.ts';
import { scopeKey } from '#core/scope.ts';

/** A step as Bitbucket shows it: never with its labels. */
export type LoopbackStep = {
  readonly name?: string;
  state: 'PENDING' | 'READY' | 'IN_PROGRESS' | 'COMPLETED';
  readonly stage?: string;
  readonly trigger?: 'automatic' | 'manual';
  /** ISO 8601. */
  readonly startedOn?: string;
  readonly completedOn?: string;
  readonly result?: string;
};

export type LoopbackPipeline = {
  readonly uuid: string;
  /** By which lists are filtered. */
  status: 'PENDING' | 'BUILDING' | 'IN_PROGRESS' | 'PAUSED' | 'PASSED';
  readonly target: object;
  readonly steps: LoopbackStep[];
  /** ISO 8601. */
  readonly createdOn?: string;
  readonly number?: number;
};

type Answer = { readonly status: number; readonly body?: object | string };

const NOT_FOUND: Answer = { status: 404, body: { type: 'error', error: { message: 'Not found' } } };

const ROUTE =
  /^\/2\.0\/repositories\/(?<workspace>[^/]+)(?:\/(?<repository>[^/]+)\/(?:(?<list>pipelines)|pipelines\/(?<uuid>[^/]+)\/steps\/|src\/(?<commit>[^/]+)\/bitbucket-pipelines\.yml))?$/;

/** No pipelines yet. `repositories` are by workspace; the one with the latest pipeline is the most recently active. */
export function createLoopbackPipelines(
  repositories: Readonly<Record<string, readonly string[]>>,
  pageLength: () => number,
) {
  const byScope = new Map<string, LoopbackPipeline[]>();
  const files = new Map<string, string>();
  const active = new Map(Object.entries(repositories).map(([workspace, names]) => [workspace, [...names]]));

  /** Adds a pipeline of `default` at `commit`, unless its target says otherwise; the latest comes first. */
  function addPipeline(
    scope: Required<Scope>,
    settings: Partial<LoopbackPipeline> & { readonly commit?: string; readonly steps: LoopbackStep[] },
  ): LoopbackPipeline {
    const { commit = 'c0ffee', ...over } = settings;
    const target = {
      type: 'pipeline_ref_target',
      ref_type: 'branch',
      ref_name: 'main',
      selector: { type: 'default' },
      commit: { type: 'commit', hash: commit },
    };
    const pipeline: LoopbackPipeline = { uuid: `{${randomUUID()}}`, status: 'BUILDING', target, ...over };
    byScope.set(scopeKey(scope), [pipeline, ...(byScope.get(scopeKey(scope)) ?? [])]);
    const others = (active.get(scope.workspace) ?? []).filter((name) => name !== scope.repository);
    active.set(scope.workspace, [scope.repository, ...others]);
    return pipeline;
  }

  function page(all: readonly object[], url: URL): Answer {
    const length = Math.min(pageLength(), Number(url.searchParams.get('pagelen') ?? 10));
    const number = Number(url.searchParams.get('page') ?? 1);
    const values = all.slice((number - 1) * length, number * length);
    if (number * length >= all.length) return { status: 200, body: { values } };
    const next = new URL(url);
    next.searchParams.set('page', String(number + 1));
    return { status: 200, body: { values, next: next.href } };
  }

  function listRepositories(workspace: string, url: URL): Answer {
    const query = /name ~ "(.*)"/.exec(url.searchParams.get('q') ?? '')?.[1] ?? '';
    const names = active.get(workspace);
    if (names === undefined) return NOT_FOUND;
    const slugs = names.filter((name) => name.includes(query)).map((slug) => ({ slug }));
    return page(url.searchParams.get('sort') === '-updated_on' ? slugs : slugs.reverse(), url);
  }

  function inRepository(scope: Required<Scope>, asked: Record<string, string | undefined>, url: URL): Answer {
    const pipelines = byScope.get(scopeKey(scope)) ?? [];
    if (asked.list !== undefined) {
      const statuses = url.searchParams.getAll('status');
      const wanted = pipelines.filter(({ status }) => statuses.length === 0 || statuses.includes(status));
      return page(wanted.map(documentOf), url);
    }
    if (asked.uuid !== undefined) {
      const found = pipelines.find((pipeline) => pipeline.uuid === asked.uuid);
      return found === undefined ? NOT_FOUND : page(found.steps.map(stepDocumentOf), url);
    }
    const file = files.get(`${scopeKey(scope)}@${asked.commit}`);
    return file === undefined ? NOT_FOUND : { status: 200, body: file };
  }

  /** What Bitbucket would answer; undefined when the request is about something else. */
  function answer(path: string, url: URL): Answer | undefined {
    const asked = ROUTE.exec(path.split('?')[0] ?? '')?.groups;
    if (asked?.workspace === undefined) return undefined;
    const { workspace, repository } = asked;
    if (repository === undefined) return listRepositories(workspace, url);
    return active.get(workspace)?.includes(repository)
      ? inRepository({ workspace, repository }, asked, url)
      : NOT_FOUND;
  }

  return {
    addPipeline,
    /** Puts bitbucket-pipelines.yml into a commit. */
    putFile: (scope: Required<Scope>, text: string, commit = 'c0ffee') => {
      files.set(`${scopeKey(scope)}@${commit}`, text);
    },
    answer,
  };
}

function documentOf({ uuid, status, target, createdOn, number }: LoopbackPipeline) {
  const name = status === 'PENDING' ? 'PENDING' : 'IN_PROGRESS';
  const state = { type: `pipeline_state_${name.toLowerCase()}`, name };
  return { type: 'pipeline', uuid, state, target, created_on: createdOn, build_number: number };
}

function stepDocumentOf({ name, state, stage, trigger = 'automatic', ...run }: LoopbackStep) {
  return {
    type: 'pipeline_step',
    ...(name === undefined ? {} : { name }),
    state: {
      type: `pipeline_step_state_${state.toLowerCase()}`,
      name: state,
      ...(stage === undefined ? {} : { stage: { name: stage } }),
      ...(run.result === undefined ? {} : { result: { name: run.result } }),
    },
    started_on: run.startedOn,
    completed_on: run.completedOn,
    trigger: { type: `pipeline_step_trigger_${trigger}` },
  };
}
