/**
 * Calls to one cluster's API server, bounded in time and repeated as the retry policy says of a `cluster-call`.
 */
import { createDelivery, type DeliveryOptions } from '../http/delivery.ts';
import { type Answer, type Exchange, send } from '../http/exchange.ts';
import type { Identity } from '../http/identity.ts';
import { failure, malformedAnswer, type NamedCluster, reasonOf } from './failure.ts';
import { type ClusterEndpoint, type ClusterRequest, httpRequest } from './request.ts';

/** How a cluster is reached; made from a kubeconfig, or from whatever else knows an address and an identity. */
export type ClusterConnection = NamedCluster & {
  /** Where and as whom to send requests. */
  readonly endpoint: Identity<ClusterEndpoint>;
};

/** What a request has besides method and path. */
export type RequestOptions = Omit<ClusterRequest, 'method' | 'path'> & {
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

export type ClusterClientOptions = Omit<DeliveryOptions, 'backOff'> & {
  /** Called for each request that leaves, repetitions included. */
  readonly onCall?: () => void;
  /** For each attempt, credentials included; default 10 s. */
  readonly timeoutMs?: number;
};

const BACK_OFF = { firstMs: 200, longestMs: 5_000 };

/** Of other 409s, repeating changes nothing: what is to be created exists. */
const isConflict = (answer: Answer) => reasonOf(answer) === 'Conflict';

/** A client for the cluster behind `connection`. */
export function createClusterClient(
  connection: ClusterConnection,
  { onCall = () => {}, timeoutMs: defaultTimeoutMs = 10_000, ...options }: ClusterClientOptions = {},
): ClusterClient {
  const deliver = createDelivery({ ...options, backOff: BACK_OFF });
  return {
    description: connection.description,
    async request<T>(method: ClusterRequest['method'], path: string, rest: RequestOptions = {}): Promise<T> {
      const { timeoutMs = defaultTimeoutMs, ...body } = rest;
      const request = { method, path, ...body };
      const delivery = await deliver({
        operation: 'cluster-call',
        isConflict,
        identity: withinTime(connection.endpoint, timeoutMs),
        send: ({ who, signal }) => {
          onCall();
          return send(httpRequest(who, request), signal, options.now);
        },
      });
      const { exchange } = delivery;
      if (exchange.kind !== 'answer' || exchange.status >= 300) {
        throw failure(connection, request, { ...delivery, timeoutMs });
      }
      try {
        return JSON.parse(exchange.text) as T;
      } catch {
        throw malformedAnswer(connection.description, request, 'not JSON');
      }
    },
  };
}

/** An endpoint, and the signal that ends the attempt with it. */
type Limited = { readonly who: ClusterEndpoint; readonly signal: AbortSignal };

/** One limit of time for getting the endpoint and for what is then sent: a plugin that hangs must not hang the tick. */
function withinTime(endpoint: Identity<ClusterEndpoint>, timeoutMs: number): Identity<Limited> {
  return {
    renew: ({ who }, exchange) => endpoint.renew(who, exchange),
    current: async () => {
      const signal = AbortSignal.timeout(timeoutMs);
      const { promise, reject } = Promise.withResolvers<never>();
      const onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        return { who: await Promise.race([endpoint.current(), promise]), signal };
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
  };
}

/** Whether a new look at what the connection is made from may mend it. Nothing was done yet. */
export function isOutdated(exchange: Exchange): boolean {
  if (exchange.kind === 'answer') return exchange.status === 401;
  // A cluster that was made anew under its old name leaves a host name that does not exist.
  return exchange.kind === 'untrusted' || (exchange.kind === 'unreachable' && exchange.code === 'ENOTFOUND');
}
