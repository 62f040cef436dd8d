/**
 * Which runners may be taken out of service: for the group's own sake idle ones that have had their cool-down, oldest
 * first, and above its `max` starting ones; for another group's, any but the last one online. This is disabling, which
 * never interrupts a step; deletion comes later and has its own conditions (clean-up.ts).
 */
import type { RunnerClass } from '../model/decision.ts';
import type { GroupObservation, Instant, Runner } from '../model/observation.ts';
import { type Reason, reason } from '../reasons.ts';
import { type ClassifiedGroup, type ClassifiedRunner, stayingOnline } from './classify.ts';

/** A runner to disable, and why. */
export type Retirement = { readonly runner: Runner; readonly reason: Reason };

/** The chosen ones, and what kept more from being chosen. */
type Retirements = { readonly chosen: readonly Retirement[]; readonly bounds: readonly Reason[] };

/** How many to retire, split by where they may come from. */
export type Surplus = { readonly starting: number; readonly idle: number };

/** Chooses the runners that go, at most as many as the surplus. */
export function chooseRetirements(
  observation: GroupObservation,
  classified: readonly ClassifiedRunner[],
  surplus: Surplus,
  at: Instant,
): Retirements {
  const starting = classified
    .filter((entry) => entry.class === 'starting')
    .sort((a, b) => Number(b.slow ?? false) - Number(a.slow ?? false) || byAge(b.runner, a.runner))
    .slice(0, surplus.starting)
    .map(({ runner }) => ({ runner, reason: reason('excess', { max: observation.group.max }) }));
  const idle = chooseIdle(observation, classified, surplus.idle, at);
  return { chosen: [...starting, ...idle.chosen], bounds: idle.bounds };
}

function chooseIdle(
  { group, memory, idleTrusted }: GroupObservation,
  classified: readonly ClassifiedRunner[],
  wanted: number,
  at: Instant,
): Retirements {
  if (wanted === 0) return { chosen: [], bounds: [] };
  if (!idleTrusted) return { chosen: [], bounds: [reason('idle-unproven', { surplus: wanted })] };
  const idle = classified
    .filter((entry) => entry.class === 'idle')
    .map(({ runner, retired = false }) => ({ runner, retired, idleMs: at - (memory.idleSince[runner.uuid] ?? at) }));
  // One that an earlier look took out has had its cool-down, whatever an older list shows, and goes before any other does.
  const rested = idle.filter(({ retired, idleMs }) => retired || idleMs >= group.coolDownMs);
  const chosen = rested
    .sort((a, b) => Number(b.retired) - Number(a.retired) || byAge(a.runner, b.runner))
    .slice(0, wanted)
    .map(({ runner, idleMs }) => ({ runner, reason: reason('surplus', { idleMs }) }));
  const withheld = wanted - chosen.length;
  if (withheld === 0) return { chosen, bounds: [] };
  const chosenUuids = new Set(chosen.map(({ runner }) => runner.uuid));
  const longestIdleMs = idle
    .filter(({ runner }) => !chosenUuids.has(runner.uuid))
    .reduce((longest, { idleMs }) => Math.max(longest, idleMs), 0);
  return { chosen, bounds: [reason('cool-down', { coolDownMs: group.coolDownMs, withheld, longestIdleMs })] };
}

/**
 * The runners that a group could give to others, besides those that are `retired` already, in the order in which it
 * would: those that an earlier look took out, the longest idle, starting ones, newest first, then busy ones, which end their
 * step, oldest first.
 * One that is online always stays.
 */
export function spareOf(
  { observation, classified }: ClassifiedGroup,
  retired: readonly Retirement[],
  at: Instant,
): readonly Runner[] {
  const { memory, idleTrusted } = observation;
  // Where "no step" proves nothing, what is out of service is never deleted, so that it makes no room.
  if (!idleTrusted) return [];
  const gone = retired.map(({ runner }) => runner);
  const left = (name: RunnerClass) =>
    classified.flatMap((entry) => (entry.class === name && !gone.includes(entry.runner) ? [entry.runner] : []));
  const idleSince = ({ uuid }: Runner) => memory.idleSince[uuid] ?? at;
  const idle = left('idle').sort((a, b) => idleSince(a) - idleSince(b) || byAge(a, b));
  const starting = left('starting').sort((a, b) => byAge(b, a));
  const busy = left('busy').sort(byAge);
  const staying = stayingOnline(classified.filter(({ runner }) => !gone.includes(runner))).map(({ runner }) => runner);
  const last = [...idle, ...busy].findLast((runner) => staying.includes(runner));
  const isOut = (runner: Runner) => Number(classified.some((entry) => entry.runner === runner && entry.retired));
  const spare = [...idle, ...starting, ...busy].filter((runner) => runner !== last);
  return spare.sort((a, b) => isOut(b) - isOut(a));
}

/** Oldest first; the uuid decides between runners of one instant, so that every tick chooses alike. */
export function byAge(a: Runner, b: Runner): number {
  // Stryker disable next-line EqualityOperator: no two runners have one uuid.
  return a.createdAt - b.createdAt || (a.uuid < b.uuid ? -1 : 1);
}
