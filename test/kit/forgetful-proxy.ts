/**
 * A load balancer or NAT gateway before a service: it passes bytes on, and forgets connections without telling the client.
 * What a client then sends over one of those is answered with a reset, or with nothing at all.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type ForgetfulProxy = AsyncDisposable & {
  /** With the scheme of the service's URL. */
  readonly url: string;
  /** Forgets every connection that is open now. */
  readonly forget: () => void;
  /** How many connections were opened so far. */
  readonly opened: () => number;
  /** Over how many of the forgotten ones something came all the same. */
  readonly usedForgotten: () => number;
};

/** Starts one before the service at `serviceUrl`. */
export async function startForgetfulProxy(
  serviceUrl: string,
  answerToForgotten: 'reset' | 'silence',
): Promise<ForgetfulProxy> {
  const service = new URL(serviceUrl);
  const clients = new Set<Socket>();
  const known = new Map<Socket, Socket>();
  const count = { opened: 0, usedForgotten: 0 };
  const server = createServer((client) => {
    const upstream = connect(Number(service.port), service.hostname);
    count.opened += 1;
    clients.add(client);
    known.set(client, upstream);
    client.pipe(upstream).pipe(client);
    client.on('close', () => {
      upstream.destroy();
      clients.delete(client);
      known.delete(client);
    });
    for (const socket of [client, upstream]) socket.on('error', () => client.destroy());
  });
  const forget = (client: Socket, upstream: Socket) => {
    upstream.unpipe();
    upstream.destroy();
    client.unpipe();
    client.once('data', () => {
      count.usedForgotten += 1;
      if (answerToForgotten === 'reset') client.resetAndDestroy();
    });
    client.resume();
  };
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `${service.protocol}//127.0.0.1:${(server.address() as AddressInfo).port}`,
    forget: () => {
      for (const [client, upstream] of known) forget(client, upstream);
      known.clear();
    },
    opened: () => count.opened,
    usedForgotten: () => count.usedForgotten,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
