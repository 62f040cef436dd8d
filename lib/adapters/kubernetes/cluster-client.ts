/**
 * Calls to one cluster's API server, bounded in time and repeated where that is safe. Everything sent here is safe to
 * repeat: reads and deletes by nature, creates because names are functions of the runner's uuid, so that a second one
 * meets "already exists".
 */
import type { Instant } from '#core/model/observation.ts';
import { type ClusterAnswer, type ClusterEndpoint, type ClusterRequest, exchange } from './exchange.ts';
import {
  answerFailure,
  type Breakage,
  breakageOf,
  brokenExchange,
  isOutdated,
  malformedAnswer,
  type NamedCluster,
  reasonOf,
} from './failure.ts';

/** How a cluster is reached; made from a kubeconfig, or from whatever else knows an address and an identity. */
export type ClusterConnection = NamedCluster & {
  /** Where and as whom to send the next request. Cached credentials are renewed when they expire. */
  endpoint(): Promise<ClusterEndpoint>;
  /**
   * The server did not accept these credentials, or is not the one that they are for (another certificate, no such
   * host): forget them, so that the next `endpoint()` gets new ones.
   */
  renew(refused: ClusterEndpoint): void;
};

export type RequestOptions = {
  readonly query?: ClusterRequest['query'];
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of `body`; default `application/json`. */
  readonly contentType?: string;
  /** Instead of the client's, for each attempt. */
  readonly timeoutMs?: number;
};

/** Raw access to a cluster. */
export type ClusterClient = {
  /** For messages. */
  readonly description: string;
  /**
   * The JSON of a successful answer, unchecked. Otherwise throws `ServiceError` of service `kubernetes`, whose Status
   * reason `statusReason` (failure.ts) tells.
   */
  request<T>(method: ClusterRequest['method'], path: string, options?: RequestOptions): Promise<T>;
};

export type ClusterClientOptions = {
  /** Called for each request that leaves, repetitions included. */
  readonly onCall?: () => void;
  /** For each attempt, credentials included; default 10 s. */
  readonly timeoutMs?: number;
  readonly sleep?: (ms: number) => Promise<void>;
  readonly random?: () => number;
  readonly now?: () => Instant;
};

/**
 * How often each kind of trouble may pass before a call fails. Certificates and plugins do not mend within seconds; a
 * call that hung has had its time, but a kept connection that died silently deserves a fresh one.
 */
const REPETITIONS: Readonly<Record<Breakage | 'overload' | 'conflict', number>> = {
  overload: 3,
  // Concurrent creates under one ResourceQuota collide on it.
  conflict: 3,
  connect: 3,
  lost: 3,
  timeout: 1,
  tls: 0,
  credentials: 0,
};
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5_000;
/** A server that asks for a longer pause than this gets it from the time between ticks. */
const LONGEST_RETRY_AFTER_MS = 10_000;

/** `endpoint` is where it went; absent when there was none to be had. */
type Attempt =
  | { readonly answer: ClusterAnswer; readonly endpoint: ClusterEndpoint }
  | { readonly error: unknown; readonly endpoint: ClusterEndpoint | undefined };

/** The last attempt, and whether any of them may have had its effect. */
type Delivery = { readonly last: Attempt; readonly mayHaveHappened: boolean };

/** A client for the cluster behind `connection`. */
export function createClusterClient(
  connection: ClusterConnection,
  {
    onCall = () => {},
    timeoutMs: defaultTimeoutMs = 10_000,
    sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    random = Math.random,
    now = Date.now,
  }: ClusterClientOptions = {},
): ClusterClient {
  async function attempt(request: ClusterRequest, timeoutMs: number): Promise<Attempt> {
    const signal = AbortSignal.timeout(timeoutMs);
    let endpoint: ClusterEndpoint | undefined;
    try {
      endpoint = await withinSignal(connection.endpoint(), signal);
      onCall();
      return { endpoint, answer: await exchange(endpoint, request, signal) };
    } catch (error) {
      return { endpoint, error };
    }
  }

  /** Attempts until one settles it. A renewed connection, once, does not count as a repetition. */
  async function send(request: ClusterRequest, timeoutMs: number): Promise<Delivery> {
    let renewed = false;
    let mayHaveHappened = false;
    for (let repetition = 0; ; ) {
      const last = await attempt(request, timeoutMs);
      if (!renewed && last.endpoint !== undefined && needsRenewal(last)) {
        renewed = true;
        connection.renew(last.endpoint);
        continue;
      }
      const trouble = troubleOf(last);
      mayHaveHappened ||= isUncertain(last);
      const delayMs = delayBefore(repetition, last, random(), now());
      if (trouble === undefined || repetition >= REPETITIONS[trouble] || delayMs === undefined) {
        return { last, mayHaveHappened };
      }
      repetition += 1;
      await sleep(delayMs);
    }
  }

  return {
    description: connection.description,
    async request<T>(method: ClusterRequest['method'], path: string, options: RequestOptions = {}): Promise<T> {
      const { timeoutMs = defaultTimeoutMs, ...rest } = options;
      const request = { method, path, ...rest };
      const { last, mayHaveHappened } = await send(request, timeoutMs);
      const outcome = mayHaveHappened ? 'unknown' : 'refused';
      if ('error' in last) throw brokenExchange(connection, request, last.error, { outcome, timeoutMs });
      if (last.answer.status >= 300) throw answerFailure(connection, request, last.answer, outcome);
      try {
        return JSON.parse(last.answer.text) as T;
      } catch {
        throw malformedAnswer(connection.description, request, 'not JSON');
      }
    },
  };
}

/** Whether a new look at the kubeconfig, or whatever the connection is made from, may mend it. Nothing was done yet. */
function needsRenewal(attempt: Attempt): boolean {
  return 'answer' in attempt ? attempt.answer.status === 401 : isOutdated(attempt.error);
}

/** Whether the attempt may have had its effect although there is no success to show for it. */
function isUncertain(attempt: Attempt): boolean {
  if ('answer' in attempt) return attempt.answer.status >= 500;
  const breakage = breakageOf(attempt.error);
  return breakage === 'lost' || breakage === 'timeout';
}

function troubleOf(attempt: Attempt): keyof typeof REPETITIONS | undefined {
  if ('error' in attempt) return breakageOf(attempt.error);
  const { answer } = attempt;
  if (answer.status === 429 || answer.status >= 500) return 'overload';
  const isConflict = answer.status === 409 && reasonOf(answer) === 'Conflict';
  return isConflict ? 'conflict' : undefined;
}

/** Back-off with full jitter, on top of what `Retry-After` asks; undefined when that is too long to wait. */
function delayBefore(repetition: number, attempt: Attempt, random: number, now: Instant): number | undefined {
  const asked = 'answer' in attempt ? retryAfterMs(attempt.answer.headers['retry-after'], now) : 0;
  const backOff = Math.round(random * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** repetition));
  return asked > LONGEST_RETRY_AFTER_MS ? undefined : asked + backOff;
}

/** Seconds or an HTTP date; 0 for anything else. */
function retryAfterMs(header: string | undefined, now: Instant): number {
  if (header === undefined) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

/** `work`, unless the signal fires first: a credential plugin that hangs must not hang the tick. */
function withinSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', onAbort));
}
