/**
 * One HTTP exchange with an API server: a request as raw JSON, an answer as text, and a limit of time over all of it.
 * Raw JSON because a template may use fields that a typed client does not know and would silently drop.
 */
import * as http from 'node:http';
import * as https from 'node:https';

/** Where and as whom to send a request. */
export type ClusterEndpoint = {
  /** Such as `https://10.0.0.1:6443`, with or without a path, without a slash at the end. */
  readonly server: string;
  /** `authorization` and whatever else identifies the sender. */
  readonly headers: Readonly<Record<string, string>>;
  /** Certificates, and whether and as whom to verify the server. */
  readonly tls: Pick<
    https.RequestOptions,
    'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
  >;
  /** The way through a proxy; absent: straight, over connections that are kept. */
  readonly agent?: http.Agent;
};

export type ClusterRequest = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From the root, such as `/api/v1/namespaces/runners/pods`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
};

export type ClusterAnswer = {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
};

/** Certificates are options of the request, so one agent keeps the connections of every cluster and identity apart. */
const keptConnections = {
  'http:': new http.Agent({ keepAlive: true }),
  'https:': new https.Agent({ keepAlive: true }),
};

/**
 * Sends one request. Rejects with Node's own error when there is no whole answer; when `signal` fires, wherever the
 * exchange stands (connecting, waiting, in the middle of the body), with the signal's reason.
 */
export function exchange(
  endpoint: ClusterEndpoint,
  request: ClusterRequest,
  signal: AbortSignal,
): Promise<ClusterAnswer> {
  const url = new URL(`${endpoint.server}${request.path}`);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const protocol = url.protocol === 'http:' ? 'http:' : 'https:';
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const options: https.RequestOptions = {
    method: request.method,
    headers: { ...headersFor(body, request.contentType), ...endpoint.headers },
    agent: endpoint.agent ?? keptConnections[protocol],
    signal,
    ...endpoint.tls,
  };
  const { promise, resolve, reject } = Promise.withResolvers<ClusterAnswer>();
  const fail = (error: unknown) => reject(signal.aborted ? signal.reason : error);
  const sent = (protocol === 'http:' ? http : https).request(url, options, (response) => {
    collect(response).then((text) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
    }, fail);
  });
  sent.on('error', fail);
  sent.end(body);
  return promise;
}

function headersFor(body: string | undefined, contentType = 'application/json'): Record<string, string> {
  const common = { accept: 'application/json', 'user-agent': 'bitbucket-runner-autoscaler' };
  // Node adds no length to the body of a DELETE; the server would take the body for the connection's next request.
  return body === undefined
    ? common
    : { ...common, 'content-type': contentType, 'content-length': String(Buffer.byteLength(body)) };
}

async function collect(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
