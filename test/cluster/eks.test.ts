/**
 * From an AWS identity to a right in a cluster: DescribeCluster gives the address and CA of a real API server, whose
 * authenticator checks the presigned request and maps it to the group that the Role of the runner namespace names.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectEks } from '#adapters/eks/connect.ts';
import type { ClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import { makeCertificate } from '#kit/certificate.ts';
import { type LoopbackAws, startLoopbackAws } from '../adapters/eks/aws.ts';
import { pathOf, useCluster } from './cluster.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type EksWebhook, startEksWebhook } from './eks-webhook.ts';

const CI = { name: 'ci', region: 'eu-west-1' } as const;
const MINUTE = 60_000;
const ROLE = 'arn:aws:iam::210987654321:role/runners';
const OF_ROLE = { accessKeyId: 'ASIAROLE', secretAccessKey: 'role-secret-key', sessionToken: 'role-session/+=' };
const GROUPS = ['bitbucket-runner-autoscaler'];
const IDENTITIES = {
  AKIDEXAMPLE: {
    secretAccessKey: 'loopback-secret-key',
    username: 'arn:aws:iam::123456789012:user/ci',
    groups: GROUPS,
  },
  ASIAROLE: { ...OF_ROLE, username: `${ROLE}/session`, groups: GROUPS },
};

let directory: string;
let webhook: EksWebhook;
let plane: ControlPlane;
/** With the shipped Role for the group that the authenticator puts its identities into. */
let namespace: string;
/** The clock of the authenticator. */
const clock = { now: Date.now() };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eks-'));
  webhook = await startEksWebhook(join(directory, 'webhook.json'), {
    clusterName: CI.name,
    region: CI.region,
    identities: IDENTITIES,
    now: () => clock.now,
  });
  plane = await startControlPlane({ apiServerFlags: webhook.apiServerFlags });
  ({ namespace } = await useCluster(plane.address).makeNamespace());
});

afterAll(async () => {
  await plane?.stop();
  await webhook?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

beforeEach(() => {
  clock.now = Date.now();
  webhook.verdicts.length = 0;
});

/** AWS, which describes the real API server as cluster `ci`. */
async function openAws(ca = plane.address.certificateAuthority): Promise<LoopbackAws> {
  const aws = await startLoopbackAws();
  aws.clusters.set('eu-west-1/ci', { endpoint: plane.address.url, ca });
  aws.roles.set(ROLE, { ...OF_ROLE, lifeMs: 60 * MINUTE });
  return aws;
}

function listJobs(client: ClusterClient): Promise<unknown> {
  return client.request('GET', pathOf(namespace, 'jobs'));
}

async function whoAmI(client: ClusterClient): Promise<unknown> {
  const review = await client.request<{ status: { userInfo: { username: string; groups: string[] } } }>(
    'POST',
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' } },
  );
  const { username, groups } = review.status.userInfo;
  return { username, groups };
}

describe('a good token gets in', () => {
  it.each([
    ['signed by the process’s own identity', CI, IDENTITIES.AKIDEXAMPLE.username],
    ['signed by a role of another account', { ...CI, roleArn: ROLE }, IDENTITIES.ASIAROLE.username],
  ])('%s', async (_name, settings, username) => {
    await using _aws = await openAws();
    const client = connectEks(settings);
    expect(await whoAmI(client)).toEqual({ username, groups: [...GROUPS, 'system:authenticated'] });
    await expect(listJobs(client)).resolves.toMatchObject({ kind: 'JobList' });
  });

  it('and has the rights of its Role, no more', async () => {
    await using _aws = await openAws();
    const client = connectEks(CI);
    await expect(client.request('GET', pathOf(namespace, 'secrets'))).rejects.toThrow(
      `EKS cluster "ci" in eu-west-1: cannot list secrets in namespace "${namespace}": not allowed (403): list secrets in namespace "${namespace}" is missing; apply the Role of the runner namespace`,
    );
  });

  it('hour after hour, with one description and a token every ten minutes', async () => {
    await using aws = await openAws();
    const client = connectEks(CI, { now: () => clock.now });
    for (let minute = 0; minute < 120; minute += 4) {
      await listJobs(client);
      clock.now += 4 * MINUTE;
    }
    expect(webhook.verdicts.every(({ authenticated }) => authenticated)).toBe(true);
    expect(aws.calls).toHaveLength(1);
  });
});

describe('nobody else does', () => {
  type Case = {
    readonly name?: string;
    readonly clockMs?: number;
    readonly variables?: Readonly<Record<string, string>>;
    readonly verdict: string;
  };

  it.each<[string, Case]>([
    ['a token for another cluster', { name: 'other', verdict: 'the signature does not match' }],
    ['a stale token', { clockMs: -20 * MINUTE, verdict: 'it is stale' }],
    ['a token from the future', { clockMs: 20 * MINUTE, verdict: 'it is from the future' }],
    ['a stranger', { variables: { AWS_ACCESS_KEY_ID: 'AKIDSTRANGER' }, verdict: 'the access key is unknown' }],
    [
      'somebody with our access key but not its secret',
      { variables: { AWS_SECRET_ACCESS_KEY: 'guessed' }, verdict: 'the signature does not match' },
    ],
    [
      'a session that was not ours',
      { variables: { AWS_SESSION_TOKEN: 'another' }, verdict: 'the session token is another' },
    ],
  ])('%s', async (_name, { name = 'ci', clockMs = 0, variables = {}, verdict }) => {
    await using aws = await openAws();
    aws.clusters.set('eu-west-1/other', { endpoint: plane.address.url, ca: plane.address.certificateAuthority });
    for (const [variable, value] of Object.entries(variables)) vi.stubEnv(variable, value);
    const client = connectEks({ ...CI, name }, { now: () => clock.now + clockMs });
    await expect(listJobs(client)).rejects.toThrow(
      `EKS cluster "${name}" in eu-west-1: cannot list jobs in namespace "${namespace}": the credentials are not accepted (401); give our role an access entry of this cluster with the group bitbucket-runner-autoscaler-scale-STAGE (for reports bitbucket-runner-autoscaler-report-STAGE), and check our clock`,
    );
    // Once as it was, and once more with everything asked anew.
    expect(webhook.verdicts).toEqual(Array(2).fill({ authenticated: false, reason: verdict }));
    expect(aws.calls).toHaveLength(2);
  });
});

describe('a CA that was rotated', () => {
  it('is asked for and trusted within the request that meets it', async () => {
    await using aws = await openAws(makeCertificate().cert);
    let asked = 0;
    const onAwsCall = () => {
      asked += 1;
      if (asked === 2) {
        aws.clusters.set('eu-west-1/ci', { endpoint: plane.address.url, ca: plane.address.certificateAuthority });
      }
    };
    await expect(listJobs(connectEks(CI, { onAwsCall }))).resolves.toMatchObject({ kind: 'JobList' });
    expect(aws.calls).toHaveLength(2);
  });

  it('is not replaced by trust in whoever answers', async () => {
    await using _aws = await openAws(makeCertificate().cert);
    await expect(listJobs(connectEks(CI))).rejects.toThrow(
      /the server's certificate is not from the CA that we were given; EKS itself names this CA, so look for a proxy in between/,
    );
    expect(webhook.verdicts).toEqual([]);
  });
});
