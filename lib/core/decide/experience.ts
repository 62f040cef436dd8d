/**
 * What a group's own past tells: how many steps came in the last hour, how long its runners take to start, and which
 * runners that look idle may not be. Marks of busy runners are late, and runners take a while to pick up the next step: one
 * that worked a moment ago is *doubtful*. Pure.
 */
import type { Counts } from '../model/decision.ts';
import type { ArrivalCount, GroupMemory, Instant } from '../model/observation.ts';
import { HOUR_MS, MINUTE_MS } from '../time.ts';
import type { ClassifiedRunner } from './classify.ts';
import { usualStartUpMs } from './start-up.ts';

/** How long a runner that has worked may look idle before it counts as idle. */
const DOUBT_MS = MINUTE_MS;

/** Steps are counted by spans of this length. */
const SPAN_MS = 5 * MINUTE_MS;

/** How far back steps count. */
export const ARRIVALS_COUNT_FOR_MS = HOUR_MS;

/** The counts that a wish goes by, with what the past says. */
export type Outlook = Counts & {
  /** Idle runners that may be at work: they worked less than a minute ago. Absent: none. */
  readonly doubtful?: number;
  /** Steps that came in the last hour, as far as looks saw them; absent: not known yet. */
  readonly arrivals?: number;
  /** How long a start usually takes; absent: not known yet. */
  readonly startUpMs?: number;
};

/** What the past says of a look's runners. */
export function experienceOf(
  memory: GroupMemory,
  classified: readonly ClassifiedRunner[],
  at: Instant,
): Pick<Outlook, 'doubtful' | 'arrivals' | 'startUpMs'> {
  const startUpMs = usualStartUpMs(memory);
  const doubtful = Object.keys(nextDoubts(memory, classified, at)).length;
  const arrivals = memory.working && countedSince(nextArrivals(memory, classified, at), at);
  return {
    ...(doubtful > 0 && { doubtful }),
    ...(arrivals !== undefined && { arrivals }),
    ...(startUpMs !== undefined && { startUpMs }),
  };
}

/** What the next look has to know of this one. */
export function nextExperience(
  memory: GroupMemory,
  classified: readonly ClassifiedRunner[],
  at: Instant,
): Pick<GroupMemory, 'working' | 'doubts' | 'arrivals'> {
  const working = classified.flatMap(({ class: name, runner }) => (name === 'busy' ? [runner.uuid] : [])).sort();
  const doubts = nextDoubts(memory, classified, at);
  const arrivals = nextArrivals(memory, classified, at);
  return {
    ...((classified.length > 0 || memory.working !== undefined) && { working }),
    ...(Object.keys(doubts).length > 0 && { doubts }),
    ...(arrivals.length > 0 && { arrivals }),
  };
}

/** By uuid: idle runners that worked less than a minute ago, and the first look that saw each idle. */
function nextDoubts(
  { working, doubts = {} }: GroupMemory,
  classified: readonly ClassifiedRunner[],
  at: Instant,
): Readonly<Record<string, Instant>> {
  const worked = new Set(working);
  return Object.fromEntries(
    classified.flatMap(({ class: name, runner: { uuid } }): readonly [string, Instant][] => {
      if (name !== 'idle') return [];
      const since = doubts[uuid] ?? (worked.has(uuid) ? at : -Infinity);
      return at - since < DOUBT_MS ? [[uuid, since]] : [];
    }),
  );
}

/** How many runners work that did not at the last look; 0 without one. */
export function begunSteps({ working }: Pick<GroupMemory, 'working'>, classified: readonly ClassifiedRunner[]): number {
  if (working === undefined) return 0;
  const worked = new Set(working);
  return classified.filter(({ class: name, runner }) => name === 'busy' && !worked.has(runner.uuid)).length;
}

/** A step has come for each runner that works and did not at the last look. */
function nextArrivals(
  memory: GroupMemory,
  classified: readonly ClassifiedRunner[],
  at: Instant,
): readonly ArrivalCount[] {
  const { arrivals = [] } = memory;
  const steps = begunSteps(memory, classified);
  // What is too old goes when there is something new to save.
  if (steps === 0) return arrivals;
  const from = at - (at % SPAN_MS);
  const kept = arrivals.filter((entry) => counts(entry.from, at));
  const last = kept.at(-1);
  return last?.from === from ? [...kept.slice(0, -1), { from, steps: last.steps + steps }] : [...kept, { from, steps }];
}

/** The busiest span counts no more than the one behind it: a burst that came once is no rate. */
function countedSince(arrivals: readonly ArrivalCount[], at: Instant): number {
  const spans = arrivals.filter(({ from }) => counts(from, at)).map(({ steps }) => steps);
  const [most = 0, next = 0] = spans.toSorted((one, other) => other - one);
  return spans.reduce((sum, steps) => sum + steps, next - most);
}

function counts(from: Instant, at: Instant): boolean {
  return at - from < ARRIVALS_COUNT_FOR_MS;
}
