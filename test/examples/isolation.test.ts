/** The examples of docs/isolation.md: each has what its name promises, and the page names all of them. */
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as yaml from 'yaml';
import { PROTECTED_LABEL } from '#manifests/naming.ts';
import { renderManifests } from '#manifests/render.ts';
import { groupWith, manifestInput, templateOf } from '../manifests/group.ts';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const TEMPLATES = globSync('examples/isolation/*-job.yaml');

type Container = { readonly securityContext?: object };
type Pod = { readonly initContainers: readonly [Container]; readonly [field: string]: unknown };

function podOf(name: string, repository?: string) {
  const template = templateOf(read(`examples/isolation/${name}-job.yaml`));
  const scope = { workspace: 'acme', ...(repository === undefined ? {} : { repository }) };
  const { job } = renderManifests(manifestInput(groupWith({ template }, { scope })));
  const { metadata, spec } = (job.spec as { template: { metadata: { labels: object }; spec: Pod } }).template;
  return { labels: metadata.labels, spec };
}

describe('the templates', () => {
  it('sysbox: no right on the node', () => {
    const { spec } = podOf('sysbox');
    expect(spec).toMatchObject({ runtimeClassName: 'sysbox-runc', hostUsers: false });
    expect(spec.initContainers[0].securityContext).toBeUndefined();
  });

  it('kata: the rights are those of a machine of its own', () => {
    expect(podOf('kata').spec).toMatchObject({ runtimeClassName: 'kata-qemu' });
  });

  it('rootless: Docker is not root', () => {
    expect(podOf('rootless').spec.initContainers[0].securityContext).toMatchObject({ runAsUser: 1000 });
  });

  it('user namespace: root in the pod is nobody on the node', () => {
    expect(podOf('user-namespace').spec).toMatchObject({ hostUsers: false });
  });

  it('one repository: no node with a runner of another', () => {
    const { labels, spec } = podOf('one-repository', 'app');
    const own = 'bbbbbbbb-0000-0000-0000-000000000000';
    expect(labels).toMatchObject({
      repositoryUuid: own,
      'app.kubernetes.io/managed-by': 'bitbucket-runner-autoscaler',
    });
    expect(spec.affinity).toEqual({
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            topologyKey: 'kubernetes.io/hostname',
            labelSelector: {
              matchExpressions: [
                { key: 'app.kubernetes.io/managed-by', operator: 'In', values: ['bitbucket-runner-autoscaler'] },
                { key: 'repositoryUuid', operator: 'NotIn', values: [own] },
              ],
            },
          },
        ],
      },
    });
  });
});

it('the network policy is that of runner pods, and lets them to everything but the metadata service', () => {
  const { spec } = yaml.parse(read('infra/kubernetes/metadata-service/network-policy.yaml')) as {
    spec: { podSelector: { matchLabels: Readonly<Record<string, string>> }; policyTypes: unknown; egress: unknown };
  };
  const { labels } = podOf('kata');
  expect(labels).toMatchObject(spec.podSelector.matchLabels);
  // A label that comes and goes would open the way.
  expect(Object.keys(spec.podSelector.matchLabels)).not.toContain(PROTECTED_LABEL);
  expect([spec.policyTypes, spec.egress]).toEqual([
    ['Egress'],
    [
      {
        to: [
          { ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.169.254/32'] } },
          { ipBlock: { cidr: '::/0', except: ['fd00:ec2::254/128'] } },
        ],
      },
    ],
  ]);
});

it.each([
  ['karpenter-nodepool.yaml', /httpTokens: required\n\s+httpPutResponseHopLimit: 1\n/],
  ['managed-node-group.yaml', /disablePodIMDS: true\n/],
])('the nodes of %s answer no pod', (file, setting) => {
  expect(read(`examples/nodes/${file}`)).toMatch(setting);
});

it('docs/isolation.md names every template', () => {
  const page = read('docs/isolation.md');
  expect(TEMPLATES.filter((file) => !page.includes(`](../${file})`))).toEqual([]);
  expect(TEMPLATES).toHaveLength(5);
});
