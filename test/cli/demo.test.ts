/** The demo: plain lines where nothing can move, a picture that fits its terminal, and the figures of the day. */
import { describe, expect, it } from 'vitest';
import type { Figures } from '#tools/laboratory/figures.ts';
import { parseScenario } from '#tools/laboratory/scenario.ts';
import { playDemo, type Stage } from '../../cli/demo.ts';
import { comparisonLines } from '../../cli/demo-comparison.ts';
import { drawFrame, type Frame } from '../../cli/demo-picture.ts';

const counts = { busy: 3, idle: 2, starting: 1, draining: 1, dead: 0 };
const frame: Frame = {
  title: 'A day',
  time: '08:00',
  minutes: Array.from({ length: 300 }, () => ({ counts, waiting: 5 })),
  happenings: Array.from({ length: 20 }, (_, index) => ({ time: '07:00', text: `event ${index} ${'x'.repeat(200)}` })),
  max: 10,
};
const draw = (width: number, height: number) => drawFrame(frame, { width, height, paint: (_kind, text) => text });

describe('the picture', () => {
  it.each([
    [80, 23],
    [60, 14],
    [200, 60],
    [40, 5],
  ])('keeps to %i columns and %i lines, its legend included', (width, height) => {
    const lines = draw(width, height);
    expect(lines.length).toBeLessThanOrEqual(height);
    expect(lines[0]).toBe('A day');
    expect(lines[1]).toBe('08:00   █ busy  3   ░ idle  2   ▒ starting  1   ▏ draining  1   • waiting  5');
    // The legend is the one line that is as wide as it is.
    expect(lines.filter((line, index) => index !== 1 && line.length > width)).toEqual([]);
  });

  it('stacks runners by class with the waiting steps on top, and shows the newest happenings below', () => {
    const lines = draw(20, 23);
    const column = lines.slice(3, 17).map((line) => line.at(-1));
    expect(column.join('')).toBe('  •••••▏▒░░███');
    expect(lines.slice(18).map((line) => line.slice(0, 15))).toEqual(
      [15, 16, 17, 18, 19].map((index) => `07:00  event ${index}`),
    );
  });
});

async function play(screen: Stage['screen'], options: { readonly json?: boolean; readonly minutes?: number } = {}) {
  const written: string[] = [];
  const controller = new AbortController();
  const { json = false, minutes = Number.POSITIVE_INFINITY } = options;
  const stage: Stage = {
    screen,
    paint: (_kind, text) => text,
    write: (text) => {
      written.push(text);
      if (written.length >= minutes) controller.abort();
    },
    sleep: async () => undefined,
    signal: controller.signal,
  };
  await playDemo({ seed: 1, speed: 1, json }, stage);
  return written;
}

describe('the show', () => {
  it('is plain lines without a terminal: decisions and removals, then the figures', async () => {
    const text = (await play(undefined)).join('');
    const [head = '', figures = ''] = text.split('\nThe day in figures\n');
    const events = head.trim().split('\n').slice(2);
    expect(events.length).toBeGreaterThan(50);
    for (const line of events) expect(line).toMatch(/^\d\d:\d\d +\d+ waiting {2}(scale-up|scale-down|remove) /);
    expect(figures).toMatch(/0 for lack of a runner, 0 killed by scaling, 0 crashed/);
    expect(figures).toMatch(/peak +10 runners \(max 10\)/);
    expect(figures).toMatch(/ in 14h\n/);
    expect(figures).toMatch(/\nThe same day under both rules, in field conditions/);
    expect(figures).toMatch(/\n {2}queueAware +\S.* +10 +\d+ +\$\d+\.\d\d\n/);
    expect(text).not.toContain('\x1b');
  });

  it('moves in a terminal, each frame over the last and never taller than the screen', async () => {
    const frames = (await play({ columns: 80, rows: 24 })).slice(0, -1);
    expect(frames).toHaveLength(14 * 60);
    for (const text of frames) expect(text.split('\n').length).toBeLessThanOrEqual(24);
    expect(frames[0]).not.toContain('\x1b[23A');
    expect(frames[1]?.startsWith('\x1b[23A')).toBe(true);
  });

  it('ends when it is told to, with the figures so far', async () => {
    const written = await play({ columns: 80, rows: 24 }, { minutes: 30 });
    expect(written).toHaveLength(31);
    expect(written.at(-1)).toMatch(/calls .* in 30m\n/);
  });

  it('is one document with --json', async () => {
    const written = await play(undefined, { json: true });
    const { rules, ...day } = JSON.parse(written.join(''));
    expect(day).toMatchObject({ peak: 10, failed: { killed: 0, noRunner: 0 } });
    expect(Object.keys(rules)).toEqual(['atlassian', 'queueAware']);
    expect(rules.queueAware).toMatchObject({ peak: 10, steps: { failed: { killed: 0, noRunner: 0 } } });
    expect(rules.queueAware.steps.arrived).toBe(rules.atlassian.steps.arrived);
    expect(rules.queueAware.money.runners).toBeCloseTo(rules.queueAware.runnerHours.registered * 0.05);
    expect(written).toHaveLength(1);
  });
});

describe('the two rules', () => {
  const figures = (meanMs: number, hours: number, peak: number) => ({
    waiting: { meanMs, p95Ms: 60_000, withinMinute: 0.5 },
    ...{ runnerHours: { registered: hours }, peak, runners: { created: 7 }, money: { runners: hours / 20 } },
  });
  const lines = (before: object, after: object) =>
    comparisonLines({
      ...{ atlassian: before as Figures, queueAware: after as Figures },
      ...{ scenario: parseScenario({}, 'test'), max: 10 },
    }).slice(4);

  it.each([
    {
      name: 'less waiting for fewer hours',
      of: [figures(30_000, 100, 10), figures(10_000, 80, 10)],
      says: [
        '  Each step waits 20s less, for 20.0 runner-hours less ($1.00); a runner-hour at $0.05, at most 10 runners.',
      ],
    },
    {
      name: 'more of both, and a rule that went above max',
      of: [figures(10_000, 80, 17), figures(30_000, 100, 10)],
      says: [
        '  Each step waits 20s longer, for 20.0 runner-hours more ($1.00); a runner-hour at $0.05, at most 10 runners.',
        '  Atlassian’s rule had 17 runners where 10 are allowed.',
      ],
    },
  ])('$name', ({ of: [before = {}, after = {}], says }) => {
    expect(lines(before, after)).toEqual(says);
  });
});
