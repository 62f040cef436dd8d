/** What a step that asks for runners is told, whatever way its request came. Its token is verified by then. */
import type { Fleet, RunnerGroup, Scope } from './model/configuration.ts';
import type { Instant, ScopeIdentity } from './model/observation.ts';
import type { StateStore } from './ports.ts';
import { identityKey, scopeKey } from './scope.ts';
import { MINUTE_MS } from './time.ts';
import { ask, type WakeAsk, wokenAt } from './wake.ts';
import { plural } from './words.ts';

/** Who asks. Uuids are in braces. */
export type Asker = Required<ScopeIdentity> & { readonly step: string; readonly expiresAt: Instant };

/** What is asked for: a group by its name, or by labels that its runners have, and how many runners. */
export type WakeOrder = { readonly group?: string; readonly labels?: readonly string[]; readonly runners: number };

/** An answer, in HTTP's terms. With 200 and 202: how many runners of the group were `online` and `starting` last. */
export type WakeAnswer = {
  readonly status: 200 | 202 | 403 | 409 | 429 | 503;
  readonly message: string;
  /** When to ask again. */
  readonly retryAfterS?: number;
  readonly group?: string;
  readonly online?: number;
  readonly starting?: number;
  readonly wanted?: number;
};

/** A request, and what there is to answer it with. `identify`: the uuids of a repository. */
export type WakeRequest = {
  readonly fleet: Fleet;
  readonly asker: Asker;
  readonly order: WakeOrder;
  readonly now: Instant;
  readonly state: StateStore;
  readonly identify: (scope: Scope) => Promise<ScopeIdentity>;
};

/** When to ask again: while runners start, where others were faster, and where too many ask. */
const [WHILE_STARTING_S, WHEN_LOST_S, WHEN_FULL_S] = [10, 2, 60];

/** The report of an older tick says nothing about now. */
const RECENT_MS = 5 * MINUTE_MS;

/** Writes down what the step asks for, if it may. Rejects when the state store does, or a repository is not to be found. */
export async function answerWake(request: WakeRequest): Promise<WakeAnswer> {
  const { order, fleet } = request;
  const allowed = await groupsFor(fleet.groups.filter(isMeant(order)), request);
  const [found, second] = allowed;
  if (found === undefined) {
    return { status: 403, message: 'no such group may be woken from this repository; its wake.from has to name it' };
  }
  if (second !== undefined) {
    const names = allowed.map(({ group }) => group.name).join(', ');
    return { status: 409, message: `these labels are of more than one group (${names}); name the group` };
  }
  const { runners } = order;
  const { group } = found;
  if (runners > group.wake.max) {
    const message = `${runners} runners are more than wake.max of group ${group.name} (${group.wake.max}); ask for fewer`;
    return { status: 409, message };
  }
  return takeDown(request, found);
}

/** A group that can be woken, and the repository that asks, as `wake.from` names it. */
type Allowed = { readonly group: Wakeable; readonly by: string };

type Wakeable = RunnerGroup & Required<Pick<RunnerGroup, 'wake'>>;

function isMeant({ group, labels }: WakeOrder) {
  return (one: RunnerGroup): one is Wakeable =>
    one.wake !== undefined &&
    (group === undefined ? (labels ?? []).every((label) => one.labels.includes(label)) : one.name === group);
}

/** Those that the asker may wake. */
async function groupsFor(groups: readonly Wakeable[], { asker, identify }: WakeRequest): Promise<readonly Allowed[]> {
  const own = identityKey(asker);
  const all = await Promise.all(
    groups.map(async (group) => {
      const from = group.wake.from.map(async (scope) => ({ scope, key: identityKey(await identify(scope)) }));
      const by = (await Promise.all(from)).find(({ key }) => key === own)?.scope;
      return by === undefined ? [] : [{ group, by: scopeKey(by) }];
    }),
  );
  return all.flat();
}

async function takeDown({ asker, order, now, state }: WakeRequest, { group, by }: Allowed): Promise<WakeAnswer> {
  const { step, expiresAt } = asker;
  const until = now + group.wake.forMs;
  const wanted: WakeAsk = { step, by, runners: order.runners, until, knownUntil: Math.max(until, expiresAt) };
  const { outcome, asks } = await ask(state, group.name, wanted, now);
  if (outcome === 'full') {
    const message = `too many steps have asked for group ${group.name}; ask again in a minute`;
    return { status: 429, message, retryAfterS: WHEN_FULL_S };
  }
  if (outcome === 'lost') {
    return { status: 503, message: 'too many steps ask at once; ask again', retryAfterS: WHEN_LOST_S };
  }
  const own = asks.find((entry) => entry.step === step) ?? wanted;
  const awake = wokenAt(group, asks, now).min;
  return progress(group.name, Math.min(own.runners, group.max), awake, await lastCounts(state, group.name, now));
}

type Present = { readonly online: number; readonly starting: number };

function progress(group: string, needed: number, wanted: number, { online, starting }: Present): WakeAnswer {
  const told = { group, online, starting, wanted };
  if (online >= needed) {
    return { status: 200, message: `${online} ${plural(online, 'runner')} of group ${group} online`, ...told };
  }
  const message = `${online} of ${needed} online, ${starting} starting; ask again in ${WHILE_STARTING_S} seconds`;
  return { status: 202, message, retryAfterS: WHILE_STARTING_S, ...told };
}

/** As the last tick saw them; none where no tick has looked lately. */
async function lastCounts(state: StateStore, name: string, now: Instant): Promise<Present> {
  const ticks = await state.listTicks({ from: now - RECENT_MS, to: now + 1 });
  const seen = ticks.flatMap(({ report }) => report.groups.filter((group) => group.name === name)).at(-1);
  if (seen === undefined) return { online: 0, starting: 0 };
  const { busy, idle, starting } = seen.counts;
  return { online: busy + idle, starting };
}
