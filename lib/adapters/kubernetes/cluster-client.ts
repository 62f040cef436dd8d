/**
 * Calls to one cluster's API server, bounded in time and repeated as the retry policy says of a `cluster-call`. They are
 * raw JSON: a template may use fields that a typed client would silently drop.
 */
import type * as http from 'node:http';
import { createDelivery, type DeliveryOptions } from '../http/delivery.ts';
import {
  type Answer,
  type AnswerLimit,
  type Exchange,
  type HttpRequest,
  jsonRequest,
  send,
  type TlsOptions,
} from '../http/exchange.ts';
import type { Identity } from '../http/identity.ts';
import { failure, malformedAnswer, type NamedCluster, reasonOf } from './failure.ts';

/** How a cluster is reached; made from a kubeconfig, or from whatever else knows an address and an identity. */
export type ClusterConnection = NamedCluster & {
  readonly endpoint: Identity<ClusterEndpoint>;
  /**
   * ARN of the KMS key with which Secrets are encrypted, or undefined where it is AWS's own. Known once a request was
   * answered. Absent where only the cluster itself is asked, which does not tell.
   */
  readonly secretsKey?: () => string | undefined;
};

/** Where and as whom to send a request. */
export type ClusterEndpoint = {
  /** Such as `https://10.0.0.1:6443`, with or without a path, without a slash at the end. */
  readonly server: string;
  /** `authorization` and whatever else identifies the sender. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  /** The way through a proxy; absent: straight. */
  readonly agent?: http.Agent;
};

export type ClusterRequest = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From the root, such as `/api/v1/namespaces/runners/pods`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of `body`; default `application/json`. */
  readonly contentType?: string;
  /** Default: that of one object. */
  readonly limit?: AnswerLimit;
};

/** What a request has besides method and path; `timeoutMs`, for each attempt, instead of the client's. */
type RequestOptions = Omit<ClusterRequest, 'method' | 'path'> & { readonly timeoutMs?: number };

/** Raw access to a cluster. */
export type ClusterClient = {
  /** For messages. */
  readonly description: string;
  readonly secretsKey?: ClusterConnection['secretsKey'];
  /**
   * The JSON of a successful answer, unchecked. Otherwise throws `ServiceError` of service `kubernetes`, whose Status
   * reason `statusReason` (failure.ts) tells.
   */
  request<T>(method: ClusterRequest['method'], path: string, options?: RequestOptions): Promise<T>;
  /** The text of a successful answer to a GET; else as `request`. */
  text(path: string, options?: RequestOptions): Promise<string>;
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
  const textOf = async (request: ClusterRequest, timeoutMs: number = defaultTimeoutMs): Promise<string> => {
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
    return exchange.text;
  };
  return {
    description: connection.description,
    ...(connection.secretsKey && { secretsKey: connection.secretsKey }),
    async request<T>(method: ClusterRequest['method'], path: string, rest: RequestOptions = {}): Promise<T> {
      const { timeoutMs, ...body } = rest;
      const request = { method, path, ...body };
      const text = await textOf(request, timeoutMs);
      try {
        return JSON.parse(text) as T;
      } catch {
        throw malformedAnswer(connection.description, request);
      }
    },
    text: (path, { timeoutMs, ...rest } = {}) => textOf({ method: 'GET', path, ...rest }, timeoutMs),
  };
}

/** The request as it goes to this endpoint. */
export function httpRequest({ server, ...endpoint }: ClusterEndpoint, request: ClusterRequest): HttpRequest {
  const { method, path, query = {}, body, contentType, limit } = request;
  const url = new URL(`${server}${path}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return jsonRequest({ ...endpoint, method, url: url.href, ...(limit && { limit }) }, body, contentType);
}

/**
 * An endpoint with the signal that ends its attempt. Getting the endpoint and sending share one limit of time: a plugin
 * that hangs must not hang the tick.
 */
function withinTime(
  endpoint: Identity<ClusterEndpoint>,
  timeoutMs: number,
): Identity<{ readonly who: ClusterEndpoint; readonly signal: AbortSignal }> {
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
