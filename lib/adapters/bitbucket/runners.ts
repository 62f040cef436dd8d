/**
 * Runner registrations at Bitbucket Cloud: the RunnerApi port on either of its two surfaces. They share paths and
 * documents; they differ in the prefix and in how a runner is taken out of service.
 */
import { ServiceError } from '#core/errors.ts';
import type { Scope } from '#core/model/configuration.ts';
import type { Registration } from '#core/model/decision.ts';
import type { Instant, ScopeIdentity } from '#core/model/observation.ts';
import type { RunnerApi } from '#core/ports.ts';
import { scopeKey } from '#core/scope.ts';
import { Secret } from '#core/secret.ts';
import type { Answer } from '../http/exchange.ts';
import { createRecent } from '../recent.ts';
import {
  IdentifiedDocument,
  parseAnswer,
  RegistrationDocument,
  RunnerDocument,
  toRunner,
  withBraces,
} from './answers.ts';
import { type BitbucketClient, type Call, type ClientOptions, createBitbucketClient } from './client.ts';
import { readAllPages } from './paging.ts';

/** Which of Bitbucket's two runner APIs to speak. */
export type Surface = 'internal' | 'public';

/**
 * A RunnerApi over HTTP, with a client of its own unless one is given. Throws InputError when an address or the
 * credential cannot be used at all.
 */
export function createBitbucketRunnerApi(
  options: ClientOptions & { readonly api: Surface },
  client: BitbucketClient = createBitbucketClient(options),
): RunnerApi {
  const now = options.now ?? Date.now;
  const runners = runnerPaths(options.api);
  const disable = options.api === 'internal' ? disableByState : disableByUpdate;
  return {
    list: async (scope) => {
      const doing = `Listing the runners of ${scopeKey(scope)}`;
      const path = `${runners.all(scope)}?pagelen=100`;
      const documents = await readAllPages(client, { operation: 'read', path, doing, needs: 'readRunners' });
      return documents.map((document) => toRunner(document, now()));
    },
    get: async (scope, uuid) => {
      const doing = `Reading runner ${named(scope, uuid)}`;
      const path = runners.one(scope, uuid);
      // Runners are read one by one only just before something is done to them.
      const call: Call = { operation: 'read', importance: 'removal', path, doing, needs: 'readRunners' };
      const answer = await unlessGone(client.send(call));
      return answer && toRunner(parseAnswer(RunnerDocument, answer, doing), now());
    },
    identify: createIdentifier(client),
    register: (scope, runner) => register(client, runners.all(scope), { scope, runner, now }),
    disable: (scope, uuid) => disable(client, runners.one(scope, uuid), named(scope, uuid)),
    remove: async (scope, uuid) => {
      const doing = `Removing runner ${named(scope, uuid)}`;
      await unlessGone(
        client.send({ operation: 'remove', path: runners.one(scope, uuid), doing, needs: 'writeRunners' }),
      );
    },
  };
}

async function register(
  client: BitbucketClient,
  path: string,
  { scope, runner, now }: { scope: Scope; runner: { name: string; labels: readonly string[] }; now: () => Instant },
): Promise<Registration> {
  const doing = `Registering runner ${runner.name} in ${scopeKey(scope)}`;
  const body = { name: runner.name, labels: runner.labels };
  const answer = await client.send({ operation: 'register', path, body, doing, needs: 'writeRunners' });
  const document = parseAnswer(RegistrationDocument, answer, doing);
  return {
    runner: toRunner(document, now()),
    clientId: document.oauth_client.id,
    clientSecret: new Secret(document.oauth_client.secret),
  };
}

/** On the internal surface the state is a document of its own. */
async function disableByState(client: BitbucketClient, path: string, name: string): Promise<void> {
  const doing = `Disabling runner ${name}`;
  const body = { status: 'DISABLED' };
  await unlessGone(client.send({ operation: 'disable', path: `${path}/state`, body, doing, needs: 'writeRunners' }));
}

/**
 * On the public surface the body of an update is undocumented. A runner that only looks disabled could take a step
 * and be deleted under it, so the runner itself must say that it is out of service.
 */
async function disableByUpdate(client: BitbucketClient, path: string, name: string): Promise<void> {
  const doing = `Disabling runner ${name}`;
  const body = { state: { status: 'DISABLED' } };
  const updated = await unlessGone(
    client.send({ operation: 'disable', path, body, doing, needs: 'writeRunners' }).catch((error: unknown) => {
      throw isFormRefusal(error) ? stillInService(doing, error.status) : error;
    }),
  );
  if (updated === undefined) return;
  const answer =
    updated.text.trim() === ''
      ? await unlessGone(client.send({ operation: 'read', importance: 'removal', path, doing, needs: 'readRunners' }))
      : updated;
  if (answer === undefined) return;
  const { status, cordoned } = toRunner(parseAnswer(RunnerDocument, answer, doing), 0);
  if (status !== 'DISABLED' && !cordoned) throw stillInService(doing, updated.status);
}

/** Statuses with which a server says that it does not know this kind of update. */
const FORM_REFUSALS: ReadonlySet<number | undefined> = new Set([400, 405, 415, 422, 501]);

function isFormRefusal(error: unknown): error is ServiceError {
  return error instanceof ServiceError && FORM_REFUSALS.has(error.status);
}

function stillInService(doing: string, status: number | undefined): ServiceError {
  return new ServiceError(
    `${doing} failed: the public API answered ${status} but did not take the runner out of service; set api: internal for the workspace.`,
    { service: 'bitbucket', outcome: 'refused', ...(status !== undefined && { status }) },
  );
}

/** Looks up the uuids behind names, each once in the life of the process; concurrent look-ups share one call. */
function createIdentifier(client: BitbucketClient): RunnerApi['identify'] {
  const known = createRecent<string>();

  async function uuidOf(name: string, call: Pick<Call, 'path' | 'doing' | 'needs'>): Promise<string> {
    if (isUuid(name)) return name;
    return known(call.path, async () => {
      const answer = await client.send({ operation: 'read', ...call });
      return withBraces(parseAnswer(IdentifiedDocument, answer, call.doing).uuid);
    });
  }

  return async (scope: Scope): Promise<ScopeIdentity> => {
    const doing = `Looking up the uuid of ${scopeKey(scope)}`;
    const { workspace, repository } = scope;
    const path = `/2.0/workspaces/${encodeURIComponent(workspace)}`;
    const workspaceUuid = uuidOf(workspace, { path, doing, needs: 'readWorkspace' });
    if (repository === undefined) return { workspaceUuid: await workspaceUuid };
    const repositoryUuid = uuidOf(repository, { path: `/2.0${scopePath(scope)}`, doing, needs: 'readRepository' });
    const [first, second] = await Promise.all([workspaceUuid, repositoryUuid]);
    return { workspaceUuid: first, repositoryUuid: second };
  };
}

function runnerPaths(surface: Surface) {
  const root = surface === 'internal' ? '/internal' : '/2.0';
  const all = (scope: Scope): string => `${root}${scopePath(scope)}/pipelines-config/runners`;
  return { all, one: (scope: Scope, uuid: string): string => `${all(scope)}/${encodeURIComponent(withBraces(uuid))}` };
}

function scopePath({ workspace, repository }: Scope): string {
  return repository === undefined
    ? `/workspaces/${encodeURIComponent(workspace)}`
    : `/repositories/${encodeURIComponent(workspace)}/${encodeURIComponent(repository)}`;
}

function named(scope: Scope, uuid: string): string {
  return `${withBraces(uuid)} of ${scopeKey(scope)}`;
}

function isUuid(name: string): boolean {
  return /^\{.+\}$/.test(name);
}

/** The answer, or undefined when there is no such thing. */
async function unlessGone(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ServiceError && error.status === 404) return undefined;
    throw error;
  }
}
