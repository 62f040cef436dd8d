/** What `validate` says of manifests: every rule as a change to the built-in template, with the place it is told at. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PodSettings } from '#core/model/configuration.ts';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { checkGroups, checkManifests } from '#manifests/check.ts';
import { DOCKER, POD, RELATIONS, RUNNER, STRUCTURE, UNSTARTABLE, VALUES } from '#spec/refused-manifests.ts';
import { formatProblem } from '#yaml/problem.ts';
import { groupWith, templateOf } from './group.ts';

/** The built-in template with one passage replaced; the passage has to be there. */
function changed(from: string, to: string): string {
  const text = BUILT_IN_TEMPLATE.text.replace(from, () => to);
  expect(text).not.toBe(BUILT_IN_TEMPLATE.text);
  return text;
}

function verdictOf(text: string, repository?: string) {
  const scope = { workspace: 'acme', ...(repository === undefined ? {} : { repository }) };
  const { problems, warnings } = checkManifests(groupWith({ template: templateOf(text) }, { scope }));
  return { problems: problems.map(formatProblem), warnings: warnings.map(formatProblem) };
}

/** `path: message`, without the place in the text. */
function problemsOf(text: string): readonly string[] {
  return verdictOf(text).problems.map((line) => line.replace(/^job\.yaml:\d+:\d+ items\[\d]\./, ''));
}

/** `path: message` of every warning. */
function warningsOf(text: string): readonly string[] {
  return verdictOf(text).warnings.map((line) => line.replace(/^job\.yaml:\d+:\d+ items\[\d]\.spec\./, ''));
}

describe('the built-in template', () => {
  it.each([
    ['a workspace runner', groupWith()],
    ['a repository runner', groupWith({}, { scope: { workspace: 'acme', repository: 'app' } })],
    ['another size and architecture', groupWith({ size: '8x', architecture: 'arm64' })],
    ['a size of one’s own', groupWith({ size: { memory: '12Gi', cpu: '3' } })],
    ['a CPU limit', groupWith({ resources: { limits: { cpu: '2' } } })],
  ])('is right and in no trap, for %s', (_name, group) => {
    expect(checkManifests(group)).toEqual({ problems: [], warnings: [] });
  });
});

describe('structure', () => {
  it.each(STRUCTURE)('%s', (_name, from, to, expected) => {
    expect(problemsOf(changed(from, to))).toEqual([expected]);
  });
});

describe('values', () => {
  it.each([...VALUES, ...UNSTARTABLE])('%s', (_name, from, to, expected) => {
    expect(problemsOf(changed(from, to))).toEqual([expected]);
  });

  it('quantities may be numbers, fractions and powers', () => {
    expect(problemsOf(changed('cpu: 250m', 'cpu: 0.25'))).toEqual([]);
    expect(problemsOf(changed('memory: 512Mi', 'memory: 5e8'))).toEqual([]);
  });
});

describe('relations', () => {
  it.each(RELATIONS)('%s', (_name, from, to, expected) => {
    expect(problemsOf(changed(from, to))).toEqual([expected]);
  });

  it('a volume that nobody defines is told at each of its mounts', () => {
    const message = 'mounts the volume "docker-containers", which is not among the volumes of the pod';
    const text = changed(
      '- name: docker-containers\n              emptyDir: {}',
      '- name: containers\n              emptyDir: {}',
    );
    expect(problemsOf(text)).toEqual([
      `${DOCKER}.volumeMounts[1].name: ${message}`,
      `${RUNNER}.volumeMounts[1].name: ${message}`,
    ]);
  });
});

describe('one runner', () => {
  it.each<[name: string, from: string, to: string, expected: string]>([
    [
      'two pods',
      'parallelism: 1',
      'parallelism: 2',
      'spec.parallelism: has to be 1: each further pod would be a second process of one runner',
    ],
    [
      'a selector',
      'parallelism: 1',
      'selector: { matchLabels: { a: b } }',
      'spec.selector: is made by the cluster for every Job; remove it',
    ],
    [
      'a suspended Job',
      'parallelism: 1',
      'suspend: true',
      'spec.suspend: keeps the runner from ever starting; remove it',
    ],
    [
      'no restart policy',
      'restartPolicy: OnFailure',
      'tolerations: []',
      `${POD}.restartPolicy: is missing; a Job needs OnFailure or Never, and OnFailure is right here`,
    ],
    [
      'a uuid without braces',
      'value: "{{{runnerUuid}}}"',
      'value: "{{runnerUuid}}"',
      `${RUNNER}.env[2].value: lacks the braces that the runner wants around its uuid; write "{{{runnerUuid}}}"`,
    ],
    [
      'a uuid that stays the same for every runner',
      'value: "{{{runnerUuid}}}"',
      'value: "{6d9c…}"',
      `${RUNNER}.env[2].value: is not the uuid of this runner's registration; write "{{{runnerUuid}}}"`,
    ],
    [
      'a key that the Secret does not have',
      'key: oauthClientSecret',
      'key: oauthSecret',
      `${RUNNER}.env[4].valueFrom.secretKeyRef.key: the Secret has no key "oauthSecret"; there are oauthClientId, oauthClientSecret`,
    ],
  ])('%s', (_name, from, to, expected) => {
    expect(problemsOf(changed(from, to))).toEqual([expected]);
  });

  it('needs its identity, which may also come from elsewhere', () => {
    const env =
      /env:\n.*?(?= {14}volumeMounts)/s.exec(BUILT_IN_TEMPLATE.text.split('- name: runner\n')[1] ?? '')?.[0] ?? '';
    expect(verdictOf(changed(env, 'env: []\n'), 'app')).toEqual({
      problems: [],
      warnings: [
        'job.yaml:100:15 items[1].spec.template.spec.containers[0].env: does not set what the runner needs to come online: ' +
          'ACCOUNT_UUID: "{{{accountUuid}}}", REPOSITORY_UUID: "{{{repositoryUuid}}}", RUNNER_UUID: "{{{runnerUuid}}}", ' +
          'OAUTH_CLIENT_ID from the Secret, OAUTH_CLIENT_SECRET from the Secret',
      ],
    });
    expect(verdictOf(changed(env, 'envFrom: [{ secretRef: { name: x } }]\n'))).toEqual({ problems: [], warnings: [] });
  });
});

describe('a group whose template says otherwise', () => {
  const warnings = (pod: Partial<PodSettings>) => checkManifests(groupWith(pod)).warnings.map(({ message }) => message);

  it.each<[string, Partial<PodSettings>, readonly RegExp[]]>([
    [
      'a service account whose token stays out',
      { serviceAccountName: 'deployer' },
      [/^keeps the token of "deployer" out of the pods of group "Runner group 1".* write automountServiceAccountToken/],
    ],
    ['one whose token is wanted', { serviceAccountName: 'deployer', automountServiceAccountToken: true }, []],
    ['one whose token is not', { serviceAccountName: 'deployer', automountServiceAccountToken: false }, []],
    [
      'one whose template is silent',
      { serviceAccountName: 'deployer', template: templateOf(changed('automountServiceAccountToken: false', '')) },
      [],
    ],
    [
      'a label of the autoscaler',
      { labels: { 'bitbucket-runner-autoscaler/group': 'x', team: 'ci' } },
      [
        /^gets bitbucket-runner-autoscaler\/group from the autoscaler, so podLabels of group "Runner group 1" cannot set it/,
      ],
    ],
    [
      'an annotation of the autoscaler',
      { annotations: { 'karpenter.sh/do-not-disrupt': 'false', 'example.com/a': 'b' } },
      [/^gets karpenter\.sh\/do-not-disrupt from the autoscaler, so podAnnotations of group/],
    ],
    ['an image of Docker', { images: { docker: 'docker:28-dind' } }, []],
    [
      'an image of Docker where there is none',
      {
        images: { docker: 'docker:28-dind' },
        template: templateOf(
          changed('image: docker:dind', 'image: podman').replace('privileged: true', 'privileged: false'),
        ),
      },
      [/^has no container that looks like Docker, .* so images\.docker of group "Runner group 1" changes nothing/],
    ],
    [
      'an image of the runner where there is no Docker',
      { images: { runner: 'runner:2' }, template: templateOf(changed('image: docker:dind', 'image: podman')) },
      [],
    ],
  ])('%s', (_name, pod, expected) => {
    expect(warnings(pod)).toEqual(expected.map((message) => expect.stringMatching(message)));
  });
});

describe('traps', () => {
  it.each<[name: string, from: string, to: string, expected: RegExp]>([
    ['Jobs that stay for ever', 'ttlSecondsAfterFinished: 600', '', /^ttlSecondsAfterFinished: is missing.* 600/],
    ['a replacement that overlaps', 'podReplacementPolicy: Failed', '', /^podReplacementPolicy: should be Failed/],
    ['a deadline of the Job', 'parallelism: 1', 'activeDeadlineSeconds: 60', /^activeDeadlineSeconds: ends the runner/],
    [
      'a deadline of the pod',
      'restartPolicy: OnFailure',
      'restartPolicy: OnFailure\n          activeDeadlineSeconds: 60',
      /^template\.spec\.activeDeadlineSeconds: ends the runner/,
    ],
    [
      'a pod for each crash',
      'restartPolicy: OnFailure',
      'restartPolicy: Never',
      /^template\.spec\.restartPolicy: makes a new pod/,
    ],
    [
      'no time to end a step',
      'terminationGracePeriodSeconds: 7260',
      '',
      /^template\.spec\.terminationGracePeriodSeconds: is 30, but .* 7200 seconds/,
    ],
    [
      'too little time to end a step',
      'terminationGracePeriodSeconds: 7260',
      'terminationGracePeriodSeconds: 600',
      /: is 600, but a step may run for 7200 seconds/,
    ],
    [
      'Docker as an init container that has to end first',
      'restartPolicy: Always',
      '',
      /^template\.spec\.initContainers\[0\]: never ends by itself/,
    ],
    [
      'Docker without rights',
      'privileged: true',
      'privileged: false',
      /initContainers\[0\]\.securityContext: should say/,
    ],
  ])('%s', (_name, from, to, expected) => {
    const { problems } = verdictOf(changed(from, to));
    expect(problems).toEqual([]);
    expect(warningsOf(changed(from, to))).toEqual([expect.stringMatching(expected)]);
  });

  it.each(['docker:dind', 'docker:28-dind-rootless'])(
    '%s without rights is no trap in a sandbox of its own',
    (image) => {
      const text = changed('privileged: true', 'privileged: false').replace('image: docker:dind', `image: ${image}`);
      expect(warningsOf(text)).toEqual([expect.stringMatching(/should say "privileged: true".* runtimeClassName/)]);
      for (const runtime of ['kata', 'sysbox-runc']) {
        const sandboxed = text.replace(
          'restartPolicy: OnFailure',
          `restartPolicy: OnFailure\n          runtimeClassName: ${runtime}`,
        );
        expect(verdictOf(sandboxed)).toEqual({ problems: [], warnings: [] });
      }
    },
  );

  it('Docker beside the runner, and the size on the wrong one of them', () => {
    const pod = `apiVersion: batch/v1
kind: Job
spec:
  podReplacementPolicy: Failed
  ttlSecondsAfterFinished: 600
  template:
    spec:
      restartPolicy: OnFailure
      terminationGracePeriodSeconds: 7260
      containers:
        - name: runner
          image: runner
          envFrom: [{ secretRef: { name: elsewhere } }]
          resources: { limits: { memory: "{{limits_memory}}" } }
        - name: docker
          image: registry.example.com/mirror/docker:27-dind
          securityContext: { privileged: true }
`;
    expect(verdictOf(pod)).toEqual({
      problems: [],
      warnings: [
        'job.yaml:15:11 spec.template.spec.containers[1]: runs on when the runner has ended, so the Job never completes and its pod stays; move it to initContainers with "restartPolicy: Always"',
        'job.yaml:15:11 spec.template.spec.containers[1].resources: should carry the size: steps run in this container, not in "runner", which needs 512Mi; write memory: "{{requests_memory}}" and so on here',
      ],
    });
  });
});

describe('places', () => {
  it('are those of the template, also behind entries that were left out', () => {
    // A workspace runner has no REPOSITORY_UUID, so the fifth item of the template is the fourth of the manifest.
    const { problems } = verdictOf(changed('key: oauthClientSecret', 'key: no'));
    const line = BUILT_IN_TEMPLATE.text.split('\n').findIndex((text) => text.includes('key: oauthClientSecret')) + 1;
    expect(problems).toEqual([
      expect.stringMatching(`^job\\.yaml:${line}:28 items\\[1\\]\\.${POD.replaceAll('.', '\\.')}`),
    ]);
    expect(problems[0]).toContain('.env[4].valueFrom');
  });

  it('an unknown field is told at its key, a wrong value at the value', () => {
    const text = 'kind: Job\nspec:\n  template: { speck: {} }\n  backoffLimit: many';
    expect(verdictOf(text).problems).toEqual(
      expect.arrayContaining([
        'job.yaml:3:15 spec.template.speck: unknown field (did you mean "spec"?)',
        'job.yaml:4:17 spec.backoffLimit: expected a whole number, got the text "many"',
      ]),
    );
  });

  it('every problem is told at once and once, in the order of the text, however many groups share the template', () => {
    const template = templateOf(
      changed('backoffLimit: 6', 'backoffLimit: x').replace('image: docker:dind', 'image: 3'),
    );
    const { problems } = checkGroups([groupWith({ template }), groupWith({ template }, { name: 'another' })]);
    expect(problems.map(({ path }) => path)).toEqual([
      'items[1].spec.backoffLimit',
      'items[1].spec.template.spec.initContainers[0].image',
    ]);
  });
});

describe('whatever a template holds', () => {
  const anything = fc.jsonValue({ maxDepth: 4 });
  const keys = ['spec', 'metadata', 'data', 'template', 'containers', 'env', 'resources', 'volumes', 'labels', 'name'];
  const shaped = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom(null, true, 3, 'x', ''),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('node')),
    ),
  })).node;

  it.each([
    ['any JSON', anything],
    ['known fields in any shape', shaped],
  ])('%s gets an answer, with a place for each problem', async (_name, values) => {
    await fc.assert(
      fc.property(values, fc.constantFrom('Job', 'Secret'), (value, kind) => {
        const object = { apiVersion: kind === 'Job' ? 'batch/v1' : 'v1', ...(value as object), kind };
        const { problems } = checkManifests(groupWith({ template: templateOf(JSON.stringify([object, null])) }));
        expect(problems.length).toBeGreaterThan(0);
        for (const { message } of problems) expect(message).not.toMatch(/undefined|\[object/);
      }),
    );
  });
});
