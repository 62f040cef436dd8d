/** What a pipeline that has run tells of its steps. */
import { describe, expect, it } from 'vitest';
import { type PastStep, stepsThatRan } from '#adapters/bitbucket/past.ts';
import type { YamlStep } from '#adapters/bitbucket/sections.ts';

const CREATED = Date.parse('2026-11-02T08:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Began and ended so many minutes after the pipeline was created. */
function ran(name: string, from: number, to: number, over: Partial<PastStep> = {}): PastStep {
  const times = { startedAt: CREATED + from * MINUTE, completedAt: CREATED + to * MINUTE };
  return { name, state: 'COMPLETED', isManual: false, result: 'SUCCESSFUL', ...times, ...over };
}

const own = (name: string, block: number): YamlStep => ({ name, labels: ['linux', 'self.hosted'], block });
const hosted = (name: string, block: number): YamlStep => ({ name, labels: [], block });

/** Minutes after the pipeline was created, by step: when it was ready, how long it waited and how long it ran. */
function readiness(seen: readonly PastStep[], written: readonly YamlStep[] | undefined, created?: number) {
  return stepsThatRan(seen, written, created ?? CREATED).ran.map(({ ready, waitedMs, durationMs }) => [
    (ready - CREATED) / MINUTE,
    waitedMs === undefined ? 'unknown' : waitedMs / MINUTE,
    durationMs / MINUTE,
  ]);
}

describe('when a step became ready', () => {
  it.each<[string, PastStep[], YamlStep[], (number | string)[][]]>([
    ['the first, with its pipeline', [ran('a', 2, 5)], [own('a', 0)], [[0, 2, 3]]],
    [
      'the second, with the end of the first',
      [ran('a', 2, 5), ran('b', 6, 9)],
      [own('a', 0), own('b', 1)],
      [
        [0, 2, 3],
        [5, 1, 3],
      ],
    ],
    [
      'those beside each other, together',
      [ran('a', 1, 2), ran('b', 3, 4), ran('c', 9, 10)],
      [own('a', 0), own('b', 1), own('c', 1)],
      [
        [0, 1, 1],
        [2, 1, 1],
        [2, 7, 1],
      ],
    ],
    [
      'the one behind them, with the end of the last',
      [ran('a', 1, 8), ran('b', 1, 4), ran('c', 9, 10)],
      [own('a', 0), own('b', 0), own('c', 1)],
      [
        [0, 1, 7],
        [0, 1, 3],
        [8, 1, 1],
      ],
    ],
    [
      "behind one of Bitbucket's own machines",
      [ran('a', 1, 6), ran('b', 7, 8)],
      [hosted('a', 0), own('b', 1)],
      [[6, 1, 1]],
    ],
    ['by hand, when it began', [ran('a', 30, 31, { isManual: true })], [own('a', 0)], [[30, 'unknown', 1]]],
    ['after the longest wait', [ran('a', 150, 151)], [own('a', 0)], [[0, 150, 1]]],
    ['after more than that, when it began', [ran('a', 151, 152)], [own('a', 0)], [[151, 'unknown', 1]]],
    [
      'before the end of those before it, when it began',
      [ran('a', 1, 9), ran('b', 5, 6)],
      [own('a', 0), own('b', 1)],
      [
        [0, 1, 8],
        [5, 'unknown', 1],
      ],
    ],
  ])('%s', (_, seen, written, expected) => {
    expect(readiness(seen, written)).toEqual(expected);
  });

  it('of a pipeline of unknown time, when it began', () => {
    expect(stepsThatRan([ran('a', 2, 5)], [own('a', 0)], undefined).ran[0]).not.toHaveProperty('waitedMs');
  });
});

describe('a step', () => {
  it.each<[string, PastStep, YamlStep, 'hosted' | 'notRun' | 'unfinished']>([
    ["of Bitbucket's own machines is counted", ran('a', 0, 1), hosted('a', 0), 'hosted'],
    ['that runs is counted', { ...ran('a', 0, 1), state: 'IN_PROGRESS' }, own('a', 0), 'unfinished'],
    ['that never began is counted', { name: 'a', state: 'COMPLETED', isManual: false }, own('a', 0), 'notRun'],
  ])('%s and left out', (_, seen, written, kind) => {
    const none = { ran: [], hosted: 0, notRun: 0, unfinished: 0 };
    expect(stepsThatRan([seen], [written], CREATED)).toEqual({ ...none, [kind]: 1 });
  });

  it('has the labels and the result that are known', () => {
    const { ran: steps } = stepsThatRan(
      [ran('a', 0, 1), ran('other', 1, 2, { result: undefined })],
      [own('a', 0)],
      CREATED,
    );
    const times = { ready: CREATED, waitedMs: 0, durationMs: MINUTE };
    expect(steps).toEqual([
      { ...times, labels: ['linux', 'self.hosted'], result: 'SUCCESSFUL', index: 0 },
      { ...times, ready: CREATED + MINUTE, index: 1 },
    ]);
  });

  it('that ended before it began ran for no time', () => {
    expect(stepsThatRan([ran('a', 2, 1)], [own('a', 0)], CREATED).ran[0]?.durationMs).toBe(0);
    expect(stepsThatRan([ran('a', HOUR, 0)], undefined, undefined).ran[0]?.durationMs).toBe(0);
  });
});
