import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Environment, readEnvironment } from '#adapters/environment.ts';
import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import { BudgetError, sentenceOf } from '#core/errors.ts';
import type { Fleet } from '#core/model/configuration.ts';
import { fleet, group } from '#kit/fleet.ts';
import { awsEnvironment, json, jsonError, scriptedService } from '#kit/loopback.ts';
import { configuration, type DoorsWorld, startDoorsWorld } from '../doors/world.ts';
import { startLoopbackAws } from './eks/aws.ts';
import { startLoopbackCluster } from './eks/cluster.ts';

const ACME = { workspace: 'acme' };
const NAMESPACE = { cluster: 'main', namespace: 'runners' };

describe('wiring', () => {
  let world: DoorsWorld;

  beforeEach(async () => {
    world = await startDoorsWorld();
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await world.close();
  });

  const environment = (variables: Readonly<Record<string, string>> = {}): Environment =>
    readEnvironment({ ...world.environment, ...variables });

  const inKubeconfig = (): Fleet => ({
    ...fleet([group(), group({ name: 'app', scope: { workspace: 'acme', repository: 'app' } })]),
    clusters: { main: { kind: 'kubeconfig', path: world.environment.KUBECONFIG ?? '' } },
  });

  it('reads the configuration anew each time', async () => {
    const { loadFleet } = wire(
      environment(),
      localConnectors(() => undefined),
    );
    expect((await loadFleet()).fleet.groups[0]?.min).toBe(3);
    await world.write('runners_config.yaml', configuration({ min: 4 }));
    expect((await loadFleet()).fleet.groups[0]?.min).toBe(4);
  });

  it('calls nobody until a port is used, and counts what it calls', async () => {
    const { openPorts, calls } = wire(
      environment(),
      localConnectors(() => undefined),
    );
    const ports = await openPorts(inKubeconfig());
    expect(calls()).toEqual({ bitbucket: 0, kubernetes: 0, aws: 0 });
    await ports.runners.list(ACME);
    await ports.jobs.list(NAMESPACE);
    await ports.state.load(['x']);
    expect(calls()).toEqual({ bitbucket: 1, kubernetes: world.kubernetes.requests.length, aws: 0 });
    expect(ports.calls()).toEqual(calls());
  });

  it('keeps the OAuth token over calls and ticks', async () => {
    const variables = { BITBUCKET_OAUTH_CLIENT_ID: 'id', BITBUCKET_OAUTH_CLIENT_SECRET: 'very-secret' };
    const { openPorts } = wire(
      environment({ ATLASSIAN_ACCOUNT_EMAIL: '', ATLASSIAN_API_TOKEN: '', ...variables }),
      localConnectors(() => undefined),
    );
    for (const tick of [inKubeconfig(), inKubeconfig()]) {
      const { runners } = await openPorts(tick);
      await Promise.all([runners.list(ACME), runners.list({ ...ACME, repository: 'app' })]);
    }
    const methods = world.bitbucket.requests.map(({ method }) => method);
    expect(methods).toEqual(['POST', 'GET', 'GET', 'GET', 'GET']);
  });

  it('counts the calls of workspaces that share a credential together, over ticks, and refuses what is too many', async () => {
    const workspaces = {
      acme: { maxRunners: 100, api: 'internal', callsPerHour: 100 },
      labs: { maxRunners: 100, api: 'internal', callsPerHour: 60 },
    } as const;
    const { openPorts } = wire(
      environment(),
      localConnectors(() => undefined),
    );
    const tick = { ...inKubeconfig(), workspaces };
    for (let call = 0; call < 3; call += 1) {
      const { runners } = await openPorts(tick);
      await runners.list(ACME);
    }
    const { budgetOf, runners } = await openPorts(tick);
    expect(budgetOf?.('acme')).toBe(budgetOf?.('labs'));
    expect(budgetOf?.('acme').usage()).toMatchObject({ used: 3, limit: 60 });
    for (let call = 3; call < 45; call += 1) await runners.list(ACME);
    await expect(runners.list(ACME)).rejects.toBeInstanceOf(BudgetError);
    await runners.get(ACME, '{gone}');
    expect(world.bitbucket.requests).toHaveLength(46);
  });

  it('speaks to each workspace with the API that it is configured for', async () => {
    const { openPorts } = wire(
      environment(),
      localConnectors(() => undefined),
    );
    for (const api of ['internal', 'public'] as const) {
      const { runners } = await openPorts(fleet([group()], 100, api));
      await runners.list(ACME);
    }
    expect(world.bitbucket.trace().map((line) => line.split('/')[1])).toEqual(['internal', '2.0']);
  });

  it('fails only the workspace whose credential cannot be had', async () => {
    const { openPorts } = wire(
      environment({ AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }),
      localConnectors(() => undefined),
    );
    const workspaces = {
      acme: { maxRunners: 100, api: 'internal' },
      beta: { maxRunners: 100, api: 'internal', secretId: '' },
    } as const;
    const { runners } = await openPorts({ ...fleet([group()]), workspaces });
    await expect(runners.list({ workspace: 'acme' })).resolves.toEqual([]);
    await expect(runners.list({ workspace: 'beta' })).rejects.toThrow(/secret/i);
  });

  it('goes on with a credential that it knows while its secret cannot be read, until Bitbucket answers 401', async () => {
    const MINUTE = 60_000;
    let at = Date.UTC(2026, 10, 27, 12);
    let isUp = true;
    const secret = json(200, { SecretString: JSON.stringify({ kind: 'accessToken', token: 'known' }) });
    const aws = await scriptedService(() => (isUp ? secret : jsonError(400, 'ThrottlingException')));
    for (const [name, value] of Object.entries(awsEnvironment(aws.url))) vi.stubEnv(name, value);
    const { openPorts, credentialNotes } = wire(
      environment({ BITBUCKET_SECRET_ID: 'ci/kept' }),
      localConnectors(() => undefined),
      () => at,
    );
    const tick = fleet([group()]);
    const list = async () => (await openPorts(tick)).runners.list(ACME).catch(sentenceOf);

    expect(await list()).toEqual([]);
    expect(credentialNotes(tick)).toEqual([]);
    isUp = false;
    at += 6 * MINUTE;
    expect(await list()).toEqual([]);
    expect(credentialNotes(tick)).toEqual([
      expect.stringMatching(/^The credential of secret ci\/kept .+ AWS throttles /),
    ]);

    world.bitbucket.script({ path: '/runners', reply: { status: 401, body: '' } });
    const both = /Bitbucket answered 401: the access token is wrong.+ It was read before, .+ AWS throttles /;
    expect(await list()).toMatch(both);
    expect(credentialNotes(tick)).toEqual([]);
    // It is not sent again.
    const sent = world.bitbucket.requests.length;
    expect(await list()).toMatch(/^AWS throttles secretsmanager:GetSecretValue/);
    expect(world.bitbucket.requests).toHaveLength(sent);
    isUp = true;
    expect(await list()).toEqual([]);
    await aws.close();
  });

  it.each([
    ['an unknown cluster', {}, /^cluster "main": it is not among the "clusters" .+; define it there$/],
    [
      'a missing kubeconfig',
      { main: { kind: 'kubeconfig', path: '/nowhere' } },
      /^cluster "main": \/nowhere cannot be read as a kubeconfig/,
    ],
  ] as const)('says of %s what is wrong, for its own groups', async (_, clusters, sentence) => {
    const { openPorts } = wire(
      environment(),
      localConnectors(() => undefined),
    );
    const ports = await openPorts({ ...fleet([group()]), clusters });
    await expect(ports.jobs.list(NAMESPACE)).rejects.toThrow(sentence);
    await expect(ports.runners.list(ACME)).resolves.toEqual([]);
  });

  it('enters an EKS cluster by its name, and counts what AWS is asked apart from the cluster', async () => {
    await using aws = await startLoopbackAws();
    await using cluster = await startLoopbackCluster(() => true);
    aws.clusters.set('eu-west-1/ci', { endpoint: cluster.endpoint, ca: cluster.ca });
    const clusters = { main: { kind: 'eks', name: 'ci' } } as const;
    const { openPorts, calls } = wire(
      environment(),
      localConnectors(() => undefined),
    );
    for (const tick of [fleet([group()]), fleet([group()])]) {
      const { jobs } = await openPorts({ ...tick, clusters });
      await expect(jobs.list(NAMESPACE)).resolves.toEqual([]);
    }
    expect(calls()).toEqual({ bitbucket: 0, kubernetes: cluster.tokens.length, aws: 1 });
  });

  it('tries a cluster again that could not be reached on an earlier tick', async () => {
    const path = world.path('later.yaml');
    const { openPorts } = wire(
      environment(),
      localConnectors(() => undefined),
    );
    const clusters = { main: { kind: 'kubeconfig', path } } as const;
    const ports = await openPorts({ ...fleet([group()]), clusters });
    await expect(ports.jobs.list(NAMESPACE)).rejects.toThrow(/cannot be read/);
    await world.write('later.yaml', await readFile(world.environment.KUBECONFIG ?? '', 'utf8'));
    await expect(ports.jobs.list(NAMESPACE)).resolves.toEqual([]);
  });

  it.each([
    ['an EKS cluster by its name', { EKS_CLUSTER_NAME: 'ci' }, { kind: 'eks', name: 'ci' }],
    ['the kubeconfig', {}, { kind: 'kubeconfig' }],
  ])('takes as default cluster %s', async (_, variables, settings) => {
    const loaded = await wire(
      environment(variables),
      localConnectors(() => undefined),
    ).loadFleet();
    expect(Object.values(loaded.fleet.clusters)[0]).toMatchObject(settings);
  });
});
