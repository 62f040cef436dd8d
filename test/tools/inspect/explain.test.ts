/** What `explain` makes of tick records: of one tick, and of many. */
import { describe, expect, it } from 'vitest';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Runner, RunnerJob } from '#core/model/observation.ts';
import type { TickRecord } from '#core/model/report.ts';
import { reason } from '#core/reasons.ts';
import { tickIn } from '#kit/drive.ts';
import { fleet, group, jobOf, NOON, runner } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import { renderExplanation, renderTimeline } from '#tools/inspect/explain-text.ts';
import { explain } from '#tools/inspect/explanation.ts';
import { findTick, findTicks } from '#tools/inspect/find.ts';
import { replay } from '#tools/inspect/replay.ts';
import { timelineOf } from '#tools/inspect/timeline.ts';
import { World } from '#tools/simulator/world.ts';

const MINUTE = 60_000;
const STEP = { scope: { workspace: 'acme' }, labels: ['builds', 'linux', 'self.hosted'], durationMs: 3 * MINUTE };

/** A burst of ten steps at 12:05 onto a group that had one runner, and the hour after it. */
async function recordedHour(settings: Partial<RunnerGroup> = {}) {
  const world = new World({ start: NOON });
  for (let step = 0; step < 10; step += 1) world.submit(STEP, NOON + 5 * MINUTE);
  await runTicks(world, fleet([group({ max: 6, ...settings })]), { count: 60 });
  return { world, records: await world.state.listTicks({ from: NOON, to: NOON + 60 * MINUTE }) };
}

/** The last tick's record, with something about it changed. */
async function recordWith(over: {
  readonly runners?: readonly Runner[];
  readonly jobs?: readonly RunnerJob[];
  readonly memory?: TickRecord['observation']['groups'][number]['memory'];
}): Promise<TickRecord> {
  const { records } = await recordedHour();
  const [record] = records;
  if (record === undefined) throw new Error('nothing was recorded');
  const [look] = record.observation.groups;
  if (look === undefined) throw new Error('no group was observed');
  return { ...record, observation: { ...record.observation, groups: [{ ...look, ...over }] } };
}

describe('replay', () => {
  it('gives the recorded decision of every tick', async () => {
    const { records } = await recordedHour();
    const replays = records.map((record) => replay(record).get('builds'));
    expect(replays).toHaveLength(60);
    expect(replays.every((again) => again?.isSame)).toBe(true);
  });

  it('tells a decision apart that this version would not take', async () => {
    const { records } = await recordedHour();
    const [first] = records;
    const changed = structuredClone(first) as TickRecord;
    const doctored = {
      ...changed,
      report: {
        ...changed.report,
        groups: changed.report.groups.map((entry) => ({ ...entry, decision: { ...entry.decision, to: 5 } })),
      },
    };
    expect(replay(doctored).get('builds')?.isSame).toBe(false);
    expect(explain(doctored, 'builds').nowDecides).toBe('scale-up 0 → 1: 0 usable and 0 starting are fewer than min 1');
  });
});

describe('one tick', () => {
  const at = NOON;
  const uuid = runner().uuid;
  const seen: readonly (readonly [string, Partial<Runner>, object, string])[] = [
    ['busy', { hasStep: true }, {}, 'runs a step, so nobody touches it'],
    ['idle for the first time', {}, {}, 'idle, seen so for the first time'],
    ['cooling down', {}, { idleSince: at - 299_999 }, 'idle for 4m 59s of the 5m cool-down, so it may not go yet'],
    ['rested', {}, { idleSince: at - 300_000 }, 'idle for 5m, past the cool-down of 5m'],
    [
      'starting',
      { status: 'UNREGISTERED', statusText: 'UNREGISTERED', createdAt: at - 90_000 },
      {},
      'UNREGISTERED for 1m 30s of at most 10m; no Job behind it',
    ],
    [
      'draining for the first time',
      { status: 'DISABLED', statusText: 'DISABLED' },
      {},
      'out of service and without a step, seen so for the first time; it is removed after 45s',
    ],
    [
      'draining',
      { status: 'DISABLED', statusText: 'DISABLED' },
      { drainingSince: at - 20_000 },
      'out of service and without a step, for 20s; it is removed after 45s',
    ],
    [
      'draining with a step',
      { status: 'DISABLED', statusText: 'DISABLED', hasStep: true },
      {},
      'DISABLED, and its step goes on',
    ],
    [
      'of a status that nobody knows',
      { status: 'UNKNOWN', statusText: 'HIBERNATING' },
      {},
      'HIBERNATING: takes a place and no step; left alone',
    ],
    [
      'dead',
      { status: 'OFFLINE', statusText: 'OFFLINE', stateChangedAt: at - 20 * MINUTE },
      {},
      'offline for 19m without a step',
    ],
  ];

  it.each(seen)('says of a runner that is %s what follows', async (_, over, times, text) => {
    const remembered = times as { idleSince?: number; drainingSince?: number };
    const entry = (name: 'idleSince' | 'drainingSince') =>
      remembered[name] === undefined ? {} : { [uuid]: remembered[name] };
    const record = await recordWith({
      runners: [runner({ ...over, uuid })],
      memory: { idleSince: entry('idleSince'), drainingSince: entry('drainingSince') },
    });
    expect(explain(record, 'builds').seen.runners).toMatchObject([{ runner: uuid, text }]);
  });

  it.each([
    ['whose Job has ended', {}, { status: 'failed' }, 'its Job is failed, so nothing runs on it'],
    [
      'offline at work',
      { status: 'OFFLINE', statusText: 'OFFLINE', hasStep: true, stateChangedAt: at },
      {},
      'OFFLINE in the middle of a step, which may still run',
    ],
    [
      'whose pod is being taken away',
      { hasStep: true },
      { takenAway: { why: 'EvictionByEvictionAPI' } },
      'its pod is being taken away (EvictionByEvictionAPI), so it takes no new step',
    ],
    [
      'of a status that nobody knows, whose Job has ended',
      { status: 'UNKNOWN', statusText: 'HIBERNATING' },
      { status: 'complete' },
      'HIBERNATING: takes a place and no step; left alone',
    ],
  ] as const)('says of a runner %s that it is of no use', async (_, over, job, text) => {
    const seen = runner({ ...over, uuid });
    const record = await recordWith({ runners: [seen], jobs: [jobOf(seen, job)] });
    expect(explain(record, 'builds').seen.runners).toMatchObject([{ class: 'draining', text }]);
  });

  it.each([
    [
      'the pod is gone',
      'pod-leaving',
      'Pending',
      'DISABLED: its pod was taken away in the middle of a step, which is lost',
    ],
    ['the pod runs', 'pod-leaving', 'Running', 'DISABLED, and its step goes on'],
    ['it is out of service for another reason', 'shared', 'Pending', 'DISABLED, and its step goes on'],
  ] as const)('says of a step whether it is lost where %s', async (_, cause, phase, text) => {
    const seen = runner({ uuid, status: 'DISABLED', statusText: 'DISABLED', hasStep: true });
    const pod = { name: 'pod', phase, restarts: 1, isProtected: true };
    const memory = { idleSince: {}, drainingSince: {}, drains: { [uuid]: { cause, at: at - MINUTE } } };
    const record = await recordWith({ runners: [seen], jobs: [jobOf(seen, { pod })], memory });
    expect(explain(record, 'builds').seen.runners).toMatchObject([{ class: 'draining', text }]);
  });

  it('names what the pod says of a runner that does not start', async () => {
    const starting = runner({ status: 'UNREGISTERED', statusText: 'UNREGISTERED', createdAt: at - MINUTE });
    const trouble = { reason: 'Unschedulable', message: 'no node fits' };
    const pod = { name: 'pod', phase: 'Pending', restarts: 0, isProtected: true, trouble } as const;
    const record = await recordWith({ runners: [starting], jobs: [jobOf(starting, { pod })] });
    expect(explain(record, 'builds').seen.runners).toMatchObject([
      { text: 'UNREGISTERED for 1m of at most 10m; its pod is Pending (Unschedulable: no node fits)' },
    ]);
  });

  it('tells of failed starts that are remembered, and of the room in the workspace', async () => {
    const record = await recordWith({
      memory: { idleSince: {}, drainingSince: {}, quarantine: { failures: 2, since: at - MINUTE } },
    });
    expect(explain(record, 'builds').seen.more).toEqual([
      '2 starts in a row have failed, the last 1m before',
      'workspace acme has 0 registrations and may have 100',
    ]);
  });

  it('tells each failed start that counted: which runner, when and why', async () => {
    const failed = [
      { runner: '{a}', at: NOON, cause: 'not online 11m after registration' },
      { at: NOON + MINUTE, cause: 'The quota is used up.' },
    ];
    const record = await recordWith({
      memory: { idleSince: {}, drainingSince: {}, quarantine: { failures: 2, since: at - MINUTE, failed } },
    });
    expect(explain(record, 'builds').seen.more.slice(1, 3)).toEqual([
      'the start of {a} failed at 2026-11-09 12:00:00 UTC: not online 11m after registration',
      'a start was refused at 2026-11-09 12:01:00 UTC: The quota is used up.',
    ]);
  });

  it('says which start is too slow to be counted on', async () => {
    const starting = runner({ status: 'UNREGISTERED', statusText: 'UNREGISTERED', createdAt: at - 5 * MINUTE });
    const startUps = { tookMs: [45_000], awaited: [starting.uuid], newest: starting.createdAt };
    const record = await recordWith({
      runners: [starting],
      jobs: [jobOf(starting)],
      memory: { idleSince: {}, drainingSince: {}, startUps },
    });
    expect(explain(record, 'builds').seen.runners).toMatchObject([
      { class: 'starting', text: 'UNREGISTERED for 5m of at most 10m; its Job has no pod; too slow to be counted on' },
    ]);
  });

  it('refuses a group that the tick did not look at', async () => {
    const { records } = await recordedHour();
    expect(() => explain(records[0] as TickRecord, 'other')).toThrow('did not look at group "other"');
  });

  it('explains records from before queues, budgets, slots and windows were recorded', async () => {
    const { records } = await recordedHour();
    const [, record] = records as readonly [TickRecord, TickRecord];
    const { observation } = record;
    const older = {
      ...record,
      observation: {
        at: observation.at,
        groups: observation.groups.map((look) => {
          const { schedules: _, stabilisationWindowMs: __, weight: ___, ...before } = look.group;
          return { ...look, group: before };
        }),
        workspaces: observation.workspaces.map(({ slots: _, ...workspace }) => workspace),
        scopeMemory: observation.scopeMemory,
        notes: observation.notes,
      },
    } as unknown as TickRecord;
    expect(explain(older, 'builds')).toEqual(explain(record, 'builds'));
    expect(explain(older, 'builds').seen.runners).toHaveLength(1);
  });

  it('explains what it can of a record that this version cannot decide again', async () => {
    const record = await recordWith({ runners: undefined as never });
    const explanation = explain({ ...record, observation: { ...record.observation, workspaces: [] } }, 'builds');
    expect(explanation.seen.runners).toEqual([]);
    expect(explanation.group.decision.action).toBe('scale-up');
  });
});

describe('finding ticks', () => {
  it.each([
    ['the tick of that very moment', NOON + 5 * MINUTE, NOON + 5 * MINUTE],
    ['the last one before it', NOON + 5 * MINUTE + 59_999, NOON + 5 * MINUTE],
    ['the last one within the hour', NOON + 119 * MINUTE, NOON + 59 * MINUTE],
  ])('%s', async (_, at, expected) => {
    const { world } = await recordedHour();
    expect((await findTick(world.state, 'builds', at)).at).toBe(expected);
  });

  it('passes over ticks of other groups', async () => {
    const world = new World({ start: NOON });
    await tickIn(world, fleet([group()]));
    world.advance(MINUTE);
    await tickIn(world, fleet([group({ name: 'other' })]));
    expect((await findTick(world.state, 'builds', world.now)).at).toBe(NOON);
  });

  it.each([
    ['no record at all', NOON - MINUTE, 'builds', 'the state store has no tick of that time at all'],
    ['only other groups', NOON + 5 * MINUTE, 'build', 'the ticks of that time looked at "builds"'],
    ['too long ago', NOON + 120 * MINUTE, 'builds', 'the state store has no tick of that time at all'],
  ])('says what there was instead: %s', async (_, at, name, text) => {
    const { world } = await recordedHour();
    await expect(findTick(world.state, name, at)).rejects.toThrow(text);
    await expect(findTicks(world.state, name, { from: at - MINUTE, to: at })).rejects.toThrow(
      /No tick looked at group/,
    );
  });
});

describe('many ticks', () => {
  it('tells what stayed the same once, and every change', async () => {
    const { records } = await recordedHour();
    const spans = timelineOf(records, 'builds');
    expect(spans.reduce((sum, span) => sum + span.ticks, 0)).toBe(60);
    expect(spans.length).toBeLessThan(25);
    expect(spans[0]).toMatchObject({ from: NOON, to: NOON, ticks: 1, group: { decision: { action: 'scale-up' } } });
    expect(spans[1]).toMatchObject({
      from: NOON + MINUTE,
      to: NOON + 4 * MINUTE,
      ticks: 4,
      least: { busy: 0, idle: 1 },
      most: { busy: 0, idle: 1 },
    });
    expect(spans.at(-1)?.to).toBe(NOON + 59 * MINUTE);
  });

  it('keeps the least and the most of each class', async () => {
    const { records } = await recordedHour();
    const widest = timelineOf(records, 'builds').filter(({ least, most }) => least.busy < most.busy);
    expect(widest.length).toBeGreaterThan(0);
    for (const span of widest)
      expect(span.least.busy + span.least.idle).toBeLessThanOrEqual(span.most.busy + span.most.idle);
  });
});

describe('as text', () => {
  it('one tick', async () => {
    const { world } = await recordedHour();
    const record = await findTick(world.state, 'builds', NOON + 7 * MINUTE);
    expect(renderExplanation(explain(record, 'builds'), { width: 120 }).join('\n')).toMatchSnapshot();
  });

  it('a tick that did not look counts nobody', async () => {
    const { records } = await recordedHour();
    const explanation = explain(records[0] as TickRecord, 'builds');
    const values = { credential: 'ci', why: 'short', used: 900, limit: 1000, waitMs: 60_000 } as const;
    const held = { action: 'hold', from: 0, to: 0, reason: reason('look-held-back', values) } as const;
    const unseen = { ...explanation, group: { ...explanation.group, decision: held } };
    const lines = renderExplanation(unseen, { width: 120 });
    expect(lines).toContain('  nothing of its runners: they were not looked at');
    expect(lines.join('\n')).not.toContain('0 busy');
  });

  it.each([120, 60])('many ticks, %i wide', async (width) => {
    const { records } = await recordedHour();
    const lines = renderTimeline('builds', timelineOf(records, 'builds'), { width });
    expect(lines.join('\n')).toMatchSnapshot();
  });
});
