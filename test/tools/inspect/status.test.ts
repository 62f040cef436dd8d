/** Bitbucket and the cluster side by side: what does not match, case by case. */
import { describe, expect, it } from 'vitest';
import type { Observation, Runner, RunnerJob } from '#core/model/observation.ts';
import { reason } from '#core/reasons.ts';
import { group, groupObservation, jobOf, NOON, observation, runner } from '#kit/fleet.ts';
import { isIncomplete, statusOf } from '#tools/inspect/status.ts';
import { renderStatus } from '#tools/inspect/status-text.ts';

const UUID = runner().uuid;
const RUNNING = { name: 'pod', phase: 'Running', restarts: 0, isProtected: true } as const;
const PENDING = { name: 'pod', phase: 'Pending', restarts: 0, isProtected: true } as const;

const statusOfSeen = (seen: Observation) => statusOf({ observation: seen, decisions: [], leftovers: [] });

function statusOfOne(over: Partial<Runner>, behind: Partial<RunnerJob> | undefined) {
  const seen = runner({ ...over, uuid: UUID });
  const jobs = behind === undefined ? [] : [jobOf(seen, behind)];
  return statusOfSeen(observation([groupObservation({ runners: [seen], jobs })]));
}

describe('what does not match', () => {
  const CASES: readonly (readonly [string, Partial<Runner>, Partial<RunnerJob> | undefined, readonly string[]])[] = [
    ['online, and its pod runs', {}, { pod: RUNNING }, []],
    ['busy, and its pod is kept in place', { hasStep: true }, { pod: RUNNING }, []],
    ['starting, and its pod waits', { status: 'UNREGISTERED' }, { pod: PENDING }, []],
    ['out of service, and its pod still runs', { status: 'DISABLED' }, { pod: RUNNING }, []],
    [
      'online without a Job',
      {},
      undefined,
      [
        'connected to Bitbucket, but there is no Job of ours behind it: something else runs it, or its Job was deleted just now',
      ],
    ],
    [
      'registered without a Job',
      { status: 'UNREGISTERED', createdAt: NOON - 30_000 },
      undefined,
      ['registered 30s ago, but there is no Job behind it'],
    ],
    ['online, its Job has failed', {}, { status: 'failed' }, ['connected to Bitbucket, but its Job is failed']],
    ['online, its pod waits', {}, { pod: PENDING }, ['connected to Bitbucket, but its pod is Pending']],
    ['online, its pod is gone', {}, { pod: undefined }, ['connected to Bitbucket, but its pod is gone']],
    [
      'never connected, though its pod runs',
      { status: 'UNREGISTERED', statusText: 'UNREGISTERED', createdAt: NOON },
      { pod: RUNNING },
      ['its pod runs, but Bitbucket says UNREGISTERED'],
    ],
    [
      'busy, its pod may be moved',
      { hasStep: true },
      { pod: { ...RUNNING, isProtected: false } },
      ['runs a step, but its pod has no mark that keeps it on its node'],
    ],
    ['idle, its pod may be moved', {}, { pod: { ...RUNNING, isProtected: false } }, []],
    ['made for another group', {}, { pod: RUNNING, group: 'old' }, ['its Job was made for group "old"']],
  ];

  it.each(CASES)('%s', (_, over, behind, mismatches) => {
    expect(statusOfOne(over, behind).groups[0]?.runners[0]?.mismatches).toEqual(mismatches);
  });

  it.each([
    ['idle', undefined, 'active, pod Running, asks for little'],
    ['full', undefined, 'active, pod Running, asks for all'],
    ['full', { reason: 'Deferred', message: '', since: 0 }, 'active, pod Running, asks for all (Deferred)'],
    [undefined, undefined, 'active, pod Running'],
  ] as const)('says what a pod asks for: %s %j', (asks, pending, text) => {
    const resize = { container: 'docker', idle: {}, full: {}, ...(asks && { asks }), ...(pending && { pending }) };
    const { groups } = statusOfOne({}, { pod: { ...RUNNING, resize } });
    expect(groups[0]?.runners[0]?.cluster).toBe(text);
  });

  it('says that a runner is behind', () => {
    const { groups } = statusOfOne({ behind: { version: '3.1.0', current: '5.0.0' } }, { pod: RUNNING });
    expect(groups[0]?.runners[0]?.bitbucket).toBe('ONLINE, version 3.1.0, 5.0.0 is current');
  });

  it('says that a pod is being taken away', () => {
    const { groups } = statusOfOne({}, { pod: RUNNING, takenAway: { why: 'EvictionByEvictionAPI' } });
    expect(groups[0]?.runners[0]).toMatchObject({
      class: 'draining',
      cluster: 'active, pod Running, being taken away (EvictionByEvictionAPI)',
      mismatches: [],
    });
  });

  it('a Job whose registration is gone', () => {
    const orphan = jobOf(runner({ uuid: UUID }), { createdAt: NOON - 90_000 });
    const status = statusOfSeen(observation([groupObservation({ orphanJobs: [orphan] })]));
    expect(status.groups[0]?.orphanJobs).toMatchObject([
      {
        job: orphan.name,
        mismatch: "its registration is not in Bitbucket's list: it is gone, or the list is late; the Job is 1m 30s old",
      },
    ]);
  });

  it('claims nothing about what could not be read', () => {
    const look = groupObservation({
      runners: [runner()],
      jobs: [],
      missing: ['Jobs in namespace runners of cluster main: 503'],
    });
    const status = statusOfSeen(observation([look]));
    expect(status.groups[0]?.runners).toMatchObject([{ cluster: 'not read', mismatches: [] }]);
    expect(isIncomplete(status)).toBe(true);
    expect(isIncomplete(statusOfOne({}, { pod: RUNNING }))).toBe(false);
  });

  it('claims nothing where the hourly calls did not allow a look', () => {
    const values = { credential: 'ci', why: 'short', used: 900, limit: 1000, waitMs: 60_000 } as const;
    const status = statusOfSeen(observation([groupObservation({ heldBack: reason('look-held-back', values) })]));
    expect(status.groups[0]?.problems).toEqual([
      'not looked at, to spare the hourly calls of credential ci (900 of 1000 made here); the next look is in 1m',
    ]);
    expect(isIncomplete(status)).toBe(true);
    expect(renderStatus(status, { all: false }, { width: 140 }).join('\n')).not.toContain('every runner has its Job');
  });
});

it('tells registrations apart that nobody saw', () => {
  const workspaces = [{ workspace: 'acme', registrations: 12, assumed: 10, maxRunners: 100 }];
  const text = renderStatus(
    statusOfSeen(observation([groupObservation()], workspaces)),
    { all: false },
    { width: 140 },
  );
  expect(text.at(-1)).toBe(
    'Workspace acme: 12 registrations (10 of them assumed, where nothing was listed) of at most 100',
  );
});

describe('the bounds', () => {
  const office = { name: 'office', until: '2026-11-09T19:00+01:00' };

  it.each([
    ['of the group alone', {}, 'MATCH?\nbuilds     0     0         0         0     0     1–10  every runner'],
    [
      'of an open window',
      { min: 5, max: 40, window: office },
      '5–40  every runner has its Job, every Job its runner\n',
    ],
  ])('%s', (_, over, text) => {
    const status = statusOfSeen(observation([groupObservation({ group: group(over) })]));
    expect(status.groups[0]).toMatchObject(over);
    expect(renderStatus(status, { all: false }, { width: 140 }).join('\n')).toContain(text);
  });

  it.each([
    ['until it closes', office, 'schedule: min and max are those of window office until 2026-11-09T19:00+01:00'],
    ['for ever', { name: 'always' }, 'schedule: min and max are those of window always at all times'],
  ])('name the window that sets them, %s', (_, window, text) => {
    const status = statusOfSeen(observation([groupObservation({ group: group({ window }) })]));
    expect(renderStatus(status, { all: false }, { width: 200 }).join('\n')).toContain(text);
  });
});

describe('as text', () => {
  const seen = [
    runner({ uuid: '{0a}', hasStep: true }),
    runner({ uuid: '{0b}', status: 'UNREGISTERED', statusText: 'UNREGISTERED', createdAt: NOON - 30_000 }),
  ];
  const [busy] = seen;
  if (busy === undefined) throw new Error('no runner');
  const look = groupObservation({
    runners: seen,
    jobs: [jobOf(busy, { pod: RUNNING })],
    orphanJobs: [jobOf(runner({ uuid: '{0c}' }), { createdAt: NOON - 90_000 })],
  });
  const unread = groupObservation({ missing: ['runners of acme: 503'] });

  it.each([
    ['what does not match', false, 140],
    ['every runner', true, 140],
    ['narrow', true, 60],
  ])('%s', (_, all, width) => {
    const status = statusOfSeen(observation([look, unread]));
    expect(renderStatus(status, { all }, { width }).join('\n')).toMatchSnapshot();
  });

  it('says so when everything matches', () => {
    const text = renderStatus(statusOfOne({}, { pod: RUNNING }), { all: false }, { width: 140 }).join('\n');
    expect(text).toContain('every runner has its Job, every Job its runner');
    expect(text).not.toContain('DOES NOT MATCH');
  });
});
