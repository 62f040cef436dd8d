/**
 * Quarantine: a group whose runners fail to start waits, twice as long after every failure, and then tries with one.
 * Without it a broken image or an exhausted quota would be asked for, and cleaned up after, on every tick. Pure.
 */
import type { Instant, Quarantine } from '../model/observation.ts';
import { type Reason, type ReasonCode, reason } from '../reasons.ts';
import { CLOCK_SKEW_MS } from './age.ts';
import type { ClassifiedRunner } from './classify.ts';

const FIRST_WAIT_MS = 60_000;
/** No group waits longer for its next try. */
export const LONGEST_QUARANTINE_MS = 3_600_000;

/** Causes of death that are failed starts, and not the end of a runner that has worked. */
export const FAILED_STARTS: readonly ReasonCode[] = ['never-online', 'start-hopeless', 'start-ended'];

/** How many runners may start now, and the reason for holding the others back. */
export function quarantineRoom(
  quarantine: Quarantine | undefined,
  starting: number,
  at: Instant,
): { readonly room: number; readonly explain: (withheld: number) => Reason } | undefined {
  if (quarantine === undefined) return undefined;
  const { failures } = quarantine;
  const waitMs = quarantine.since + waitAfter(failures) - at;
  // Afterwards one runner at a time: the probe that shows whether starting works again.
  const room = waitMs > 0 || starting > 0 ? 0 : 1;
  return { room, explain: (withheld) => reason('quarantine', { failures, waitMs: Math.max(0, waitMs), withheld }) };
}

/**
 * The quarantine after this look. It deepens with every look that finds a failed start, unless a runner that was
 * registered with it or later works: then the group can start runners, and one had bad luck. It is over when a runner
 * works that was registered well after the last failure, which only a probe is.
 */
export function nextQuarantine(
  before: Quarantine | undefined,
  classified: readonly ClassifiedRunner[],
  at: Instant,
): Quarantine | undefined {
  const newestAtWork = classified
    .filter(({ class: name }) => name === 'busy' || name === 'idle')
    .reduce((newest, { runner }) => Math.max(newest, runner.createdAt), Number.NEGATIVE_INFINITY);
  const isProvenOtherwise = (time: Instant) => newestAtWork >= time - CLOCK_SKEW_MS;
  const failed = classified.some(
    (entry) =>
      entry.class === 'dead' && FAILED_STARTS.includes(entry.cause.code) && !isProvenOtherwise(entry.runner.createdAt),
  );
  if (failed) return extendQuarantine(before, at);
  // What was registered in the very tick that failed in part (a quota lets some through) proves nothing.
  const isOver = before === undefined || newestAtWork >= before.since + FIRST_WAIT_MS / 2;
  return isOver ? undefined : before;
}

/** One more failure. */
export function extendQuarantine(before: Quarantine | undefined, at: Instant): Quarantine {
  return { failures: (before?.failures ?? 0) + 1, since: at };
}

/** One minute after the first failure, two after the second, four …, an hour at most. */
function waitAfter(failures: number): number {
  return Math.min(LONGEST_QUARANTINE_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
}
