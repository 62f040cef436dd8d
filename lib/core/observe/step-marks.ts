/**
 * Whether "shows no step" may be read as "is idle". On the internal surface it may. On the public one nobody has promised
 * that a busy runner shows its step, so it must have been seen, and not long ago: marks that showed once may stop. Pure.
 */
import type { Instant, Runner, ScopeMemory } from '../model/observation.ts';
import { HOUR_MS, MINUTE_MS } from '../time.ts';

/** For so long a mark that was seen makes others trusted, or twice as long as the cool-down if that is longer. */
export const MARKS_TRUSTED_FOR_MS = HOUR_MS;

/** A later sight is remembered when the last one is older than this, so that not every look writes. */
const RENEWED_AFTER_MS = 10 * MINUTE_MS;

/** What is remembered of a scope's step marks. */
export type StepMarks = Pick<ScopeMemory, 'stepSeen' | 'stepSeenAt'>;

/** The marks after a list. When they were seen is kept on the public surface only. */
export function nextMarks(before: StepMarks, listed: readonly Runner[], isPublic: boolean, at: Instant): StepMarks {
  const { stepSeenAt } = before;
  const isSeen = listed.some((runner) => runner.hasStep);
  const stepSeen = before.stepSeen || isSeen;
  const isNews = isPublic && isSeen && (stepSeenAt === undefined || at - stepSeenAt > RENEWED_AFTER_MS);
  if (isNews) return { stepSeen, stepSeenAt: at };
  return { stepSeen, ...(stepSeenAt !== undefined && { stepSeenAt }) };
}

/** Whether a group with this cool-down may rely on its runners' marks on the public surface. */
export function areTrusted(
  { stepSeenAt = Number.NEGATIVE_INFINITY }: StepMarks,
  coolDownMs: number,
  at: Instant,
): boolean {
  return at - stepSeenAt <= Math.max(MARKS_TRUSTED_FOR_MS, 2 * coolDownMs);
}
