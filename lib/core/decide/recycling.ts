/**
 * Replacing runners that work: those that have had their one step, those that are too old, and those that were made from
 * other settings than the group's present ones. Others come online first; then these are taken out of service and drain
 * like any other. Pure.
 */
import type { Instant, Runner } from '../model/observation.ts';
import { type Reason, reason } from '../reasons.ts';
import { ageOf } from './age.ts';
import { type ClassifiedGroup, type ClassifiedRunner, isOnline, stayingOnline } from './classify.ts';
import { isStuck } from './resizing.ts';
import { byAge, type Retirement } from './retirement.ts';

/** Causes of draining that are the replacement of a runner for its age or settings: so many at once are limited. */
const RENEWALS: readonly (string | undefined)[] = ['too-old', 'outdated'];

/** What is due in a group at a look. */
type Due = {
  /** Online runners that are to take no other step than they have, or had: all of them go, but the last one online. */
  readonly used: readonly (ClassifiedRunner & { readonly why: Reason })[];
  /** Idle ones that are too old or outdated, the oldest first: as many as may be replaced at once. */
  readonly stale: readonly Retirement[];
  /** All that are too old or outdated, and how many of them may be replaced at once. */
  readonly allStale: readonly Runner[];
  readonly atOnce: number;
};

/** The runners that are due, whether or not they can go now. */
export function dueIn({ observation, classified }: ClassifiedGroup, at: Instant): Due {
  const { group, memory, fingerprint, idleTrusted } = observation;
  const { afterSteps, afterMs = Number.POSITIVE_INFINITY, onChange } = group.recycle ?? {};
  // Stryker disable next-line ArrayDeclaration: no runner is called that.
  const { worked = [] } = memory;
  const working = classified.filter((entry) => isOnline(entry) || entry.class === 'starting');
  const isUsed = ({ class: name, runner }: ClassifiedRunner) =>
    afterSteps !== undefined && (name === 'busy' || (name === 'idle' && worked.includes(runner.uuid)));
  const whyUsed = (entry: ClassifiedRunner): Reason | undefined => {
    if (isUsed(entry)) return reason('first-step', {});
    // Stryker disable next-line StringLiteral: who is stuck has a word for it.
    const word = entry.job?.pod?.resize?.pending?.reason ?? '';
    return entry.class === 'busy' && isStuck(entry.job, at) ? reason('resize-stuck', { word }) : undefined;
  };
  const stale = working.flatMap((entry): readonly (Retirement & Pick<ClassifiedRunner, 'class'>)[] => {
    const { runner, job, class: name } = entry;
    const ageMs = ageOf(runner.createdAt, at);
    if (ageMs > afterMs) return [{ runner, class: name, reason: reason('too-old', { ageMs, afterMs }) }];
    const isOutdated = onChange === true && job !== undefined && job.fingerprint !== fingerprint;
    return isOutdated ? [{ runner, class: name, reason: reason('outdated', {}) }] : [];
  });
  const goes = classified.filter(
    ({ class: name, runner }) => name === 'draining' && RENEWALS.includes(memory.drains?.[runner.uuid]?.cause),
  );
  const atOnce = Math.max(1, Math.floor(working.length / 4));
  const idle = idleTrusted ? stale.filter((entry) => entry.class === 'idle') : [];
  return {
    used: working.flatMap((entry) => {
      const why = whyUsed(entry);
      return why === undefined ? [] : [{ ...entry, why }];
    }),
    stale: idle.sort((a, b) => byAge(a.runner, b.runner)).slice(0, Math.max(0, atOnce - goes.length)),
    allStale: stale.map(({ runner }) => runner),
    atOnce,
  };
}

/** How many runners there have to be, so that others are online before those go that are due. */
export function wantedWith(due: Due, wanted: number, { classified, expected }: ClassifiedGroup): number {
  const isFresh = classified.some(
    (entry) => entry.class === 'idle' && !entry.retired && !due.used.some(({ runner }) => runner === entry.runner),
  );
  const needsFresh = wanted > 0 && due.used.length > 0 && !isFresh;
  return Math.max(wanted + due.stale.length, needsFresh ? expected.busy + expected.idle + 1 : 0);
}

/**
 * Those that go at this look, besides those that are `chosen` to go anyway: as long as one stays online, and, of those
 * that are not used, as many as the group can do without.
 */
export function recycle(
  due: Due,
  wanted: number,
  { classified, expected, counts }: ClassifiedGroup,
  chosen: readonly Retirement[],
): readonly Retirement[] {
  const isStaying = ({ runner }: { readonly runner: Runner }) => !chosen.some((entry) => entry.runner === runner);
  const online = stayingOnline(classified.filter(isStaying));
  const isOnlineStill = ({ runner }: Retirement | ClassifiedRunner) => online.some((entry) => entry.runner === runner);
  const used = due.used.filter(isStaying);
  const usedOnline = used.filter(isOnlineStill);
  const last = wanted > 0 && usedOnline.length === online.length ? lastOf(usedOnline) : undefined;
  const out = used.filter((entry) => entry !== last).map(({ runner, why }) => ({ runner, reason: why }));
  const isOut = ({ runner }: Retirement) => out.some((entry) => entry.runner === runner);
  const stale = due.stale.filter((entry) => isStaying(entry) && !isOut(entry));
  // Those that finish their one step are at work until they have.
  const finishing = expected.busy - counts.busy + out.filter(({ runner }) => runner.hasStep).length;
  const left = online.length - out.filter(isOnlineStill).length;
  const spare = Math.min(left + finishing - wanted, wanted > 0 ? left - 1 : left);
  return [...out, ...stale.slice(0, Math.max(0, spare))];
}

/** What is due, and what it waits for; nothing where all that is due goes at this look. */
export function recyclingBounds(
  { used, stale, allStale, atOnce }: Due,
  going: readonly Retirement[],
): readonly Reason[] {
  const isWaiting = (runner: Runner) => !going.some((entry) => entry.runner === runner);
  const last = used.filter(({ runner }) => isWaiting(runner)).length;
  const waiting = stale.filter(({ runner }) => isWaiting(runner)).length;
  return [
    ...(last > 0 ? [reason('one-step-waits', { runners: last })] : []),
    ...(allStale.some(isWaiting) ? [reason('recycling', { runners: allStale.length, atOnce, waiting })] : []),
  ];
}

/** One that is at work before one that would take a second step at once; the one that came last. */
function lastOf<Entry extends ClassifiedRunner>(used: readonly Entry[]): Entry | undefined {
  const isAtWork = ({ class: name }: ClassifiedRunner) => Number(name === 'busy');
  return used.toSorted((a, b) => isAtWork(a) - isAtWork(b) || byAge(a.runner, b.runner)).at(-1);
}
