/** Warnings between groups that are each right by themselves. */
import { describe, expect, it } from 'vitest';
import { PARAMETERS, problemsOf, warningsOf, withGroups } from './samples.ts';

const UUID = '{3c3c6b5e-9a3e-4f0b-8a53-2f0f3a1f6a01}';

function expectWarnings(text: string, expected: readonly string[]): void {
  expect(problemsOf(text)).toEqual([]);
  expect(warningsOf(text)).toEqual(expected);
}

describe('labels that are all among those of another group', () => {
  const contained = (names: string) =>
    `groups[0].labels: are all among those of ${names} too, so steps that ask for them may run there as well; add a label that only this group has, and ask for it in runs-on`;

  it.each([
    ['labels of their own', [{ labels: ['a'] }, { labels: ['b'] }], []],
    ['some in common', [{ labels: ['a', 'b'] }, { labels: ['b', 'c'] }], []],
    ['fewer', [{ labels: ['a'] }, { labels: ['a', 'b'] }], [contained('"g1"')]],
    ['none', [{ labels: [] }, { labels: ['a'] }], [contained('"g1"')]],
    [
      'fewer than two',
      [{ labels: ['a'] }, { labels: ['a', 'b'] }, { labels: ['c', 'a'] }],
      [contained('"g1" and "g2"')],
    ],
    [
      'fewer than three',
      [{ labels: ['a'] }, ...['b', 'c', 'd'].map((label) => ({ labels: ['a', label] }))],
      [contained('"g1", "g2" and "g3"')],
    ],
    [
      'fewer than many',
      [{ labels: ['a'] }, ...['b', 'c', 'd', 'e'].map((label) => ({ labels: ['a', label] }))],
      [contained('"g1", "g2" and 2 more')],
    ],
    [
      'those that all runners have do not count',
      [{ labels: ['a'] }, { labels: ['a', 'linux', 'self.hosted', 'b'] }],
      [contained('"g1"')],
    ],
    ['another architecture', [{ labels: ['a'] }, { labels: ['a', 'b'], architecture: 'arm64' }], []],
    ['another workspace', [{ labels: ['a'] }, { labels: ['a', 'b'], workspace: 'labs' }], []],
    ['a repository of it', [{ labels: ['a'] }, { labels: ['a', 'b'], repository: 'site' }], []],
    [
      'the same workspace in capitals',
      [{ labels: ['a'] }, { labels: ['a', 'b'], workspace: 'ACME' }],
      [contained('"g1"')],
    ],
  ])('%s', (_, groups, expected) => {
    expectWarnings(withGroups(groups), expected);
  });

  it('a group without a valid name is called by its place', () => {
    const text = withGroups([{ labels: ['a'] }, { labels: ['a', 'b'], name: '' }]);
    expect(warningsOf(text)).toEqual([contained('"groups[1]"')]);
  });
});

describe('idle runners for each repository', () => {
  const repositories = (count: number, changes: Record<string, unknown> = {}) =>
    Array.from({ length: count }, (_, index) => ({ repository: `r${index}`, labels: ['a'], ...changes }));
  const buffer = (parameters: object) => ({ strategy: 'idleBuffer', parameters: { min: 0, max: 3, ...parameters } });
  const pool = (count: number, names: string, { idle, costs, least = 1, index = 0 }: Record<string, number>) =>
    `groups[${index}].repository: is one of ${count} repositories with runners of their own for the same labels (${names}): ${idle} idle runners around the clock, up to USD ${costs} a month where slots are billed; one group of workspace acme without "repository" would do with ${least}`;

  it.each([
    ['one repository', repositories(1), []],
    ['two', repositories(2), [pool(2, '"g0" and "g1"', { idle: 2, costs: 30 })]],
    ['many', repositories(5), [pool(5, '"g0", "g1" and 3 more', { idle: 5, costs: 75 })]],
    ['each with its own labels', [{ repository: 'a' }, { repository: 'b' }], []],
    [
      'the same in another order',
      [...repositories(1, { labels: ['b', 'a'] }), { repository: 'x', labels: ['a', 'b'] }],
      [pool(2, '"g0" and "g1"', { idle: 2, costs: 30 })],
    ],
    ['in different namespaces', repositories(2).map((group, index) => ({ ...group, namespace: `n${index}` })), []],
    [
      'on different nodes',
      repositories(2).map((group, index) => ({ ...group, nodeSelector: { pool: `n${index}` } })),
      [],
    ],
    ['of two workspaces', repositories(2).map((group, index) => ({ ...group, workspace: `w${index}` })), []],
    [
      'of the workspace in capitals',
      repositories(2).map((group, index) => ({ ...group, workspace: ['acme', 'ACME'][index] })),
      [pool(2, '"g0" and "g1"', { idle: 2, costs: 30 })],
    ],
    ['the workspace itself', [{ labels: ['a'] }, ...repositories(1)], []],
    ['a buffer each', repositories(2, buffer({})), [pool(2, '"g0" and "g1"', { idle: 2, costs: 30 })]],
    [
      'a buffer beside a min',
      repositories(2, buffer({ min: 3, idleCount: 2 })),
      [pool(2, '"g0" and "g1"', { idle: 6, costs: 90, least: 3 })],
    ],
    [
      'some that keep none',
      [
        ...repositories(2, buffer({ scaleFactor: 0.5, idleCount: 0 })).map((group, index) => ({
          ...group,
          repository: `q${index}`,
        })),
        ...repositories(2),
      ].slice(1),
      [pool(2, '"g1" and "g2"', { idle: 2, costs: 30, index: 1 })],
    ],
    [
      'different bounds and weights',
      repositories(2).map((group, index) => ({
        ...group,
        weight: index + 1,
        parameters: { ...PARAMETERS, min: index + 1 },
      })),
      [pool(2, '"g0" and "g1"', { idle: 3, costs: 45, least: 2 })],
    ],
  ])('%s', (_, groups, expected) => {
    const warnings = warningsOf(withGroups(groups)).filter((text) => !text.includes('.parameters.'));
    expect(warnings).toEqual(expected);
  });

  it('costs what the workspace says of a slot', () => {
    const text = withGroups(repositories(2), { workspaces: { acme: { pricePerSlot: 4 } } });
    expectWarnings(text, [pool(2, '"g0" and "g1"', { idle: 2, costs: 8 })]);
  });
});

describe('one workspace under two names', () => {
  const mixed = (index: number) =>
    `groups[${index}].workspace: is named by uuid, while other groups name "acme"; if these are one workspace, name it in one way, or its runners are counted apart`;

  it.each([
    ['a slug and a uuid', [{}, { workspace: UUID }], [mixed(1)]],
    ['the uuid first', [{ workspace: UUID }, {}], [mixed(0)]],
    ['the uuid without braces, in capitals', [{}, { workspace: UUID.slice(1, -1).toUpperCase() }], [mixed(1)]],
    ['a slug in capitals is the same name', [{}, { workspace: 'Acme' }], []],
    ['a uuid in capitals is the same name', [{ workspace: UUID }, { workspace: UUID.toUpperCase() }], []],
    ['two slugs are two workspaces', [{}, { workspace: 'labs' }], []],
  ])('%s', (_, groups, expected) => {
    expectWarnings(withGroups(groups), expected);
  });
});

describe('a namespace', () => {
  it('that the migration deletes', () => {
    expectWarnings(withGroups([{ namespace: 'bitbucket-runner-control-plane' }]), [
      "groups[0].namespace: is that of Atlassian's autoscaler, which the last step of the migration deletes with all that runs in it; use a namespace of its own, such as runners",
    ]);
  });
});
