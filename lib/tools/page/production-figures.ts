/** The figures of a group in production, and what exactly each of them is. */

import type { WaitingReport } from '#core/model/report.ts';
import { HOUR_MS, MINUTE_MS } from '#core/time.ts';
import type { LevelDefinition } from './data.ts';
import { defineFigures, rowsOf } from './define-figures.ts';

export const PRODUCTION_LEVELS = [
  { id: 'busy', label: 'Busy', meaning: 'Registered runners with a step running on them.' },
  { id: 'idle', label: 'Idle', meaning: 'Registered runners that are online and have no step.' },
  { id: 'starting', label: 'Starting', meaning: 'Registered runners that have not been online yet.' },
  { id: 'draining', label: 'Draining', meaning: 'Runners that were taken out of service and are about to be removed.' },
  { id: 'dead', label: 'Dead', meaning: 'Registrations with nothing alive behind them, about to be removed.' },
] as const satisfies readonly LevelDefinition[];

/** How long what a tick saw is taken to hold when no other tick looks. */
export const HELD_MS = 15 * MINUTE_MS;

/** What is counted for a group, and added up over all of them; knownMs is averaged. */
export type GroupTally = Record<(typeof COUNTED)[number], number> & {
  readonly levelMs: Record<(typeof PRODUCTION_LEVELS)[number]['id'], number>;
};

/** The largest that a report said, NaN before one did. */
const WAITED = ['waitedP50Ms', 'waitedP95Ms', 'waitedLongestMs'] as const;

const COUNTED = [
  ...(['ticks', 'looks', 'knownMs', 'saturatedMs', 'peak', 'scaleUps', 'added', 'scaleDowns'] as const),
  ...WAITED,
  ...(['takenOut', 'limitedTicks', 'quarantineTicks', 'problemTicks', 'failedActions'] as const),
];

export function emptyTally(): GroupTally {
  const counted = Object.fromEntries(COUNTED.map((name) => [name, 0])) as Record<(typeof COUNTED)[number], number>;
  for (const name of WAITED) counted[name] = Number.NaN;
  return { ...counted, levelMs: { busy: 0, idle: 0, starting: 0, draining: 0, dead: 0 } };
}

/** Takes what a report says of waiting. */
export function noteWaiting(tally: GroupTally, { p50Ms, p95Ms, longestMs }: WaitingReport): void {
  const seen = { waitedP50Ms: p50Ms, waitedP95Ms: p95Ms, waitedLongestMs: longestMs };
  for (const name of WAITED) tally[name] = largest(tally[name], seen[name]);
}

function largest(one: number, other: number): number {
  return Number.isNaN(one) ? other : Math.max(one, Number.isNaN(other) ? one : other);
}

/** All groups together: sums, but of waiting the longest, of the time that is known the average, and the peak that they had at once. */
export function addTallies(tallies: readonly GroupTally[], peak: number): GroupTally {
  const all = emptyTally();
  for (const tally of tallies) {
    for (const name of COUNTED) {
      all[name] = WAITED.some((waited) => waited === name) ? largest(all[name], tally[name]) : all[name] + tally[name];
    }
    for (const { id } of PRODUCTION_LEVELS) all.levelMs[id] += tally.levelMs[id];
  }
  return { ...all, peak, knownMs: all.knownMs / Math.max(1, tallies.length) };
}

const WORST =
  'at its worst: as far as queue and runners showed, to the length of a look. Unknown where no queue was counted.';

const { ms, count, hours } = rowsOf<GroupTally>();

const FIGURES = defineFigures<GroupTally>({
  Waiting: {
    waitedP50: ms('Half waited at most', ({ waitedP50Ms }) => waitedP50Ms, `Of the steps of an hour, ${WORST}`),
    waitedP95: ms('95 % waited at most', ({ waitedP95Ms }) => waitedP95Ms, `Of the steps of an hour, ${WORST}`),
    waitedLongest: ms('Longest', ({ waitedLongestMs }) => waitedLongestMs, `Of all steps, ${WORST}`),
  },
  'Runner-hours': {
    hoursBusy: hours(
      'Busy',
      hoursOf('busy'),
      'Busy runners times hours. What a tick sees is taken to hold until the next one looks, for 15 minutes at most.',
    ),
    hoursIdle: hours('Idle', hoursOf('idle'), 'Idle runners times hours, added up as for busy ones.'),
    hoursStarting: hours('Starting', hoursOf('starting'), 'Starting runners times hours, added up as for busy ones.'),
    hoursGone: hours(
      'Draining or dead',
      ({ levelMs }) => (levelMs.draining + levelMs.dead) / HOUR_MS,
      'Runners on their way out, times hours, added up as for busy ones.',
    ),
  },
  Runners: {
    peak: count('Peak', ({ peak }) => peak, 'The most registrations that a tick saw at once.'),
    timeSaturated: ms(
      'All busy for',
      ({ saturatedMs }) => saturatedMs,
      'How long every runner online was busy, so that another step would have had to wait. For the fleet: the sum over its groups.',
    ),
    timeKnown: ms(
      'Known for',
      ({ knownMs }) => knownMs,
      'How much of the time ticks tell of. For the fleet: the average over its groups.',
    ),
  },
  Decisions: {
    scaleUps: count('Scale-ups', ({ scaleUps }) => scaleUps, 'Ticks that decided on more runners.'),
    added: count('Runners to add', ({ added }) => added, 'How many more runners these decided on, in all.'),
    scaleDowns: count('Scale-downs', ({ scaleDowns }) => scaleDowns, 'Ticks that decided on fewer runners.'),
    takenOut: count(
      'Runners to take out',
      ({ takenOut }) => takenOut,
      'How many fewer runners these decided on, in all.',
    ),
    limitedTicks: count(
      'Ticks with runners withheld',
      ({ limitedTicks }) => limitedTicks,
      'Ticks in which a limit – max, a cap of the workspace, the hourly calls, a quarantine – kept runners back that were wanted.',
    ),
  },
  Trouble: {
    quarantineTicks: count(
      'Ticks in quarantine',
      ({ quarantineTicks }) => quarantineTicks,
      'Ticks in which a group held back because its runners do not start.',
    ),
    problemTicks: count(
      'Ticks with problems',
      ({ problemTicks }) => problemTicks,
      'Ticks in which something of the group could not be read.',
    ),
    failedActions: count(
      'Actions that failed',
      ({ failedActions }) => failedActions,
      'Additions and removals that failed; a later tick makes up for them.',
    ),
    ticks: count('Ticks', ({ ticks }) => ticks, 'Ticks that decided about the group.'),
    looks: count(
      'of these with a whole look',
      ({ looks }) => looks,
      'Ticks that saw all of the group; the others held.',
    ),
  },
});

/** Every figure, in the order of the table. */
export const { definitions: PRODUCTION_FIGURES } = FIGURES;

/** A group's values by their ids; what is not known is not there. */
export function tallyValues(tally: GroupTally): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(FIGURES.valuesOf(tally)).filter(([, value]) => !Number.isNaN(value)));
}

function hoursOf(level: keyof GroupTally['levelMs']): (tally: GroupTally) => number {
  return ({ levelMs }) => levelMs[level] / HOUR_MS;
}
