/**
 * A server for the door, on an address of this machine. It speaks plain HTTP: what faces the world, and has the
 * certificate, stands before it. Whoever is slow or sends too much is sent away.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DoorAnswer, type DoorRequest, httpAnswer, LONGEST_BODY } from '#adapters/wake/door.ts';
import { InputError } from '#core/errors.ts';

export type ListenPlace = { readonly host: string; readonly port: number };

/** The server; `close` lets requests that have come get their answers. */
export type Listening = { readonly url: string; readonly close: () => Promise<void> };

/** How long a request may take to arrive, in milliseconds; its headers half of it. */
const ARRIVES_MS = 10_000;

/** With the longest of bodies each, they take 200 MB. */
const MOST_CONNECTIONS = 400;

/** `HOST:PORT`, of IPv6 `[::1]:8080`; undefined for anything else. Port 0: any that is free. */
export function parsePlace(text: string): ListenPlace | undefined {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host === undefined || Number(port) > 65_535 ? undefined : { host, port: Number(port) };
}

/** Listens. Throws `InputError` when the address is not to be had. */
export async function listen(
  { host, port }: ListenPlace,
  answer: (request: DoorRequest) => Promise<DoorAnswer>,
): Promise<Listening> {
  const options = {
    requestTimeout: ARRIVES_MS,
    headersTimeout: ARRIVES_MS / 2,
    connectionsCheckingInterval: ARRIVES_MS / 4,
    // Room for a token beside what proxies add.
    maxHeaderSize: 32 * 1024,
  };
  const server = createServer(options, async (request, response) => {
    const body = await bodyOf(request).catch(() => undefined);
    if (body === undefined) return;
    const answered = await answer({ method: request.method ?? '', headers: headersOf(request), body });
    const http = httpAnswer(answered);
    // What was not read of a body that is too long would be taken for the next request.
    const close = body.length > LONGEST_BODY ? { connection: 'close' } : {};
    response.writeHead(answered.status, { ...http.headers, ...close }).end(http.body);
  });
  server.maxConnections = MOST_CONNECTIONS;
  await bind(server, { host, port });
  const { address, port: bound, family } = server.address() as AddressInfo;
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`, close: () => closeServer(server) };
}

/** To its end, or a little more of it than is ever used. Rejects when it does not come. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The answer goes out over the same connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > LONGEST_BODY) break;
  }
  return Buffer.concat(chunks);
}

/** Of headers that are sent twice Node keeps the first, or joins them. */
function headersOf({ headers }: IncomingMessage): DoorRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));
}

async function bind(server: Server, { host, port }: ListenPlace): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (error: NodeJS.ErrnoException) =>
    reject(new InputError(`Nothing can listen on ${host}:${port} (${error.code}); give another address with --listen`)),
  );
  server.listen({ host, port }, resolve);
  await promise;
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await closed;
}
