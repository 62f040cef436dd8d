import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import { isSaturated } from '#core/decide/strategies/idle-buffer.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Observation, QueueReading } from '#core/model/observation.ts';
import { makePlan } from '#core/plan.ts';
import { group, groupObservation, NOON, observation, population } from '#kit/fleet.ts';
import { type DemandRow, IDLE_BUFFER_ROWS, QUEUE_AWARE_ROWS } from '#spec/demand.ts';

const MINUTE = 60_000;
const BUFFER = { idleCount: 2, scaleFactor: 0.5, scaleFactorLimit: 4 };
const SITE = { workspace: 'acme', repository: 'site' };

function groupOf(kind: 'idleBuffer' | 'queueAware', { over = {} }: DemandRow): RunnerGroup {
  const { strategy, ...limits } = over;
  const buffer = { ...BUFFER, ...strategy };
  return group({
    min: 1,
    max: 20,
    stabilisationWindowMs: 5 * MINUTE,
    ...limits,
    strategy: kind === 'idleBuffer' ? { kind, ...buffer } : { kind, ...buffer, repositories: { kind: 'query' } },
  });
}

function look(kind: 'idleBuffer' | 'queueAware', row: DemandRow): Observation {
  const { seen, queue, wantedBefore, restedMinutes = 5 } = row;
  const runners = population(seen);
  const reading: QueueReading | undefined =
    queue === undefined
      ? undefined
      : queue === 'unknown'
        ? { kind: 'unknown', why: 'no permission' }
        : { kind: 'counted', repositories: ['site'] };
  const recentTargets =
    wantedBefore === undefined
      ? undefined
      : [
          { target: wantedBefore.target, since: NOON - 60 * MINUTE },
          { target: 0, since: NOON - wantedBefore.untilMinutesAgo * MINUTE },
        ];
  const entry = groupObservation({
    group: groupOf(kind, row),
    runners,
    memory: {
      idleSince: Object.fromEntries(runners.map(({ uuid }) => [uuid, NOON - restedMinutes * MINUTE])),
      drainingSince: {},
      ...(recentTargets && { recentTargets }),
    },
    ...(reading && { queue: reading }),
  });
  const steps = typeof queue === 'number' ? queue : 0;
  return { ...observation([entry]), queues: [{ scope: SITE, waiting: [{ labels: ['self.hosted'], steps }] }] };
}

describe.each([
  { kind: 'idleBuffer', rows: IDLE_BUFFER_ROWS },
  { kind: 'queueAware', rows: QUEUE_AWARE_ROWS },
] as const)('$kind, by the table of the documentation', ({ kind, rows }) => {
  it.each(rows)('$name', (row) => {
    const seen = look(kind, row);
    const decisions = decide(seen);
    const decision = decisions[0]?.decision;
    expect({
      action: decision?.action,
      to: decision?.to,
      reason: decision?.reason.code,
      bounds: decision?.bounds.map(({ code }) => code),
    }).toEqual({ action: row.action, to: row.to, reason: row.reason, bounds: row.bounds ?? [] });
    const plan = makePlan(seen, decisions).groups[0];
    // One that is dead is only tidied away.
    const living = plan?.actions.filter(({ reason }) => reason.code !== 'never-online') ?? [];
    const planned = (action: string) => living.filter((entry) => entry.action === action).length;
    expect(planned('add') - planned('disable')).toBe((decision?.to ?? 0) - (decision?.from ?? 0));
  });
});

describe('queueAware without a count decides as idleBuffer does', () => {
  it.each(IDLE_BUFFER_ROWS)('$name', (row) => {
    const [queueAware] = decide(look('queueAware', row));
    const [idleBuffer] = decide(look('idleBuffer', row));
    expect(queueAware?.decision).toEqual({ ...idleBuffer?.decision });
  });
});

it('idleBuffer does not look at a queue, not even at one that somebody counted', () => {
  const row = { name: '', seen: { busy: 5 }, queue: 0, action: 'scale-up', to: 10, reason: 'saturated' } as const;
  expect(decide(look('idleBuffer', row))[0]?.decision).toMatchObject({ to: 10, reason: { code: 'saturated' } });
});

describe('saturated', () => {
  it.each([
    [{ busy: 1, idle: 0 }, true],
    [{ busy: 1, idle: 1 }, false],
    [{ busy: 0, idle: 0 }, false],
    [{ busy: 3, idle: 0, starting: 3, draining: 1, dead: 1 }, true],
  ])('%o: %o', (seen, is) => {
    expect(isSaturated({ starting: 0, draining: 0, dead: 0, ...seen })).toBe(is);
  });
});

describe('why, in the words of the report', () => {
  const explain = (kind: 'idleBuffer' | 'queueAware', row: Pick<DemandRow, 'seen'> & Partial<DemandRow>) => {
    const [decided] = decide(look(kind, { name: '', action: 'hold', to: 0, reason: 'steady', ...row }));
    return [decided?.decision.reason.text, ...(decided?.decision.bounds.map(({ text }) => text) ?? [])];
  };

  it.each([
    ['the buffer', 'idleBuffer', { seen: { busy: 5, idle: 2 } }, ['5 busy and a buffer of 3 make 8']],
    [
      'saturated',
      'idleBuffer',
      { seen: { busy: 8, starting: 2 } },
      ['all 8 online are busy and nobody knows how much waits, so 16 are wanted'],
    ],
    [
      'starting',
      'idleBuffer',
      { seen: { busy: 5, starting: 5 } },
      ['5 usable and 5 starting already cover the 10 wanted'],
    ],
    ['min', 'idleBuffer', { seen: { busy: 1, idle: 3 }, over: { min: 4 } }, ['3 would do, but min is 4']],
    [
      'below min',
      'idleBuffer',
      { seen: { busy: 1, starting: 2 }, over: { min: 5 } },
      ['1 usable and 2 starting are fewer than min 5'],
    ],
    [
      'the window',
      'idleBuffer',
      { seen: { idle: 8 }, wantedBefore: { target: 6, untilMinutesAgo: 2 } },
      [
        '0 busy and a buffer of 2 make 2',
        '4 idle runners too many, but 6 were wanted less than 5m ago; the stabilisation window ends in 3m',
      ],
    ],
    [
      'the last one',
      'idleBuffer',
      { seen: { idle: 1, starting: 2 } },
      [
        'the only runner online stays while 2 are starting: a step that finds none online fails at once',
        'the only runner online stays while 2 are starting: a step that finds none online fails at once',
      ],
    ],
    ['the queue', 'queueAware', { seen: { busy: 3 }, queue: 5 }, ['3 busy, 5 waiting and a buffer of 2 make 10']],
    ['an empty queue', 'queueAware', { seen: { busy: 3 }, queue: 0 }, ['3 busy, 0 waiting and a buffer of 2 make 5']],
    [
      'an unknown queue',
      'queueAware',
      { seen: { busy: 3 }, queue: 'unknown' },
      [
        'all 3 online are busy and nobody knows how much waits, so 6 are wanted',
        'the queue is unknown (no permission), so the group is scaled without it',
      ],
    ],
  ] as const)('%s', (_, kind, row, expected) => {
    expect(explain(kind, row)).toEqual(expected);
  });
});

describe('what is remembered of the target', () => {
  const remembered = (row: Pick<DemandRow, 'seen'> & Partial<DemandRow>) => {
    const seen = look('idleBuffer', { name: '', action: 'hold', to: 0, reason: 'steady', ...row });
    return makePlan(seen, decide(seen)).groups[0]?.memory.recentTargets;
  };

  it('is what the strategy wants, at most max', () => {
    expect(remembered({ seen: { busy: 4, idle: 2 } })).toEqual([{ target: 6, since: NOON }]);
    expect(remembered({ seen: { busy: 12 } })).toEqual([{ target: 20, since: NOON }]);
  });

  it('is nothing without a window', () => {
    expect(remembered({ seen: { busy: 4 }, over: { stabilisationWindowMs: 0 } })).toBeUndefined();
  });

  it('keeps the higher ones of the window before it', () => {
    expect(remembered({ seen: { idle: 8 }, wantedBefore: { target: 6, untilMinutesAgo: 2 } })).toEqual([
      { target: 6, since: NOON - 60 * MINUTE },
      { target: 2, since: NOON - 2 * MINUTE },
    ]);
  });

  it('is left as it was by a look that failed', () => {
    const row = { name: '', seen: {}, action: 'hold', to: 0, reason: 'steady' } as const;
    const whole = look('idleBuffer', { ...row, wantedBefore: { target: 6, untilMinutesAgo: 2 } });
    const torn = { ...whole, groups: whole.groups.map((entry) => ({ ...entry, missing: ['runners of acme: 503'] })) };
    expect(decide(torn)[0]?.recentTargets).toEqual([]);
    const [plan] = makePlan(torn, decide(torn)).groups;
    expect(plan?.memory).toBe(torn.groups[0]?.memory);
    expect(plan?.memoryChanged).toBe(false);
  });
});
