/**
 * What nobody can prove of Bitbucket from outside, tried on the user's own workspace: one scratch registration is made,
 * taken out of service and put back on either surface, and removed. It runs nothing and is known by its name, so that
 * whatever stops a probe, the next one or a tick removes it.
 */
import type { BitbucketClient, Call } from '#adapters/bitbucket/client.ts';
import { runnersPath, type Surface } from '#adapters/bitbucket/runners.ts';
import { ServiceError } from '#core/errors.ts';
import type { Scope } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { scopeKey } from '#core/scope.ts';
import { isScratch, scratchName } from '#core/scratch.ts';
import { type Fields, jsonIn, listOf, recordOf } from '#yaml/values.ts';
import type { BodyTried, ProbeAnswers } from './probe-answers.ts';

/** The most calls that a probe makes, repeats included. */
export const MOST_CALLS = 40;

/** Calls that are kept for removing what was made: a list and a removal, with the repeats of both. */
const KEPT_FOR_REMOVAL = 8;

/** One call may be repeated so often. */
const REPEATS = 3;

const LABELS = ['autoscaler.probe', 'linux', 'self.hosted'];

/** Looks at the list, a second apart, until it shows what was made or removed. */
const MOST_LOOKS = 6;
const LOOK_EVERY_MS = 1_000;

/** What a probe acts through. */
export type ProbeHands = {
  readonly client: BitbucketClient;
  /** Requests to Bitbucket since the process began. */
  readonly calls: () => number;
  readonly now: () => Instant;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Once it aborts, what was made is removed and the probe ends. */
  readonly signal: AbortSignal;
};

/** Runs the probe in a scope. `id` tells its registration from others. Throws `ServiceError` when it cannot be made. */
export async function probe(scope: Scope, id: string, hands: ProbeHands): Promise<ProbeAnswers> {
  const ask = askIn(scope, hands);
  try {
    const listed = await lists(ask);
    await removeAll(listed.internal, ask);
    const name = scratchName(id);
    const made = await ask.register(name);
    const uuid = String(made.uuid);
    const lag = await until((runners) => runners.some((one) => one.uuid === uuid), ask, hands);
    const shown = (await ask.get(uuid)) ?? made;
    const internal = await tryInternal(shown, ask);
    const open = await tryPublic(internal.after, name, ask);
    await ask.remove(uuid);
    const gone = await until((runners) => !runners.some((one) => one.uuid === uuid), ask, hands);
    return {
      version: 1,
      at: new Date(hands.now()).toISOString(),
      calls: ask.made(),
      labels: { asked: LABELS, atOnce: labelsOf(made), later: labelsOf(shown) },
      listLagMs: lag,
      removalLagMs: gone,
      internal: internal.tried,
      public: open,
      busy: { internal: busyIn(listed.internal), public: listed.public && busyIn(listed.public) },
      versions: versionsIn(listed.internal),
    };
  } finally {
    await removeAll(await ask.list('internal', 'always').catch(() => []), ask);
  }
}

type Runners = readonly Fields[];
type Ask = ReturnType<typeof askIn>;

/** The calls of a probe. All but those that remove stop in time; what was not asked is undefined. */
function askIn(scope: Scope, { client, calls, signal }: ProbeHands) {
  const before = calls();
  const made = () => calls() - before;
  const mayAsk = () => !signal.aborted && made() + REPEATS < MOST_CALLS - KEPT_FOR_REMOVAL;
  const key = scopeKey(scope);
  const path = (surface: Surface, uuid: string, rest = '') =>
    `${runnersPath(scope, surface)}/${encodeURIComponent(uuid)}${rest}`;
  const send = async (call: Omit<Call, 'doing'>) =>
    recordOf(jsonIn((await client.send({ ...call, doing: `Probing ${key}` })).text));
  return {
    made,
    mayAsk,
    /** Every runner on the first page, where a new one is listed in a workspace of at most 100. */
    list: async (surface: Surface, when?: 'always'): Promise<Runners> => {
      if (when === undefined && !mayAsk()) return [];
      const page = await send({ operation: 'read', path: `${runnersPath(scope, surface)}?pagelen=100` });
      return listOf(page.values).map(recordOf);
    },
    register: (name: string) =>
      send({ operation: 'register', path: runnersPath(scope, 'internal'), body: { name, labels: LABELS } }),
    get: (uuid: string) => (mayAsk() ? send({ operation: 'read', path: path('internal', uuid) }) : undefined),
    /** The status of the answer. */
    change: async (operation: 'disable' | 'enable', surface: Surface, uuid: string, body: object) => {
      if (!mayAsk()) return undefined;
      try {
        await send({ operation, path: path(surface, uuid, surface === 'internal' ? '/state' : ''), body });
        return 200;
      } catch (error) {
        if (error instanceof ServiceError && error.status !== undefined) return error.status;
        throw error;
      }
    },
    remove: (uuid: string) =>
      client
        .send({ operation: 'remove', path: path('internal', uuid), doing: `Removing the scratch runner of ${key}` })
        .catch((error: unknown) => {
          if (!(error instanceof ServiceError && error.status === 404)) throw error;
        }),
  };
}

/** Both surfaces' lists; a surface that this workspace does not have gives none. */
async function lists(ask: Ask): Promise<{ readonly internal: Runners; readonly public: Runners | undefined }> {
  const internal = await ask.list('internal');
  const open = await ask.list('public').catch(() => undefined);
  return { internal, public: open };
}

async function removeAll(runners: Runners, ask: Ask): Promise<void> {
  for (const { name, uuid } of runners) if (isScratch(String(name))) await ask.remove(String(uuid));
}

/** Milliseconds until the list is as it should be; undefined: it was not, for as long as was looked. */
async function until(
  isSo: (runners: Runners) => boolean,
  ask: Ask,
  { now, sleep }: ProbeHands,
): Promise<number | undefined> {
  const start = now();
  for (let look = 0; look < MOST_LOOKS && ask.mayAsk(); look += 1) {
    if (look > 0) await sleep(LOOK_EVERY_MS);
    const runners = await ask.list('internal');
    if (isSo(runners)) return now() - start;
  }
  return undefined;
}

/** Out of service and back, as Atlassian's own autoscaler does it. */
async function tryInternal(runner: Fields, ask: Ask) {
  const off = await tryBody('disable', 'internal', runner, { body: 'status', sent: { status: 'DISABLED' } }, ask);
  const on =
    off && (await tryBody('enable', 'internal', off.after, { body: 'status', sent: { status: 'ENABLED' } }, ask));
  return { tried: { disable: off?.tried, enable: on?.tried }, after: on?.after ?? off?.after ?? runner };
}

type Candidate = { readonly body: string; readonly sent: object };

/** Bodies that might take a runner out of service on the public surface, or put it back. */
function candidatesFor(off: boolean): readonly Candidate[] {
  const status = off ? 'DISABLED' : 'ENABLED';
  return [
    { body: 'state.status', sent: { state: { status } } },
    { body: 'status', sent: { status } },
    { body: 'state.cordoned', sent: { state: { cordoned: off } } },
    { body: 'cordoned', sent: { cordoned: off } },
  ];
}

/** The bodies that were tried on the public surface, the last of which worked if any did. */
async function tryPublic(runner: Fields, name: string, ask: Ask): Promise<ProbeAnswers['public']> {
  // At worst an update replaces the runner by what is sent: its name has to survive, for it is found by it.
  const whole = ({ body, sent }: Candidate) => ({ body, sent: { name, labels: LABELS, ...sent } });
  const disable: BodyTried[] = [];
  let before = runner;
  for (const candidate of candidatesFor(true)) {
    const off = await tryBody('disable', 'public', before, whole(candidate), ask);
    if (off === undefined) break;
    disable.push(off.tried);
    before = off.after;
    if (!off.tried.works) continue;
    const back = candidatesFor(false).find(({ body }) => body === candidate.body);
    const on = back && (await tryBody('enable', 'public', off.after, whole(back), ask));
    return { disable, enable: on?.tried };
  }
  return { disable };
}

/** Sends one body, and looks whether it did what it should; undefined: there was no call left for it. */
async function tryBody(
  operation: 'disable' | 'enable',
  surface: Surface,
  before: Fields,
  { body, sent }: Candidate,
  ask: Ask,
): Promise<{ readonly tried: BodyTried; readonly after: Fields } | undefined> {
  const uuid = String(before.uuid);
  const answered = await ask.change(operation, surface, uuid, sent);
  const after = answered === undefined ? undefined : await ask.get(uuid);
  if (answered === undefined || after === undefined) return undefined;
  const works = isOff(before) !== isOff(after) && isOff(after) === (operation === 'disable');
  const kept = before.name === after.name && labelsOf(before).join() === labelsOf(after).join();
  return { tried: { body, answered, works, kept, status: String(recordOf(after.state).status) }, after };
}

function isOff({ state }: Fields): boolean {
  const { status, cordoned } = recordOf(state);
  return status === 'DISABLED' || cordoned === true;
}

function labelsOf({ labels }: Fields): readonly string[] {
  return listOf(labels).map(String).toSorted();
}

function busyIn(runners: Runners): number {
  return runners.filter(({ state }) => (recordOf(state).step ?? null) !== null).length;
}

/** The versions of the runners that are there, each once. */
function versionsIn(runners: Runners): readonly string[] {
  const versions = runners.flatMap(({ state }) => {
    const { version } = recordOf(recordOf(state).version);
    return typeof version === 'string' ? [version] : [];
  });
  return [...new Set(versions)].sort();
}
