/** While the hour's calls are short nobody is taken away: an idle runner costs less than a call that is missing. */
import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import type { BudgetObservation } from '#core/model/observation.ts';
import { reason } from '#core/reasons.ts';
import { group, groupObservation, NOON, observation, population } from '#kit/fleet.ts';

const HOUR = 3_600_000;

/** As much is left as looks leave to what is more important. */
const SHORT: BudgetObservation = {
  credential: 'ci',
  workspaces: ['acme'],
  limit: 1_002,
  left: 251,
  creates: 100,
  moreAt: NOON,
};

/** A group that wants one idle runner and has more, all of them idle for long. */
function decided(budgets: readonly BudgetObservation[], { idle = 3, starting = 0, max = 10 } = {}) {
  const runners = population({ busy: 1, idle, starting });
  const seen = groupObservation({
    group: group({ strategy: { kind: 'idleBuffer', idleCount: 1, scaleFactor: 0, scaleFactorLimit: 9 }, max }),
    runners,
    memory: { idleSince: Object.fromEntries(runners.map(({ uuid }) => [uuid, NOON - HOUR])), drainingSince: {} },
  });
  const [decision] = decide({ ...observation([seen]), budgets });
  const retired = decision?.retire.map(({ reason: { code } }) => code);
  return { retired, bounds: decision?.decision.bounds, action: decision?.decision.action };
}

describe('calls', () => {
  it.each([
    ['are short', [SHORT], 0],
    ['suffice', [{ ...SHORT, left: 252 }], 2],
    ['are short in another workspace', [{ ...SHORT, workspaces: ['other'] }], 2],
    ['are short by the second budget', [{ ...SHORT, workspaces: ['other'], left: 900 }, SHORT], 0],
    ['are not counted', [], 2],
  ])('%s', (_, budgets, retired) => {
    expect(decided(budgets).retired).toHaveLength(retired);
  });

  it('are short, which is said', () => {
    const { bounds, action } = decided([SHORT]);
    const { credential, limit, left } = SHORT;
    expect(action).toBe('hold');
    expect(bounds).toEqual([reason('calls-scarce', { credential, limit, left, surplus: 2 })]);
  });

  it('are short where nobody is too many, which nobody has to know', () => {
    expect(decided([SHORT], { idle: 1 }).bounds).toEqual([]);
  });

  it('are short, and what max forbids goes all the same', () => {
    expect(decided([SHORT], { idle: 3, starting: 2, max: 4 }).retired).toEqual(['excess', 'excess']);
  });
});
