import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { SlotObservation, WorkspaceObservation } from '#core/model/observation.ts';
import { group, groupObservation, observation, population } from '#kit/fleet.ts';

describe("a workspace's cap", () => {
  type Row = {
    readonly name: string;
    /** What each group wants, as its `min`, and its workspace. */
    readonly groups: readonly (readonly [workspace: string, min: number])[];
    readonly workspaces: readonly WorkspaceObservation[];
    readonly creates: readonly number[];
    /** Withheld by the cap, by group; 0: no bound. */
    readonly withheld: readonly number[];
  };

  const ROWS: readonly Row[] = [
    {
      name: 'room for all: no bound',
      groups: [
        ['acme', 3],
        ['acme', 4],
      ],
      workspaces: [{ workspace: 'acme', registrations: 93, maxRunners: 100 }],
      creates: [3, 4],
      withheld: [0, 0],
    },
    {
      name: 'one too few: the bound is with the group that it takes from',
      groups: [
        ['acme', 3],
        ['acme', 4],
      ],
      workspaces: [{ workspace: 'acme', registrations: 94, maxRunners: 100 }],
      creates: [3, 3],
      withheld: [0, 1],
    },
    {
      name: 'full: everybody holds',
      groups: [
        ['acme', 3],
        ['acme', 4],
      ],
      workspaces: [{ workspace: 'acme', registrations: 100, maxRunners: 100 }],
      creates: [0, 0],
      withheld: [3, 4],
    },
    {
      name: 'over-full, by registrations that are none of ours',
      groups: [['acme', 3]],
      workspaces: [{ workspace: 'acme', registrations: 120, maxRunners: 100 }],
      creates: [0],
      withheld: [3],
    },
    {
      name: 'workspaces do not touch each other, whatever the order of the groups',
      groups: [
        ['acme', 5],
        ['other', 5],
        ['acme', 5],
      ],
      workspaces: [
        { workspace: 'other', registrations: 98, maxRunners: 100 },
        { workspace: 'acme', registrations: 94, maxRunners: 100 },
      ],
      creates: [3, 2, 3],
      withheld: [2, 3, 2],
    },
    {
      name: 'a workspace without groups takes nothing from anybody',
      groups: [['acme', 2]],
      workspaces: [
        { workspace: 'empty', registrations: 100, maxRunners: 100 },
        { workspace: 'acme', registrations: 0, maxRunners: 100 },
      ],
      creates: [2],
      withheld: [0],
    },
  ];

  it.each(ROWS)('$name', ({ groups, workspaces, creates, withheld }) => {
    const looks = groups.map(([workspace, min], index) =>
      groupObservation({ group: group({ name: `g${index}`, scope: { workspace }, min }) }),
    );
    const decided = decide(observation(looks, workspaces));
    expect(decided.map((entry) => entry.creates)).toEqual(creates);
    expect(decided.map(({ decision }) => decision.to)).toEqual(creates);
    expect(decided.map(({ decision }) => decision.action)).toEqual(
      creates.map((count) => (count === 0 ? 'hold' : 'scale-up')),
    );
    const caps = decided.map(({ decision }) =>
      decision.bounds.flatMap((bound) => (bound.code === 'workspace-cap' ? [bound.values.withheld] : [])),
    );
    expect(caps).toEqual(withheld.map((count) => (count === 0 ? [] : [count])));
  });

  it('takes from what the own limits of a group leave, and comes last among the bounds', () => {
    const look = groupObservation({ group: group({ min: 30, max: 20, maxCreatesPerTick: 10 }) });
    const workspaces = [{ workspace: 'acme', registrations: 95, maxRunners: 100 }];
    const [decided] = decide(observation([look], workspaces));
    expect(decided?.creates).toBe(5);
    expect(decided?.decision.bounds.map(({ text }) => text)).toEqual([
      'max 20 with 0 registered withholds 10',
      'at most 10 creates per tick leave 10 for the next',
      'workspace cap 100 with 95 registered withholds 5',
    ]);
  });

  it.each([
    ['says how many registrations are only assumed', { assumed: 50 }],
    ['says nothing of assumptions where all were seen', {}],
  ])('%s', (_, assumption) => {
    const workspaces = [{ workspace: 'acme', registrations: 97, ...assumption, maxRunners: 100 }];
    const [decided] = decide(observation([groupObservation({ group: group({ min: 5 }) })], workspaces));
    expect(decided?.decision.bounds.map(({ values }) => values)).toStrictEqual([
      { cap: 100, registrations: 97, ...assumption, withheld: 2 },
    ]);
  });

  describe('on runners in use at once', () => {
    const slots = (committed: number, max?: number) => ({
      inUse: committed,
      committed,
      peak: { month: '2026-11', runners: 9 },
      price: 15,
      ...(max !== undefined && { max }),
    });
    /** Two groups that want three and four runners. */
    const wanting = (wanted: number): Partial<RunnerGroup> => ({
      min: 0,
      strategy: { kind: 'idleBuffer', idleCount: wanted, scaleFactor: 0, scaleFactorLimit: wanted },
    });
    const boundsOf = (registrations: number, seen: SlotObservation, over: readonly Partial<RunnerGroup>[] = []) => {
      const looks = [3, 4].map((wanted, index) =>
        groupObservation({ group: group({ name: `g${index}`, ...wanting(wanted), ...over[index] }) }),
      );
      const workspaces = [{ workspace: 'acme', registrations, maxRunners: 20, slots: seen }];
      return decide(observation(looks, workspaces)).map(({ creates, decision }) => ({
        creates,
        bounds: decision.bounds.map(({ code, values }) => [code, 'withheld' in values ? values.withheld : 0]),
      }));
    };

    it.each([
      ['not set: no bound', 0, slots(50), [3, 4], [[], []]],
      ['room for all', 0, slots(5, 12), [3, 4], [[], []]],
      ['one too few', 0, slots(6, 12), [3, 3], [[], [['peak-cap', 1]]]],
      ['reached', 0, slots(12, 12), [0, 0], [[['peak-cap', 3]], [['peak-cap', 4]]]],
      ['exceeded', 0, slots(15, 12), [0, 0], [[['peak-cap', 3]], [['peak-cap', 4]]]],
      [
        'beside the cap on registrations, which comes first',
        14,
        slots(8, 12),
        [2, 2],
        [
          [['peak-cap', 1]],
          [
            ['workspace-cap', 1],
            ['peak-cap', 1],
          ],
        ],
      ],
      [
        'looser than the cap on registrations',
        16,
        slots(8, 12),
        [2, 2],
        [[['workspace-cap', 1]], [['workspace-cap', 2]]],
      ],
    ])('%s', (_, registrations, seen, creates, bounds) => {
      expect(boundsOf(registrations, seen)).toEqual(
        creates.map((count, index) => ({ creates: count, bounds: bounds[index] })),
      );
    });

    it.each([
      ['no limit', { running: 9 }, [3, 4], [0, 0]],
      ['room for all', { running: 2, limit: 9 }, [3, 4], [0, 0]],
      ['one too few', { running: 3, limit: 9 }, [3, 3], [0, 1]],
      ['reached: but one for a group that has none', { running: 9, limit: 9 }, [1, 1], [2, 3]],
      [
        'dead runners of others are not on their way',
        { running: 0, inUse: 0, committed: 9, coming: 0, limit: 9 },
        [3, 4],
        [0, 0],
      ],
      // Two are on their way; those that are idle take nothing of the limit.
      ['with runners on their way', { running: 3, inUse: 6, committed: 8, limit: 9 }, [2, 2], [1, 2]],
      ['not counted, in records from before', { limit: 1 }, [3, 4], [0, 0]],
    ])('on steps that run: %s', (_, over, creates, withheld) => {
      const seen = { ...slots(6), inUse: 6, ...over };
      expect(boundsOf(0, seen)).toEqual(
        creates.map((count, index) => {
          const { [index]: less = 0 } = withheld;
          return { creates: count, bounds: less === 0 ? [] : [['concurrency-limit', less]] };
        }),
      );
    });

    it.each([
      ['its min, however many run', [2, 0], [2, 1], [1, 3]],
      ['all that min asks for', [3, 4], [3, 4], [0, 0]],
      ['its min, however far above the limit', [9, 0], [9, 1], [0, 3]],
    ])('on steps that run: a group gets %s', (_, [one = 0, two = 0], creates, withheld) => {
      const seen = { ...slots(6), inUse: 6, running: 9, limit: 9 };
      expect(boundsOf(0, seen, [{ min: one }, { min: two }])).toEqual(
        creates.map((count, index) => {
          const { [index]: less = 0 } = withheld;
          return { creates: count, bounds: less === 0 ? [] : [['concurrency-limit', less]] };
        }),
      );
    });

    it('on steps that run: what works already counts towards min, also where it is more', () => {
      const looks = [3, 1].map((min, index) =>
        groupObservation({ group: group({ name: `g${index}`, ...wanting(6), min }), runners: population({ busy: 2 }) }),
      );
      const seen = { ...slots(4), inUse: 4, running: 4, limit: 4 };
      const decided = decide(
        observation(looks, [{ workspace: 'acme', registrations: 4, maxRunners: 20, slots: seen }]),
      );
      expect(decided.map(({ creates }) => creates)).toEqual([1, 0]);
    });

    it('says how many steps run, and how many runners are on their way', () => {
      const look = groupObservation({ group: group(wanting(3)) });
      const seen = { ...slots(8), inUse: 6, running: 4, limit: 7 };
      const [decided] = decide(
        observation([look], [{ workspace: 'acme', registrations: 11, maxRunners: 100, slots: seen }]),
      );
      expect(decided?.decision.bounds).toEqual([
        expect.objectContaining({
          code: 'concurrency-limit',
          values: { limit: 7, running: 4, coming: 2, withheld: 2 },
        }),
      ]);
    });

    it('says cap, what is in use or will be, and the peak', () => {
      const look = groupObservation({ group: group({ min: 3 }) });
      const [decided] = decide(
        observation([look], [{ workspace: 'acme', registrations: 11, maxRunners: 100, slots: slots(11, 12) }]),
      );
      expect(decided?.decision.bounds).toEqual([
        expect.objectContaining({ code: 'peak-cap', values: { cap: 12, committed: 11, peak: 9, withheld: 2 } }),
      ]);
    });
  });

  it('is shared by weight, and by who has fewest', () => {
    const claims = [
      { name: 'light', weight: 1, runners: population({ busy: 1 }) },
      { name: 'heavy', weight: 3, runners: population({ busy: 1 }) },
    ];
    const creates = (registrations: number, first = claims[0]?.runners ?? []) =>
      decide(
        observation(
          claims.map(({ runners, ...over }, index) =>
            groupObservation({ group: group({ ...over, min: 9 }), runners: index === 0 ? first : runners }),
          ),
          [{ workspace: 'acme', registrations, maxRunners: 100 }],
        ),
      ).map((entry) => entry.creates);
    expect(creates(92)).toEqual([2, 6]);
    expect(creates(99)).toEqual([0, 1]);
    expect(creates(99, [])).toEqual([1, 0]);
    // Idle and starting runners count as those that are busy; draining ones do not.
    expect(creates(99, population({ draining: 3 }))).toEqual([1, 0]);
  });

  it.each(['busy', 'idle', 'starting'] as const)('gives the last place to who has fewer, of %s ones too', (kind) => {
    const looks = [3, 2].map((count, index) =>
      groupObservation({ group: group({ name: `g${index}`, min: 9 }), runners: population({ [kind]: count }) }),
    );
    const workspaces = [{ workspace: 'acme', registrations: 99, maxRunners: 100 }];
    expect(decide(observation(looks, workspaces)).map((entry) => entry.creates)).toEqual([0, 1]);
  });
});
