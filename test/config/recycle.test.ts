/** `recycle` and `whenIdle`: what is read from them, and what is refused or warned of, with its place. */
import { describe, expect, it } from 'vitest';
import { loadFleet } from '#config/load.ts';
import { PARAMETERS, problemsOf, warningsOf, withGroup } from './samples.ts';

const WINDOW = { name: 'night', days: ['mon-sun'], from: '00:00', to: '05:00', timezone: 'UTC', min: 0, max: 1 };
const bounds = (min: number, max: number) => ({ parameters: { ...PARAMETERS, min, max } });

const ONE_STEP =
  'groups[0].recycle.afterSteps: needs a max of at least 2, in windows too: the last runner online stays until another is, and would take step after step; raise max, or leave afterSteps out';

describe('recycle', () => {
  it.each([
    ['nothing', undefined, undefined],
    ['all', { afterSteps: 1, after: '24h', onChange: true }, { afterSteps: 1, afterMs: 86_400_000, onChange: true }],
    ['an age', { after: 600 }, { afterMs: 600_000 }],
    ['no change', { onChange: false }, {}],
  ])('says %s', async (_, recycle, expected) => {
    const { fleet } = await loadFleet('runners.yaml', { readText: async () => withGroup({ recycle }) });
    expect(fleet.groups[0]?.recycle).toEqual(expected);
  });

  it.each<[string, Record<string, unknown>, readonly string[]]>([
    ['two steps', { recycle: { afterSteps: 2 } }, ['groups[0].recycle.afterSteps: expected 1, got the number 2']],
    [
      'a short age',
      { recycle: { after: '9m' } },
      ['groups[0].recycle.after: expected a duration of 10m or more, such as 24h: a start takes minutes'],
    ],
    ['one step with one runner', { recycle: { afterSteps: 1 }, ...bounds(1, 1) }, [ONE_STEP]],
    ['one step with one runner at night', { recycle: { afterSteps: 1 }, schedules: [WINDOW] }, [ONE_STEP]],
    ['one step with two runners', { recycle: { afterSteps: 1 }, ...bounds(1, 2) }, []],
    ['an age with one runner', { recycle: { after: '24h' }, ...bounds(0, 1) }, []],
  ])('%s', (_, changes, expected) => {
    expect(problemsOf(withGroup(changes))).toEqual(expected);
  });

  const NO_ROOM =
    'groups[0].recycle: has no effect while min equals max: another runner has to come online before one is replaced; raise max, or lower min';
  it.each<[string, Record<string, unknown>, readonly string[]]>([
    ['an age where min is max', { recycle: { after: '24h' }, ...bounds(3, 3) }, [NO_ROOM]],
    ['changes where min is max', { recycle: { onChange: true }, ...bounds(3, 3) }, [NO_ROOM]],
    ['one step where min is max', { recycle: { afterSteps: 1 }, ...bounds(3, 3) }, []],
    ['no changes where min is max', { recycle: { onChange: false }, ...bounds(3, 3) }, []],
    ['an age where there is room', { recycle: { after: '24h' }, ...bounds(3, 4) }, []],
    [
      'an age where a window has room',
      { recycle: { after: '24h' }, ...bounds(3, 3), schedules: [{ ...WINDOW, min: 1, max: 2 }] },
      [],
    ],
  ])('%s', (_, changes, expected) => {
    const warnings = warningsOf(withGroup(changes));
    expect(warnings.filter((warning) => warning.includes('recycle'))).toEqual(expected);
  });
});

describe('whenIdle', () => {
  it('says what idle runners ask for', async () => {
    const whenIdle = { requests: { cpu: '50m' } };
    const { fleet } = await loadFleet('runners.yaml', { readText: async () => withGroup({ whenIdle }) });
    expect(fleet.groups[0]?.pod.whenIdle).toEqual(whenIdle);
    const { fleet: without } = await loadFleet('runners.yaml', { readText: async () => withGroup({}) });
    expect(without.groups[0]?.pod).not.toHaveProperty('whenIdle');
  });

  it.each<[string, unknown, string]>([
    ['nothing', { requests: {} }, 'requests: names neither cpu nor memory'],
    ['what is no amount', { requests: { cpu: 'little' } }, 'requests.cpu'],
    ['limits, which stay', { requests: { cpu: '50m' }, limits: {} }, 'limits'],
  ])('%s is refused', (_, whenIdle, message) => {
    expect(problemsOf(withGroup({ whenIdle }))).toEqual([expect.stringContaining(`groups[0].whenIdle.${message}`)]);
  });
});
