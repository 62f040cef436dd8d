/** What ticks leave for whoever answers pipelines, and how long floors last whose pipelines run. */
import { describe, expect, it } from 'vitest';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import { decide } from '#core/decide/decide.ts';
import { BudgetError, ServiceError } from '#core/errors.ts';
import { parseWakeNote, wakeLookKey, wakeMemoryKey, wakeNoteKey } from '#core/memory.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Observation } from '#core/model/observation.ts';
import type { Report } from '#core/model/report.ts';
import { makePlan } from '#core/plan.ts';
import type { Ports, StateStore } from '#core/ports.ts';
import { type Reason, reason } from '#core/reasons.ts';
import { makeReport, makeSkippedReport } from '#core/report.ts';
import type { WakeAsk } from '#core/wake/asks.ts';
import { beginNotes, type LeaveNotes } from '#core/wake/notes.ts';
import { group, groupObservation, NOON, observation } from '#kit/fleet.ts';
import { World } from '#tools/simulator/world.ts';
import { recordingPorts } from '../reconcile/ports.ts';
import { open, SHOP, sleeper, wake } from './sleeping.ts';

const MINUTE = 60_000;
/** What is left of a floor that is about to run out. */
const MS_LEFT = 300_000;
const TICK: Report['tick'] = {
  ...{ id: 'tick-1', at: '2026-11-09T12:00:00.000Z', mode: 'apply', durationMs: 1 },
  calls: { bitbucket: 0, kubernetes: 0, aws: 0 },
};

describe('who may ask', () => {
  it('is looked up once a day, by ticks that act', async () => {
    const at = open();
    await at.plan();
    expect([at.lookups, await at.version()]).toEqual([[], undefined]);
    await at.tick();
    const { repositoryUuid } = await at.world.ports().runners.identify(SHOP);
    expect(await at.note()).toMatchObject({ repositories: { 'acme/shop': { repositoryUuid, at: at.world.now } } });
    at.world.advance(24 * 60 * MINUTE - 1);
    await at.tick();
    expect([at.lookups, await at.version()]).toEqual([['shop'], 1]);
    at.world.advance(1);
    await at.tick();
    expect([at.lookups, await at.version()]).toEqual([['shop', 'shop'], 2]);
  });

  it('needs no lookup where it is a uuid, and none where nobody can be woken', async () => {
    for (const over of [{ wake: { ...wake, from: [{ ...SHOP, repository: '{shop}' }] } }, { wake: undefined }]) {
      const at = open(over as Partial<RunnerGroup>);
      await at.tick();
      expect([at.lookups, await at.version()]).toEqual([[], undefined]);
    }
  });

  const failing = (error: Error) => (ports: Ports) => ({
    runners: { ...ports.runners, identify: async () => Promise.reject(error) },
  });

  it('that cannot be looked up is a problem of the tick; what was known stays', async () => {
    const at = open();
    const gone = failing(new Error('There is no repository acme/shop'));
    expect((await at.tick(gone)).problems).toEqual(['wake.from: There is no repository acme/shop']);
    await at.tick();
    at.world.advance(24 * 60 * MINUTE);
    await at.ask();
    expect((await at.tick(gone)).problems).toEqual(['wake.from: There is no repository acme/shop']);
    expect(Object.keys((await at.note()).repositories)).toEqual(['acme/shop']);
  });

  it('has no repository of that name: that is known, and asked again at each tick until there is one', async () => {
    const at = open();
    const details = { service: 'bitbucket', outcome: 'refused', status: 404 } as const;
    const gone = failing(new ServiceError('There is no repository acme/shop', details));
    for (const _ of ['first', 'second']) {
      expect((await at.tick(gone)).problems).toEqual(['wake.from: There is no repository acme/shop']);
      const nobody = { workspaceUuid: '', repositoryUuid: '', at: at.world.now };
      expect([(await at.note()).repositories, await at.version()]).toEqual([{ 'acme/shop': nobody }, 1]);
    }
    await at.tick();
    expect((await at.note()).repositories['acme/shop']?.repositoryUuid).toMatch(/^\{/);
  });

  it('may not be asked for: nothing is known of it', async () => {
    const at = open();
    const details = { service: 'bitbucket', outcome: 'refused', status: 403 } as const;
    const refused = failing(new ServiceError('The right is missing', details));
    expect((await at.tick(refused)).problems).toEqual(['wake.from: The right is missing']);
    expect((await at.note()).repositories).toEqual({});
  });

  const short = new BudgetError('held back', { credential: 'x', why: 'short', used: 1, limit: 1, waitMs: 1 });

  it('waits where the hourly calls are short; what was known stays', async () => {
    const at = open();
    expect((await at.tick(failing(short))).problems).toEqual([]);
    expect(await at.version()).toBeUndefined();
    await at.tick();
    at.world.advance(24 * 60 * MINUTE);
    await at.ask();
    expect((await at.tick(failing(short))).problems).toEqual([]);
    expect(await at.version()).toBe(2);
    expect(Object.keys((await at.note()).repositories)).toEqual(['acme/shop']);
  });

  it('is written down without a uuid where Bitbucket names none', async () => {
    const at = open();
    await at.tick((ports) => ({ runners: { ...ports.runners, identify: async () => ({ workspaceUuid: '{acme}' }) } }));
    const known = { workspaceUuid: '{acme}', repositoryUuid: '', at: at.world.now };
    expect((await at.note()).repositories).toEqual({ 'acme/shop': known });
  });

  it('is written down where one of several is new', async () => {
    const at = open({ wake: { ...wake, from: [SHOP, { ...SHOP, repository: '{api}' }] } });
    await at.tick();
    expect(Object.keys((await at.note()).repositories)).toEqual(['acme/shop']);
  });
});

describe('how many runners a group has', () => {
  it('is told while somebody waits, with those that the tick made', async () => {
    const at = open();
    await at.tick();
    expect((await at.note()).seen).toBeUndefined();
    await at.ask();
    await at.tick();
    expect((await at.note()).seen).toEqual({ at: at.world.now, online: 0, starting: 2, min: 2 });
    at.world.advance(3 * MINUTE);
    await at.tick();
    expect((await at.note()).seen).toEqual({ at: at.world.now, online: 2, starting: 0, min: 2 });
  });

  it.each([
    ['could not be seen', new Error('503')],
    ['was not looked at', new BudgetError('later', { credential: 'x', why: 'short', used: 1, limit: 1, waitMs: 1 })],
  ])('stays as it was where the group %s', async (_, error) => {
    const at = open();
    await at.ask();
    await at.tick();
    const before = await at.note();
    at.world.advance(MINUTE);
    await at.tick((ports) => ({
      runners: { ...ports.runners, list: async () => Promise.reject(error) },
    }));
    expect(await at.note()).toEqual(before);
  });

  it('is told of the group that was asked for, and of no other that sleeps', async () => {
    const at = open({}, group({ name: 'tests', min: 0, wake }));
    await at.ask({ runners: 3 });
    await at.tick();
    expect((await at.note()).seen).toEqual({ at: at.world.now, online: 0, starting: 3, min: 3 });
    const others = (await at.state().load([wakeNoteKey('tests')])).get(wakeNoteKey('tests'));
    expect(parseWakeNote(others?.value).seen).toBeUndefined();
  });

  it('leaves out what the tick did besides, and what it could not make', async () => {
    const at = open();
    at.world.bitbucket.register(sleeper.scope, sleeper);
    at.world.advance(60 * MINUTE);
    await at.ask();
    let refused = 0;
    const report = await at.tick((ports) => ({
      runners: {
        ...ports.runners,
        register: async (...of) => {
          refused += 1;
          return refused === 1 ? Promise.reject(new Error('503')) : ports.runners.register(...of);
        },
      },
    }));
    const outcomes = report.groups[0]?.outcomes.map(({ action, status }) => `${action} ${status}`) ?? [];
    expect(outcomes.sort()).toEqual(['add done', 'add failed', 'remove done']);
    const held = expect.stringMatching(/^503/);
    expect((await at.note()).seen).toEqual({ at: at.world.now, online: 0, starting: 1, min: 2, held });
  });

  it('is told where min keeps some: when it changes, and every two minutes', async () => {
    const at = open({ min: 1 });
    const versions: unknown[] = [];
    for (const minutes of [1, 1, 1, 1, 1]) {
      await at.tick();
      versions.push(await at.version());
      at.world.advance(minutes * MINUTE);
    }
    // One starts; it is online; nothing is new; two minutes have gone by; nothing is new.
    expect(versions).toEqual([1, 2, 2, 3, 3]);
    expect((await at.note()).seen).toEqual({ at: at.world.now - 2 * MINUTE, online: 1, starting: 0, min: 1 });
  });
});

describe('what holds runners back is told', () => {
  const cap = reason('workspace-cap', { cap: 1, registrations: 1, withheld: 1 });
  const most = reason('max-creates-per-tick', { limit: 1, withheld: 1 });
  const window = reason('schedule', { window: 'day', min: 3, max: 5, until: '18:00' });
  const woken = reason('woken', { runners: 3, by: 'acme/shop', until: '18:00' });
  type Told = { readonly starting?: number; readonly bounds: readonly Reason[]; readonly outcomes?: readonly object[] };
  const failed = (error: string, action = 'add') => ({ action, status: 'failed', error });

  /** What is told of a group with min 3, two runners online and so many that start. */
  async function heldWith({ starting = 0, bounds, outcomes = [] }: Told): Promise<string | undefined> {
    const ports = new World().ports();
    const counts = { busy: 1, idle: 1, starting };
    const decision = {
      action: 'hold',
      from: 2,
      to: 2,
      reason: reason('below-min', { min: 3, usable: 2, starting: 0 }),
    };
    const told = { name: 'builds', counts, decision, bounds, outcomes, problems: [] };
    const entry = { group: { ...sleeper, min: 3 }, runners: [] };
    const leave = await beginNotes([sleeper], ports, NOON);
    await leave({
      observation: { groups: [entry] },
      report: { groups: [told] },
    } as unknown as Parameters<LeaveNotes>[0]);
    return parseWakeNote((await ports.state.load([wakeNoteKey('builds')])).get(wakeNoteKey('builds'))?.value).seen
      ?.held;
  }

  it.each<readonly [string, Told, string | undefined]>([
    ['where one is missing', { bounds: [cap] }, cap.text],
    ['not where enough start', { starting: 1, bounds: [cap] }, undefined],
    ['not where nothing does', { bounds: [] }, undefined],
    ['without what only explains', { bounds: [window, woken, cap, most] }, `${cap.text}; ${most.text}`],
    [
      'with the first add that failed',
      {
        bounds: [cap],
        outcomes: [{ action: 'add', status: 'skipped' }, failed('x', 'remove'), failed('a'), failed('b')],
      },
      `a; ${cap.text}`,
    ],
    ['in 300 characters', { bounds: [], outcomes: [failed('e'.repeat(301))] }, 'e'.repeat(300)],
  ])('%s', async (_, told, held) => {
    expect(await heldWith(told)).toBe(held);
  });
});

it('how many runners a group has is told at each tick while somebody waits', async () => {
  const at = open();
  await at.ask();
  const versions: unknown[] = [];
  for (let tick = 0; tick < 4; tick += 1) {
    await at.tick();
    versions.push(await at.version());
    at.world.advance(10_000);
  }
  expect(versions).toEqual([1, 2, 3, 4]);
});

describe('of a group of which the tick has seen nothing', () => {
  const sleeping = group({ min: 0, wake: { ...wake, from: [{ ...SHOP, repository: '{shop}' }] } });
  const nothing = makeSkippedReport(TICK, 'nothing');

  async function left(seen: Observation, report: Report, ...asks: readonly WakeAsk[]) {
    const state = createMemoryStateStore();
    await state.save([{ key: wakeMemoryKey('builds'), expectedVersion: 0, value: { asks } }], NOON);
    const saved: unknown[] = [];
    const save: StateStore['save'] = async (changes, now) => {
      saved.push(...changes);
      return state.save(changes, now);
    };
    const ports = { ...new World().ports(), state: { ...state, save } };
    const leave = await beginNotes([sleeping], ports, NOON);
    return { problems: await leave({ observation: seen, report }), saved };
  }

  it('nothing is told, and nothing is wrong', async () => {
    expect(await left(observation([]), nothing)).toEqual({ problems: [], saved: [] });
  });

  it('what was asked for stays, and one that would run out lasts for another while', async () => {
    const asked = { step: '{s1}', by: 'acme/shop', runners: 1, pipeline: '{p1}' };
    const long = { ...asked, until: NOON + MS_LEFT + 1, knownUntil: NOON + MS_LEFT + 1 };
    expect(await left(observation([]), nothing, long)).toEqual({ problems: [], saved: [] });
    const ending = { ...asked, until: NOON + MS_LEFT, knownUntil: NOON + MS_LEFT };
    const { problems, saved } = await left(observation([]), nothing, long, ending);
    const later = NOON + 10 * MINUTE;
    const asks = [long, { ...ending, until: later, knownUntil: later }];
    expect(problems).toEqual([]);
    expect(saved).toEqual([{ key: wakeMemoryKey('builds'), expectedVersion: 1, value: { asks } }]);
  });

  it('the report alone is not believed', async () => {
    const look = observation([groupObservation({ group: sleeping })]);
    const decisions = decide(look);
    const { groups } = makeReport(nothing.tick, look, decisions, makePlan(look, decisions), {
      outcomes: new Map(),
      problems: [],
    });
    expect(await left(observation([]), { ...nothing, groups })).toEqual({ problems: [], saved: [] });
  });
});

it('nothing is read, looked up or saved for groups that nobody may wake', async () => {
  const { ports, trace } = recordingPorts();
  const seen = { observation: observation([groupObservation()]), report: makeSkippedReport(TICK, 'nothing') };
  expect(await (await beginNotes([group()], ports, NOON))(seen)).toEqual([]);
  expect(trace).toEqual([]);
  await (await beginNotes([group({ name: 'tests' }), sleeper], ports, NOON))(seen);
  expect(trace.filter((line) => line.startsWith('load '))).toEqual([
    'load wake/look/acme',
    'load wake/note/builds wake/asks/builds',
  ]);
});

it('looks that were asked for are taken up before the tick looks', async () => {
  const at = open();
  await at.tick();
  const key = wakeLookKey('acme');
  const value = { at: at.world.now, isOpen: true };
  await at.state().save([{ key, expectedVersion: 0, value }], at.world.now);
  const seen: unknown[] = [];
  await at.tick((ports) => ({
    runners: {
      ...ports.runners,
      list: async (scope, known) => {
        seen.push((await ports.state.load([key])).get(key)?.value);
        return ports.runners.list(scope, known);
      },
    },
  }));
  expect(seen).toEqual([{ ...value, isOpen: false }]);
});

it('what cannot be saved is a problem of the tick; where memory is out of reach the look says so', async () => {
  const at = open();
  const report = await at.tick((ports) => ({
    state: {
      ...ports.state,
      save: async (changes, now) => {
        const [own] = changes.filter(({ key }) => key === wakeNoteKey('builds'));
        return own === undefined ? ports.state.save(changes, now) : [{ key: own.key, failure: 'throttled' }];
      },
    },
  }));
  expect(report.problems).toEqual(['throttled']);
  const overtaken = await open().tick((ports) => ({
    state: {
      ...ports.state,
      save: async (changes, now) => {
        const [own] = changes.filter(({ key }) => key === wakeNoteKey('builds'));
        return own === undefined ? ports.state.save(changes, now) : [{ key: own.key }];
      },
    },
  }));
  expect(overtaken.problems).toEqual([]);
  const blind = await at.tick((ports) => ({
    state: { ...ports.state, load: async () => Promise.reject(new Error('the table is gone')) },
  }));
  expect(blind.problems).toContain('What pipelines are to be told could not be saved: the table is gone');
});
