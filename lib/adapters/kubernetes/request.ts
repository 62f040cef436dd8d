/** A request to an API server, as raw JSON: a template may use fields that a typed client would silently drop. */
import type * as http from 'node:http';
import type { HttpRequest, TlsOptions } from '../http/exchange.ts';

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
};

/** The request as it goes to this endpoint. */
export function httpRequest({ server, tls, agent, headers }: ClusterEndpoint, request: ClusterRequest): HttpRequest {
  const { method, path, query = {}, body, contentType = 'application/json' } = request;
  const url = new URL(`${server}${path}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const common = { method, url: url.href, tls, agent };
  const accepting = { accept: 'application/json', ...headers };
  if (body === undefined) return { ...common, headers: accepting };
  return { ...common, headers: { 'content-type': contentType, ...accepting }, body: JSON.stringify(body) };
}
