import { describe, expect, it } from 'vitest';
import { budgetCaps, underCaps } from '#core/decide/caps.ts';
import { classifyGroup } from '#core/decide/classify.ts';
import { decide } from '#core/decide/decide.ts';
import type { Claimant } from '#core/decide/shares.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import { makePlan } from '#core/plan.ts';
import { reason } from '#core/reasons.ts';
import { group, groupObservation, NOON, observation, runner } from '#kit/fleet.ts';

const budget = (over: object = {}) => ({
  credential: 'ci',
  workspaces: ['acme', 'labs'],
  limit: 1000,
  left: 110,
  creates: 10,
  moreAt: NOON + 90_000,
  ...over,
});

const wanted = (...creates: readonly (readonly [workspace: string, creates: number])[]) =>
  creates.map(([workspace, count], index) => claimant(count, { name: `g${index}`, scope: { workspace } }));

const claimant = (count: number, over: Partial<RunnerGroup>) => ({
  ...classifyGroup(groupObservation({ group: group(over) }), NOON),
  working: 0,
  creates: count,
  due: count,
  enable: [],
  retire: [],
  bounds: [],
});

const withheldBy = (claimants: readonly Claimant[], budgets: Parameters<typeof budgetCaps>[0]) =>
  underCaps(claimants, budgetCaps(budgets, NOON), NOON).map(({ bounds }) => bounds);

describe('what the hourly calls take from creates', () => {
  it.each([
    ['nothing without budgets', wanted(['acme', 50]), [], [0]],
    ['nothing when there are enough', wanted(['acme', 10]), [budget()], [0]],
    ['what is too many', wanted(['acme', 11]), [budget()], [1]],
    ['everything when there are none', wanted(['acme', 3]), [budget({ creates: 0 })], [3]],
    ['fair shares, over workspaces', wanted(['acme', 20], ['labs', 2], ['acme', 20]), [budget()], [16, 0, 16]],
    ['nothing from workspaces of another credential', wanted(['else', 20], ['acme', 12]), [budget()], [0, 2]],
    [
      'by weight',
      [claimant(20, { weight: 4 }), claimant(20, { weight: 1, scope: { workspace: 'labs' } })],
      [budget()],
      [12, 18],
    ],
    [
      'each from its own',
      wanted(['acme', 4], ['else', 4]),
      [budget({ workspaces: ['else'], creates: 1 }), budget({ workspaces: ['acme'], creates: 3 })],
      [1, 3],
    ],
  ])('%s', (_, creates, budgets, expected) => {
    const runners = withheldBy(creates, budgets).map((bounds) => bounds.map(({ values }) => values));
    expect(runners).toEqual(
      expected.map((count) => (count === 0 ? [] : [expect.objectContaining({ withheld: count })])),
    );
  });

  it('with the numbers behind it', () => {
    const values = { credential: 'ci', limit: 1000, left: 110, withheld: 2, moreInMs: 90_000 };
    expect(withheldBy(wanted(['acme', 12]), [budget()])).toEqual([[reason('api-budget', values)]]);
    const [past] = withheldBy(wanted(['acme', 12]), [budget({ moreAt: NOON - 1 })]);
    expect(past?.[0]?.values).toMatchObject({ moreInMs: 0 });
  });
});

describe('a decision', () => {
  const starving = groupObservation({ group: group({ min: 8, max: 20 }) });

  it('adds what the hourly calls pay for', () => {
    const [decided] = decide({ ...observation([starving]), budgets: [budget({ creates: 3 })] });
    expect(decided).toMatchObject({ creates: 3, decision: { action: 'scale-up', to: 3 } });
    expect(decided?.decision.bounds.map(({ code }) => code)).toEqual(['api-budget']);
  });

  it('holds when they pay for none, and what the workspace withholds is not asked of them', () => {
    const [none] = decide({ ...observation([starving]), budgets: [budget({ creates: 0 })] });
    expect(none?.decision).toMatchObject({ action: 'hold', reason: { code: 'no-room' } });
    const capped = [{ workspace: 'acme', registrations: 0, maxRunners: 4 }];
    const [both] = decide({ ...observation([starving], capped), budgets: [budget({ creates: 3 })] });
    expect(both?.decision.bounds.map(({ code, values }) => [code, 'withheld' in values && values.withheld])).toEqual([
      ['workspace-cap', 4],
      ['api-budget', 1],
    ]);
    expect(both?.creates).toBe(3);
  });

  it('holds, and touches nothing, where the look was held back', () => {
    const values = { credential: 'ci', why: 'short', used: 900, limit: 1000, waitMs: 60_000 } as const;
    const heldBack = reason('look-held-back', values);
    const memory = { idleSince: { '{1}': NOON - 1 }, drainingSince: { '{2}': NOON - 1 } };
    const unseen = groupObservation({ heldBack, memory, orphanJobs: [] });
    const seen = observation([unseen]);
    const decisions = decide(seen);
    expect(decisions[0]?.decision).toMatchObject({ action: 'hold', from: 0, to: 0, reason: heldBack, bounds: [] });
    expect(makePlan(seen, decisions).groups).toMatchObject([
      { actions: [], memory: unseen.memory, memoryChanged: false },
    ]);
  });

  it('says what could not be read rather than that it was held back', () => {
    const values = { credential: 'ci', why: 'throttled', used: 900, limit: 1000, waitMs: 60_000 } as const;
    const heldBack = reason('look-held-back', values);
    const [decided] = decide(
      observation([groupObservation({ heldBack, missing: ['Jobs: 503'], runners: [runner()] })]),
    );
    expect(decided?.decision.reason).toMatchObject({ code: 'partial-observation' });
  });
});
