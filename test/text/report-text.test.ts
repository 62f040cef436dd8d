import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reason } from '#core/reasons.ts';
import { wrap } from '#text/layout.ts';
import { renderReport, renderTick } from '#text/report.ts';
import { budget, crowd, group, growing, partial, report, shrinking } from '../doors/reports.ts';

const fleet = (mode: 'plan' | 'apply') =>
  report({ tick: { mode }, groups: [group(), growing(mode), shrinking(mode), partial()] });
const stranger = '2 runners of acme carry autoscaler.created but fit no group (labels linux, old): bring it back.';
const unsaved = 'Nothing was done because memory could not be saved: DynamoDB table "state" does not exist.';

const REPORTS = [
  ['a dry run', fleet('plan')],
  ['a tick with successes, a skip and failures', fleet('apply')],
  ['a tick that did nothing', report({ groups: [group()] })],
  ['a tick without groups', report()],
  ['a tick that was skipped', report({ tick: { skipped: 'lease held by tick 7' } })],
  ['a problem and a note of the tick', report({ groups: [growing('plan')], problems: [unsaved], notes: [stranger] })],
  [
    'calls that are held back, and a budget with plenty',
    report({
      groups: [group()],
      budgets: [
        budget(),
        budget({ credential: 'labs/bitbucket', used: 801, left: 199 }),
        budget({ credential: 'web/bitbucket', used: 912, left: 88, heldBack: ['create', 'look', 'queue'] }),
        budget({
          credential: 'ops/bitbucket',
          throttled: 4,
          throttledUntil: '2026-11-23T08:05:30.000Z',
          heldBack: ['removal'],
        }),
      ],
    }),
  ],
  ['a long name and many retirements', report({ tick: { mode: 'plan' }, groups: [crowd(14)] })],
] as const;

describe('the report as text', () => {
  it.each(REPORTS)('of %s, on a wide terminal', (_, value) => {
    expect(`\n${renderReport(value, { width: 150 }).join('\n')}\n`).toMatchSnapshot();
  });

  it.each(REPORTS)('of %s, on 80 columns', (_, value) => {
    expect(`\n${renderReport(value, { width: 80 }).join('\n')}\n`).toMatchSnapshot();
  });

  it.each(REPORTS)('of %s, as the line of a running loop', (_, value) => {
    expect(`\n${renderTick(value, { width: 100 }).join('\n')}\n`).toMatchSnapshot();
  });

  it.each([
    ['a minute', 60_000, true],
    ['a little less', 59_999, false],
  ])('tells what steps waited where one waited for %s', (_, longestMs, isTold) => {
    const waiting = { steps: 12, p50Ms: 1_000, p95Ms: 30_000, longestMs, still: 2 };
    const text = renderReport(report({ groups: [group({ waiting })] }), { width: 200 }).join('\n');
    const told =
      'waiting: of 12 steps of the last hour, half waited at most 1s, 95 % at most 30s, one 1m; 2 still wait';
    expect(text.includes(told)).toBe(isTold);
    expect(text.includes('waiting:')).toBe(isTold);
  });

  it.each([
    ['four fifths of the calls', budget({ used: 800, left: 200 }), false],
    ['one call more', budget({ used: 801, left: 199 }), true],
    ['something held back', budget({ heldBack: ['queue'] }), true],
    ['Bitbucket throttles', budget({ throttledUntil: '2026-11-23T08:05:30.000Z' }), true],
  ])('tells of a budget when it matters: %s', (_, value, isTold) => {
    const text = renderReport(report({ budgets: [value] }), { width: 150 }).join('\n');
    expect(text.includes('budget: ci/bitbucket has made')).toBe(isTold);
  });

  it('lists ten reasons of one kind at the most, and counts the runners of the others', () => {
    const idle = (minutes: number) => reason('surplus', { idleMs: minutes * 60_000 });
    const plan = Array.from({ length: 24 }, (_, index) => ({
      ...{ action: 'disable' as const, runner: `{${index}}` },
      reason: idle(20 + Math.floor(index / 2)),
    }));
    const lines = renderReport(report({ tick: { mode: 'plan' }, groups: [group({ plan })] }), { width: 300 });
    const told = lines.map((line) => line.trim()).filter((line) => line.includes('would disable'));
    expect(told).toHaveLength(9 + 1);
    expect(told[8]).toMatch(/would disable \{16\}, \{17\}: idle for 28m and not needed$/);
    expect(told[9]).toBe('would disable 6 more (--json lists them all)');
  });

  it('says a limit once where it is the reason of a hold', () => {
    const last = reason('last-usable', { starting: 2 });
    const held = group({ decision: { action: 'hold', from: 3, to: 3, reason: last }, bounds: [last] });
    const text = renderReport(report({ groups: [held] }), { width: 300 }).join('\n');
    expect(text.split(last.text)).toHaveLength(2);
  });

  it('says what was failed, skipped and done with the tone that fits', () => {
    const tones = new Set<string>();
    const paint = (tone: string, text: string) => {
      tones.add(tone);
      return text;
    };
    renderReport(fleet('plan'), { width: 150, paint });
    renderReport(fleet('apply'), { width: 150, paint });
    expect([...tones].sort()).toEqual(['down', 'failure', 'heading', 'quiet', 'up', 'warning']);
  });

  it.each([40, 72, 80, 100, 150, 300])('loses no number and no word at %i columns', (width) => {
    const words = renderReport(fleet('apply'), { width }).join(' ').split(/\s+/);
    const expected = fleet('apply').groups.flatMap(({ name, counts, decision, bounds }) => [
      name,
      ...Object.values(counts).map(String),
      ...decision.reason.text.split(' '),
      ...bounds.flatMap((bound) => bound.text.split(' ')),
    ]);
    expect(expected.filter((word) => !words.includes(word))).toEqual([]);
  });

  it('lines its columns up', () => {
    const lines = renderReport(report({ groups: [group(), growing('plan'), crowd(0)] }), { width: 160 });
    const title = lines.find((line) => line.startsWith('GROUP')) ?? '';
    const rows = lines.filter((line) => / (hold|scale-up) /.test(line));
    expect(rows).toHaveLength(3);
    for (const row of rows) {
      const end = title.indexOf('BUSY') + 'BUSY'.length;
      expect(row.slice(end - 5, end + 2)).toMatch(/^ +\d+ {2}$/);
      expect(row.slice(title.indexOf('DECISION'))).toMatch(/^(hold|scale-up) \d/);
      expect(row[title.indexOf('WHY') - 1]).toBe(' ');
    }
  });
});

describe('layout', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,14}$/);

  it('wraps without loss and never wider than it may, but for single words', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 1, max: 60 }), (words, width) => {
        const lines = wrap(words.join(' '), width);
        expect(lines.join(' ')).toBe(words.join(' '));
        expect(lines.filter((line) => line.length > width && line.includes(' '))).toEqual([]);
      }),
    );
  });
});
