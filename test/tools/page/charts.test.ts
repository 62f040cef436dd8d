import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PageData, Track } from '#tools/page/data.ts';
import { mergeBins } from '#tools/page/laboratory.ts';
import { costChart } from '#tools/page/script/cost-chart.js';
import { pointsOf, worthChoosing } from '#tools/page/script/frontier.js';
import { placeLabels } from '#tools/page/script/place-labels.js';
import { linear, logarithmic, roundTicks, roundUp, timeTicks } from '#tools/page/script/scale.js';
import { timeChart } from '#tools/page/script/time-chart.js';
import type { Box } from '#tools/page/script/types.ts';
import { columnsOf, reachOf } from '#tools/page/script/view.js';
import { shareWithin } from '#tools/page/script/waiting-chart.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 23);

function track(name: string, more: Partial<Track> = {}): Track {
  return { name, role: 'ours', summary: '', figures: {}, series: { widthMs: HOUR, levels: {} }, ...more };
}

function page(tracks: readonly Track[], hours = 4): PageData {
  return {
    version: 1,
    kind: 'laboratory',
    title: '',
    from: START,
    to: START + hours * HOUR,
    facts: [],
    headlines: [],
    unknown: [],
    levels: [
      { id: 'busy', label: 'Busy', meaning: '' },
      { id: 'idle', label: 'Idle', meaning: '' },
    ],
    figures: [],
    tracks,
    shown: [],
    notices: [],
    noticesLeftOut: 0,
    budgets: [],
  };
}

describe('scales', () => {
  it('lead from values to places', () => {
    expect(linear([0, 10], [100, 200])(2.5)).toBe(125);
    expect(linear([5, 5], [100, 200])(5)).toBe(100);
    expect(logarithmic([1, 100], [0, 200])(10)).toBeCloseTo(100);
    expect(logarithmic([1, 100], [0, 200])(0)).toBe(0);
  });

  it.each([
    { domain: [0, 10] as const, count: 5, isWhole: false, ticks: [0, 2, 4, 6, 8, 10] },
    { domain: [0, 0.9] as const, count: 3, isWhole: false, ticks: [0, 0.5] },
    { domain: [0, 2] as const, count: 4, isWhole: true, ticks: [0, 1, 2] },
    { domain: [480, 1000] as const, count: 5, isWhole: false, ticks: [600, 800, 1000] },
  ])('are labelled with $ticks over $domain', ({ domain, count, isWhole, ticks }) => {
    expect(roundTicks(domain, count, isWhole)).toEqual(ticks);
  });

  it.each([
    { value: 29, count: 3, isWhole: true, end: 30 },
    { value: 30, count: 3, isWhole: true, end: 30 },
    { value: 1, count: 4, isWhole: true, end: 1 },
    { value: 0, count: 4, isWhole: true, end: 1 },
    { value: 0.31, count: 3, isWhole: false, end: 0.4 },
  ])('end at $end for $value', ({ value, count, isWhole, end }) => {
    expect(roundUp(value, count, isWhole)).toBe(end);
  });

  it.each([
    { name: 'hours', span: 6 * HOUR, most: 6, stepMs: HOUR, first: START },
    { name: 'days', span: 5 * 24 * HOUR, most: 6, stepMs: 24 * HOUR, first: START },
    { name: 'weeks from Monday on', span: 30 * 24 * HOUR, most: 6, stepMs: 7 * 24 * HOUR, first: START },
  ])('of time are labelled by $name', ({ span, most, stepMs, first }) => {
    const ticks = timeTicks(START, START + span, most);
    expect([ticks.stepMs, ticks.times[0]]).toEqual([stepMs, first]);
    expect(ticks.times.at(-1)).toBeLessThanOrEqual(START + span);
  });

  it('of time have labels for any span, and never too many', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 60_000, max: 3_000 * 24 * HOUR }),
        fc.integer({ min: 2, max: 40 }),
        (span, most) => {
          expect(timeTicks(START + 12_345, START + 12_345 + span, most).times.length).toBeLessThanOrEqual(most + 1);
        },
      ),
    );
  });
});

describe('columns of a view', () => {
  const data = page([
    track('a', {
      series: {
        widthMs: HOUR,
        levels: { busy: [1, 2, null, 4], idle: [0, 1, null, null] },
        waiting: { average: [0, 1, null, 3], most: [1, 5, null, 4] },
      },
    }),
  ]);
  const [a = track('a')] = data.tracks;

  it('are the buckets where there is room', () => {
    const columns = columnsOf(data, a, { from: 0, to: 1 }, 10);
    expect(columns.map(({ levels }) => levels)).toEqual([
      [1, 0],
      [2, 1],
      [null, null],
      [4, null],
    ]);
    expect(columns.map(({ from }) => (from - START) / HOUR)).toEqual([0, 1, 2, 3]);
    expect(reachOf(columns)).toEqual({ runners: 4, waiting: 5 });
  });

  it('take neighbours together: averages of what is known, and the most', () => {
    expect(columnsOf(data, a, { from: 0, to: 1 }, 2)).toEqual([
      { index: 0, from: START, to: START + 2 * HOUR, levels: [1.5, 0.5], waiting: 0.5, mostWaiting: 5 },
      { index: 2, from: START + 2 * HOUR, to: START + 4 * HOUR, levels: [4, null], waiting: 3, mostWaiting: 4 },
    ]);
  });

  it('are those that the view touches', () => {
    expect(columnsOf(data, a, { from: 0.25, to: 0.5 }, 10).map(({ index }) => index)).toEqual([1]);
    expect(columnsOf(data, a, { from: 0.3, to: 0.6 }, 10).map(({ index }) => index)).toEqual([1, 2]);
  });
});

describe('the frontier', () => {
  const policy = (
    name: string,
    moneyTotal: number,
    waitingMean: number,
    failedNoRunner = 0,
    role: Track['role'] = 'ours',
  ) => track(name, { role, figures: { moneyTotal, waitingMean, failedNoRunner } });
  const frontier = (tracks: readonly Track[]) =>
    worthChoosing(pointsOf(page(tracks), 'waitingMean')).map(({ track: { name } }) => name);

  it.each([
    {
      name: 'by cost, without those that are dearer and no quicker',
      tracks: [policy('dear', 3, 1), policy('cheap', 1, 9), policy('worse', 4, 1), policy('middle', 2, 5)],
      best: ['cheap', 'middle', 'dear'],
    },
    { name: 'without the oracle', tracks: [policy('ours', 2, 2), policy('oracle', 1, 1, 0, 'oracle')], best: ['ours'] },
    {
      name: 'without those that let more steps fail',
      tracks: [policy('fails', 1, 0, 1), policy('ours', 2, 2)],
      best: ['ours'],
    },
    { name: 'with those that all fail alike', tracks: [policy('a', 1, 2, 1), policy('b', 2, 1, 1)], best: ['a', 'b'] },
    { name: 'the first of equals', tracks: [policy('a', 1, 1), policy('b', 1, 1)], best: ['a'] },
  ])('is $name', ({ tracks, best }) => {
    expect(frontier(tracks)).toEqual(best);
  });
});

describe('names beside points', () => {
  const room: Box = { left: 0, top: 0, right: 400, bottom: 300 };
  const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

  it('cover neither each other nor a point nor the way out, wherever points are', () => {
    const point = fc.record({
      x: fc.integer({ min: 0, max: 400 }),
      y: fc.integer({ min: 0, max: 300 }),
      text: fc.constantFrom('1', '2 queue', '3 a longer name'),
    });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 9 }), (points) => {
        const boxes = placeLabels(points, room, []).flatMap((placed) => (placed === undefined ? [] : [placed.box]));
        for (const [index, box] of boxes.entries()) {
          expect(box.left).toBeGreaterThanOrEqual(room.left);
          expect(box.right).toBeLessThanOrEqual(room.right);
          expect(boxes.some((other, place) => place !== index && overlap(box, other))).toBe(false);
          expect(points.some(({ x, y }) => x > box.left && x < box.right && y > box.top && y < box.bottom)).toBe(false);
        }
      }),
    );
  });

  it('stand to the right where there is room, and to the left at the edge', () => {
    const [right, left] = placeLabels(
      [
        { x: 50, y: 50, text: 'a' },
        { x: 395, y: 150, text: 'b' },
      ],
      room,
      [],
    );
    expect([right?.box.left, right?.isFar, left?.box.right]).toEqual([61, false, 384]);
  });

  it('are left out where there is none', () => {
    expect(placeLabels([{ x: 50, y: 50, text: 'a' }], room, [room])).toEqual([undefined]);
  });
});

describe('waiting times in bins', () => {
  const bins = Array.from({ length: 9000 }, (_, seconds) => ({ seconds, steps: 1 }));

  it('are few, lose no step, and are single seconds at first', () => {
    const merged = mergeBins(bins);
    expect(merged.length).toBeLessThan(400);
    expect(merged.reduce((sum, { steps }) => sum + steps, 0)).toBe(9000);
    expect(merged.slice(0, 50)).toEqual(bins.slice(0, 50));
    expect(merged.at(-1)?.seconds).toBe(8999);
  });

  it('tell which share waited no longer', () => {
    expect(shareWithin(bins.slice(0, 100), 49)).toBe(0.5);
    expect(shareWithin([], 60)).toBe(0);
  });
});

describe('bounds and outages', () => {
  const cheap = track('ours', { figures: { moneyTotal: 10, waitingMean: 4_000, waitingP95: 8_000 } });
  const points = [
    { label: 'β 1', waitingMeanMs: 1_000, waitingP95Ms: 3_000, money: 12 },
    { label: 'β 2', waitingMeanMs: 0, waitingP95Ms: 0, money: 15.1 },
  ];
  const bounds = [{ name: 'staffing', source: '', points }];

  it('a bound is a line through its crosses, as far as it is not much dearer than all policies', () => {
    const data = { ...page([cheap]), bounds, currency: 'EUR' };
    const drawn = costChart({ data, waiting: 'waitingMean', width: 560 });
    expect(drawn.match(/class="bound"/g)).toHaveLength(2);
    expect(drawn).toContain('β 1');
    expect(drawn).not.toContain('β 2');
    expect(drawn).toContain('EUR →');
    expect(costChart({ data, waiting: 'waitingP95', width: 560 })).not.toBe(drawn);
    const none = costChart({ data: page([cheap]), waiting: 'waitingMean', width: 560 });
    expect([none.includes('class="bound"'), none.includes('Money →')]).toEqual([false, true]);
  });

  it('an outage is a band over all lanes, at least a pixel wide, where it is in view', () => {
    const outages = [
      { service: 'bitbucket', from: START + HOUR, to: START + 2 * HOUR },
      { service: 'kubernetes', from: START + 3 * HOUR, to: START + 3 * HOUR + 1 },
    ] as const;
    const data = { ...page([cheap]), outages };
    const reach = { runners: 1, waiting: 1 };
    const widths = (view: { from: number; to: number }) => {
      const drawn = timeChart({ data, track: cheap, view, width: 454, reach });
      return [...drawn.matchAll(/class="outage"[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));
    };
    expect(widths({ from: 0, to: 1 })).toEqual([100, 1]);
    expect(widths({ from: 0.5, to: 0.7 })).toEqual([1]);
    expect(widths({ from: 0.52, to: 0.7 })).toEqual([]);
  });
});
