/** The demo: plain lines where nothing can move, a picture that fits its terminal, and the figures of the day. */
import { describe, expect, it } from 'vitest';
import { duration } from '#core/quantities.ts';
import type { Figures } from '#tools/laboratory/figures.ts';
import { playDemo, type Stage } from '../../cli/demo.ts';
import { drawFrame, type Frame } from '../../cli/demo-picture.ts';

const minute = { busy: 3, idle: 2, starting: 1, draining: 1, waiting: 5 };
const minutes = Array.from({ length: 300 }, () => minute);
const frame: Frame = {
  time: '08:00',
  sides: [
    { title: 'Theirs', minutes },
    { title: 'Ours', minutes },
  ],
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
    expect(lines[0]).toBe('08:00   █ busy   ░ idle   ▒ starting   ▏ draining   • waiting');
    expect(lines[1]).toMatch(/^Theirs +Ours +$/);
    expect(lines[2]).toMatch(/^7 runners, 3 bu.* {2}7 runners, 3 bu/);
    // The legend is the one line that is as wide as it is.
    expect(lines.filter((line, index) => index !== 0 && line.length > width)).toEqual([]);
  });

  it('stacks runners by class with the waiting steps on top, and shows the newest happenings below', () => {
    const lines = draw(20, 25);
    for (const place of [8, 19]) {
      const column = lines.slice(3, 17).map((line) => line.at(place));
      expect(column.join('')).toBe('  •••••▏▒░░███');
    }
    expect(lines.slice(18).map((line) => line.slice(0, 15))).toEqual(
      [13, 14, 15, 16, 17, 18, 19].map((index) => `07:00  event ${index}`),
    );
  });
});

async function play(
  screen: Stage['screen'],
  options: { readonly json?: boolean; readonly minutes?: number; readonly slept?: number[] } = {},
) {
  const written: string[] = [];
  const controller = new AbortController();
  const { json = false, minutes = Number.POSITIVE_INFINITY, slept = [] } = options;
  const stage: Stage = {
    screen,
    paint: (_kind, text) => text,
    write: (text) => {
      written.push(text);
      if (written.length >= minutes) controller.abort();
    },
    sleep: async (ms) => void slept.push(ms),
    signal: controller.signal,
  };
  await playDemo({ seed: 1, speed: 1, json }, stage);
  return written;
}

describe('the show', () => {
  it('is plain lines without a terminal: decisions and removals, then the comparison', async () => {
    const { text } = await playedOnce();
    const [head = '', figures = ''] = text.split('\nThe day in figures');
    const events = head.trim().split('\n').slice(3);
    expect(events.length).toBeGreaterThan(50);
    for (const line of events) expect(line).toMatch(/^\d\d:\d\d +\d+ waiting {2}(scale-up|scale-down|remove) /);
    expect(figures).toMatch(/^ +Atlassian’s rule +queueAware +difference\n/);
    expect(figures).toContain('field conditions');
    expect(text).not.toContain('\x1b');
  });

  it.each([
    ['waiting, mean', (day: Day) => duration(day.waiting.meanMs)],
    ['waiting, 95 % under', (day: Day) => duration(day.waiting.p95Ms)],
    ['runner-hours', (day: Day) => `${day.runnerHours.registered.toFixed(1)} h`],
    ['most runners at once', (day: Day) => String(day.peak)],
    ['money, runners', (day: Day) => day.money.runners.toFixed(2)],
    ['money, slots of the month', (day: Day) => day.money.slots.toFixed(2)],
    ['money, together', (day: Day) => day.money.total.toFixed(2)],
  ])('ends with what the document says of both: %s', async (title, cellOf) => {
    const { text, policies } = await playedOnce();
    const line = text.split('\n').find((each) => each.startsWith(title)) ?? '';
    expect(line.split(/ {2,}/).slice(1, 3)).toEqual(policies.map(cellOf));
  });

  it('says so where a rule went over max, which is why it may wait less', async () => {
    const { text, policies } = await playedOnce();
    const [theirs, ours] = policies;
    expect(ours?.peak).toBe(10);
    expect(text).toContain(`Atlassian’s rule had ${theirs?.peak} runners where max is 10`);
    expect(text).not.toContain('queueAware had');
  });

  it('moves in a terminal, each frame over the last, never taller than the screen, in half a minute', async () => {
    const slept: number[] = [];
    const frames = (await play({ columns: 80, rows: 24 }, { slept })).slice(0, -1);
    expect(frames).toHaveLength(14 * 60);
    for (const text of frames) expect(text.split('\n').length).toBeLessThanOrEqual(24);
    expect(frames[0]).not.toContain('\x1b[23A');
    expect(frames[1]?.startsWith('\x1b[23A')).toBe(true);
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(25_000);
  });

  it('ends when it is told to, with the comparison', async () => {
    const written = await play({ columns: 80, rows: 24 }, { minutes: 30 });
    expect(written).toHaveLength(31);
    expect(written.at(-1)).toContain('money, together');
  });

  it('is one document with --json', async () => {
    const { documents } = await playedOnce();
    expect(documents).toHaveLength(1);
    expect(JSON.parse(documents.join(''))).toMatchObject({
      version: 1,
      scenario: { conditions: 'field', seed: 1 },
      policies: [{ name: 'Atlassian’s rule' }, { name: 'queueAware', peak: 10 }],
    });
  });
});

type Day = Figures & { readonly name: string };

type Played = { readonly text: string; readonly documents: readonly string[]; readonly policies: readonly Day[] };

let once: Promise<Played> | undefined;

/** The lines and the document of one seed, played for all tests that only read them. */
function playedOnce() {
  once ??= (async () => {
    const text = (await play(undefined)).join('');
    const documents = await play(undefined, { json: true });
    const { policies } = JSON.parse(documents.join('')) as { policies: readonly Day[] };
    return { text, documents, policies };
  })();
  return once;
}
