/** The sections of the page, each as HTML. Pure: the same data gives the same text. */
import type { Notice, PageData } from './data.ts';
import { figureTable, swatch, withinTable } from './figure-tables.ts';
import { costChart } from './script/cost-chart.js';
import { formatNumber, formatRange, formatTime } from './script/format.js';
import { pointsOf, worthChoosing } from './script/frontier.js';
import { escapeHtml } from './script/html.js';
import { panelHtml, tableHtml, trackName } from './script/panel.js';
import { drawnColumns, sharedReach } from './script/time-chart.js';
import type { WaitingFigure } from './script/types.ts';
import { WHOLE } from './script/view.js';
import { waitingChart } from './script/waiting-chart.js';

/** How wide charts are in the file; the page's script draws them again as wide as the window lets them be. */
const DRAWN_WIDTH = 960;
const SMALL_WIDTH = 560;

/** What the page is, and what it is from. */
export function header({ kind, title, facts }: PageData): string {
  const rows = facts.map(({ name, text }) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd></div>`);
  const what =
    kind === 'laboratory' ? 'Laboratory: policies tried on a simulated world' : 'Production: what ticks recorded';
  return `<header><p class="kind">${what}</p><h1>${escapeHtml(title)}</h1><dl class="facts">${rows.join('')}</dl></header>`;
}

/** What a reader should take away. */
export function summary(data: PageData): string {
  const takeaways = data.headlines.map((text) => `<p class="lead">${escapeHtml(text)}</p>`).join('');
  const items = data.tracks.map(
    (track, index) =>
      `<li>${swatch(track, index)}<div><strong>${trackName(data, index)}</strong>: ${escapeHtml(track.summary)}</div></li>`,
  );
  const notes = data.unknown.map((text) => `<p>${escapeHtml(text)}</p>`).join('');
  return section('summary', 'In short', [
    takeaways,
    data.kind === 'laboratory' ? `<ul class="headlines">${items.join('\n')}</ul>` : '',
    notes === '' ? '' : `<div class="note" role="note" aria-label="What cannot be known">${notes}</div>`,
  ]);
}

/** Waiting and runners over time, with the means to look closer. */
export function overTime(data: PageData): string {
  const charts = data.shown.flatMap((index) => {
    const track = data.tracks[index];
    return track === undefined ? [] : [{ data, track, view: WHOLE, width: DRAWN_WIDTH }];
  });
  const reach = sharedReach(charts);
  const panels = data.shown.map((index) => panelHtml({ data, index, view: WHOLE, width: DRAWN_WIDTH, reach }));
  return section('time', 'Over time', [
    legend(
      data,
      charts.some(({ track }) => track.series.waiting !== undefined),
    ),
    toolbar(data),
    `<div class="panels">${panels.join('')}</div>`,
    charts.every((chart) => drawnColumns(chart).length === 0) ? '<p>Nothing was recorded.</p>' : '',
  ]);
}

function legend({ levels, outages = [] }: PageData, hasWaiting: boolean): string {
  const key = (name: string, label: string, shape: string) =>
    `<li><svg class="key" viewBox="0 0 28 14" aria-hidden="true"><${shape} class="${name}"/></svg>${escapeHtml(label)}</li>`;
  const box = 'rect x="0.5" y="0.5" width="27" height="13"';
  return `<ul class="legend" aria-label="Legend">${[
    ...levels.map(({ id, label }) => key(`level ${id}`, label, box)),
    ...(hasWaiting
      ? [key('average', 'Steps that wait, on average', 'path d="M0 7H28"'), key('most', 'the most at once', box)]
      : []),
    key('mark up', 'Scale-up', 'path d="M8 12h12L14 2z"'),
    key('mark down', 'Scale-down', 'path d="M8 2h12L14 12z"'),
    ...(outages.length > 0 ? [key('outage', 'Bitbucket or the cluster was out', box)] : []),
  ].join('')}</ul>`;
}

/** Of use only to the page's script, which shows it. */
function toolbar(data: PageData): string {
  const choices = data.tracks.map(
    (_, index) =>
      `<label><input type="checkbox" name="track" value="${index}"${data.shown.includes(index) ? ' checked' : ''}> <span>${trackName(data, index)}</span></label>`,
  );
  const button = (name: string, text: string) => `<button type="button" data-do="${name}">${text}</button>`;
  return `<div class="tools" hidden>
<fieldset class="tracks"><legend>${data.kind === 'laboratory' ? 'Policies' : 'Groups'} shown</legend>${choices.join('\n')}</fieldset>
<div class="zoom" role="toolbar" aria-label="Time shown">${[
    button('in', 'Zoom in'),
    button('out', 'Zoom out'),
    button('earlier', 'Earlier'),
    button('later', 'Later'),
    button('worst', 'Worst half hour'),
    button('whole', 'Whole time'),
  ].join('')}<output class="range">${escapeHtml(formatRange(data.from, data.to))} UTC</output></div>
<p class="quiet">Drag across a chart to zoom. With a chart in focus: ← → move the cursor, + − zoom, Shift ← → go earlier and later, 0 shows the whole time.</p>
</div>`;
}

/** Waiting against cost. */
export function cost(data: PageData): string {
  if (data.kind !== 'laboratory') return '';
  const chart = (waiting: WaitingFigure, title: string) => {
    const best = worthChoosing(pointsOf(data, waiting)).map(({ track }) => track.name);
    return `<figure><figcaption><h3>${title}</h3></figcaption><div class="drawing" data-chart="${waiting}">${costChart({ data, waiting, width: SMALL_WIDTH })}</div><p class="quiet">On the dashed line, none is both cheaper and quicker, and none has fewer steps fail: ${escapeHtml(best.join('; '))}.</p></figure>`;
  };
  return section('cost', 'Waiting against cost', [
    '<p>Each point is a policy. Points further left cost less; points further down let steps wait less. Circles are our policies, squares are what they are compared with. The diamond is the oracle, which nobody can run: it sees every step at once and keeps no runner idle beyond the minimum of a group. It is a lower bound of cost: no policy without foresight costs less if steps wait no longer than a start takes. Paying for idle runners can make them wait less.</p>',
    policyLegend(data),
    ...(data.bounds ?? []).map(
      ({ name, source }) =>
        `<p class="quiet"><strong>${escapeHtml(name)}</strong> (crosses): ${escapeHtml(source)}</p>`,
    ),
    `<div class="pair">${chart('waitingMean', 'Mean waiting')}${chart('waitingP95', 'What 95 % wait at most')}</div>`,
  ]);
}

function policyLegend(data: PageData): string {
  const keys = data.tracks.map((track, index) => `<li>${swatch(track, index)}${trackName(data, index)}</li>`);
  return `<ul class="legend" aria-label="Policies">${keys.join('')}</ul>`;
}

/** How long steps waited. */
export function waitingTimes(data: PageData): string {
  if (data.kind !== 'laboratory') return '';
  return section('waits', 'How long steps waited', [
    '<p>The higher a line, the more steps have begun by then. The time is drawn by orders of magnitude.</p>',
    policyLegend(data),
    `<figure><div class="drawing" data-chart="waits">${waitingChart(data, DRAWN_WIDTH)}</div></figure>`,
    `<details><summary>The chart as a table</summary><div class="scroll" role="region" tabindex="0" aria-label="How long steps waited, table">${withinTable(data)}</div></details>`,
  ]);
}

/** The worst half hour of every track. */
export function worstHalfHours(data: PageData): string {
  const items = data.tracks.flatMap((track, index) => {
    if (track.worst === undefined) return [];
    const why = track.worst.why.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join('');
    const time = formatRange(track.worst.from, track.worst.to);
    return [
      `<details${data.shown.includes(index) ? ' open' : ''}><summary>${trackName(data, index)}: <time>${escapeHtml(time)}</time> UTC</summary><ul>${why}</ul></details>`,
    ];
  });
  const none = data.kind === 'laboratory' ? 'No step ever waited.' : 'No group was ever short of runners.';
  return section('worst', 'The worst half hour', items.length === 0 ? [`<p>${none}</p>`] : items);
}

/** What ticks said went wrong or was held back. */
export function notices({ kind, notices: said, noticesLeftOut }: PageData): string {
  if (kind !== 'production') return '';
  const rows = said.map((notice) =>
    [
      KINDS[notice.kind],
      notice.group ?? 'all',
      formatNumber(notice.ticks, 0),
      formatTime(notice.first),
      formatTime(notice.last),
      notice.text,
    ].map(escapeHtml),
  );
  const heads = ['What', 'Group', 'Ticks', 'First (UTC)', 'Last (UTC)', 'In its last words'];
  return section(
    'notices',
    'Limits and problems',
    rows.length === 0
      ? ['<p>No tick was limited, and none had a problem.</p>']
      : [
          scrolled('Limits and problems', tableHtml('What ticks said, the most frequent first', heads, rows)),
          noticesLeftOut === 0 ? '' : `<p>${formatNumber(noticesLeftOut, 0)} more were left out.</p>`,
        ],
  );
}

const KINDS: Readonly<Record<Notice['kind'], string>> = {
  limit: 'Limit',
  trouble: 'Runners do not start',
  quarantine: 'Quarantine',
  problem: 'Problem',
};

/** The hourly calls of each credential. */
export function budgets({ budgets: known }: PageData): string {
  if (known.length === 0) return '';
  const rows = known.map(({ credential, ...figures }) => [
    escapeHtml(credential),
    ...[figures.limit, figures.mostUsed, figures.leastLeft, figures.throttledTicks, figures.heldBackTicks].map(
      (value) => formatNumber(value, 0),
    ),
  ]);
  const heads = ['Credential', 'Calls an hour', 'Most used', 'Least left', 'Ticks throttled', 'Ticks that held back'];
  return section('budgets', 'Calls to Bitbucket', [
    scrolled('Calls to Bitbucket', tableHtml('Hourly calls by credential', heads, rows)),
  ]);
}

/** Every figure of every track. */
export function figures(data: PageData): string {
  return section('figures', 'All figures', [scrolled('All figures', figureTable(data))]);
}

/** What every number is. */
export function definitions({ levels, figures: all }: PageData): string {
  const entry = (id: string, name: string, meaning: string) =>
    `<div id="def-${escapeHtml(id)}"><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(meaning)}</dd></div>`;
  return section('definitions', 'What every number is', [
    '<p>Times are UTC. In charts, numbers of runners and of waiting steps are averages over the time that a step of the line covers.</p>',
    `<dl class="definitions">${[
      ...levels.map(({ id, label, meaning }) => entry(`level-${id}`, `Runners: ${label}`, meaning)),
      ...all.map(({ id, section: part, label, meaning }) => entry(id, `${part}: ${label}`, meaning)),
    ].join('\n')}</dl>`,
  ]);
}

function scrolled(name: string, table: string): string {
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(name)}, table">${table}</div>`;
}

function section(id: string, title: string, parts: readonly string[]): string {
  return `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>\n${parts.filter((part) => part !== '').join('\n')}\n</section>`;
}
