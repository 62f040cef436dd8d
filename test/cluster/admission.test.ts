/**
 * The component admission-policy: what the shipped policies take of the autoscaler's own identity and what they refuse, one
 * right after the other. Everything is allowed by RBAC here, so that a refusal is the policies' own.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import type { ClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import type { PodSettings } from '#core/model/configuration.ts';
import type { Manifest, ManifestInput, Namespace } from '#core/ports.ts';
import { MANAGED_BY_LABEL } from '#manifests/naming.ts';
import { renderManifests } from '#manifests/render.ts';
import { standInFor } from '#manifests/stand-ins.ts';
import { recordOf } from '#yaml/values.ts';
import { groupWith } from '../manifests/group.ts';
import { type Cluster, eventually, pathOf, useCluster } from './cluster.ts';
import { startKubelet } from './kubelet.ts';

const COMPONENT = new URL('../../infra/kubernetes/admission-policy/', import.meta.url);
const API = '/apis/admissionregistration.k8s.io/v1';
const LIMITS = 'bitbucket-runner-autoscaler-limits';
const UUID = '0dd0beef-0000-4000-8000-00000000000';

/** An answer about Secrets is not quoted, so of a refusal only the policy is known. */
const REFUSED_SECRET = /ValidatingAdmissionPolicy 'bitbucket-runner-autoscaler-secrets-/;

const read = (file: string) => readFileSync(new URL(file, COMPONENT), 'utf8');

function componentObjects(): readonly Manifest[] {
  const { resources } = parse(read('kustomization.yaml')) as { resources: readonly string[] };
  return resources.flatMap((file) => parseAllDocuments(read(file)).map((document) => document.toJS() as Manifest));
}

/** The component, for this namespace only: other tests run in the same cluster. Older kustomizes give a namespace to all. */
async function installPolicies({ admin }: Cluster, { namespace }: Namespace, limits: Readonly<Record<string, string>>) {
  const named = (name: unknown) => `${String(name)}-${namespace}`;
  for (const object of componentObjects()) {
    const metadata = { ...object.metadata, namespace };
    if (object.kind === 'ConfigMap') {
      const body = { ...object, metadata, data: { ...recordOf(object.data), ...limits } };
      await admin.request('POST', `/api/v1/namespaces/${namespace}/configmaps`, { body });
      continue;
    }
    const spec = recordOf(object.spec);
    const body = { ...object, metadata: { ...metadata, name: named(metadata.name) } };
    const isBinding = object.kind === 'ValidatingAdmissionPolicyBinding';
    const matchResources = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } };
    await admin.request(
      'POST',
      `${API}/${isBinding ? 'validatingadmissionpolicybindings' : 'validatingadmissionpolicies'}`,
      {
        body: isBinding ? { ...body, spec: { ...spec, policyName: named(spec.policyName), matchResources } } : body,
      },
    );
  }
}

let cluster: Cluster;
let place: Namespace;
let autoscaler: ClusterClient;

const inputOf = (index: number, pod: Partial<PodSettings> = {}): ManifestInput => {
  const standIn = standInFor(groupWith(pod, { namespace: place.namespace, cluster: place.cluster }));
  return { ...standIn, runner: { ...standIn.runner, uuid: `{${UUID}${index}}` } };
};

/** Sends it as the autoscaler and keeps nothing. */
const tryOut = (collection: 'jobs' | 'secrets' | 'pods', body: unknown) =>
  autoscaler.request('POST', pathOf(place.namespace, collection), { body, query: { dryRun: 'All' } });

type Change = (pod: Record<string, unknown>, containers: Record<string, unknown>[]) => unknown;

/** The Job of a runner whose pod was changed. */
function jobWith(change: Change): Manifest {
  const job = structuredClone(renderManifests(inputOf(1)).job) as unknown as {
    spec: { template: { spec: Record<string, unknown> } };
  };
  const pod = job.spec.template.spec;
  change(pod, pod.containers as Record<string, unknown>[]);
  return job as unknown as Manifest;
}

const volume =
  (source: object): Change =>
  (pod) => {
    pod.volumes = [...(pod.volumes as object[]), { name: 'more', ...source }];
  };

beforeAll(async () => {
  cluster = useCluster();
  place = await cluster.makeNamespace();
  autoscaler = cluster.clientOf('autoscaler');
  const everything = ['create', 'list', 'delete', 'patch', 'update', 'get'];
  const rules = [
    { apiGroups: ['batch'], resources: ['jobs'], verbs: everything },
    { apiGroups: [''], resources: ['secrets', 'pods', 'pods/resize', 'pods/ephemeralcontainers'], verbs: everything },
  ];
  await cluster.setRules(place, rules, { verb: 'update', resource: 'secrets', allowed: true });
  await installPolicies(cluster, place, {
    serviceAccounts: 'builder\n',
    secrets: 'registry\n',
    nodeSelector: 'pool=ci',
  });
  // Each policy takes force by itself, a moment after it was made.
  const wrong = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'wrong' } };
  await eventually(() => expect(tryOut('secrets', wrong)).rejects.toThrow(REFUSED_SECRET));
  await eventually(() =>
    expect(tryOut('jobs', jobWith(volume({ hostPath: { path: '/' } })))).rejects.toThrow(/volumes are/),
  );
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'x' },
    spec: { containers: [{ name: 'x', image: 'x' }] },
  };
  await eventually(() => expect(tryOut('pods', pod)).rejects.toThrow(/creates Jobs and no pods/));
});

const NODES: Partial<PodSettings> = { nodeSelector: { pool: 'ci' } };

describe('Jobs', () => {
  it.each<[string, Partial<PodSettings>]>([
    ['of the built-in template', {}],
    [
      'with fixed images',
      {
        images: {
          docker: 'docker@sha256:00',
          runner: 'docker-public.packages.atlassian.com/sox/atlassian/bitbucket-pipelines-runner:3.2.0',
        },
      },
    ],
    ['with a service account of the list', { serviceAccountName: 'builder' }],
  ])('%s are taken', async (_name, pod) => {
    await expect(tryOut('jobs', renderManifests(inputOf(1, { ...NODES, ...pod })).job)).resolves.toBeDefined();
  });

  it.each<[string, Change, RegExp]>([
    [
      'another image',
      (_, [runner]) => Object.assign(runner ?? {}, { image: 'evil/docker:dind' }),
      /an image is not among/,
    ],
    [
      'another image to start with',
      (pod) => Object.assign((pod.initContainers as object[])[0] ?? {}, { image: 'evil' }),
      /an image is not among/,
    ],
    ['a path of the node', volume({ hostPath: { path: '/' } }), /volumes are emptyDir/],
    ['a volume of another kind', volume({ csi: { driver: 'secrets-store.csi.k8s.io' } }), /volumes are emptyDir/],
    ["the node's network", (pod) => Object.assign(pod, { hostNetwork: true }), /share no namespace of the node/],
    ["the node's processes", (pod) => Object.assign(pod, { hostPID: true }), /share no namespace of the node/],
    ["the node's shared memory", (pod) => Object.assign(pod, { hostIPC: true }), /share no namespace of the node/],
    ['a node by name', (pod) => Object.assign(pod, { nodeName: 'control-plane' }), /the scheduler finds the node/],
    ['nodes of others', (pod) => Object.assign(pod, { nodeSelector: { pool: 'web' } }), /pods select the nodes/],
    [
      'another service account',
      (pod) => Object.assign(pod, { serviceAccountName: 'admin' }),
      /service account is not among/,
    ],
    ['a Secret as a volume', volume({ secret: { secretName: 'other' } }), /a Secret is neither/],
    [
      'a Secret among others in a volume',
      volume({ projected: { sources: [{ secret: { name: 'other' } }] } }),
      /a Secret is neither/,
    ],
    [
      'the Secret of another runner',
      volume({ secret: { secretName: `runner-oauth-credentials-${UUID}9` } }),
      /a Secret is neither/,
    ],
    [
      'a Secret as variables',
      (_, [runner]) => Object.assign(runner ?? {}, { envFrom: [{ secretRef: { name: 'other' } }] }),
      /a Secret is neither/,
    ],
    [
      'a Secret as a variable',
      (_, [runner]) =>
        (recordOf(runner).env as object[]).push({
          name: 'X',
          valueFrom: { secretKeyRef: { name: 'other', key: 'k' } },
        }),
      /a Secret is neither/,
    ],
    [
      'a Secret to pull with',
      (pod) => Object.assign(pod, { imagePullSecrets: [{ name: 'other' }] }),
      /a Secret is neither/,
    ],
  ])('with %s are refused', async (_name, change, message) => {
    const onNodes: Change = (pod, containers) => {
      Object.assign(pod, { nodeSelector: { pool: 'ci' } });
      change(pod, containers);
    };
    await expect(tryOut('jobs', jobWith(onNodes))).rejects.toThrow(message);
  });

  it.each<[string, Change]>([
    ['a Secret of the list', volume({ secret: { secretName: 'registry' } })],
    ['a Secret of the list to pull with', (pod) => Object.assign(pod, { imagePullSecrets: [{ name: 'registry' }] })],
    ['its own Secret as a volume', volume({ secret: { secretName: `runner-oauth-credentials-${UUID}1` } })],
    ['its own volume claim', volume({ persistentVolumeClaim: { claimName: 'cache' } })],
  ])('with %s are taken', async (_name, change) => {
    const onNodes: Change = (pod, containers) => {
      Object.assign(pod, { nodeSelector: { pool: 'ci' } });
      change(pod, containers);
    };
    await expect(tryOut('jobs', jobWith(onNodes))).resolves.toBeDefined();
  });

  it('with another name, or whose pods no policy would find, are refused', async () => {
    const { job } = renderManifests(inputOf(1, NODES));
    await expect(tryOut('jobs', { ...job, metadata: { ...job.metadata, name: 'other' } })).rejects.toThrow(
      /is called runner-UUID/,
    );
    const template = { ...recordOf(recordOf(job.spec).template), metadata: {} };
    await expect(tryOut('jobs', { ...job, spec: { ...recordOf(job.spec), template } })).rejects.toThrow(
      /carry its label/,
    );
  });

  it('are nobody else’s affair', async () => {
    const path = pathOf(place.namespace, 'jobs');
    const body = jobWith(volume({ hostPath: { path: '/' } }));
    await expect(cluster.admin.request('POST', path, { body, query: { dryRun: 'All' } })).resolves.toBeDefined();
  });

  it('are refused where there are no limits', async () => {
    const path = `/api/v1/namespaces/${place.namespace}/configmaps`;
    const limits = await cluster.admin.request<Manifest>('GET', `${path}/${LIMITS}`);
    await cluster.admin.request('DELETE', `${path}/${LIMITS}`);
    const { job } = renderManifests(inputOf(1, NODES));
    await eventually(() => expect(tryOut('jobs', job)).rejects.toThrow(/no params found/));
    const { namespace, name } = limits.metadata;
    await cluster.admin.request('POST', path, { body: { ...limits, metadata: { namespace, name } } });
    await eventually(() => tryOut('jobs', job));
  });
});

describe('Secrets', () => {
  const owner = (name: string) => [{ apiVersion: 'batch/v1', kind: 'Job', name, uid: '1' }];
  const own = () => {
    const { secret } = renderManifests(inputOf(2));
    return { ...secret, metadata: { ...secret.metadata, ownerReferences: owner(`runner-${UUID}2`) } };
  };

  it('of a runner are taken', async () => {
    await expect(tryOut('secrets', own())).resolves.toBeDefined();
  });

  // Each differs from one that is taken by what its name says.
  it.each<[string, (secret: ReturnType<typeof own>) => object]>([
    [
      'with another name',
      (secret) => ({ ...secret, metadata: { ...secret.metadata, name: 'other', ownerReferences: owner('other') } }),
    ],
    [
      'that Kubernetes would fill with a token',
      (secret) => ({
        ...secret,
        type: 'kubernetes.io/service-account-token',
        metadata: { ...secret.metadata, annotations: { 'kubernetes.io/service-account.name': 'default' } },
      }),
    ],
    ['of nobody', (secret) => ({ ...secret, metadata: { ...secret.metadata, ownerReferences: [] } })],
    [
      'of another runner',
      (secret) => ({ ...secret, metadata: { ...secret.metadata, ownerReferences: owner('runner-x') } }),
    ],
  ])('%s are refused', async (_name, change) => {
    await expect(tryOut('secrets', change(own()))).rejects.toThrow(REFUSED_SECRET);
  });

  it('are not changed', async () => {
    await cluster.create(place, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other' } });
    const patch = { body: { data: { a: 'Yg==' } }, contentType: 'application/merge-patch+json' };
    const path = `${pathOf(place.namespace, 'secrets')}/other`;
    await expect(autoscaler.request('PATCH', path, patch)).rejects.toThrow(REFUSED_SECRET);
  });
});

describe('pods', () => {
  let own: string;
  const patch = (pod: string, body: object, subresource = '') =>
    autoscaler.request('PATCH', `${pathOf(place.namespace, 'pods')}/${pod}${subresource}`, {
      body,
      contentType: 'application/strategic-merge-patch+json',
    });

  beforeAll(async () => {
    const kubelet = await startKubelet(cluster, place);
    const api = cluster.jobApiOf('autoscaler');
    const { job, secret } = renderManifests(inputOf(3, NODES));
    const made = await api.createJob(place, job);
    await api.createSecret(place, secret, made);
    await kubelet.settle();
    own = (await cluster.objects(place, 'pods'))[0]?.metadata.name ?? '';
    await cluster.create(place, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'other' },
      spec: { containers: [{ name: 'x', image: 'x', resources: { requests: { cpu: '100m' } } }] },
    });
  });

  it('of runners are marked by the shipped adapter', async () => {
    const api = cluster.jobApiOf('autoscaler');
    await api.protectPod(place, own, false);
    await api.protectPod(place, own, true);
    expect(
      (await cluster.objects(place, 'pods')).find(({ metadata }) => metadata.name === own)?.metadata.labels,
    ).toMatchObject({
      'bitbucket-runner-autoscaler/protected': 'true',
    });
  });

  it.each<[string, object, RegExp]>([
    ['another image', { spec: { containers: [{ name: 'runner', image: 'docker:evil' }] } }, /only the metadata/],
    ['a deadline', { spec: { activeDeadlineSeconds: 1 } }, /only the metadata/],
    [
      'another owner',
      { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x' }] } },
      /neither owners/,
    ],
    ['a finalizer', { metadata: { finalizers: ['example.com/never'] } }, /neither owners nor finalizers/],
    ['no label of ours', { metadata: { labels: { [MANAGED_BY_LABEL]: null } } }, /they stay its own/],
  ])('of runners do not get %s', async (_name, body, message) => {
    await expect(patch(own, body)).rejects.toThrow(message);
  });

  it('of others are not touched', async () => {
    await expect(patch('other', { metadata: { labels: { a: 'b' } } })).rejects.toThrow(/its own pods only/);
  });

  it('get no container put into them', async () => {
    const body = { spec: { ephemeralContainers: [{ name: 'x', image: 'docker:dind' }] } };
    await expect(patch(own, body, '/ephemeralcontainers')).rejects.toThrow(/only the metadata/);
  });

  it('are resized where RBAC allows it', async () => {
    const resources = { requests: { cpu: '300m' } };
    await expect(
      patch(own, { spec: { containers: [{ name: 'runner', resources }] } }, '/resize'),
    ).resolves.toBeDefined();
    await expect(patch('other', { spec: { containers: [{ name: 'x', resources }] } }, '/resize')).rejects.toThrow(
      /its own pods only/,
    );
  });
});
