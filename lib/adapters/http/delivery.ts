/** Sending a request until it is settled: repeated as the retry policy says, and once more when its identity is refused. */
import type { Instant } from '#core/model/observation.ts';
import type { Answer, Exchange } from './exchange.ts';
import type { Identity } from './identity.ts';
import { mayHaveHappened, type Operation, repeatsAfter, troubleOf } from './retry-policy.ts';

export type BackOff = { readonly firstMs: number; readonly longestMs: number };

/** What became of a request after all attempts. */
export type Delivery = {
  /** The last attempt's. */
  readonly exchange: Exchange;
  /** Those with a renewed identity do not count. */
  readonly attempts: number;
  /** Whether some attempt without a clear refusal may have had its effect. */
  readonly mayHaveHappened: boolean;
};

/** What a `ServiceError` says of a delivery that failed. */
export function effectOf({ exchange, mayHaveHappened }: Delivery) {
  // Stryker disable next-line ConditionalExpression: nothing but an answer has it.
  const status = exchange.kind === 'answer' ? exchange.status : undefined;
  return { outcome: mayHaveHappened ? 'unknown' : 'refused', status } as const;
}

export type Order<Who> = {
  readonly operation: Operation;
  readonly identity: Identity<Who>;
  /** Makes one attempt. */
  readonly send: (who: Who) => Promise<Exchange>;
  /** Whether a 409 says that two changes met, and not that the request is at odds with what is there; default: it does. */
  readonly isConflict?: (answer: Answer) => boolean;
};

/** What a delivery is made of; the functions are there for tests. */
export type DeliveryOptions = {
  readonly backOff: BackOff;
  /**
   * No attempt starts when the waits and the attempts so far exceed this, so a call takes at most this and one time-out;
   * default 15 s. A tick has a minute, and what is to be put off for longer is better tried by the next one.
   */
  readonly giveUpAfterMs?: number;
  readonly sleep?: (ms: number) => Promise<void>;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly now?: () => Instant;
};

/** A function that sends requests as often as the policy allows. It rejects only when `send` does. */
export function createDelivery({
  backOff,
  giveUpAfterMs = 15_000,
  sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random = Math.random,
  now = Date.now,
}: DeliveryOptions) {
  return async <Who>({ operation, identity, send, isConflict }: Order<Who>): Promise<Delivery> => {
    let spentMs = 0;
    let uncertain = false;
    let renewed = false;
    for (let attempts = 1; ; ) {
      const startedAt = now();
      const { exchange, renew } = await attempt(identity, send);
      spentMs += now() - startedAt;
      // A refused identity means that nothing was done, so that even a registration may be asked for once more.
      if (!renewed && renew?.()) {
        renewed = true;
        continue;
      }
      const trouble = troubleOf(exchange, isConflict);
      uncertain ||= mayHaveHappened(trouble);
      const delivery = { exchange, attempts, mayHaveHappened: uncertain };
      if (attempts > repeatsAfter(trouble, operation)) return delivery;
      const delayMs = retryDelay(attempts, exchange, backOff, random);
      if (spentMs + delayMs > giveUpAfterMs) return delivery;
      spentMs += delayMs;
      attempts += 1;
      await sleep(delayMs);
    }
  };
}

/** `renew` tells whether as somebody else the request may fare better; absent: there is nobody to send it as. */
async function attempt<Who>(identity: Identity<Who>, send: Order<Who>['send']) {
  let who: Who;
  try {
    who = await identity.current();
  } catch (thrown) {
    return { exchange: notSent(thrown) };
  }
  const exchange = await send(who);
  return { exchange, renew: () => identity.renew(who, exchange) };
}

function notSent(thrown: unknown): Exchange {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return error.name === 'TimeoutError' ? { kind: 'timed-out', code: 'ETIMEDOUT' } : { kind: 'not-sent', error };
}

/**
 * Milliseconds before the next attempt: exponential back-off with full jitter, on top of what `Retry-After` asks, so
 * that many requests which are told the same moment do not come back together. `attempts` counts those already made.
 */
export function retryDelay(attempts: number, exchange: Exchange, backOff: BackOff, random: () => number): number {
  const ceiling = Math.min(backOff.longestMs, backOff.firstMs * 2 ** (attempts - 1));
  // Stryker disable next-line ConditionalExpression: nothing but an answer has it.
  const asked = exchange.kind === 'answer' ? (exchange.retryAfterMs ?? 0) : 0;
  return asked + Math.floor(random() * ceiling);
}
