import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { visibleIn } from '#core/visible.ts';
import type { PageData } from '#tools/page/data.ts';
import { renderPage } from '#tools/page/page.ts';
import { formatValue } from '#tools/page/script/format.js';
import { NASTY, sampleLaboratory, sampleProduction } from './sample.ts';

let laboratory: PageData;
let production: PageData;

beforeAll(async () => {
  laboratory = await sampleLaboratory();
  production = await sampleProduction();
});

/** The text between two pieces of text. */
function between(text: string, before: string, after: string): string {
  const from = text.indexOf(before) + before.length;
  return text.slice(from, text.indexOf(after, from));
}

const KINDS = ['laboratory', 'production'] as const;

function sample(kind: (typeof KINDS)[number]): PageData {
  return kind === 'laboratory' ? laboratory : production;
}

describe.each(KINDS)('a page of the %s', (kind) => {
  it('is the same bytes for the same data', async () => {
    const again = kind === 'laboratory' ? await sampleLaboratory() : await sampleProduction();
    expect(renderPage(again)).toBe(renderPage(sample(kind)));
  });

  it('embeds its data, whatever is in it', () => {
    const html = renderPage(sample(kind));
    const embedded = between(html, '<script type="application/json" id="data">', '</script>');
    expect(JSON.parse(embedded)).toEqual(JSON.parse(JSON.stringify(visibleIn(sample(kind)))));
  });

  it('lets no name become markup', () => {
    const html = renderPage(sample(kind));
    expect(html.match(/<img/g)).toBeNull();
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.match(/<\/script>/g)).toHaveLength(2);
  });

  it('shows every figure of every track, as the data has it', () => {
    const data = sample(kind);
    const html = renderPage(data);
    const cells = [...html.matchAll(/<data value="([^"]*)" data-figure="([^"]*)">([^<]*)<\/data>/g)];
    // What is not known, such as waiting where no queue is counted, is a dash.
    const known = (id: string) => data.tracks.flatMap(({ figures }) => figures[id] ?? []);
    expect(cells).toHaveLength(data.figures.flatMap(({ id }) => known(id)).length);
    for (const { id, unit } of data.figures) {
      const shown = cells.filter(([, , figure]) => figure === id).map(([, value, , text]) => [Number(value), text]);
      expect(shown).toEqual(known(id).map((value) => [value, formatValue(value, unit)]));
    }
  });

  it('defines every figure and every class of runners', () => {
    const { figures, levels } = sample(kind);
    const html = renderPage(sample(kind));
    for (const id of [...figures.map((figure) => figure.id), ...levels.map((level) => `level-${level.id}`)]) {
      expect(html.split(`id="def-${id}"`)).toHaveLength(2);
    }
  });

  it('allows its own script and style, and no network', () => {
    const html = renderPage(sample(kind));
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const policy = between(html, 'Content-Security-Policy" content="', '"');
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hash(between(html, '\n<script>', '</script>'))}`,
      `style-src ${hash(between(html, '<style>', '</style>'))}`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(html).not.toMatch(/\b(?:src|href)="https?:/);
    expect(html).not.toContain(' style="');
  });

  it('shows tracks and series that fit each other', () => {
    const { tracks, levels, from, to, shown } = sample(kind);
    expect(shown.every((index) => tracks[index] !== undefined)).toBe(true);
    for (const { series } of tracks) {
      for (const { id } of levels) expect(series.levels[id]).toHaveLength(Math.ceil((to - from) / series.widthMs));
    }
  });
});

describe('a page of the laboratory', () => {
  it('says in words what the policies came to', () => {
    expect(laboratory.headlines[0]).toMatch(/ lets steps wait least \(.* on average\)/);
    expect(laboratory.tracks.map(({ name, role }) => [name, role])).toEqual([
      [NASTY, 'ours'],
      ['Atlassian’s rule', 'baseline'],
      ['oracle', 'oracle'],
    ]);
    const [ours, baseline] = laboratory.tracks;
    expect(ours?.summary).toMatch(
      /^Steps wait .* It costs USD [\d.]+: [\d.]+ for runners, [\d.]+ for build slots, by whole months\. Beside Atlassian’s rule: .*waiting, .*cost\.$/,
    );
    expect(baseline?.summary).not.toContain('Beside');
  });

  it('has each step in one place', () => {
    for (const { figures, waitingBins = [] } of laboratory.tracks) {
      const places = [
        'stepsFinished',
        'stepsRunning',
        'stepsWaiting',
        'failedNoRunner',
        'failedKilled',
        'failedCrashed',
      ];
      expect(places.reduce((sum, id) => sum + (figures[id] ?? Number.NaN), 0)).toBe(figures.stepsArrived);
      expect(waitingBins.reduce((sum, { steps }) => sum + steps, 0)).toBe(
        (figures.stepsArrived ?? 0) - (figures.failedNoRunner ?? 0),
      );
    }
  });

  it('has the decisions of those that tell of them, and explains the worst half hour', () => {
    const [ours, baseline] = laboratory.tracks;
    expect(ours?.decisions?.total).toBeGreaterThan(10);
    expect(baseline?.decisions).toBeUndefined();
    expect(ours?.worst?.why.length).toBeGreaterThan(2);
  });
});

describe('a page of production', () => {
  it('has the fleet first, and its hours are the sum of its groups', () => {
    const [fleet, ...groups] = production.tracks;
    expect(fleet?.role).toBe('fleet');
    for (const id of ['hoursBusy', 'hoursIdle', 'scaleUps', 'takenOut', 'limitedTicks', 'ticks']) {
      const sum = groups.reduce((total, { figures }) => total + (figures[id] ?? Number.NaN), 0);
      expect(fleet?.figures[id]).toBeCloseTo(sum, 9);
    }
  });

  it('says what nobody can know', () => {
    expect(production.unknown[0]).toContain('How long steps waited is not known');
    expect(production.tracks.every(({ waitingBins }) => waitingBins === undefined)).toBe(true);
    // An outage of 50 minutes, of which a look before it covers a quarter of an hour.
    expect(production.unknown.at(-1)).toContain('Nothing is known of 36\u00a0min of this time');
    const [fleet] = production.tracks;
    expect(fleet?.series.levels.busy?.some((value) => value === null)).toBe(true);
  });

  it('names problems and limits, each once', () => {
    const named = production.notices.map(({ kind, group, ticks }) => ({ kind, group, ticks }));
    expect(named.filter(({ kind }) => kind === 'problem')).toEqual([
      { kind: 'problem', group: '</script><img onerror>', ticks: 50 },
      { kind: 'problem', group: 'deploys', ticks: 50 },
    ]);
    expect(named.filter(({ kind }) => kind === 'limit')).toEqual([
      { kind: 'limit', group: '</script><img onerror>', ticks: expect.any(Number) },
    ]);
  });
});
