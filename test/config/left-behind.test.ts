/** What a change of the configuration leaves behind, and what is said of it. */
import { describe, expect, it } from 'vitest';
import { leftBehind, placesIn } from '#config/left-behind.ts';
import { loadFleet } from '#config/load.ts';
import { formatPath } from '#yaml/finding.ts';
import { withGroup, withGroups, withParameters } from './samples.ts';

const LABELS = (...own: readonly string[]) => ['autoscaler.created', 'linux', 'self.hosted', ...own].sort().join(', ');
const EKS = (changes: object = {}) => ({ clusters: { ci: { eks: { name: 'ci', ...changes } } } });

async function fleetOf(text: string) {
  return (await loadFleet('runners.yaml', { readText: async () => text })).fleet;
}

async function warningsBetween(before: string, after: string, only?: readonly string[]): Promise<readonly string[]> {
  const findings = leftBehind(placesIn(await fleetOf(before)), await fleetOf(after), only);
  return findings.map(({ path, severity, message }) => `${severity} ${formatPath(path)}: ${message}`);
}

const left = (place: string, change: string, keep?: string) =>
  `warning ${place}: group "builds" ${change}, so runners that it had before are left behind: the next ticks take them out of service, which interrupts no step, and remove each when its step is done${
    keep === undefined ? '' : `; until the report shows none as left over, keep ${keep}`
  }`;

describe('runners that a change leaves behind', () => {
  it.each<[string, string, string, readonly string[]]>([
    ['no change', withGroup({}), withGroup({}), []],
    ['another max', withGroup({}), withParameters({ max: 99 }), []],
    ['another name', withGroup({}), withGroup({ name: 'ci' }), []],
    ['the labels in another order', withGroup({ labels: ['a', 'b'] }), withGroup({ labels: ['b', 'a'] }), []],
    ['a group more', withGroups([{}]), withGroups([{}, {}]), []],
    ['a cluster by another name', withGroup({}, EKS()), withGroup({}, { clusters: { other: EKS().clusters.ci } }), []],
    [
      'another namespace',
      withGroup({}, EKS()),
      withGroup({ namespace: 'ci' }, EKS()),
      [
        left(
          'groups[0].namespace',
          'has namespace ci instead of runners',
          'the rights in namespace runners of cluster ci',
        ),
      ],
    ],
    [
      'another workspace',
      withGroup({}),
      withGroup({ workspace: 'beta' }),
      [left('groups[0].workspace', 'has workspace beta instead of acme', 'access to acme')],
    ],
    [
      'another workspace, and the secret of the one before is not named any more',
      withGroup({}, { workspaces: { acme: { secretId: 'ci/acme' } } }),
      withGroup({ workspace: 'beta' }),
      [left('groups[0].workspace', 'has workspace beta instead of acme', 'access to acme with secret ci/acme')],
    ],
    [
      'another repository',
      withGroup({ repository: 'shop' }),
      withGroup({ repository: 'web' }),
      [left('groups[0].repository', 'has repository web instead of shop', 'access to acme/shop')],
    ],
    [
      'no repository any more, of a workspace whose secret is still named',
      withGroup({ repository: 'shop' }, { workspaces: { acme: { secretId: 'ci/acme' } } }),
      withGroup({}, { workspaces: { acme: { secretId: 'ci/acme' } } }),
      [left('groups[0].repository', 'has repository none instead of shop', 'access to acme/shop')],
    ],
    [
      'other labels',
      withGroup({ labels: ['a'] }),
      withGroup({ labels: ['b'] }),
      [left('groups[0].labels', `has labels ${LABELS('b')} instead of ${LABELS('a')}`)],
    ],
    [
      'the same name for another cluster',
      withGroup({}, EKS()),
      withGroup({}, EKS({ region: 'eu-west-1' })),
      [
        left(
          'groups[0].cluster',
          'has cluster ci instead of ci as it was (eks,name=ci)',
          'the rights in namespace runners of cluster ci as it was (eks,name=ci)',
        ),
      ],
    ],
    [
      'several things at once',
      withGroup({}, EKS()),
      withGroup({ workspace: 'beta', namespace: 'ci' }, EKS()),
      [
        left(
          'groups[0]',
          'has workspace beta instead of acme and namespace ci instead of runners',
          'access to acme and the rights in namespace runners of cluster ci',
        ),
      ],
    ],
    [
      'a group that is gone',
      withGroups([{}, { name: 'builds' }], EKS()),
      withGroups([{}], EKS()),
      [left('groups', 'is not there any more', 'access to acme and the rights in namespace runners of cluster ci')],
    ],
    [
      'places that a group of another name has taken over',
      withGroups([{ name: 'builds' }, { labels: ['l1'] }]),
      withGroups([{ name: 'web' }, { labels: ['l1'] }]),
      [],
    ],
  ])('%s', async (_, before, after, expected) => {
    expect(await warningsBetween(before, after)).toEqual(expected);
  });

  it('asks only about the groups that are named', async () => {
    const [before, after] = [withGroups([{}, {}]), withGroups([{ namespace: 'ci' }, { namespace: 'ci' }])];
    expect(await warningsBetween(before, after, ['g1'])).toEqual([
      expect.stringContaining('group "g1" has namespace ci'),
    ]);
  });

  it('knows no place of a group whose cluster is not in the configuration', async () => {
    const fleet = await fleetOf(withGroup({}));
    expect(placesIn({ ...fleet, clusters: {} })).toEqual({});
  });
});
