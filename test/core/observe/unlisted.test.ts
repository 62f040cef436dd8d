/** What is unknown is marked as unknown, and what refuses everything is told in the same words everywhere. */

import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import { CredentialError, ServiceError } from '#core/errors.ts';
import type { Observation } from '#core/model/observation.ts';
import { makePlan } from '#core/plan.ts';
import type { RunnerApi } from '#core/ports.ts';
import { makeReport } from '#core/report.ts';
import { scopeKey } from '#core/scope.ts';
import { fleet, group, NOON, runner } from '#kit/fleet.ts';
import { builds, documents, fails, listing, look, site } from './look.ts';

const config = fleet([builds, site]);
const refusal = new CredentialError('The credential in secret ci is refused: Bitbucket answered 401; make another.');

function groupsIn(seen: Observation) {
  const decisions = decide(seen);
  const tick = {
    id: 't',
    at: new Date(NOON).toISOString(),
    mode: 'plan',
    durationMs: 0,
    calls: { bitbucket: 0, kubernetes: 0, aws: 0 },
  } as const;
  return makeReport(tick, seen, decisions, makePlan(seen, decisions), { outcomes: new Map(), problems: [] }).groups;
}

describe('a group whose runners cannot be listed', () => {
  it('has counts that are unknown', async () => {
    const { seen } = await look(config, { runners: { list: fails('no way') } });
    expect(seen.groups.map(({ unlisted }) => unlisted)).toEqual([true, true]);
    expect(groupsIn(seen).map(({ countsUnknown }) => countsUnknown)).toEqual([true, true]);
  });

  it('has the same problem as every other, when the credential is refused', async () => {
    const refused = async () => Promise.reject(refusal);
    const { seen } = await look(config, { runners: { list: refused } });
    const sentence = 'The credential in secret ci is refused: Bitbucket answered 401; make another';
    expect(seen.groups.map(({ missing }) => missing)).toEqual([[sentence], [sentence]]);
  });

  it('names what was asked for, when it is refused for another reason', async () => {
    const refused = async () =>
      Promise.reject(new ServiceError('no.', { service: 'bitbucket', outcome: 'refused', status: 403 }));
    const { seen } = await look(config, { runners: { list: refused } });
    expect(seen.groups.map(({ missing }) => missing)).toEqual([['runners of acme: no'], ['runners of acme/site: no']]);
  });
});

describe('an add that was begun three minutes ago', () => {
  const memory = { idleSince: {}, drainingSince: {}, intended: [{ at: NOON - 180_000, adds: 2 }] };
  const gone = () => Promise.reject(new ServiceError('404', { service: 'bitbucket', outcome: 'refused', status: 404 }));

  it.each<{
    readonly name: string;
    readonly list: RunnerApi['list'];
    readonly since?: number;
    readonly pending?: number;
  }>([
    { name: 'is in no list', list: async () => [] },
    { name: 'may be there while no list shows it', list: fails('503'), pending: 2 },
    { name: 'may be there in a scope that was not found just now', list: gone, since: NOON - 599_999, pending: 2 },
    { name: 'is not there in a scope that is gone for good', list: gone, since: NOON - 600_000 },
  ])('$name', async ({ list, since, pending }) => {
    const scope = { stepSeen: true, ...(since !== undefined && { unlistedSince: since }) };
    const values = { 'group/builds': memory, 'scope/acme': scope };
    const { seen } = await look(fleet([builds]), {
      ...documents(Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { version: 1, value }]))),
      runners: { list },
    });
    expect(seen.groups[0]?.pendingAdds).toBe(pending);
    expect(seen.workspaces[0]?.registrations).toBeGreaterThanOrEqual(pending ?? 0);
  });
});

it.each([
  { at: NOON - 120_000, isLastChance: true },
  { at: NOON - 119_999, isLastChance: false },
])(
  'the list is told that it is the last chance of adds that grow too old: $isLastChance',
  async ({ at, isLastChance }) => {
    const memory = {
      idleSince: {},
      drainingSince: {},
      intended: [
        { at, adds: 1 },
        { at: NOON, adds: 1 },
      ],
    };
    const asked: Record<string, unknown> = {};
    const list: RunnerApi['list'] = async (scope, known) => {
      asked[scopeKey(scope)] = (await known?.())?.isLastChance;
      return [];
    };
    const other = group({ name: 'other', scope: { workspace: 'acme', repository: 'site' } });
    await look(fleet([builds, other]), {
      ...documents({ 'group/builds': { version: 1, value: memory } }),
      runners: { list },
    });
    expect(asked).toEqual({ acme: isLastChance, 'acme/site': false });
  },
);

describe('a group whose runners are listed', () => {
  it('has counts that are known, whatever else cannot be read', async () => {
    const { seen } = await look(config, { runners: listing({ acme: [runner()] }), jobs: { list: fails('no way') } });
    expect(seen.groups.every((group) => !('unlisted' in group))).toBe(true);
    expect(groupsIn(seen).every((group) => !('countsUnknown' in group))).toBe(true);
  });
});

it('a refused credential is an answer of Bitbucket, with status 401', () => {
  expect(refusal).toMatchObject({ name: 'CredentialError', service: 'bitbucket', outcome: 'refused', status: 401 });
});

describe('build slots', () => {
  it.each([
    [9, true],
    [0, undefined],
    [undefined, undefined],
  ])('at a price of %s in the configuration matter: %s', async (pricePerSlot, isPriced) => {
    const settings = { maxRunners: 100, api: 'internal', ...(pricePerSlot !== undefined && { pricePerSlot }) } as const;
    const { seen } = await look({ ...fleet([builds]), workspaces: { acme: settings } });
    expect(seen.workspaces[0]?.slots?.isPriced).toBe(isPriced);
    expect(seen.workspaces[0]?.slots && 'isPriced' in seen.workspaces[0].slots).toBe(isPriced === true);
  });
});
