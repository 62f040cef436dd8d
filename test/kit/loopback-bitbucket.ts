/**
 * A Bitbucket on the loopback interface: an HTTP server that plays both runner surfaces, the look-up of workspaces and
 * repositories, and the OAuth token endpoint. It keeps what clients register, logs every request, and can be told to
 * be slow, to fail, or to break off.
 *
 *     const bitbucket = await startLoopbackBitbucket({ workspaces: { acme: ['app'] }, latencyMs: 100 });
 *     const api = createBitbucketRunnerApi({ baseUrl: bitbucket.url, … });
 *     bitbucket.addRunners({ workspace: 'acme' }, 250, { labels: ['self.hosted', 'linux'], status: 'ONLINE' });
 *     bitbucket.script({ method: 'GET', times: 2, reply: { status: 429, headers: { 'retry-after': '1' } } });
 *     …
 *     bitbucket.trace();       // ['GET /internal/workspaces/acme/pipelines-config/runners?pagelen=100 429', …]
 *     await bitbucket.close();
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Scope } from '#core/model/configuration.ts';
import {
  createLoopbackWorld,
  type LoopbackRunner,
  type RunnerSettings,
  type WorldOptions,
} from './loopback-bitbucket-world.ts';

export type { LoopbackRunner, RunnerSettings } from './loopback-bitbucket-world.ts';

/** One request as it arrived. `status` is what it was answered, 0 for none. */
export type LoggedRequest = {
  readonly method: string;
  /** With the query, braces decoded. */
  readonly path: string;
  readonly auth: 'basic' | 'bearer' | 'none';
  readonly body: string;
  status: number;
};

/**
 * What to do instead of the real answer: give a fixed one, give the real one later (`until`), never answer (`hang`), send
 * half a body and stop (`hang-body`) or close (`cut`), or close without a byte (`reset`). `apply-then-*` does the work
 * first.
 */
export type Reply =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | object }
  | { readonly until: Promise<unknown> }
  | 'hang'
  | 'hang-body'
  | 'cut'
  | 'reset'
  | 'apply-then-reset'
  | 'apply-then-hang';

/** Requests that a reply is for; without a condition, any. It is used `times` times (default 1), then forgotten. */
export type Script = {
  readonly method?: string;
  /** The path, query included, contains this. */
  readonly path?: string;
  readonly times?: number;
  readonly reply: Reply;
};

export type LoopbackOptions = WorldOptions & {
  /** Added to every answer; default 0. */
  readonly latencyMs?: number;
  /** Called when a request is there that gets no answer, or no more of it. */
  readonly onHang?: () => void;
};

export type LoopbackBitbucket = {
  readonly url: string;
  /** May be changed at any time. */
  latencyMs: number;
  readonly requests: readonly LoggedRequest[];
  /** `METHOD path status`, one per request so far. */
  trace(): string[];
  forgetRequests(): void;
  /** Queues a reply; the first queued one that fits a request is used. */
  script(script: Script): void;
  /** Drops the queued replies that nothing asked for. */
  forgetScripts(): void;
  /** From now on every OAuth token issued so far is answered 401. */
  revokeTokens(): void;
  /** Every secret that an answer has held so far: those of runners, and OAuth tokens. */
  readonly issuedSecrets: readonly string[];
  uuidOf(name: string): string;
  addRunners(scope: Scope, count: number, settings?: RunnerSettings): LoopbackRunner[];
  /** The live objects: change `status`, `step`, `cordoned` at will. */
  runners(scope: Scope): readonly LoopbackRunner[];
  runner(scope: Scope, uuid: string): LoopbackRunner;
  readonly addPipeline: ReturnType<typeof createLoopbackWorld>['addPipeline'];
  readonly putFile: ReturnType<typeof createLoopbackWorld>['putFile'];
  close(): Promise<void>;
  /** Closes it, too: `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
};

/** Starts the server on a free port of 127.0.0.1. */
export async function startLoopbackBitbucket(options: LoopbackOptions = {}): Promise<LoopbackBitbucket> {
  const world = createLoopbackWorld(options);
  const requests: LoggedRequest[] = [];
  const scripts: { script: Script; left: number }[] = [];

  function scriptedReply(request: LoggedRequest): Reply | undefined {
    const entry = scripts.find(
      ({ script, left }) =>
        left > 0 &&
        (script.method === undefined || script.method === request.method) &&
        (script.path === undefined || request.path.includes(script.path)),
    );
    if (entry !== undefined) entry.left -= 1;
    return entry?.script.reply;
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    requests.push(request);
    const reply = await whenDue(scriptedReply(request));
    if (bitbucket.latencyMs > 0) await pause(bitbucket.latencyMs);
    if (reply === undefined || reply === 'apply-then-reset' || reply === 'apply-then-hang') {
      const real = world.answer(request, incoming.headers.authorization ?? '', bitbucket.url);
      if (reply === undefined) return finish(response, request, real.status, real.body);
    }
    if (typeof reply === 'object') return finish(response, request, reply.status, reply.body, reply.headers);
    misbehave(response, reply, options.onHang ?? (() => {}));
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const bitbucket: LoopbackBitbucket = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    latencyMs: options.latencyMs ?? 0,
    requests,
    trace: () => requests.map(({ method, path, status }) => `${method} ${path} ${status}`),
    forgetRequests: () => requests.splice(0),
    script: (script) => scripts.push({ script, left: script.times ?? 1 }),
    forgetScripts: () => scripts.splice(0),
    revokeTokens: world.revokeTokens,
    issuedSecrets: world.issued,
    uuidOf: world.uuidOf,
    addRunners: world.addRunners,
    runners: world.runners,
    runner: world.runner,
    addPipeline: world.addPipeline,
    putFile: world.putFile,
    close: () => close(server),
    [Symbol.asyncDispose]: () => close(server),
  };
  return bitbucket;
}

type Late = { readonly until: Promise<unknown> };

/** The reply at its time; undefined: the real one. */
async function whenDue(reply: Reply | undefined): Promise<Exclude<Reply, Late> | undefined> {
  if (typeof reply !== 'object' || !('until' in reply)) return reply;
  await reply.until;
  return undefined;
}

async function readRequest(incoming: IncomingMessage): Promise<LoggedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const scheme = incoming.headers.authorization?.split(' ')[0];
  return {
    method: incoming.method ?? '',
    path: decodeURIComponent(incoming.url ?? ''),
    auth: scheme === 'Basic' ? 'basic' : scheme === 'Bearer' ? 'bearer' : 'none',
    body: Buffer.concat(chunks).toString(),
    status: 0,
  };
}

function finish(
  response: ServerResponse,
  request: LoggedRequest,
  status: number,
  body?: string | object,
  headers: Readonly<Record<string, string>> = {},
): void {
  request.status = status;
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  response.writeHead(status, { ...(text !== undefined && { 'content-type': 'application/json' }), ...headers });
  response.end(text);
}

function misbehave(response: ServerResponse, reply: Extract<Reply, string>, onHang: () => void): void {
  if (reply === 'hang' || reply === 'apply-then-hang') {
    onHang();
    return;
  }
  if (reply === 'reset' || reply === 'apply-then-reset') {
    response.destroy();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"values": [', () => {
    if (reply === 'cut') response.destroy();
    else onHang();
  });
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
