import { describe, expect, it } from 'vitest';
import { createCallBudget } from '#adapters/budget/ledger.ts';
import { followBudgets, type TickBudgets } from '#core/budget/tick-budgets.ts';
import { InputError } from '#core/errors.ts';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import type { Calls, Report, TickRecord } from '#core/model/report.ts';
import { placeOf, placesKeyOf } from '#core/places.ts';
import { lookAndDecide, reconcile, type TickRequest } from '#core/reconcile.ts';
import { shardOf } from '#core/select.ts';
import { fleet, group, jobOf, NOON, runner } from '#kit/fleet.ts';
import { STRATEGIES } from '#kit/strategies.ts';
import { recordingPorts, type Script } from './ports.ts';

const WAKE = { from: [{ workspace: 'acme', repository: 'shop' }], max: 3, forMs: 600_000 };

const CONFIG: Fleet = fleet([group({ min: 1 })]);

const request = (over: Partial<TickRequest> = {}): TickRequest => ({
  fleet: CONFIG,
  mode: 'apply',
  now: NOON,
  tickId: 'tick-1',
  elapsedMs: () => 41.6,
  ...over,
});

async function tick(over: Partial<TickRequest> = {}, script: Script = {}) {
  const { ports, trace } = recordingPorts(script);
  return { report: await reconcile(request(over), ports), trace };
}

/** The document that the place of the group is in. */
const PLACES = placesKeyOf(placeOf(group({ min: 1 }), CONFIG)?.[0] ?? '');

const LOOK = [
  'load group/builds scope/acme workspace/acme places/0 places/1 places/2 places/3 deployment',
  'list acme',
  'list Jobs of main/runners',
  'identify acme',
];
const ACT = [
  `save group/builds@0 scope/acme@0 ${PLACES}@0 deployment@0`,
  'register builds in acme',
  'createJob runner-new-1 in runners',
  'createSecret runner-oauth-credentials-new-1 of runner-new-1',
  'save group/builds@1',
];

/** A world in which there is something to do in every direction. */
const eventful: Script = {
  runners: {
    list: async () => [runner({ uuid: '{dead}', status: 'UNREGISTERED' })],
    get: async () => undefined,
  },
  jobs: { list: async () => [jobOf(runner({ uuid: '{gone}' }))] },
};

describe('a tick', () => {
  it('takes the lease, looks, claims, acts, records, and gives the lease back', async () => {
    const { report, trace } = await tick();
    expect(trace).toEqual(['acquireLease tick', ...LOOK, ...ACT, 'appendTick tick-1', 'releaseLease tick']);
    expect(report.groups[0]?.outcomes).toEqual([{ action: 'add', runner: '{new-1}', status: 'done' }]);
  });

  it('asks for the lease in its own name, for two minutes unless told otherwise', async () => {
    const asked: unknown[] = [];
    const script: Script = {
      state: {
        acquireLease: async (lease) => {
          asked.push(lease);
          return { acquired: true };
        },
        releaseLease: async (lease) => {
          asked.push(lease);
        },
      },
    };
    await tick({}, script);
    await tick({ shard: { index: 0, of: 1 }, leaseTtlMs: 70_000 }, script);
    expect(asked).toEqual([
      { name: 'tick', holder: 'tick-1', now: NOON, ttlMs: 120_000 },
      { name: 'tick', holder: 'tick-1' },
      { name: 'tick-0-of-1', holder: 'tick-1', now: NOON, ttlMs: 70_000 },
      { name: 'tick-0-of-1', holder: 'tick-1' },
    ]);
  });

  it.each([0, 1])(
    'tells pipelines of a group in the shard that scales it, where its workspace has two names (%s)',
    async (index) => {
      const uuid = '{uuid}';
      const woken = group({ name: 'woken', scope: { workspace: uuid }, labels: ['woken'], min: 0, wake: WAKE });
      const shards = 2;
      expect(shardOf(uuid, shards)).not.toBe(shardOf('acme', shards));
      const { trace, report } = await tick(
        { fleet: fleet([group({ min: 1 }), woken]), shard: { index, of: shards } },
        { runners: { identify: async () => ({ workspaceUuid: uuid }) } },
      );
      const isHome = index === shardOf('acme', shards);
      expect(report.groups.map(({ name }) => name)).toEqual(isHome ? ['builds', 'woken'] : []);
      // Looks are asked for under the name that the configuration has.
      const calls = trace.filter((call) => call.includes('wake/'));
      expect(calls.some((call) => call.includes(`wake/look/${uuid}`))).toBe(isHome);
      expect(calls.some((call) => call.includes('wake/note/woken'))).toBe(isHome);
    },
  );

  it('says when it was, how long it took, and the calls that it made itself', async () => {
    const totals: Calls[] = [
      { bitbucket: 100, kubernetes: 10, aws: 1 },
      { bitbucket: 107, kubernetes: 15, aws: 4 },
    ];
    const { report } = await tick({}, { calls: () => totals.shift() ?? { bitbucket: 0, kubernetes: 0, aws: 0 } });
    expect(report.tick).toEqual({
      id: 'tick-1',
      at: new Date(NOON).toISOString(),
      mode: 'apply',
      durationMs: 42,
      calls: { bitbucket: 7, kubernetes: 5, aws: 3 },
    });
  });

  it('reports and records what the door knows of it, before its own notes', async () => {
    const records: TickRecord[] = [];
    const configuration = { inForceSince: '2026-11-09T11:00:00.000Z', refusal: 'is refused (x)' };
    const circumstances = () => ({ configuration, notes: ['from the door'] });
    const { report } = await tick(
      { circumstances },
      {
        runners: { list: async () => [runner({ name: 'stray', labels: ['autoscaler.created', 'stray'] })] },
        state: { appendTick: async (record) => void records.push(record) },
      },
    );
    expect(report.configuration).toEqual(configuration);
    expect(report.notes).toEqual(['from the door', expect.stringContaining('stray')]);
    expect(records.map((record) => record.report)).toEqual([report]);
  });

  it('has no notes where there is nothing to say', async () => {
    expect((await tick()).report.notes).toEqual([]);
  });

  it('is about the groups that were asked for', async () => {
    const config = fleet([group(), group({ name: 'tests' })]);
    const { report } = await tick({ fleet: config, groups: ['tests'] });
    expect(report.groups.map(({ name }) => name)).toEqual(['tests']);
  });

  it('records its report with what it saw', async () => {
    const records: TickRecord[] = [];
    const appendTick = async (record: TickRecord) => void records.push(record);
    const { report } = await tick({}, { state: { appendTick } });
    expect(records).toEqual([{ id: 'tick-1', at: NOON, report, observation: expect.objectContaining({ at: NOON }) }]);
    expect(records[0]?.observation.groups.map((entry) => entry.group.name)).toEqual(['builds']);
  });
});

describe('how long a tick looks', () => {
  const seenAfter = async (elapsedMs: number) => {
    const records: TickRecord[] = [];
    await tick({ elapsedMs: () => elapsedMs }, { state: { appendTick: async (record) => void records.push(record) } });
    return records[0]?.observation;
  };

  it.each([
    { name: 'is left out where it is short', elapsedMs: 4_999.9, readBy: undefined },
    { name: 'is told from five seconds on', elapsedMs: 5_000, readBy: NOON + 5_000 },
    { name: 'is told in whole milliseconds', elapsedMs: 7_000.6, readBy: NOON + 7_001 },
  ])('$name', async ({ elapsedMs, readBy }) => {
    const seen = await seenAfter(elapsedMs);
    expect(seen).toMatchObject({ at: NOON, groups: [{ group: { name: 'builds' } }] });
    expect([seen?.readBy, seen && 'readBy' in seen]).toEqual([readBy, readBy !== undefined]);
  });

  it.each([
    { name: 'a young one suffices to remove, however late it began', times: [20_000, 34_999], reads: [] },
    { name: 'an old one does not', times: [20_000, 35_000], reads: ['get {drained}'] },
  ])('$name', async ({ times: [began, acts], reads }) => {
    const drained = runner({ uuid: '{drained}', status: 'DISABLED' });
    const memory = { idleSince: {}, drainingSince: { '{drained}': NOON - 600_000 }, runners: { '{drained}': 0 } };
    let isLooking = false;
    const { trace } = await tick(
      { fleet: fleet([group({ min: 0 })]), elapsedMs: () => (isLooking ? acts : began) ?? 0 },
      {
        runners: {
          list: async () => {
            isLooking = true;
            return [drained];
          },
          get: async () => drained,
        },
        jobs: { list: async () => [jobOf(drained)] },
        state: { load: async () => new Map([['group/builds', { version: 1, value: memory }]]) },
      },
    );
    expect(trace.filter((line) => /^(get|remove) /.test(line))).toEqual([...reads, 'remove {drained}']);
  });
});

describe('what a queue is counted for', () => {
  const repositories = { kind: 'named', names: ['shop'] } as const;
  const strategy = { ...STRATEGIES.queueAware.strategy, repositories };
  const busy = runner({ uuid: '{busy}', hasStep: true });
  const saturated: Script = { runners: { list: async () => [busy] }, jobs: { list: async () => [jobOf(busy)] } };
  const looked = async (of: Partial<RunnerGroup>, over: Partial<TickBudgets> = {}) => {
    const { ports, trace } = recordingPorts(saturated);
    const groups = [group({ min: 0, ...of })];
    const budgets = { ...followBudgets([]), ...over };
    const look = await lookAndDecide({ fleet: fleet(groups), groups, at: NOON, budgets }, ports);
    return { ...look, counts: trace.filter((line) => line.startsWith('openPipelines')) };
  };
  /** Budgets that allow one call less each time they are asked. */
  const shrinking = (): Partial<TickBudgets> => {
    let left = 100;
    const allow = () => [
      { credential: 'ci', workspaces: ['acme'], limit: 1000, left: left--, creates: 0, moreAt: NOON },
    ];
    return { allow, keys: ['budget/ci'] };
  };

  it('is nothing where no decision depends on one: no call, and no queue', async () => {
    const { observation, counts } = await looked({});
    expect(counts).toEqual([]);
    expect(observation.queues).toEqual([]);
  });

  it('is a decision that depends on it, which has what calls are left then', async () => {
    const { observation, counts } = await looked({ strategy }, shrinking());
    expect(counts).toEqual(['openPipelines acme/shop']);
    expect(observation.queues).toHaveLength(1);
    expect(observation.budgets?.map(({ left }) => left)).toEqual([99]);
    expect((await looked({}, shrinking())).observation.budgets?.map(({ left }) => left)).toEqual([100]);
  });

  it('has no budgets where nobody counts calls', async () => {
    expect((await looked({ strategy })).observation).not.toHaveProperty('budgets');
  });
});

describe('a tick under a budget', () => {
  const budgetOf = () => budget;
  const clock = { now: NOON };
  const budget = createCallBudget({ credential: 'ci', key: 'budget/ci', limit: () => 1000, now: () => clock.now });

  it('reads it with the memory and saves it beside the record; a dry run does not', async () => {
    const wet = recordingPorts();
    const { budgets } = await reconcile(request(), { ...wet.ports, budgetOf });
    expect(budgets).toMatchObject([{ credential: 'ci', limit: 1000, heldBack: [] }]);
    expect(wet.trace.filter((line) => line.includes('budget/ci'))).toEqual([
      expect.stringMatching(/^load group\/builds .* budget\/ci$/),
      'save budget/ci@0',
    ]);
    clock.now += 60_000;
    const dry = recordingPorts();
    await reconcile(request({ mode: 'plan', now: clock.now }), { ...dry.ports, budgetOf });
    expect(dry.trace.filter((line) => line.includes('budget/ci'))).toEqual([expect.stringMatching(/^load /)]);
  });

  it('says that it could not be saved, beside what else went wrong', async () => {
    clock.now += 60_000;
    const broken = recordingPorts({
      state: {
        appendTick: () => Promise.reject(new Error('no table')),
        save: async (changes) => changes.map(({ key }) => ({ key, failure: 'no table' })),
      },
    });
    const report = await reconcile(request({ now: clock.now }), { ...broken.ports, budgetOf });
    expect(report.problems.slice(-2)).toEqual([
      'The tick could not be recorded: no table',
      'The calls of credential ci could not be saved: no table',
    ]);
  });
});

describe('a dry run', () => {
  it('makes the same decision and plan, and no call that writes: no lease, no claim, no record', async () => {
    const two = fleet([group({ min: 2 })]);
    const dry = await tick({ fleet: two, mode: 'plan' }, eventful);
    const wet = await tick({ fleet: two }, eventful);
    expect(dry.trace).toEqual(LOOK);
    expect(dry.report.groups.map(({ plan }) => plan.map(({ action }) => action))).toEqual([
      ['add', 'remove', 'remove-job'],
    ]);
    const seen = ({ groups }: Report) => groups.map(({ outcomes: _, ...rest }) => rest);
    expect(seen(dry.report)).toEqual(seen(wet.report));
    expect(dry.report).toMatchObject({ tick: { mode: 'plan' }, groups: [{ outcomes: [] }], problems: [] });
    expect(wet.report.groups[0]?.outcomes).toHaveLength(3);
  });

  it('also looks while another tick has the lease', async () => {
    const { report } = await tick({ mode: 'plan' }, { state: { acquireLease: () => Promise.reject(new Error('no')) } });
    expect(report.groups).toHaveLength(1);
  });
});

describe('the lease', () => {
  const held: Script['state'] = { acquireLease: async () => ({ acquired: false, holder: 'tick-0', until: NOON + 1 }) };

  it('that somebody else holds: nothing is looked at, nothing is given back, and the report says so', async () => {
    const { report, trace } = await tick({}, { state: held });
    expect(trace).toEqual(['acquireLease tick']);
    expect(report).toEqual({
      version: 1,
      tick: expect.objectContaining({ id: 'tick-1', durationMs: 42, skipped: 'lease held by tick tick-0' }),
      groups: [],
      problems: [],
      notes: [],
    });
  });

  it('that cannot be asked for: the tick fails before it looks', async () => {
    const { ports, trace } = recordingPorts({ state: { acquireLease: () => Promise.reject(new Error('Throttled.')) } });
    await expect(reconcile(request(), ports)).rejects.toThrow('Throttled.');
    expect(trace).toEqual(['acquireLease tick']);
  });

  it('is given back even if the line throws', async () => {
    const { ports, trace } = recordingPorts();
    await expect(reconcile(request({ groups: ['nobody'] }), ports)).rejects.toThrow(InputError);
    expect(trace).toEqual(['acquireLease tick', 'releaseLease tick']);
  });

  it('that cannot be given back does not hide what the tick did', async () => {
    const { report } = await tick({}, { state: { releaseLease: () => Promise.reject(new Error('Throttled.')) } });
    expect(report.groups[0]?.outcomes).toHaveLength(1);
    expect(report.problems).toEqual([]);
  });
});

describe('a tick that goes wrong in part', () => {
  it('and cannot be recorded: what it did is reported, with a problem', async () => {
    const { report, trace } = await tick({}, { state: { appendTick: () => Promise.reject(new Error('Throttled.')) } });
    expect(report.problems).toEqual(['The tick could not be recorded: Throttled.']);
    expect(report.groups[0]?.outcomes).toHaveLength(1);
    expect(trace.at(-1)).toBe('releaseLease tick');
  });

  it('and could not save its claim: both problems, in order, and nothing was done', async () => {
    const fail = () => Promise.reject(new Error('Throttled.'));
    const { report, trace } = await tick({}, { state: { save: fail, appendTick: fail } });
    expect(report.problems).toEqual([
      `Memory of group/builds, scope/acme, ${PLACES}, deployment could not be saved, so nothing that needs it was done: Throttled.`,
      'The tick could not be recorded: Throttled.',
    ]);
    expect(trace).not.toContain('register builds in acme');
    expect(report.groups[0]).toMatchObject({ plan: [{ action: 'add' }], outcomes: [{ status: 'skipped' }] });
  });

  it('and could not list: it holds, does nothing, and says what is missing with the group', async () => {
    const { report, trace } = await tick({}, { runners: { list: () => Promise.reject(new Error('503.')) } });
    expect(report.groups[0]).toMatchObject({
      decision: { action: 'hold', reason: { code: 'partial-observation' } },
      plan: [],
      outcomes: [],
      problems: ['runners of acme: 503'],
    });
    expect(trace.filter((line) => /^(register|create|disable|remove|delete)/.test(line))).toEqual([]);
  });
});
