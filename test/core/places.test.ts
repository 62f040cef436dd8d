/** How places are written down, and what a look makes of those that no group has any more. */
import { describe, expect, it } from 'vitest';
import type { ClusterSettings, Fleet, WorkspaceSettings } from '#core/model/configuration.ts';
import { formerPlaces, type Place, parsePlaces, placeOf, reachOf } from '#core/places.ts';
import { fleet, group } from '#kit/fleet.ts';

const EKS: ClusterSettings = { kind: 'eks', name: 'prod', region: 'eu-west-1', roleArn: 'arn:role' };
const site = group({ name: 'site', scope: { workspace: 'acme', repository: 'site' }, labels: ['a', 'b'] });
const SETTINGS: WorkspaceSettings = { maxRunners: 100, api: 'internal' };

/** A fleet of the group, whose workspace and cluster are set so. */
function fleetOf(
  of: typeof site,
  workspace: WorkspaceSettings = SETTINGS,
  clusters: Readonly<Record<string, ClusterSettings>> = { main: EKS },
): Fleet {
  return { ...fleet([of]), clusters, workspaces: { acme: workspace } };
}

const WRITTEN: Place = {
  ...{
    group: 'site',
    workspace: 'acme',
    repository: 'site',
    labels: ['a', 'b'],
    cluster: 'main',
    namespace: 'runners',
  },
  ...{ api: 'internal', reach: EKS, startTimeoutMs: 600_000, drainGraceMs: 45_000 },
};

describe('the place of a group', () => {
  it.each<{ name: string; of: typeof site; in: Fleet; key: string; place: Place }>([
    {
      name: 'has its scope, labels and namespace, and how its cluster is reached',
      of: site,
      in: fleetOf(site),
      key: 'acme/site a,b eks,name=prod,region=eu-west-1,roleArn=arn:role/runners',
      place: WRITTEN,
    },
    {
      name: 'has the same key however its cluster is written',
      of: site,
      in: fleetOf(site, SETTINGS, {
        main: { roleArn: 'arn:role', region: 'eu-west-1', name: 'prod', kind: 'eks' },
      }),
      key: 'acme/site a,b eks,name=prod,region=eu-west-1,roleArn=arn:role/runners',
      place: WRITTEN,
    },
    {
      name: 'has the reference of the credential, where the workspace has one of its own',
      of: site,
      in: fleetOf(site, { ...SETTINGS, api: 'public', secretId: 'bitbucket/acme' }),
      key: 'acme/site a,b eks,name=prod,region=eu-west-1,roleArn=arn:role/runners',
      place: { ...WRITTEN, api: 'public', secretId: 'bitbucket/acme' },
    },
    {
      name: 'is reached as most are, where nothing is said of its workspace',
      of: site,
      in: { ...fleetOf(site), workspaces: {} },
      key: 'acme/site a,b eks,name=prod,region=eu-west-1,roleArn=arn:role/runners',
      place: WRITTEN,
    },
  ])('$name', ({ of, in: config, key, place }) => {
    expect(placeOf(of, config)).toStrictEqual([key, place]);
  });

  it('of a workspace has no repository', () => {
    const builds = group({ labels: ['a'] });
    const [key, place] = placeOf(builds, fleetOf(builds)) ?? [];
    expect(key).toBe('acme a eks,name=prod,region=eu-west-1,roleArn=arn:role/runners');
    expect(place).not.toHaveProperty('repository');
  });

  it('is none while its cluster is not in the configuration', () => {
    expect(placeOf(site, fleetOf(site, SETTINGS, {}))).toBeUndefined();
  });

  it('is read back as it was written', () => {
    const [key = '', place] = placeOf(site, fleetOf(site)) ?? [];
    expect(parsePlaces({ [key]: place })).toStrictEqual({ [key]: place });
  });
});

describe('a place that no group has any more', () => {
  const other = group({ name: 'other', labels: ['other'] });
  const left = (place: Place, config: Fleet) => formerPlaces({ key: place }, config, () => true);

  it('is a group that wants no runner, whatever comes', () => {
    const [found] = left(WRITTEN, fleetOf(other));
    expect(found).toStrictEqual({
      key: 'key',
      memoryKey: 'place/key',
      place: WRITTEN,
      group: {
        name: 'site',
        scope: { workspace: 'acme', repository: 'site' },
        labels: ['a', 'b'],
        cluster: 'main',
        namespace: 'runners',
        strategy: { kind: 'idleBuffer', idleCount: 0, scaleFactor: 0, scaleFactorLimit: 0 },
        ...{ min: 0, max: 0, schedules: [], stabilisationWindowMs: 0, weight: 1, coolDownMs: 0, maxCreatesPerTick: 0 },
        ...{ startTimeoutMs: 600_000, drainGraceMs: 45_000 },
        pod: { size: '1x', architecture: 'amd64', nodeSelector: {}, tolerations: [], env: {} },
      },
    });
  });

  it('of a workspace is of no repository', () => {
    const { repository: _, ...place } = WRITTEN;
    expect(left(place, fleetOf(other))[0]?.group.scope).toStrictEqual({ workspace: 'acme' });
  });

  it.each<{ name: string; clusters: Readonly<Record<string, ClusterSettings>>; cluster: string }>([
    { name: 'has its name while that means the same cluster', clusters: { main: EKS }, cluster: 'main' },
    {
      name: 'has another where that means another today',
      clusters: { main: { kind: 'kubeconfig' } },
      cluster: 'main as it was (eks,name=prod,region=eu-west-1,roleArn=arn:role)',
    },
    {
      name: 'has another where that means none today',
      clusters: {},
      cluster: 'main as it was (eks,name=prod,region=eu-west-1,roleArn=arn:role)',
    },
  ])('its cluster $name', ({ clusters, cluster }) => {
    expect(left(WRITTEN, fleetOf(other, SETTINGS, clusters))[0]?.group.cluster).toBe(cluster);
  });

  it('is reached as it was, and what the configuration names as it says', () => {
    const config = fleetOf(other, { ...SETTINGS, maxRunners: 7 }, { main: { kind: 'kubeconfig' } });
    const gone: Place = { ...WRITTEN, workspace: 'beta', secretId: 'bitbucket/beta' };
    const plain: Place = { ...WRITTEN, workspace: 'gamma', api: 'public' };
    const former = formerPlaces({ one: WRITTEN, two: gone, three: plain }, config, () => true);
    const was = 'main as it was (eks,name=prod,region=eu-west-1,roleArn=arn:role)';
    expect(reachOf(former, config)).toStrictEqual({
      clusters: { main: { kind: 'kubeconfig' }, [was]: EKS },
      workspaces: {
        acme: { maxRunners: 7, api: 'internal' },
        beta: { maxRunners: 0, api: 'internal', secretId: 'bitbucket/beta' },
        gamma: { maxRunners: 0, api: 'public' },
      },
    });
  });
});
