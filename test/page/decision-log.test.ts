import { describe, expect, it } from 'vitest';
import type { GroupReport } from '../../lib/model.ts';
import { DecisionLog } from '../../lib/page/decision-log.ts';
import { reason } from '../../lib/reasons.ts';

const MAX = reason('max', { max: 4, registrations: 4, withheld: 2 });
const WINDOW = reason('schedule', { window: 'day', min: 1, max: 4, until: '' });
const COOL_DOWN = reason('cool-down', { coolDownMs: 300_000, withheld: 1, longestIdleMs: 60_000 });

function group(from: number, to: number, bounds: GroupReport['bounds'] = []): GroupReport {
  const action = to > from ? 'scale-up' : to < from ? 'scale-down' : 'hold';
  return {
    name: 'builds',
    workspace: 'acme',
    counts: { busy: from, idle: 0, starting: 0, draining: 0, dead: 0 },
    decision: { action, from, to, reason: reason('saturated', { busy: from, wanted: to }) },
    bounds,
    troubles: [],
    plan: [],
    outcomes: [],
    problems: [],
  };
}

describe('a log of decisions', () => {
  it('keeps changes and holds by a limit, with the limits, by time', () => {
    const log = new DecisionLog(1000, 2000);
    log.addGroup(1900, group(4, 4, [WINDOW, MAX]));
    log.addGroup(1100, group(2, 3, [WINDOW]));
    expect(log.close()).toEqual({
      total: 1,
      shown: [
        {
          at: 1100,
          group: 'builds',
          action: 'scale-up',
          from: 2,
          to: 3,
          sentence: 'all 2 online are busy and nobody knows how much waits, so 3 are wanted',
          limits: [],
        },
        {
          at: 1900,
          group: 'builds',
          action: 'hold',
          from: 4,
          to: 4,
          sentence: 'all 4 online are busy and nobody knows how much waits, so 4 are wanted',
          limits: ['max 4 with 4 registered withholds 2'],
        },
      ],
    });
  });

  it.each([
    { name: 'a hold without a limit', at: 1000, entry: group(2, 2) },
    { name: 'a hold by a cool-down, which withholds no runner', at: 1000, entry: group(2, 2, [COOL_DOWN]) },
    { name: 'what was before', at: 999, entry: group(2, 3) },
    { name: 'what comes after', at: 2000, entry: group(2, 3) },
  ])('leaves out $name', ({ at, entry }) => {
    const log = new DecisionLog(1000, 2000);
    log.addGroup(at, entry);
    expect(log.close()).toEqual({ total: 0, shown: [] });
  });

  it('is bounded, counts everything, and keeps the largest changes of each part of the time', () => {
    const log = new DecisionLog(0, 160_000);
    for (let at = 0; at < 160_000; at += 100) log.addGroup(at, group(10, 10 + ((at / 100) % 10) + 1));
    const { total, shown } = log.close();
    expect(total).toBe(1600);
    expect(shown).toHaveLength(480);
    expect(new Set(shown.map(({ to }) => to))).toEqual(new Set([18, 19, 20]));
  });
});
