import { describe, expect, it } from 'vitest';
import { classify, classifyGroup } from '#core/decide/classify.ts';
import { chooseRetirements, type Surplus, spareOf } from '#core/decide/retirement.ts';
import type { GroupObservation, Runner } from '#core/model/observation.ts';
import { type Reason, reason } from '#core/reasons.ts';
import { group, groupObservation, jobOf, NOON, runner } from '#kit/fleet.ts';

const MINUTE = 60_000;

/** A runner with a name to recognise it by, so many minutes old. */
const aged = (name: string, minutes: number, over: Partial<Runner> = {}): Runner => {
  const createdAt = NOON - minutes * MINUTE;
  return runner({ uuid: `{${name}}`, createdAt, stateChangedAt: createdAt, ...over });
};

const starting = (name: string, minutes: number) => aged(name, minutes, { status: 'UNREGISTERED' });

type Row = {
  readonly name: string;
  readonly runners: readonly Runner[];
  /** For how many minutes each is remembered as idle, by name; a runner that is not named is seen idle for the first time. */
  readonly idleFor?: Readonly<Record<string, number>>;
  readonly coolDownMinutes?: number;
  readonly idleTrusted?: boolean;
  readonly surplus: Surplus;
  /** Who goes, in order, and why. */
  readonly chosen: readonly (readonly [string, Reason])[];
  readonly bounds?: readonly Reason[];
};

const ROWS: readonly Row[] = [
  {
    name: 'no surplus: nobody, however long idle',
    runners: [aged('a', 60)],
    idleFor: { a: 60 },
    surplus: { starting: 0, idle: 0 },
    chosen: [],
  },
  {
    name: 'no surplus, idle marks that prove nothing: not a word',
    runners: [aged('a', 60)],
    idleTrusted: false,
    surplus: { starting: 0, idle: 0 },
    chosen: [],
  },
  {
    name: 'the oldest go first, not the longest idle',
    runners: [aged('young', 20), aged('old', 90), aged('middle', 50)],
    idleFor: { young: 19, old: 6, middle: 30 },
    surplus: { starting: 0, idle: 2 },
    chosen: [
      ['old', reason('surplus', { idleMs: 6 * MINUTE })],
      ['middle', reason('surplus', { idleMs: 30 * MINUTE })],
    ],
  },
  {
    name: 'of one age: by uuid, so that every tick chooses alike',
    runners: [aged('b', 60), aged('c', 60), aged('a', 60)],
    idleFor: { a: 6, b: 6, c: 6 },
    surplus: { starting: 0, idle: 2 },
    chosen: [
      ['a', reason('surplus', { idleMs: 6 * MINUTE })],
      ['b', reason('surplus', { idleMs: 6 * MINUTE })],
    ],
  },
  {
    name: 'idle for exactly the cool-down: goes',
    runners: [aged('a', 60)],
    idleFor: { a: 5 },
    surplus: { starting: 0, idle: 1 },
    chosen: [['a', reason('surplus', { idleMs: 5 * MINUTE })]],
  },
  {
    name: 'idle for a moment less: stays',
    runners: [aged('a', 60)],
    idleFor: { a: 4.99 },
    surplus: { starting: 0, idle: 1 },
    chosen: [],
    bounds: [reason('cool-down', { coolDownMs: 5 * MINUTE, withheld: 1, longestIdleMs: 4.99 * MINUTE })],
  },
  {
    name: 'seen idle for the first time, with a cool-down: stays',
    runners: [aged('a', 60)],
    surplus: { starting: 0, idle: 1 },
    chosen: [],
    bounds: [reason('cool-down', { coolDownMs: 5 * MINUTE, withheld: 1, longestIdleMs: 0 })],
  },
  {
    name: 'seen idle for the first time, cool-down 0: goes',
    runners: [aged('a', 60)],
    coolDownMinutes: 0,
    surplus: { starting: 0, idle: 1 },
    chosen: [['a', reason('surplus', { idleMs: 0 })]],
  },
  {
    name: 'an old one that is not rested stays, a younger rested one goes in its place',
    runners: [aged('old', 90), aged('young', 20)],
    idleFor: { old: 2, young: 10 },
    surplus: { starting: 0, idle: 1 },
    chosen: [['young', reason('surplus', { idleMs: 10 * MINUTE })]],
  },
  {
    name: 'some rested, some not: the bound speaks of those that stay',
    runners: [aged('a', 60), aged('b', 60), aged('c', 60), aged('d', 60)],
    idleFor: { a: 9, b: 1, c: 3, d: 2 },
    surplus: { starting: 0, idle: 3 },
    chosen: [['a', reason('surplus', { idleMs: 9 * MINUTE })]],
    bounds: [reason('cool-down', { coolDownMs: 5 * MINUTE, withheld: 2, longestIdleMs: 3 * MINUTE })],
  },
  {
    name: 'idle that cannot be trusted: nobody, with the reason',
    runners: [aged('a', 60), aged('b', 60)],
    idleFor: { a: 60, b: 60 },
    idleTrusted: false,
    surplus: { starting: 0, idle: 2 },
    chosen: [],
    bounds: [reason('idle-unproven', { surplus: 2 })],
  },
  {
    name: 'busy, draining and dead ones are never chosen',
    runners: [
      aged('busy', 90, { hasStep: true }),
      aged('draining', 90, { status: 'DISABLED' }),
      aged('dead', 90, { status: 'UNREGISTERED' }),
      aged('idle', 60),
    ],
    idleFor: { busy: 60, draining: 60, dead: 60, idle: 60 },
    surplus: { starting: 0, idle: 1 },
    chosen: [['idle', reason('surplus', { idleMs: 60 * MINUTE })]],
  },
  {
    name: 'above max: starting ones, newest first',
    runners: [starting('first', 4), starting('third', 1), starting('second', 2)],
    surplus: { starting: 2, idle: 0 },
    chosen: [
      ['third', reason('excess', { max: 10 })],
      ['second', reason('excess', { max: 10 })],
    ],
  },
  {
    name: 'above max: as starting ones only those that start, however new another is',
    runners: [aged('idle', 0), aged('busy', 0, { hasStep: true }), starting('a', 1)],
    surplus: { starting: 2, idle: 0 },
    chosen: [['a', reason('excess', { max: 10 })]],
  },
  {
    name: 'above max: of starting ones of one age by uuid',
    runners: [starting('a', 1), starting('c', 1), starting('b', 1)],
    surplus: { starting: 1, idle: 0 },
    chosen: [['c', reason('excess', { max: 10 })]],
  },
  {
    name: 'above max: starting ones need no trust in idle marks, idle ones do',
    runners: [starting('new', 1), aged('a', 60)],
    idleFor: { a: 60 },
    idleTrusted: false,
    surplus: { starting: 1, idle: 1 },
    chosen: [['new', reason('excess', { max: 10 })]],
    bounds: [reason('idle-unproven', { surplus: 1 })],
  },
  {
    name: 'above max: starting ones before idle ones',
    runners: [aged('a', 60), starting('new', 1)],
    idleFor: { a: 60 },
    surplus: { starting: 1, idle: 1 },
    chosen: [
      ['new', reason('excess', { max: 10 })],
      ['a', reason('surplus', { idleMs: 60 * MINUTE })],
    ],
  },
];

function look({ runners, idleFor = {}, coolDownMinutes = 5, idleTrusted = true }: Row): GroupObservation {
  const idleSince = Object.fromEntries(
    Object.entries(idleFor).map(([name, minutes]) => [`{${name}}`, NOON - minutes * MINUTE]),
  );
  return groupObservation({
    group: group({ coolDownMs: coolDownMinutes * MINUTE }),
    runners,
    jobs: runners.map((entry) => jobOf(entry)),
    memory: { idleSince, drainingSince: {} },
    idleTrusted,
  });
}

describe('who is taken out of service', () => {
  it.each(ROWS)('$name', (row) => {
    const seen = look(row);
    const { chosen, bounds } = chooseRetirements(seen, classify(seen, NOON), row.surplus, NOON);
    expect(chosen.map(({ runner: { uuid }, reason }) => [uuid.slice(1, -1), reason])).toEqual(row.chosen);
    expect(bounds).toEqual(row.bounds ?? []);
  });
});

describe('who makes room for another group', () => {
  it('is not the last one online, though a look has taken it out just now and others are on their way', () => {
    const seen = {
      ...groupObservation({ runners: [aged('a', 60), starting('b', 1)] }),
      memory: { idleSince: {}, drainingSince: {}, drains: { '{a}': { cause: 'surplus', at: NOON - MINUTE } } },
    };
    expect(spareOf(classifyGroup(seen, NOON), [], NOON).map(({ uuid }) => uuid)).toEqual(['{b}']);
  });

  it('is not the last one online where the other goes anyway', () => {
    const seen = {
      ...groupObservation({ runners: [aged('a', 60), aged('b', 50)] }),
      memory: { idleSince: {}, drainingSince: {}, drains: { '{a}': { cause: 'surplus', at: NOON - MINUTE } } },
    };
    const [, b] = seen.runners;
    const retired = b === undefined ? [] : [{ runner: b, reason: reason('surplus', { idleMs: 0 }) }];
    expect(spareOf(classifyGroup(seen, NOON), retired, NOON)).toEqual([]);
  });
});
