import { describe, expect, it } from 'vitest';
import { classify } from '#core/decide/classify.ts';
import { type StartTrouble, startTroubleOf, startTroubles } from '#core/decide/pod-trouble.ts';
import type { RunnerPod } from '#core/model/observation.ts';
import { reason } from '#core/reasons.ts';
import { group, groupObservation, jobOf, NOON, runner } from '#kit/fleet.ts';

const MINUTE = 60_000;

type Row = {
  readonly name: string;
  readonly pod: Partial<RunnerPod> | 'none';
  /** By the cluster's clock, which may be a minute off. */
  readonly minutes?: number;
  readonly trouble: Pick<StartTrouble, 'kind' | 'hopeless'> | 'none';
};

const says = (reason: string, message = 'why', over: Partial<RunnerPod> = {}): Partial<RunnerPod> => ({
  trouble: { reason, message },
  ...over,
});

const ROWS: readonly Row[] = [
  { name: 'no pod yet', pod: 'none', minutes: 3, trouble: 'none' },
  { name: 'no pod for long', pod: 'none', minutes: 3.1, trouble: { kind: 'no-pod', hopeless: false } },
  { name: 'a pod that is on its way', pod: {}, minutes: 9, trouble: 'none' },
  { name: 'no node takes it', pod: says('Unschedulable'), trouble: { kind: 'unschedulable', hopeless: false } },
  {
    name: 'no node takes it for long',
    pod: says('Unschedulable'),
    minutes: 9,
    trouble: { kind: 'unschedulable', hopeless: false },
  },
  { name: 'the scheduler stumbles', pod: says('SchedulerError'), trouble: { kind: 'unschedulable', hopeless: false } },
  ...['ErrImagePull', 'ImagePullBackOff', 'ImageInspectError', 'RegistryUnavailable'].map(
    (reason): Row => ({
      name: `${reason}: may pass`,
      pod: says(reason),
      minutes: 9,
      trouble: { kind: 'image', hopeless: false },
    }),
  ),
  ...['InvalidImageName', 'ErrImageNeverPull'].map(
    (reason): Row => ({
      name: `${reason}: never passes`,
      pod: says(reason),
      trouble: { kind: 'image', hopeless: true },
    }),
  ),
  {
    name: 'its Secret is on its way',
    pod: says('CreateContainerConfigError'),
    minutes: 3,
    trouble: { kind: 'configuration', hopeless: false },
  },
  {
    name: 'its Secret never came',
    pod: says('CreateContainerConfigError'),
    minutes: 3.1,
    trouble: { kind: 'configuration', hopeless: true },
  },
  {
    name: 'the container cannot be made',
    pod: says('CreateContainerError'),
    trouble: { kind: 'configuration', hopeless: false },
  },
  {
    name: 'the container cannot be run',
    pod: says('RunContainerError'),
    minutes: 4,
    trouble: { kind: 'configuration', hopeless: true },
  },
  {
    name: 'crashed twice',
    pod: says('CrashLoopBackOff', 'why', { restarts: 2 }),
    trouble: { kind: 'crash', hopeless: false },
  },
  {
    name: 'crashed three times',
    pod: says('CrashLoopBackOff', 'why', { restarts: 3 }),
    trouble: { kind: 'crash', hopeless: true },
  },
  { name: 'something of tomorrow', pod: says('Bewitched'), minutes: 9, trouble: { kind: 'other', hopeless: false } },
  { name: 'runs, a moment ago', pod: { phase: 'Running' }, minutes: 3, trouble: 'none' },
  {
    name: 'runs for minutes and does not connect',
    pod: { phase: 'Running' },
    minutes: 3.1,
    trouble: { kind: 'silent', hopeless: false },
  },
];

const starting = (pod: Row['pod'], minutes = 0) => {
  const createdAt = NOON - minutes * MINUTE;
  const seen = runner({ status: 'UNREGISTERED', createdAt, stateChangedAt: createdAt });
  const base = { name: 'pod', phase: 'Pending', restarts: 0, isProtected: true } as const;
  return { seen, job: jobOf(seen, pod === 'none' ? {} : { pod: { ...base, ...pod } }) };
};

describe('what keeps a runner from starting', () => {
  it.each([
    ['no-pod', 'none'],
    ['silent', { phase: 'Running' }],
  ] as const)('%s: nobody has said anything', (kind, pod) => {
    expect(startTroubleOf(starting(pod, 9).job, NOON)).toEqual({ kind, message: '', hopeless: false });
  });

  it.each(ROWS)('$name', ({ pod, minutes, trouble }) => {
    const { seen, job } = starting(pod, minutes);
    const found = startTroubleOf(job, NOON);
    expect(found === undefined ? 'none' : { kind: found.kind, hopeless: found.hopeless }).toEqual(trouble);

    // A hopeless start gives up its place at once; any other keeps it until startTimeout.
    const [entry] = classify(groupObservation({ runners: [seen], jobs: [job] }), NOON);
    const hopeless = trouble !== 'none' && trouble.hopeless;
    expect(entry?.class).toBe(hopeless ? 'dead' : 'starting');
    expect(entry?.class === 'dead' ? entry.cause : 'none').toEqual(
      hopeless ? reason('start-hopeless', { kind: trouble.kind, message: found?.message ?? '' }) : 'none',
    );
  });

  it.each([
    ['both', says('ErrImagePull', 'no such image'), 'ErrImagePull: no such image'],
    ['only a word', says('ErrImagePull', ''), 'ErrImagePull'],
    ['a pod that runs says nothing', { phase: 'Running' } as const, ''],
    ['the scheduler’s message alone', says('Unschedulable', '0/5 nodes match'), '0/5 nodes match'],
  ])('is told in the words of the cluster: %s', (_name, pod, message) => {
    expect(startTroubleOf(starting(pod, 4).job, NOON)?.message).toBe(message);
  });

  it('is counted together where it is the same, and told with what the group asks of nodes', () => {
    const entries = [
      says('Unschedulable', '0/5 nodes'),
      says('Unschedulable', '0/5 nodes'),
      says('ErrImagePull', 'x'),
      {},
    ].map((pod) => starting(pod));
    const working = runner();
    const observation = groupObservation({
      group: group({ pod: { ...group().pod, nodeSelector: { customer: 'shared', disk: 'ssd' } } }),
      runners: [...entries.map(({ seen }) => seen), working],
      jobs: [...entries.map(({ job }) => job), jobOf(working)],
    });
    expect(startTroubles(observation, classify(observation, NOON), NOON).map(({ text }) => text)).toEqual([
      '2 starting runners: no node has customer=shared, disk=ssd and room: 0/5 nodes; add nodes, or change nodeSelector, tolerations or size',
      '1 starting runner: the image cannot be had: ErrImagePull: x; check its name in the template and the nodes’ way to the registry'.replace(
        '’',
        "'",
      ),
    ]);
  });

  it('of a runner without a Job is none', () => {
    const observation = groupObservation({ runners: [starting({}).seen], jobs: [] });
    expect(startTroubles(observation, classify(observation, NOON), NOON)).toEqual([]);
  });

  it('of a runner that is online is none, whatever its pod says', () => {
    const seen = runner();
    const { job } = starting(says('CrashLoopBackOff'));
    const observation = groupObservation({ runners: [seen], jobs: [{ ...job, runnerUuid: seen.uuid.slice(1, -1) }] });
    expect(startTroubles(observation, classify(observation, NOON), NOON)).toEqual([]);
  });
});
