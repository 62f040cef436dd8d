import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '#core/errors.ts';
import type { PodSettings, RunnerGroup } from '#core/model/configuration.ts';
import type { Manifest } from '#core/ports.ts';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { manifestsFromTemplates, renderManifests } from '#manifests/render.ts';
import { formatProblem } from '#yaml/problem.ts';
import { groupWith, manifestInput, templateOf } from './group.ts';

type Container = {
  name: string;
  env?: { name: string; value?: string }[];
  resources?: { requests?: object; limits?: object };
};
type PodSpec = { containers: Container[]; initContainers?: Container[]; [field: string]: unknown };

function podOf(job: Manifest): PodSpec {
  return (job.spec as { template: { spec: PodSpec } }).template.spec;
}

function builtInPod(pod: Partial<PodSettings>) {
  return podOf(renderManifests(manifestInput(groupWith(pod))).job);
}

const GUIDE = templateOf(readFileSync(new URL('guide-template.yaml', import.meta.url), 'utf8'));

describe('the built-in template', () => {
  it('for a workspace runner', () => {
    expect(renderManifests(manifestInput())).toMatchSnapshot();
  });

  it('for a repository runner of another size and architecture', () => {
    const group = groupWith({ size: '4x', architecture: 'arm64' }, { scope: { workspace: 'acme', repository: 'app' } });
    expect(renderManifests(manifestInput(group))).toMatchSnapshot();
  });

  it('given as a template of one’s own it makes the same manifests', () => {
    const own = manifestInput(groupWith({ template: templateOf(BUILT_IN_TEMPLATE.text) }));
    expect(renderManifests(own)).toEqual(renderManifests(manifestInput()));
  });

  it.each<[string, Partial<PodSettings>, object]>([
    ['1x', { size: '1x' }, { requests: { memory: '4Gi', cpu: '1000m' }, limits: { memory: '4Gi' } }],
    ['2x', { size: '2x' }, { requests: { memory: '8Gi', cpu: '2000m' }, limits: { memory: '8Gi' } }],
    ['4x', { size: '4x' }, { requests: { memory: '16Gi', cpu: '4000m' }, limits: { memory: '16Gi' } }],
    ['8x', { size: '8x' }, { requests: { memory: '32Gi', cpu: '8000m' }, limits: { memory: '32Gi' } }],
    [
      'of one’s own',
      { size: { memory: '12Gi', cpu: '3' } },
      { requests: { memory: '12Gi', cpu: '3' }, limits: { memory: '12Gi' } },
    ],
    [
      'resources win over the size',
      { size: '8x', resources: { requests: { memory: '1Gi', cpu: '1' }, limits: { memory: '2Gi', cpu: '3' } } },
      { requests: { memory: '1Gi', cpu: '1' }, limits: { memory: '2Gi', cpu: '3' } },
    ],
    [
      'a limit alone is the request too',
      { size: '8x', resources: { limits: { memory: '2Gi' } } },
      { requests: { memory: '2Gi', cpu: '8000m' }, limits: { memory: '2Gi' } },
    ],
    [
      'a memory request alone is the limit too',
      { resources: { requests: { memory: '6Gi' } } },
      { requests: { memory: '6Gi', cpu: '1000m' }, limits: { memory: '6Gi' } },
    ],
  ])('size: %s', (_name, pod, resources) => {
    const docker = builtInPod(pod).initContainers?.find(({ name }) => name === 'docker');
    expect(docker?.resources).toEqual(resources);
  });
});

describe('what is stamped on', () => {
  const metadata = (template: string | undefined, group: Partial<RunnerGroup> = {}) => {
    const pod = template === undefined ? {} : { template: templateOf(template) };
    const { job, secret } = renderManifests(manifestInput(groupWith(pod, group)));
    const inner = (job.spec as { template: { metadata: Record<string, unknown> } }).template.metadata;
    return { job: job.metadata, pod: inner, secret: secret.metadata };
  };
  const BARE = 'apiVersion: batch/v1\nkind: Job\nspec: { template: { spec: { containers: [{ name: x, image: y }] } } }';

  it('names, namespace, labels and the group, even on a template that says nothing', () => {
    const labels = {
      accountUuid: 'aaaaaaaa-0000-0000-0000-000000000000',
      'app.kubernetes.io/managed-by': 'bitbucket-runner-autoscaler',
      'bitbucket-runner-autoscaler/runner': '11111111-2222-3333-4444-555555555555',
      'bitbucket-runner-autoscaler/group': 'Runner-group-1',
    };
    const annotations = {
      'bitbucket-runner-autoscaler/group': 'Runner group 1',
      'bitbucket-runner-autoscaler/runner-labels': groupWith({}).labels.join(' '),
    };
    const { job, pod, secret } = metadata(BARE);
    expect(job).toEqual({
      name: 'runner-11111111-2222-3333-4444-555555555555',
      namespace: 'runners',
      labels,
      annotations,
    });
    // A pod is kept on its node from its first moment.
    expect(pod).toEqual({
      labels: { ...labels, 'bitbucket-runner-autoscaler/protected': 'true' },
      annotations: {
        ...annotations,
        'karpenter.sh/do-not-disrupt': 'true',
        'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
      },
    });
    expect(secret).toMatchObject({
      name: 'runner-oauth-credentials-11111111-2222-3333-4444-555555555555',
      namespace: 'runners',
      labels,
      annotations,
    });
  });

  const MARK = 'bitbucket-runner-autoscaler/fingerprint';
  const fingerprint = (pod: Partial<PodSettings>, over: Partial<RunnerGroup> = {}) =>
    manifestsFromTemplates.fingerprint(groupWith(pod, over));

  it('what the Job was made from, where a change is to reach it, and only there', () => {
    const named = BARE.replace('spec:', 'metadata: { annotations: { team: ci } }\nspec:');
    const { job, pod, secret } = metadata(named, { recycle: { onChange: true } });
    const mark = fingerprint({ template: templateOf(named) });
    expect(job.annotations).toMatchObject({ [MARK]: mark, team: 'ci' });
    for (const { annotations } of [pod, secret]) expect(annotations).not.toHaveProperty(MARK);
    for (const recycle of [{ onChange: false }, { afterSteps: 1 }] as const) {
      expect(metadata(named, { recycle }).job.annotations).not.toHaveProperty(MARK);
    }
  });

  it.each<[string, Partial<PodSettings>, boolean]>([
    ['the template', { template: templateOf(`${BUILT_IN_TEMPLATE.text}# changed`) }, true],
    ['an image', { images: { docker: 'docker:29-dind' } }, true],
    ['the environment', { env: { A: '1', B: '2' } }, true],
    ['nothing but where the template is', { template: templateOf(BUILT_IN_TEMPLATE.text) }, false],
    ['nothing', {}, false],
  ])('is another one where what runners are made from differs by %s', (_, pod, isOther) => {
    expect(fingerprint(pod) !== fingerprint({})).toBe(isOther);
  });

  it('is the same whatever order settings are written in, and whatever the group is called', () => {
    const before = fingerprint({ env: { A: '1', B: '2' } });
    expect(before).toMatch(/^[0-9a-f]{1,8}$/);
    expect(fingerprint({ env: { B: '2', A: '1' } }, { name: 'other', max: 2 })).toBe(before);
    expect(fingerprint({ env: { A: '2', B: '1' } })).not.toBe(before);
  });

  it('wins over what a template says of the same labels, and keeps its others', () => {
    const claims = `metadata: { labels: { app.kubernetes.io/managed-by: helm, team: ci } }\n${BARE}`;
    expect(metadata(claims).job.labels).toMatchObject({
      'app.kubernetes.io/managed-by': 'bitbucket-runner-autoscaler',
      team: 'ci',
    });
  });

  it('a workspace’s runner carries no repository, whatever its template says', () => {
    const claims = `metadata: { labels: { repositoryUuid: somewhere } }\n${BARE}`;
    expect(metadata(claims).job.labels).not.toHaveProperty('repositoryUuid');
  });

  it('whatever the group is called, its label is valid and its annotation exact', async () => {
    await fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }), (name) => {
        const { labels, annotations } = metadata(BARE, { name }).job as Record<string, Record<string, string>>;
        expect(labels?.['bitbucket-runner-autoscaler/group']).toMatch(
          /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/,
        );
        expect(annotations?.['bitbucket-runner-autoscaler/group']).toBe(name);
      }),
    );
  });
});

describe('templates of one’s own', () => {
  it('the guide’s template makes a workspace runner', () => {
    const { job, secret } = renderManifests(
      manifestInput(groupWith({ template: GUIDE, resources: { limits: { cpu: '2' } } })),
    );
    expect({ job, secret }).toMatchSnapshot();
  });

  it('the guide’s template makes a repository runner', () => {
    const group = groupWith({ template: GUIDE }, { scope: { workspace: 'acme', repository: 'app' } });
    const { job, secret } = renderManifests(manifestInput(group));
    expect(podOf(job).containers[0]?.env).toContainEqual({
      name: 'REPOSITORY_UUID',
      value: '{bbbbbbbb-0000-0000-0000-000000000000}',
    });
    expect(secret.metadata.labels).toMatchObject({ repositoryUuid: 'bbbbbbbb-0000-0000-0000-000000000000' });
  });

  it.each([
    ['no Job', 'kind: Secret\napiVersion: v1', ['job.yaml the template holds no Job; add one of apiVersion batch/v1']],
    [
      'two Jobs, one without a container',
      listOf(job('name: runner-{{runnerUuid}}'), 'apiVersion: batch/v1\nkind: Job'),
      [
        'job.yaml:7:9 [1].kind: a template holds one Job, and this is another',
        'job.yaml:6:3 [1].spec.template.spec.containers: the Job needs a container for the runner',
      ],
    ],
    [
      'another kind',
      listOf(job('name: runner-{{runnerUuid}}'), 'apiVersion: v1\nkind: Pod'),
      ['job.yaml:7:9 [1].kind: a template holds one Job and at most one Secret; leave other objects to kubectl'],
    ],
    [
      'another name',
      job('name: "{{runnerUuid}}-runner"'),
      ['job.yaml:4:9 metadata.name: must be runner-{{runnerUuid}}, not {{runnerUuid}}-runner'],
    ],
    [
      'another namespace',
      job('namespace: elsewhere'),
      ['job.yaml:4:14 metadata.namespace: must be runners, not elsewhere'],
    ],
    [
      'an old API',
      job('name: runner-{{runnerUuid}}', 'batch/v1beta1'),
      ['job.yaml:1:13 apiVersion: must be batch/v1, not batch/v1beta1'],
    ],
  ])('refused: %s', (_name, text, expected) => {
    const group = groupWith({ template: templateOf(text) });
    expect(manifestsFromTemplates.problems(group).map(formatProblem)).toEqual(expected);
    expect(() => renderManifests(manifestInput(group))).toThrow(InputError);
  });

  it('a good one has no problems', () => {
    for (const template of [GUIDE, BUILT_IN_TEMPLATE]) {
      expect(manifestsFromTemplates.problems(groupWith({ template }))).toEqual([]);
    }
  });
});

/** A small Job; `metadata` as block YAML. */
function job(metadata: string, apiVersion = 'batch/v1'): string {
  const pod = '{ template: { spec: { containers: [{ name: x }] } } }';
  return `apiVersion: ${apiVersion}\nkind: Job\nmetadata:\n  ${metadata}\nspec: ${pod}\n`;
}

function listOf(...objects: readonly string[]): string {
  return objects.map((text) => `- ${text.trimEnd().replaceAll('\n', '\n  ')}\n`).join('');
}
