import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import { decideLeftovers } from '#core/decide/leftovers.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Action, Applied, Outcome } from '#core/model/decision.ts';
import type { Observation } from '#core/model/observation.ts';
import type { BudgetReport, Report } from '#core/model/report.ts';
import { makePlan } from '#core/plan.ts';
import { type Reason, reason } from '#core/reasons.ts';
import {
  hasFailed,
  makeReport,
  makeSkippedReport,
  noteSurfaces,
  reportLeftovers,
  withCircumstances,
} from '#core/report.ts';
import { fleet, group, groupObservation, jobOf, NOON, observation, runner } from '#kit/fleet.ts';

const TICK: Report['tick'] = {
  id: 'tick-1',
  at: '2026-11-09T12:00:00.000Z',
  mode: 'apply',
  durationMs: 12,
  calls: { bitbucket: 1, kubernetes: 2, aws: 3 },
};

const NOTHING_APPLIED: Applied = { outcomes: new Map(), problems: [] };

function reportOf(seen: Observation, applied: Applied = NOTHING_APPLIED): Report {
  const decisions = decide(seen);
  return makeReport(TICK, seen, decisions, makePlan(seen, decisions), applied);
}

/** A group that is torn in every direction: it needs a runner, has a drained one, a dead one and an orphaned Job. */
function eventful(over: Partial<RunnerGroup> = {}): Observation {
  const drained = runner({ uuid: '{drained}', status: 'DISABLED' });
  const dead = runner({ uuid: '{dead}', status: 'UNREGISTERED' });
  const memory = { idleSince: {}, drainingSince: { '{drained}': NOON - 60_000 } };
  const orphanJobs = [jobOf(runner({ uuid: '{gone}' }), { createdAt: NOON - 600_000 })];
  const look = groupObservation({
    group: group({ max: 4, min: 3, ...over }),
    runners: [drained, dead],
    jobs: [jobOf(drained)],
    orphanJobs,
    memory,
  });
  return { ...observation([look]), notes: ['2 strangers'] };
}

describe('the report as JSON', () => {
  it('is the public contract, version 1', () => {
    const outcomes: readonly Outcome[] = [
      { action: 'add', runner: '{new}', status: 'done' },
      { action: 'remove', runner: '{drained}', status: 'skipped', error: 'it has taken a step since' },
      { action: 'remove', runner: '{dead}', status: 'failed', error: 'Bitbucket answered 503.' },
      { action: 'remove-job', runner: '{gone}', status: 'done' },
    ];
    const report = reportOf(eventful(), { outcomes: new Map([['builds', outcomes]]), problems: [] });
    expect(JSON.parse(JSON.stringify(report))).toEqual({
      version: 1,
      tick: {
        id: 'tick-1',
        at: '2026-11-09T12:00:00.000Z',
        mode: 'apply',
        durationMs: 12,
        calls: { bitbucket: 1, kubernetes: 2, aws: 3 },
      },
      groups: [
        {
          name: 'builds',
          workspace: 'acme',
          counts: { busy: 0, idle: 0, starting: 1, draining: 1, dead: 1 },
          decision: {
            action: 'scale-up',
            from: 1,
            to: 2,
            reason: {
              code: 'below-min',
              text: '0 usable and 1 starting are fewer than min 3',
              values: { min: 3, usable: 0, starting: 1 },
            },
          },
          bounds: [
            {
              code: 'max',
              text: 'max 4 with 3 registered withholds 1',
              values: { max: 4, registrations: 3, withheld: 1 },
            },
          ],
          troubles: [],
          plan: [
            {
              action: 'add',
              reason: {
                code: 'below-min',
                text: '0 usable and 1 starting are fewer than min 3',
                values: { min: 3, usable: 0, starting: 1 },
              },
            },
            {
              action: 'remove',
              runner: '{drained}',
              reason: {
                code: 'drained',
                text: 'out of service and without a step for 1m',
                values: { drainedMs: 60_000 },
              },
            },
            {
              action: 'remove',
              runner: '{dead}',
              reason: {
                code: 'job-missing',
                text: 'registered for 59m, but there is no Job behind it',
                values: { ageMs: 3_540_000 },
              },
            },
            {
              action: 'remove-job',
              runner: '{gone}',
              reason: {
                code: 'registration-gone',
                text: 'its registration is gone, the Job is 9m old',
                values: { ageMs: 540_000 },
              },
            },
          ],
          outcomes: [
            { action: 'add', runner: '{new}', status: 'done' },
            { action: 'remove', runner: '{drained}', status: 'skipped', error: 'it has taken a step since' },
            { action: 'remove', runner: '{dead}', status: 'failed', error: 'Bitbucket answered 503.' },
            { action: 'remove-job', runner: '{gone}', status: 'done' },
          ],
          problems: [],
        },
      ],
      problems: [],
      notes: ['2 strangers'],
    });
  });

  it('names the repository of a repository group, and only there', () => {
    const scope = { workspace: 'acme', repository: 'site' };
    expect(reportOf(eventful({ scope })).groups[0]).toMatchObject({ workspace: 'acme', repository: 'site' });
    expect(reportOf(eventful()).groups[0]).not.toHaveProperty('repository');
  });

  it('of a dry run has the same plan and no outcomes', () => {
    const [dry] = reportOf(eventful()).groups;
    const [wet] = reportOf(eventful(), { outcomes: new Map([['builds', []]]), problems: [] }).groups;
    expect(dry?.plan).toEqual(wet?.plan);
    expect(dry?.outcomes).toEqual([]);
  });

  it('keeps what could not be read with the group, and what failed for all with the tick', () => {
    const look = groupObservation({ missing: ['runners of acme: 503'] });
    const report = reportOf(observation([look]), { outcomes: new Map(), problems: ['memory could not be saved'] });
    expect(report.groups[0]?.problems).toEqual(['runners of acme: 503']);
    expect(report.problems).toEqual(['memory could not be saved']);
  });

  it('gives every group its own plan and outcomes, in their order', () => {
    const looks = ['b', 'a'].map((name, index) => groupObservation({ group: group({ name, min: index }) }));
    const outcome: Outcome = { action: 'add', runner: '{new}', status: 'done' };
    const report = reportOf(observation(looks), { outcomes: new Map([['a', [outcome]]]), problems: [] });
    expect(report.groups.map(({ name, plan, outcomes }) => [name, plan.length, outcomes])).toEqual([
      ['b', 0, []],
      ['a', 1, [outcome]],
    ]);
  });

  it('has an empty plan for a group that the plan does not know', () => {
    const seen = observation([groupObservation()]);
    const empty = { at: NOON, groups: [], scopeMemory: [] };
    expect(makeReport(TICK, seen, decide(seen), empty, NOTHING_APPLIED).groups[0]?.plan).toEqual([]);
  });
});

describe('every kind of action shows its runner', () => {
  const reason = { code: 'excess', text: 'above max 1 and not yet at work', values: { max: 1 } } as const;
  const seen = runner({ uuid: '{a}' });
  const actions: { readonly [Name in Action['action']]: Extract<Action, { action: Name }> } = {
    add: { action: 'add', identity: { workspaceUuid: '{acme}' }, reason },
    enable: { action: 'enable', runner: seen, reason },
    disable: { action: 'disable', runner: seen, reason },
    remove: { action: 'remove', runner: seen, job: 'runner-a', reason },
    'remove-job': { action: 'remove-job', runnerUuid: 'a', job: 'runner-a', reason },
    protect: { action: 'protect', runner: seen, pod: 'pod-a', reason },
    unprotect: { action: 'unprotect', runner: seen, pod: 'pod-a', reason },
    resize: { action: 'resize', runner: seen, pod: 'pod-a', container: 'docker', requests: { cpu: '1' }, reason },
  };

  it.each(Object.values(actions))('$action', (action) => {
    const look = observation([groupObservation()]);
    const memory = { idleSince: {}, drainingSince: {} };
    const made = { memory, memoryKey: 'group/builds', memoryVersion: 0, memoryChanged: false };
    const groups = [{ group: group(), actions: [action], ...made }];
    const plan = { at: NOON, groups, scopeMemory: [] };
    expect(makeReport(TICK, look, decide(look), plan, NOTHING_APPLIED).groups[0]?.plan).toEqual([
      action.action === 'add' ? { action: 'add', reason } : { action: action.action, runner: '{a}', reason },
    ]);
  });
});

describe('where the hourly calls stand', () => {
  const budget: BudgetReport = {
    credential: 'ci',
    limit: 1000,
    used: 900,
    left: 100,
    throttled: 0,
    heldBack: ['look'],
  };
  const bound = reason('api-budget', { credential: 'ci', limit: 1000, left: 100, withheld: 2, moreInMs: 60_000 });
  const withBounds = (bounds: Reason[], heldBack = budget.heldBack) => {
    const seen = observation([groupObservation()]);
    const decisions = decide(seen).map((entry) => ({ ...entry, decision: { ...entry.decision, bounds } }));
    const plan = makePlan(seen, decisions);
    return makeReport(TICK, seen, decisions, plan, NOTHING_APPLIED, [{ ...budget, heldBack }]).budgets;
  };

  it('is left out where nothing counts them', () => {
    expect(reportOf(observation([groupObservation()]))).not.toHaveProperty('budgets');
  });

  it.each([
    ['as they are when nothing was withheld', [], budget.heldBack, ['look']],
    ['with creates that were withheld for them', [bound], budget.heldBack, ['create', 'look']],
    ['with creates once, if the last of them was refused as well', [bound], ['create'] as const, ['create']],
    [
      'without creates that another budget withholds',
      [{ ...bound, values: { ...bound.values, credential: 'x' } }],
      budget.heldBack,
      ['look'],
    ],
    [
      'without creates where the credential held back something else',
      [reason('look-held-back', { credential: 'ci', why: 'short', used: 900, limit: 1000, waitMs: 60_000 })],
      budget.heldBack,
      ['look'],
    ],
    [
      'without creates that another limit withholds',
      [reason('max', { max: 1, registrations: 1, withheld: 1 })],
      budget.heldBack,
      ['look'],
    ],
  ])('%s', (_, bounds, heldBack, expected) => {
    expect(withBounds(bounds as Reason[], heldBack)).toEqual([{ ...budget, heldBack: expected }]);
  });

  it('says that creates were withheld when one group of several was short of them', () => {
    const seen = observation(['builds', 'tests'].map((name) => groupObservation({ group: group({ name }) })));
    const decisions = decide(seen).map((entry, index) => ({
      ...entry,
      decision: { ...entry.decision, bounds: index === 0 ? [bound] : [] },
    }));
    const { budgets } = makeReport(TICK, seen, decisions, makePlan(seen, decisions), NOTHING_APPLIED, [budget]);
    expect(budgets?.map(({ heldBack }) => heldBack)).toEqual([['create', 'look']]);
  });

  it('is no failure, and neither is a look that was held back', () => {
    const values = { credential: 'ci', why: 'short', used: 900, limit: 1000, waitMs: 60_000 } as const;
    const report = reportOf(observation([groupObservation({ heldBack: reason('look-held-back', values) })]));
    expect(report.groups[0]).toMatchObject({
      problems: [],
      plan: [],
      decision: { reason: { code: 'look-held-back' } },
    });
    expect(hasFailed(report)).toBe(false);
  });
});

it('the report of a tick that did not run says why, and nothing else', () => {
  expect(makeSkippedReport(TICK, 'lease held by tick tick-0')).toEqual({
    version: 1,
    tick: { ...TICK, skipped: 'lease held by tick tick-0' },
    groups: [],
    problems: [],
    notes: [],
  });
});

it('has the circumstances that the door knows, and their notes before its own', () => {
  const report: Report = { ...reportOf(observation([])), notes: ['strangers'] };
  const configuration = { inForceSince: '2026-11-01T00:00:00.000Z', refusal: 'is refused (x)' };
  const credential = { expiresAt: '2026-11-20T00:00:00.000Z', daysLeft: 10 };
  expect(withCircumstances(report, { configuration, credential, notes: ['a', 'b'] })).toEqual({
    ...report,
    configuration,
    credential,
    notes: ['a', 'b', 'strangers'],
  });
  expect(withCircumstances(report, { notes: [] })).toEqual(report);
});

describe('a tick has failed', () => {
  const LEFT = {
    ...{ group: 'old', workspace: 'acme', cluster: 'main', namespace: 'runners', runners: [], plan: [], outcomes: [] },
    ...{ problems: [], counts: { busy: 0, idle: 0, starting: 0, draining: 0, dead: 0 } },
    reason: reason('left-over', { group: 'old' }),
  } as const;
  const skipped = makeSkippedReport(TICK, 'lease held by tick tick-0');
  const quiet = reportOf(observation([groupObservation({ group: group({ min: 0 }) })]));
  const withOutcomes = (...statuses: readonly Outcome['status'][]) =>
    reportOf(observation([groupObservation()]), {
      outcomes: new Map([['builds', statuses.map((status) => ({ action: 'add' as const, status }))]]),
      problems: [],
    });

  it.each<{ readonly name: string; readonly report: Report; readonly failed: boolean }>([
    { name: 'quiet', report: quiet, failed: false },
    { name: 'skipped because another one runs', report: skipped, failed: false },
    { name: 'notes stop nothing', report: { ...quiet, notes: ['strangers'] }, failed: false },
    { name: 'all done', report: withOutcomes('done', 'done'), failed: false },
    { name: 'an action skipped', report: withOutcomes('skipped'), failed: false },
    { name: 'one of two actions failed', report: withOutcomes('done', 'failed'), failed: true },
    { name: 'a problem of the tick', report: { ...quiet, problems: ['not recorded'] }, failed: true },
    {
      name: 'one of two groups could not be read',
      report: reportOf(observation([groupObservation(), groupObservation({ missing: ['503'] })])),
      failed: true,
    },
    {
      name: 'a place that was left cannot be read, which may be so for good',
      report: { ...quiet, leftovers: [{ ...LEFT, problems: ['403'] }] },
      failed: false,
    },
    {
      name: 'an action at a place that was left failed',
      report: { ...quiet, leftovers: [{ ...LEFT, outcomes: [{ action: 'disable', status: 'failed' }] }] },
      failed: true,
    },
  ])('$name: $failed', ({ report, failed }) => {
    expect(hasFailed(report)).toBe(failed);
  });
});

describe('what groups have left behind', () => {
  const one = runner({ uuid: '{one}' });
  const unlisted = jobOf(runner({ uuid: '{unlisted}' }), { createdAt: NOON });
  const left = groupObservation({
    group: group({ name: 'old', scope: { workspace: 'acme', repository: 'shop' }, namespace: 'shops', min: 0, max: 0 }),
    runners: [one],
    orphanJobs: [unlisted],
  });
  const unreachable = groupObservation({
    group: group({ name: 'far', cluster: 'gone', min: 0, max: 0 }),
    missing: ['runners of acme: 503'],
    unreachable: 'Jobs of cluster gone: Forbidden',
  });
  const seen = observation([]);
  const leftovers = decideLeftovers([left, unreachable], [], NOON);
  const report = (applied: Partial<Applied> = {}, plan = makePlan(seen, [], leftovers)) =>
    makeReport(TICK, seen, [], plan, { ...NOTHING_APPLIED, ...applied }, [], leftovers).leftovers;

  it('is told with where it is, who is there, and what becomes of them', () => {
    const outcomes: readonly Outcome[] = [{ action: 'disable', runner: '{one}', status: 'done' }];
    expect(JSON.parse(JSON.stringify(report({ leftovers: [outcomes] })))).toStrictEqual([
      {
        group: 'old',
        workspace: 'acme',
        repository: 'shop',
        cluster: 'main',
        namespace: 'shops',
        counts: { busy: 0, idle: 1, starting: 1, draining: 0, dead: 0 },
        runners: ['{one}', '{unlisted}'],
        reason: JSON.parse(JSON.stringify(reason('left-over', { group: 'old' }))),
        plan: [
          {
            action: 'disable',
            runner: '{one}',
            reason: JSON.parse(JSON.stringify(reason('left-over', { group: 'old' }))),
          },
        ],
        outcomes: [{ action: 'disable', runner: '{one}', status: 'done' }],
        problems: [],
      },
      {
        group: 'far',
        workspace: 'acme',
        cluster: 'gone',
        namespace: 'runners',
        counts: { busy: 0, idle: 0, starting: 0, draining: 0, dead: 0 },
        runners: [],
        reason: expect.objectContaining({ code: 'partial-observation' }),
        plan: [],
        outcomes: [],
        problems: ['runners of acme: 503', 'Jobs of cluster gone: Forbidden'],
      },
    ]);
  });

  it('has no outcomes where nothing was done, and no plan where there is none', () => {
    expect(report()?.map(({ outcomes }) => outcomes)).toEqual([[], []]);
    expect(report({}, makePlan(seen, []))?.map(({ plan }) => plan)).toEqual([[], []]);
    const one = makePlan(seen, [], leftovers.slice(0, 1));
    expect(report({}, one)?.map(({ plan }) => plan.length)).toEqual([1, 0]);
  });

  it('has no outcomes in a dry run, which applies nothing', () => {
    const told = reportLeftovers(leftovers, makePlan(seen, [], leftovers));
    expect(told.map(({ outcomes }) => outcomes)).toEqual([[], []]);
  });

  it('names the repository of what a repository group left, and only there', () => {
    const [ofRepository, ofWorkspace] = report() ?? [];
    expect(ofRepository).toHaveProperty('repository', 'shop');
    expect(ofWorkspace).not.toHaveProperty('repository');
  });
});

describe('on the public API', () => {
  const SENTENCE =
    "Runners of workspace acme are disabled and enabled through Bitbucket's internal API, although it says api: public, whose way to do it is not documented.";
  const why = reason('first-step', {});
  const does = (...actions: readonly Action[]) => ({
    ...{ group: group(), actions, memory: { idleSince: {}, drainingSince: {} } },
    ...{ memoryKey: 'group/builds', memoryVersion: 0, memoryChanged: false },
  });
  const disable: Action = { action: 'disable', runner: runner(), reason: why };
  const enable: Action = { action: 'enable', runner: runner(), reason: why };
  const add: Action = { action: 'add', identity: { workspaceUuid: '{acme}' }, reason: why };
  it.each([
    { name: 'taking out of service', groups: [does(disable)], told: [SENTENCE] },
    { name: 'putting back', groups: [does(enable)], told: [SENTENCE] },
    { name: 'one of several actions', groups: [does(add, disable, add)], told: [SENTENCE] },
    { name: 'two groups of one workspace', groups: [does(disable), does(enable)], told: [SENTENCE] },
    { name: 'a place that was left', groups: [], leftovers: [does(disable)], told: [SENTENCE] },
    { name: 'anything else', groups: [does(add)], told: [] },
    { name: 'nothing', groups: [does()], told: [] },
  ])('$name is told: $told.length', ({ groups, leftovers, told }) => {
    const plan = { ...makePlan(observation([]), []), groups, ...(leftovers && { leftovers }) };
    expect(noteSurfaces(fleet([group()], 100, 'public'), plan)).toEqual(told);
    expect(noteSurfaces(fleet([group()]), plan)).toEqual([]);
    expect(noteSurfaces(fleet([]), plan)).toEqual([]);
  });
});
