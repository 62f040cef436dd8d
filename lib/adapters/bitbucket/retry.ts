/**
 * When a request is sent again, and how long to wait before. The policy is data, with its reasons:
 *
 * | what happened               | read | disable | remove | register | token |
 * |-----------------------------|------|---------|--------|----------|-------|
 * | 429 rate-limited            | yes  | yes     | yes    | yes      | yes   |
 * | 409 simultaneous updates    | –    | yes     | –      | –        | –     |
 * | 5xx                         | yes  | yes     | yes    | **no**   | yes   |
 * | time-out, connection lost   | yes  | yes     | yes    | **no**   | yes   |
 * | host unreachable            | yes  | yes     | yes    | **no**   | yes   |
 *
 * A refused credential (401) is not a matter of waiting; `client.ts` renews the token and asks once more.
 */
import type { Instant } from '#core/model/observation.ts';
import type { Exchange } from './http.ts';

/** What a request is for. All but `register` can be done twice with the effect of once. */
export type Operation = 'read' | 'register' | 'disable' | 'remove' | 'token';

/** The ways of failing that may pass by themselves. */
export type Trouble =
  | 'rate-limited'
  | 'state-conflict'
  | 'server-error'
  | 'timed-out'
  | 'connection-lost'
  | 'unreachable';

/** Which operations are repeated after which trouble, and why it is safe. */
export const RETRY_POLICY: Readonly<
  Record<Trouble, { readonly repeat: readonly Operation[]; readonly because: string }>
> = {
  'rate-limited': {
    repeat: ['read', 'disable', 'remove', 'register', 'token'],
    because: 'Bitbucket turned the request away before doing anything',
  },
  'state-conflict': {
    repeat: ['disable'],
    because: 'the runner itself wrote its state at the same moment, and Bitbucket asks the later one to come again',
  },
  'server-error': {
    repeat: ['read', 'disable', 'remove', 'token'],
    because: 'twice has the effect of once; a registration may already exist, so another would be one too many',
  },
  'timed-out': {
    repeat: ['read', 'disable', 'remove', 'token'],
    because: 'twice has the effect of once; a registration may have arrived, so another would be one too many',
  },
  'connection-lost': {
    repeat: ['read', 'disable', 'remove', 'token'],
    because: 'twice has the effect of once; a registration may have arrived, so another would be one too many',
  },
  unreachable: {
    repeat: ['read', 'disable', 'remove', 'token'],
    because: 'name servers and routes recover in moments; a registration waits for the next tick all the same',
  },
};

const MAX_ATTEMPTS = 4;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 4_000;

/** What became of a request after all attempts. */
export type Delivery = {
  /** The last attempt's. */
  readonly exchange: Exchange;
  readonly attempts: number;
  /** Whether some attempt without a clear refusal may have had its effect. */
  readonly mayHaveHappened: boolean;
};

/** `send` makes one attempt. */
export type Deliver = (operation: Operation, send: () => Promise<Exchange>) => Promise<Delivery>;

/** The trouble that an exchange is in; undefined for success and for refusals that repeating cannot change. */
export function troubleOf(exchange: Exchange): Trouble | undefined {
  if (exchange.kind !== 'answer') return exchange.kind;
  if (exchange.status === 429) return 'rate-limited';
  if (exchange.status === 409) return 'state-conflict';
  return exchange.status >= 500 ? 'server-error' : undefined;
}

/**
 * Milliseconds before the next attempt: exponential back-off with full jitter, on top of what `Retry-After` asks, so
 * that many requests which are told the same moment do not come back together. `attempts` counts those already made.
 */
export function retryDelay(attempts: number, exchange: Exchange, random: () => number): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1));
  const asked = exchange.kind === 'answer' ? (exchange.retryAfterMs ?? 0) : 0;
  return asked + Math.floor(random() * ceiling);
}

/**
 * A function that sends a request as often as the policy allows. No attempt starts when the waits and the calls so far
 * exceed `budgetMs` (so a call takes at most the budget and one time-out): a tick has a minute, and what Bitbucket
 * asks to be put off for longer is better tried by the next one.
 */
export function createDelivery(options: {
  readonly sleep: (ms: number) => Promise<void>;
  readonly random: () => number;
  readonly now: () => Instant;
  readonly budgetMs: number;
}): Deliver {
  return async (operation, send) => {
    let spentMs = 0;
    let mayHaveHappened = false;
    for (let attempts = 1; ; attempts += 1) {
      const startedAt = options.now();
      const exchange = await send();
      spentMs += options.now() - startedAt;
      const trouble = troubleOf(exchange);
      mayHaveHappened ||= trouble === 'server-error' || trouble === 'timed-out' || trouble === 'connection-lost';
      const delivery = { exchange, attempts, mayHaveHappened };
      if (trouble === undefined || !RETRY_POLICY[trouble].repeat.includes(operation)) return delivery;
      const delayMs = retryDelay(attempts, exchange, options.random);
      if (attempts === MAX_ATTEMPTS || spentMs + delayMs > options.budgetMs) return delivery;
      spentMs += delayMs;
      await options.sleep(delayMs);
    }
  };
}
