/**
 * A company's proxy: the only way to hosts that nothing else can resolve. It tunnels (CONNECT) to the service that stands
 * for the host, with TLS in front of services that speak plain HTTP, and records what it was asked for.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type Certificate, makeCertificate } from './certificate.ts';
import { listen } from './loopback.ts';

export type RecordingProxy = AsyncDisposable & {
  readonly url: string;
  /** The CA of the services behind the proxy, PEM. */
  readonly ca: string;
  /** `CONNECT host:port` of each tunnel, and `GET http://…` of what came without one. */
  readonly asked: readonly string[];
  /** The `Proxy-Authorization` headers. */
  readonly credentials: readonly (string | undefined)[];
};

/** `services`: plain http:// URLs by host name. `refuse`: the status for every CONNECT instead of a tunnel. */
export async function startRecordingProxy(
  services: Readonly<Record<string, string>>,
  { refuse }: { readonly refuse?: number } = {},
): Promise<RecordingProxy> {
  await using stack = new AsyncDisposableStack();
  const certificate = makeCertificate(Object.keys(services));
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const ports = new Map<string, number>();
  for (const [host, service] of Object.entries(services)) {
    const front = await startTlsFront(service, certificate, sockets);
    ports.set(host, front.port);
    stack.defer(front.close);
  }
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(502).end();
  });
  server.on('connect', (request, client: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    credentials.push(request.headers['proxy-authorization']);
    const port = ports.get(request.url?.split(':')[0] ?? '');
    if (refuse !== undefined || port === undefined) {
      client.end(`HTTP/1.1 ${refuse ?? 502} No\r\n\r\n`);
      return;
    }
    const upstream = connect(port, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
    join(client, upstream, sockets);
  });
  const { url, close } = await listen(server);
  stack.defer(async () => {
    for (const socket of sockets) socket.destroy();
    await close();
  });
  const started = stack.move();
  return { url, ca: certificate.cert, asked, credentials, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

/** TLS before a service that speaks plain HTTP. */
async function startTlsFront(serviceUrl: string, certificate: Certificate, sockets: Set<Socket>) {
  const { port, hostname } = new URL(serviceUrl);
  const server = createTlsServer(certificate, (client) => join(client, connect(Number(port), hostname), sockets));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

function join(client: Socket, upstream: Socket, sockets: Set<Socket>): void {
  client.pipe(upstream).pipe(client);
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    sockets.add(one);
    one.on('error', () => other.destroy());
    one.on('close', () => {
      sockets.delete(one);
      other.destroy();
    });
  }
}
