/**
 * The door at which pipelines ask for runners and Bitbucket tells of events: from a request to an answer, whatever carries
 * the two. Strangers come here: what they can cause is an answer, a line in the log, and one fetch of keys in 30 seconds.
 */
import type { JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import { sentenceOf } from '#core/errors.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { StateStore } from '#core/ports.ts';
import type { Secret } from '#core/secret.ts';
import { MINUTE_MS, SECOND_MS } from '#core/time.ts';
import { visible } from '#core/visible.ts';
import { answerWake, type WakeAnswer } from '#core/wake/answer.ts';
import { beginLook } from '#core/wake/look.ts';
import { isWakeable } from '#core/wake/wakeable.ts';
import { jsonIn } from '#yaml/values.ts';
import { KeysUnavailableError } from '../oidc/keys.ts';
import { issuerOf, type StepIdentity, TokenRefusedError, verifyToken } from '../oidc/token.ts';
import { capture } from './capture.ts';
import { isHint, isSigned, isSpan, workspacesIn } from './webhook.ts';

/** A request, as any server has it. Names of headers are in small letters. */
export type DoorRequest = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
};

/**
 * What became of a request: `stray`, no pipeline and no webhook sends such; `forged`, no secret that counts made it;
 * `failed`, it may succeed another time.
 */
export type DoorOutcome = 'taken' | 'refused' | 'stray' | 'forged' | 'failed';

/** The answer; `told` is its body, as JSON. `cause`: what failed, which is not for strangers. */
export type DoorAnswer = {
  readonly status: number;
  readonly outcome: DoorOutcome;
  readonly told: Omit<WakeAnswer, 'status'>;
  readonly cause?: string;
};

/** What the door needs. */
export type DoorMeans = {
  readonly loadFleet: () => Promise<Fleet>;
  readonly openState: () => Promise<StateStore>;
  readonly keysOf: (issuer: string) => JWTVerifyGetKey;
  readonly bitbucketUrl: string;
  /** What events are signed with; undefined: none are taken. */
  readonly webhookSecret: () => Promise<Secret | undefined>;
  /** Begins a look at a workspace of this fleet; absent: looks follow each other fast enough. */
  readonly look: (fleet: Fleet) => ((workspace: string) => Promise<void>) | undefined;
  readonly now: () => Instant;
};

/** The longest body of a request and of an event, in bytes. */
const LONGEST_ORDER = 4 * 1024;
export const LONGEST_BODY = 512 * 1024;

/** A configuration that changed is known after so long. */
const FLEET_KEPT_MS = 30 * SECOND_MS;

/** A secret that changed. */
const SECRET_KEPT_MS = 5 * MINUTE_MS;

/** What could not be read is not asked for at once for each stranger. */
const FAILURE_KEPT_MS = 5 * SECOND_MS;

/** When to ask again where something of ours failed. */
const WHEN_FAILED_S = 10;
/** Keys are fetched no sooner. */
const WITHOUT_KEYS_S = 30;

const MOST_ASKED = 1_000;

const Order = z
  .strictObject({
    group: z.string().min(1).max(200).optional(),
    labels: z.array(z.string().min(1).max(100)).min(1).max(20).optional(),
    runners: z.int().min(1).max(MOST_ASKED).default(1),
  })
  .refine(({ group, labels }) => (group === undefined) !== (labels === undefined));

/** Answers requests; it never rejects. */
export function openDoor(means: DoorMeans): (request: DoorRequest) => Promise<DoorAnswer> {
  const { now } = means;
  const kept = {
    ...means,
    loadFleet: keepFor(FLEET_KEPT_MS, means.loadFleet, now),
    webhookSecret: keepFor(SECRET_KEPT_MS, means.webhookSecret, now),
  };
  const inTurn = oneByOne();
  return async (request) => {
    try {
      if (request.body.length > LONGEST_BODY) return stray(413, 'the request is longer than 512 KB');
      const { 'x-hub-signature': signature } = request.headers;
      if (request.method !== 'POST') return stray(405, 'send a POST with the token of a step');
      if (signature !== undefined) return await takeEvent(request, signature, kept);
      return await takeOrder(request, kept, inTurn);
    } catch (error) {
      if (error instanceof KeysUnavailableError) return withoutKeys(error);
      const cause = visible(sentenceOf(error));
      return { status: 503, outcome: 'failed', told: { message: FAILED, retryAfterS: WHEN_FAILED_S }, cause };
    }
  };
}

/** A key that was not there a moment ago is a stranger's, as good as always: no pipeline fails for it, and no alarm says so. */
function withoutKeys({ message, isTooSoon }: KeysUnavailableError): DoorAnswer {
  const told = { message, retryAfterS: WITHOUT_KEYS_S };
  return isTooSoon
    ? { status: 503, outcome: 'forged', told }
    : { status: 503, outcome: 'failed', told, cause: message };
}

const FAILED = 'what has to be asked here does not answer now; ask again in 10 seconds';

async function takeOrder(request: DoorRequest, means: DoorMeans, inTurn: InTurn): Promise<DoorAnswer> {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) {
    return stray(403, 'the request has no token; send "Authorization: Bearer $BITBUCKET_STEP_OIDC_TOKEN"');
  }
  const fleet = await means.loadFleet();
  let asker: StepIdentity;
  try {
    const rules = { issuers: issuersOf(fleet, means.bitbucketUrl), keysOf: means.keysOf };
    asker = await verifyToken(token, rules, means.now());
  } catch (error) {
    if (!(error instanceof TokenRefusedError)) throw error;
    return { ...refusal(403, error.message), outcome: error.isForged ? 'forged' : 'refused' };
  }
  const order = Order.safeParse(parsed(request.body, LONGEST_ORDER)).data;
  if (order === undefined) {
    const form = '{"group": "NAME", "runners": 1}, or "labels": ["…"] instead of the group';
    return refusal(400, `the body is no request for runners; send ${form}`);
  }
  const state = await means.openState();
  // Of those that come at once each would have to try again and again to write down what it asks.
  const answer = await inTurn(() =>
    answerWake({ fleet, asker, order, now: means.now(), state, look: means.look(fleet) }),
  );
  const { status, ...told } = answer;
  return { status, outcome: outcomeOf(status), told };
}

function outcomeOf(status: WakeAnswer['status']): DoorOutcome {
  if (status === 503) return 'failed';
  return status < 300 ? 'taken' : 'refused';
}

/** Tokens name the workspace by its slug, wherever the configuration has its uuid. */
function issuersOf({ groups }: Fleet, bitbucketUrl: string): readonly string[] {
  const names = groups.filter(isWakeable).flatMap(({ scope, wake }) => [scope, ...wake.from]);
  return [...new Set(names.map(({ workspace }) => issuerOf(workspace, bitbucketUrl)))];
}

async function takeEvent({ headers, body }: DoorRequest, signature: string, means: DoorMeans): Promise<DoorAnswer> {
  const secret = await means.webhookSecret();
  if (secret === undefined) return stray(403, 'no events are taken here; set the secret of the webhook first');
  if (!isSigned(body, signature, secret)) {
    return { ...refusal(403, 'the signature is not that of the secret of the webhook'), outcome: 'forged' };
  }
  const event = headers['x-event-key'] ?? '';
  if (!isHint(event)) return taken('nothing is read of such events; the webhook need not send them');
  const [value, state, fleet] = [parsed(body, LONGEST_BODY), await means.openState(), await means.loadFleet()];
  if (isSpan(event) && value !== undefined) await capture(value, state, means.now());
  const look = means.look(fleet);
  const named = workspacesIn(value);
  const all = [...new Set(fleet.groups.map(({ scope }) => scope.workspace))];
  // What a span says of its workspace nobody has seen. Of several none is looked at for it: each look would be a tick.
  const workspaces = named.length === 0 && all.length === 1 ? all : all.filter((name) => named.includes(name));
  for (const workspace of workspaces) {
    if (look !== undefined) await beginLook(state, workspace, 'hint', { now: means.now(), look });
  }
  return taken('thank you');
}

const taken = (message: string): DoorAnswer => ({ status: 202, outcome: 'taken', told: { message } });

function refusal(status: number, message: string): DoorAnswer {
  return { status, outcome: 'refused', told: { message } };
}

function stray(status: number, message: string): DoorAnswer {
  return { ...refusal(status, message), outcome: 'stray' };
}

/** Undefined for what is no JSON, or more of it than anybody needs. */
function parsed(body: Buffer, longest: number): unknown {
  return body.length > longest ? undefined : jsonIn(body.toString('utf8'));
}

/** The value for a while; whoever asks meanwhile gets the same. */
function keepFor<Value>(ms: number, get: () => Promise<Value>, now: () => Instant): () => Promise<Value> {
  let kept: { readonly value: Promise<Value>; readonly until: Instant } | undefined;
  return () => {
    if (kept === undefined || now() >= kept.until) {
      const value = get();
      const latest = { value, until: now() + ms };
      value.catch(() => {
        latest.until = now() + FAILURE_KEPT_MS;
      });
      kept = latest;
    }
    return kept.value;
  };
}

type InTurn = <Value>(work: () => Promise<Value>) => Promise<Value>;

function oneByOne(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}

/** An answer as HTTP has it. */
export function httpAnswer({ told }: DoorAnswer): { readonly headers: Record<string, string>; readonly body: string } {
  const { retryAfterS } = told;
  return {
    headers: {
      'content-type': 'application/json',
      ...(retryAfterS !== undefined && { 'retry-after': String(retryAfterS) }),
    },
    body: `${JSON.stringify(told)}\n`,
  };
}
