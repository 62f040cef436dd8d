import { describe, expect, it } from 'vitest';
import { fleet, group } from '#kit/fleet.ts';
import { oraclePolicy } from '#tools/laboratory/oracle.ts';
import { play, scenarioOf } from './trial.ts';

const one = fleet([group({ min: 1, max: 10 })]);

function burst(steps: number, groups = one) {
  const scenario = scenarioOf({
    span: '1h',
    startup: '1m',
    loads: [{ kind: 'burst', at: '10m', steps, duration: '5m' }],
  });
  return play(scenario, groups, oraclePolicy(groups));
}

describe('the oracle', () => {
  it('pays a start-up for every step that nobody is free for, and nothing else', async () => {
    const { figures } = await burst(4);
    expect(figures.waiting).toMatchObject({ meanMs: 45_000, p50Ms: 60_000, longestMs: 60_000 });
    // The first works from 10 to 15, three more start at 10 and work from 11 to 16; one of those stays.
    expect(figures.runnerHours).toEqual({
      registered: expect.closeTo((15 + 6 + 6 + 50) / 60, 9),
      busy: expect.closeTo(20 / 60, 9),
      idle: expect.closeTo((10 + 44) / 60, 9),
      starting: expect.closeTo(3 / 60, 9),
      unavailable: 0,
    });
    expect(figures).toMatchObject({ peak: 4, runners: { created: 3, removed: 3 } });
  });

  it('keeps to the cap, and runs what exceeds it afterwards', async () => {
    const { figures } = await burst(12);
    expect(figures).toMatchObject({ peak: 10, runners: { created: 9 }, steps: { finished: 12 } });
  });

  it('keeps to the cap of the workspace, over its groups', async () => {
    const two = fleet([group({ name: 'a', max: 10 }), group({ name: 'b', max: 10 })], 12);
    const { figures } = await burst(10, two);
    expect(figures).toMatchObject({ peak: 12, steps: { finished: 20 } });
  });

  it('keeps one runner even where min is 0, since steps fail where none is online', async () => {
    const zero = fleet([group({ min: 0, max: 10 })]);
    const { figures } = await burst(4, zero);
    expect(figures).toMatchObject({ peak: 4, steps: { finished: 4, failed: { noRunner: 0 } } });
  });

  it('never removes the only one that is online while others still start', async () => {
    const scenario = scenarioOf({
      span: '1h',
      startup: '1m',
      loads: [
        { kind: 'burst', at: '10m', steps: 2, duration: '30s' },
        { kind: 'burst', at: '10m31s', steps: 1, duration: '30s' },
      ],
    });
    const { figures } = await play(scenario, one, oraclePolicy(one));
    expect(figures.steps).toMatchObject({ arrived: 3, finished: 3 });
  });
});
