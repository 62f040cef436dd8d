/**
 * Runner registrations at Bitbucket Cloud: the RunnerApi port on either of its two surfaces. They share paths and
 * documents and differ in the prefix; taking out of service and putting back goes through the internal one always.
 */
import pLimit from 'p-limit';
import type * as z from 'zod';
import { ServiceError } from '#core/errors.ts';
import type { Scope } from '#core/model/configuration.ts';
import type { Instant, ScopeIdentity } from '#core/model/observation.ts';
import type { KnownRunners, RunnerApi } from '#core/ports.ts';
import { scopeKey } from '#core/scope.ts';
import { Secret } from '#core/secret.ts';
import { DAY_MS } from '#core/time.ts';
import { bracedUuid } from '#core/uuid.ts';
import { type Answer, sizeText } from '../http/exchange.ts';
import { createRecent } from '../recent.ts';
import {
  IdentifiedDocument,
  parseAnswer,
  RegistrationDocument,
  RunnerDocument,
  RunnerPage,
  toRunner,
} from './answers.ts';
import { type BitbucketClient, type Call, type ClientOptions, createBitbucketClient } from './client.ts';
import { unusableAnswer } from './failure.ts';

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
  const pathOfAll = (scope: Scope) => runnersPath(scope, options.api);
  const pathOf = (scope: Scope, uuid: string) => `${pathOfAll(scope)}/${encodeURIComponent(bracedUuid(uuid))}`;
  // The state is a document of the internal surface only. An update on the public one is undocumented and was seen to wipe
  // a runner's name and labels, so it is never sent.
  const statePath = (scope: Scope, uuid: string) =>
    `${runnersPath(scope, 'internal')}/${encodeURIComponent(bracedUuid(uuid))}/state`;
  const named = (scope: Scope, uuid: string) => `${bracedUuid(uuid)} of ${scopeKey(scope)}`;
  return {
    list: async (scope, known = async () => ({ staying: [], leaving: [] })) => {
      const doing = `Listing the runners of ${scopeKey(scope)}`;
      const first: Call = { operation: 'read', path: `${pathOfAll(scope)}?pagelen=100`, doing, answer: 'page' };
      const fault = (reason: string) => unusableAnswer(doing, `${reason}; the next tick looks again`);
      const ask = async (uuid: string) => {
        const named: Call = { operation: 'read', path: pathOf(scope, uuid), doing };
        const answer = await unlessGone(client.send(named));
        return answer && parseAnswer(RunnerDocument, answer, doing);
      };
      const documents = await readWholeList(() => readAllPages(client, first, fault), known, ask, fault);
      return documents.map((document) => toRunner(document, now()));
    },
    get: async (scope, uuid) => {
      const doing = `Reading runner ${named(scope, uuid)}`;
      // Runners are read one by one only just before something is done to them.
      const call: Call = { operation: 'read', importance: 'removal', path: pathOf(scope, uuid), doing };
      const answer = await unlessGone(client.send(call));
      return answer && toRunner(parseAnswer(RunnerDocument, answer, doing), now());
    },
    identify: createIdentifier(client, now),
    register: async (scope, { name, labels }) => {
      const doing = `Registering runner ${name} in ${scopeKey(scope)}`;
      const call: Call = { operation: 'register', path: pathOfAll(scope), body: { name, labels }, doing };
      const document = parseAnswer(RegistrationDocument, await client.send(call), doing);
      const { id, secret } = document.oauth_client;
      return { runner: toRunner(document, now()), clientId: id, clientSecret: new Secret(secret) };
    },
    disable: async (scope, uuid) => {
      const doing = `Disabling runner ${named(scope, uuid)}`;
      await unlessGone(
        client.send({ operation: 'disable', path: statePath(scope, uuid), body: { status: 'DISABLED' }, doing }),
      );
    },
    enable: async (scope, uuid) => {
      const doing = `Enabling runner ${named(scope, uuid)}`;
      await client.send({ operation: 'enable', path: statePath(scope, uuid), body: { status: 'ENABLED' }, doing });
    },
    remove: async (scope, uuid) => {
      const doing = `Removing runner ${named(scope, uuid)}`;
      await unlessGone(client.send({ operation: 'remove', path: pathOf(scope, uuid), doing }));
    },
  };
}

/** More pages than any workspace has; it ends a server that always knows one more. */
const MOST_PAGES = 500;

/** Characters of all its pages: some 50,000 runners. */
const LONGEST_LIST = 64 * 1024 * 1024;

type RunnerEntry = z.output<typeof RunnerDocument>;

/** What the pages of a list came to, and the sizes of the whole list that they state. */
type Pages = {
  readonly runners: ReadonlyMap<string, RunnerEntry>;
  readonly pages: number;
  readonly sizes: readonly number[];
};

/** Runners that are asked for one by one at the same time, when a list lacks them. */
const CONCURRENT_QUESTIONS = 10;

/**
 * Every runner of a list, each once. Half a list is worse than none: a runner that is missing from it looks like one
 * that is gone. A list may change between two pages, even so that the numbers are right and a runner is missing; so one
 * of several pages whose numbers are wrong, that lacks a runner that is known, or that is a last chance, is read once more.
 * Whoever is known and still missing is asked for by name, and so is whoever only the first reading of a last chance has: a
 * long list of a busy workspace never holds still. Throws ServiceError when more is wrong than changes between pages explain.
 */
async function readWholeList(
  read: () => Promise<Pages>,
  known: () => Promise<KnownRunners>,
  ask: (uuid: string) => Promise<RunnerEntry | undefined>,
  fault: (reason: string) => ServiceError,
): Promise<readonly RunnerEntry[]> {
  const missingIn = ({ runners }: Pages, uuids: readonly string[]) =>
    uuids.filter((uuid) => !runners.has(bracedUuid(uuid)));
  const once = await read();
  const { staying, leaving, isLastChance } = await known();
  const isWhole = errorOf(once) === 0 && (once.pages === 1 || (!isLastChance && missingIn(once, staying).length === 0));
  const list = isWhole ? once : await read();
  if (errorOf(list) >= list.pages) {
    const stated = list.sizes.join(' and then ');
    throw fault(
      `the list changed while being read (${list.runners.size} different runners, Bitbucket states ${stated})`,
    );
  }
  const limit = pLimit(CONCURRENT_QUESTIONS);
  const expected = [...staying, ...(list.pages === 1 ? [] : leaving), ...(isLastChance ? once.runners.keys() : [])];
  const missing = missingIn(list, [...new Set(expected.map(bracedUuid))]);
  const asked = await Promise.all(missing.map((uuid) => limit(() => ask(uuid))));
  return [...list.runners.values(), ...asked.filter((runner) => runner !== undefined)];
}

/** By how much a list is not of the size that it states. Each page may state another: what moved up was never seen. */
function errorOf({ runners, sizes }: Pages): number {
  return Math.max(0, ...sizes.map((size) => Math.abs(size - runners.size)));
}

/** Every runner on all pages from `first` on, each once. Throws ServiceError when the pages do not end. */
async function readAllPages(
  client: BitbucketClient,
  first: Call,
  fault: (reason: string) => ServiceError,
): Promise<Pages> {
  const { doing } = first;
  const runners = new Map<string, RunnerEntry>();
  const sizes = new Set<number>();
  const visited = new Set<string>();
  let characters = 0;
  for (let path: string | undefined = first.path; path !== undefined; ) {
    if (visited.has(path) || visited.size === MOST_PAGES) {
      throw fault(`the list does not end, after ${visited.size} pages it leads on to more`);
    }
    visited.add(path);
    const answer = await client.send({ ...first, path });
    characters += answer.text.length;
    if (characters > LONGEST_LIST) throw fault(`the list is larger than ${sizeText(LONGEST_LIST)}`);
    const page: z.output<typeof RunnerPage> = parseAnswer(RunnerPage, answer, doing);
    for (const runner of page.values) runners.set(bracedUuid(runner.uuid), runner);
    if (typeof page.size === 'number') sizes.add(page.size);
    path = page.next ? nextPath(client, page.next, doing) : undefined;
  }
  return { runners, pages: visited.size, sizes: [...sizes] };
}

function nextPath(client: BitbucketClient, link: string, doing: string): string {
  try {
    return client.pathOf(link);
  } catch {
    throw unusableAnswer(doing, 'the link to the next page is not an address; the next tick looks again');
  }
}

/** Another repository may have a name by then; whoever looks it up once a day is to learn of it. */
const NAME_KEPT_MS = DAY_MS / 2;

/** Looks up the uuids behind names, each once in a while; concurrent look-ups share one call. */
function createIdentifier(client: BitbucketClient, now: () => Instant): RunnerApi['identify'] {
  const known = createRecent<string>(Number.POSITIVE_INFINITY, { forMs: NAME_KEPT_MS, now });

  async function uuidOf(name: string, call: Pick<Call, 'path' | 'doing' | 'needs'>): Promise<string> {
    if (/^\{.+\}$/.test(name)) return name;
    return known(call.path, async () => {
      const answer = await client.send({ operation: 'read', ...call });
      return bracedUuid(parseAnswer(IdentifiedDocument, answer, call.doing).uuid);
    });
  }

  return async (scope): Promise<ScopeIdentity> => {
    const doing = `Looking up the uuid of ${scopeKey(scope)}`;
    const { workspace, repository } = scope;
    const pathOf = (some: Scope) => `/2.0${scopePath(some)}`;
    const workspaceUuid = uuidOf(workspace, { path: pathOf({ workspace }), doing, needs: 'readWorkspace' });
    if (repository === undefined) return { workspaceUuid: await workspaceUuid };
    const repositoryUuid = uuidOf(repository, { path: pathOf(scope), doing, needs: 'readRepository' });
    const [first, second] = await Promise.all([workspaceUuid, repositoryUuid]);
    return { workspaceUuid: first, repositoryUuid: second };
  };
}

/** The path of a scope's runners on one of the two surfaces. */
export function runnersPath(scope: Scope, api: Surface): string {
  return `/${api === 'internal' ? 'internal' : '2.0'}${scopePath(scope)}/pipelines-config/runners`;
}

function scopePath({ workspace, repository }: Scope): string {
  return repository === undefined
    ? `/workspaces/${encodeURIComponent(workspace)}`
    : `/repositories/${encodeURIComponent(workspace)}/${encodeURIComponent(repository)}`;
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
