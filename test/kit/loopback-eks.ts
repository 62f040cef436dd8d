/** The way into an EKS cluster: TLS in front of a loopback Kubernetes, and what EKS says of it. Tokens are not looked at. */
import * as https from 'node:https';
import { makeCertificate } from './certificate.ts';
import { json, listen, type ScriptedAnswer } from './loopback.ts';
import type { LoopbackKubernetes } from './loopback-kubernetes.ts';

export type LoopbackEks = {
  /** The answer to DescribeCluster. */
  readonly described: ScriptedAnswer;
  readonly close: () => Promise<void>;
};

/** Starts it; `over`: what EKS says of it besides. Whoever comes is let through with the token of that Kubernetes. */
export async function startLoopbackEks(kubernetes: LoopbackKubernetes, over: object = {}): Promise<LoopbackEks> {
  const certificate = makeCertificate();
  const server = https.createServer(certificate, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await fetch(`${kubernetes.url}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { authorization: `Bearer ${kubernetes.token}`, 'content-type': request.headers['content-type'] ?? '' },
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  const { url, close } = await listen(server);
  const cluster = {
    name: 'ci',
    status: 'ACTIVE',
    endpoint: url.replace('http:', 'https:'),
    certificateAuthority: { data: Buffer.from(certificate.cert).toString('base64') },
    ...over,
  };
  return { described: json(200, { cluster }), close };
}
