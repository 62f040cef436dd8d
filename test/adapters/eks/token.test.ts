import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { eksToken, type TokenRequest } from '#adapters/eks/token.ts';
import { type Vector, vectors } from './vectors.ts';

function requestOf({ clusterName, region, at, accessKeyId, secretAccessKey, sessionToken }: Vector): TokenRequest {
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  return { clusterName, region, credentials, at: Date.parse(at) };
}

function urlIn(token: string): URL {
  expect(token).toMatch(/^k8s-aws-v1\.[\w-]+$/);
  return new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString('utf8'));
}

describe('the token equals that of aws eks get-token, parameter by parameter', () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', async (_name, vector) => {
    const ours = urlIn((await eksToken(requestOf(vector))).reveal());
    const theirs = urlIn(vector.token);
    expect(`${ours.origin}${ours.pathname}`).toBe(`${theirs.origin}${theirs.pathname}`);
    expect([...ours.searchParams].toSorted()).toEqual([...theirs.searchParams].toSorted());
  });

  it('for vectors of every partition that it knows, with and without a session', () => {
    const hosts = new Set(vectors.map(({ token }) => urlIn(token).host.replace(/^sts\.[^.]+\./, '')));
    expect([...hosts].toSorted()).toEqual(['amazonaws.com', 'amazonaws.com.cn', 'amazonaws.eu']);
    expect(new Set(vectors.map(({ sessionToken }) => sessionToken === undefined))).toEqual(new Set([true, false]));
  });
});

describe('the token', () => {
  const [vector] = vectors;
  if (vector === undefined) throw new Error('vectors.json is empty');
  const request = requestOf(vector);

  it.each<[string, Partial<TokenRequest>]>([
    ['another cluster', { clusterName: 'other' }],
    ['another region', { region: 'eu-west-2' }],
    ['a second later', { at: request.at + 1000 }],
    ['another key', { credentials: { ...request.credentials, secretAccessKey: 'another' } }],
  ])('is another one for %s', async (_name, change) => {
    const signature = async (asked: TokenRequest) =>
      urlIn((await eksToken(asked)).reveal()).searchParams.get('X-Amz-Signature');
    expect(await signature({ ...request, ...change })).not.toBe(await signature(request));
  });

  it('shows itself to nobody who prints it', async () => {
    const token = await eksToken(request);
    expect([`${token}`, JSON.stringify({ token }), inspect(token)].join()).not.toContain('k8s-aws-v1');
  });
});
