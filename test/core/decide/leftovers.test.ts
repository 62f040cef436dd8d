import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import { decideLeftovers } from '#core/decide/leftovers.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { GroupObservation, Observation, Runner } from '#core/model/observation.ts';
import { makePlan } from '#core/plan.ts';
import { group, groupObservation, jobOf, NOON, observation, population, runner } from '#kit/fleet.ts';

const old = group({ name: 'old', labels: ['autoscaler.created', 'old'], min: 0, max: 0, coolDownMs: 0 });
const BUSY = runner({ uuid: '{busy}', hasStep: true });
const IDLE = runner({ uuid: '{idle}' });
const STARTING = runner({ uuid: '{starting}', status: 'UNREGISTERED', createdAt: NOON });
const ALL = [IDLE, BUSY, STARTING];

/** Starts of the group that has the labels of what was left are withheld; its `min` is 1, and one runner was left. */
type Withheld = {
  readonly name: string;
  readonly min?: number;
  readonly max: number;
  /** Runners of the group's own. */
  readonly own?: readonly Runner[];
  readonly quarantine?: false;
  readonly over?: Partial<Observation>;
  readonly stays: boolean;
};

const BUDGET = { credential: 'c', workspaces: ['acme'], limit: 1000, left: 500, moreAt: NOON };

type Row = {
  readonly name: string;
  readonly left?: readonly Runner[];
  /** A group that there is, and its runners. */
  readonly now?: Partial<RunnerGroup>;
  readonly runners?: readonly Runner[];
  readonly disabled: readonly string[];
};

describe('runners at a place that no group has any more', () => {
  it.each<Row>([
    { name: 'are all taken out of service, busy or not', disabled: ['{idle}', '{busy}', '{starting}'] },
    {
      name: 'are left alone when they are out of service',
      left: [runner({ status: 'DISABLED' }), runner({ cordoned: true })],
      disabled: [],
    },
    { name: 'are only tidied away when they are dead', left: [runner({ status: 'UNREGISTERED' })], disabled: [] },
    {
      name: 'a group has the labels and nobody online: one at work stays online',
      now: { labels: old.labels },
      disabled: ['{idle}', '{starting}'],
    },
    {
      name: 'a group has the labels and nobody online, none is at work: an idle one stays online',
      left: [STARTING, IDLE, runner({ uuid: '{second}' })],
      now: { labels: old.labels },
      disabled: ['{starting}', '{second}'],
    },
    {
      name: 'a group has the labels and nobody online: of several at work the first stays online',
      left: [BUSY, IDLE, runner({ uuid: '{second}', hasStep: true })],
      now: { labels: old.labels },
      disabled: ['{idle}', '{second}'],
    },
    {
      name: 'a group has the labels and somebody idle',
      now: { labels: old.labels },
      runners: population({ idle: 1 }),
      disabled: ['{idle}', '{busy}', '{starting}'],
    },
    {
      name: 'a group has the labels and somebody busy',
      now: { labels: old.labels },
      runners: population({ busy: 1 }),
      disabled: ['{idle}', '{busy}', '{starting}'],
    },
    {
      name: 'a group has the labels and wants nobody',
      now: { labels: old.labels, min: 0, max: 0 },
      disabled: ['{idle}', '{busy}', '{starting}'],
    },
    {
      name: 'a group has the labels elsewhere',
      now: { labels: old.labels, scope: { workspace: 'other' } },
      disabled: ['{idle}', '{busy}', '{starting}'],
    },
    { name: 'a group has other labels here', now: {}, disabled: ['{idle}', '{busy}', '{starting}'] },
  ])('$name', ({ left = ALL, now, runners = [], disabled }) => {
    const groups = now === undefined ? [] : [groupObservation({ group: group(now), runners })];
    const seen = { ...observation(groups), leftovers: [groupObservation({ group: old, runners: left })] };
    const decisions = decide(seen);
    const leftovers = decideLeftovers(seen.leftovers, decisions, NOON);
    const [plan] = makePlan(seen, decisions, leftovers).leftovers ?? [];
    const actions = plan?.actions.filter(({ reason }) => reason.code === 'left-over') ?? [];
    expect(actions.map((action) => 'runner' in action && action.runner.uuid)).toEqual(disabled);
    expect(leftovers).toMatchObject([
      {
        kind: 'seen',
        decision: {
          group: 'old',
          bounds: [],
          action: disabled.length > 0 ? 'scale-down' : 'hold',
          reason: { code: 'left-over', values: { group: 'old' } },
        },
      },
    ]);
    const [decided] = leftovers;
    expect(decided && decided.decision.from - decided.decision.to).toBe(disabled.length);
  });

  it('count what they were and what stays', () => {
    const seen = groupObservation({ group: old, runners: ALL, orphanJobs: [jobOf(runner())] });
    expect(decideLeftovers([seen], [], NOON)).toMatchObject([
      { decision: { from: 4, to: 1, counts: { busy: 1, idle: 1, starting: 2 } }, creates: 0 },
    ]);
  });

  it('are taken out of service once where their pods are being taken away, and do not count as online', () => {
    const left = groupObservation({
      group: old,
      runners: [IDLE, BUSY],
      jobs: [jobOf(IDLE), jobOf(BUSY, { takenAway: { why: 'Deleted' } })],
    });
    const decisions = decide(observation([groupObservation({ group: group({ labels: old.labels }) })]));
    const [decided] = decideLeftovers([left], decisions, NOON);
    expect(decided?.retire).toEqual([]);
    const { leftovers } = makePlan(observation([]), [], decided ? [decided] : []);
    expect(leftovers?.[0]?.actions).toMatchObject([
      { action: 'disable', runner: { uuid: '{busy}' }, reason: { code: 'pod-leaving' } },
    ]);
  });

  it('are left to what tidies up where their Jobs are not listed any more', () => {
    const memory = { idleSince: {}, drainingSince: {}, runners: { '{busy}': NOON - 60_000 } };
    const left = groupObservation({ group: old, runners: [BUSY], jobs: [], memory });
    const [decided] = decideLeftovers([left], [], NOON);
    expect(decided?.classified).toMatchObject([{ class: 'draining', contested: true }]);
    expect(decided?.retire).toEqual([]);
  });

  it('stay online by one that no earlier look took out, where a list may be older than that look', () => {
    const drains = { '{busy}': { cause: 'left-over', at: NOON - 10_000 } };
    const memory = { idleSince: {}, drainingSince: {}, drains };
    const left = groupObservation({ group: old, runners: [BUSY, IDLE], memory });
    const decisions = decide(observation([groupObservation({ group: group({ labels: old.labels }) })]));
    const [decided] = decideLeftovers([left], decisions, NOON);
    expect(decided?.retire.map(({ runner: { uuid } }) => uuid)).toEqual(['{busy}']);
  });

  it('stay online by one while the group has only one that an earlier look took out', () => {
    const own = runner({ uuid: '{own}', labels: old.labels });
    const drains = { '{own}': { cause: 'shared', at: NOON - 10_000 } };
    const memory = { idleSince: {}, drainingSince: {}, drains };
    const now = groupObservation({ group: group({ labels: old.labels }), runners: [own], memory });
    const [decided] = decideLeftovers(
      [groupObservation({ group: old, runners: [IDLE] })],
      decide(observation([now])),
      NOON,
    );
    expect(decided?.retire).toEqual([]);
  });

  it('stay online by one while nobody can see what the group has and wants', () => {
    const now = groupObservation({ group: group({ labels: old.labels }), missing: ['its template cannot be read'] });
    const [decided] = decideLeftovers(
      [groupObservation({ group: old, runners: ALL })],
      decide(observation([now])),
      NOON,
    );
    expect(decided?.retire.map(({ runner: { uuid } }) => uuid)).toEqual(['{idle}', '{starting}']);
  });

  it.each<{
    readonly name: string;
    readonly left: readonly Runner[];
    readonly over?: Partial<RunnerGroup>;
    readonly stays: string | undefined;
  }>([
    { name: 'by one while they fill its max, and others of them make room', left: [IDLE, BUSY], stays: '{busy}' },
    { name: 'by none where the last one alone fills it', left: [BUSY], stays: undefined },
    {
      name: 'by none where the last one alone fills it, whatever else bounds the group',
      left: [BUSY],
      over: { window: { name: 'office' } },
      stays: undefined,
    },
  ])('a group that wants runners has no room: they stay online $name', ({ left, over, stays }) => {
    const now = groupObservation({
      group: group({ labels: old.labels, min: 1, max: left.length, ...over }),
      runners: [],
      elsewhere: left.length,
    });
    const [decided] = decideLeftovers(
      [groupObservation({ group: old, runners: left })],
      decide(observation([now])),
      NOON,
    );
    const retired = decided?.retire.map(({ runner: { uuid } }) => uuid);
    expect(retired).toEqual(left.map(({ uuid }) => uuid).filter((uuid) => uuid !== stays));
  });

  const QUARANTINE = { failures: 3, since: NOON - 1000 };
  const FAILED = runner({ uuid: '{failed}', labels: old.labels, status: 'DISABLED' });
  const capped = (registrations: number) => ({
    workspaces: [{ workspace: 'acme', registrations, maxRunners: 9 }],
    budgets: [{ ...BUDGET, creates: 0 }],
  });
  const slotted = (committed: number) => {
    const slots = { inUse: committed, committed, peak: { month: '2026-11', runners: 9 }, max: 9, price: 15 };
    const { workspaces, budgets } = capped(committed);
    return { budgets, workspaces: workspaces.map((entry) => ({ ...entry, maxRunners: 100, slots })) };
  };

  it.each<Withheld>([
    { name: 'quarantine', max: 2, stays: true },
    { name: 'quarantine, and max, of which it takes a part', min: 2, max: 2, stays: true },
    { name: 'quarantine, and failed starts of its own that fill its max', max: 2, own: [FAILED], stays: true },
    { name: 'nothing but the last one, which fills its max', max: 1, stays: false },
    { name: 'the calls', max: 9, quarantine: false, over: capped(1), stays: true },
    { name: 'the cap in part, and the calls', min: 9, max: 9, quarantine: false, over: capped(8), stays: true },
    { name: 'the cap, which is full', min: 9, max: 9, quarantine: false, over: capped(9), stays: false },
    { name: 'the slots in part, and the calls', min: 9, max: 9, quarantine: false, over: slotted(8), stays: true },
    { name: 'the slots, all of which are taken', min: 9, max: 9, quarantine: false, over: slotted(9), stays: false },
    { name: 'the slots, of which more are taken', min: 9, max: 9, quarantine: false, over: slotted(10), stays: false },
  ])('stay online by one, or not, while starts are withheld by $name', (row) => {
    const { min = 1, max, own = [], quarantine = true, over = {}, stays } = row;
    const memory = { idleSince: {}, drainingSince: {}, ...(quarantine && { quarantine: QUARANTINE }) };
    const now = groupObservation({
      group: group({ labels: old.labels, min, max }),
      ...{ memory, runners: own, jobs: own.map((entry) => jobOf(entry)), elsewhere: 1 },
    });
    const groups = decide({ ...observation([now]), ...over });
    expect(groups).toMatchObject([{ decision: { to: 0, reason: { code: 'no-room' } } }]);
    const [decided] = decideLeftovers([groupObservation({ group: old, runners: [IDLE] })], groups, NOON);
    expect(decided?.retire).toHaveLength(stays ? 0 : 1);
  });

  it('stay online by one where Jobs without a registration fill the max with it: these go by themselves', () => {
    const now = groupObservation({ group: group({ labels: old.labels, min: 1, max: 2 }), elsewhere: 2 });
    const left = groupObservation({ group: old, runners: [IDLE], orphanJobs: [jobOf(runner({ uuid: '{orphan}' }))] });
    const [decided] = decideLeftovers([left], decide(observation([now])), NOON);
    expect(decided?.retire).toEqual([]);
  });

  it('are removed like any other when their last step is done', () => {
    const drained = runner({ uuid: '{drained}', status: 'DISABLED' });
    const memory = { idleSince: {}, drainingSince: { '{drained}': NOON - 60_000 } };
    const left = groupObservation({ group: old, runners: [drained], memory });
    const seen = { ...observation([]), leftovers: [left] };
    const [plan] = makePlan(seen, [], decideLeftovers([left], [], NOON)).leftovers ?? [];
    expect(plan?.actions).toMatchObject([{ action: 'remove', runner: drained }]);
  });

  it('are held while something of the place cannot be read, and what is known of it is written down once', () => {
    const left = groupObservation({ group: old, missing: ['runners of acme/shop: 503'], memoryKey: 'place/x' });
    const seen = { ...observation([]), leftovers: [left] };
    const leftovers = decideLeftovers([left], [], NOON);
    expect(leftovers).toMatchObject([{ decision: { action: 'hold', reason: { code: 'partial-observation' } } }]);
    const written = (version: number) =>
      makePlan(seen, [], decideLeftovers([{ ...left, memoryVersion: version }], [], NOON)).leftovers?.[0];
    expect(written(0)).toMatchObject({ memoryKey: 'place/x', actions: [], memoryChanged: true });
    expect(written(1)).toMatchObject({ memoryKey: 'place/x', actions: [], memoryChanged: false });
  });

  it('are written down once also when the first look has nothing new to tell, as while the last one online stays', () => {
    const left = groupObservation({ group: old, runners: [IDLE], jobs: [jobOf(IDLE)], memoryKey: 'place/x' });
    const groups = decide(observation([groupObservation({ group: { ...old, min: 1, max: 1 } })]));
    const planned = (over: Partial<GroupObservation>) =>
      makePlan(observation([]), [], decideLeftovers([{ ...left, ...over }], groups, NOON)).leftovers?.[0];
    const memory = planned({})?.memory ?? left.memory;
    expect(planned({ memory, memoryVersion: 0 })).toMatchObject({ memory, actions: [], memoryChanged: true });
    expect(planned({ memory, memoryVersion: 1 })).toMatchObject({ memory, actions: [], memoryChanged: false });
  });
});
