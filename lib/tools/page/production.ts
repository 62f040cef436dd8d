/**
 * The page of production, from tick records: runners, decisions, what held them back, what steps waited as far as queues were
 * counted, and what it costs; what cannot be known it says. Pure; records are given one after the other, so that
 * no more of them than one must be in memory.
 */
import type { Instant } from '#core/model/observation.ts';
import type { BudgetReport, TickRecord } from '#core/model/report.ts';
import { Bills } from './bills.ts';
import type { BudgetFigures, Fact, PageData, Track, TrackSeries } from './data.ts';
import { largestOf } from './decision-log.ts';
import { GroupBook, registered } from './group-book.ts';
import { Notices } from './notices.ts';
import {
  addTallies,
  type GroupTally,
  HELD_MS,
  PRODUCTION_FIGURES,
  PRODUCTION_LEVELS,
  tallyValues,
} from './production-figures.ts';
import { formatCount, formatDate, formatLevel, formatNumber, formatStretch } from './script/format.js';

/** What a page of production is to tell of. */
type ProductionPage = {
  readonly from: Instant;
  readonly to: Instant;
  /** Absent: every group. */
  readonly groups?: readonly string[];
  /** What else it is from, such as the state store. */
  readonly facts?: readonly Fact[];
  /** What a registered runner costs an hour, in US dollars; absent: nobody said. */
  readonly runnerHour?: number;
};

const BUCKETS = 720;
const MOST_MERGED = 7;
/** Points of all series together, so that a fleet of hundreds of groups still makes a page that opens at once. */
const MOST_POINTS = 60_000;
const SHOWN = 3;
/** The decisions of the whole fleet that changed most; the groups have the others. */
const FLEET_MARKS = 480;

/** As much of the time asked for is drawn without a tick in it. */
const EMPTY_SHARE = 0.1;

/** Collects tick records, oldest first. */
export class ProductionRecords {
  readonly #page: ProductionPage;
  readonly #books = new Map<string, GroupBook>();
  readonly #notices = new Notices();
  readonly #budgets = new Map<string, BudgetFigures>();
  readonly #bills = new Bills();
  #ticks = 0;
  #peak = 0;
  /** Of the axis: the first tick, where ticks began long after the time that was asked for. */
  #from: Instant | undefined;

  constructor(page: ProductionPage) {
    this.#page = page;
  }

  /** Takes a record; dry runs, and ticks that did not run, say nothing of production. */
  add({ at, report }: Pick<TickRecord, 'at' | 'report'>): void {
    if (report.tick.mode !== 'apply' || report.tick.skipped !== undefined) return;
    if (at < this.#page.from || at >= this.#page.to) return;
    const groups = report.groups.filter(({ name }) => this.#isWanted(name));
    if (groups.length === 0) return;
    const { from, to } = this.#page;
    this.#from ??= at - from > (to - from) * EMPTY_SHARE ? at : from;
    this.#ticks += 1;
    for (const workspace of report.workspaces ?? []) this.#bills.note(workspace);
    for (const group of groups) this.#bookOf(group.name).add(at, group);
    this.#notices.add(at, report, (name) => this.#isWanted(name));
    for (const budget of report.budgets ?? [])
      this.#budgets.set(budget.credential, withTick(this.#budgets.get(budget.credential), budget));
    const present = [...this.#books.values()].flatMap(({ latest }) =>
      latest === undefined ? [] : [registered(latest)],
    );
    this.#peak = Math.max(
      this.#peak,
      present.reduce((sum, count) => sum + count, 0),
    );
  }

  /** How many ticks were taken. */
  get ticks(): number {
    return this.#ticks;
  }

  /** The page's data. */
  close(): PageData {
    const { to, facts = [] } = this.#page;
    const from = this.#from ?? this.#page.from;
    const books = [...this.#books.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const merged = Math.min(MOST_MERGED, Math.max(1, Math.ceil((books.length * BUCKETS) / MOST_POINTS)));
    const groups = books.map((book) => book.close(merged));
    const all = addTallies(
      books.map(({ tally }) => tally),
      this.#peak,
    );
    const tracks = groups.length > 1 ? [fleetOf(groups, all), ...groups] : groups;
    const { notices, leftOut } = this.#notices.close();
    return {
      version: 1,
      kind: 'production',
      title:
        groups.length === 1
          ? `Runners of ${groups[0]?.name ?? ''}`
          : `Runners of ${formatCount(groups.length, 'group')}`,
      from,
      to,
      facts: [
        { name: 'Time', text: `${formatDate(from)} to ${formatDate(to)} (${formatStretch(to - from)})` },
        { name: 'Ticks', text: formatNumber(this.#ticks, 0) },
        ...this.#bills.facts(all, this.#page.runnerHour),
        ...facts,
      ],
      headlines: headlines(all, groups, this.#ticks),
      unknown: unknown(all, to - from),
      levels: PRODUCTION_LEVELS,
      figures: PRODUCTION_FIGURES,
      tracks,
      shown: busiest(tracks),
      notices,
      noticesLeftOut: leftOut,
      budgets: [...this.#budgets.values()].sort((a, b) => (a.credential < b.credential ? -1 : 1)),
    };
  }

  #isWanted(name: string): boolean {
    return this.#page.groups?.includes(name) ?? true;
  }

  #bookOf(name: string): GroupBook {
    const known = this.#books.get(name);
    if (known !== undefined) return known;
    const book = new GroupBook(name, this.#from ?? this.#page.from, this.#page.to, BUCKETS);
    this.#books.set(name, book);
    return book;
  }
}

function withTick(before: BudgetFigures | undefined, budget: BudgetReport): BudgetFigures {
  const { credential, limit, used, left, throttled, heldBack } = budget;
  return {
    credential,
    limit,
    leastLeft: Math.min(before?.leastLeft ?? left, left),
    mostUsed: Math.max(before?.mostUsed ?? used, used),
    throttledTicks: (before?.throttledTicks ?? 0) + (throttled > 0 ? 1 : 0),
    heldBackTicks: (before?.heldBackTicks ?? 0) + (heldBack.length > 0 ? 1 : 0),
  };
}

function fleetOf(groups: readonly Track[], tally: GroupTally): Track {
  const shown = groups.flatMap(({ decisions }) => decisions?.shown ?? []).sort((a, b) => a.at - b.at);
  const total = groups.reduce((sum, { decisions }) => sum + (decisions?.total ?? 0), 0);
  return {
    name: 'All groups',
    role: 'fleet',
    summary: `${formatCount(groups.length, 'group')} together.`,
    figures: tallyValues(tally),
    series: addSeries(groups.map(({ series }) => series)),
    decisions: { total, shown: largestOf(shown, FLEET_MARKS) },
  };
}

/** The sum of several series of the same buckets; null where none knows anything. Waiting steps are not added up. */
function addSeries(all: readonly TrackSeries[]): TrackSeries {
  const [first] = all;
  const sum = (id: keyof GroupTally['levelMs']) =>
    first?.levels[id]?.map((_, index) => {
      const known = all.flatMap(({ levels }) => levels[id]?.[index] ?? []);
      return known.length === 0 ? null : Math.round(known.reduce((total, value) => total + value, 0) * 100) / 100;
    });
  return {
    widthMs: first?.widthMs ?? 1,
    levels: Object.fromEntries(PRODUCTION_LEVELS.map(({ id }) => [id, sum(id) ?? []])),
  };
}

/** The fleet, and the groups with the most work. */
function busiest(tracks: readonly Track[]): readonly number[] {
  const weight = ({ role, figures }: Track) => (role === 'fleet' ? Number.POSITIVE_INFINITY : (figures.hoursBusy ?? 0));
  return tracks
    .map((track, index) => ({ index, weight: weight(track) }))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, SHOWN)
    .map(({ index }) => index)
    .sort((a, b) => a - b);
}

function headlines(all: GroupTally, groups: readonly Track[], ticks: number): readonly string[] {
  const { levelMs, knownMs, peak, scaleUps, added, scaleDowns, takenOut, limitedTicks, problemTicks, failedActions } =
    all;
  if (knownMs === 0) return ['No tick of this time saw a group whole.'];
  const average = (level: keyof GroupTally['levelMs']) => formatLevel(Math.round((levelMs[level] / knownMs) * 10) / 10);
  const failures = problemTicks + failedActions;
  return [
    `${formatCount(ticks, 'tick')} looked after ${formatCount(groups.length, 'group')}: on average ${average('busy')} runners were busy, ${average('idle')} idle and ${average('starting')} starting; ${formatNumber(peak, 0)} were registered at the most.`,
    `${formatCount(scaleUps, 'scale-up')} asked for ${formatCount(added, 'more runner')}, ${formatCount(scaleDowns, 'scale-down')} for ${formatNumber(takenOut, 0)} fewer.`,
    limitedTicks === 0
      ? 'No limit withheld a runner.'
      : `Limits withheld runners ${formatCount(limitedTicks, 'time')}, most often from ${mostLimited(groups)}.`,
    failures === 0
      ? 'Nothing failed.'
      : `${formatCount(problemTicks, 'look')} had problems, and ${formatCount(failedActions, 'action')} failed; see limits and problems.`,
  ];
}

function mostLimited(groups: readonly Track[]): string {
  return (
    groups.reduce<Track | undefined>(
      (most, group) => ((group.figures.limitedTicks ?? 0) > (most?.figures.limitedTicks ?? 0) ? group : most),
      undefined,
    )?.name ?? ''
  );
}

function unknown({ knownMs }: GroupTally, spanMs: number): readonly string[] {
  const missing = spanMs - knownMs;
  return [
    'How long steps waited is not known: Bitbucket does not tell. How many waited is known only for the moments at which a queueAware group had its queue counted.',
    `Ticks look at single moments: what one saw is taken to hold until the next, for ${formatStretch(HELD_MS)} at most, and what began and ended between two of them – such as a quick start – is not seen.`,
    ...(missing < spanMs * 0.005
      ? []
      : [
          `Nothing is known of ${formatStretch(missing)} of this time (on average over the groups): charts have gaps there, and hours do not count it.`,
        ]),
  ];
}
