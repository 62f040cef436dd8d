/**
 * What `validate` says of manifests offline, held against a real API server: what it finds right is taken, and what it
 * calls wrong is refused.
 */
import { globSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PodSettings } from '#core/model/configuration.ts';
import type { Manifest, Namespace } from '#core/ports.ts';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { checkManifests } from '#manifests/check.ts';
import { renderManifests } from '#manifests/render.ts';
import { standInFor } from '#manifests/stand-ins.ts';
import { RELATIONS, STRUCTURE, UNSTARTABLE, VALUES } from '#spec/refused-manifests.ts';
import { groupWith, templateOf } from '../manifests/group.ts';
import { type Cluster, pathOf, useCluster } from './cluster.ts';

let cluster: Cluster;
let place: Namespace;

beforeAll(async () => {
  cluster = useCluster();
  place = await cluster.makeNamespace();
});

function groupOf(pod: Partial<PodSettings>) {
  return groupWith(pod, { namespace: place.namespace, scope: { workspace: 'acme', repository: 'app' } });
}

/** Asks the server to take both objects, strictly, and to keep neither. */
async function dryRun(pod: Partial<PodSettings>): Promise<void> {
  const { job, secret } = renderManifests(standInFor(groupOf(pod)));
  const query = { dryRun: 'All', fieldValidation: 'Strict' };
  const send = (collection: 'jobs' | 'secrets', body: Manifest) =>
    cluster.admin.request('POST', pathOf(place.namespace, collection), { body, query });
  await send('secrets', secret);
  await send('jobs', job);
}

const read = (file: string) => templateOf(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'));

describe('what is found right is taken', () => {
  it.each<[string, Partial<PodSettings>]>([
    ['the built-in template', {}],
    ['the guide’s template', { template: read('test/manifests/guide-template.yaml') }],
    ...globSync('examples/*/*-job.yaml').map((file): [string, Partial<PodSettings>] => [
      file,
      { template: read(file) },
    ]),
    [
      'every setting of a group',
      {
        size: { memory: '12Gi', cpu: '3' },
        architecture: 'arm64',
        resources: { limits: { cpu: '4' } },
        nodeSelector: { pool: 'ci' },
        tolerations: [{ key: 'ci', operator: 'Equal', value: 'yes', effect: 'NoSchedule' }, { operator: 'Exists' }],
        serviceAccountName: 'builder',
        env: { EXTRA: 'yes', EMPTY: '' },
      },
    ],
    [
      'quantities as numbers, fractions and powers',
      {
        template: templateOf(
          BUILT_IN_TEMPLATE.text.replace('cpu: 250m', 'cpu: 0.25').replace('memory: 512Mi', 'memory: 5e8'),
        ),
      },
    ],
  ])('%s', async (_name, pod) => {
    expect(checkManifests(groupOf(pod)).problems).toEqual([]);
    await expect(dryRun(pod)).resolves.toBeUndefined();
  });
});

describe('what is called wrong is refused', () => {
  it.each([...STRUCTURE, ...VALUES, ...RELATIONS])('%s', async (_name, from, to) => {
    const template = templateOf(BUILT_IN_TEMPLATE.text.replace(from, () => to));
    await expect(dryRun({ template })).rejects.toThrow(/invalid|unknown field|400|422|cannot/i);
  });
});

describe('what no pod could start with is taken, so nobody else would say it', () => {
  it.each(UNSTARTABLE)('%s', async (_name, from, to) => {
    const template = templateOf(BUILT_IN_TEMPLATE.text.replace(from, () => to));
    await expect(dryRun({ template })).resolves.toBeUndefined();
  });
});
