import { describe, expect, it } from 'vitest';
import { duration, percent } from '#core/quantities.ts';
import { type ReasonCode, type ReasonValues, reason } from '#core/reasons.ts';

/** Every code, its numbers, and the sentence that people read. A code that is missing here does not compile. */
const SENTENCES: { readonly [Code in ReasonCode]: readonly [values: ReasonValues[Code], text: string] } = {
  'below-min': [{ min: 4, usable: 1, starting: 2 }, '1 usable and 2 starting are fewer than min 4'],
  'busy-share-high': [
    { busy: 3, usable: 4, share: 0.75, threshold: 0.5, wanted: 6 },
    '3 of 4 busy (75 %) is above 50 %, so 6 are wanted',
  ],
  'busy-share-low': [
    { busy: 1, usable: 8, share: 0.125, threshold: 0.2, idle: 7, keepIdle: 3 },
    '1 of 8 busy (12.5 %) is below 20 %, so 3 of 7 idle runners stay',
  ],
  'stabilisation-window': [
    { surplus: 2, highest: 10, windowMs: 300_000, leftMs: 120_000 },
    '2 idle runners too many, but 10 were wanted less than 5m ago; the stabilisation window ends in 2m',
  ],
  'last-usable': [
    { starting: 2 },
    'the only runner online stays while 2 are starting: a step that finds none online fails at once',
  ],
  'left-over': [
    { group: 'old' },
    'no group is here any more (group "old" was), so it takes no new step and goes when it has none',
  ],
  saturated: [{ busy: 4, wanted: 8 }, 'all 4 online are busy and nobody knows how much waits, so 8 are wanted'],
  'queue-counted': [{ busy: 4, waiting: 3, buffer: 1, wanted: 8 }, '4 busy, 3 waiting and a buffer of 1 make 8'],
  'queue-unknown': [
    { why: 'the credential may not read pipelines' },
    'the queue is unknown (the credential may not read pipelines), so the group is scaled without it',
  ],
  'at-min': [{ needed: 1, min: 3 }, '1 would do, but min is 3'],
  'idle-buffer': [{ busy: 4, buffer: 2, wanted: 6 }, '4 busy and a buffer of 2 make 6'],
  'learned-buffer': [
    { busy: 4, buffer: 2, arrivals: 30, startUpMs: 75_000, wanted: 6 },
    '4 busy and a buffer of 2 make 6: 30 steps began in the last hour, and a start takes 1m 15s',
  ],
  'calls-scarce': [
    { credential: 'ci/bitbucket', limit: 1000, left: 40, surplus: 2 },
    '2 idle runners too many stay: removing them takes calls, and credential ci/bitbucket has only 40 of 1000 left',
  ],
  'above-max': [{ working: 12, max: 10 }, '12 runners are more than max 10'],
  'look-held-back': [
    { credential: 'ci/bitbucket', why: 'short', used: 1000, limit: 1000, waitMs: 180_000 },
    'not looked at, to spare the hourly calls of credential ci/bitbucket (1000 of 1000 made here); the next look is in 3m',
  ],
  'partial-observation': [
    { missing: 'runners of acme: 503' },
    'holding because not everything could be read: runners of acme: 503',
  ],
  steady: [
    { busy: 1, usable: 3, share: 1 / 3, lower: 0.2, upper: 0.5 },
    '1 of 3 busy (33.3 %) lies between 20 % and 50 %',
  ],
  'nothing-usable': [{ starting: 2, min: 3 }, 'no runner is online, 2 starting, min is 3'],
  'starting-suffice': [{ starting: 2, wanted: 6, usable: 4 }, '4 usable and 2 starting already cover the 6 wanted'],
  'no-room': [{ wanted: 15, working: 10 }, '15 are wanted, but 10 is all that the limits allow'],
  'idle-at-min': [{ idle: 1, min: 2 }, '1 idle, no more than min 2, so none goes'],
  'cooling-down': [
    { surplus: 2, coolDownMs: 300_000, longestIdleMs: 90_000 },
    '2 idle runners too many, the longest idle for 1m 30s of the 5m cool-down',
  ],
  'idle-unproven': [
    { surplus: 2 },
    '2 runners too many, but this API has shown no busy runner lately, so none can be trusted to be idle',
  ],
  schedule: [
    { window: 'office', min: 5, max: 40, until: '2026-11-23T19:00+01:00' },
    'window office sets min 5 and max 40 until 2026-11-23T19:00+01:00',
  ],
  woken: [
    { runners: 3, by: 'acme/shop and acme/site', until: '2026-11-23T19:10:00.000Z' },
    'acme/shop and acme/site asked for 3 runners until 2026-11-23T19:10:00.000Z',
  ],
  max: [{ max: 10, registrations: 8, withheld: 4 }, 'max 10 with 8 registered withholds 4'],
  'below-share': [
    { cap: 10, share: 4, working: 1, coming: 3, from: 'builds' },
    "1 at work are fewer than the 4 that are the group's share of cap 10; 3 places will be free when runners that drain have finished (of builds)",
  ],
  shared: [{ to: 'web, api', cap: 10 }, "above its group's share of cap 10, so its place goes to web, api"],
  'workspace-cap': [{ cap: 100, registrations: 97, withheld: 5 }, 'workspace cap 100 with 97 registered withholds 5'],
  'api-budget': [
    { credential: 'ci/bitbucket', limit: 1000, left: 104, withheld: 6, moreInMs: 60_000 },
    'credential ci/bitbucket has 104 of 1000 calls an hour left, which withholds 6; more in 1m',
  ],
  'peak-cap': [
    { cap: 12, committed: 11, peak: 9, withheld: 4 },
    "at most 12 in use at once, with 11 that are or will be (month's peak 9), withholds 4",
  ],
  'concurrency-limit': [
    { limit: 12, running: 9, coming: 1, withheld: 4 },
    'Bitbucket runs at most 12 steps of the workspace at once; 9 that run and 1 runner on their way withhold 4',
  ],
  'max-creates-per-tick': [{ limit: 20, withheld: 7 }, 'at most 20 creates per tick leave 7 for the next'],
  'cool-down': [
    { coolDownMs: 300_000, withheld: 3, longestIdleMs: 61_000 },
    '3 idle runners must be seen idle for 5m first (longest 1m 1s)',
  ],
  'unknown-status': [
    { runners: 2, statuses: 'HIBERNATING' },
    '2 runners with a status unknown here (HIBERNATING) left alone',
  ],
  surplus: [{ idleMs: 420_000 }, 'idle for 7m and not needed'],
  excess: [{ max: 10 }, 'above max 10 and not yet at work'],
  drained: [{ drainedMs: 60_000 }, 'out of service and without a step for 1m'],
  'never-online': [
    { ageMs: 660_000, startTimeoutMs: 600_000, pod: 'Pending, ImagePullBackOff' },
    'not online 11m after registration (startTimeout 10m; pod: Pending, ImagePullBackOff)',
  ],
  'lost-heart-beat': [{ offlineMs: 180_000 }, 'offline for 3m without a step'],
  unhealthy: [{ unhealthyMs: 180_000 }, 'unhealthy for 3m without a step'],
  'job-missing': [{ ageMs: 180_000 }, 'registered for 3m, but there is no Job behind it'],
  'job-ended': [{ jobStatus: 'failed' }, 'its Job is failed'],
  'job-unlisted': [{}, "its Job is not in its cluster's list any more, so it takes no new step"],
  'registration-gone': [{ ageMs: 180_000 }, 'its registration is gone, the Job is 3m old'],
  'slow-start': [
    { runners: 1, usualMs: 45_000, withheld: 2 },
    '1 start takes more than 3 times the usual 45s and does not count as starting: 2 withheld, one more at a time is tried until one works',
  ],
  'secret-missing': [{ ageMs: 95_000 }, 'its Job is 1m 35s old, but the Secret that its pod needs was never created'],
  quarantine: [
    { failures: 2, waitMs: 120_000, withheld: 4 },
    '2 failed starts in a row: 4 withheld, the next try is in 2m',
  ],
  'start-trouble': [
    { kind: 'unschedulable', runners: 3, message: '0/5 nodes match', selector: 'customer=shared' },
    '3 starting runners: no node has customer=shared and room: 0/5 nodes match; add nodes, or change nodeSelector, tolerations or size',
  ],
  'start-hopeless': [
    { kind: 'crash', message: 'CrashLoopBackOff: back-off' },
    'it cannot start: the container crashes: CrashLoopBackOff: back-off; see kubectl logs of the pod, with --previous',
  ],
  'start-ended': [
    { jobStatus: 'failed' },
    "its Job is failed, and it has never connected; see kubectl logs of the next one's pod while it starts",
  ],
  'start-interrupted': [
    { jobStatus: 'failed' },
    'its Job is failed, because its pod was taken away before the runner had connected',
  ],
  'pod-leaving': [
    { why: 'EvictionByEvictionAPI' },
    'its pod is being taken away (EvictionByEvictionAPI), so it takes no new step',
  ],
  'pods-leaving': [
    { runners: 3, atWork: 2, why: 'EvictionByEvictionAPI' },
    'the pods of 3 runners are being taken away (EvictionByEvictionAPI): no supply from now on; 2 of them show a step, which is lost if the pod goes before it ends',
  ],
  recycling: [
    { runners: 4, atOnce: 2, waiting: 2 },
    '4 runners are due to be replaced, idle ones at most 2 at once, the oldest first; 2 wait until another is online',
  ],
  'one-step-waits': [
    { runners: 1 },
    '1 runner that has had its one step stays, as the last one online, until another is',
  ],
  'first-step': [{}, 'one step per runner (recycle.afterSteps), and it has its own, so it takes no other'],
  'resize-pending': [
    { runners: 2, word: 'Deferred', message: 'Node did not have enough resource: cpu' },
    'the pods of 2 runners wait for what a busy one asks for (Deferred: Node did not have enough resource: cpu); their steps run with what the node has left',
  ],
  'resize-stuck': [
    { word: 'Infeasible' },
    'its node does not give its pod what a busy one asks for (Infeasible), so it takes no other step, and another is made that asks for all from the beginning',
  ],
  'needs-all': [{}, 'its runner is busy, so it asks for what its size says'],
  'needs-little': [{ idleMs: 60_000 }, 'its runner has been idle for 1m, so it asks for little'],
  'too-old': [{ ageMs: 90_000_000, afterMs: 86_400_000 }, '1d 1h old, more than recycle.after 1d'],
  outdated: [{}, 'made before the template, images or settings of its group changed (recycle.onChange)'],
  'offline-at-work': [
    { runners: 2, longestMs: 720_000 },
    '2 runners offline in the middle of a step, for 12m, cannot be used and may still be at work; see the node in kubectl get pods -o wide',
  ],
  'drained-at-work': [
    { runners: 1, longestMs: 720_000, limitMs: 7_260_000 },
    '1 runner out of service shows a step, for 12m, that no pod runs any more; no step takes longer than 2h 1m, then it goes',
  ],
  'step-overdue': [{ outMs: 7_320_000 }, 'out of service for 2h 2m, longer than the step that it shows can take'],
  'lost-at-work': [
    { offlineMs: 720_000, pod: 'Unknown' },
    'offline for 12m in the middle of a step that nothing runs any more (pod: Unknown)',
  ],
  'at-work': [{}, 'its runner is busy, so its node must stay'],
  rested: [{ idleMs: 300_000 }, 'its runner has been idle for 5m, so its node may go'],
};

/** A table's rows are typed by their own code each; the loop only knows that they belong together. */
const rows = Object.entries(SENTENCES) as readonly [ReasonCode, readonly [ReasonValues[ReasonCode], string]][];

describe('a sentence for every reason', () => {
  it.each(rows)('%s', (code, [values, text]) => {
    expect(reason(code, values)).toEqual({ code, text, values });
  });

  it.each([
    { code: 'cooling-down', values: { surplus: 1, coolDownMs: 1000, longestIdleMs: 0 }, starts: '1 idle runner too' },
    { code: 'idle-unproven', values: { surplus: 1 }, starts: '1 runner too many' },
    { code: 'cool-down', values: { withheld: 1, coolDownMs: 1000, longestIdleMs: 0 }, starts: '1 idle runner must' },
    { code: 'unknown-status', values: { runners: 1, statuses: 'X' }, starts: '1 runner with' },
    { code: 'last-usable', values: { starting: 1 }, starts: 'the only runner online stays while 1 is starting:' },
    {
      code: 'pods-leaving',
      values: { runners: 1, atWork: 0, why: 'X' },
      starts: 'the pod of 1 runner is being taken away (X): no supply from now on',
    },
    {
      code: 'pods-leaving',
      values: { runners: 1, atWork: 1, why: 'X' },
      starts: 'the pod of 1 runner is being taken away (X): no supply from now on; 1 of them shows a step',
    },
    {
      code: 'recycling',
      values: { runners: 1, atOnce: 1, waiting: 0 },
      starts: '1 runner is due to be replaced, idle ones at most 1 at once, the oldest first',
    },
    {
      code: 'recycling',
      values: { runners: 1, atOnce: 1, waiting: 1 },
      starts: '1 runner is due to be replaced, idle ones at most 1 at once, the oldest first; 1 waits until',
    },
    {
      code: 'resize-pending',
      values: { runners: 1, word: 'Deferred', message: '' },
      starts: 'the pods of 1 runner wait for what a busy one asks for (Deferred); their',
    },
    { code: 'idle-unproven', values: { surplus: 0 }, starts: '0 runners too many' },
  ] as const)('one is not many: $code $starts', ({ code, values, starts }) => {
    expect(reason(code, values).text.startsWith(starts)).toBe(true);
  });
});

describe('a sentence says no more than there is', () => {
  it.each([
    {
      name: 'two runners show a step, and they go',
      code: 'drained-at-work',
      values: { runners: 2, longestMs: 720_000, limitMs: 7_260_000 },
      text: '2 runners out of service show a step, for 12m, that no pod runs any more; no step takes longer than 2h 1m, then they go',
    },
    {
      name: 'of pods that leave without a step, no step is lost',
      code: 'pods-leaving',
      values: { runners: 2, atWork: 0, why: 'X' },
      text: 'the pods of 2 runners are being taken away (X): no supply from now on',
    },
    {
      name: 'where none waits to be replaced, nothing is said of waiting',
      code: 'recycling',
      values: { runners: 2, atOnce: 2, waiting: 0 },
      text: '2 runners are due to be replaced, idle ones at most 2 at once, the oldest first',
    },
    {
      name: 'two starts take long, with nothing withheld',
      code: 'slow-start',
      values: { runners: 2, usualMs: 45_000, withheld: 0 },
      text: '2 starts take more than 3 times the usual 45s and do not count as starting',
    },
  ] as const)('$name', ({ code, values, text }) => {
    expect(reason(code, values).text).toBe(text);
  });
});

it.each([
  [{ coming: 1, from: '' }, '1 place will be free when runners that drain have finished'],
  [{ coming: 0, from: '' }, 'no other group can make room now'],
])('who makes room: %j', ({ coming, from }, ends) => {
  const { text } = reason('below-share', { cap: 10, share: 4, working: 1, coming, from });
  expect(text).toBe(`1 at work are fewer than the 4 that are the group's share of cap 10; ${ends}`);
});

it('registrations that nobody saw are told apart', () => {
  expect(reason('workspace-cap', { cap: 100, registrations: 97, assumed: 50, withheld: 5 }).text).toBe(
    'workspace cap 100 with 97 registered (50 of them assumed, where nothing was listed) withholds 5',
  );
});

it('a look is held back by Bitbucket, or to spare what is left', () => {
  const values = { credential: 'ci', used: 90, limit: 1000, waitMs: 120_000 };
  expect(reason('look-held-back', { ...values, why: 'throttled' }).text).toBe(
    'not looked at, since Bitbucket throttles credential ci; the next look is in 2m',
  );
});

describe('what keeps runners from starting, and what to do', () => {
  it.each([
    ['unschedulable', '', 'no node takes the pod: why; add nodes, or change nodeSelector, tolerations or size'],
    ['unschedulable', 'a=b', 'no node has a=b and room: why; add nodes, or change nodeSelector, tolerations or size'],
    ['image', '', "the image cannot be had: why; check its name in the template and the nodes' way to the registry"],
    ['configuration', '', 'the container cannot be made: why; check the Secrets and settings that the template names'],
    ['crash', '', 'the container crashes: why; see kubectl logs of the pod, with --previous'],
    [
      'silent',
      '',
      "its pod runs, but the runner has not connected; check the nodes' way to api.bitbucket.org and kubectl logs",
    ],
    [
      'no-pod',
      '',
      'its Job has no pod; see the events of kubectl describe job: a quota, a limit range or an admission policy may refuse it',
    ],
    ['other', '', 'why; see kubectl describe of the pod'],
  ] as const)('%s, nodes with "%s"', (kind, selector, text) => {
    const values = { kind, runners: 1, message: 'why', selector };
    expect(reason('start-trouble', values).text).toBe(`1 starting runner: ${text}`);
  });

  it('a full stop of the scheduler ends no sentence of ours', () => {
    const values = { kind: 'unschedulable', message: '0/5 nodes are available. why.' } as const;
    expect(reason('start-hopeless', values).text).toContain('0/5 nodes are available. why; add nodes');
  });

  it('hopeless ones do not speak of what the group selects', () => {
    const values = { kind: 'unschedulable', message: 'why' } as const;
    expect(reason('start-hopeless', values).text).toContain('it cannot start: no node takes the pod: why;');
  });
});

describe('percent', () => {
  it.each([
    [0, '0 %'],
    [0.8, '80 %'],
    [1, '100 %'],
    [1.5, '150 %'],
    [1 / 3, '33.3 %'],
    [2 / 3, '66.7 %'],
    [0.0005, '0.1 %'],
    [0.0004, '0 %'],
    [0.29, '29 %'],
  ])('%f is %s', (share, text) => {
    expect(percent(share)).toBe(text);
  });
});

describe('duration', () => {
  const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

  it.each([
    [-5 * SECOND, '0s'],
    [0, '0s'],
    [999, '0s'],
    [SECOND, '1s'],
    [59.999 * SECOND, '59s'],
    [MINUTE, '1m'],
    [90 * SECOND, '1m 30s'],
    [HOUR - 1, '59m 59s'],
    [HOUR, '1h'],
    [HOUR + 5 * SECOND, '1h 5s'],
    [HOUR + 2 * MINUTE + 5 * SECOND, '1h 2m'],
    [DAY - SECOND, '23h 59m'],
    [DAY, '1d'],
    [DAY + 3 * HOUR + 4 * MINUTE, '1d 3h'],
    [50 * DAY + 59 * MINUTE, '50d 59m'],
  ])('%i ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
