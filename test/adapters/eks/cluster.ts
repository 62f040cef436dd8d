/**
 * The part of an EKS cluster that tokens and certificates meet: an HTTPS server that asks an authenticator and answers
 * everybody who is let in with an empty list. Its certificate can be replaced, as EKS does when a CA is rotated.
 */
import * as https from 'node:https';
import { type Certificate, makeCertificate } from '#kit/certificate.ts';
import { listen } from '#kit/loopback.ts';

export type LoopbackCluster = AsyncDisposable & {
  readonly endpoint: string;
  /** The CA of the certificate that it shows now, PEM. */
  readonly ca: string;
  /** The tokens that came, oldest first. */
  readonly tokens: readonly string[];
  /** Leaves every request without an answer from now on. */
  fallSilent(): void;
  /** Shows a certificate of another CA from now on, and ends the connections that know the old one. */
  rotate(): void;
};

/** Starts a cluster that lets in whom `accepts` accepts. */
export async function startLoopbackCluster(accepts: (token: string) => boolean): Promise<LoopbackCluster> {
  const tokens: string[] = [];
  let certificate: Certificate = makeCertificate();
  let isSilent = false;
  const server = https.createServer(certificate, (request, response) => {
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    tokens.push(token);
    if (isSilent) return;
    const [status, body] = accepts(token) ? [200, { items: [] }] : [401, { kind: 'Status', reason: 'Unauthorized' }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const { url, close } = await listen(server);
  return {
    endpoint: url.replace('http:', 'https:'),
    get ca() {
      return certificate.cert;
    },
    tokens,
    fallSilent() {
      isSilent = true;
    },
    rotate() {
      certificate = makeCertificate();
      server.setSecureContext(certificate);
      server.closeAllConnections();
    },
    [Symbol.asyncDispose]: close,
  };
}
