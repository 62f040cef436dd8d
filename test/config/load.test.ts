import { describe, expect, it } from 'vitest';
import { inspectFleet, loadFleet } from '#config/load.ts';
import { InputError, ServiceError } from '#core/errors.ts';
import { PARAMETERS, withGroup, withGroups } from './samples.ts';

/** A world of texts by source. */
function textsOf(texts: Readonly<Record<string, string>>) {
  const read: string[] = [];
  const readText = async (source: string): Promise<string> => {
    read.push(source);
    const text = texts[source];
    if (text === undefined) throw new InputError(`"${source}" does not exist`);
    return text;
  };
  return { read, readText };
}

async function fleetOf(text: string) {
  return (await loadFleet('r.yaml', textsOf({ 'r.yaml': text }))).fleet;
}

describe('a group', () => {
  it('gets every default', async () => {
    const fleet = await fleetOf(withGroup({}));
    expect(fleet).toEqual({
      groups: [
        {
          name: 'builds',
          scope: { workspace: 'acme' },
          labels: ['autoscaler.created', 'builds', 'linux', 'self.hosted'],
          cluster: 'default',
          namespace: 'runners',
          strategy: {
            kind: 'percentageRunnersIdle',
            scaleUpThreshold: 0.5,
            scaleDownThreshold: 0.2,
            scaleUpMultiplier: 1.5,
            scaleDownMultiplier: 0.5,
          },
          min: 1,
          max: 10,
          schedules: [],
          stabilisationWindowMs: 0,
          weight: 1,
          coolDownMs: 300_000,
          startTimeoutMs: 600_000,
          drainGraceMs: 90_000,
          maxCreatesPerTick: 50,
          pod: { size: '1x', architecture: 'amd64', nodeSelector: {}, tolerations: [], env: {} },
        },
      ],
      workspaces: { acme: { maxRunners: 100, api: 'internal' } },
      clusters: { default: { kind: 'kubeconfig' } },
    });
    expect(Object.keys(fleet.groups[0]?.scope ?? {})).toEqual(['workspace']);
  });

  it.each([
    ['stamps the architecture that the group says', { architecture: 'arm64' }, { 'kubernetes.io/arch': 'arm64' }],
    ['but not one that its labels imply', { labels: ['linux.arm64'] }, {}],
  ])('%s', async (_, settings, nodeSelector) => {
    const { groups } = await fleetOf(withGroup(settings));
    expect(groups[0]?.pod).toMatchObject({ architecture: 'arm64' });
    expect(groups[0]?.pod.nodeSelector).toEqual(nodeSelector);
  });

  it('takes amounts of the runner, labels and annotations of the pods', async () => {
    const { groups } = await fleetOf(
      withGroup({
        runnerResources: { limits: { memory: '2Gi' } },
        podLabels: { team: 'ci' },
        podAnnotations: { 'a.b/c': 'd e' },
      }),
    );
    expect(groups[0]?.pod).toMatchObject({
      runnerResources: { limits: { memory: '2Gi' } },
      labels: { team: 'ci' },
      annotations: { 'a.b/c': 'd e' },
    });
  });

  it('takes node_selector and nodeSelector together; where they differ the first one wins', async () => {
    const { groups } = await fleetOf(
      withGroup({ nodeSelector: { pool: 'ours', zone: 'a' }, node_selector: { pool: 'theirs', customer: 'shared' } }),
    );
    expect(groups[0]?.pod.nodeSelector).toEqual({ pool: 'theirs', zone: 'a', customer: 'shared' });
  });

  it('takes a size of the group’s own', async () => {
    const { groups } = await fleetOf(withGroup({ size: { memory: '12Gi', cpu: 3 } }));
    expect(groups[0]?.pod.size).toEqual({ memory: '12Gi', cpu: '3' });
  });

  it('is the same in both spellings', async () => {
    const { min, max } = PARAMETERS;
    const camel = {
      min,
      max,
      scaleUpThreshold: 0.5,
      scaleDownThreshold: 0.2,
      scaleUpMultiplier: 1.5,
      scaleDownMultiplier: 0.5,
    };
    expect(await fleetOf(withGroup({ parameters: camel }))).toEqual(await fleetOf(withGroup({})));
  });

  it.each([
    [
      'own labels, sorted and without doubles',
      { labels: ['z', 'a', 'z'] },
      { labels: ['a', 'autoscaler.created', 'linux', 'self.hosted', 'z'] },
    ],
    [
      'arm64',
      { architecture: 'arm64', labels: [] },
      { labels: ['autoscaler.created', 'linux.arm64', 'self.hosted'], pod: { architecture: 'arm64' } },
    ],
    [
      'arm64 by its label',
      { labels: ['linux.arm64'] },
      { labels: ['autoscaler.created', 'linux.arm64', 'self.hosted'], pod: { architecture: 'arm64' } },
    ],
    [
      'a uuid without braces, in upper case',
      { workspace: '3C3C6B5E-9A3E-4F0B-8A53-2F0F3A1F6A01' },
      { scope: { workspace: '{3c3c6b5e-9a3e-4f0b-8a53-2f0f3a1f6a01}' } },
    ],
    ['a repository', { repository: 'Web' }, { scope: { workspace: 'acme', repository: 'web' } }],
    [
      'durations with units',
      { coolDown: '1h30m', startTimeout: '90s', drainGrace: '2m' },
      { coolDownMs: 5_400_000, startTimeoutMs: 90_000, drainGraceMs: 120_000 },
    ],
    [
      'durations in seconds',
      { coolDown: 0, startTimeout: 90, drainGrace: 0.5 },
      { coolDownMs: 0, startTimeoutMs: 90_000, drainGraceMs: 500 },
    ],
    [
      'variables that YAML does not take for text',
      { env: { A: 1, B: true, C: '', D: 'x' } },
      { pod: { env: { A: '1', B: 'true', C: '', D: 'x' } } },
    ],
    [
      'quantities as numbers',
      { resources: { requests: { cpu: 0.5, memory: 1073741824 } } },
      { pod: { resources: { requests: { cpu: '0.5', memory: '1073741824' } } } },
    ],
  ])('%s', async (_, changes, expected) => {
    expect((await fleetOf(withGroup(changes))).groups[0]).toMatchObject(expected);
  });

  it.each([
    ['the constant', 60, undefined, 60_000],
    ['the constant with a unit', '10m', undefined, 600_000],
    ['its own, which wins', 60, '5s', 5_000],
  ])('cools down for %s', async (_, runner_cool_down_period, coolDown, expected) => {
    const fleet = await fleetOf(withGroup({ coolDown }, { constants: { runner_cool_down_period } }));
    expect(fleet.groups[0]?.coolDownMs).toBe(expected);
  });
});

describe('clusters and workspaces', () => {
  const eks = (name: string) => ({ eks: { name, region: 'eu-west-1' } });

  it.each([
    ['the only one', { main: eks('ci') }, undefined, 'main'],
    ['the one called default', { main: eks('ci'), default: eks('other') }, undefined, 'default'],
    ['the named one', { main: eks('ci'), default: eks('other') }, 'main', 'main'],
    ['none are defined: default', {}, undefined, 'default'],
  ])('a group is in %s', async (_, clusters, cluster, expected) => {
    expect((await fleetOf(withGroup({ cluster }, { clusters }))).groups[0]?.cluster).toBe(expected);
  });

  it('takes the default cluster only where the file defines none', async () => {
    const defaultCluster = { kind: 'eks', name: 'from-environment' } as const;
    const load = async (text: string) =>
      (await loadFleet('r.yaml', { ...textsOf({ 'r.yaml': text }), defaultCluster })).fleet.clusters;
    expect(await load(withGroup({}))).toEqual({ default: defaultCluster });
    expect(await load(withGroup({}, { clusters: { main: eks('ci') } }))).toEqual({
      main: { kind: 'eks', name: 'ci', region: 'eu-west-1' },
    });
  });

  it('gives settings to every workspace that a group uses, and to no other', async () => {
    const text = withGroups(
      [{ workspace: 'acme' }, { workspace: '3c3c6b5e-9a3e-4f0b-8a53-2f0f3a1f6a01' }, { workspace: 'labs' }],
      {
        workspaces: {
          ACME: { maxRunners: 150, secretId: 'ci' },
          '{3C3C6B5E-9A3E-4F0B-8A53-2F0F3A1F6A01}': { api: 'public' },
          unused: {},
        },
      },
    );
    expect((await fleetOf(text)).workspaces).toEqual({
      acme: { maxRunners: 150, api: 'internal', secretId: 'ci' },
      '{3c3c6b5e-9a3e-4f0b-8a53-2f0f3a1f6a01}': { maxRunners: 100, api: 'public' },
      labs: { maxRunners: 100, api: 'internal' },
    });
  });

  it('a kubeconfig lies relative to the file', async () => {
    const clusters = { lab: { kubeconfig: { path: '../kube.yaml', context: 'lab' } } };
    const texts = textsOf({ 'conf/r.yaml': withGroup({}, { clusters }) });
    expect((await loadFleet('conf/r.yaml', texts)).fleet.clusters).toEqual({
      lab: { kind: 'kubeconfig', path: 'kube.yaml', context: 'lab' },
    });
  });
});

describe('job templates', () => {
  const config = (template: Readonly<Record<string, string>>) =>
    withGroup({ jobTemplate: 't' }, { jobTemplates: { t: template, unused: { path: 'gone.yaml' } } });

  it.each([
    ['a path beside a file', 'conf/r.yaml', { path: 'jobs/t.yaml' }, 'conf/jobs/t.yaml'],
    ['a path above a file', '/etc/conf/r.yaml', { path: '../t.yaml' }, '/etc/t.yaml'],
    ['an absolute path', 'conf/r.yaml', { path: '/etc/t.yaml' }, '/etc/t.yaml'],
    ['a path beside an object in S3', 's3://b/dir/r.yaml', { path: 't.yaml' }, 's3://b/dir/t.yaml'],
    ['a path beside a parameter', 'ssm:/ci/runners', { path: 'template' }, 'ssm:/ci/template'],
    ['a source in S3', 'r.yaml', { source: 's3://b/t.yaml' }, 's3://b/t.yaml'],
    ['a source that is a file', 'conf/r.yaml', { source: 't.yaml' }, 't.yaml'],
  ])('%s', async (_, source, template, expected) => {
    const texts = textsOf({ [source]: config(template), [expected]: 'kind: Job' });
    const { fleet } = await loadFleet(source, texts);
    expect(fleet.groups[0]?.pod.template).toEqual({ name: 't', origin: expected, text: 'kind: Job' });
    expect(texts.read).toEqual([source, expected]);
  });

  it('inline needs no reading', async () => {
    const texts = textsOf({ 'r.yaml': config({ inline: 'kind: Job' }) });
    const { fleet, warnings } = await loadFleet('r.yaml', texts);
    expect(fleet.groups[0]?.pod.template).toEqual({ name: 't', origin: 'r.yaml jobTemplates.t', text: 'kind: Job' });
    expect(warnings).toMatchObject([{ path: 'jobTemplates.unused' }]);
  });

  it('what cannot be read is a problem of the file, all at once', async () => {
    const text = withGroups([{ jobTemplate: 'a' }, { jobTemplate: 'b' }], {
      jobTemplates: { a: { path: 'a.yaml' }, b: { source: 'b.yaml' } },
    });
    const loading = loadFleet('r.yaml', textsOf({ 'r.yaml': text, 'b.yaml': ' \n' }));
    await expect(loading).rejects.toMatchObject({
      name: 'InputError',
      problems: [
        { source: 'r.yaml', line: 1, path: 'jobTemplates.a.path', message: '"a.yaml" does not exist' },
        { source: 'r.yaml', line: 1, path: 'jobTemplates.b.source', message: 'b.yaml is empty; it has to hold a Job' },
      ],
    });
  });

  it('a service that fails is not a problem of the file: the groups that need it are unready, the others are not', async () => {
    const down = new ServiceError('S3 does not answer', { service: 'aws', outcome: 'unknown' });
    const text = withGroups([{}, { jobTemplate: 't' }], { jobTemplates: { t: { source: 's3://b/t.yaml' } } });
    const readText = async (source: string) => {
      if (source === 'r.yaml') return text;
      throw down;
    };
    const { fleet } = await loadFleet('r.yaml', { readText });
    expect(fleet.groups.map(({ name, unready }) => [name, unready])).toEqual([
      ['g0', undefined],
      ['g1', 'template t: S3 does not answer'],
    ]);
    await expect(inspectFleet('r.yaml', { readText })).rejects.toBe(down);
  });

  it('templates that only wrong groups use are not read', async () => {
    const texts = textsOf({
      'r.yaml': withGroup({ jobTemplate: 't', colour: 1 }, { jobTemplates: { t: { path: 't' } } }),
    });
    await expect(loadFleet('r.yaml', texts)).rejects.toThrow(InputError);
    expect(texts.read).toEqual(['r.yaml']);
  });
});

describe('a file in which something is wrong', () => {
  const template = 'kind: Job';

  it.each<[string, string, readonly string[], readonly string[]]>([
    ['nothing', withGroups([{}, {}]), ['g0', 'g1'], []],
    ['one group', withGroups([{ colour: 1 }, {}]), ['g1'], ['groups[0].colour']],
    [
      'a group and a template of another',
      withGroups([{ colour: 1 }, { jobTemplate: 'gone' }, { jobTemplate: 't' }], {
        jobTemplates: { gone: { path: 'gone.yaml' }, t: { path: 't.yaml' } },
      }),
      ['g2'],
      ['groups[0].colour', 'jobTemplates.gone.path'],
    ],
    [
      'a workspace',
      withGroup({}, { workspaces: { acme: { maxRunner: 1 } } }),
      ['builds'],
      ['workspaces.acme.maxRunner'],
    ],
    ['an unknown section', withGroup({}, { group: [] }), ['builds'], ['group']],
    ['the constants', withGroup({}, { constants: 3 }), ['builds'], ['constants']],
    ['the groups', JSON.stringify({ groups: {} }), [], ['groups']],
    ['the whole file', '- 1', [], ['']],
    ['the YAML', 'groups: [', [], ['']],
  ])('%s: the other groups can be looked at', async (_name, text, groups, paths) => {
    const { fleet, problems } = await inspectFleet('r.yaml', textsOf({ 'r.yaml': text, 't.yaml': template }));
    expect(fleet.groups.map(({ name }) => name)).toEqual(groups);
    expect(problems.map(({ path }) => path)).toEqual(paths);
  });

  it('is told even when a service does not answer', async () => {
    const down = new ServiceError('S3 does not answer', { service: 'aws', outcome: 'unknown' });
    const text = withGroups([{ colour: 1 }, { jobTemplate: 't' }], { jobTemplates: { t: { source: 's3://b/t' } } });
    const readText = async (source: string) => {
      if (source === 'r.yaml') return text;
      throw down;
    };
    await expect(loadFleet('r.yaml', { readText })).rejects.toMatchObject({ problems: [{ path: 'groups[0].colour' }] });
  });
});
