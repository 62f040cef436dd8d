/** Waiting as looks see it: who came first begins first, and what no look saw has waited for nothing. */
import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import { nextWaits, type StepsSeen, waitingOf } from '#core/decide/waiting.ts';
import type { GroupMemory, Waits } from '#core/model/observation.ts';
import { makePlan } from '#core/plan.ts';
import { makeReport } from '#core/report.ts';
import { group, groupObservation, observation, population } from '#kit/fleet.ts';

const MINUTE = 60_000;
/** A look at the beginning of a span of five minutes. */
const AT = 100 * MINUTE;
const SPAN = AT;

/** Minutes since which so many wait. */
const queued = (...entries: readonly (readonly [number, number])[]) =>
  entries.map(([minutes, steps]) => ({ since: AT - minutes * MINUTE, steps }));
const look = (seen: { readonly waiting?: number; readonly begun?: number; readonly idle?: number }): StepsSeen => {
  const { waiting, begun = 0, idle = 0 } = seen;
  return { waiting, begun, counts: { idle } };
};

describe('what the next look has to know', () => {
  it.each([
    ['nothing was ever counted', undefined, { begun: 3 }, undefined],
    ['nor is anything by an idle runner', undefined, { idle: 1 }, undefined],
    ['the first count', undefined, { waiting: 2 }, { queued: [[0, 2]], begun: [] }],
    ['a first count of nothing', undefined, { waiting: 0, begun: 1 }, { queued: [], begun: [[0, 1]] }],
    ['as many wait as before', [[3, 2]], { waiting: 2 }, { queued: [[3, 2]], begun: [] }],
    [
      'more wait',
      [[3, 2]],
      { waiting: 5 },
      {
        queued: [
          [3, 2],
          [0, 3],
        ],
        begun: [],
      },
    ],
    [
      'fewer wait: the oldest have begun',
      [
        [3, 2],
        [1, 2],
      ],
      { waiting: 1 },
      {
        queued: [[1, 1]],
        begun: [
          [3, 2],
          [1, 1],
        ],
      },
    ],
    [
      'as many wait, but some began',
      [[3, 2]],
      { waiting: 2, begun: 1 },
      {
        queued: [
          [3, 1],
          [0, 1],
        ],
        begun: [[3, 1]],
      },
    ],
    [
      'more began than waited',
      [[3, 1]],
      { waiting: 0, begun: 4 },
      {
        queued: [],
        begun: [
          [3, 1],
          [0, 3],
        ],
      },
    ],
    ['nobody counted: as many as began', [[3, 2]], { begun: 1 }, { queued: [[3, 1]], begun: [[3, 1]] }],
    ['nobody counted, and somebody is idle: none waits', [[3, 2]], { idle: 1 }, { queued: [], begun: [[3, 2]] }],
  ] as const)('%s', (_, before, seen, expected) => {
    const waits = before && { queued: queued(...before), begun: [] };
    expect(nextWaits(waits, look(seen), AT)).toEqual(
      expected && {
        queued: queued(...expected.queued),
        begun: expected.begun.map(([minutes, steps]) => ({ from: SPAN, waitedMs: minutes * MINUTE, steps })),
      },
    );
  });

  it('puts steps of one span that waited for the same minutes together', () => {
    const begun = [{ from: SPAN, waitedMs: 3 * MINUTE + 1, steps: 2 }];
    const next = nextWaits({ queued: queued([3, 1], [4, 1]), begun }, look({ waiting: 0 }), AT + 4 * MINUTE);
    expect(next?.begun).toEqual([
      { from: SPAN, waitedMs: 3 * MINUTE + 1, steps: 2 },
      { from: SPAN, waitedMs: 7 * MINUTE, steps: 1 },
      { from: SPAN, waitedMs: 8 * MINUTE, steps: 1 },
    ]);
    const same = nextWaits({ queued: queued([3, 1]), begun }, look({ waiting: 0 }), AT + 2);
    expect(same?.begun).toEqual([{ from: SPAN, waitedMs: 3 * MINUTE + 1, steps: 3 }]);
    const later = nextWaits({ queued: queued([3, 1]), begun }, look({ waiting: 0 }), AT + 5 * MINUTE);
    expect(later?.begun.map(({ from }) => from)).toEqual([SPAN, SPAN + 5 * MINUTE]);
  });

  it('forgets what is older than an hour when there is something new, and no sooner', () => {
    const begun = [AT - 60 * MINUTE, AT - 55 * MINUTE].map((from) => ({ from, waitedMs: 0, steps: 1 }));
    expect(nextWaits({ queued: [], begun }, look({ waiting: 0 }), AT)?.begun).toBe(begun);
    const next = nextWaits({ queued: [], begun }, look({ waiting: 0, begun: 1 }), AT);
    expect(next?.begun.map(({ from }) => from)).toEqual([AT - 55 * MINUTE, AT]);
  });

  it('keeps forty entries of each kind, the latest', () => {
    const many = Array.from({ length: 40 }, (_, index) => [100 - index, 1] as const);
    const grown = nextWaits({ queued: queued(...many), begun: [] }, look({ waiting: 41 }), AT);
    expect(grown?.queued).toHaveLength(40);
    expect([grown?.queued[0], grown?.queued.at(-1)]).toEqual([...queued([99, 1]), ...queued([0, 1])]);
    const begun = Array.from({ length: 40 }, (_, index) => ({ from: SPAN, waitedMs: (index + 1) * MINUTE, steps: 1 }));
    const next = nextWaits({ queued: [], begun }, look({ waiting: 0, begun: 1 }), AT);
    expect(next?.begun).toHaveLength(40);
    expect([next?.begun[0]?.waitedMs, next?.begun.at(-1)?.waitedMs]).toEqual([2 * MINUTE, 0]);
  });
});

describe('what is known of waiting', () => {
  const waits = (
    begun: readonly (readonly [number, number])[],
    ...still: readonly (readonly [number, number])[]
  ): Waits => ({
    queued: queued(...still),
    begun: begun.map(([minutes, steps]) => ({ from: SPAN, waitedMs: minutes * MINUTE, steps })),
  });

  it.each([
    ['nothing came', waits([]), [0, 0, 0, 0, 0]],
    ['nobody waited', waits([[0, 9]]), [9, 0, 0, 0, 0]],
    [
      'half waited',
      waits([
        [0, 5],
        [2, 5],
      ]),
      [10, 0, 2, 2, 0],
    ],
    [
      'one of twenty',
      waits([
        [9, 1],
        [0, 19],
      ]),
      [20, 0, 0, 9, 0],
    ],
    [
      'two of twenty',
      waits([
        [0, 18],
        [9, 1],
        [8, 1],
      ]),
      [20, 0, 8, 9, 0],
    ],
    ['those that still wait count with what they have waited', waits([[1, 1]], [7, 2], [3, 1]), [4, 3, 7, 7, 3]],
  ] as const)('%s', (_, known, [steps, p50, p95, longest, still]) => {
    expect(waitingOf(known, AT)).toEqual({
      ...{ steps, still },
      ...{ p50Ms: p50 * MINUTE, p95Ms: p95 * MINUTE, longestMs: longest * MINUTE },
    });
  });

  it('is of the last hour', () => {
    const begun = [
      { from: AT - 60 * MINUTE, waitedMs: 5 * MINUTE, steps: 1 },
      { from: AT - 60 * MINUTE + 1, waitedMs: MINUTE, steps: 1 },
    ];
    expect(waitingOf({ queued: [], begun }, AT)).toMatchObject({ steps: 1, longestMs: MINUTE });
  });
});

describe('a tick', () => {
  const LABELS = ['builds', 'linux', 'self.hosted'];
  const strategy = { kind: 'queueAware', idleCount: 1, scaleFactor: 0, scaleFactorLimit: 9 } as const;
  const counting = group({
    labels: LABELS,
    strategy: { ...strategy, repositories: { kind: 'named', names: ['shop'] } },
  });

  function tick(memory: Partial<GroupMemory>, waiting: number | undefined) {
    const seen = groupObservation({
      group: counting,
      runners: population({ busy: 2 }),
      memory: { idleSince: {}, drainingSince: {}, ...memory },
      ...(waiting !== undefined && { queue: { kind: 'counted', repositories: ['shop'] } as const }),
    });
    const queues =
      waiting === undefined
        ? []
        : [{ scope: { workspace: 'acme', repository: 'shop' }, waiting: [{ labels: LABELS, steps: waiting }] }];
    const look = { ...observation([seen]), queues };
    const decisions = decide(look);
    const plan = makePlan(look, decisions);
    const call = {
      id: 't',
      at: '',
      mode: 'apply',
      durationMs: 0,
      calls: { bitbucket: 0, kubernetes: 0, aws: 0 },
    } as const;
    const report = makeReport(call, look, decisions, plan, { outcomes: new Map(), problems: [] });
    return { at: look.at, waits: plan.groups[0]?.memory.waits, told: report.groups[0]?.waiting };
  }

  it('remembers what waits, and what it waited when it began', () => {
    const first = tick({ working: [] }, 3);
    expect(first.waits).toEqual({
      queued: [{ since: first.at, steps: 3 }],
      begun: [{ from: first.at - (first.at % (5 * MINUTE)), waitedMs: 0, steps: 2 }],
    });
    expect(first.told).toEqual({ steps: 5, p50Ms: 0, p95Ms: 0, longestMs: 0, still: 3 });
    const queuedBefore = [{ since: first.at - 4 * MINUTE, steps: 3 }];
    const second = tick({ working: [], waits: { queued: queuedBefore, begun: [] } }, undefined);
    expect(second.waits?.queued).toEqual([{ since: first.at - 4 * MINUTE, steps: 1 }]);
    expect(second.told).toEqual({ steps: 3, p50Ms: 4 * MINUTE, p95Ms: 4 * MINUTE, longestMs: 4 * MINUTE, still: 1 });
  });

  it('says nothing where no queue was ever counted', () => {
    expect(tick({ working: [] }, undefined)).toMatchObject({ waits: undefined, told: undefined });
  });
});
