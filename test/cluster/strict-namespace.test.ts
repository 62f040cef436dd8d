/**
 * A namespace in which every container needs limits, none may be large, and Pod Security allows what Docker needs: what
 * `migrate` makes is admitted with the settings that the documentation names, and refused without.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { loadFleet } from '#config/load.ts';
import type { Namespace } from '#core/ports.ts';
import { renderManifests } from '#manifests/render.ts';
import { migrate } from '#tools/migrate/migrate.ts';
import type { SourceFile } from '#tools/migrate/source-files.ts';
import { manifestInput } from '../manifests/group.ts';
import { CHART, GUIDE, KUSTOMIZE } from '../tools/migrate/samples.ts';
import { type Cluster, useCluster } from './cluster.ts';
import { limitObjects } from './policies.ts';

let cluster: Cluster;
let place: Namespace;

beforeEach(async () => {
  cluster = useCluster();
  place = await cluster.makeNamespace();
  const namespace = `/api/v1/namespaces/${place.namespace}`;
  await cluster.admin.request('PATCH', namespace, {
    body: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } },
    contentType: 'application/merge-patch+json',
  });
  await limitObjects(cluster, place, { 'limits.cpu': '20', 'limits.memory': '80Gi', 'requests.cpu': '20' });
});

/** Bounds for every container; where it names a largest amount, Kubernetes also gives it to containers without one. */
async function limitContainers(): Promise<void> {
  await cluster.admin.request('POST', `/api/v1/namespaces/${place.namespace}/limitranges`, {
    body: {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'range' },
      spec: { limits: [{ type: 'Container', max: { cpu: '2', memory: '6Gi' }, min: { cpu: '100m', memory: '64Mi' } }] },
    },
  });
}

/** The pod of a runner of the first migrated group, with more settings of the group. */
async function podOf(files: readonly SourceFile[], builtIn: boolean, settings: object) {
  const migration = await migrate(files, { builtIn });
  const texts = new Map(migration.files.map(({ name, text }) => [name, text]));
  const readText = async (name: string) =>
    (texts.get(name) ?? '').replaceAll(/"(my guid|\{workspace_uuid\})"/g, '"acme"');
  const { fleet } = await loadFleet('runners_config.yaml', { readText });
  const [group] = fleet.groups;
  if (group === undefined) throw new Error('there is a group');
  const own = { ...group, namespace: place.namespace, pod: { ...group.pod, ...settings } };
  const { job } = renderManifests(manifestInput(own));
  const { template } = job.spec as { template: { metadata: object; spec: object } };
  const metadata = { ...template.metadata, name: 'a', namespace: place.namespace };
  return { apiVersion: 'v1', kind: 'Pod', ...template, metadata };
}

const SETTINGS = {
  resources: { requests: { memory: '2Gi', cpu: '1' }, limits: { memory: '4Gi', cpu: '2' } },
  runnerResources: { limits: { memory: '1Gi', cpu: '500m' } },
};

describe.each<[string, readonly SourceFile[], boolean]>([
  ['the guide', GUIDE, false],
  ['the guide, without its template', GUIDE, true],
  ['3.x', KUSTOMIZE, false],
  ['3.x, without its template', KUSTOMIZE, true],
  ['3.11', CHART, false],
  ['3.11, without its template', CHART, true],
])('what is migrated from %s', (_, files, builtIn) => {
  const dryRun = (pod: object) =>
    cluster.admin.request('POST', `/api/v1/namespaces/${place.namespace}/pods`, {
      query: { dryRun: 'All' },
      body: pod,
    });

  it('is admitted with resources and runnerResources', async () => {
    await limitContainers();
    await expect(dryRun(await podOf(files, builtIn, SETTINGS))).resolves.toMatchObject({ kind: 'Pod' });
  });

  it('is refused without them', async () => {
    await expect(dryRun(await podOf(files, builtIn, {}))).rejects.toThrow(/failed quota.*must specify limits\.cpu/);
  });
});
