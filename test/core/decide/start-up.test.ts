/** What is learned of start-ups, and what follows for a start that takes too long. */
import { describe, expect, it } from 'vitest';
import { limitByGroup } from '#core/decide/allowance.ts';
import { classify, classifyGroup } from '#core/decide/classify.ts';
import { decide } from '#core/decide/decide.ts';
import { takerOf } from '#core/decide/queue.ts';
import { remember } from '#core/decide/remember.ts';
import { isSlow, nextStartUps, usualStartUpMs } from '#core/decide/start-up.ts';
import { isSame } from '#core/memory.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Runner, StartUps } from '#core/model/observation.ts';
import { group, groupObservation, NOON, observation, population, runner } from '#kit/fleet.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const memory = (tookMs: readonly number[]) => ({
  idleSince: {},
  drainingSince: {},
  startUps: { tookMs, awaited: [], newest: NOON - 60 * MINUTE },
});
const AGE_OF_SLOW = 3 * 45 * SECOND + MINUTE;
/** A runner that was registered so long ago, and came online after that many seconds where some are given. */
const started = (ageMs: number, tookS?: number, over: Partial<Runner> = {}) => {
  const createdAt = NOON - ageMs;
  return tookS === undefined
    ? runner({ status: 'UNREGISTERED', createdAt, stateChangedAt: createdAt, ...over })
    : runner({ createdAt, stateChangedAt: createdAt + tookS * SECOND, ...over });
};
const hanging = (ageMs = AGE_OF_SLOW + 1) => started(ageMs);

describe('the usual start-up', () => {
  it.each<{ readonly name: string; readonly tookMs?: readonly number[]; readonly usualMs: number | undefined }>([
    { name: 'nothing known', usualMs: undefined },
    { name: 'nobody came online', tookMs: [], usualMs: undefined },
    { name: 'one', tookMs: [7], usualMs: 7 },
    { name: 'an odd one moves nothing', tookMs: [900, 7, 8], usualMs: 8 },
    { name: 'by number, not by text', tookMs: [10, 9, 100], usualMs: 10 },
  ])('$name', ({ tookMs, usualMs }) => {
    expect(usualStartUpMs(tookMs === undefined ? { idleSince: {}, drainingSince: {} } : memory(tookMs))).toBe(usualMs);
  });
});

describe('a slow start', () => {
  it.each([
    { name: 'no experience', runner: hanging(), usualMs: undefined, slow: false },
    { name: 'three times as long, clocks a minute apart', runner: hanging(AGE_OF_SLOW), usualMs: 45_000, slow: false },
    { name: 'longer', runner: hanging(), usualMs: 45_000, slow: true },
    {
      name: 'online again after a break',
      runner: started(MINUTE * 9, 1, { status: 'OFFLINE' }),
      usualMs: 1,
      slow: false,
    },
  ])('$name: $slow', ({ runner: seen, usualMs, slow }) => {
    expect(isSlow(seen, usualMs, NOON)).toBe(slow);
  });

  it('is marked in its class, and only there', () => {
    const runners = [
      hanging(),
      started(MINUTE),
      started(9 * MINUTE, 30),
      started(9 * MINUTE, undefined, { cordoned: true }),
    ];
    const seen = groupObservation({ runners, memory: memory([45_000]) });
    expect(classify(seen, NOON).map(({ class: name, slow }) => [name, slow])).toEqual([
      ['starting', true],
      ['starting', undefined],
      ['idle', undefined],
      ['draining', undefined],
    ]);
    const { counts, expected } = classifyGroup(seen, NOON);
    expect(counts).toEqual({ busy: 0, idle: 1, starting: 2, draining: 1, dead: 0 });
    expect(expected).toEqual({ ...counts, starting: 1, startUpMs: 45_000 });
  });
});

describe('what a look learns', () => {
  const before: StartUps = { tookMs: [1], awaited: ['{w}'], newest: NOON - 10 * MINUTE };
  const W = { uuid: '{w}' };

  it.each<{
    readonly name: string;
    readonly before?: StartUps | undefined;
    readonly runners: readonly Runner[];
    readonly after: StartUps | undefined;
  }>([
    { name: 'no runner ever', before: undefined, runners: [], after: undefined },
    {
      name: 'one that lost its heart-beat, or was put back, does not start: what it takes teaches nothing',
      before: { ...before, awaited: [] },
      runners: [
        started(9 * HOUR, 0, { status: 'OFFLINE', stateChangedAt: NOON }),
        started(9 * HOUR, 0, { status: 'ENABLED', stateChangedAt: NOON }),
      ],
      after: { ...before, awaited: [] },
    },
    {
      name: 'one that never came is not awaited any more',
      before: { ...before, newest: NOON - MINUTE },
      runners: [started(HOUR, undefined, W)],
      after: { ...before, awaited: [], newest: NOON - MINUTE },
    },
    { name: 'all are gone', before, runners: [], after: { ...before, awaited: [] } },
    {
      name: 'a first look learns from all that work',
      before: undefined,
      runners: [started(9 * MINUTE, 40), started(20 * MINUTE, 30, { hasStep: true }), started(MINUTE, undefined, W)],
      after: { tookMs: [30_000, 40_000], awaited: ['{w}'], newest: NOON - MINUTE },
    },
    {
      name: 'one that was awaited works',
      before,
      runners: [started(11 * MINUTE, 50, W)],
      after: { ...before, tookMs: [1, 50_000], awaited: [] },
    },
    {
      name: 'one came and started between two looks',
      before,
      runners: [started(10 * MINUTE - 1, 50)],
      after: { tookMs: [1, 50_000], awaited: [], newest: NOON - 10 * MINUTE + 1 },
    },
    {
      name: 'one that was seen at work before teaches nothing new',
      before,
      runners: [started(10 * MINUTE, 50)],
      after: { ...before, awaited: [] },
    },
    {
      name: 'nor does one that is out of service or still starting',
      before,
      runners: [
        started(11 * MINUTE, 50, { ...W, status: 'DISABLED' }),
        started(5 * MINUTE, undefined, { uuid: '{s}' }),
      ],
      after: { tookMs: [1], awaited: ['{s}'], newest: NOON - 5 * MINUTE },
    },
    {
      name: 'the latest nine count',
      before: { ...before, tookMs: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
      runners: [started(11 * MINUTE, 50, W)],
      after: { ...before, tookMs: [2, 3, 4, 5, 6, 7, 8, 9, 50_000], awaited: [] },
    },
  ])('$name', ({ before: known, runners, after }) => {
    const seen = groupObservation({ runners });
    expect(nextStartUps(known, classify(seen, NOON))).toEqual(after);
    const look = { ...seen, memory: { idleSince: {}, drainingSince: {}, ...(known && { startUps: known }) } };
    const kept = remember(look, classify(look, NOON), { enable: [], retire: [], recentTargets: [], creates: 0 }, NOON);
    expect(kept.startUps).toEqual(after);
    expect('startUps' in kept).toBe(after !== undefined);
  });

  it.each([
    ['another time', { tookMs: [2] }],
    ['one more', { tookMs: [1, 1] }],
    ['nobody awaited', { awaited: [] }],
    ['a newer runner', { newest: NOON }],
  ])('is something new to save: %s', (_name, over) => {
    const known = { idleSince: {}, drainingSince: {}, startUps: before };
    expect(isSame(known, { ...known, startUps: { ...before, ...over } })).toBe(false);
    expect(isSame(known, { ...known, startUps: { ...before } })).toBe(true);
    expect(isSame({ idleSince: {}, drainingSince: {} }, known)).toBe(false);
    expect(isSame({ idleSince: {}, drainingSince: {} }, { idleSince: {}, drainingSince: {} })).toBe(true);
  });
});

describe('what counts towards the target while a start is slow', () => {
  const seenWith = (runners: readonly Runner[], over: Partial<RunnerGroup> = {}) =>
    groupObservation({ group: group(over), runners, memory: memory([45_000]) });
  const decided = (runners: readonly Runner[], over: Partial<RunnerGroup> = {}) => {
    const [first] = decide(observation([seenWith(runners, over)]));
    return {
      counts: first?.decision.counts,
      from: first?.decision.from,
      to: first?.decision.to,
      reason: first?.decision.reason.code,
      retire: first?.retire.map(({ runner: { uuid } }) => uuid),
      bounds: first?.decision.bounds.map(({ code, values }) => ({ code, ...values })),
    };
  };
  const slow = (runners: number, withheld = 0) => ({ code: 'slow-start', runners, usualMs: 45_000, withheld });

  it('it is left out of the target and stays in the counts', () => {
    expect(decided([hanging()])).toEqual({
      counts: { busy: 0, idle: 0, starting: 1, draining: 0, dead: 0 },
      from: 1,
      to: 2,
      reason: 'below-min',
      retire: [],
      bounds: [slow(1)],
    });
  });

  it('it keeps its place under max', () => {
    expect(decided([hanging()], { max: 1 })).toMatchObject({
      to: 1,
      reason: 'no-room',
      bounds: [{ code: 'max', max: 1, registrations: 1, withheld: 1 }, slow(1)],
    });
  });

  it.each([
    { name: 'one at a time', runners: [hanging(), hanging()], to: 3, withheld: 2 },
    { name: 'none while the next one starts', runners: [hanging(), started(MINUTE)], to: 2, withheld: 2 },
    { name: 'all, once a newer runner works', runners: [hanging(), started(AGE_OF_SLOW, 45)], to: 4, withheld: 0 },
    {
      name: 'one at a time, where the newest of the slow ones is newer than all that work',
      runners: [hanging(), hanging(20 * MINUTE), started(AGE_OF_SLOW + MINUTE + 2, 45)],
      to: 4,
      withheld: 1,
    },
  ])('its like is tried: $name', ({ runners, to, withheld }) => {
    const isSlowOne = ({ status, createdAt }: Runner) => status === 'UNREGISTERED' && createdAt < NOON - MINUTE;
    expect(decided(runners, { min: 3, startTimeoutMs: 30 * MINUTE })).toMatchObject({
      to,
      bounds: [slow(runners.filter(isSlowOne).length, withheld)],
    });
  });

  it('once it is online it is a surplus; until then no idle runner goes in its place', () => {
    const idle = population({ idle: 2 });
    const strategy = { kind: 'idleBuffer', idleCount: 2, scaleFactor: 0, scaleFactorLimit: 2 } as const;
    expect(decided([hanging(), ...idle], { strategy, min: 0, coolDownMs: 0 })).toMatchObject({
      from: 3,
      to: 3,
      reason: 'idle-buffer',
      retire: [],
    });
  });

  it.each([
    { name: 'it goes first, and no idle one for it', max: 3, retire: ['{slow}'] },
    { name: 'it, then the newest that starts', max: 2, retire: ['{slow}', '{new}'] },
    { name: 'all that start', max: 1, retire: ['{slow}', '{new}', '{old}'] },
  ])('above max: $name', ({ max, retire }) => {
    const runners = [
      started(MINUTE, undefined, { uuid: '{old}' }),
      started(0, undefined, { uuid: '{new}' }),
      started(AGE_OF_SLOW + 1, undefined, { uuid: '{slow}' }),
      started(30 * MINUTE, 1, { uuid: '{idle}' }),
    ];
    const found = decided(runners, { max, min: 3, coolDownMs: 0 });
    expect(found).toMatchObject({ from: 4, to: max, reason: 'above-max', retire });
  });

  it('above max the idle ones go that are too many without it', () => {
    const runners = [hanging(), ...population({ idle: 3 })];
    expect(decided(runners, { max: 1, coolDownMs: 0 })).toMatchObject({
      retire: runners.slice(0, 3).map(({ uuid }) => uuid),
    });
  });

  it('waiting steps are not left to it', () => {
    const taker = (runners: readonly Runner[]) => takerOf(classifyGroup(seenWith(runners), NOON), []).room;
    // Ten places: with it nine are left, and it is none.
    expect(taker([hanging()])).toBe(9);
    expect(taker([started(MINUTE)])).toBe(10);
  });

  it('there is nothing to say of a group whose starts are all in time', () => {
    expect(limitByGroup(classifyGroup(seenWith([started(MINUTE)]), NOON), 1, NOON)).toEqual({
      creates: 1,
      due: 1,
      bounds: [],
    });
  });
});
