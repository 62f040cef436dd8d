import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { GroupObservation, QueueObservation, QueueReading } from '#core/model/observation.ts';
import { group, groupObservation, NOON, observation, population, waitingIn } from '#kit/fleet.ts';

type Seen = {
  readonly name: string;
  readonly labels?: readonly string[];
  readonly workspace?: string;
  /** Its own repository. */
  readonly repository?: string;
  readonly max?: number;
  readonly runners?: Parameters<typeof population>[0];
  readonly queue?: QueueReading;
};

const LINUX = ['linux', 'self.hosted'];
const LARGE = ['large', ...LINUX];

function counted(...repositories: string[]): QueueReading {
  return { kind: 'counted', repositories };
}

function queue(repository: string, ...waiting: (readonly [labels: readonly string[], steps: number])[]) {
  return inWorkspace('acme', repository, ...waiting);
}

function inWorkspace(
  workspace: string,
  repository: string,
  ...waiting: (readonly [labels: readonly string[], steps: number])[]
): QueueObservation {
  return { scope: { workspace, repository }, waiting: waiting.map(([labels, steps]) => ({ labels, steps })) };
}

function see({ name, labels = LINUX, workspace = 'acme', repository, max = 10, runners, queue: reading }: Seen) {
  const scope = repository === undefined ? { workspace } : { workspace, repository };
  const over: Partial<RunnerGroup> = { name, labels, scope, max };
  return groupObservation({
    group: group(over),
    runners: population(runners ?? {}),
    ...(reading === undefined ? {} : { queue: reading }),
  });
}

function count(groups: readonly GroupObservation[], queues: readonly QueueObservation[]): Record<string, number> {
  return Object.fromEntries(waitingIn({ ...observation(groups), at: NOON, queues }));
}

describe('waiting steps by group', () => {
  type Row = {
    readonly name: string;
    readonly groups: readonly Seen[];
    readonly queues: readonly QueueObservation[];
    readonly waiting: Readonly<Record<string, number>>;
  };

  const ROWS: readonly Row[] = [
    {
      name: 'all steps of the repositories that the group looked at',
      groups: [{ name: 'builds', queue: counted('site', 'api') }],
      queues: [queue('site', [LINUX, 2], [['self.hosted'], 3]), queue('api', [LINUX, 4])],
      waiting: { builds: 9 },
    },
    {
      name: 'none waits: known to be 0',
      groups: [{ name: 'builds', queue: counted('site') }],
      queues: [queue('site')],
      waiting: { builds: 0 },
    },
    {
      name: 'a queue that is unknown or was not asked for gives no number',
      groups: [{ name: 'builds', queue: { kind: 'unknown', why: 'no permission' } }, { name: 'tests' }],
      queues: [queue('site', [LINUX, 2])],
      waiting: {},
    },
    {
      name: 'a step with a label that the group lacks is none of its work',
      groups: [{ name: 'builds', queue: counted('site') }],
      queues: [queue('site', [LARGE, 5], [LINUX, 1])],
      waiting: { builds: 1 },
    },
    {
      name: 'a repository that another group looked at is none of its work',
      groups: [
        { name: 'builds', queue: counted('site') },
        { name: 'tests', queue: counted('api') },
      ],
      queues: [queue('site', [LINUX, 2]), queue('api', [LINUX, 5])],
      waiting: { builds: 2, tests: 5 },
    },
    {
      name: "a repository's runners run steps of that repository only",
      groups: [{ name: 'site', repository: 'site', queue: counted('site', 'api') }],
      queues: [queue('site', [LINUX, 2]), queue('api', [LINUX, 5])],
      waiting: { site: 2 },
    },
    {
      name: 'a repository of the same name in another workspace is another',
      groups: [{ name: 'builds', queue: counted('site') }],
      queues: [queue('site', [LINUX, 2]), inWorkspace('other', 'site', [LINUX, 5])],
      waiting: { builds: 2 },
    },
    {
      name: 'two groups can run it: the one with fewer labels does, once',
      groups: [
        { name: 'large', labels: LARGE, queue: counted('site') },
        { name: 'small', queue: counted('site') },
      ],
      queues: [queue('site', [LINUX, 3], [LARGE, 2])],
      waiting: { large: 2, small: 3 },
    },
    {
      name: "equal labels: the repository's group before the workspace's",
      groups: [
        { name: 'builds', queue: counted('site', 'api') },
        { name: 'site', repository: 'site', queue: counted('site') },
      ],
      queues: [queue('site', [LINUX, 3]), queue('api', [LINUX, 2])],
      waiting: { builds: 2, site: 3 },
    },
    {
      name: 'equal in everything: the first one',
      groups: [
        { name: 'first', queue: counted('site') },
        { name: 'second', queue: counted('site') },
      ],
      queues: [queue('site', [LINUX, 3])],
      waiting: { first: 3, second: 0 },
    },
    {
      name: 'what exceeds the room of the first goes to the next, as much as fits',
      groups: [
        { name: 'small', max: 4, runners: { busy: 1 }, queue: counted('site') },
        { name: 'large', labels: LARGE, max: 4, runners: { busy: 2 }, queue: counted('site') },
      ],
      queues: [queue('site', [LINUX, 4])],
      waiting: { small: 3, large: 1 },
    },
    {
      name: 'what exceeds the room of all stays with the first',
      groups: [
        { name: 'small', max: 4, runners: { busy: 1 }, queue: counted('site') },
        { name: 'large', labels: LARGE, max: 4, runners: { busy: 2 }, queue: counted('site') },
      ],
      queues: [queue('site', [LINUX, 12])],
      waiting: { small: 10, large: 2 },
    },
    {
      name: 'draining and dead runners take room, starting and idle ones will take steps',
      groups: [
        {
          name: 'small',
          max: 10,
          runners: { busy: 1, draining: 2, dead: 3, starting: 1, idle: 1 },
          queue: counted('site'),
        },
        { name: 'large', labels: LARGE, queue: counted('site') },
      ],
      queues: [queue('site', [LINUX, 6])],
      waiting: { small: 4, large: 2 },
    },
    {
      name: 'a group above its max has no room, and takes none away either',
      groups: [
        { name: 'small', max: 2, runners: { busy: 5 }, queue: counted('site') },
        { name: 'large', labels: LARGE, queue: counted('site') },
      ],
      queues: [queue('site', [LINUX, 6])],
      waiting: { small: 0, large: 6 },
    },
    {
      name: 'steps that only one group can run take its room before those that two can',
      groups: [
        { name: 'site', repository: 'site', max: 3, queue: counted('site') },
        { name: 'large', labels: LARGE, max: 3, queue: counted('site') },
      ],
      queues: [queue('site', [LINUX, 3], [['self.hosted'], 1], [LARGE, 3])],
      waiting: { site: 4, large: 3 },
    },
    {
      name: 'the order in which steps are listed does not matter',
      groups: [
        { name: 'small', max: 3, queue: counted('site', 'api') },
        { name: 'api', repository: 'api', labels: LARGE, max: 3, queue: counted('api') },
      ],
      queues: [queue('api', [LINUX, 3]), queue('site', [LINUX, 2])],
      waiting: { small: 3, api: 2 },
    },
  ];

  it.each(ROWS)('$name', ({ groups, queues, waiting }) => {
    expect(count(groups.map(see), queues)).toEqual(waiting);
  });

  it('counts every step that some group can run once, and no other', () => {
    const labels = fc.subarray(['linux', 'large', 'gpu'], { minLength: 1 });
    const repositories = fc.subarray(['site', 'api']);
    const groups = fc.array(
      fc.record({
        labels,
        repositories,
        max: fc.nat(6),
        busy: fc.nat(3),
        own: fc.option(fc.constantFrom('site', 'api')),
      }),
      { maxLength: 4 },
    );
    const queues = fc.array(fc.tuple(labels, fc.nat(8)), { maxLength: 5 });
    fc.assert(
      fc.property(groups, queues, queues, (drawn, ofSite, ofApi) => {
        const seen = drawn.map(({ own, busy, ...entry }, index) =>
          see({
            ...entry,
            name: `group-${index}`,
            ...(own === null ? {} : { repository: own }),
            runners: { busy },
            queue: counted(...entry.repositories),
          }),
        );
        const steps = [queue('site', ...ofSite), queue('api', ...ofApi)];
        const runnable = steps.flatMap(({ scope: { repository }, waiting }) =>
          waiting.filter(({ labels: asked }) =>
            drawn.some(
              (entry) =>
                entry.repositories.includes(repository) &&
                (entry.own ?? repository) === repository &&
                asked.every((label) => entry.labels.includes(label)),
            ),
          ),
        );
        const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);
        expect(total(Object.values(count(seen, steps)))).toBe(total(runnable.map((entry) => entry.steps)));
      }),
    );
  });
});
