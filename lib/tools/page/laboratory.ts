/** The page of a comparison in the laboratory, from what its runs came to. Pure. */
import { MINUTE_MS } from '#core/time.ts';
import type { Bound } from '../laboratory/bounds.ts';
import type { Result } from '../laboratory/run.ts';
import type { Scenario } from '../laboratory/scenario.ts';
import { outagesIn } from '../laboratory/world.ts';
import type { Fact, PageData, Role, Track, TrackSeries, WaitingBin } from './data.ts';
import type { DecisionLog } from './decision-log.ts';
import { figureValues, LABORATORY_FIGURES, LABORATORY_LEVELS } from './laboratory-figures.ts';
import { formatCount, formatDate, formatNumber, formatShare, formatStretch, NBSP } from './script/format.js';
import { worstHalfHour } from './worst-half-hour.ts';

/** A policy that was tried. `decisions`: what its reports said, if it makes any, in as many slots as there are buckets. */
export type Played = {
  readonly role: Extract<Role, 'ours' | 'baseline' | 'oracle'>;
  readonly result: Result;
  readonly decisions?: DecisionLog;
};

/** What a page of the laboratory is made of. `facts`: what else it is from, such as a history file. */
type LaboratoryPage = {
  readonly scenario: Scenario;
  readonly policies: readonly Played[];
  readonly bounds?: readonly Bound[];
  readonly facts?: readonly Fact[];
};

const FINE_MS = MINUTE_MS;
const MOST_DRAWN = 2016;
const OURS_SHOWN = 2;

/**
 * How many buckets a run should keep for its page: a minute each, so that half an hour can be found in them, but no
 * fewer than make a smooth picture and no more than memory should hold.
 */
export function bucketsFor(spanMs: number): number {
  return Math.min(20_000, Math.max(480, Math.ceil(spanMs / FINE_MS)));
}

/** The page's data. Policies keep their order. */
export function laboratoryPage({ scenario, policies, bounds = [], facts = [] }: LaboratoryPage): PageData {
  const { name, start, span, seed, prices } = scenario;
  const baseline = policies.find(({ role }) => role === 'baseline')?.result;
  return {
    version: 1,
    kind: 'laboratory',
    title: `Policies compared: ${name}`,
    from: start,
    to: start + span,
    facts: [
      { name: 'Scenario', text: name },
      { name: 'Time', text: `${formatDate(start)} to ${formatDate(start + span)} (${formatStretch(span)})` },
      { name: 'Seed', text: String(seed) },
      {
        name: 'Prices',
        text: `${prices.currency} ${formatNumber(prices.runnerHour, 2)} per runner-hour, ${formatNumber(prices.slotMonth, 2)} per build slot and month beyond ${formatNumber(prices.includedSlots, 0)} included`,
      },
      ...facts,
    ],
    headlines: takeaways(policies, prices.currency),
    unknown: [
      'All of this happened in a simulated world with virtual time: the policies are the real ones, while the steps, the start-up times and the outages are those of the scenario.',
    ],
    levels: LABORATORY_LEVELS,
    figures: LABORATORY_FIGURES,
    tracks: policies.map((played) => trackOf(played, scenario, baseline)),
    shown: firstShown(policies),
    notices: [],
    noticesLeftOut: 0,
    budgets: [],
    currency: prices.currency,
    outages: outagesIn(scenario).map(({ service, from, to }) => ({ service, from: start + from, to: start + to })),
    bounds,
  };
}

function trackOf(
  { result, role, decisions: log }: Played,
  { span, prices }: Scenario,
  baseline: Result | undefined,
): Track {
  const { buckets } = result.books.series;
  const decisions = log?.close();
  const worst = worstHalfHour(buckets, span / buckets.length, log && ((from, to) => log.between(from, to)));
  return {
    name: result.policy,
    role,
    summary: summaryOf(result, role, { baseline, currency: prices.currency }),
    figures: figureValues(result.figures),
    series: seriesOf(result, buckets.length),
    ...(decisions === undefined ? {} : { decisions }),
    waitingBins: mergeBins(result.books.waiting.bins),
    ...(worst === undefined ? {} : { worst }),
  };
}

/** Neighbouring buckets merged until there are few enough to draw. */
function seriesOf({ books: { series } }: Result, buckets: number): TrackSeries {
  const merged = Math.ceil(buckets / MOST_DRAWN);
  const levels = LABORATORY_LEVELS.map(({ id }) => [id, series.averages(id, merged)]);
  return {
    widthMs: series.widthMs * merged,
    levels: Object.fromEntries(levels),
    waiting: { average: series.averages('waiting', merged), most: series.most('waiting', merged) },
  };
}

/** The rule that is compared with, and the first of ours. */
function firstShown(policies: readonly Played[]): readonly number[] {
  const places = (wanted: Role) => policies.flatMap(({ role }, index) => (role === wanted ? [index] : []));
  return [...places('baseline').slice(0, 1), ...places('ours').slice(0, OURS_SHOWN)].sort((a, b) => a - b);
}

/** The quickest and the cheapest of the policies that anybody can run. */
function takeaways(policies: readonly Played[], currency: string): readonly string[] {
  const results = policies.filter(({ role }) => role !== 'oracle').map(({ result }) => result);
  const [first] = results;
  if (first === undefined || results.length === 1) return [];
  const best = (value: (result: Result) => number) =>
    results.reduce((least, result) => (value(result) < value(least) ? result : least), first);
  const quickest = best(({ figures }) => figures.waiting.meanMs);
  const cheapest = best(({ figures }) => figures.money.total);
  const quick = `${quickest.policy} lets steps wait least (${formatStretch(quickest.figures.waiting.meanMs)} on average)`;
  const price = `${currency} ${formatNumber(cheapest.figures.money.total, 2)}`;
  const failing = results.filter((result) => failuresOf(result) > 0).map(({ policy }) => policy);
  return [
    quickest === cheapest
      ? `${quick} and costs least (${price}).`
      : `${quick}; ${cheapest.policy} costs least (${price}).`,
    ...(failing.length === 0 ? [] : [`Steps failed for lack of a runner with: ${failing.join('; ')}.`]),
  ];
}

/** A policy in words, beside the baseline where it is not that itself. */
function summaryOf(
  result: Result,
  role: Role,
  { baseline, currency }: { readonly baseline: Result | undefined; readonly currency: string },
): string {
  const { waiting, money } = result.figures;
  const failed = failuresOf(result);
  const failures =
    failed === 0
      ? 'No step failed for lack of a runner.'
      : `${formatCount(failed, 'step')} failed for lack of a runner.`;
  const own =
    `${role === 'oracle' ? 'A lower bound of cost, not of waiting, that nobody can run. ' : ''}Steps wait ${formatStretch(waiting.meanMs)} on average, 95${NBSP}% of them at most ${formatStretch(waiting.p95Ms)}. ` +
    `${failures} It costs ${currency} ${formatNumber(money.total, 2)}: ${formatNumber(money.runners, 2)} for runners, ${formatNumber(money.slots, 2)} for build slots, by whole months.`;
  if (role === 'baseline' || baseline === undefined) return own;
  const compared = [
    comparison(waiting.meanMs, baseline.figures.waiting.meanMs, 'waiting'),
    comparison(money.total, baseline.figures.money.total, 'cost'),
  ].filter((text) => text !== '');
  return compared.length === 0 ? own : `${own} Beside ${baseline.policy}: ${compared.join(', ')}.`;
}

/** Steps that found nobody online, waited too long, or whose runner was taken away. */
function failuresOf({ figures: { steps } }: Result): number {
  return steps.failed.noRunner + steps.failed.expired + steps.failed.killed;
}

/** `38 % less waiting`; nothing to compare with: empty. */
function comparison(value: number, other: number, noun: string): string {
  if (other === 0) return '';
  const change = value / other - 1;
  if (Math.abs(change) < 0.005) return `the same ${noun}`;
  return `${formatShare(Math.abs(change))} ${change < 0 ? 'less' : 'more'} ${noun}`;
}

const GROWTH = 1.02;

/** Merges bins of single seconds, in their order, so that there are some three hundred at most. */
export function mergeBins(bins: Iterable<WaitingBin>): readonly WaitingBin[] {
  const merged: { seconds: number; steps: number }[] = [];
  let limit = 0;
  for (const { seconds, steps } of bins) {
    const last = merged.at(-1);
    if (last !== undefined && seconds <= limit) {
      last.seconds = seconds;
      last.steps += steps;
    } else {
      merged.push({ seconds, steps });
      limit = Math.floor(seconds * GROWTH);
    }
  }
  return merged;
}
