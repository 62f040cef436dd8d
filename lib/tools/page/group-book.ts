/** The books of one group in production: told of every tick in order, it keeps sums and a series, and never the ticks. */
import { isSaturated } from '#core/decide/strategies/idle-buffer.ts';
import type { Counts } from '#core/model/decision.ts';
import type { Instant } from '#core/model/observation.ts';
import type { GroupReport } from '#core/model/report.ts';
import { wasSeen } from '#core/report.ts';
import { MINUTE_MS } from '#core/time.ts';
import { Series } from '../series.ts';
import type { Stretch, Track, TrackSeries } from './data.ts';
import { DecisionLog, withholds } from './decision-log.ts';
import {
  emptyTally,
  type GroupTally,
  HELD_MS,
  noteWaiting,
  PRODUCTION_LEVELS,
  tallyValues,
} from './production-figures.ts';
import { formatLevel, formatNumber, formatStretch } from './script/format.js';
import { decisionsThen, limitThen, worstWindow } from './worst-half-hour.ts';

const FIVE_MINUTES_MS = 5 * MINUTE_MS;
const BINS_OF_HALF_AN_HOUR = 6;

const LEVELS = PRODUCTION_LEVELS.map(({ id }) => id);

/** What a look saw. */
type Look = { readonly at: Instant; readonly counts: Counts; readonly isShort: boolean };

export class GroupBook {
  readonly name: string;
  readonly tally: GroupTally = emptyTally();
  readonly #from: Instant;
  readonly #to: Instant;
  readonly #levels: Series<keyof Counts>;
  readonly #waiting: Series<'waiting'>;
  readonly #decisions: DecisionLog;
  /** How long the group was short of runners, in bins of five minutes. */
  readonly #short: Series<'short'>;
  #look: Look | undefined;

  constructor(name: string, from: Instant, to: Instant, buckets: number) {
    this.name = name;
    this.#from = from;
    this.#to = to;
    this.#levels = new Series(LEVELS, from, to - from, buckets);
    this.#waiting = new Series(['waiting'], from, to - from, buckets);
    const bins = Math.ceil((to - from) / FIVE_MINUTES_MS);
    this.#short = new Series(['short'], from, bins * FIVE_MINUTES_MS, bins);
    this.#decisions = new DecisionLog(from, from + bins * FIVE_MINUTES_MS, bins);
  }

  /** Takes what a tick reported; ticks come in order of time. */
  add(at: Instant, group: GroupReport): void {
    this.#decisions.addGroup(at, group);
    this.#count(group);
    if (group.waiting !== undefined) noteWaiting(this.tally, group.waiting);
    if (!wasSeen(group)) return;
    this.#holdUntil(at);
    const { counts, bounds } = group;
    this.tally.looks += 1;
    this.tally.peak = Math.max(this.tally.peak, registered(counts));
    this.#look = { at, counts, isShort: isSaturated(counts) || bounds.some(withholds) };
    const waiting = waitingIn(group);
    if (waiting !== undefined) this.#waiting.addAt(at, { waiting });
  }

  /** What the last whole look saw. */
  get latest(): Counts | undefined {
    return this.#look?.counts;
  }

  /** The group's track, with so many buckets of the series made one. */
  close(merged: number): Track {
    this.#holdUntil(this.#to);
    const worst = this.#worst();
    return {
      name: this.name,
      role: 'group',
      summary: summaryOf(this.tally),
      figures: tallyValues(this.tally),
      series: this.#series(merged),
      decisions: this.#decisions.close(),
      ...(worst === undefined ? {} : { worst }),
    };
  }

  #count({ decision: { action, from, to }, bounds, problems, outcomes }: GroupReport): void {
    const { tally } = this;
    tally.ticks += 1;
    if (action === 'scale-up') {
      tally.scaleUps += 1;
      tally.added += to - from;
    }
    if (action === 'scale-down') {
      tally.scaleDowns += 1;
      tally.takenOut += from - to;
    }
    if (bounds.some(withholds)) tally.limitedTicks += 1;
    if (bounds.some(({ code }) => code === 'quarantine')) tally.quarantineTicks += 1;
    if (problems.length > 0) tally.problemTicks += 1;
    tally.failedActions += outcomes.filter(({ status }) => status === 'failed').length;
  }

  /** What the last look saw held until now, or until nobody can know. */
  #holdUntil(now: Instant): void {
    const look = this.#look;
    if (look === undefined) return;
    const until = Math.min(now, look.at + HELD_MS);
    const span = until - look.at;
    const { tally } = this;
    tally.knownMs += span;
    if (isSaturated(look.counts)) tally.saturatedMs += span;
    for (const level of LEVELS) tally.levelMs[level] += look.counts[level] * span;
    this.#levels.add(look.at, until, look.counts);
    if (look.isShort) this.#short.add(look.at, until, { short: 1 });
    this.#look = undefined;
  }

  #series(merged: number): TrackSeries {
    const average = this.#waiting.averages('waiting', merged);
    const isCounted = average.some((value) => value !== null);
    return {
      widthMs: this.#levels.widthMs * merged,
      levels: Object.fromEntries(LEVELS.map((level) => [level, this.#levels.averages(level, merged)])),
      ...(isCounted && { waiting: { average, most: this.#waiting.most('waiting', merged) } }),
    };
  }

  #worst(): Stretch | undefined {
    const bins = this.#short.sums('short');
    const begin = worstWindow(bins, BINS_OF_HALF_AN_HOUR);
    if (begin === undefined) return undefined;
    const from = this.#from + begin * FIVE_MINUTES_MS;
    const end = from + BINS_OF_HALF_AN_HOUR * FIVE_MINUTES_MS;
    const to = Math.min(this.#to, end);
    const shortMs = bins.slice(begin, begin + BINS_OF_HALF_AN_HOUR).reduce((sum, value) => sum + value, 0);
    const decided = this.#decisions.between(from, end);
    const limit = limitThen(decided);
    return {
      from,
      to,
      why: [
        `For ${formatStretch(shortMs)} of these ${formatStretch(to - from)} every runner online was busy, or a limit withheld runners.`,
        ...(limit === undefined ? [] : [limit]),
        ...decisionsThen(decided),
      ],
    };
  }
}

/** Runners of every class. */
export function registered({ busy, idle, starting, draining, dead }: Counts): number {
  return busy + idle + starting + draining + dead;
}

/** Known only where the queue decided. */
function waitingIn({ decision: { reason } }: GroupReport): number | undefined {
  return reason.code === 'queue-counted' ? reason.values.waiting : undefined;
}

function summaryOf({ levelMs, knownMs, scaleUps, scaleDowns, saturatedMs }: GroupTally): string {
  if (knownMs === 0) return 'No tick saw it whole.';
  const average = (level: keyof GroupTally['levelMs']) => formatLevel(Math.round((levelMs[level] / knownMs) * 10) / 10);
  const busy = saturatedMs === 0 ? '' : ` For ${formatStretch(saturatedMs)} all were busy.`;
  return `On average ${average('busy')} busy, ${average('idle')} idle, ${average('starting')} starting; scaled up ${formatNumber(scaleUps, 0)} and down ${formatNumber(scaleDowns, 0)} times.${busy}`;
}
