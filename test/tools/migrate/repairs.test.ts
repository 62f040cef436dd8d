/** The repairs of a template: what is changed, what is left as its author has it, and what is only worth a word. */

import { describe, expect, it } from 'vitest';
import * as yaml from 'yaml';
import {
  CONFIG,
  codesOf,
  configOf,
  GUIDE_TEMPLATE,
  KUSTOMIZE_TEMPLATE,
  migrateTexts,
  podOf,
  problemsOf,
  templateOf,
  templateWith,
  warningsOf,
} from './samples.ts';

const DOCKER = '            - name: docker\n              image: docker:dind\n';
const VARIABLES = {
  requests: { memory: '{{requests_memory}}', cpu: '{{requests_cpu}}' },
  limits: { memory: '{{limits_memory}}', cpu: '{{limits_cpu}}' },
};
const RUNNER = { requests: { memory: '512Mi', cpu: '250m' }, limits: { memory: '1Gi' } };
const AMOUNTS = /^ +resources:\n +requests:\n.*\n.*\n +limits:\n.*\n.*\n/m;

type Container = { name: string; image: string; resources?: unknown; restartPolicy?: string };
const containers = (pod: Record<string, unknown>) => pod.containers as Container[];
const initContainers = (pod: Record<string, unknown>) => pod.initContainers as Container[];

const groupsOf = (text: string) => (yaml.parse(text) as { groups: Record<string, unknown>[] }).groups;

describe('the docker container', () => {
  it.each<[string, string]>([
    ['docker:dind', DOCKER],
    ['a version of it', DOCKER.replace('docker:dind', 'docker:28.5-dind')],
    ['a mirror of it', DOCKER.replace('docker:dind', 'registry.example.com/mirror/docker:dind')],
    ['another image, as it is privileged', DOCKER.replace('docker:dind', 'example.com/engine:1')],
    ['another name and image, as it is privileged', '            - name: engine\n              image: engine:1\n'],
    ['another name, by its image', DOCKER.replace('name: docker', 'name: engine')],
  ])('%s becomes a native sidecar that carries the size', async (_, text) => {
    const pod = podOf(await migrateTexts({ template: templateWith(DOCKER, text) }));
    expect(containers(pod).map(({ name }) => name)).toEqual(['runner']);
    expect(initContainers(pod)).toHaveLength(1);
    expect(initContainers(pod)[0]).toMatchObject({ restartPolicy: 'Always', resources: VARIABLES });
    expect(containers(pod)[0]?.resources).toEqual(RUNNER);
  });

  it('is not what is only called docker', async () => {
    const proxy = '            - name: docker\n              image: registry:3\n';
    const engine = DOCKER.replace('name: docker', 'name: engine');
    const pod = podOf(await migrateTexts({ template: templateWith(DOCKER, `${proxy}${engine}`) }));
    expect(containers(pod).map(({ name }) => name)).toEqual(['runner', 'docker']);
    expect(initContainers(pod)).toMatchObject([{ name: 'engine', resources: VARIABLES }]);
  });

  it('is not the runner, which is told its uuid, whatever it is called and made from', async () => {
    const template = templateWith('- name: runner\n', '- name: docker\n')
      .replace(/image: \S+bitbucket-pipelines-runner\S*/, 'image: mirror.example.com/docker:1')
      .replace(DOCKER, DOCKER.replace('name: docker', 'name: engine'));
    const pod = podOf(await migrateTexts({ template }));
    expect(containers(pod)).toMatchObject([{ name: 'docker', resources: RUNNER }]);
    expect(initContainers(pod)).toMatchObject([{ name: 'engine', resources: VARIABLES }]);
  });

  it('comes after init containers that are there', async () => {
    const first =
      '          initContainers:\n            - name: first\n              image: busybox\n          containers:';
    const pod = podOf(await migrateTexts({ template: templateWith('          containers:', first) }));
    expect(initContainers(pod).map(({ name }) => name)).toEqual(['first', 'docker']);
  });

  it('stays where it is when it is a sidecar already', async () => {
    const once = await migrateTexts({});
    const again = templateOf(once).replaceAll(/"?\{\{\{?(\w+)\}?\}\}"?/g, (text, name) =>
      text.includes('{{{') ? `"{<%${name}%>}"` : `<%${name}%>`,
    );
    const migration = await migrateTexts({ template: again });
    expect(podOf(migration)).toEqual(podOf(once));
    expect(codesOf(migration)).not.toContain('native-sidecar');
    expect(codesOf(migration)).not.toContain('size-on-docker');
    expect(codesOf(migration)).not.toContain('ttl');
  });

  it('keeps amounts of its own, with a word that groups cannot size it', async () => {
    const own = `${DOCKER}              resources: { limits: { memory: 12Gi } }\n`;
    const migration = await migrateTexts({ template: templateWith(DOCKER, own) });
    expect(initContainers(podOf(migration))[0]?.resources).toEqual({ limits: { memory: '12Gi' } });
    expect(containers(podOf(migration))[0]?.resources).toMatchObject({ requests: { memory: '4Gi' } });
    expect(warningsOf(migration)).toEqual([
      expect.stringMatching(/^job\.yaml\.template:\d+:\d+ the docker container has amounts of its own, which stay/),
    ]);
  });

  it('another container beside the runner is left alone, with a word', async () => {
    const shipper = '            - name: shipper\n              image: fluent/fluent-bit\n';
    const migration = await migrateTexts({ template: templateWith(DOCKER, `${shipper}${DOCKER}`) });
    expect(containers(podOf(migration)).map(({ name }) => name)).toEqual(['runner', 'shipper']);
    expect(warningsOf(migration)).toEqual([
      expect.stringMatching(/^job\.yaml\.template:\d+:\d+ container shipper keeps the pod alive after the runner/),
    ]);
  });
});

describe('amounts', () => {
  it.each<[string, string, string]>([
    ['of the guide', '4Gi', '1000m'],
    ['the same in another spelling', '4Gi', '1'],
  ])('%s are those of size 1x, and no group says anything', async (_, memory, cpu) => {
    const template = GUIDE_TEMPLATE.replaceAll('"4Gi"', memory).replaceAll('"1000m"', cpu);
    const migration = await migrateTexts({ template });
    expect(groupsOf(configOf(migration))[0]).not.toHaveProperty('resources');
    expect(codesOf(migration)).toContain('amounts-to-groups');
  });

  it('others move to every group that has none', async () => {
    const template = GUIDE_TEMPLATE.replaceAll('"4Gi"', '"8Gi"').replaceAll('"1000m"', '"2"');
    const second = CONFIG.replace(/[\s\S]*groups:\n/, '')
      .replace('Runner group 1', 'Runner group 2')
      .replace('grp1', 'grp2');
    const config = `${CONFIG}${second}    resources: { requests: { memory: 2Gi } }\n`;
    const migration = await migrateTexts({ template, config });
    expect(groupsOf(configOf(migration)).map(({ resources }) => resources)).toEqual([
      { requests: { memory: '8Gi', cpu: '2' }, limits: { memory: '8Gi', cpu: '2' } },
      { requests: { memory: '2Gi' } },
    ]);
  });

  it('that no group can have are named by their path, as there is no file yet that has them', async () => {
    const migration = await migrateTexts({ template: GUIDE_TEMPLATE.replaceAll('"4Gi"', '"4096"') });
    expect(migration.files).toEqual([]);
    expect(problemsOf(migration)[0]).toMatch(
      /^runners_config\.yaml groups\[0\]\.resources\.requests\.memory: "4096" is less than 1Mi/,
    );
  });

  it('variables are the groups’ already', async () => {
    const migration = await migrateTexts({ template: KUSTOMIZE_TEMPLATE });
    expect(codesOf(migration)).not.toContain('amounts-to-groups');
    expect(initContainers(podOf(migration))[0]?.resources).toEqual(VARIABLES);
  });

  it('a template without any gets all', async () => {
    const migration = await migrateTexts({ template: GUIDE_TEMPLATE.replace(AMOUNTS, '') });
    expect(initContainers(podOf(migration))[0]?.resources).toEqual(VARIABLES);
    expect(containers(podOf(migration))[0]?.resources).toEqual(RUNNER);
  });

  it('what is neither memory nor cpu goes along', async () => {
    const template = templateWith('memory: "4Gi"', 'memory: "4Gi"\n                  ephemeral-storage: 20Gi');
    const pod = podOf(await migrateTexts({ template }));
    expect(initContainers(pod)[0]?.resources).toMatchObject({ requests: { 'ephemeral-storage': '20Gi' } });
  });

  it('limits of a group are told: until now they were those of the runner container', async () => {
    const config = `${CONFIG}    resources: { limits: { memory: 2Gi } }\n`;
    const migration = await migrateTexts({ config, template: KUSTOMIZE_TEMPLATE });
    expect(warningsOf(migration)).toEqual([
      expect.stringMatching(/^runners_config\.yaml:\d+:\d+ groups\[0\]\.resources\.limits: limits steps from now on/),
    ]);
  });
});

describe('the life of Job and pod', () => {
  it.each([
    ['ttlSecondsAfterFinished', 'ttl', 'backoffLimit: 6', 'ttlSecondsAfterFinished: 60'],
    ['podReplacementPolicy', 'pod-replacement', 'backoffLimit: 6', 'podReplacementPolicy: Failed'],
    [
      'terminationGracePeriodSeconds',
      'grace-period',
      'restartPolicy: OnFailure',
      'terminationGracePeriodSeconds: 9000',
    ],
  ])('%s is added where it is missing and left where it is not', async (key, code, beside, line) => {
    expect(codesOf(await migrateTexts({}))).toContain(code);
    const indentation = beside.startsWith('backoff') ? '      ' : '          ';
    const migration = await migrateTexts({ template: templateWith(beside, `${beside}\n${indentation}${line}`) });
    expect(codesOf(migration)).not.toContain(code);
    expect(templateOf(migration).match(new RegExp(`${key}.*`, 'g'))).toEqual([line]);
  });

  it('what is repaired leaves validate nothing to warn of', async () => {
    expect(warningsOf(await migrateTexts({}))).toEqual([]);
  });
});

describe('--built-in', () => {
  const nodeSelector = '          nodeSelector:\n            customer: shared\n';
  const settings = `${nodeSelector}          tolerations:
            - { key: ci, operator: Exists }
          serviceAccountName: deployer
          priorityClassName: builds
`;

  it('moves to the groups what they can say', async () => {
    const template = templateWith(nodeSelector, settings).replace(
      '- name: WORKING_DIRECTORY',
      '- name: HTTPS_PROXY\n                  value: http://proxy\n                - name: WORKING_DIRECTORY',
    );
    const migration = await migrateTexts({ template }, { builtIn: true });
    expect(problemsOf(migration)).toEqual([]);
    expect(groupsOf(configOf(migration))[0]).toMatchObject({
      nodeSelector: { customer: 'shared' },
      tolerations: [{ key: 'ci', operator: 'Exists' }],
      serviceAccountName: 'deployer',
      automountServiceAccountToken: true,
      priorityClassName: 'builds',
      env: { HTTPS_PROXY: 'http://proxy' },
    });
  });

  it.each([
    ['true', true],
    ['false', undefined],
  ])('moves the word on the token to the groups: %s', async (word, expected) => {
    const account = `${nodeSelector}          serviceAccountName: deployer\n          automountServiceAccountToken: ${word}\n`;
    const migration = await migrateTexts({ template: templateWith(nodeSelector, account) }, { builtIn: true });
    const [first] = groupsOf(configOf(migration));
    expect(first).toHaveProperty('serviceAccountName', 'deployer');
    expect(first?.automountServiceAccountToken).toBe(expected);
  });

  it.each<[string, string, string, string]>([
    [
      'a volume',
      '            - name: tmp\n            - name',
      '            - name: cache\n            - name: tmp\n            - name',
      'spec.template.spec.volumes[cache]',
    ],
    ['an image', 'docker:dind', 'docker:28-dind', 'spec.template.spec.initContainers[docker].image'],
    [
      'an image of the runner',
      'bitbucket-pipelines-runner  #',
      'bitbucket-pipelines-runner:3.2.0  #',
      'spec.template.spec.containers[runner].image',
    ],
    [
      'a label',
      'customer: shared\n            accountUuid',
      'customer: acme\n            accountUuid',
      'spec.template.metadata.labels.customer',
    ],
    ['a number of tries', 'backoffLimit: 6', 'backoffLimit: 2', 'spec.backoffLimit'],
    [
      'a label of the Secret',
      '        accountUuid: <%',
      '        team: ci\n        accountUuid: <%',
      'Secret.metadata.labels.team',
    ],
  ])('refuses to lose %s, by name', async (_, before, after, path) => {
    const migration = await migrateTexts({ template: templateWith(before, after) }, { builtIn: true });
    expect(migration.files).toEqual([]);
    expect(problemsOf(migration)).toEqual([
      `job.yaml.template:1 ${path}: is not in the built-in template; migrate without --built-in to keep it`,
    ]);
  });
});
