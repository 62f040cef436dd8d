/** What a group says about its pods, on the manifests of the built-in template and of one's own. */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobTemplate, PodSettings, RunnerGroup, Toleration } from '#core/model/configuration.ts';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { checkManifests } from '#manifests/check.ts';
import { structureFindings } from '#manifests/check-structure.ts';
import { renderManifests } from '#manifests/render.ts';
import { groupWith, manifestInput, templateOf } from './group.ts';
import { hostile } from './hostile.ts';

const GUIDE = templateOf(readFileSync(new URL('guide-template.yaml', import.meta.url), 'utf8'));

/** A template that sets all that a group may set too. */
const OPINIONATED = templateOf(`
apiVersion: batch/v1
kind: Job
spec:
  template:
    metadata: { labels: { size: "{{size}}", architecture: "{{architecture}}" } }
    spec:
      restartPolicy: OnFailure
      serviceAccountName: template
      automountServiceAccountToken: false
      priorityClassName: template
      nodeSelector: { pool: template, zone: a }
      tolerations: [{ key: template, operator: Exists }]
      containers:
        - name: helper
          image: helper
        - name: runner
          image: runner
          env: [{ name: FROM, value: template }, { name: KEPT, value: "1" }]
`);

type PodSpec = {
  readonly containers: readonly { name: string; env?: readonly { name: string; value?: string }[] }[];
  readonly [field: string]: unknown;
};

function jobOf(template: JobTemplate, pod: Partial<PodSettings>, group: Partial<RunnerGroup> = {}) {
  const { job } = renderManifests(manifestInput(groupWith({ ...pod, template }, group)));
  const { template: pods } = job.spec as { template: { metadata: Record<string, unknown>; spec: PodSpec } };
  return pods;
}

const runnerEnv = (pod: PodSpec) => pod.containers.find(({ name }) => name === 'runner')?.env ?? [];
const TOLERATION: Toleration = { key: 'ci', operator: 'Equal', value: 'yes', effect: 'NoSchedule' };

describe.each<[string, JobTemplate]>([
  ['the built-in template', BUILT_IN_TEMPLATE],
  ['the guide’s template', GUIDE],
  ['a template that sets them too', OPINIONATED],
])('%s', (_name, template) => {
  const { spec: plain } = jobOf(template, {});

  it('stays as it is without settings', () => {
    expect('initContainers' in plain).toBe(template.text.includes('initContainers'));
    const { tolerations, serviceAccountName, priorityClassName } = plain;
    const own = template === OPINIONATED;
    expect({ tolerations, serviceAccountName, priorityClassName }).toEqual(
      own
        ? {
            tolerations: [{ key: 'template', operator: 'Exists' }],
            serviceAccountName: 'template',
            priorityClassName: 'template',
          }
        : { tolerations: undefined, serviceAccountName: undefined, priorityClassName: undefined },
    );
  });

  it('nodeSelector is added, and wins', () => {
    const { spec } = jobOf(template, { nodeSelector: { pool: 'ci', 'example.com/x': '' } });
    expect(spec).toEqual({
      ...plain,
      nodeSelector: { ...(plain.nodeSelector as object), pool: 'ci', 'example.com/x': '' },
    });
  });

  it('tolerations are added', () => {
    const { spec } = jobOf(template, { tolerations: [TOLERATION] });
    expect(spec).toEqual({ ...plain, tolerations: [...((plain.tolerations as unknown[]) ?? []), TOLERATION] });
  });

  it('serviceAccountName wins, and its token is mounted unless the template says otherwise', () => {
    const { spec } = jobOf(template, { serviceAccountName: 'builder' });
    const mounted = plain.automountServiceAccountToken ?? true;
    expect(spec).toEqual({ ...plain, serviceAccountName: 'builder', automountServiceAccountToken: mounted });
  });

  it.each([true, false])('automountServiceAccountToken: %s wins', (automountServiceAccountToken) => {
    const { spec } = jobOf(template, { automountServiceAccountToken });
    expect(spec).toEqual({ ...plain, automountServiceAccountToken });
    expect(jobOf(template, { serviceAccountName: 'builder', automountServiceAccountToken }).spec).toEqual({
      ...spec,
      serviceAccountName: 'builder',
    });
  });

  it('labels and annotations are added to those of the pods, but what the autoscaler sets stays', () => {
    const { metadata } = jobOf(template, {
      labels: { team: 'ci', accountUuid: 'mine' },
      annotations: { 'example.com/a': 'b c', 'karpenter.sh/do-not-disrupt': 'false' },
    });
    const { metadata: own } = jobOf(template, {});
    expect(metadata).toEqual({
      labels: { ...(own.labels as object), team: 'ci' },
      annotations: { ...(own.annotations as object), 'example.com/a': 'b c' },
    });
  });

  it('images replace those of the runner and of Docker, and of nothing else', () => {
    const images = { runner: 'runner@sha256:1', docker: 'docker:28-dind' };
    const imagesOf = (pod: PodSpec) =>
      [...((pod.initContainers ?? []) as PodSpec['containers']), ...pod.containers].map((item) => [
        item.name,
        (item as Readonly<{ image?: string }>).image,
      ]);
    const expected = imagesOf(plain).map(([name, image]) =>
      name === 'runner' ? [name, images.runner] : [name, image?.includes('dind') ? images.docker : image],
    );
    const { spec } = jobOf(template, { images });
    expect(imagesOf(spec)).toEqual(expected);
    expect(imagesOf(jobOf(template, { images: { runner: images.runner } }).spec)).toEqual(
      imagesOf(plain).map(([name, image]) => [name, name === 'runner' ? images.runner : image]),
    );
    expect(runnerEnv(spec)).toEqual(runnerEnv(plain));
  });

  it('priorityClassName wins', () => {
    expect(jobOf(template, { priorityClassName: 'ci' }).spec).toEqual({ ...plain, priorityClassName: 'ci' });
  });

  it('env is added to the runner container only, and wins', () => {
    const { spec } = jobOf(template, { env: { FROM: 'group', NEW: '' } });
    const kept = runnerEnv(plain).filter(({ name }) => name !== 'FROM');
    expect(runnerEnv(spec)).toEqual([...kept, { name: 'FROM', value: 'group' }, { name: 'NEW', value: '' }]);
    const others = (pod: PodSpec) => pod.containers.filter(({ name }) => name !== 'runner');
    expect({ ...spec, containers: others(spec) }).toEqual({ ...plain, containers: others(plain) });
  });

  it('all of them together are right for Kubernetes', () => {
    const pod: Partial<PodSettings> = {
      size: { memory: '12Gi', cpu: '3' },
      architecture: 'arm64',
      nodeSelector: { pool: 'ci' },
      tolerations: [TOLERATION],
      serviceAccountName: 'builder',
      priorityClassName: 'ci',
      env: { EXTRA: 'yes' },
    };
    expect(checkManifests(groupWith({ ...pod, template })).problems).toEqual([]);
  });
});

describe('the variables of sizes', () => {
  it.each([
    ['2x', { size: '2x' as const }, { size: '2x', architecture: 'amd64' }],
    ['a size of one’s own', { size: { memory: '12Gi', cpu: '3' } }, { size: 'custom', architecture: 'amd64' }],
    ['arm64', { architecture: 'arm64' as const }, { size: '1x', architecture: 'arm64' }],
  ])('%s', (_name, pod, labels) => {
    expect(jobOf(OPINIONATED, pod).metadata.labels).toMatchObject(labels);
  });
});

describe('settings that the configuration accepts', () => {
  const label = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/);
  const objectName = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z0-9]{1,9}){0,2}$/);
  const accepted = fc.record(
    {
      env: fc.dictionary(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,20}$/), fc.string({ unit: 'binary' })),
      nodeSelector: fc.dictionary(fc.constantFrom('pool', 'example.com/a.b', '0'), label),
      tolerations: fc.array(fc.record({ key: label, operator: fc.constant('Equal' as const), value: label })),
      serviceAccountName: objectName,
      automountServiceAccountToken: fc.boolean(),
      images: fc.record({ runner: fc.constant('a/b:1'), docker: fc.constant('c@sha256:d') }, { requiredKeys: [] }),
      priorityClassName: objectName,
      size: fc.constantFrom<PodSettings['size'][]>('1x', '8x', { memory: '12Gi', cpu: '1.5' }),
    },
    { requiredKeys: [] },
  );

  it('make manifests that are right for Kubernetes, with all that is stamped on', async () => {
    await fc.assert(
      fc.property(accepted, hostile, (pod, name) => {
        const { job, secret } = renderManifests(manifestInput(groupWith(pod, { name })));
        expect(structureFindings(job, 'V1Job')).toEqual([]);
        expect(structureFindings(secret, 'V1Secret')).toEqual([]);
      }),
    );
  });
});

describe('hostile settings', () => {
  const settings = fc.record({
    name: hostile,
    label: hostile,
    variable: hostile,
    selector: hostile,
    tolerated: hostile,
    account: hostile,
    priority: hostile,
    namespace: hostile,
  });

  function groupOf(value: (typeof settings)['generate'] extends (...args: never[]) => { value: infer V } ? V : never) {
    return (template: JobTemplate) =>
      groupWith(
        {
          template,
          env: { EXTRA: value.variable },
          nodeSelector: { pool: value.selector },
          tolerations: [{ key: 'ci', operator: 'Equal', value: value.tolerated }],
          serviceAccountName: value.account,
          priorityClassName: value.priority,
        },
        { name: value.name, labels: [value.label], namespace: value.namespace },
      );
  }

  it.each<[string, JobTemplate]>([
    ['the built-in template', BUILT_IN_TEMPLATE],
    ['the guide’s template', GUIDE],
    [
      'a template that shows them',
      templateOf(OPINIONATED.text.replace('"1"', '"{{group}} {{labels}} {{runnerNamespace}}"')),
    ],
  ])('stay one string each, in %s', async (_name, template) => {
    const harmless = Object.fromEntries(
      ['name', 'label', 'variable', 'selector', 'tolerated', 'account', 'priority', 'namespace'].map((key) => [
        key,
        'x',
      ]),
    ) as Parameters<typeof groupOf>[0];
    const expected = shapeOf(renderManifests(manifestInput(groupOf(harmless)(template))));
    await fc.assert(
      fc.property(settings, (value) => {
        const manifests = renderManifests(manifestInput(groupOf(value)(template)));
        expect(shapeOf(manifests)).toEqual(expected);
        const { spec } = jobOf(template, {}, {});
        expect(Object.keys(spec).length).toBeGreaterThan(0);
        const pod = (manifests.job.spec as { template: { spec: PodSpec } }).template.spec;
        expect(pod).toMatchObject({
          nodeSelector: { pool: value.selector },
          serviceAccountName: value.account,
          priorityClassName: value.priority,
        });
        expect(pod.tolerations).toContainEqual({ key: 'ci', operator: 'Equal', value: value.tolerated });
        expect(runnerEnv(pod)).toContainEqual({ name: 'EXTRA', value: value.variable });
        expect(manifests.job.metadata.annotations).toMatchObject({ 'bitbucket-runner-autoscaler/group': value.name });
      }),
    );
  });
});

/** Keys and lengths without the texts: the structure that no value may change. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, shapeOf(entry)]));
}

describe('runnerResources', () => {
  const template = (resources: string) =>
    templateOf(`
apiVersion: batch/v1
kind: Job
spec:
  template:
    spec:
      restartPolicy: OnFailure
      containers:
        - { name: helper, image: helper, resources: { requests: { memory: 1Mi } } }
        - { name: a, image: a, env: [{ name: RUNNER_UUID, value: "{{{runnerUuid}}}" }], resources: ${resources} }
`);
  const FULL = '{ requests: { memory: 1Gi, cpu: 1, ephemeral-storage: 1Gi }, limits: { memory: 1Gi, cpu: 2 } }';

  it.each<[string, string, PodSettings['runnerResources'], object]>([
    [
      'absent',
      FULL,
      undefined,
      { requests: { memory: '1Gi', cpu: 1, 'ephemeral-storage': '1Gi' }, limits: { memory: '1Gi', cpu: 2 } },
    ],
    [
      'a memory request stands for the limit too',
      FULL,
      { requests: { memory: '2Gi' } },
      { requests: { memory: '2Gi', cpu: 1, 'ephemeral-storage': '1Gi' }, limits: { memory: '2Gi', cpu: 2 } },
    ],
    [
      'a limit stands for the request too',
      FULL,
      { limits: { memory: '2Gi', cpu: '500m' } },
      { requests: { memory: '2Gi', cpu: '500m', 'ephemeral-storage': '1Gi' }, limits: { memory: '2Gi', cpu: '500m' } },
    ],
    [
      'a CPU request alone has no limit',
      FULL,
      { requests: { cpu: '3' } },
      { requests: { memory: '1Gi', cpu: '3', 'ephemeral-storage': '1Gi' }, limits: { memory: '1Gi' } },
    ],
    ['where the template has none', '{}', { requests: { cpu: '1' } }, { requests: { cpu: '1' }, limits: {} }],
  ])('%s', (_, own, runnerResources, expected) => {
    const { containers } = jobOf(template(own), runnerResources === undefined ? {} : { runnerResources }).spec;
    expect(containers).toMatchObject([{ resources: { requests: { memory: '1Mi' } } }, { resources: expected }]);
    expect(containers[1]).toHaveProperty('resources', expected);
  });
});
