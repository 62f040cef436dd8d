import { describe, expect, it } from 'vitest';
import type { GroupReport } from '#core/model/report.ts';
import { reason } from '#core/reasons.ts';
import { DecisionLog, largestOf } from '#tools/page/decision-log.ts';

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
  it('keeps changes and holds by a limit, with the limits', () => {
    const log = new DecisionLog(1000, 2000, 10);
    log.addGroup(1100, group(2, 3, [WINDOW]));
    log.addGroup(1900, group(4, 4, [WINDOW, MAX]));
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
    const log = new DecisionLog(1000, 2000, 10);
    log.addGroup(at, entry);
    expect(log.close()).toEqual({ total: 0, shown: [] });
  });

  it.each([{ slots: 1600 }, { slots: 160 }])(
    'of $slots slots draws a bounded picture, counts everything, and keeps the largest changes of each part',
    ({ slots }) => {
      const log = new DecisionLog(0, 160_000, slots);
      for (let at = 0; at < 160_000; at += 100) log.addGroup(at, group(10, 10 + ((at / 100) % 10) + 1));
      const { total, shown } = log.close();
      expect(total).toBe(1600);
      expect(shown).toHaveLength(480);
      expect(new Set(shown.map(({ to }) => to))).toEqual(new Set([18, 19, 20]));
    },
  );
  it('knows of a stretch of time how many decisions there were, also of those that it does not keep', () => {
    const log = new DecisionLog(0, 1000, 10);
    log.addGroup(299, group(1, 9, [MAX]));
    for (const to of [3, 6, 5, 4, 2]) log.addGroup(300, group(1, to));
    log.addGroup(499, group(4, 4, [MAX]));
    log.addGroup(500, group(9, 1, [MAX]));
    const { kept, ...counted } = log.between(300, 500);
    expect(counted).toEqual({
      changes: 5,
      limited: 1,
      limit: { group: 'builds', text: 'max 4 with 4 registered withholds 2' },
    });
    expect(kept.map(({ at, to }) => [at, to])).toEqual([
      [300, 6],
      [300, 5],
      [300, 4],
      [499, 4],
    ]);
    expect(log.close().total).toBe(7);
  });

  it('finds no limit where there was none', () => {
    expect(new DecisionLog(0, 1000, 10).between(0, 1000)).toEqual({ changes: 0, limited: 0, kept: [] });
  });

  it.each([7, 480, 20_000])('puts a decision at the beginning of one of %i slots into that slot', (slots) => {
    const span = 31 * 86_400_000 + 60_000;
    const beginOf = (slot: number) => Math.ceil((slot * span) / slots);
    const log = new DecisionLog(0, span, slots);
    const some = [0, 1, 2, 3, 5, 6].map((part) => Math.floor((part * slots) / 7));
    for (const slot of some) log.addGroup(beginOf(slot), group(1, 2));
    for (const slot of some) expect(log.between(beginOf(slot), beginOf(slot + 1)).changes).toBe(1);
  });
});

describe('the largest of some decisions', () => {
  it('are the earlier of equals, in their order', () => {
    const log = new DecisionLog(0, 1000, 10);
    for (const [index, to] of [3, 4, 3, 4].entries()) log.addGroup(index * 100, group(1, to));
    expect(largestOf(log.close().shown, 3).map(({ at }) => at)).toEqual([0, 100, 300]);
  });
});
