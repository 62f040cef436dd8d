/**
 * A credential and everything that is done with it at Bitbucket, by calls that change nothing: reads, and the removal of a
 * runner that cannot exist, whose answer tells whether the credential may change runners.
 */
import pLimit from 'p-limit';
import type { BitbucketClient, Call } from '#adapters/bitbucket/client.ts';
import { runnersPath } from '#adapters/bitbucket/runners.ts';
import { WARNING_DAYS } from '#adapters/credential-expiry.ts';
import { type Credential, publicPart } from '#adapters/credentials.ts';
import type { Answer } from '#adapters/http/exchange.ts';
import { sourceOf } from '#core/decide/strategies/index.ts';
import { ServiceError } from '#core/errors.ts';
import type { Fleet, RunnerGroup, Scope } from '#core/model/configuration.ts';
import { plural } from '#core/quantities.ts';
import { scopeKey } from '#core/scope.ts';
import { isScratch } from '#core/scratch.ts';
import { DAY_MS } from '#core/time.ts';
import { jsonIn, listOf, recordOf } from '#yaml/values.ts';
import { checkCalls } from './calls.ts';
import { type Check, failed, failedBy, ok, skipped } from './check.ts';
import type { Instruments } from './instruments.ts';

/** A credential, with the groups whose workspaces it is for. */
export type Account = { readonly secretId: string | undefined; readonly groups: readonly RunnerGroup[] };

/** The credentials that these groups use. Without a group, the one that workspaces have by default. */
export function accountsOf(groups: readonly RunnerGroup[], { workspaces }: Fleet, { defaultSecretId }: Instruments) {
  const secretOf = ({ scope }: RunnerGroup) => workspaces[scope.workspace]?.secretId ?? defaultSecretId;
  const found = [...Map.groupBy(groups, secretOf)].map(([secretId, ofIt]): Account => ({ secretId, groups: ofIt }));
  return found.length === 0 ? [{ secretId: defaultSecretId, groups: [] }] : found;
}

/** Checks one credential. A credential that Bitbucket refuses costs one call and one failed check. */
export async function checkAccount(
  account: Account,
  fleet: Fleet,
  instruments: Instruments,
): Promise<readonly Check[]> {
  const name = account.secretId ?? 'environment';
  try {
    const credential = await instruments.credential(account.secretId);
    const kept = judgeCredential(credential, name, instruments.now());
    if (credential.kind === 'appPassword') return [kept];
    return [kept, ...(await checkUse({ ...account, name, credential }, fleet, instruments))];
  } catch (error) {
    return [failedBy('credential', name, error)];
  }
}

/** What each is called, before its public part. */
const KINDS: Readonly<Record<Credential['kind'], string>> = {
  apiToken: 'API token of ',
  oauth: 'OAuth consumer ',
  accessToken: 'access token',
  appPassword: 'app password of ',
};

function judgeCredential(credential: Credential, name: string, now: number): Check {
  const { kind, expiresAt } = credential;
  const what = `${KINDS[kind]}${publicPart(credential)}`;
  if (kind === 'appPassword') {
    const next =
      'create an API token with the scopes that docs/deploy.md lists and use it with the e-mail of its account';
    return failed('credential', name, 'app passwords were removed on 28 July 2026', next);
  }
  if (expiresAt === 'unreadable') {
    return failed('credential', name, `${what}; its expiresAt is not a date`, 'write it as 2027-03-31');
  }
  if (expiresAt === undefined) {
    const unknown = kind === 'oauth' ? '' : '; when it ends is not said (expiresAt in its secret would)';
    return ok('credential', name, `${what}${unknown}`);
  }
  const days = Math.floor((expiresAt - now) / DAY_MS);
  const day = new Date(expiresAt).toISOString().slice(0, 10);
  if (days >= WARNING_DAYS) return ok('credential', name, `${what}, ${days} days left (until ${day})`);
  const detail =
    days < 0 ? `${what}; it ended on ${day}` : `${what}; ${days} ${plural(days, 'day')} left (until ${day})`;
  return failed('credential', name, detail, 'create a new one and put it into the secret, with its own expiresAt');
}

/** A doctor is in no hurry, and others use the same credential. */
const CONCURRENT_CALLS = 10;

/** What the checks of one account share. */
type Use = {
  readonly client: BitbucketClient;
  readonly fleet: Fleet;
  readonly groups: readonly RunnerGroup[];
  /** What answers said of Bitbucket's own limit. */
  readonly limits: Set<number>;
};

async function checkUse(
  { name, credential, groups }: Account & { readonly name: string; readonly credential: Credential },
  fleet: Fleet,
  { bitbucket }: Instruments,
): Promise<readonly Check[]> {
  const limits = new Set<number>();
  const use = { client: listening(bitbucket(credential), limits), fleet, groups, limits };
  // What refuses this call would refuse all of them.
  const owner = await checkOwner(use.client, name);
  const workspaces = [...Map.groupBy(groups, ({ scope }) => scope.workspace)];
  const found = await Promise.all(workspaces.map(([workspace, members]) => checkWorkspace(workspace, members, use)));
  return [owner, ...found.flat(), ...checkCalls({ name, groups, fleet, heard: Math.min(...limits) })];
}

/** A client with few calls under way at once, whose answers are heard for Bitbucket's own limit. */
function listening(client: BitbucketClient, limits: Set<number>): BitbucketClient {
  const few = pLimit(CONCURRENT_CALLS);
  return {
    ...client,
    send: async (call) => {
      const answer = await few(() => client.send(call));
      const limit = Number(answer.headers['x-ratelimit-limit']);
      if (limit > 0) limits.add(limit);
      return answer;
    },
  };
}

/** Throws when Bitbucket refuses the credential. That its owner may not be named is no fault: few scopes are a good thing. */
async function checkOwner(client: BitbucketClient, name: string): Promise<Check> {
  try {
    const answer = await read(client, '/2.0/user', 'Reading the account of the credential');
    const { display_name: shown, nickname } = bodyOf(answer);
    return ok('owner', name, String(shown ?? nickname ?? 'an account without a name'));
  } catch (error) {
    const status = error instanceof ServiceError ? error.status : undefined;
    if (status === 403 || status === 404) {
      return skipped('owner', name, 'not told to this credential');
    }
    throw error;
  }
}

async function checkWorkspace(workspace: string, groups: readonly RunnerGroup[], use: Use): Promise<readonly Check[]> {
  const path = `/2.0/workspaces/${encodeURIComponent(workspace)}`;
  const readable = await checkReading('workspace', workspace, use.client, { path, needs: 'readWorkspace' });
  if (readable.outcome === 'failed') return [readable];
  const isOfWorkspace = groups.some(({ scope }) => scope.repository === undefined);
  const scopes = [...new Map(groups.map(({ scope }) => [scopeKey(scope), scope])).values()];
  const [first] = scopes;
  const checks = await Promise.all([
    isOfWorkspace ? checkAdministrator(workspace, use.client) : [],
    ...scopes.map((scope) => checkScope(scope, use)),
    // A scope of the credential is there for all of them or for none.
    first === undefined ? [] : checkWriting(first, use),
    checkPipelines(groups, use.client),
    ...wakersOf(groups).map((key) => checkReading('waking', key, use.client, repositoryCall(key))),
  ]);
  return [readable, ...checks.flat()];
}

/** The repositories whose pipelines may wake these groups: a name that is none wakes nobody. */
function wakersOf(groups: readonly RunnerGroup[]): readonly string[] {
  return [...new Set(groups.flatMap(({ wake }) => wake?.from ?? []).map(scopeKey))];
}

/** The call that reads `workspace/repository`. */
function repositoryCall(key: string): Pick<Call, 'path' | 'needs'> {
  return { path: `/2.0/repositories/${key.split('/').map(encodeURIComponent).join('/')}`, needs: 'readRepository' };
}

/** Only administrators of a workspace manage its runners. Consumers and access tokens have scopes, and no rank. */
async function checkAdministrator(workspace: string, client: BitbucketClient): Promise<readonly Check[]> {
  const path = `/2.0/user/workspaces/${encodeURIComponent(workspace)}/permission`;
  try {
    const answer = await read(client, path, `Reading the rank in ${workspace}`);
    const { permission } = bodyOf(answer);
    if (permission === 'owner') return [ok('administrator', workspace, 'the account is one')];
    if (typeof permission !== 'string') return [skipped('administrator', workspace, 'not told to this credential')];
    const next = `make it an administrator of ${workspace}, or use the credential of one`;
    return [failed('administrator', workspace, `the account is only a ${permission} of the workspace`, next)];
  } catch {
    return [skipped('administrator', workspace, 'not told to this credential')];
  }
}

/** A repository, if it is one, and its runners. */
async function checkScope(scope: Scope, { client, fleet }: Use): Promise<readonly Check[]> {
  const key = scopeKey(scope);
  const repository =
    scope.repository === undefined ? [] : [await checkReading('repository', key, client, repositoryCall(key))];
  if (repository.some(({ outcome }) => outcome === 'failed')) return repository;
  return [...repository, ...(await checkRunners(key, pathIn(scope, fleet), client))];
}

function pathIn(scope: Scope, { workspaces }: Fleet): string {
  return runnersPath(scope, workspaces[scope.workspace]?.api ?? 'internal');
}

async function checkRunners(key: string, path: string, client: BitbucketClient): Promise<readonly Check[]> {
  try {
    const answer = await read(client, `${path}?pagelen=100`, `Listing the runners of ${key}`);
    const { size, values } = bodyOf(answer);
    if (!Array.isArray(values)) {
      return [failed('runners', key, 'the answer is not a list', 'check BITBUCKET_BASE_URL and any proxy on the way')];
    }
    const count = typeof size === 'number' ? size : values.length;
    const left = values.filter((value) => isScratch(String(recordOf(value).name))).length;
    const listed = ok('runners', key, `${count} registered`);
    if (left === 0) return [listed];
    const next = '"doctor --probe" removes it now, a tick when it is ten minutes old';
    return [listed, failed('scratch', key, `${left} left by a probe that was stopped`, next)];
  } catch (error) {
    return [failedBy('runners', key, error)];
  }
}

/** No runner has this uuid. */
const NOBODY = '{00000000-0000-0000-0000-000000000000}';

/** Removes a runner that cannot exist: "not found" means that the credential may remove runners, 403 that it may not. */
async function checkWriting(scope: Scope, { client, fleet }: Use): Promise<readonly Check[]> {
  const key = scopeKey(scope);
  const path = `${pathIn(scope, fleet)}/${encodeURIComponent(NOBODY)}`;
  try {
    await client.send({ operation: 'remove', path, doing: `Changing runners of ${key}` });
  } catch (error) {
    const status = error instanceof ServiceError ? error.status : undefined;
    if (status === 403 || status === 401) return [failedBy('writing', key, error)];
    if (status !== 404) return [skipped('writing', key, 'Bitbucket did not say')];
  }
  return [ok('writing', key, 'the credential may')];
}

/** Groups that follow their queue read pipelines; of a query the repository that was active last stands for all. */
async function checkPipelines(groups: readonly RunnerGroup[], client: BitbucketClient): Promise<readonly Check[]> {
  const found = (await Promise.all(groups.map((group) => queuesOf(group, client)))).flat();
  const repositories = new Set(found.filter((one) => typeof one === 'string'));
  const pipelines = [...repositories].map((key) => {
    const path = `${repositoryCall(key).path}/pipelines?pagelen=1`;
    return checkReading('pipelines', key, client, { path, needs: 'readPipelines' });
  });
  return [...found.filter((one) => typeof one === 'object'), ...(await Promise.all(pipelines))];
}

/** The repositories in which steps of the group wait, as `workspace/repository`, or what is wrong with its query. */
async function queuesOf(
  { scope, strategy }: RunnerGroup,
  client: BitbucketClient,
): Promise<readonly (string | Check)[]> {
  const source = sourceOf(strategy);
  if (source === undefined) return [];
  if (scope.repository !== undefined) return [scopeKey(scope)];
  if (source.kind === 'named') return source.names.map((repository) => scopeKey({ ...scope, repository }));
  return [await checkQuery(scope.workspace, source.query, client)];
}

/** The name of the first repository that a query finds, or what is wrong with it. */
async function checkQuery(workspace: string, query: string | undefined, client: BitbucketClient) {
  const search = new URLSearchParams({ sort: '-updated_on', pagelen: '1', ...(query !== undefined && { q: query }) });
  const path = `/2.0/repositories/${encodeURIComponent(workspace)}?${search}`;
  try {
    const answer = await read(client, path, `Listing the repositories of ${workspace}`, 'readRepository');
    const { slug } = recordOf(listOf(bodyOf(answer).values)[0]);
    if (typeof slug === 'string') return scopeKey({ workspace, repository: slug });
    const next = 'correct repositoryQuery of its groups, or let the credential see the repositories';
    return failed('pipelines', workspace, 'no repository is found in which steps may wait', next);
  } catch (error) {
    return failedBy('pipelines', workspace, error);
  }
}

async function checkReading(
  id: 'workspace' | 'repository' | 'pipelines' | 'waking',
  subject: string,
  client: BitbucketClient,
  { path, needs }: Pick<Call, 'path' | 'needs'>,
): Promise<Check> {
  const doing = {
    workspace: 'Reading workspace',
    repository: 'Reading repository',
    pipelines: 'Reading pipelines of',
    waking: 'Reading repository',
  };
  try {
    await read(client, path, `${doing[id]} ${subject}`, needs);
    return ok(id, subject, 'the credential may read it');
  } catch (error) {
    return failedBy(id, subject, error);
  }
}

/** The document of an answer; without a field when it is none. */
function bodyOf({ text }: Answer) {
  return recordOf(jsonIn(text));
}

function read(client: BitbucketClient, path: string, doing: string, needs?: Call['needs']): Promise<Answer> {
  return client.send({ operation: 'read', path, doing, ...(needs && { needs }) });
}
