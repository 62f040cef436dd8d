/** Tuning in the real laboratory, on loads of which the cheapest setting is known. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunnerGroup } from '#core/model/configuration.ts';
import { arrivalsOf, ownersOf } from '#tools/laboratory/load.ts';
import { parseScenario, type ScenarioInput } from '#tools/laboratory/scenario.ts';
import type { SearchBounds } from '#tools/tune/space.ts';
import { stagesFor, type TuneRequest, type Tuning, thinned, tune } from '#tools/tune/tune.ts';
import { renderTuning, tuningDocument, unmetGoal } from '#tools/tune/tuning-text.ts';
import { configOf, fleetOf } from './groups.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const AT_ONCE = { share: 1, withinMs: 1_000 };

/** Three steps at once, again and again: whoever keeps three runners idle lets nobody wait, whoever keeps two does not. */
const BURSTS: ScenarioInput = {
  span: '16h',
  startup: '90s',
  loads: [{ kind: 'burst', at: '40m7s', every: '40m', steps: 3, duration: '5m' }],
};

const ONLY_IDLE_COUNT: SearchBounds = {
  min: { from: 1, to: 1 },
  idleCount: { from: 0, to: 5 },
  scaleFactor: { from: 0, to: 0 },
  stabilisationWindow: { from: 0, to: 0 },
  coolDown: { from: MINUTE_MS, to: MINUTE_MS },
};

const LINUX_STEP = { scope: { workspace: 'acme', repository: 'shop' }, labels: ['builds'], durationMs: 1 };

const OWN = ['coolDown: 1m', 'stabilisationWindow: 0s'];

async function requestOf(input: ScenarioInput, changes: Partial<TuneRequest> = {}): Promise<TuneRequest> {
  const fleet = await fleetOf(configOf('idleBuffer', ['min: 1', 'max: 10', 'idleCount: 5', 'scaleFactor: 0'], OWN));
  const [group] = fleet.groups;
  if (group === undefined) throw new Error('there is a group');
  const scenario = parseScenario({ conditions: 'ideal', ...input }, 'test');
  const { start, span, loads, seed } = scenario;
  return {
    // A look every second minute is enough to have runners ready for the next burst, and half of the work.
    fleet: { ...fleet, pollEveryMs: 2 * MINUTE_MS },
    group,
    scenario,
    openArrivals: () => arrivalsOf(loads, ownersOf(fleet.groups), { start, end: start + span }, seed),
    goal: AT_ONCE,
    measure: 'hours',
    strategies: ['idleBuffer'],
    bounds: ONLY_IDLE_COUNT,
    mostRuns: 20,
    ...changes,
  };
}

describe('a batch at the same time of every working day', () => {
  /** Five days: searched in on Monday, Wednesday and Friday. */
  const BATCH: ScenarioInput = {
    span: '5d',
    startup: '90s',
    loads: [{ kind: 'burst', at: '10h7s', every: '24h', steps: 8, duration: '5m' }],
  };
  /** A look every five minutes, so that five days take a moment. */
  async function requestFor(
    scenario: ScenarioInput,
    idleCount: number,
    own: Partial<RunnerGroup> = {},
  ): Promise<TuneRequest> {
    const { fleet, group, ...request } = await requestOf(scenario, {
      bounds: { ...ONLY_IDLE_COUNT, idleCount: { from: 1, to: idleCount } },
    });
    const changed = { ...group, ...own };
    return { ...request, group: changed, fleet: { ...fleet, pollEveryMs: 5 * MINUTE_MS, groups: [changed] } };
  }

  it('is met by a window where no setting does, which is told with its text', async () => {
    const tuning = await tune(await requestFor(BATCH, 1));
    expect(unmetGoal(tuning)).toBeDefined();
    expect(tuning.schedule).toMatchObject({
      training: { waitedMs: 0, steps: 24 },
      holdOut: { waitedMs: 0, steps: 16 },
      windows: [{ days: 'mon-fri', schedule: { from: 585, to: 615, min: 8 } }],
    });
    const text = renderTuning(tuning, { width: 400 }).join('\n');
    expect(text).toContain(
      'schedules: [{ name: mon-fri-0945, days: [mon-fri], from: "09:45", to: "10:15", timezone: UTC, min: 8, max: 10 }]',
    );
    expect(tuningDocument(tuning, 'linux')).toMatchObject({
      schedule: { parameters: { idleCount: 1 }, windows: [{ name: 'mon-fri-0945', min: 8 }] },
    });
  });

  it('is told of where it is cheaper than any setting that keeps the goal', async () => {
    const { best, schedule } = await tune(await requestFor(BATCH, 8));
    expect(best.setting.values.idleCount).toBe(8);
    expect(schedule?.holdOut.cost).toBeLessThan(best.holdOut.cost / 2);
  });

  it.each<readonly [string, ScenarioInput, Partial<RunnerGroup>]>([
    [
      'the hold-out does not bear it out',
      {
        ...BATCH,
        loads: [
          { kind: 'burst', at: '10h7s', every: '48h', steps: 8, duration: '5m' },
          { kind: 'burst', at: '33h7s', every: '48h', steps: 8, duration: '5m' },
        ],
      },
      {},
    ],
    [
      'the group has windows of its own',
      BATCH,
      { schedules: [{ name: 'own', days: ['sun'], from: 0, to: 60, timezone: 'UTC', min: 1, max: 10 }] },
    ],
  ])('is not told of where %s', async (_, scenario, own) => {
    const tuning = await tune(await requestFor(scenario, 1, own));
    expect(tuning.schedule).toBeUndefined();
  });
});

describe('tune', () => {
  const seen: number[] = [];
  let tuning: Tuning;

  beforeAll(async () => {
    tuning = await tune(await requestOf(BURSTS, { onProgress: (_, share) => seen.push(share) }));
  });

  it('finds the cheapest that is known', () => {
    expect(tuning.isExhaustive).toBe(true);
    expect(tuning.settings).toBe(6);
    expect(tuning.best.setting.values.idleCount).toBe(3);
    expect(tuning.best.training).toMatchObject({ waitedMs: 0, failed: 0, steps: 33 });
    expect(tuning.best.holdOut).toMatchObject({ waitedMs: 0, failed: 0, steps: 36 });
    // More idle runners cost more and save nothing; those with fewer have others wait.
    expect(tuning.frontier.map(({ setting }) => setting.values.idleCount)).toEqual([1, 2, 3]);
    expect(unmetGoal(tuning)).toBeUndefined();
  });

  it('recommends by the training part, and says when the hold-out does not bear it out', async () => {
    // Turns of two hours: larger bursts come in every second one alone.
    const uneven: ScenarioInput = {
      ...BURSTS,
      loads: [
        { kind: 'burst', at: '40m7s', every: '40m', steps: 2, duration: '5m' },
        { kind: 'burst', at: '3h20m7s', every: '4h', steps: 2, duration: '5m' },
      ],
    };
    const tuning = await tune(await requestOf(uneven));
    expect(tuning.best.setting.values.idleCount).toBe(2);
    expect(tuning.best.holdOut.waitedMs).toBeGreaterThan(1_000);
    expect(tuningDocument(tuning, 'linux')).toMatchObject({ holds: { training: true, holdOut: false } });
    expect(renderTuning(tuning, { width: 200 }).join('\n')).toContain(
      'It does NOT keep the goal in the hold-out: 100 % within',
    );
  });

  it('keeps a margin to the goal in the part that is searched', async () => {
    const tuning = await tune(await requestOf(BURSTS, { goal: { share: 0.9, withinMs: 1_000 } }));
    expect(tuning.searched).toEqual({ share: 0.92, withinMs: 1_000 });
    expect(renderTuning(tuning, { width: 200 })[0]).toBe(
      'Goal: 90 % of steps wait less than 1s, searched for with a margin: 92 %.',
    );
  });

  it('says where max is what lets steps wait', async () => {
    const bounds = { ...ONLY_IDLE_COUNT, max: { from: 2, to: 2 } };
    const tuning = await tune(await requestOf(BURSTS, { bounds }));
    expect(tuning.best.withheldByMax).toBeGreaterThan(0);
    expect(renderTuning(tuning, { width: 300 }).join('\n')).toMatch(
      /max 2 binds: it withheld runners at \S+ % of the looks\. See what more would bring with --within max=2\.\.4\./,
    );
    const roomy = await tune(await requestOf(BURSTS));
    expect(roomy.best.withheldByMax).toBe(0);
    expect(renderTuning(roomy, { width: 300 }).join('\n')).not.toContain('binds');
  });

  it('tries a buffer that is learned beside one that is set', async () => {
    const { scaleFactor: _, ...bounds } = { ...ONLY_IDLE_COUNT, idleCount: { from: 0, to: 4 } };
    const tuning = await tune(await requestOf({ ...BURSTS, span: '8h' }, { bounds, mostRuns: 30 }));
    const kinds = tuning.frontier.map(({ setting }) => setting.values.scaleFactor === undefined);
    expect(new Set(kinds)).toEqual(new Set([true, false]));
    expect(tuning.spaces.map(({ ladders }) => ladders.scaleFactor === undefined)).toEqual([true, false]);
    expect(renderTuning(tuning, { width: 300 }).join('\n')).toMatch(/idleBuffer with a learned buffer: idleCount 0–4/);
  });

  it('plays groups together that share the runners of their workspace, and counts the steps of its own', async () => {
    const request = await requestOf(BURSTS);
    const twin = { ...request.group, name: 'windows', labels: ['windows'], min: 2 };
    const fleet = { ...request.fleet, groups: [request.group, twin] };
    const playedIn = (maxRunners: number) =>
      tune({ ...request, fleet: { ...fleet, workspaces: { acme: { maxRunners, api: 'internal' } } } });
    const [apart, together] = [await playedIn(20), await playedIn(19)];
    expect([apart.peers, together.peers]).toEqual([[], ['windows']]);
    expect(together.best.training).toMatchObject({ steps: 33, waitedMs: 0 });
    // Two more all the time, since nothing comes for them.
    expect(together.best.training.hours - apart.best.training.hours).toBeGreaterThan(2 * 30 * 24);
    expect(renderTuning(together, { width: 300 }).join('\n')).toContain('Played together with windows,');
  });

  it('names what comes nearest when the goal cannot be had', async () => {
    const bounds = { ...ONLY_IDLE_COUNT, idleCount: { from: 0, to: 2 } };
    const tuning = await tune(await requestOf(BURSTS, { bounds }));
    expect(tuning.best.setting.values.idleCount).toBe(2);
    expect(unmetGoal(tuning)).toMatch(
      /^The goal cannot be had: none of the 3 settings within the bounds lets 100 % of steps wait less than 1s; the nearest is 100 % within \S+, for \S+ runner-hours a month, with idleCount 5 → 2; /,
    );
    expect(tuningDocument(tuning, 'linux')).toMatchObject({
      recommended: null,
      nearest: tuning.frontier.indexOf(tuning.best),
    });
  });

  it('gives the same for the same seed, also where steps and start-ups are drawn', async () => {
    const drawn: ScenarioInput = {
      span: '8h',
      seed: 5,
      startup: { kind: 'exponential', mean: '60s' },
      loads: [{ kind: 'poisson', perHour: 30, duration: { kind: 'exponential', mean: '4m' } }],
    };
    const changes = { bounds: {}, mostRuns: 6, goal: { share: 0.9, withinMs: 60_000 } };
    const [one, again] = [await tune(await requestOf(drawn, changes)), await tune(await requestOf(drawn, changes))];
    expect(JSON.stringify(tuningDocument(again, 'linux'))).toBe(JSON.stringify(tuningDocument(one, 'linux')));
    expect(one.runs).toBeLessThanOrEqual(6);
  });

  it('plays only the steps of the group, and tells of the others', async () => {
    const request = await requestOf(BURSTS);
    const { start } = request.scenario;
    const strangers = Array.from({ length: 7 }, (_, index) => ({
      ...{
        at: start + index * 1000,
        scope: { workspace: 'other', repository: 'x' },
        labels: [],
        durationMs: MINUTE_MS,
      },
    }));
    const openArrivals = () => [...strangers, ...(request.openArrivals() as Iterable<(typeof strangers)[number]>)];
    const tuning = await tune({ ...request, openArrivals });
    expect(tuning.otherSteps).toBe(7);
    expect(tuning.training.steps).toBe(33);
    expect(tuning.best.training.steps).toBe(33);
  });

  it('tells how far it is, never backwards', () => {
    expect(seen.length).toBeGreaterThan(6);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBeLessThanOrEqual(1);
  });

  it.each([
    [
      'steps that are for nobody',
      { openArrivals: () => [{ at: Date.UTC(2026, 10, 9), scope: { workspace: 'x' }, labels: [], durationMs: 1 }] },
      'No step is for group "linux" (autoscaler.created, builds, linux, self.hosted): 1 are those of other groups, or of none; check the group and where the steps are from',
    ],
    [
      'no step at all',
      { openArrivals: () => [] },
      'No step is for group "linux" (autoscaler.created, builds, linux, self.hosted): there is none at all; check the group and where the steps are from',
    ],
    [
      'a part without a step',
      { holdOut: 'weeks', openArrivals: () => [{ at: Date.UTC(2026, 10, 9), ...LINUX_STEP }] },
      'The held-out part has no step for group "linux"; give another --hold-out or more history',
    ],
    [
      'bounds of another strategy',
      { bounds: { scaleUpThreshold: { from: 0.1, to: 0.2 } } },
      '--within scaleUpThreshold: idleBuffer does not have that parameter; remove it, or give --strategy',
    ],
    [
      'bounds that contradict each other',
      { bounds: { ...ONLY_IDLE_COUNT, min: { from: 11, to: 12 } } },
      'The bounds of --within leave no setting that makes sense; widen them',
    ],
  ] satisfies [string, Partial<TuneRequest>, string][])('refuses %s', async (_, changes, message) => {
    const attempt = tune(await requestOf(BURSTS, changes));
    await expect(attempt).rejects.toMatchObject({ name: 'InputError', message });
  });
});

describe('stagesFor', () => {
  it.each([
    ['a month', 30, [1 / 4, 1 / 2, 1]],
    ['eight days', 8, [1 / 4, 1 / 2, 1]],
    ['a little less', 7.99, [1 / 2, 1]],
    ['four days', 4, [1 / 2, 1]],
    ['three days', 3, [1]],
  ])('%s', (_, days, stages) => expect(stagesFor(days * DAY_MS)).toEqual(stages));
});

describe('thinned', () => {
  it('shows a short frontier whole', () => {
    const ten = Array.from({ length: 10 }, (_, index) => index);
    expect(thinned(ten, 3)).toBe(ten);
  });

  it.each([11, 12, 25, 100])('shows ten of %i at most, in order, with both ends and the best', (length) => {
    const all = Array.from({ length }, (_, index) => index);
    for (const best of all) {
      const shown = thinned(all, best);
      expect(shown.length).toBeLessThanOrEqual(10);
      expect(shown).toEqual([...shown].sort((a, b) => a - b));
      expect(shown).toEqual(expect.arrayContaining([0, best, length - 1]));
    }
  });
});
