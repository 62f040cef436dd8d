/** Which queues are asked besides those of saturated groups: where calls are to spare, and before idle runners go. */
import { describe, expect, it } from 'vitest';
import { decide, questionsIn } from '#core/decide/decide.ts';
import type { BudgetObservation } from '#core/model/observation.ts';
import { GUIDE, group, groupObservation, NOON, observation } from '#kit/fleet.ts';
import { named, see } from '../observe/queue/look.ts';

/** A quarter of 1,000 is spared, so that 350 are left to spend: five calls a look, every minute, take 300. */
const BUDGET: BudgetObservation = {
  credential: 'builds',
  workspaces: ['acme'],
  limit: 1_000,
  left: 600,
  creates: 50,
  moreAt: NOON,
};

/** Calls of a look at its queue: one for the repository, and one for each busy runner. */
const calm = (over: Parameters<typeof see>[0] = {}) => see({ runners: { busy: 1, idle: 5 }, ...over });

const asked = (groups: readonly ReturnType<typeof calm>[], budgets?: readonly BudgetObservation[]) => {
  const seen = { ...observation(groups), ...(budgets && { budgets }) };
  return questionsIn(decide(seen)).map(({ group: { observation: of } }) => of.group.name);
};

describe('before idle runners go', () => {
  const rested = (idle: number, restedMs: number, over: Parameters<typeof see>[0] = {}) => {
    const seen = see({ runners: { busy: 1, idle }, ...over });
    const idleSince = Object.fromEntries(seen.runners.map(({ uuid }) => [uuid, NOON - restedMs]));
    return { ...seen, memory: { idleSince, drainingSince: {} } };
  };

  it.each([
    ['the queue is asked', rested(5, 300_000), ['builds']],
    ['nothing is asked while they have their cool-down', rested(5, 299_999), []],
    ['nothing is asked where nobody is at work', rested(5, 300_000, { runners: { idle: 5 } }), []],
    ['nothing is asked where none is too many', rested(1, 300_000), []],
    [
      'nothing is asked where starting ones go that are above max',
      rested(1, 0, { runners: { busy: 1, idle: 1, starting: 5 }, max: 3 }),
      [],
    ],
    [
      'nothing is asked where they go for their age',
      { ...rested(1, 0), group: { ...rested(1, 0).group, recycle: { afterMs: 1 } } },
      [],
    ],
  ])('%s', (_, group, names) => {
    expect(asked([group])).toEqual(names);
  });

  it('as many waiting steps suffice as keep everybody', () => {
    const [question] = questionsIn(
      decide(observation([rested(5, 300_000, { runners: { busy: 1, idle: 5, starting: 2 }, max: 8 })])),
    );
    expect(question?.enough).toBe(7);
  });
});

describe('a queue that nothing says anything waits in', () => {
  const repositories = (count: number) => named(...Array.from({ length: count }, (_, index) => `site-${index}`));
  const others = groupObservation({ group: group({ name: 'others', strategy: GUIDE }), runners: calm().runners });
  const elsewhere = calm({ name: 'elsewhere', workspace: 'other', source: repositories(50) });
  const NOTHING_BUSY = { runners: { idle: 6 } };

  it.each([
    ['calls are to spare', [calm()], [BUDGET], ['builds']],
    ['nobody counts calls', [calm()], undefined, []],
    ['the calls of another workspace are counted', [calm()], [{ ...BUDGET, workspaces: ['other'] }], []],
    ['one budget pays for several', [calm()], [{ ...BUDGET, workspaces: ['other', 'acme'] }], ['builds']],
    [
      'as many are left as a look takes',
      [calm({ source: repositories(5), ...NOTHING_BUSY })],
      [{ ...BUDGET, left: 550 }],
      ['builds'],
    ],
    ['one less is left', [calm({ source: repositories(5), ...NOTHING_BUSY })], [{ ...BUDGET, left: 549 }], []],
    ['a busy runner is a pipeline to look at', [calm({ source: repositories(5) })], [{ ...BUDGET, left: 550 }], []],
    [
      'none are to spare, and a larger limit for queues has as many',
      [calm()],
      [{ ...BUDGET, left: 0, leftForQueues: 120 }],
      ['builds'],
    ],
    ['a larger limit has one less', [calm()], [{ ...BUDGET, left: 0, leftForQueues: 119 }], []],
    ['all groups take from the same calls', [calm({ source: repositories(4) }), calm({ name: 'more' })], [BUDGET], []],
    [
      'groups that ask for no queue take none',
      [calm({ source: repositories(4), ...NOTHING_BUSY }), others],
      [{ ...BUDGET, left: 490 }],
      ['builds'],
    ],
    ['groups of another budget take none', [calm(), elsewhere], [BUDGET], ['builds']],
    ['a query may find any number', [calm({ source: { kind: 'query', query: 'x' } })], [BUDGET], []],
    ['no runner is online: nothing can wait', [calm({ runners: { starting: 6 } })], [BUDGET], []],
    ['one is busy, none idle', [calm({ runners: { busy: 1, starting: 6 } })], [BUDGET], ['builds']],
    ['one is idle, none busy', [calm({ runners: { idle: 1, starting: 6 } })], [BUDGET], ['builds']],
  ] as const)('%s', (_, groups, budgets, names) => {
    expect(asked(groups, budgets)).toEqual(names);
  });
});
