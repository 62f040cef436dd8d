/** Which runners that work are replaced, and when: one step, age, changed settings. */
import { describe, expect, it } from 'vitest';
import { classifyGroup } from '#core/decide/classify.ts';
import { decide } from '#core/decide/decide.ts';
import type { Recycle, RunnerGroup } from '#core/model/configuration.ts';
import type { Drain, GroupMemory, Runner, RunnerJob } from '#core/model/observation.ts';
import { makePlan } from '#core/plan.ts';
import { reason } from '#core/reasons.ts';
import { GUIDE, group, groupObservation, jobOf, NOON, observation, population, runner } from '#kit/fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BUFFER = { kind: 'idleBuffer', idleCount: 1, scaleFactor: 0, scaleFactorLimit: 9 } as const;
/** Wants as many as there are while all of them work. */
const STEADY = { ...GUIDE, scaleUpThreshold: 1 };
const QUIET = { ...BUFFER, idleCount: 0 } as const;

type Look = {
  readonly recycle: Recycle;
  readonly runners: readonly Runner[];
  readonly jobs?: Partial<RunnerJob>;
  readonly memory?: Partial<GroupMemory>;
  readonly over?: Partial<RunnerGroup>;
  readonly idleTrusted?: boolean;
};

/** What becomes of a group that wants one idle runner beside those at work. */
function decided({ recycle, runners, jobs = {}, memory = {}, over = {}, idleTrusted = true }: Look) {
  const seen = groupObservation({
    group: group({ strategy: BUFFER, min: 0, recycle, ...over }),
    runners,
    jobs: runners.map((each) => jobOf(each, jobs)),
    memory: { idleSince: {}, drainingSince: {}, ...memory },
    fingerprint: 'now',
    idleTrusted,
  });
  const [decision] = decide(observation([seen]));
  return {
    creates: decision?.creates,
    retired: decision?.retire.map(({ runner: { uuid }, reason }) => `${uuid} ${reason.code}`),
    bounds: decision?.decision.bounds.map(({ code }) => code),
    seen,
    decision,
  };
}

const busy = (uuid: string, minutes = 0) => runner({ uuid, hasStep: true, createdAt: NOON - HOUR + minutes * MINUTE });
const idle = (uuid: string, minutes = 0) => runner({ uuid, createdAt: NOON - HOUR + minutes * MINUTE });
const starting = (uuid: string) => runner({ uuid, status: 'UNREGISTERED', createdAt: NOON });
const drain = (cause: string): Drain => ({ cause, at: NOON - MINUTE });

describe('one step for each runner', () => {
  const recycle = { afterSteps: 1 } as const;
  it.each<{
    name: string;
    runners: readonly Runner[];
    worked?: readonly string[];
    over?: Partial<RunnerGroup>;
    creates: number;
    retired: readonly string[];
    bounds?: readonly string[];
  }>([
    {
      name: 'one that has worked and goes as a surplus goes once',
      runners: [idle('{a}'), idle('{b}', 1)],
      worked: ['{a}'],
      over: { coolDownMs: 0 },
      creates: 0,
      retired: ['{a} surplus'],
    },
    {
      name: 'one at work stays as the last one online where the idle one goes anyway',
      runners: [busy('{a}'), idle('{b}')],
      over: { strategy: QUIET, coolDownMs: 0 },
      creates: 0,
      retired: ['{b} surplus'],
      bounds: ['one-step-waits'],
    },
    { name: 'one that is at rest and never worked stays', runners: [idle('{a}')], creates: 0, retired: [] },
    {
      name: 'those at work take no other, where another is online',
      runners: [busy('{a}'), busy('{b}'), idle('{c}')],
      creates: 0,
      retired: ['{a} first-step', '{b} first-step'],
    },
    {
      name: 'the last one online stays until another is, the one that came last',
      runners: [busy('{b}', 1), busy('{a}')],
      creates: 2,
      retired: ['{a} first-step'],
      bounds: ['one-step-waits'],
    },
    {
      name: 'another is on its way: nobody asks for one more',
      runners: [busy('{a}'), starting('{b}')],
      over: { strategy: STEADY },
      creates: 0,
      retired: [],
      bounds: ['one-step-waits'],
    },
    {
      name: 'the only one: another is made even where no strategy asks for it',
      runners: [busy('{a}')],
      over: { strategy: STEADY },
      creates: 1,
      retired: [],
      bounds: ['one-step-waits'],
    },
    {
      name: 'one that has worked and rests goes, before it takes another',
      runners: [idle('{a}'), idle('{b}')],
      worked: ['{a}'],
      creates: 0,
      retired: ['{a} first-step'],
    },
    {
      name: 'one that has worked and rests goes before one at work, where one has to stay',
      runners: [busy('{b}'), idle('{a}', 5)],
      worked: ['{a}', '{b}'],
      creates: 1,
      retired: ['{a} first-step'],
      bounds: ['one-step-waits'],
    },
    {
      name: 'the last one that has worked and rests stays while any is wanted',
      runners: [idle('{a}')],
      worked: ['{a}'],
      creates: 1,
      retired: [],
      bounds: ['one-step-waits'],
    },
    {
      name: 'a dead one is no other that is online',
      runners: [busy('{a}'), runner({ uuid: '{b}', status: 'UNREGISTERED' })],
      over: { strategy: STEADY },
      creates: 1,
      retired: [],
      bounds: ['one-step-waits'],
    },
    {
      name: 'one that has worked and starts anew is not at rest',
      runners: [idle('{a}'), starting('{b}')],
      worked: ['{b}'],
      creates: 0,
      retired: [],
      bounds: ['last-usable'],
    },
    {
      name: 'and goes where none is wanted',
      runners: [idle('{a}')],
      worked: ['{a}'],
      over: { strategy: QUIET },
      creates: 0,
      retired: ['{a} first-step'],
    },
  ])('$name', ({ runners, worked = [], over = {}, creates, retired, bounds = [] }) => {
    const result = decided({ recycle, runners, memory: { worked }, over });
    const told = result.bounds?.filter((code) => code !== 'cool-down');
    expect({ creates: result.creates, retired: result.retired, bounds: told }).toEqual({
      creates,
      retired,
      bounds,
    });
  });

  it('goes beside what goes as a surplus, each once', () => {
    const rested = { idleSince: { '{b}': NOON - HOUR } };
    const runners = [busy('{a}'), idle('{b}'), idle('{c}', 5)];
    expect(decided({ recycle, runners, memory: rested }).retired).toEqual(['{b} surplus', '{a} first-step']);
    const worked = { ...rested, worked: ['{b}'] };
    expect(decided({ recycle, runners: runners.slice(1), memory: worked }).retired).toEqual(['{b} surplus']);
  });

  it('says how many wait', () => {
    const { decision } = decided({ recycle, runners: [busy('{a}')] });
    expect(decision?.decision.bounds).toContainEqual(reason('one-step-waits', { runners: 1 }));
  });

  it('what finishes its step counts as busy for the strategy, and is not online', () => {
    const runners = [
      runner({ uuid: '{a}', status: 'DISABLED', hasStep: true }),
      runner({ uuid: '{b}', status: 'DISABLED', hasStep: true }),
      runner({ uuid: '{c}', status: 'DISABLED' }),
      idle('{d}'),
    ];
    const drains = { '{a}': drain('first-step'), '{b}': drain('surplus'), '{c}': drain('first-step') };
    const { decision, seen } = decided({ recycle, runners, memory: { drains } });
    expect(classifyGroup(seen, NOON)).toMatchObject({ counts: { busy: 0 }, expected: { busy: 1, idle: 1 } });
    expect(decision?.decision).toMatchObject({ action: 'hold', from: 1, to: 1 });
  });

  it('what finishes its step in a Job that has ended counts for nothing', () => {
    const runners = [runner({ uuid: '{a}', status: 'DISABLED', hasStep: true })];
    const { seen } = decided({
      recycle,
      runners,
      jobs: { status: 'failed' },
      memory: { drains: { '{a}': drain('first-step') } },
    });
    expect(classifyGroup(seen, NOON).expected.busy).toBe(0);
  });

  it('while others finish their step the last idle one stays', () => {
    const runners = [runner({ uuid: '{a}', status: 'DISABLED', hasStep: true }), idle('{b}')];
    const memory = { drains: { '{a}': drain('first-step') }, idleSince: { '{b}': NOON - HOUR } };
    const { retired, bounds } = decided({ recycle, runners, memory, over: { strategy: QUIET } });
    expect(retired).toEqual([]);
    expect(bounds).toEqual(['last-usable']);
  });

  it('remembers who has had a step, as long as it is there, and says why it goes', () => {
    const runners = [busy('{a}'), idle('{b}'), idle('{c}')];
    const { seen, decision } = decided({ recycle, runners, memory: { worked: ['{b}', '{gone}'] } });
    const [plan] = makePlan(observation([seen]), decision === undefined ? [] : [decision]).groups;
    expect(plan?.memory.worked).toEqual(['{a}', '{b}']);
    expect(plan?.memory.drains).toMatchObject({ '{a}': { cause: 'first-step' }, '{b}': { cause: 'first-step' } });
    const without = decided({ recycle: { onChange: true }, runners });
    const [other] = makePlan(observation([without.seen]), without.decision ? [without.decision] : []).groups;
    expect(other?.memory).not.toHaveProperty('worked');
  });

  it('one that has worked is not put back into service', () => {
    const runners = ['{a}', '{b}'].map((uuid) => runner({ uuid, status: 'DISABLED' }));
    const drains = { '{a}': drain('surplus'), '{b}': drain('surplus') };
    const { decision } = decided({ recycle, runners, memory: { drains, worked: ['{a}'] }, over: { min: 2 } });
    expect(decision?.enable.map(({ uuid }) => uuid)).toEqual(['{b}']);
    expect(decision?.creates).toBe(1);
  });
});

describe('what is too old, or made from other settings', () => {
  const OLD = { afterMs: 30 * MINUTE };
  const many = (count: number) => Array.from({ length: count }, (_, index) => idle(`{${index}}`, index));
  it.each<{
    name: string;
    recycle?: Recycle;
    runners: readonly Runner[];
    jobs?: Partial<RunnerJob>;
    memory?: Partial<GroupMemory>;
    over?: Partial<RunnerGroup>;
    idleTrusted?: boolean;
    creates: number;
    retired: readonly string[];
    bounds?: readonly string[];
  }>([
    {
      name: 'exactly as old as allowed, clocks a minute apart',
      recycle: { afterMs: 59 * MINUTE },
      runners: many(1),
      creates: 0,
      retired: [],
    },
    {
      name: 'a moment older: another comes first',
      recycle: { afterMs: 59 * MINUTE - 1 },
      runners: many(1),
      creates: 1,
      retired: [],
      bounds: ['recycling'],
    },
    {
      name: 'another is on its way',
      runners: [...many(1), starting('{new}')],
      creates: 0,
      retired: [],
      bounds: ['recycling'],
    },
    {
      name: 'another is online: the old one goes',
      runners: [idle('{young}', 55), ...many(1)],
      creates: 0,
      retired: ['{0} too-old'],
    },
    {
      name: 'never a busy one',
      runners: [busy('{a}'), idle('{young}', 55)],
      creates: 0,
      retired: [],
      bounds: ['recycling'],
    },
    {
      name: 'of four one at once, the oldest',
      runners: many(4).toReversed(),
      over: { min: 3 },
      creates: 0,
      retired: ['{0} too-old'],
      bounds: ['recycling'],
    },
    {
      name: 'of eight two at once',
      runners: many(8),
      over: { min: 6 },
      creates: 0,
      retired: ['{0} too-old', '{1} too-old'],
      bounds: ['recycling'],
    },
    {
      name: 'as many as the group can do without',
      runners: many(8),
      over: { min: 7 },
      creates: 1,
      retired: ['{0} too-old'],
      bounds: ['recycling'],
    },
    {
      name: 'one that still drains for its age counts',
      runners: [...many(4), runner({ uuid: '{gone}', status: 'DISABLED' })],
      memory: { drains: { '{gone}': drain('too-old') } },
      over: { min: 3 },
      creates: 0,
      retired: [],
      bounds: ['recycling'],
    },
    {
      name: 'one that still drains for its settings counts',
      runners: [...many(4), runner({ uuid: '{gone}', status: 'DISABLED' })],
      memory: { drains: { '{gone}': drain('outdated') } },
      over: { min: 3 },
      creates: 0,
      retired: [],
      bounds: ['recycling'],
    },
    {
      name: 'more drain than may go at once, as after a change of settings',
      runners: [...many(4), ...['{x}', '{y}'].map((uuid) => runner({ uuid, status: 'DISABLED' }))],
      memory: { drains: { '{x}': drain('too-old'), '{y}': drain('outdated') } },
      over: { min: 3 },
      creates: 0,
      retired: [],
      bounds: ['recycling'],
    },
    {
      name: 'one that was to go and is dead does not count',
      runners: [...many(4), runner({ uuid: '{gone}', status: 'UNREGISTERED' })],
      memory: { drains: { '{gone}': drain('too-old') } },
      over: { min: 3 },
      creates: 0,
      retired: ['{0} too-old'],
      bounds: ['recycling'],
    },
    {
      name: 'of six and two on their way two at once',
      runners: [...many(6), starting('{a}'), starting('{b}')],
      over: { min: 4 },
      creates: 0,
      retired: ['{0} too-old', '{1} too-old'],
      bounds: ['recycling'],
    },
    {
      name: 'of four, and four that go for something else, one at once',
      runners: [...many(4), ...['{w}', '{x}', '{y}', '{z}'].map((uuid) => runner({ uuid, status: 'DISABLED' }))],
      memory: { drains: Object.fromEntries(['{w}', '{x}', '{y}', '{z}'].map((uuid) => [uuid, drain('excess')])) },
      over: { min: 2 },
      creates: 0,
      retired: ['{0} too-old'],
      bounds: ['recycling'],
    },
    {
      name: 'beside those at work, as many as the group can do without',
      runners: [busy('{a}', 55), busy('{b}', 55), ...many(6)],
      over: { min: 7 },
      creates: 1,
      retired: ['{0} too-old'],
      bounds: ['recycling'],
    },
    {
      name: 'one that has worked and is too old goes once, where more could go',
      recycle: { ...OLD, afterSteps: 1 },
      runners: [...many(1), idle('{young}', 55), idle('{too}', 55)],
      memory: { worked: ['{0}'] },
      creates: 0,
      retired: ['{0} first-step'],
    },
    {
      name: 'what rests after its step is not at work',
      recycle: { ...OLD, afterSteps: 1 },
      runners: many(3),
      memory: { worked: ['{2}'] },
      over: { min: 2 },
      creates: 0,
      retired: ['{2} first-step'],
      bounds: ['recycling'],
    },
    {
      name: 'the last one online stays, whatever finishes its step',
      recycle: { ...OLD, afterSteps: 1 },
      runners: [busy('{x}', 55), busy('{y}', 56), ...many(1)],
      over: { strategy: QUIET },
      creates: 0,
      retired: ['{x} first-step', '{y} first-step'],
      bounds: ['recycling'],
    },
    {
      name: 'of seven one at once',
      runners: many(7),
      over: { min: 5 },
      creates: 0,
      retired: ['{0} too-old'],
      bounds: ['recycling'],
    },
    {
      name: 'the last one, where none is wanted',
      runners: many(1),
      over: { strategy: QUIET },
      creates: 0,
      retired: ['{0} too-old'],
    },
    {
      name: 'one that has worked and is too old goes once, for its step',
      recycle: { ...OLD, afterSteps: 1 },
      runners: [...many(1), idle('{young}', 55)],
      memory: { worked: ['{0}'] },
      creates: 0,
      retired: ['{0} first-step'],
    },
    {
      name: 'beside those that finish their step, as many as the group can do without',
      recycle: { ...OLD, afterSteps: 1 },
      runners: [busy('{busy}', 55), ...many(2)],
      creates: 0,
      retired: ['{busy} first-step', '{0} too-old'],
      bounds: ['recycling'],
    },
    {
      name: 'beside those that finish theirs already',
      recycle: { ...OLD, afterSteps: 1 },
      runners: [runner({ uuid: '{busy}', status: 'DISABLED', hasStep: true }), ...many(2)],
      memory: { drains: { '{busy}': drain('first-step') } },
      creates: 0,
      retired: ['{0} too-old'],
      bounds: ['recycling'],
    },
    {
      name: 'never below what is wanted, where some only rest',
      recycle: { ...OLD, afterSteps: 1 },
      runners: many(2),
      memory: { worked: ['{1}'] },
      creates: 0,
      retired: ['{1} first-step'],
      bounds: ['recycling'],
    },
    {
      name: 'one that somebody else took out of service does not',
      runners: [...many(4), runner({ uuid: '{gone}', status: 'DISABLED' })],
      memory: { drains: { '{other}': drain('too-old') } },
      over: { min: 3 },
      creates: 0,
      retired: ['{0} too-old'],
      bounds: ['recycling'],
    },
    {
      name: 'one that drains for something else does not',
      runners: [...many(4), runner({ uuid: '{gone}', status: 'DISABLED' })],
      memory: { drains: { '{gone}': drain('excess') } },
      over: { min: 3 },
      creates: 0,
      retired: ['{0} too-old'],
      bounds: ['recycling'],
    },
    {
      name: 'at max nothing can come first, so nothing goes',
      runners: many(2),
      over: { min: 2, max: 2 },
      creates: 0,
      retired: [],
      bounds: ['max', 'recycling'],
    },
    {
      name: 'where "no step" proves nothing, nothing is known to be idle',
      runners: many(2),
      idleTrusted: false,
      creates: 0,
      retired: [],
      bounds: ['recycling', 'idle-unproven'],
    },
    {
      name: 'made from other settings',
      recycle: { onChange: true },
      runners: many(2),
      jobs: { fingerprint: 'before' },
      creates: 0,
      retired: ['{0} outdated'],
      bounds: ['recycling'],
    },
    {
      name: 'made from the same settings',
      recycle: { onChange: true },
      runners: many(2),
      jobs: { fingerprint: 'now' },
      memory: { idleSince: {} },
      creates: 0,
      retired: [],
      bounds: ['cool-down'],
    },
    {
      name: 'nobody knows what it was made from: it was made before anybody asked',
      recycle: { onChange: true },
      runners: many(2),
      creates: 0,
      retired: ['{0} outdated'],
      bounds: ['recycling'],
    },
    {
      name: 'a change that nobody asked to follow',
      recycle: { onChange: false, afterMs: 2 * HOUR },
      runners: many(2),
      jobs: { fingerprint: 'before' },
      creates: 0,
      retired: [],
      bounds: ['cool-down'],
    },
  ])('$name', ({ recycle = OLD, creates, retired, bounds = [], ...look }) => {
    const result = decided({ recycle, ...look });
    expect({
      creates: result.creates,
      retired: result.retired,
      bounds: result.bounds?.filter((code) => code !== 'cool-down' || bounds.includes(code)),
    }).toEqual({
      creates,
      retired,
      bounds,
    });
  });

  it('one without a Job of ours is left alone by a change', () => {
    const runners = many(2);
    const seen = groupObservation({
      group: group({ strategy: BUFFER, min: 0, recycle: { onChange: true } }),
      runners,
      jobs: [],
      fingerprint: 'now',
    });
    expect(decide(observation([seen]))[0]?.retire).toEqual([]);
  });

  it('what goes as a surplus anyway goes once', () => {
    const runners = many(4);
    const memory = { idleSince: Object.fromEntries(runners.map(({ uuid }) => [uuid, NOON - HOUR])) };
    const { retired } = decided({ recycle: OLD, runners, memory });
    expect(retired).toEqual(['{0} surplus', '{1} surplus']);
  });

  it('says how old it is', () => {
    const { decision } = decided({ recycle: OLD, runners: [idle('{young}', 55), ...many(1)] });
    const ageMs = 59 * MINUTE;
    expect(decision?.retire.map((entry) => entry.reason)).toEqual([reason('too-old', { ageMs, ...OLD })]);
  });

  it('says how many wait for what', () => {
    const { decision } = decided({ recycle: OLD, runners: many(8), over: { min: 7 } });
    expect(decision?.decision.bounds).toMatchObject([
      { code: 'recycling', values: { runners: 8, atOnce: 2, waiting: 1 } },
    ]);
    expect(decision?.decision).toMatchObject({ action: 'scale-up', from: 8, to: 8 });
  });
});

it('nothing is due where nobody asks for it', () => {
  const runners = population({ busy: 2, idle: 2 });
  const seen = groupObservation({ group: group({ strategy: BUFFER }), runners });
  const [decision] = decide(observation([seen]));
  expect([decision?.creates, decision?.retire]).toEqual([0, []]);
  expect(decision?.decision.bounds.map(({ code }) => code)).toEqual(['cool-down']);
});

it('one at work that is out already, while the list shows it in service, takes no seat of those that stay', () => {
  const { retired } = decided({
    recycle: { afterSteps: 1, onChange: true },
    runners: [busy('{used}'), idle('{a}', 1), idle('{b}', 2), idle('{c}', 3)],
    jobs: { fingerprint: 'then' },
    memory: { drains: { '{used}': drain('first-step') } },
    over: { strategy: { ...BUFFER, idleCount: 2 } },
  });
  expect(retired).toEqual(['{used} first-step', '{a} outdated']);
});
