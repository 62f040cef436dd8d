/** Build slots of a workspace: what counts as one, the month's peak, and what is remembered of it. */

import { describe, expect, it } from 'vitest';
import { budgetsOf } from '#core/budget/tick-budgets.ts';
import type { Runner } from '#core/model/observation.ts';
import { observe } from '#core/observe/observe.ts';
import { fleet, group, jobOf, NOON, runner } from '#kit/fleet.ts';
import { recordingPorts, type Script } from '../reconcile/ports.ts';
import { builds, documents, fails, listing, look, SITE } from './look.ts';

async function slotsOf(runners: readonly Runner[], memory: Script = {}) {
  const { seen } = await look(fleet([builds]), { runners: listing({ acme: runners }), ...memory });
  return { slots: seen.workspaces[0]?.slots, saved: seen.workspaceMemory };
}

describe('a slot', () => {
  it.each([
    ['an idle runner', {}, { inUse: 1, committed: 1, running: 0 }],
    ['a busy one', { hasStep: true }, { inUse: 1, committed: 1, running: 1 }],
    ['somebody else’s', { labels: ['other'] }, { inUse: 1, committed: 1 }],
    ['one that starts', { status: 'UNREGISTERED' }, { inUse: 0, committed: 1 }],
    ['one that was enabled again', { status: 'ENABLED' }, { inUse: 0, committed: 1 }],
    ['one that may come back', { status: 'OFFLINE' }, { inUse: 0, committed: 1 }],
    ['one that is offline with a step', { status: 'OFFLINE', hasStep: true }, { inUse: 1, committed: 1, running: 1 }],
    ['one that may recover', { status: 'UNHEALTHY' }, { inUse: 0, committed: 1 }],
    ['one of a status that nobody knows', { status: 'UNKNOWN' }, { inUse: 0, committed: 1 }],
    ['one out of service', { status: 'DISABLED' }, { inUse: 0, committed: 0 }],
    ['one out of service that still carries a step', { status: 'DISABLED', hasStep: true }, { inUse: 1, committed: 1 }],
    ['one that is cordoned and offline', { status: 'OFFLINE', cordoned: true }, { inUse: 0, committed: 0 }],
    ['one that is online, though cordoned', { cordoned: true }, { inUse: 1, committed: 1 }],
  ] as const)('%s', async (_, over, expected) => {
    expect((await slotsOf([runner(over)])).slots).toMatchObject(expected);
  });

  it.each([
    ['one that starts', { status: 'UNREGISTERED', createdAt: NOON, stateChangedAt: NOON }, 1],
    ['one that was enabled again', { status: 'ENABLED', stateChangedAt: NOON }, 1],
    ['one that never came', { status: 'UNREGISTERED', createdAt: NOON - 901_000, stateChangedAt: NOON - 901_000 }, 0],
    [
      'one that may still come',
      { status: 'UNREGISTERED', createdAt: NOON - 900_000, stateChangedAt: NOON - 901_000 },
      1,
    ],
    ['one that is online', { stateChangedAt: NOON }, 0],
    ['one out of service', { status: 'DISABLED', stateChangedAt: NOON }, 0],
  ] as const)('is on its way: %s', async (_, over, coming) => {
    const settings = { maxRunners: 100, api: 'internal', concurrencyLimit: 7 } as const;
    const config = { ...fleet([builds]), workspaces: { acme: settings } };
    const { seen } = await look(config, { runners: listing({ acme: [runner({ labels: ['other'], ...over })] }) });
    expect(seen.workspaces[0]?.slots?.coming).toBe(coming);
  });

  it('counts once in every scope, and of a scope that could not be listed as many as its groups may have', async () => {
    const schedules = [{ ...WINDOW, max: 7 }];
    const site = group({ name: 'site', scope: SITE, max: 4, schedules });
    const { seen } = await look(fleet([builds, group({ name: 'tests' }), site]), {
      runners: { list: async (scope) => (scope.repository === undefined ? [runner(), runner()] : fails('503')()) },
    });
    expect(seen.workspaces[0]).toMatchObject({ registrations: 9, slots: { inUse: 2, committed: 9 } });
  });

  it('is on its way: those that no list shows, and those that a scope may have that could not be listed', async () => {
    const site = group({ name: 'site', scope: SITE, max: 4 });
    const settings = { maxRunners: 100, api: 'internal', concurrencyLimit: 7 } as const;
    const { seen } = await look(
      { ...fleet([builds, site]), workspaces: { acme: settings } },
      {
        runners: { list: async (scope) => (scope.repository === undefined ? [] : fails('503')()) },
        jobs: { list: async () => [jobOf(runner())] },
      },
    );
    expect(seen.workspaces[0]?.slots?.coming).toBe(1 + 4);
  });

  it('costs what the configuration says, and 15 dollars where it says nothing', async () => {
    const settings = {
      maxRunners: 100,
      api: 'internal',
      maxConcurrentRunners: 12,
      concurrencyLimit: 7,
      pricePerSlot: 9,
    } as const;
    const config = { ...fleet([builds]), workspaces: { acme: settings } };
    expect((await look(config)).seen.workspaces[0]?.slots).toMatchObject({ max: 12, limit: 7, price: 9 });
    const { slots } = await slotsOf([]);
    expect([slots?.price, slots && ('max' in slots || 'limit' in slots)]).toEqual([15, false]);
  });
});

const WINDOW = { name: 'w', days: ['mon'], from: 0, to: 60, timezone: 'UTC', min: 0 } as const;

describe("the month's peak", () => {
  const three = [runner(), runner(), runner({ hasStep: true })];
  const remembered = (month: string, runners: number, steps?: number) =>
    documents({ 'workspace/acme': { version: 4, value: { month, runners, ...(steps !== undefined && { steps }) } } });

  it.each([
    ['nothing remembered: what is seen', {}, [3, 1], 0],
    ['more runners than ever: what is seen', remembered('2026-11', 2, 1), [3, 1], 4],
    ['more steps than ever: what is seen', remembered('2026-11', 3, 0), [3, 1], 4],
    ['as many as ever: nothing to save', remembered('2026-11', 3, 1), [3, 1], undefined],
    ['fewer: what was', remembered('2026-11', 9, 8), [9, 8], undefined],
    ['before steps were counted: those that are seen', remembered('2026-11', 9), [9, 1], 4],
    ['a new month: what is seen', remembered('2026-10', 9, 8), [3, 1], 4],
    ['the same month of another year', remembered('2025-11', 9, 8), [3, 1], 4],
    ['a document that cannot be read', documents({ 'workspace/acme': { version: 4, value: 'x' } }), [3, 1], 4],
  ] as const)('%s', async (_, memory, [runners, steps], version) => {
    const found = await slotsOf(three, memory);
    const peak = { month: '2026-11', runners, steps };
    expect(found.slots?.peak).toEqual(peak);
    expect(found.saved).toEqual(version === undefined ? undefined : [{ key: 'workspace/acme', version, memory: peak }]);
  });

  it('of a month that begins with nobody is 0, and needs no writing', async () => {
    const { slots, saved } = await slotsOf([], remembered('2026-10', 9));
    expect([slots?.peak, saved]).toEqual([{ month: '2026-11', runners: 0, steps: 0 }, undefined]);
  });

  it('of a month that begins with somebody is written, though no step runs', async () => {
    const { saved } = await slotsOf([runner()], remembered('2026-10', 9, 8));
    expect(saved).toMatchObject([{ memory: { month: '2026-11', runners: 1, steps: 0 } }]);
  });

  it('is not saved while memory cannot be read, so that nothing is overwritten', async () => {
    const { slots, saved } = await slotsOf(three, { state: { load: fails('the table is gone') } });
    expect([slots?.peak.runners, saved]).toEqual([3, undefined]);
  });

  it.each([
    ['2026-11-30T23:59:59.999Z', '2026-11'],
    ['2026-12-01T00:00:00.000Z', '2026-12'],
  ])('belongs to the month by UTC: %s', async (at, month) => {
    const { ports } = recordingPorts({ runners: listing({ acme: three }) });
    const groups = [builds];
    const budgets = budgetsOf(groups, ports);
    const seen = await observe({ fleet: fleet(groups), groups, at: Date.parse(at), budgets }, ports);
    expect(seen.workspaces[0]?.slots?.peak.month).toBe(month);
    expect(NOON).toBeLessThan(Date.parse(at));
  });
});
