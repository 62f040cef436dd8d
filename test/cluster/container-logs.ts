/** The part of a kubelet that gives out what containers log: where an API server asks for `pods/log`. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from '#kit/certificate.ts';
import { tailOf } from '#kit/loopback-kubernetes-answers.ts';

/** Serves `/containerLogs/NAMESPACE/POD/CONTAINER`; gives the port. It keeps no process alive. */
export async function serveContainerLogs(logOf: (pod: string) => string): Promise<number> {
  const server = createServer(makeCertificate(), (request, response) => {
    const url = new URL(request.url ?? '/', 'https://kubelet');
    const [, pod = ''] = /^\/containerLogs\/[^/]+\/([^/]+)\/[^/]+$/.exec(url.pathname) ?? [];
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.end(tailOf(logOf(pod), Object.fromEntries(url.searchParams)));
  });
  server.unref();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
