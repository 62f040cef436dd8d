/** Looks under the budgets of their credentials. */

import { describe, expect, it } from 'vitest';
import { createCallBudget } from '#adapters/budget/ledger.ts';
import type { CallBudget } from '#core/budget/call-budget.ts';
import { budgetsOf } from '#core/budget/tick-budgets.ts';
import { BudgetError } from '#core/errors.ts';
import type { RunnerGroup, Scope } from '#core/model/configuration.ts';
import { observe } from '#core/observe/observe.ts';
import { placeOf, placesKeyOf } from '#core/places.ts';
import { scopeKey } from '#core/scope.ts';
import { fleet, group, NOON, runner } from '#kit/fleet.ts';
import { recordingPorts, type Script } from '../reconcile/ports.ts';
import { builds, documents, other, site } from './look.ts';

function budgetNamed(credential: string): CallBudget {
  return createCallBudget({ credential, key: `budget/${credential}`, limit: () => 1000, now: () => NOON });
}

async function lookWith(budgets: Readonly<Record<string, CallBudget>>, script: Script = {}) {
  const groups: readonly RunnerGroup[] = [builds, site, other];
  const { ports, trace } = recordingPorts(script);
  const budgetOf = (workspace: string) => budgets[workspace] ?? budgetNamed('unexpected');
  const followed = budgetsOf(groups, { budgetOf });
  const seen = await observe({ fleet: fleet(groups), groups, at: NOON, budgets: followed }, ports);
  return { seen, trace };
}

const spent = (calls: number) => ({
  version: 1,
  value: { calls: [{ minute: NOON / 60_000, look: 0, other: calls }], looks: {} },
});

describe('a look under budgets', () => {
  it('reads them with the memory, in one call, and lists then', async () => {
    const { seen, trace } = await lookWith({ acme: budgetNamed('ci'), other: budgetNamed('two') });
    expect(trace[0]).toMatch(/^load group\/builds scope\/acme .* budget\/ci budget\/two$/);
    expect(trace.filter((line) => line.startsWith('load'))).toHaveLength(1);
    expect(trace.filter((line) => line.startsWith('list ') && !line.startsWith('list Jobs'))).toEqual([
      'list acme',
      'list acme/site',
      'list other',
    ]);
    expect(seen.budgets?.map(({ credential, workspaces }) => [credential, workspaces])).toEqual([
      ['ci', ['acme']],
      ['two', ['other']],
    ]);
    expect(seen.groups.map(({ heldBack }) => heldBack)).toEqual([undefined, undefined, undefined]);
  });

  it('is held back for the workspaces of the credential that is short, and for no other', async () => {
    const { seen, trace } = await lookWith(
      { acme: budgetNamed('ci'), other: budgetNamed('two') },
      { state: { load: async () => new Map([['budget/ci', spent(749)]]) } },
    );
    expect(trace.filter((line) => line.startsWith('list '))).toEqual([
      'list Jobs of main/runners',
      'list Jobs of main/web',
      'list other',
    ]);
    expect(seen.groups.map(({ heldBack, missing }) => [heldBack?.code, missing])).toEqual([
      ['look-held-back', []],
      ['look-held-back', []],
      [undefined, []],
    ]);
    // What was not looked at counts at its worst.
    expect(seen.workspaces[0]).toMatchObject({ workspace: 'acme', registrations: 20 });
  });

  const facts = { credential: 'ci', why: 'short', used: 750, limit: 1000, waitMs: 60_000 } as const;
  const unlessSite = async <T>(scope: Scope, answer: T): Promise<T> => {
    if (scopeKey(scope) === 'acme/site') throw new BudgetError('held back', facts);
    return answer;
  };
  it.each<{ readonly name: string; readonly runners: Script['runners'] }>([
    { name: 'listing', runners: { list: (scope) => unlessSite(scope, []) } },
    {
      name: 'asking for the uuid',
      runners: { identify: (scope) => unlessSite(scope, { workspaceUuid: '{w}' }) },
    },
  ])('that is broken off while $name holds the groups of that scope', async ({ runners }) => {
    const ci = budgetNamed('ci');
    const { seen } = await lookWith({ acme: ci, other: ci }, { runners });
    expect(seen.groups.map(({ heldBack, missing }) => [heldBack?.values, missing])).toEqual([
      [undefined, []],
      [facts, []],
      [undefined, []],
    ]);
  });

  it('remembers what it took: one call for a hundred registrations of each scope', async () => {
    const ci = budgetNamed('ci');
    const sizes: Readonly<Record<string, number>> = { acme: 101, 'acme/site': 100, other: 0 };
    const list = async (scope: RunnerGroup['scope']) =>
      Array.from({ length: sizes[scopeKey(scope)] ?? 0 }, () => runner());
    await lookWith({ acme: ci, other: ci }, { runners: { list } });
    expect([ci.lastLook('acme'), ci.lastLook('other')]).toEqual([3, 1]);
  });

  it.each<{ readonly name: string; readonly script: Script; readonly calls: readonly (number | undefined)[] }>([
    {
      name: 'a list that failed was one call',
      script: { runners: { list: () => Promise.reject(new Error('503')) } },
      calls: [2, 1],
    },
    {
      name: 'a look that was held back took none, and leaves what is remembered of the last',
      script: { state: { load: async () => new Map([['budget/ci', spent(749)]]) } },
      calls: [undefined, 1],
    },
  ])('remembers what it took: $name', async ({ script, calls }) => {
    const [ci, two] = [budgetNamed('ci'), budgetNamed('two')];
    await lookWith({ acme: ci, other: two }, script);
    expect([ci.lastLook('acme'), two.lastLook('other')]).toEqual(calls);
  });

  it('plans for the scopes of places that were left as well', async () => {
    const old = group({ name: 'old', scope: { workspace: 'acme', repository: 'shop' } });
    const [key, place] = placeOf(old, fleet([old])) ?? ['', undefined];
    const planned: unknown[] = [];
    const ci: CallBudget = {
      ...budgetNamed('ci'),
      holdBackLook: ({ workspace, calls }) => {
        planned.push([workspace, calls]);
        return undefined;
      },
    };
    const { ports } = recordingPorts(documents({ [placesKeyOf(key)]: { version: 1, value: { [key]: place } } }));
    const groups = [builds, site];
    const budgets = budgetsOf(groups, { budgetOf: () => ci });
    await observe({ fleet: fleet(groups), groups, at: NOON, budgets, looksAfter: () => true }, ports);
    expect(planned).toEqual([['acme', 3]]);
  });

  it('goes on with what the process knows when memory cannot be read', async () => {
    const ci = budgetNamed('ci');
    const { seen, trace } = await lookWith(
      { acme: ci, other: ci },
      { state: { load: () => Promise.reject(new Error('no table')) } },
    );
    expect(trace).toContain('list acme');
    expect(seen.groups[0]?.missing).toEqual(['memory: no table']);
  });
});
