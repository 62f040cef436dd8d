/** The half hour in which most waited, and why: from the levels of that time and from the decisions in it. */
import type { Instant } from '#core/model/observation.ts';
import { MINUTE_MS } from '#core/time.ts';
import type { Stretch } from './data.ts';
import { type DecisionsThen, largestOf } from './decision-log.ts';
import { formatClock, formatCount, formatLevel, formatShare, formatStretch } from './script/format.js';

const HALF_HOUR_MS = 30 * MINUTE_MS;
const DECISIONS_TOLD = 6;

/** What is known of a bucket: averages, and the most that ever waited. */
export type WaitingBucket = {
  readonly at: Instant;
  readonly busy: number;
  readonly idle: number;
  readonly starting: number;
  readonly waiting: number;
  readonly most: { readonly waiting: number };
};

/**
 * The stretch of half an hour – or of one bucket, where buckets are longer – with the most waiting in it; undefined when
 * nothing ever waited. `buckets` are of equal width and without gaps; `decidedBetween` knows the decisions from the
 * beginning of one bucket to that of another, and is absent where a policy tells nothing of them.
 */
export function worstHalfHour(
  buckets: readonly WaitingBucket[],
  widthMs: number,
  decidedBetween: ((from: Instant, to: Instant) => DecisionsThen) | undefined,
): Stretch | undefined {
  const width = Math.max(1, Math.round(HALF_HOUR_MS / widthMs));
  const begin = worstWindow(
    buckets.map(({ waiting }) => waiting),
    width,
  );
  const stretch = begin === undefined ? [] : buckets.slice(begin, begin + width);
  const [first] = stretch;
  if (first === undefined) return undefined;
  const to = Math.round(first.at + stretch.length * widthMs);
  const decided = decidedBetween?.(first.at, to);
  const waited = sum(stretch, 'waiting');
  return {
    from: first.at,
    to,
    why: [
      `On average ${formatLevel(round(waited / stretch.length))} steps waited, ${formatLevel(most(stretch))} at the most: ` +
        `${formatShare(waited / sum(buckets, 'waiting'))} of all waiting fell into these ${formatStretch(to - first.at)}.`,
      runnersThen(stretch),
      ...causesOf(stretch, decided),
      ...(decided === undefined ? [] : decisionsThen(decided)),
    ],
  };
}

/** Where the window with the largest sum begins, the first of equals; undefined when every sum is 0. */
export function worstWindow(values: readonly number[], width: number): number | undefined {
  let present = values.slice(0, width).reduce((total, value) => total + value, 0);
  let most = present;
  let begin = 0;
  for (let end = width; end < values.length; end += 1) {
    present += (values[end] ?? 0) - (values[end - width] ?? 0);
    // A sum that was 0 may differ from it by the rounding of what was added and taken away.
    if (present <= most + 1e-9) continue;
    most = present;
    begin = end - width + 1;
  }
  return most > 1e-9 ? begin : undefined;
}

function runnersThen(stretch: readonly WaitingBucket[]): string {
  const [first] = stretch;
  const last = stretch.at(-1);
  if (first === undefined || last === undefined) return '';
  const then = ({ busy, idle, starting }: WaitingBucket) =>
    `${formatLevel(round(busy))} runners busy, ${formatLevel(round(idle))} idle and ${formatLevel(round(starting))} starting`;
  return stretch.length === 1
    ? `There were ${then(first)}.`
    : `It began with ${then(first)}, and ended with ${then(last)}.`;
}

/** The plainest causes that the numbers show: limits, runners on their way, or else no answer to the demand. */
function causesOf(stretch: readonly WaitingBucket[], decided: DecisionsThen | undefined): readonly string[] {
  const starting = sum(stretch, 'starting') / stretch.length;
  const waiting = sum(stretch, 'waiting') / stretch.length;
  const limit = decided && limitThen(decided);
  const limits = limit === undefined ? [] : [limit];
  const seen = formatLevel(round(starting));
  if (starting >= waiting / 2) {
    return [
      ...limits,
      `Runners were on their way (${seen} starting on average): what remained is the time that a start takes.`,
    ];
  }
  if (limit !== undefined) return limits;
  const unanswered = `Fewer runners were starting (${seen} on average) than steps waited: the demand came faster than it was answered.`;
  return [decided === undefined ? `${unanswered} This policy tells nothing of its decisions.` : unanswered];
}

/** The limits of a time, where there were any. */
export function limitThen({ limit, limited }: DecisionsThen): string | undefined {
  if (limit === undefined) return undefined;
  return `Limits held runners back in ${formatCount(limited, 'decision')} of this time, the last time for ${limit.group}: ${limit.text}.`;
}

/** The largest changes of a time, a sentence each, and how many more there were. */
export function decisionsThen({ kept, changes }: DecisionsThen): readonly string[] {
  const told = largestOf(
    kept.filter(({ action }) => action !== 'hold'),
    DECISIONS_TOLD,
  );
  const more = changes - told.length;
  return [
    ...told.map(
      ({ at, group, action, from, to, sentence }) =>
        `${formatClock(at)} ${group}: ${action} ${from} → ${to}, since ${sentence}.`,
    ),
    ...(more > 0 ? [`${formatCount(more, 'more decision')} of this time changed no more than these.`] : []),
  ];
}

function sum(buckets: readonly WaitingBucket[], level: 'waiting' | 'starting'): number {
  return buckets.reduce((total, bucket) => total + bucket[level], 0);
}

function most(buckets: readonly WaitingBucket[]): number {
  return buckets.reduce((most, bucket) => Math.max(most, bucket.most.waiting), 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
