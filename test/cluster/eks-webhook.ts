/**
 * EKS's authenticator as the API server knows it: a webhook that is shown each bearer token in a TokenReview and says
 * whose it is. What it decides on is in `test/adapters/eks/authenticator.ts`.
 */
import { writeFile } from 'node:fs/promises';
import * as https from 'node:https';
import { json } from 'node:stream/consumers';
import { makeCertificate } from '#kit/certificate.ts';
import { listen } from '#kit/loopback.ts';
import { type AuthenticatorOptions, authenticate, type Verdict } from '../adapters/eks/authenticator.ts';

export type EksWebhook = AsyncDisposable & {
  /** What was decided, oldest first. */
  readonly verdicts: Verdict[];
  /** For the API server, which is told of the webhook in a file at this path. */
  readonly apiServerFlags: readonly string[];
};

type TokenReview = { readonly apiVersion: string; readonly spec: { readonly token: string } };

/** Starts the webhook; its configuration is written to `path`. */
export async function startEksWebhook(path: string, options: AuthenticatorOptions): Promise<EksWebhook> {
  const verdicts: Verdict[] = [];
  const certificate = makeCertificate();
  const server = https.createServer(certificate, async (request, response) => {
    const { apiVersion, spec } = (await json(request)) as TokenReview;
    const verdict = authenticate(spec.token, options);
    verdicts.push(verdict);
    const body = JSON.stringify({ apiVersion, kind: 'TokenReview', status: statusOf(verdict) });
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  const { url, close } = await listen(server);
  await writeFile(path, JSON.stringify(webhookConfig(url.replace('http:', 'https:'), certificate.cert)));
  return {
    verdicts,
    apiServerFlags: [
      `--authentication-token-webhook-config-file=${path}`,
      '--authentication-token-webhook-version=v1',
      // What it decided a moment ago is not asked again otherwise, and the tests move its clock.
      '--authentication-token-webhook-cache-ttl=0s',
    ],
    [Symbol.asyncDispose]: close,
  };
}

function statusOf(verdict: Verdict): unknown {
  if (!verdict.authenticated) return { authenticated: false, error: verdict.reason };
  return { authenticated: true, user: { username: verdict.username, groups: verdict.groups } };
}

/** A kubeconfig is how the API server wants to be told of webhooks. */
function webhookConfig(server: string, ca: string): unknown {
  const authority = Buffer.from(ca).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'webhook', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'api-server' }],
    contexts: [{ name: 'webhook', context: { cluster: 'webhook', user: 'api-server' } }],
    'current-context': 'webhook',
  };
}
