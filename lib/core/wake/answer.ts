/** What a step that asks for runners is told, whatever way its request came. Its token is verified by then. */
import { parseWakeNote, type WakeNote, wakeNoteKey } from '../memory.ts';
import type { Fleet, Scope } from '../model/configuration.ts';
import type { Instant, ScopeIdentity } from '../model/observation.ts';
import type { StateStore } from '../ports.ts';
import { plural } from '../quantities.ts';
import { groupsAt } from '../schedule/bounds.ts';
import { scopeKey } from '../scope.ts';
import { MINUTE_MS, SECOND_MS } from '../time.ts';
import { isUuid } from '../uuid.ts';
import { ask, type WakeAsk, wokenAt } from './asks.ts';
import { beginLook, type LookCause } from './look.ts';
import { isWakeable, type Wakeable } from './wakeable.ts';

/** Who asks. Uuids are in braces. */
type Asker = Required<ScopeIdentity> & {
  readonly step: string;
  readonly pipeline?: string | undefined;
  readonly issuedAt?: Instant | undefined;
  readonly expiresAt: Instant;
};

/** What is asked for: a group by its name, or by labels that its runners have, and how many runners. */
type WakeOrder = {
  readonly group?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly runners: number;
};

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

/** A request, and what there is to answer it with. */
export type WakeRequest = {
  readonly fleet: Fleet;
  readonly asker: Asker;
  readonly order: WakeOrder;
  readonly now: Instant;
  readonly state: StateStore;
  /** Begins a look at a workspace; absent: somebody looks again and again, and sees a floor soon enough. */
  readonly look?: ((workspace: string) => Promise<void>) | undefined;
};

/** When to ask again: while runners start, where others were faster, and where too many ask. */
const [WHILE_STARTING_S, WHEN_LOST_S, WHEN_FULL_S] = [10, 2, 60];

/** What a tick told before that says nothing about now. */
const RECENT_MS = 5 * MINUTE_MS;

/** By then what a step asks for is written down, and a tick that begins sees it, whatever its clock says. */
const WRITTEN_MS = 5 * SECOND_MS;

/** Writes down what the step asks for, if it may. Rejects when the state store does. */
export async function answerWake(request: WakeRequest): Promise<WakeAnswer> {
  const { order, fleet, now, state } = request;
  const meant = groupsAt(fleet.groups, now).filter(isWakeable).filter(isMeant(order));
  const notes = await state.load(meant.map(({ name }) => wakeNoteKey(name)));
  const candidates = meant.map((group) => ({ group, note: parseWakeNote(notes.get(wakeNoteKey(group.name))?.value) }));
  const allowed = candidates.flatMap((candidate) => allow(candidate, request.asker));
  const [found, second] = allowed;
  if (found === undefined) return refuseOrWait(candidates, request);
  if (second !== undefined) {
    const names = allowed.map(({ group }) => group.name).join(', ');
    return { status: 409, message: `these labels are of more than one group (${names}); name the group` };
  }
  return tooMany(found.group, order.runners) ?? takeDown(request, found);
}

/** A group that is meant, and what ticks have told of it. */
type Candidate = { readonly group: Wakeable; readonly note: WakeNote };

/** One that the asker may wake, and the repository that asks, as `wake.from` names it. */
type Allowed = Candidate & { readonly by: string };

function isMeant({ group, labels = [] }: WakeOrder) {
  return (one: Wakeable) =>
    group === undefined ? labels.every((label) => one.labels.includes(label)) : one.name === group;
}

function allow(candidate: Candidate, asker: Asker): readonly Allowed[] {
  const by = candidate.group.wake.from.find((scope) => isOf(asker, scope, candidate.note));
  return by === undefined ? [] : [{ ...candidate, by: scopeKey(by) }];
}

/** A uuid says which repository it is; what a name means, ticks have looked up. */
function isOf({ workspaceUuid, repositoryUuid }: Asker, scope: Required<Scope>, { repositories }: WakeNote): boolean {
  if (isUuid(scope.repository)) return scope.repository === repositoryUuid;
  const known = repositories[scopeKey(scope)];
  return known?.repositoryUuid === repositoryUuid && known.workspaceUuid === workspaceUuid;
}

/** Soon after a deployment no tick may have looked up who may ask. */
async function refuseOrWait(candidates: readonly Candidate[], request: WakeRequest): Promise<WakeAnswer> {
  const unknown = candidates.find(({ group: { wake }, note: { repositories } }) =>
    wake.from.some((scope) => !isUuid(scope.repository) && repositories[scopeKey(scope)] === undefined),
  );
  if (unknown === undefined) {
    return { status: 403, message: 'no such group may be woken from this repository; its wake.from has to name it' };
  }
  await lookIfDue(request, unknown.group, 'hint');
  const message = 'the next tick looks up the repositories that may ask; ask again in 10 seconds';
  return { status: 503, message, retryAfterS: WHILE_STARTING_S };
}

function tooMany({ name, wake, max }: Wakeable, runners: number): WakeAnswer | undefined {
  if (runners > wake.max) {
    const message = `${runners} runners are more than wake.max of group ${name} (${wake.max}); ask for fewer`;
    return { status: 409, message };
  }
  if (max > 0) return undefined;
  return { status: 409, message: `group ${name} may have no runners now, since its max is 0; ask when it is not` };
}

async function takeDown(request: WakeRequest, { group, note, by }: Allowed): Promise<WakeAnswer> {
  const { asker, order, now, state } = request;
  const { step, pipeline, issuedAt, expiresAt } = asker;
  const until = now + group.wake.forMs;
  const knownUntil = Math.max(until, expiresAt);
  const asked = { step, by, runners: order.runners, until, knownUntil, askedAt: now };
  const wanted: WakeAsk = { ...asked, ...(pipeline && { pipeline }) };
  const { outcome, asks } = await ask(state, group.name, wanted, now, issuedAt);
  if (outcome === 'full') {
    const message = `too many steps have asked for group ${group.name}; ask again in a minute`;
    return { status: 429, message, retryAfterS: WHEN_FULL_S };
  }
  if (outcome === 'lost') {
    return { status: 503, message: 'too many steps ask at once; ask again', retryAfterS: WHEN_LOST_S };
  }
  const own = asks.find((entry) => entry.step === step) ?? wanted;
  const floorOf = (some: readonly WakeAsk[]) => wokenAt(group, some, now).min;
  const needed = Math.min(own.runners, group.wake.max, group.max);
  const answer = progress(group.name, needed, floorOf(asks), recentCounts(group, note, asks, now));
  if (own.isOver && answer.status !== 200) {
    const message =
      'the pipeline of this step was seen to have ended, so nothing is kept for it; run the pipeline again';
    return { status: 409, message };
  }
  const isRaised = outcome === 'taken' && floorOf(asks) > floorOf(asks.filter((entry) => entry !== own));
  if (isRaised) await lookIfDue(request, group, 'floor');
  // Whoever waits learns sooner that its runners are online.
  else if (answer.status === 202) await lookIfDue(request, group, 'hint');
  return answer;
}

async function lookIfDue({ state, now, look }: WakeRequest, { scope }: Wakeable, cause: LookCause): Promise<void> {
  if (look !== undefined) await beginLook(state, scope.workspace, cause, { now, look });
}

/** `kept`: so many of those online stay, since the look kept them, for a floor or for `min`, and nothing has changed since. */
type Present = {
  readonly online: number;
  readonly starting: number;
  readonly kept: number;
  /** Why there are not more. */
  readonly held?: string | undefined;
};

function progress(group: string, needed: number, wanted: number, present: Present): WakeAnswer {
  const { online, starting, kept, held } = present;
  const told = { group, online, starting, wanted };
  if (Math.min(online, kept) >= needed) {
    return { status: 200, message: `${online} ${plural(online, 'runner')} of group ${group} online`, ...told };
  }
  const few = `${starting} starting${held === undefined ? '' : ` (${held})`}`;
  const why = online < needed ? few : 'as they were before they were asked for';
  const message = `${online} of ${needed} online, ${why}; ask again in ${WHILE_STARTING_S} seconds`;
  return { status: 202, message, retryAfterS: WHILE_STARTING_S, ...told };
}

/** As the last tick saw them; none where no tick has looked lately. */
function recentCounts(group: Wakeable, { seen }: WakeNote, asks: readonly WakeAsk[], now: Instant): Present {
  if (seen === undefined || now - seen.at > RECENT_MS) return { online: 0, starting: 0, kept: 0 };
  const before = asks.filter(({ askedAt = 0 }) => askedAt + WRITTEN_MS <= seen.at);
  // A window may have opened since, and `min` may be another.
  const { min: keptThen = Number.POSITIVE_INFINITY } = seen;
  const kept = Math.min(keptThen, wokenAt(group, before, now).min);
  return { online: seen.online, starting: seen.starting, kept, held: seen.held };
}
