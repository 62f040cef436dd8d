import { describe, expect, it } from 'vitest';
import type { LeftoverReport } from '#core/model/report.ts';
import { reason } from '#core/reasons.ts';
import { leftoverLines } from '#text/leftover-lines.ts';

const LEFT: LeftoverReport = {
  group: 'old',
  workspace: 'acme',
  repository: 'shop',
  cluster: 'main',
  namespace: 'shops',
  counts: { busy: 1, idle: 0, starting: 0, draining: 2, dead: 0 },
  runners: ['{a}', '{b}', '{c}'],
  reason: reason('left-over', { group: 'old' }),
  plan: [{ action: 'disable', runner: '{a}', reason: reason('left-over', { group: 'old' }) }],
  outcomes: [],
  problems: [],
};
const WHY = 'no group is here any more (group "old" was), so it takes no new step and goes when it has none';

describe('what groups have left behind, in words', () => {
  it('is how many runners, where, in which classes, what becomes of them, and what is done', () => {
    expect(leftoverLines([LEFT], 'plan')).toEqual([
      {
        text: `left over: 3 runners of group "old" in acme/shop (cluster main, namespace shops), 1 busy and 2 draining: ${WHY}`,
        tone: 'warning',
      },
      { text: `would disable {a}: ${WHY}`, tone: 'quiet' },
    ]);
  });

  it('of a workspace', () => {
    const { repository: _, ...left } = { ...LEFT, plan: [], runners: ['{a}'], counts: { ...LEFT.counts, draining: 0 } };
    expect(leftoverLines([left], 'apply')).toMatchObject([
      { text: expect.stringContaining('1 runner of group "old" in acme (cluster main, namespace shops), 1 busy: ') },
    ]);
  });

  it('where something cannot be read, the number is unknown, and a problem is told once', () => {
    const missing = 'runners of acme/shop: 401';
    const held = { ...LEFT, plan: [], problems: [missing], reason: reason('partial-observation', { missing }) };
    expect(leftoverLines([held], 'apply')).toEqual([
      {
        text: `left over: an unknown number of runners of group "old" in acme/shop (cluster main, namespace shops): holding because not everything could be read: ${missing}`,
        tone: 'warning',
      },
    ]);
    expect(leftoverLines([{ ...held, problems: [missing, 'more'] }], 'apply')[1]).toEqual({
      text: 'problem: more',
      tone: 'failure',
    });
  });
});
