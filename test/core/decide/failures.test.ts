/** Failures that count, each once; what ends a quarantine besides a probe that works; what a killed tick leaves. */
import { describe, expect, it } from 'vitest';
import { classify } from '#core/decide/classify.ts';
import { extendQuarantine, nextFailedStarts, nextQuarantine } from '#core/decide/quarantine.ts';
import { remember } from '#core/decide/remember.ts';
import { isSame } from '#core/memory.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { GroupMemory, Instant, Runner, RunnerJob } from '#core/model/observation.ts';
import { group, groupObservation, jobOf, NOON, runner } from '#kit/fleet.ts';

const MINUTE = 60_000;
const NOTHING: GroupMemory = { idleSince: {}, drainingSince: {} };
const failed = (uuid: string, over: Partial<Runner> = {}) =>
  runner({ uuid, status: 'UNREGISTERED', createdAt: NOON - 20 * MINUTE, ...over });

/** The memory after looks at these moments. */
function afterLooks(
  looks: readonly (readonly [at: Instant, runners: readonly Runner[]])[],
  memory = NOTHING,
): GroupMemory {
  return looks.reduce((known, [at, runners]) => {
    const seen = groupObservation({ runners, memory: known });
    return remember(seen, classify(seen, at), { enable: [], retire: [], recentTargets: [], creates: 0 }, at);
  }, memory);
}

describe('a failed start counts once', () => {
  it.each<{
    readonly name: string;
    readonly looks: Parameters<typeof afterLooks>[0];
    readonly failures: number;
    readonly since: Instant;
  }>([
    {
      name: 'however often it is seen',
      looks: [0, 1, 2, 600].map((minute) => [NOON + minute * MINUTE, [failed('{a}')]]),
      failures: 1,
      since: NOON,
    },
    {
      name: 'though a list did not show it for a while',
      looks: [
        [NOON, [failed('{a}')]],
        [NOON + 5 * MINUTE, []],
        [NOON + 10 * MINUTE, [failed('{a}')]],
        [NOON + 19 * MINUTE, [failed('{a}')]],
      ],
      failures: 1,
      since: NOON,
    },
    {
      name: 'and another one when it is seen',
      looks: [
        [NOON, [failed('{a}')]],
        [NOON + MINUTE, [failed('{a}'), failed('{b}')]],
        [NOON + 2 * MINUTE, [failed('{a}'), failed('{b}')]],
      ],
      failures: 2,
      since: NOON + MINUTE,
    },
  ])('$name', ({ looks, failures, since }) => {
    expect(afterLooks(looks).quarantine).toMatchObject({ failures, since });
  });

  it('and never, where a sibling worked when it was seen, though that is gone by now', () => {
    const memory = afterLooks([
      [NOON, [failed('{a}'), runner({ createdAt: NOON - 20 * MINUTE })]],
      [NOON + MINUTE, [failed('{a}')]],
    ]);
    expect(memory.quarantine).toBeUndefined();
    expect(memory.failedStarts).toEqual({ '{a}': NOON + MINUTE });
  });

  it('is remembered for ten minutes after it was seen for the last time', () => {
    const known = { ...NOTHING, failedStarts: { '{a}': NOON, '{b}': NOON + 1 } };
    expect(nextFailedStarts(known, [], NOON + 10 * MINUTE)).toEqual({ '{b}': NOON + 1 });
    expect('failedStarts' in afterLooks([[NOON + 11 * MINUTE, []]], known)).toBe(false);
  });

  it('only what failed to start is remembered so', () => {
    const seen = groupObservation({
      runners: [runner({ status: 'OFFLINE' }), runner({ status: 'DISABLED' }), runner()],
    });
    expect(nextFailedStarts(NOTHING, classify(seen, NOON), NOON)).toEqual({});
  });

  it('which is something to save', () => {
    expect(isSame(NOTHING, { ...NOTHING, failedStarts: { '{a}': 1 } })).toBe(false);
    expect(isSame({ ...NOTHING, failedStarts: { '{a}': 1 } }, NOTHING)).toBe(false);
    expect(isSame(NOTHING, { ...NOTHING, failedStarts: {} })).toBe(true);
  });
});

describe('what is told of the failures that counted', () => {
  it('the runner, the time and the cause', () => {
    expect(afterLooks([[NOON, [failed('{a}'), failed('{b}')]]]).quarantine?.failed).toEqual(
      ['{a}', '{b}'].map((uuid) => ({
        runner: uuid,
        at: NOON,
        cause: 'not online 19m after registration (startTimeout 10m; pod: none)',
      })),
    );
  });

  it('the latest ten, oldest first', () => {
    const looks = Array.from({ length: 12 }, (_, index) => [NOON + index, [failed(`{${index}}`)]] as const);
    const told = afterLooks(looks).quarantine?.failed?.map(({ runner: uuid }) => uuid);
    expect(told).toEqual(['{2}', '{3}', '{4}', '{5}', '{6}', '{7}', '{8}', '{9}', '{10}', '{11}']);
  });

  it('also on top of a memory that had no list', () => {
    const cause = 'quota';
    expect(extendQuarantine({ failures: 4, since: 1 }, group(), [{ at: NOON, cause }], NOON)).toMatchObject({
      failures: 5,
      failed: [{ at: NOON, cause }],
    });
  });
});

describe('what is changed in the configuration', () => {
  const { pod } = group();
  const template = { name: 'a', origin: 'a.yaml', text: 'image: a' };
  const before = extendQuarantine(undefined, group({ pod: { ...pod, template } }), [], NOON);
  const next = (over: Partial<RunnerGroup>, quarantine = before, runners: readonly Runner[] = []) => {
    const seen = groupObservation({
      group: group({ pod: { ...pod, template }, ...over }),
      runners,
      memory: { ...NOTHING, quarantine },
    });
    return nextQuarantine(seen, classify(seen, NOON), NOON);
  };

  it.each<[string, Partial<RunnerGroup>]>([
    ['the template', { pod: { ...pod, template: { ...template, text: 'image: b' } } }],
    ['the size', { pod: { ...pod, template, size: '2x' } }],
    ['the namespace', { namespace: 'other' }],
    ['the cluster', { cluster: 'other' }],
  ])('%s: ends the quarantine', (_name, over) => {
    expect(next(over)).toBeUndefined();
    // What fails from then on is a first failure.
    expect(next(over, { ...before, failures: 7 }, [failed('{a}')])).toMatchObject({ failures: 1 });
  });

  it.each<[string, Partial<RunnerGroup>]>([
    ['nothing', {}],
    ['what starts no runner', { min: 3, max: 99, coolDownMs: 1, labels: ['x'] }],
  ])('%s: ends nothing', (_name, over) => {
    expect(next(over)).toBe(before);
  });

  it('of a memory of the version before nobody knows with what it failed', () => {
    const older = { failures: 3, since: NOON };
    expect(next({ namespace: 'other' }, older)).toBe(older);
  });
});

describe('what a tick leaves that is killed in the middle of a create', () => {
  const AGE = 90_000;
  const lacking = (message: string, reason = 'CreateContainerConfigError'): Partial<RunnerJob> => ({
    pod: { name: 'p', phase: 'Pending', restarts: 0, isProtected: true, trouble: { reason, message } },
  });
  const own = 'secret "runner-oauth-credentials-a" not found';

  it.each<{
    readonly name: string;
    readonly ageMs: number;
    readonly job?: Partial<RunnerJob>;
    readonly cause?: string;
  }>([
    { name: 'no Job, 30 s old with clocks a minute apart', ageMs: AGE },
    { name: 'no Job, older', ageMs: AGE + 1, cause: 'job-missing' },
    { name: 'no Secret, 30 s old with clocks a minute apart', ageMs: AGE, job: lacking(own) },
    { name: 'no Secret, older', ageMs: AGE + 1, job: lacking(own), cause: 'secret-missing' },
    { name: 'another Secret, which somebody may yet make', ageMs: AGE + 1, job: lacking('secret "theirs" not found') },
    { name: 'another trouble that names the Secret', ageMs: AGE + 1, job: lacking(own, 'Unschedulable') },
    { name: 'a pod without trouble', ageMs: AGE + 1, job: {} },
  ])('$name: $cause', ({ ageMs, job, cause }) => {
    const createdAt = NOON - ageMs;
    const seen = runner({ uuid: '{a}', status: 'UNREGISTERED', createdAt, stateChangedAt: createdAt });
    const look = groupObservation({ runners: [seen], jobs: job === undefined ? [] : [jobOf(seen, job)] });
    const classified = classify(look, NOON);
    expect(classified.map((entry) => (entry.class === 'dead' ? entry.cause.code : undefined))).toEqual([cause]);
    // It is no failure of the group.
    expect(nextQuarantine(look, classified, NOON)).toBeUndefined();
  });

  it('says how old the Job is that lacks its Secret', () => {
    const seen = runner({ uuid: '{a}', status: 'UNREGISTERED', createdAt: NOON - 5 * MINUTE });
    const look = groupObservation({
      runners: [seen],
      jobs: [jobOf(seen, { ...lacking(own), createdAt: NOON - 3 * MINUTE })],
    });
    expect(classify(look, NOON)).toMatchObject([{ cause: { values: { ageMs: 2 * MINUTE } } }]);
  });
});
