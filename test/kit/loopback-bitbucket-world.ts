/**
 * What is behind the loopback Bitbucket: workspaces, repositories, runners and tokens, and the right answer to each
 * request. The server in `loopback-bitbucket.ts` puts it on the wire.
 */
import { randomUUID } from 'node:crypto';
import type { Scope } from '#core/model/configuration.ts';
import { scopeKey } from '#core/scope.ts';
import { createLoopbackPipelines } from './loopback-bitbucket-pipelines.ts';

/** A runner as the server keeps it and as it answers, apart from the secret. */
export type LoopbackRunner = {
  readonly uuid: string;
  name: string;
  labels: string[];
  status: string;
  step: object | null;
  cordoned: boolean;
  created_on: string;
  state_updated_on: string;
};

/** What a new runner starts with; the rest gets defaults. */
export type RunnerSettings = Partial<Omit<LoopbackRunner, 'uuid'>>;

export type WorldOptions = {
  /** Workspaces with the names of their repositories; default `{ acme: ['app'] }`. */
  readonly workspaces?: Readonly<Record<string, readonly string[]>>;
  /** The longest page that is given, whatever is asked for; default 100. */
  readonly pageLength?: number;
  /** Host that `next` links name instead of the server's own. */
  readonly nextOrigin?: string;
  /** Registrations per workspace, beyond which creating one is answered 400; default none. */
  readonly maxRunners?: number;
  /** What the account of every credential is in its workspaces; default `owner`. */
  readonly permission?: 'owner' | 'member';
  /** Life of OAuth tokens; default 7200. */
  readonly tokenLifeSeconds?: number;
};

type Route = {
  readonly scope: Scope;
  readonly surface: 'internal' | 'public';
  /** About runners, and not about the workspace or repository itself. */
  readonly ofRunners: boolean;
  readonly uuid?: string;
  /** The state of one runner: internal surface only. */
  readonly state: boolean;
};
type Real = { readonly status: number; readonly body?: object | string };

const ROUTE =
  /^\/(internal|2\.0)\/(?:workspaces\/([^/]+)|repositories\/([^/]+)\/([^/]+))(\/pipelines-config\/runners(?:\/([^/]+?)(\/state)?)?)?$/;

/** The part of a request that the answer depends on. */
type Request = { readonly method: string; readonly path: string; readonly body: string };

/** Creates an empty world; `answer` is what Bitbucket would answer at `origin`. */
export function createLoopbackWorld(options: WorldOptions) {
  const workspaces = options.workspaces ?? { acme: ['app'] };
  const runnersByScope = new Map<string, LoopbackRunner[]>();
  const tokens = new Set<string>();
  const issued: string[] = [];
  const uuids = new Map<string, string>();
  const pipelines = createLoopbackPipelines(workspaces, () => options.pageLength ?? 100);
  for (const [workspace, repositories] of Object.entries(workspaces)) {
    for (const key of [workspace, ...repositories.map((repository) => `${workspace}/${repository}`)]) {
      runnersByScope.set(key, []);
      uuids.set(key, `{${randomUUID()}}`);
    }
  }

  function uuidOf(name: string): string {
    const uuid = uuids.get(name);
    if (uuid === undefined) throw new Error(`no workspace or repository ${name} in this Bitbucket`);
    return uuid;
  }

  /** The names behind a scope that may be given by uuids. */
  function canonical({ workspace, repository }: Scope): string {
    const nameOf = (part: string, within: string): string =>
      [...uuids].find(([name, uuid]) => uuid === part && name.startsWith(within))?.[0] ?? `${within}${part}`;
    const workspaceName = nameOf(workspace, '');
    return repository === undefined ? workspaceName : nameOf(repository, `${workspaceName}/`);
  }

  function runners(scope: Scope): LoopbackRunner[] {
    const found = runnersByScope.get(canonical(scope));
    if (found === undefined) throw new Error(`no scope ${scopeKey(scope)} in this Bitbucket`);
    return found;
  }

  function runner(scope: Scope, uuid: string): LoopbackRunner {
    const found = runners(scope).find((candidate) => candidate.uuid === uuid);
    if (found === undefined) throw new Error(`no runner ${uuid} in ${scopeKey(scope)}`);
    return found;
  }

  function addRunners(scope: Scope, count: number, settings: RunnerSettings = {}): LoopbackRunner[] {
    const added = Array.from({ length: count }, (_, index) => newRunner({ name: `runner-${index}`, ...settings }));
    runners(scope).push(...added);
    return added;
  }

  function issueToken(): Real {
    const token = `token-${randomUUID()}`;
    tokens.add(token);
    issued.push(token);
    return {
      status: 200,
      body: { access_token: token, token_type: 'bearer', expires_in: options.tokenLifeSeconds ?? 7200 },
    };
  }

  function isAllowed(authorization: string): boolean {
    if (authorization.startsWith('Basic ')) return true;
    const token = authorization.replace('Bearer ', '');
    return token.startsWith('token-') ? tokens.has(token) : authorization.startsWith('Bearer ');
  }

  function create(route: Route, body: string): Real {
    const workspace = canonical({ workspace: route.scope.workspace });
    const registered = [...runnersByScope].filter(([key]) => key === workspace || key.startsWith(`${workspace}/`));
    if (registered.flatMap(([, list]) => list).length >= (options.maxRunners ?? Number.POSITIVE_INFINITY)) {
      return { status: 400, body: { error: { message: 'Runner limit exceeded for this workspace.' } } };
    }
    const { name, labels } = JSON.parse(body) as { name: string; labels: string[] };
    const created = newRunner({ name, labels });
    runners(route.scope).push(created);
    const { oauth_client, ...rest } = documentOf(created);
    const secret = `secret-${randomUUID()}`;
    issued.push(secret);
    return { status: 200, body: { ...rest, oauth_client: { ...oauth_client, secret } } };
  }

  function setState(target: LoopbackRunner, body: string): Real {
    const { status } = JSON.parse(body) as { status: string };
    Object.assign(target, { status, state_updated_on: stamp() });
    return { status: 200, body: documentOf(target) };
  }

  /** The update of the public surface, whose body is undocumented: at worst it replaces the runner by what was sent. */
  function replace(target: LoopbackRunner, body: string): Real {
    const { name = '', labels = [] } = JSON.parse(body) as Partial<LoopbackRunner>;
    Object.assign(target, { name, labels });
    return { status: 200, body: documentOf(target) };
  }

  function page(route: Route, url: URL): Real {
    const all = runners(route.scope);
    const pagelen = Math.min(options.pageLength ?? 100, Number(url.searchParams.get('pagelen') ?? 10));
    const number = Number(url.searchParams.get('page') ?? 1);
    const values = all.slice((number - 1) * pagelen, number * pagelen).map(documentOf);
    const body = { pagelen, page: number, size: all.length, values };
    if (number * pagelen >= all.length) return { status: 200, body };
    const next = new URL(url.pathname, options.nextOrigin ?? url.origin);
    next.search = `pagelen=${pagelen}&page=${number + 1}`;
    return { status: 200, body: { ...body, next: next.href } };
  }

  function onRunner(route: Route, target: LoopbackRunner, request: Request): Real {
    if (request.method === 'GET') return { status: 200, body: documentOf(target) };
    if (request.method === 'PUT') {
      if (route.state !== (route.surface === 'internal')) return { status: 405 };
      return route.state ? setState(target, request.body) : replace(target, request.body);
    }
    const list = runners(route.scope);
    list.splice(list.indexOf(target), 1);
    return { status: 204 };
  }

  function onRunners(route: Route, request: Request, url: URL): Real {
    if (route.uuid === undefined) {
      return request.method === 'POST' ? create(route, request.body) : page(route, url);
    }
    const target = runners(route.scope).find((candidate) => candidate.uuid === route.uuid);
    return target === undefined ? NOT_FOUND : onRunner(route, target, request);
  }

  /** What is neither about runners nor about the workspace or repository that has them. */
  function answerElsewhere(request: Request, url: URL): Real | undefined {
    return answerAboutUser(url.pathname, options.permission) ?? pipelines.answer(request.path, url);
  }

  function answer(request: Request, authorization: string, origin: string): Real {
    const url = new URL(request.path, origin);
    if (url.pathname === '/site/oauth2/access_token') return issueToken();
    if (!isAllowed(authorization)) return { status: 401 };
    const other = answerElsewhere(request, url);
    if (other !== undefined) return other;
    const route = parseRoute(request.path.split('?')[0] ?? '');
    if (route === undefined || !runnersByScope.has(canonical(route.scope))) return NOT_FOUND;
    if (route.ofRunners) return onRunners(route, request, url);
    return { status: 200, body: { uuid: uuidOf(canonical(route.scope)), type: 'something' } };
  }

  const { addPipeline, putFile } = pipelines;
  return {
    answer,
    addPipeline,
    putFile,
    uuidOf,
    addRunners,
    runners,
    runner,
    revokeTokens: () => tokens.clear(),
    issued,
  };
}

/** What Bitbucket tells anybody, and accounts of themselves. */
function answerAboutUser(path: string, permission = 'owner'): Real | undefined {
  if (path === '/2.0/hook_events') return { status: 200, body: {} };
  if (path === '/2.0/user') return { status: 200, body: { display_name: 'CI of Acme', nickname: 'ci' } };
  return /^\/2\.0\/user\/workspaces\/[^/]+\/permission$/.test(path) ? { status: 200, body: { permission } } : undefined;
}

const NOT_FOUND: Real = { status: 404, body: { type: 'error', error: { message: 'Not found' } } };

function parseRoute(path: string): Route | undefined {
  const parts = ROUTE.exec(path);
  if (parts === null) return undefined;
  const [, root, workspaceOnly, workspace = '', repository = '', ofRunners, uuid, state] = parts;
  return {
    scope: workspaceOnly === undefined ? { workspace, repository } : { workspace: workspaceOnly },
    surface: root === 'internal' ? 'internal' : 'public',
    ofRunners: ofRunners !== undefined,
    ...(uuid !== undefined && { uuid }),
    state: state !== undefined,
  };
}

function newRunner(settings: RunnerSettings): LoopbackRunner {
  return {
    uuid: `{${randomUUID()}}`,
    name: 'runner',
    labels: ['self.hosted', 'linux'],
    status: 'UNREGISTERED',
    step: null,
    cordoned: false,
    created_on: stamp(),
    state_updated_on: stamp(),
    ...settings,
  };
}

/** Now, with the nanoseconds that Bitbucket gives. */
function stamp(): string {
  return new Date().toISOString().replace('Z', '456789Z');
}

function documentOf(runner: LoopbackRunner) {
  const { uuid, name, labels, status, step, cordoned, created_on, state_updated_on } = runner;
  return {
    uuid,
    name,
    labels,
    created_on,
    updated_on: state_updated_on,
    state: {
      status,
      updated_on: state_updated_on,
      cordoned,
      ...(status !== 'UNREGISTERED' && { version: { version: '3.1.0', current: '3.1.0' } }),
      ...(step !== null && { step }),
    },
    oauth_client: { id: `client-${uuid.slice(1, 9)}`, token_endpoint: 'https://auth.invalid/token', audience: 'api' },
    type: 'pipeline_runner',
  };
}
