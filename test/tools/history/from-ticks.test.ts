/** What ticks saw of steps, and what they cannot have seen. */
import { describe, expect, it } from 'vitest';
import type { GroupObservation } from '#core/model/observation.ts';
import { group, groupObservation, NOON, observation, runner } from '#kit/fleet.ts';
import { tickRecord } from '#kit/tick-records.ts';
import { watchTicks } from '#tools/history/from-ticks.ts';

const MINUTE = 60_000;

/** A tick that saw these runners busy, and no others. */
function tick(minute: number, busy: readonly string[], over: Partial<GroupObservation> = {}) {
  const runners = ['{a}', '{b}'].map((uuid) => runner({ uuid, hasStep: busy.includes(uuid) }));
  const at = NOON + minute * MINUTE;
  const seen = observation([groupObservation({ runners, ...over })]);
  return { ...tickRecord(`t${minute}`, at), observation: { ...seen, at } };
}

function watch(...records: readonly ReturnType<typeof tick>[]) {
  const watching = watchTicks('acme');
  for (const record of records) watching.take(record);
  const { steps, gaps, omitted } = watching.end();
  return {
    steps: steps.map(({ ready, durationMs }) => [(ready - NOON) / MINUTE, durationMs / MINUTE]),
    whole: steps,
    gaps,
    left: [omitted.unfinished, omitted.outside],
  };
}

describe('a history from ticks', () => {
  it('has steps from the first tick that saw a runner busy to the first that did not', () => {
    const { steps, whole, left, gaps } = watch(
      tick(0, []),
      tick(1, ['{a}']),
      tick(2, ['{a}', '{b}']),
      tick(3, ['{b}']),
      tick(4, []),
    );
    expect(steps).toEqual([
      [1, 2],
      [2, 2],
    ]);
    expect(whole[0]).toEqual({
      ready: NOON + MINUTE,
      durationMs: 2 * MINUTE,
      workspace: 'acme',
      labels: ['builds', 'linux', 'self.hosted'],
    });
    expect({ left, gaps }).toEqual({ left: [0, 0], gaps: [] });
  });

  it.each<[string, ReturnType<typeof tick>[], (readonly number[])[], number[]]>([
    ['busy from the first look: its beginning is not known', [tick(0, ['{a}']), tick(1, [])], [], [0, 1]],
    ['busy at the last look: its end is not known', [tick(0, []), tick(1, ['{a}'])], [], [1, 0]],
    ['gone while busy: it ended then', [tick(0, []), tick(1, ['{a}']), tick(2, [], { runners: [] })], [[1, 1]], [0, 0]],
    [
      'a look that was not whole says nothing',
      [tick(0, []), tick(1, ['{a}']), tick(2, [], { missing: ['x'] }), tick(3, [])],
      [[1, 2]],
      [0, 0],
    ],
    ['ten minutes between two looks', [tick(0, []), tick(1, ['{a}']), tick(11, [])], [[1, 10]], [0, 0]],
  ])('%s', (_, records, steps, left) => {
    expect(watch(...records)).toMatchObject({ steps, left });
  });

  it('states holes, and has no step that began or ended in one', () => {
    const { steps, gaps, left } = watch(tick(0, []), tick(1, ['{a}']), tick(12, ['{a}', '{b}']), tick(13, []));
    expect(steps).toEqual([]);
    expect(left).toEqual([0, 3]);
    expect(gaps).toEqual([{ from: NOON + MINUTE, to: NOON + 12 * MINUTE, reason: 'no tick looked at group builds' }]);
  });

  it('knows other workspaces from its own', () => {
    const other = group({ scope: { workspace: 'other' } });
    expect(
      watch(tick(0, [], { group: other }), tick(1, ['{a}'], { group: other }), tick(2, [], { group: other })),
    ).toMatchObject({
      steps: [],
      left: [0, 0],
    });
  });
});
