import { expect, it } from 'vitest';
import { houseSteps, stepsOf } from '#tools/laboratory/ownership.ts';
import { fleetOf } from '../tune/groups.ts';

const RULE = 'namespace: runners, strategy: idleBuffer, parameters: { min: 1, max: 9 }';
const fleet = await fleetOf(`groups:
  - { name: large, workspace: acme, labels: [builds, large], ${RULE} }
  - { name: small, workspace: acme, labels: [builds], ${RULE} }
  - { name: shop, workspace: acme, repository: shop, labels: [builds], ${RULE} }
  - { name: other, workspace: other, labels: [builds], ${RULE} }
`);

it.each([
  ['few labels, of a repository with a group', 'acme', 'shop', ['builds'], 'shop'],
  ['few labels, of another repository', 'acme', 'api', ['builds'], 'small'],
  ['no label at all', 'acme', 'api', [], 'small'],
  ['a label that one group has', 'acme', 'shop', ['large'], 'large'],
  ['another workspace', 'other', 'shop', ['builds'], 'other'],
  ['a label that nobody has', 'acme', 'shop', ['windows'], undefined],
  ['a workspace that nobody has', 'nobody', 'shop', ['builds'], undefined],
])('a step with %s', (_, workspace, repository, labels, owner) => {
  const step = { at: 0, scope: { workspace, repository }, labels, durationMs: 1 };
  const owners = fleet.groups.filter((group) => {
    const isOwn = stepsOf(fleet, group);
    // Once more, from memory.
    return isOwn(step) && isOwn(step);
  });
  expect(owners.map(({ name }) => name)).toEqual(owner === undefined ? [] : [owner]);
});

it('tells steps apart that come one after the other', () => {
  const isShops = fleet.groups.flatMap((group) => (group.name === 'shop' ? [stepsOf(fleet, group)] : []));
  const steps = ['shop', 'api', 'shop'].map((repository) => {
    return { at: 0, scope: { workspace: 'acme', repository }, labels: ['builds'], durationMs: 1 };
  });
  expect(isShops.map((isOwn) => steps.map(isOwn))).toEqual([[true, false, true]]);
});

it.each([
  ['a workspace’s group', ['builds'], 'small'],
  ['the workspace’s group that has all its labels', ['large'], 'large'],
  ['nobody', ['windows'], undefined],
])('a step without a repository is one of %s', (_, labels, repository) => {
  const { house, told } = houseSteps(fleet.groups);
  const step = { at: 0, scope: { workspace: 'acme' }, labels, durationMs: 1 };
  expect(house(step)).toEqual(repository === undefined ? step : { ...step, scope: { ...step.scope, repository } });
  expect(told()).toBe(repository && `1 step without a repository, played as one of ${repository}.`);
});

it('a step without a repository is one of a repository’s group where no other has its labels', async () => {
  const { groups } = await fleetOf(
    `groups:\n  - { name: shop, workspace: acme, repository: web, labels: [x], ${RULE} }\n`,
  );
  const { house } = houseSteps(groups);
  expect(house({ at: 0, scope: { workspace: 'acme' }, labels: ['x'], durationMs: 1 }).scope.repository).toBe('web');
});
