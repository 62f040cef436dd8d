/** Which pods ask for more or less, what nodes do not give, and what becomes of runners that wait for it in vain. */
import { describe, expect, it } from 'vitest';
import { classify } from '#core/decide/classify.ts';
import { decide } from '#core/decide/decide.ts';
import { changeRequests } from '#core/decide/resizing.ts';
import type { PodResize, Runner, RunnerPod, SeenGroup } from '#core/model/observation.ts';
import { makePlan } from '#core/plan.ts';
import { reason } from '#core/reasons.ts';
import { group, groupObservation, jobOf, NOON, observation, runner } from '#kit/fleet.ts';

const MINUTE = 60_000;
const IDLE_GROUP = group({ pod: { ...group().pod, whenIdle: { requests: { cpu: '50m' } } } });
const RESIZE: PodResize = { container: 'docker', isInit: true, idle: { cpu: '50m' }, full: { cpu: '1' }, asks: 'idle' };
const POD: RunnerPod = { name: 'pod-1', phase: 'Running', restarts: 0, isProtected: true };
const waiting = (reason: string, since: number) => ({ reason, message: 'no room', since });

type Row = {
  readonly name: string;
  readonly runner?: Partial<Runner>;
  readonly resize?: Partial<PodResize> | 'none';
  readonly pod?: Partial<RunnerPod>;
  readonly idleMs?: number;
  readonly over?: Partial<SeenGroup>;
  readonly asks?: 'idle' | 'full';
};

const ROWS: readonly Row[] = [
  { name: 'busy, with little', runner: { hasStep: true }, asks: 'full' },
  { name: 'busy, with all', runner: { hasStep: true }, resize: { asks: 'full' } },
  { name: 'out of service with a step', runner: { hasStep: true, status: 'DISABLED' }, asks: 'full' },
  { name: 'busy, its pod on its way', runner: { hasStep: true }, pod: { phase: 'Pending' } },
  {
    name: 'busy, of a group that no longer says so',
    runner: { hasStep: true },
    over: { group: group() },
    asks: 'full',
  },
  { name: 'busy, of a pod that is not resized', runner: { hasStep: true }, resize: 'none' },
  { name: 'idle for a minute, with all', resize: { asks: 'full' }, idleMs: MINUTE, asks: 'idle' },
  { name: 'idle for less', resize: { asks: 'full' }, idleMs: MINUTE - 1 },
  { name: 'idle for the first time', resize: { asks: 'full' } },
  { name: 'idle, with little', idleMs: 9 * MINUTE },
  {
    name: 'idle, of a group that no longer says so',
    resize: { asks: 'full' },
    idleMs: MINUTE,
    over: { group: group() },
  },
  { name: 'idle, but nobody knows', resize: { asks: 'full' }, idleMs: MINUTE, over: { idleTrusted: false } },
  { name: 'out of service', runner: { status: 'DISABLED' }, resize: { asks: 'full' }, idleMs: MINUTE },
];

describe('what a pod asks for', () => {
  it.each(ROWS)('$name: $asks', ({ runner: over = {}, resize = {}, pod = {}, idleMs, over: look = {}, asks }) => {
    const seen = runner(over);
    const its = { ...POD, ...pod, ...(resize !== 'none' && { resize: { ...RESIZE, ...resize } }) };
    const entry = groupObservation({
      group: IDLE_GROUP,
      runners: [seen],
      jobs: [jobOf(seen, { pod: its })],
      memory: { idleSince: idleMs === undefined ? {} : { [seen.uuid]: NOON - idleMs }, drainingSince: {} },
      ...look,
    });
    expect(changeRequests(entry, classify(entry, NOON), NOON)).toEqual(
      asks === undefined
        ? []
        : [
            {
              action: 'resize',
              runner: seen,
              pod: 'pod-1',
              container: 'docker',
              isInit: true,
              requests: RESIZE[asks],
              reason: asks === 'full' ? reason('needs-all', {}) : reason('needs-little', { idleMs: idleMs ?? 0 }),
            },
          ],
    );
  });

  it('names the container where it stands among the others', () => {
    const seen = runner({ hasStep: true });
    const { isInit: _, ...resize } = RESIZE;
    const entry = groupObservation({ runners: [seen], jobs: [jobOf(seen, { pod: { ...POD, resize } })] });
    expect(changeRequests(entry, classify(entry, NOON), NOON)[0]).not.toHaveProperty('isInit');
  });

  it('says where the pod is that is not in the group’s namespace', () => {
    const seen = runner({ hasStep: true });
    const away = { cluster: 'main', namespace: 'web' };
    const jobs = [jobOf(seen, { pod: { ...POD, resize: RESIZE }, away })];
    const entry = groupObservation({ runners: [seen], jobs });
    expect(changeRequests(entry, classify(entry, NOON), NOON)).toMatchObject([{ pod: 'pod-1', away }]);
  });

  it('nothing without a Job', () => {
    const entry = groupObservation({ runners: [runner({ hasStep: true })], jobs: [] });
    expect(changeRequests(entry, classify(entry, NOON), NOON)).toEqual([]);
  });
});

describe('a node that does not give it', () => {
  const LONG = NOON - 3 * MINUTE;
  const look = (
    pending: PodResize['pending'],
    over: { asks?: 'idle' | 'full'; hasStep?: boolean; alone?: boolean } = {},
  ) => {
    const { asks = 'full', hasStep = true, alone = false } = over;
    const seen = runner({ uuid: '{a}', hasStep });
    const other = runner({ uuid: '{b}' });
    const resize = { ...RESIZE, asks, ...(pending && { pending }) };
    return groupObservation({
      group: IDLE_GROUP,
      runners: alone ? [seen] : [seen, other],
      jobs: [jobOf(seen, { pod: { ...POD, resize } }), jobOf(other)],
    });
  };
  const decided = (seen: SeenGroup) => decide(observation([seen]))[0];

  it.each([
    ['for two minutes, clocks a minute apart', waiting('Deferred', LONG), {}, ['{a}']],
    ['for a moment less', waiting('Deferred', LONG + 1), {}, []],
    ['and never will', waiting('Infeasible', NOON), {}, ['{a}']],
    ['to a runner that is idle by now', waiting('Deferred', LONG), { hasStep: false }, []],
    ['less than it has', waiting('Infeasible', NOON), { asks: 'idle' as const }, []],
    ['while no other is online', waiting('Infeasible', NOON), { alone: true }, []],
    ['without a word', undefined, {}, []],
  ])('%s: it takes no other step', (_, pending, over, retired) => {
    const { retire = [] } = decided(look(pending, over)) ?? {};
    expect(retire.map(({ runner: { uuid } }) => uuid)).toEqual(retired);
    const word = pending?.reason ?? '';
    expect(retire.map(({ reason: why }) => why)).toEqual(retired.map(() => reason('resize-stuck', { word })));
  });

  it('is told in the words of the cluster, the same ones together', () => {
    const runners = ['{a}', '{b}', '{c}'].map((uuid) => runner({ uuid, hasStep: true }));
    const words = ['Deferred', 'Deferred', 'Infeasible'];
    const jobs = runners.map((each, index) =>
      jobOf(each, { pod: { ...POD, resize: { ...RESIZE, asks: 'full', pending: waiting(words[index] ?? '', NOON) } } }),
    );
    const bounds = decided(groupObservation({ group: IDLE_GROUP, runners, jobs }))?.decision.bounds ?? [];
    expect(bounds.filter(({ code }) => code === 'resize-pending').map(({ values }) => values)).toEqual([
      { runners: 2, word: 'Deferred', message: 'no room' },
      { runners: 1, word: 'Infeasible', message: 'no room' },
    ]);
  });

  it('makes others that ask for all from the beginning, as long as it is there', () => {
    const plans = (seen: SeenGroup) => {
      const made = decided(seen);
      return makePlan(observation([seen]), made === undefined ? [] : [made]).groups[0]?.actions ?? [];
    };
    const adds = (seen: SeenGroup) => plans(seen).filter(({ action }) => action === 'add');
    const stuck = look(waiting('Infeasible', NOON));
    const wanted = { ...IDLE_GROUP, min: 4 };
    expect(adds({ ...stuck, group: wanted })).toMatchObject([{ isFull: true }, { isFull: true }]);
    const rested = look(waiting('Infeasible', NOON), { hasStep: false });
    expect(adds({ ...rested, group: wanted })[0]).not.toHaveProperty('isFull');
    const last = runner({ uuid: '{a}', hasStep: true });
    const pod = { ...POD, resize: { ...RESIZE, asks: 'full' as const, pending: waiting('Infeasible', NOON) } };
    const alone = groupObservation({ group: { ...IDLE_GROUP, min: 1 }, runners: [last], jobs: [jobOf(last, { pod })] });
    expect(plans(alone)).toMatchObject([{ action: 'add', isFull: true }]);
    const out = runner({ uuid: '{a}', status: 'DISABLED', hasStep: true });
    const later = (cause: string) =>
      groupObservation({
        group: wanted,
        runners: [out],
        memory: { idleSince: {}, drainingSince: {}, drains: { '{a}': { cause, at: NOON - MINUTE } } },
      });
    expect(adds(later('resize-stuck'))[0]).toMatchObject({ isFull: true });
    expect(adds(later('surplus'))[0]).not.toHaveProperty('isFull');
  });

  it('counts its runner as busy until its step ends', () => {
    const out = runner({ uuid: '{a}', status: 'DISABLED', hasStep: true });
    const drains = { '{a}': { cause: 'resize-stuck', at: NOON - MINUTE } };
    const seen = groupObservation({
      group: group({ min: 1 }),
      runners: [out],
      memory: { idleSince: {}, drainingSince: {}, drains },
    });
    expect(decided(seen)?.decision.reason.code).not.toBe('below-min');
  });
});
