/**
 * How long a group's runners usually take to start, learned from those that did, and which one takes too long to be
 * counted on: otherwise one start that hangs would stall a small group for its whole `startTimeout`. Pure.
 */
import type { GroupMemory, Instant, Runner, StartUps } from '../model/observation.ts';
import { ageOf } from './age.ts';
import type { ClassifiedRunner } from './classify.ts';

/** A start that takes this many times as long as usual is slow. */
export const SLOW_FACTOR = 3;

/** Enough for a median that a few odd ones do not move, few enough to follow a change of nodes or image. */
const LEARNED_FROM = 9;

/** The median of the latest start-ups; undefined while there is no experience. */
export function usualStartUpMs({ startUps }: GroupMemory): number | undefined {
  const sorted = startUps?.tookMs.toSorted((a, b) => a - b) ?? [];
  return sorted[Math.floor(sorted.length / 2)];
}

/** Whether a starting runner takes much longer than usual. One that has been online before is another matter. */
export function isSlow({ status, createdAt }: Runner, usualMs: number | undefined, at: Instant): boolean {
  return status === 'UNREGISTERED' && ageOf(createdAt, at) > SLOW_FACTOR * (usualMs ?? Infinity);
}

/** What is known of start-ups after this look: it learns from runners at work that no look before saw at work. */
export function nextStartUps(
  before: StartUps | undefined,
  classified: readonly ClassifiedRunner[],
): StartUps | undefined {
  if (before === undefined && classified.length === 0) return undefined;
  const { tookMs, newest } = before ?? { tookMs: [], newest: 0 };
  const started = classified
    .filter(({ class: name }) => name === 'busy' || name === 'idle')
    .map(({ runner }) => runner)
    .filter(({ uuid, createdAt }) => before?.awaited.includes(uuid) || createdAt > newest)
    .sort((a, b) => a.createdAt - b.createdAt);
  return {
    tookMs: [...tookMs, ...started.map((runner) => runner.stateChangedAt - runner.createdAt)].slice(-LEARNED_FROM),
    // One that comes back, or was put back, is starting too, but from another moment.
    awaited: classified.flatMap(({ class: name, runner: { uuid, status } }) =>
      name === 'starting' && status === 'UNREGISTERED' ? [uuid] : [],
    ),
    newest: classified.reduce((latest, { runner }) => Math.max(latest, runner.createdAt), newest),
  };
}
