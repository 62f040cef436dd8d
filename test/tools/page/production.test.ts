import { describe, expect, it } from 'vitest';
import type { Counts } from '#core/model/decision.ts';
import type { BudgetReport, GroupReport, Report } from '#core/model/report.ts';
import { reason } from '#core/reasons.ts';
import { ProductionRecords } from '#tools/page/production.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FROM = Date.UTC(2026, 10, 23, 9);
const MAX = reason('max', { max: 4, registrations: 4, withheld: 2 });

function counts(more: Partial<Counts> = {}): Counts {
  return { busy: 0, idle: 0, starting: 0, draining: 0, dead: 0, ...more };
}

function group(more: Partial<GroupReport> = {}): GroupReport {
  return {
    name: 'builds',
    workspace: 'acme',
    counts: counts({ busy: 2, idle: 1 }),
    decision: { action: 'hold', from: 3, to: 3, reason: reason('idle-buffer', { busy: 2, buffer: 1, wanted: 3 }) },
    bounds: [],
    troubles: [],
    plan: [],
    outcomes: [],
    problems: [],
    ...more,
  };
}

function record(
  minute: number,
  groups: readonly GroupReport[],
  more: Partial<Report> = {},
  tick: Partial<Report['tick']> = {},
) {
  const at = FROM + minute * MINUTE;
  const report: Report = {
    version: 1,
    tick: {
      id: `t${minute}`,
      at: new Date(at).toISOString(),
      mode: 'apply',
      durationMs: 0,
      calls: { bitbucket: 0, kubernetes: 0, aws: 0 },
      ...tick,
    },
    groups,
    problems: [],
    notes: [],
    ...more,
  };
  return { at, report };
}

function pageOf(records: readonly ReturnType<typeof record>[], groups?: readonly string[]) {
  const page = new ProductionRecords({ from: FROM, to: FROM + HOUR, ...(groups && { groups }) });
  for (const each of records) page.add(each);
  return page.close();
}

describe('waiting', () => {
  const waiting = (p50Ms: number, p95Ms: number, longestMs: number) => ({
    steps: 9,
    p50Ms,
    p95Ms,
    longestMs,
    still: 0,
  });

  it('is the worst that ticks said, of each group and of all', () => {
    const { tracks } = pageOf([
      record(1, [group({ waiting: waiting(1, 20, 30) }), group({ name: 'tests' })]),
      record(2, [group({ waiting: waiting(2, 10, 40) }), group({ name: 'tests', waiting: waiting(0, 50, 60) })]),
    ]);
    const told = tracks.map(({ figures: { waitedP50, waitedP95, waitedLongest } }) => [
      waitedP50,
      waitedP95,
      waitedLongest,
    ]);
    expect(told).toEqual([
      [2, 50, 60],
      [2, 20, 40],
      [0, 50, 60],
    ]);
  });

  it('is unknown, and not nothing, where no queue was counted', () => {
    const { tracks } = pageOf([record(1, [group({ waiting: waiting(1, 2, 3) }), group({ name: 'tests' })])]);
    expect(tracks.map(({ figures }) => figures.waitedP95)).toEqual([2, 2, undefined]);
    expect(Object.keys(tracks[2]?.figures ?? {})).not.toContain('waitedP95');
  });
});

describe('money', () => {
  const workspace = {
    ...{ workspace: 'acme', registrations: 9, maxRunners: 100, inUse: 9, expected: 9 },
    peak: { month: '2026-11', runners: 9, steps: 7 },
  };

  it('is the month’s most steps at the price that was named last, and runners at the price of an hour', () => {
    const page = new ProductionRecords({ from: FROM, to: FROM + HOUR, runnerHour: 2 });
    page.add(record(0, [group()], { workspaces: [{ ...workspace, nextSlot: { costs: 15, currency: 'USD' } }] }));
    page.add(record(10, [group()], { workspaces: [{ ...workspace, peak: { ...workspace.peak, steps: 8 } }] }));
    expect(page.close().facts).toEqual(
      expect.arrayContaining([
        // Three runners for 25 minutes: until the last look, and a quarter of an hour.
        { name: 'Runners cost', text: 'USD 2.50 for 1.3 hours' },
        {
          name: 'Build slots of acme',
          text: '8 steps at once at the most in 2026-11, USD 120.00 where slots are billed',
        },
      ]),
    );
  });

  it('is left out where nobody said a price, or steps were not counted', () => {
    const { month, runners } = workspace.peak;
    const { facts } = pageOf([record(0, [group()], { workspaces: [{ ...workspace, peak: { month, runners } }] })]);
    expect(facts.map(({ name }) => name)).toEqual(['Time', 'Ticks']);
    const unpriced = pageOf([record(0, [group()], { workspaces: [workspace] })]);
    expect(unpriced.facts.at(-1)?.text).toBe('7 steps at once at the most in 2026-11');
  });
});

describe('the axis of time', () => {
  it.each([
    ['begins with what was asked for', 6, 0],
    ['begins with the first tick where that is much later', 7, 7],
  ])('%s', (_, first, from) => {
    const page = pageOf([record(first, [group()]), record(30, [group()])]);
    expect([page.from, page.to]).toEqual([FROM + from * MINUTE, FROM + HOUR]);
  });
});

describe('hours', () => {
  it.each([
    { name: 'what a tick sees holds until the next', minutes: [0, 10, 20], busy: 2 * (35 / 60), known: 35 },
    { name: 'for a quarter of an hour at most', minutes: [0, 40], busy: 2 * (30 / 60), known: 30 },
    { name: 'and until the end of the page at most', minutes: [55], busy: 2 * (5 / 60), known: 5 },
  ])('$name', ({ minutes, busy, known }) => {
    const { tracks } = pageOf(minutes.map((minute) => record(minute, [group()])));
    expect(tracks[0]?.figures.hoursBusy).toBeCloseTo(busy, 9);
    expect(tracks[0]?.figures.hoursIdle).toBeCloseTo(busy / 2, 9);
    expect(tracks[0]?.figures.timeKnown).toBe(known * MINUTE);
  });

  it.each([
    { name: 'could not see all', decision: reason('partial-observation', { missing: 'Jobs' }) },
    {
      name: 'did not look at all',
      decision: reason('look-held-back', {
        credential: 'default',
        why: 'short',
        used: 900,
        limit: 1000,
        waitMs: 60_000,
      }),
    },
  ])('a tick that $name has no say', ({ decision }) => {
    const blind = group({ counts: counts(), decision: { action: 'hold', from: 0, to: 0, reason: decision } });
    const { tracks } = pageOf([record(0, [group()]), record(5, [blind])]);
    expect(tracks[0]?.figures).toMatchObject({ hoursBusy: 0.5, ticks: 2, looks: 1, timeKnown: 15 * MINUTE });
  });

  it('are averages in the series, with gaps where nobody knows', () => {
    const { tracks } = pageOf([record(0, [group()]), record(30, [group({ counts: counts({ busy: 4 }) })])]);
    const busy = tracks[0]?.series.levels.busy ?? [];
    expect(busy).toHaveLength(720);
    expect([busy[0], busy[179], busy[180], busy[359], busy[360], busy[539], busy[540]]).toEqual([
      2,
      2,
      null,
      null,
      4,
      4,
      null,
    ]);
  });
});

describe('figures', () => {
  it('count what was decided, withheld and failed', () => {
    const up = { action: 'scale-up', from: 2, to: 5, reason: reason('saturated', { busy: 2, wanted: 5 }) } as const;
    const down = { action: 'scale-down', from: 5, to: 4, reason: reason('at-min', { needed: 0, min: 4 }) } as const;
    const { tracks } = pageOf([
      record(0, [group({ decision: up, bounds: [MAX], counts: counts({ busy: 2 }) })]),
      record(1, [
        group({
          decision: down,
          outcomes: [{ action: 'disable', status: 'failed', error: 'no' }],
          counts: counts({ busy: 3, draining: 4 }),
        }),
      ]),
      record(2, [group({ problems: ['no list'] })]),
    ]);
    expect(tracks[0]?.figures).toMatchObject({
      scaleUps: 1,
      added: 3,
      scaleDowns: 1,
      takenOut: 1,
      limitedTicks: 1,
      problemTicks: 1,
      failedActions: 1,
      peak: 7,
      timeSaturated: 2 * MINUTE,
      ticks: 3,
    });
    expect(tracks[0]?.decisions?.shown.map(({ from, to, limits }) => [from, to, limits.length])).toEqual([
      [2, 5, 1],
      [5, 4, 0],
    ]);
  });

  it('of the queue are those that were counted', () => {
    const counted = reason('queue-counted', { busy: 2, waiting: 9, buffer: 0, wanted: 11 });
    const { tracks } = pageOf([
      record(0, [group()]),
      record(1, [group({ decision: { action: 'hold', from: 2, to: 2, reason: counted } })]),
    ]);
    const waiting = tracks[0]?.series.waiting;
    expect(waiting?.average.filter((value) => value !== null)).toEqual([9]);
    expect(waiting?.most[12]).toBe(9);
    expect(pageOf([record(0, [group()])]).tracks[0]?.series.waiting).toBeUndefined();
  });

  it('of budgets are the most and the least of any tick', () => {
    const budget = (more: Partial<BudgetReport>): BudgetReport => {
      return { credential: 'default', limit: 1000, used: 10, left: 990, throttled: 0, heldBack: [], ...more };
    };
    const { budgets } = pageOf([
      record(0, [group()], { budgets: [budget({ used: 900, left: 100, heldBack: ['queue'] })] }),
      record(1, [group()], { budgets: [budget({ throttled: 2 })] }),
    ]);
    expect(budgets).toEqual([
      { credential: 'default', limit: 1000, leastLeft: 100, mostUsed: 900, throttledTicks: 1, heldBackTicks: 1 },
    ]);
  });
});

describe('the worst half hour', () => {
  it('is where all were busy or runners were withheld the longest', () => {
    const minutes = Array.from({ length: 60 }, (_, minute) => minute);
    const { tracks } = pageOf(
      minutes.map((minute) =>
        record(minute, [group(minute >= 20 && minute < 45 ? { counts: counts({ busy: 4 }), bounds: [MAX] } : {})]),
      ),
    );
    expect(tracks[0]?.worst).toEqual({
      from: FROM + 15 * MINUTE,
      to: FROM + 45 * MINUTE,
      why: [
        'For 25\u00a0min of these 30\u00a0min every runner online was busy, or a limit withheld runners.',
        'Limits held runners back in 25 decisions of this time, the last time for builds: max 4 with 4 registered withholds 2.',
      ],
    });
  });

  it('is not there when no group was ever short', () => {
    expect(pageOf([record(0, [group()])]).tracks[0]?.worst).toBeUndefined();
  });
});

describe('what is taken', () => {
  it.each([
    { name: 'a dry run', entry: record(0, [group()], {}, { mode: 'plan' }) },
    { name: 'a tick that did not run', entry: record(0, [], {}, { skipped: 'lease held' }) },
    { name: 'a tick from before', entry: record(-1, [group()]) },
    { name: 'a tick from after', entry: record(60, [group()]) },
    { name: 'a tick of other groups', entry: record(0, [group({ name: 'other' })]) },
  ])('is not $name', ({ entry }) => {
    const page = new ProductionRecords({ from: FROM, to: FROM + HOUR, groups: ['builds'] });
    page.add(entry);
    expect(page.ticks).toBe(0);
  });

  it('is only the groups that were asked for, without a fleet around a single one', () => {
    const { tracks, title } = pageOf(
      [record(0, [group(), group({ name: 'other', problems: ['no list'] })])],
      ['other'],
    );
    expect([title, tracks.map(({ name }) => name)]).toEqual(['Runners of other', ['other']]);
  });

  it('says a sentence once, however its numbers change', () => {
    const trouble = (ms: number) => group({ problems: [`list failed after ${ms} ms`] });
    const { notices, noticesLeftOut } = pageOf([
      record(0, [trouble(5)]),
      record(1, [trouble(7)]),
      record(2, [group()], { problems: ['no lease'] }),
    ]);
    expect(notices).toEqual([
      { kind: 'problem', group: 'builds', text: 'list failed after 7 ms', ticks: 2, first: FROM, last: FROM + MINUTE },
      { kind: 'problem', text: 'no lease', ticks: 1, first: FROM + 2 * MINUTE, last: FROM + 2 * MINUTE },
    ]);
    expect(noticesLeftOut).toBe(0);
  });

  it('stays small for many groups', () => {
    const many = Array.from({ length: 200 }, (_, index) =>
      group({ name: `g${index}`, problems: [`problem of ${'x'.repeat(index)}`] }),
    );
    const { tracks, notices, noticesLeftOut, shown } = pageOf([record(0, many)]);
    expect([tracks.length, notices.length, noticesLeftOut, shown.length]).toEqual([201, 60, 140, 3]);
    expect(tracks[1]?.series.levels.busy).toHaveLength(240);
  });
});
