/** A cluster of EKS by its name: what is asked of AWS and when, and every way in which it goes wrong. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { EksSettings } from '#adapters/eks/access.ts';
import { connectEks, type EksOptions } from '#adapters/eks/connect.ts';
import { makeCertificate } from '#kit/certificate.ts';
import type { ScriptedAnswer } from '#kit/loopback.ts';
import { authenticate, type KnownIdentity } from './authenticator.ts';
import { type DescribedCluster, eksError, type LoopbackAws, startLoopbackAws, stsError } from './aws.ts';
import { type LoopbackCluster, startLoopbackCluster } from './cluster.ts';

const PODS = '/api/v1/namespaces/runners/pods';
const MINUTE = 60_000;
const ROLE = 'arn:aws:iam::210987654321:role/runners';
const CI: EksSettings = { name: 'ci', region: 'eu-west-1' };
const GROUPS = ['bitbucket-runner-autoscaler'];
const OURS: KnownIdentity = { secretAccessKey: 'loopback-secret-key', username: 'autoscaler', groups: GROUPS };
const OF_ROLE = { accessKeyId: 'ASIAROLE', secretAccessKey: 'role-secret-key', sessionToken: 'role-session/+=' };
const THE_ROLE: KnownIdentity = { ...OF_ROLE, username: 'role', groups: GROUPS };

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0); // the SDK's back-off
});

afterEach(() => {
  vi.restoreAllMocks();
});

type World = AsyncDisposable & {
  readonly aws: LoopbackAws;
  readonly cluster: LoopbackCluster;
  /** The clock of the cluster and of the clients; it moves by hand. */
  readonly clock: { now: number };
  /** Access keys that have no access entry, for now. */
  readonly strangers: Set<string>;
  describe(described?: Partial<DescribedCluster>): void;
  connect(settings?: EksSettings, options?: EksOptions): ReturnType<typeof connectEks>;
};

/** A cluster called `ci` in eu-west-1, its authenticator, and AWS, which describes it and gives a role. */
async function openWorld(): Promise<World> {
  const clock = { now: Date.now() };
  const strangers = new Set<string>();
  const aws = await startLoopbackAws();
  const cluster = await startLoopbackCluster((token) => {
    const identities = Object.fromEntries(
      Object.entries({ AKIDEXAMPLE: OURS, ASIAROLE: THE_ROLE }).filter(([key]) => !strangers.has(key)),
    );
    return authenticate(token, { clusterName: 'ci', region: 'eu-west-1', identities, now: () => clock.now })
      .authenticated;
  });
  const describeAs = (described: Partial<DescribedCluster> = {}) =>
    aws.clusters.set('eu-west-1/ci', { endpoint: cluster.endpoint, ca: cluster.ca, ...described });
  describeAs();
  aws.roles.set(ROLE, { ...OF_ROLE, lifeMs: 60 * MINUTE });
  return {
    aws,
    cluster,
    clock,
    strangers,
    describe: describeAs,
    connect: (settings = CI, options = {}) =>
      connectEks(settings, { now: () => clock.now, sleep: async () => {}, ...options }),
    async [Symbol.asyncDispose]() {
      await aws[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** The SDK keeps credentials by the machine's clock, which then only moves as it is told to. */
function fakeDate(): (ms: number) => number {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  return (ms) => {
    vi.setSystemTime(Date.now() + ms);
    return Date.now();
  };
}

const ten = <Value>(make: () => Promise<Value>) => Promise.all(Array.from({ length: 10 }, make));

describe('what is asked of AWS', () => {
  it('nothing before the first request, then one description and one token for many requests', async () => {
    await using world = await openWorld();
    const client = world.connect();
    expect(world.aws.calls).toEqual([]);
    await ten(() => client.request('GET', PODS));
    expect(world.aws.calls).toEqual(['eu-west-1 DescribeCluster ci by AKIDEXAMPLE']);
    expect(new Set(world.cluster.tokens).size).toBe(1);
  });

  it('every call is counted on its own side', async () => {
    await using world = await openWorld();
    const [onCall, onAwsCall] = [vi.fn(), vi.fn()];
    await world.connect({ ...CI, roleArn: ROLE }, { onCall, onAwsCall }).request('GET', PODS);
    expect([onCall.mock.calls.length, onAwsCall.mock.calls.length]).toEqual([1, 2]);
  });

  it('the region is the SDK’s own when the cluster has none', async () => {
    await using world = await openWorld();
    await world.connect({ name: 'ci' }).request('GET', PODS);
    expect(world.aws.calls).toEqual(['eu-west-1 DescribeCluster ci by AKIDEXAMPLE']);
  });

  it('a role is assumed first, in the region of the cluster, for all that is done with it', async () => {
    await using world = await openWorld();
    await world.connect({ ...CI, roleArn: ROLE }).request('GET', PODS);
    expect(world.aws.calls).toEqual([
      `eu-west-1 AssumeRole ${ROLE} by AKIDEXAMPLE`,
      'eu-west-1 DescribeCluster ci by ASIAROLE',
    ]);
  });

  it('a role is told the external id that it asks for', async () => {
    await using world = await openWorld();
    await world.connect({ ...CI, roleArn: ROLE, externalId: 'acme-runners' }).request('GET', PODS);
    expect(world.aws.calls[0]).toBe(`eu-west-1 AssumeRole ${ROLE} with acme-runners by AKIDEXAMPLE`);
  });

  it('clusters of several regions and accounts side by side', async () => {
    await using world = await openWorld();
    await using other = await startLoopbackCluster(
      (token) =>
        authenticate(token, { clusterName: 'ci', region: 'us-west-2', identities: { ASIAROLE: THE_ROLE } })
          .authenticated,
    );
    world.aws.clusters.set('us-west-2/ci', { endpoint: other.endpoint, ca: other.ca });
    const there = connectEks({ name: 'ci', region: 'us-west-2', roleArn: ROLE });
    const here = world.connect();
    await Promise.all([here.request('GET', PODS), there.request('GET', PODS)]);
    expect(world.aws.calls.toSorted()).toEqual([
      'eu-west-1 DescribeCluster ci by AKIDEXAMPLE',
      `us-west-2 AssumeRole ${ROLE} by AKIDEXAMPLE`,
      'us-west-2 DescribeCluster ci by ASIAROLE',
    ]);
    expect(new Set([...world.cluster.tokens, ...other.tokens]).size).toBe(2);
  });
});

describe('a token', () => {
  it.each([
    ['is kept for nine minutes', 9 * MINUTE, 1],
    ['is another after ten', 10 * MINUTE, 2],
    ['is another after an hour', 60 * MINUTE, 2],
  ])('%s, without a word to AWS', async (_name, laterMs, tokens) => {
    await using world = await openWorld();
    const client = world.connect();
    await client.request('GET', PODS);
    world.clock.now += laterMs;
    await ten(() => client.request('GET', PODS));
    expect(new Set(world.cluster.tokens).size).toBe(tokens);
    expect(world.aws.calls).toHaveLength(1);
  });

  it('is let in during all of its life, whenever a request comes', async () => {
    await using world = await openWorld();
    const client = world.connect();
    for (let minute = 0; minute < 60; minute += 1) {
      await client.request('GET', PODS);
      world.clock.now += MINUTE;
    }
    expect(world.cluster.tokens).toHaveLength(60);
    expect(new Set(world.cluster.tokens).size).toBe(6);
  });

  it('does not outlive the credentials that it was signed with', async () => {
    await using world = await openWorld();
    world.aws.roles.set(ROLE, { ...OF_ROLE, lifeMs: 8 * MINUTE });
    const client = world.connect({ ...CI, roleArn: ROLE });
    for (const laterMs of [0, 6 * MINUTE, 2 * MINUTE]) {
      world.clock.now += laterMs;
      await client.request('GET', PODS);
    }
    const [first, second, third] = world.cluster.tokens;
    expect([second === first, third === first]).toEqual([true, false]);
  });
});

describe('the credentials of a role', () => {
  it('are kept until shortly before they expire', async () => {
    const passTime = fakeDate();
    await using world = await openWorld();
    const client = world.connect({ ...CI, roleArn: ROLE });
    const assumed: number[] = [];
    for (const minutes of [0, 30, 24, 4, 1]) {
      world.clock.now = passTime(minutes * MINUTE);
      await client.request('GET', PODS);
      assumed.push(world.aws.calls.filter((call) => call.includes('AssumeRole')).length);
    }
    expect(assumed).toEqual([1, 1, 1, 1, 2]);
  });
});

/** Does something when it is called for the second time. */
function onSecond(act: () => void): () => void {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls === 2) act();
  };
}

describe('what is known of a cluster is asked anew, once for each request', () => {
  it('when a token is refused', async () => {
    await using world = await openWorld();
    const ours = { now: world.clock.now - 20 * MINUTE };
    const onAwsCall = onSecond(() => {
      ours.now = world.clock.now;
    });
    await world.connect(CI, { now: () => ours.now, onAwsCall }).request('GET', PODS);
    expect(world.cluster.tokens).toHaveLength(2);
    expect(world.aws.calls).toHaveLength(2);
  });

  it('for all requests together that are refused at once', async () => {
    await using world = await openWorld();
    const client = world.connect();
    await client.request('GET', PODS);
    world.strangers.add('AKIDEXAMPLE');
    const refused = await ten(() => client.request('GET', PODS).catch((error: Error) => error.message));
    expect(new Set(refused).size).toBe(1);
    expect(world.cluster.tokens).toHaveLength(1 + 2 * 10);
    expect(world.aws.calls).toHaveLength(2);
  });

  it('when the CA was rotated', async () => {
    await using world = await openWorld();
    const client = world.connect();
    await client.request('GET', PODS);
    world.cluster.rotate();
    world.describe();
    await ten(() => client.request('GET', PODS));
    expect(world.aws.calls).toHaveLength(2);
  });

  it('when the cluster was made anew and its old address is gone', async () => {
    await using world = await openWorld();
    // No name server is asked for a name that cannot exist.
    world.describe({ endpoint: `https://${'x'.repeat(64)}.invalid` });
    const onAwsCall = onSecond(() => world.describe());
    await world.connect(CI, { onAwsCall }).request('GET', PODS);
    expect(world.aws.calls).toHaveLength(2);
  });

  it('and a cluster that could not be described is described by the next request', async () => {
    await using world = await openWorld();
    const client = world.connect();
    world.describe({ status: 'CREATING', endpoint: undefined });
    await expect(client.request('GET', PODS)).rejects.toThrow('is CREATING');
    world.describe();
    await expect(client.request('GET', PODS)).resolves.toEqual({ items: [] });
  });
});

const NO_CREDENTIALS = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
const WITH_ROLE = { ...CI, roleArn: ROLE };

describe('one sentence for each failure', () => {
  const list = 'EKS cluster "ci" in eu-west-1: cannot list pods in namespace "runners": ';

  async function messageOf(world: World, settings: EksSettings = CI, options: EksOptions = {}): Promise<string> {
    const call = world.connect(settings, options).request('GET', PODS);
    await expect(call).rejects.toMatchObject({ name: 'ServiceError', service: 'kubernetes' });
    return call.then(String, (error: Error) => error.message);
  }

  it.each<[string, 'DescribeCluster' | 'AssumeRole', ScriptedAnswer, EksSettings, string]>([
    [
      'no such cluster',
      'DescribeCluster',
      eksError(404, 'ResourceNotFoundException'),
      CI,
      'EKS cluster "ci" in eu-west-1 does not exist; correct its name, or give it the region and the roleArn of where it is',
    ],
    [
      'a policy without DescribeCluster',
      'DescribeCluster',
      eksError(403, 'AccessDeniedException', 'User: arn is not authorized to perform: eks:DescribeCluster on resource'),
      CI,
      'AWS denies eks:DescribeCluster on EKS cluster "ci" in eu-west-1; allow this action in the policy of the role',
    ],
    [
      'a role that does not trust us',
      'AssumeRole',
      stsError(403, 'AccessDenied', 'User: arn is not authorized to perform: sts:AssumeRole on resource: role'),
      WITH_ROLE,
      `AWS denies sts:AssumeRole on role ${ROLE}; allow this action in the policy of the role (the role's trust policy has to name ours, too, and its external id is the cluster's externalId)`,
    ],
    [
      'a role without credentials',
      'AssumeRole',
      {
        status: 200,
        headers: { 'content-type': 'text/xml' },
        body: '<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>',
      },
      WITH_ROLE,
      `The answer to sts:AssumeRole on role ${ROLE} holds no credentials; check AWS_ENDPOINT_URL and any proxy in between`,
    ],
    [
      'expired credentials',
      'DescribeCluster',
      eksError(403, 'ExpiredTokenException'),
      CI,
      'The AWS credentials for EKS cluster "ci" in eu-west-1 have expired; log in again (such as "aws sso login") or renew the session token',
    ],
    [
      'an AWS that is silent',
      'DescribeCluster',
      'hang',
      CI,
      'AWS did not answer eks:DescribeCluster on EKS cluster "ci" in eu-west-1 in time; check the network path (subnet, NAT, endpoint) if this lasts',
    ],
  ])('%s', async (_name, action, answer, settings, sentence) => {
    await using world = await openWorld();
    world.aws.failNext(action, answer, 10);
    const options = answer === 'hang' ? { awsTimeoutMs: 500 } : {};
    expect(await messageOf(world, settings, options)).toBe(`${list}${sentence}`);
    expect(world.cluster.tokens).toEqual([]);
  });

  it.each<[string, Record<string, string>, EksSettings, string]>([
    [
      'no region',
      { AWS_REGION: '' },
      { name: 'ci' },
      'EKS cluster "ci": cannot list pods in namespace "runners": There is no valid AWS region for EKS cluster "ci"; set AWS_REGION, such as eu-west-1',
    ],
    [
      'a region that is none',
      {},
      { name: 'ci', region: 'evil.example/' },
      'EKS cluster "ci" in evil.example/: cannot list pods in namespace "runners": There is no valid AWS region for EKS cluster "ci" in evil.example/; set AWS_REGION, such as eu-west-1',
    ],
    [
      'no credentials',
      NO_CREDENTIALS,
      CI,
      `${list}No AWS credentials were found for EKS cluster "ci" in eu-west-1; give the function a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
    ],
    [
      'no credentials to assume a role with',
      NO_CREDENTIALS,
      WITH_ROLE,
      `${list}No AWS credentials were found for role ${ROLE}; give the function a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
    ],
    [
      'an AWS out of reach',
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
      CI,
      `${list}AWS cannot be reached for eks:DescribeCluster on EKS cluster "ci" in eu-west-1 (ECONNREFUSED); check the network, AWS_REGION and AWS_ENDPOINT_URL`,
    ],
  ])('%s', async (_name, variables, settings, sentence) => {
    await using world = await openWorld();
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    expect(await messageOf(world, settings)).toBe(sentence);
  });

  it.each<[string, Partial<DescribedCluster>, string]>([
    [
      'a cluster that is being made',
      { status: 'CREATING', endpoint: undefined, ca: undefined },
      'EKS cluster "ci" in eu-west-1 is CREATING and has no endpoint; wait until it is ACTIVE',
    ],
    [
      'a cluster on its way out',
      { status: 'DELETING' },
      'EKS cluster "ci" in eu-west-1 is DELETING; name another cluster',
    ],
    ['a cluster that failed', { status: 'FAILED' }, 'EKS cluster "ci" in eu-west-1 is FAILED; name another cluster'],
    [
      'a port where nobody is',
      { endpoint: 'https://127.0.0.1:9' },
      "it cannot be reached (ECONNREFUSED); check the server's address and that the network lets us through",
    ],
    [
      'another CA, also when asked again',
      { ca: makeCertificate().cert },
      "the server's certificate is not from the CA that we were given; EKS itself names this CA, so look for a proxy in between (DEPTH_ZERO_SELF_SIGNED_CERT)",
    ],
  ])('%s', async (_name, described, sentence) => {
    await using world = await openWorld();
    world.describe(described);
    expect(await messageOf(world)).toBe(`${list}${sentence}`);
  });

  it('an AWS that is slower than the whole attempt', async () => {
    await using world = await openWorld();
    world.aws.failNext('DescribeCluster', 'hang', 10);
    expect(await messageOf(world, CI, { timeoutMs: 50 })).toBe(
      `${list}no answer within 50 ms; check the network path to AWS (subnet, NAT, endpoint)`,
    );
  });

  it('credentials that cannot be had any more when the next token is due', async () => {
    const passTime = fakeDate();
    await using world = await openWorld();
    const directory = await mkdtemp(join(tmpdir(), 'eks-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const [config, credentials] = [join(directory, 'config'), join(directory, 'credentials.json')];
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken } = OF_ROLE;
    const Expiration = new Date(Date.now() + MINUTE).toISOString();
    await writeFile(
      credentials,
      JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey, SessionToken, Expiration }),
    );
    await writeFile(config, `[default]\ncredential_process = cat ${credentials}\n`);
    for (const name of Object.keys(NO_CREDENTIALS)) vi.stubEnv(name, '');
    vi.stubEnv('AWS_CONFIG_FILE', config);
    const client = world.connect();
    await client.request('GET', PODS);
    await rm(credentials);
    world.clock.now = passTime(10 * MINUTE);
    await expect(client.request('GET', PODS)).rejects.toThrow(
      `${list}No AWS credentials were found for EKS cluster "ci" in eu-west-1; give the function a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
    );
  });

  it('a refusal by AWS is asked for once', async () => {
    await using world = await openWorld();
    world.aws.roles.clear();
    await messageOf(world, WITH_ROLE);
    expect(world.aws.calls).toEqual([`eu-west-1 AssumeRole ${ROLE} by AKIDEXAMPLE`]);
  });

  it('a cluster that is being updated works', async () => {
    await using world = await openWorld();
    world.describe({ status: 'UPDATING' });
    await expect(world.connect().request('GET', PODS)).resolves.toEqual({ items: [] });
  });

  it.each<[string, DescribedCluster['vpc'], string]>([
    [
      'private',
      { endpointPublicAccess: false },
      "no answer within 50 ms; its endpoint is private: run inside the cluster's VPC, and allow port 443 from there in the cluster's security group",
    ],
    [
      'open to some addresses',
      { endpointPublicAccess: true, publicAccessCidrs: ['203.0.113.0/24'] },
      'no answer within 50 ms; its public endpoint lets in 203.0.113.0/24 only: add our address there, or run inside its VPC',
    ],
    [
      'open to everybody',
      { endpointPublicAccess: true, publicAccessCidrs: ['0.0.0.0/0'] },
      'no answer within 50 ms; check the network path and the load of the API server',
    ],
  ])('an API server that does not answer, whose endpoint is %s', async (_name, vpc, sentence) => {
    await using world = await openWorld();
    world.describe({ vpc });
    const client = world.connect();
    await client.request('GET', PODS);
    world.cluster.fallSilent();
    const call = client.request('GET', PODS, { timeoutMs: 50 });
    await expect(call).rejects.toThrow(`${list}${sentence}`);
  });

  it.each([
    ['the function’s own role', CI, 'AKIDEXAMPLE', 'our role'],
    ['an assumed role', WITH_ROLE, 'ASIAROLE', ROLE],
  ])('no access entry for %s', async (_name, settings, key, name) => {
    await using world = await openWorld();
    world.strangers.add(key);
    expect(await messageOf(world, settings)).toBe(
      `${list}the credentials are not accepted (401); give ${name} an access entry of this cluster with the group bitbucket-runner-autoscaler-scale-STAGE (for reports bitbucket-runner-autoscaler-report-STAGE), and check our clock`,
    );
    expect(world.cluster.tokens).toHaveLength(2);
  });
});

describe('secrets', () => {
  it.each<[string, (world: World) => void]>([
    ['a refused token', ({ strangers }) => strangers.add('ASIAROLE')],
    ['another certificate', ({ describe }) => describe({ ca: makeCertificate().cert })],
    ['an address where nobody is', ({ describe }) => describe({ endpoint: 'https://127.0.0.1:9' })],
    ['a denial', ({ aws }) => aws.failNext('DescribeCluster', eksError(403, 'AccessDeniedException'), 10)],
    ['an answer that quotes', ({ aws }) => aws.failNext('AssumeRole', stsError(400, 'Odd', OF_ROLE.sessionToken), 10)],
  ])('are in no error, however closely one looks: %s', async (_name, arrange) => {
    await using world = await openWorld();
    arrange(world);
    const call = world.connect(WITH_ROLE).request('GET', PODS);
    const error = await call.catch((caught: unknown) => caught);
    const seen = inspect(error, { depth: 10, showHidden: true });
    expect(seen).toMatch(/^ServiceError/);
    for (const secret of ['k8s-aws-v1', 'X-Amz', 'Bearer', OF_ROLE.secretAccessKey, OURS.secretAccessKey]) {
      expect(seen).not.toContain(secret);
    }
  });
});
