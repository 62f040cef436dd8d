/**
 * How long a group's steps waited, as far as looks can tell: the queue says how many wait, marks of busy runners say how many
 * began. The one that has waited longest is taken to begin first. A step counts from the look that first saw it wait, so
 * that one that no look saw has waited for nothing. Pure.
 */
import type { Counts } from '../model/decision.ts';
import type { Instant, WaitingSince, Waits } from '../model/observation.ts';
import type { WaitingReport } from '../model/report.ts';
import { HOUR_MS, MINUTE_MS } from '../time.ts';

/** Waits count for an hour, and are written down by spans of five minutes. */
const COUNT_FOR_MS = HOUR_MS;
const SPAN_MS = 5 * MINUTE_MS;

/** As many entries are kept of each kind; of more the oldest go. */
const MOST_KEPT = 40;

/** What a look says of a group's steps. */
export type StepsSeen = {
  /** How many wait; absent: the queue was not counted. */
  readonly waiting?: number | undefined;
  /** How many began since the last look. */
  readonly begun: number;
  readonly counts: Pick<Counts, 'idle'>;
};

/** What the next look has to know; absent until a queue was counted for the first time. */
export function nextWaits(before: Waits | undefined, seen: StepsSeen, at: Instant): Waits | undefined {
  const { begun, counts } = seen;
  // Beside an idle runner nothing waits for long.
  const waiting = seen.waiting ?? (counts.idle > 0 ? 0 : undefined);
  if (before === undefined && seen.waiting === undefined) return undefined;
  const { queued = [], begun: past = [] } = before ?? {};
  const total = stepsIn(queued);
  const left = Math.min(total, Math.max(begun, waiting === undefined ? 0 : total - waiting));
  const stay = total - left;
  const come = (waiting ?? stay) - stay;
  const { taken, rest } = takeOldest(queued, left);
  const unseen = begun > left ? [{ since: at, steps: begun - left }] : [];
  const now = [...taken, ...unseen].map(({ since, steps }) => ({
    from: at - (at % SPAN_MS),
    waitedMs: at - since,
    steps,
  }));
  return {
    queued: come > 0 ? [...rest, { since: at, steps: come }].slice(-MOST_KEPT) : rest,
    begun: now.length === 0 ? past : merged([...past.filter(({ from }) => at - from < COUNT_FOR_MS), ...now]),
  };
}

/** What is known of a group's waiting now. */
export function waitingOf(waits: Waits, at: Instant): WaitingReport {
  const begun = waits.begun.filter(({ from }) => at - from < COUNT_FOR_MS);
  const still = waits.queued.map(({ since, steps }) => ({ waitedMs: at - since, steps }));
  const all = [...begun, ...still].sort((a, b) => a.waitedMs - b.waitedMs);
  const steps = stepsIn(all);
  // The first that so many steps do not exceed.
  const quantile = (share: number) =>
    all.find((_, index) => stepsIn(all.slice(0, index + 1)) >= share * steps)?.waitedMs ?? 0;
  return {
    steps,
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    longestMs: all.at(-1)?.waitedMs ?? 0,
    still: stepsIn(still),
  };
}

function takeOldest(queued: readonly WaitingSince[], count: number) {
  let left = count;
  const parts = queued.map((entry) => {
    const taken = Math.min(left, entry.steps);
    left -= taken;
    return { taken: { ...entry, steps: taken }, rest: { ...entry, steps: entry.steps - taken } };
  });
  const some = ({ steps }: WaitingSince) => steps > 0;
  return { taken: parts.map(({ taken }) => taken).filter(some), rest: parts.map(({ rest }) => rest).filter(some) };
}

/** Those of one span that waited for the same minutes as one. */
function merged(begun: Waits['begun']): Waits['begun'] {
  const spans = new Map<string, Waits['begun'][number]>();
  for (const entry of begun) {
    const key = `${entry.from} ${Math.floor(entry.waitedMs / MINUTE_MS)}`;
    const known = spans.get(key);
    spans.set(key, known === undefined ? entry : { ...known, steps: known.steps + entry.steps });
  }
  return [...spans.values()].slice(-MOST_KEPT);
}

function stepsIn(entries: readonly { readonly steps: number }[]): number {
  return entries.reduce((sum, { steps }) => sum + steps, 0);
}
