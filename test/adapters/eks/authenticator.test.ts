/** The authenticator that the other tests trust: it lets in what AWS's own program signs, and nothing else. */
import { describe, expect, it } from 'vitest';
import { type AuthenticatorOptions, authenticate, type KnownIdentity } from './authenticator.ts';
import { type Vector, vectors } from './vectors.ts';

const MINUTE = 60_000;

function identityOf({ secretAccessKey, sessionToken }: Vector): KnownIdentity {
  return {
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    username: 'autoscaler',
    groups: ['runners'],
  };
}

function optionsFor(vector: Vector, options: Partial<AuthenticatorOptions> = {}): AuthenticatorOptions {
  const { clusterName, region, accessKeyId, at } = vector;
  const identities = { [accessKeyId]: identityOf(vector) };
  return { clusterName, region, identities, now: () => Date.parse(at) + MINUTE, ...options };
}

/** It plays the clusters of the largest partition alone. */
const known = vectors.filter(({ region }) => !/^(cn|eusc)-/.test(region));

describe('a token of aws eks get-token', () => {
  it.each(known.map((vector) => [vector.name, vector] as const))('is let in: %s', (_name, vector) => {
    expect(authenticate(vector.token, optionsFor(vector))).toEqual({
      authenticated: true,
      username: 'autoscaler',
      groups: ['runners'],
    });
  });
});

describe('is refused', () => {
  const [vector] = known;
  if (vector === undefined) throw new Error('there are no vectors');
  const identity = identityOf(vector);
  const url = Buffer.from(vector.token.slice('k8s-aws-v1.'.length), 'base64url').toString('utf8');
  const tokenOf = (text: string) => `k8s-aws-v1.${Buffer.from(text).toString('base64url')}`;
  const at = Date.parse(vector.at);

  it.each<[string, string, Partial<AuthenticatorOptions>, string]>([
    ['another cluster', vector.token, { clusterName: 'other' }, 'the signature does not match'],
    ['a stale one', vector.token, { now: () => at + 15 * MINUTE }, 'it is stale'],
    ['one from the future', vector.token, { now: () => at - 2 * MINUTE }, 'it is from the future'],
    ['a stranger', vector.token, { identities: {} }, 'the access key is unknown'],
    [
      'another secret key',
      vector.token,
      { identities: { [vector.accessKeyId]: { ...identity, secretAccessKey: 'x' } } },
      'the signature does not match',
    ],
    [
      'a session that it lacks',
      vector.token,
      { identities: { [vector.accessKeyId]: { ...identity, sessionToken: 'x' } } },
      'the session token is another',
    ],
    ['another region', vector.token, { region: 'us-west-2' }, 'the host is sts.eu-west-1.amazonaws.com'],
    [
      'another host',
      tokenOf(url.replace('amazonaws.com', 'evil.example')),
      {},
      'the host is sts.eu-west-1.evil.example',
    ],
    [
      'no header of the cluster',
      tokenOf(url.replace('%3Bx-k8s-aws-id', '')),
      {},
      'the cluster is not among what was signed',
    ],
    ['another action', tokenOf(url.replace('GetCallerIdentity', 'GetSessionToken')), {}, 'the action is another'],
    ['too long a life', tokenOf(url.replace('Expires=60', 'Expires=901')), {}, 'it asks for too long a life'],
    ['a changed life', tokenOf(url.replace('Expires=60', 'Expires=61')), {}, 'the signature does not match'],
    ['one more parameter', tokenOf(`${url}&x=1`), {}, 'there are more parameters than expected'],
    ['plain http', tokenOf(url.replace('https', 'http')), {}, 'not a request to STS'],
    ['something else', 'loopback-token', {}, 'not a token of EKS'],
  ])('%s', (_name, token, options, reason) => {
    expect(authenticate(token, optionsFor(vector, options))).toEqual({ authenticated: false, reason });
  });
});
