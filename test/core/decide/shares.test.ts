/** Who makes room for whom under a cap, with how many runners, and what both are told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, type GroupDecision } from '#core/decide/decide.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { GroupObservation, Runner, WorkspaceObservation } from '#core/model/observation.ts';
import { slotsCommitted } from '#core/observe/slots.ts';
import { makePlan } from '#core/plan.ts';
import { group, groupObservation, NOON, observation, population, runner } from '#kit/fleet.ts';

type Seen = Partial<RunnerGroup> & {
  readonly has: Parameters<typeof population>[0] | readonly Runner[];
  /** How many it wants. */
  readonly wants: number;
  readonly over?: Partial<GroupObservation>;
};

/** A group that wants so many runners, and at most twice as many while all are busy. */
function see(name: string, { has, wants, over = {}, ...settings }: Seen): GroupObservation {
  const runners = 'length' in has ? has : population(has);
  const online = runners.filter(({ status, hasStep }) => status === 'ONLINE' && hasStep).length;
  const idleCount = Math.max(0, wants - online);
  const strategy = { kind: 'idleBuffer', idleCount, scaleFactor: 0, scaleFactorLimit: idleCount } as const;
  const observed = { group: group({ name, min: 0, max: 100, strategy, ...settings }), runners, ...over };
  return groupObservation(observed);
}

type Cap = { readonly cap: number; readonly others?: number; readonly slots?: number };

function look(groups: Readonly<Record<string, Seen>>, { cap, others = 0, slots }: Cap) {
  const seen = Object.entries(groups).map(([name, entry]) => see(name, entry));
  const runners = seen.flatMap((entry) => entry.runners);
  const workspace: WorkspaceObservation = {
    workspace: 'acme',
    registrations: runners.length + others,
    maxRunners: cap,
    ...(slots !== undefined && {
      slots: {
        inUse: 0,
        committed: slotsCommitted(runners),
        peak: { month: '2026-11', runners: 9 },
        price: 15,
        max: slots,
      },
    }),
  };
  return observation(seen, [workspace]);
}

/** Four at work, and two that were taken out of service as a surplus. */
const AGAIN = (() => {
  const out = [1, 2].map((index) => runner({ uuid: `{out-${index}}`, status: 'DISABLED' }));
  const drains = Object.fromEntries(out.map(({ uuid }) => [uuid, { cause: 'surplus', at: NOON - 60_000 }]));
  return { runners: [...population({ busy: 4 }), ...out], memory: { idleSince: {}, drainingSince: {}, drains } };
})();

const givenBy = ({ retire }: GroupDecision) => retire.filter(({ reason }) => reason.code === 'shared');
const boundsOf = ({ decision }: GroupDecision) => decision.bounds.filter(({ code }) => code === 'below-share');

describe('making room for another group', () => {
  type Row = Cap & {
    readonly name: string;
    readonly groups: Readonly<Record<string, Seen>>;
    /** How many each gives. */
    readonly gives: readonly number[];
    /** How many each creates; default: none. */
    readonly creates?: readonly number[];
  };

  const ROWS: readonly Row[] = [
    {
      name: 'as many as are missing, of busy ones',
      groups: { a: { has: { busy: 9 }, wants: 14 }, b: { has: { busy: 1 }, wants: 4 } },
      cap: 10,
      gives: [3, 0],
    },
    {
      name: 'what is above a max that was lowered',
      groups: { a: { has: { busy: 2 }, wants: 2, max: 1 }, b: { has: { busy: 6 }, wants: 7 } },
      cap: 8,
      gives: [1, 0],
    },
    {
      name: 'what is above a max that was lowered stays while what drains makes enough room',
      groups: { a: { has: { busy: 2 }, wants: 2, max: 1 }, b: { has: { busy: 6, draining: 1 }, wants: 7, max: 8 } },
      cap: 9,
      gives: [0, 0],
    },
    {
      name: 'one is needed, and two are above a max that was lowered: who has more gives',
      groups: {
        a: { has: { busy: 5 }, wants: 5, max: 4 },
        b: { has: { busy: 9 }, wants: 9, max: 8 },
        c: { has: {}, wants: 1 },
      },
      cap: 14,
      gives: [0, 1, 0],
    },
    {
      name: 'those that are put back into service count as at work',
      groups: {
        a: { has: AGAIN.runners, wants: 6, over: { memory: AGAIN.memory } },
        b: { has: { busy: 1 }, wants: 6 },
      },
      cap: 8,
      gives: [2, 0],
      creates: [0, 1],
    },
    {
      name: 'what drains already is room to come',
      groups: { a: { has: { busy: 6, draining: 3 }, wants: 14 }, b: { has: { busy: 1 }, wants: 4 } },
      cap: 10,
      gives: [0, 0],
    },
    {
      name: 'more is wanted than drains',
      groups: { a: { has: { busy: 8, draining: 1 }, wants: 14 }, b: { has: { busy: 1 }, wants: 4 } },
      cap: 10,
      gives: [2, 0],
    },
    {
      name: 'what is dead goes too',
      groups: { a: { has: { busy: 8 }, wants: 14 }, b: { has: { busy: 1, dead: 1 }, wants: 4 } },
      cap: 10,
      gives: [2, 0],
    },
    {
      name: 'what is free comes first, and goes to who is below its share',
      groups: { a: { has: { busy: 7 }, wants: 14 }, b: { has: { busy: 1 }, wants: 4 } },
      cap: 10,
      gives: [1, 0],
      creates: [0, 2],
    },
    {
      name: 'room for all: nobody gives',
      groups: { a: { has: { busy: 9 }, wants: 9, max: 9 }, b: { has: { busy: 1 }, wants: 4 } },
      cap: 13,
      gives: [0, 0],
      creates: [0, 3],
    },
    {
      name: 'nobody is short: nobody gives, though there is more than the cap allows',
      groups: { a: { has: { busy: 9 }, wants: 9, max: 9 }, b: { has: { busy: 4 }, wants: 4, max: 4 } },
      cap: 10,
      gives: [0, 0],
    },
    {
      name: 'more than the cap allows: what is above it has to go as well',
      groups: { a: { has: { busy: 11 }, wants: 11 }, b: { has: { busy: 1 }, wants: 4 } },
      cap: 10,
      gives: [5, 0],
    },
    {
      name: 'registrations of others are nobody’s to give',
      groups: { a: { has: { busy: 5 }, wants: 14 }, b: { has: { busy: 1 }, wants: 4 } },
      cap: 10,
      others: 4,
      gives: [2, 0],
    },
    {
      name: 'less places than none',
      groups: { a: { has: { busy: 5 }, wants: 14 }, b: { has: { busy: 1 }, wants: 4 } },
      cap: 10,
      others: 40,
      gives: [0, 0],
    },
    {
      name: 'by weight',
      groups: { a: { has: { busy: 10 }, wants: 14, weight: 3 }, b: { has: {}, wants: 9, weight: 2 } },
      cap: 10,
      gives: [4, 0],
    },
    {
      name: 'a min that is more than its weight gives',
      groups: { a: { has: { busy: 10 }, wants: 14, weight: 9 }, b: { has: {}, wants: 5, min: 5 } },
      cap: 10,
      gives: [5, 0],
    },
    {
      name: 'never below the min of the giver',
      groups: { a: { has: { busy: 10 }, wants: 14, min: 8 }, b: { has: {}, wants: 9 } },
      cap: 10,
      gives: [2, 0],
    },
    {
      name: 'more min than places: these are shared',
      groups: { a: { has: { busy: 10 }, wants: 14, min: 10 }, b: { has: {}, wants: 9, min: 10 } },
      cap: 10,
      gives: [5, 0],
    },
    {
      name: 'a share that does not divide: who has more keeps it',
      groups: { a: { has: { busy: 5 }, wants: 9 }, b: { has: { busy: 4 }, wants: 9 } },
      cap: 9,
      gives: [0, 0],
    },
    {
      name: 'the same the other way round',
      groups: { a: { has: { busy: 4 }, wants: 9 }, b: { has: { busy: 5 }, wants: 9 } },
      cap: 9,
      gives: [0, 0],
    },
    {
      name: 'the last one online stays, also where the rest starts',
      groups: { a: { has: { busy: 1 }, wants: 9 }, b: { has: {}, wants: 9 }, c: { has: { busy: 1 }, wants: 9 } },
      cap: 2,
      gives: [0, 0, 0],
    },
    {
      name: 'two give in turn, who has more first',
      groups: { a: { has: { busy: 8 }, wants: 20 }, b: { has: { busy: 7 }, wants: 20 }, c: { has: {}, wants: 3 } },
      cap: 15,
      gives: [2, 1, 0],
    },
    {
      name: 'two receive',
      groups: { a: { has: { busy: 8 }, wants: 20 }, b: { has: { busy: 1 }, wants: 3 }, c: { has: {}, wants: 3 } },
      cap: 9,
      gives: [5, 0, 0],
    },
    {
      name: 'who is at its own max wants no more',
      groups: { a: { has: { busy: 9 }, wants: 14 }, b: { has: { busy: 1 }, wants: 9, max: 2 } },
      cap: 10,
      gives: [1, 0],
    },
    {
      name: 'the pace of one tick does not matter',
      groups: { a: { has: { busy: 9 }, wants: 14 }, b: { has: { busy: 1 }, wants: 4, maxCreatesPerTick: 1 } },
      cap: 10,
      gives: [3, 0],
    },
    {
      name: 'whose starts fail gets what it may try',
      groups: {
        a: { has: { busy: 9 }, wants: 14 },
        b: {
          has: { busy: 1 },
          wants: 4,
          over: { memory: { idleSince: {}, drainingSince: {}, quarantine: { failures: 1, since: NOON } } },
        },
      },
      cap: 10,
      gives: [0, 0],
    },
    {
      name: 'where idleness proves nothing nobody gives',
      groups: { a: { has: { busy: 9 }, wants: 14, over: { idleTrusted: false } }, b: { has: { busy: 1 }, wants: 4 } },
      cap: 10,
      gives: [0, 0],
    },
    {
      name: 'what was not seen gives nothing',
      groups: {
        a: { has: { busy: 9 }, wants: 14, over: { missing: ['Jobs: 503'] } },
        b: { has: { busy: 1 }, wants: 4 },
      },
      cap: 10,
      gives: [0, 0],
    },
    {
      name: 'a runner that is neither at work nor going holds its place',
      groups: {
        a: { has: { busy: 8 }, wants: 14 },
        b: {
          has: [runner({ hasStep: true }), runner({ status: 'OFFLINE', hasStep: true, stateChangedAt: NOON })],
          wants: 4,
        },
      },
      cap: 10,
      gives: [3, 0],
    },
    {
      name: 'idle ones that cool down count as wanted, up to the share',
      groups: { a: { has: { idle: 9 }, wants: 1 }, b: { has: { busy: 1 }, wants: 9 } },
      cap: 10,
      gives: [4, 0],
    },
    {
      name: 'those that go anyway are not asked again',
      groups: { a: { has: { idle: 9 }, wants: 5, coolDownMs: 0 }, b: { has: { busy: 1 }, wants: 6 } },
      cap: 10,
      gives: [0, 0],
    },
    {
      name: 'a cap on runners in use: what drains without a step is not in use',
      groups: {
        a: { has: [...population({ busy: 8 }), runner({ status: 'DISABLED' })], wants: 14 },
        b: { has: { busy: 1 }, wants: 4 },
      },
      cap: 100,
      slots: 9,
      gives: [3, 0],
    },
    {
      name: 'a cap on runners in use: what drains with a step is room to come',
      groups: { a: { has: { busy: 6, draining: 3 }, wants: 14 }, b: { has: { busy: 1 }, wants: 4 } },
      cap: 100,
      slots: 10,
      gives: [0, 0],
    },
    {
      name: 'both caps: one runner makes room under both',
      groups: { a: { has: { busy: 9 }, wants: 14 }, b: { has: { busy: 1 }, wants: 4 } },
      cap: 10,
      slots: 10,
      gives: [3, 0],
    },
    {
      name: 'both caps, the second tighter',
      groups: { a: { has: { busy: 9 }, wants: 14 }, b: { has: { busy: 1 }, wants: 4 } },
      cap: 11,
      slots: 10,
      gives: [3, 0],
    },
  ];

  it.each(ROWS)('$name', ({ groups, gives, creates, ...cap }) => {
    const decided = decide(look(groups, cap));
    expect(decided.map((entry) => givenBy(entry).length)).toEqual(gives);
    expect(decided.map((entry) => entry.creates)).toEqual(creates ?? gives.map(() => 0));
  });

  it('says who gives to whom, to both', () => {
    const [a, b] = decide(
      look({ a: { has: { busy: 8, draining: 1 }, wants: 14 }, b: { has: { busy: 1 }, wants: 4 } }, { cap: 10 }),
    );
    expect(a?.decision).toMatchObject({
      action: 'scale-down',
      from: 8,
      to: 6,
      reason: { code: 'shared', values: { to: 'b', cap: 10 } },
    });
    expect(a?.retire.map(({ reason }) => reason.values)).toEqual(Array(2).fill({ to: 'b', cap: 10 }));
    expect(b && boundsOf(b).map(({ values }) => values)).toEqual([
      { cap: 10, share: 4, working: 1, coming: 3, from: 'a' },
    ]);
    expect(b?.decision).toMatchObject({ action: 'hold', reason: { code: 'no-room' } });
    expect(a && boundsOf(a)).toEqual([]);
  });

  it('keeps its own reason to shrink where it has one', () => {
    const [a] = decide(
      look(
        { a: { has: { busy: 5, idle: 3 }, wants: 7, coolDownMs: 0 }, b: { has: { busy: 1 }, wants: 9 } },
        { cap: 9 },
      ),
    );
    expect(a?.retire.map(({ reason }) => reason.code)).toEqual(['surplus', 'shared', 'shared']);
    expect(a?.decision).toMatchObject({ action: 'scale-down', to: 5, reason: { code: 'idle-buffer' } });
  });

  it('names all who give and all who receive', () => {
    const [a, , c, d] = decide(
      look(
        {
          a: { has: { busy: 5 }, wants: 20 },
          b: { has: { busy: 5 }, wants: 20 },
          c: { has: {}, wants: 1 },
          d: { has: {}, wants: 1 },
        },
        { cap: 10 },
      ),
    );
    expect(a && givenBy(a)[0]?.reason.values).toEqual({ to: 'c, d', cap: 10 });
    for (const entry of [c, d]) {
      expect(entry && boundsOf(entry)[0]?.values).toEqual({ cap: 10, share: 1, working: 0, coming: 2, from: 'a, b' });
    }
  });

  it('tells nobody of a share who gets all of it now', () => {
    const [, b] = decide(look({ a: { has: { busy: 6 }, wants: 14 }, b: { has: { busy: 1 }, wants: 9 } }, { cap: 10 }));
    expect(b?.creates).toBe(3);
    expect(b && boundsOf(b)).toHaveLength(1);
    const [, full] = decide(
      look({ a: { has: { busy: 5 }, wants: 14 }, b: { has: { busy: 1 }, wants: 9 } }, { cap: 10 }),
    );
    expect(full?.creates).toBe(4);
    expect(full && boundsOf(full)).toEqual([]);
  });

  it('tells nobody of a share whom only the pace of one tick holds back', () => {
    const b = { has: { busy: 1 }, wants: 4, maxCreatesPerTick: 1 };
    const [, decided] = decide(look({ a: { has: { busy: 8 }, wants: 14 }, b }, { cap: 10 }));
    expect(decided?.creates).toBe(1);
    expect(decided && boundsOf(decided)).toEqual([]);
  });
});

describe('which runners a group gives', () => {
  const idleFor = (...minutes: readonly number[]) => minutes.map((minute) => runner({ name: `idle ${minute}` }));
  const old = (name: string, minutes: number, over: Partial<Runner> = {}) =>
    runner({ name, createdAt: NOON - minutes * 60_000, ...over });

  it('the longest idle first, then starting ones, newest first, then busy ones, oldest first', () => {
    const idle = idleFor(2, 9, 1);
    const starting = [5, 1, 3].map((age) => old(`starting ${age}`, age, { status: 'UNREGISTERED' }));
    const busy = [20, 70, 45].map((age) => old(`busy ${age}`, age, { hasStep: true }));
    const idleSince = Object.fromEntries(
      idle.map(({ uuid, name }) => [uuid, NOON - Number(name.split(' ')[1]) * 60_000]),
    );
    const has = [...busy, ...starting, ...idle];
    const a = { has, wants: 20, over: { memory: { idleSince, drainingSince: {} } } };
    const [decided] = decide(look({ a, b: { has: {}, wants: 8, min: 8 } }, { cap: 9 }));
    expect(decided?.retire.map(({ runner: { name } }) => name)).toEqual([
      'idle 9',
      'idle 2',
      'idle 1',
      'starting 1',
      'starting 3',
      'starting 5',
      'busy 70',
      'busy 45',
    ]);
  });

  it('of those that are idle since this look, the oldest', () => {
    const has = [old('young', 10), old('old', 30), old('middle', 20)];
    const [decided] = decide(look({ a: { has, wants: 9 }, b: { has: {}, wants: 1 } }, { cap: 3 }));
    expect(decided?.retire.map(({ runner: { name } }) => name)).toEqual(['old']);
  });

  it('never the last one online: idle ones stay where none is busy', () => {
    const starting = Array.from({ length: 2 }, () => old('starting', 1, { status: 'UNREGISTERED' }));
    const has = [old('idle', 30), ...starting];
    const [decided] = decide(look({ a: { has, wants: 9 }, b: { has: {}, wants: 3, min: 3 } }, { cap: 3 }));
    expect(decided?.retire.map(({ runner: { name } }) => name)).toEqual(['starting', 'starting']);
  });

  it('they are seen out of service before their grace begins, and it is written down for whom they went', () => {
    const has = [old('idle', 30), old('busy', 30, { hasStep: true }), old('busy', 20, { hasStep: true })];
    const seen = look({ a: { has, wants: 9 }, b: { has: {}, wants: 2, min: 2 } }, { cap: 3 });
    const [plan] = makePlan(seen, decide(seen)).groups;
    expect(plan?.actions.map(({ action }) => action)).toEqual(['disable', 'disable']);
    expect(plan?.memory.drainingSince).toEqual({});
    expect(Object.values(plan?.memory.drains ?? {}).map(({ cause }) => cause)).toEqual(['shared', 'shared']);
  });
});

describe('in any look', () => {
  const counts = fc.record({ busy: fc.nat(6), idle: fc.nat(4), starting: fc.nat(3), draining: fc.nat(2) });
  const entry = fc
    .record({ has: counts, wants: fc.nat(20), min: fc.nat(4), weight: fc.constantFrom(0.5, 1, 1, 2, 3) })
    .map((one) => ({ ...one, max: Math.max(one.wants, one.min), has: population(one.has) }));
  const looks = fc.record({ groups: fc.array(entry, { minLength: 1, maxLength: 5 }), cap: fc.nat(40) });

  type Entry = Seen & { readonly has: readonly Runner[] };
  const decideOn = (groups: readonly Entry[], cap: number) =>
    decide(look(Object.fromEntries(groups.map((one, index) => [`g${index}`, one])), { cap }));
  const disabled = (one: Entry, decided: GroupDecision | undefined): Entry => {
    const gone = decided?.retire.map(({ runner: { uuid } }) => uuid) ?? [];
    return { ...one, has: one.has.map((own) => (gone.includes(own.uuid) ? { ...own, status: 'DISABLED' } : own)) };
  };
  const settled = (one: Entry, decided: GroupDecision | undefined): Entry => ({
    ...one,
    has: [
      ...disabled(one, decided).has.filter(({ status }) => status !== 'DISABLED'),
      ...population({ busy: decided?.creates ?? 0 }),
    ],
  });

  it('a second look asks for nothing again, and keeps one online', () => {
    fc.assert(
      fc.property(looks, ({ groups, cap }) => {
        const first = decideOn(groups, cap);
        const second = decideOn(
          groups.map((one, index) => ({
            ...disabled(one, first[index]),
            has: [...disabled(one, first[index]).has, ...population({ starting: first[index]?.creates ?? 0 })],
          })),
          cap,
        );
        expect(second.map((one) => givenBy(one).length)).toEqual(groups.map(() => 0));
        groups.forEach((one, index) => {
          const isOnline = ({ status }: Runner) => status === 'ONLINE';
          const given = first[index] ? givenBy(first[index]).length : 0;
          if (given > 0 && one.has.some(isOnline)) {
            expect(disabled(one, first[index]).has.some(isOnline)).toBe(true);
          }
        });
      }),
    );
  });

  it('comes to rest, with nobody below its share', () => {
    fc.assert(
      fc.property(looks, ({ groups, cap }) => {
        let now: readonly Entry[] = groups;
        for (let round = 0; round < 6; round += 1) {
          const decided = decideOn(now, cap);
          now = now.map((one, index) => settled(one, decided[index]));
        }
        const last = decideOn(now, cap);
        expect(last.flatMap(givenBy)).toEqual([]);
        expect(last.map(({ creates }) => creates)).toEqual(groups.map(() => 0));
      }),
    );
  });
});
