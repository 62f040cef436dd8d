/** The figures of a group in production, and what exactly each of them is. */
import { HOUR_MS, MINUTE_MS } from '#core/time.ts';
import type { FigureDefinition, LevelDefinition, LevelId, Unit } from './data.ts';

export const PRODUCTION_LEVELS = [
  { id: 'busy', label: 'Busy', meaning: 'Registered runners with a step running on them.' },
  { id: 'idle', label: 'Idle', meaning: 'Registered runners that are online and have no step.' },
  { id: 'starting', label: 'Starting', meaning: 'Registered runners that have not been online yet.' },
  { id: 'draining', label: 'Draining', meaning: 'Runners that were taken out of service and are about to be removed.' },
  { id: 'dead', label: 'Dead', meaning: 'Registrations with nothing alive behind them, about to be removed.' },
] as const satisfies readonly LevelDefinition[];

/** How long what a tick saw is taken to hold when no other tick looks. */
export const HELD_MS = 15 * MINUTE_MS;

/** What is counted for a group, or for all of them together. */
export type GroupTally = {
  ticks: number;
  looks: number;
  readonly levelMs: Record<Exclude<LevelId, 'unavailable'>, number>;
  knownMs: number;
  saturatedMs: number;
  peak: number;
  scaleUps: number;
  added: number;
  scaleDowns: number;
  takenOut: number;
  limitedTicks: number;
  quarantineTicks: number;
  problemTicks: number;
  failedActions: number;
};

export function emptyTally(): GroupTally {
  return {
    ticks: 0,
    looks: 0,
    levelMs: { busy: 0, idle: 0, starting: 0, draining: 0, dead: 0 },
    knownMs: 0,
    saturatedMs: 0,
    peak: 0,
    scaleUps: 0,
    added: 0,
    scaleDowns: 0,
    takenOut: 0,
    limitedTicks: 0,
    quarantineTicks: 0,
    problemTicks: 0,
    failedActions: 0,
  };
}

/** A figure, and where it comes from. */
type Row = readonly [id: string, label: string, unit: Unit, value: (tally: GroupTally) => number, meaning: string];

const SECTIONS: readonly (readonly [string, readonly Row[]])[] = [
  [
    'Runner-hours',
    [
      [
        'hoursBusy',
        'Busy',
        'hours',
        hours('busy'),
        'Busy runners times hours. What a tick sees is taken to hold until the next one looks, for 15 minutes at most.',
      ],
      ['hoursIdle', 'Idle', 'hours', hours('idle'), 'Idle runners times hours, added up as for busy ones.'],
      [
        'hoursStarting',
        'Starting',
        'hours',
        hours('starting'),
        'Starting runners times hours, added up as for busy ones.',
      ],
      [
        'hoursGone',
        'Draining or dead',
        'hours',
        ({ levelMs }) => (levelMs.draining + levelMs.dead) / HOUR_MS,
        'Runners on their way out, times hours, added up as for busy ones.',
      ],
    ],
  ],
  [
    'Runners',
    [
      ['peak', 'Peak', 'count', ({ peak }) => peak, 'The most registrations that a tick saw at once.'],
      [
        'timeSaturated',
        'All busy for',
        'ms',
        ({ saturatedMs }) => saturatedMs,
        'How long every runner online was busy, so that another step would have had to wait. For the fleet: the sum over its groups.',
      ],
      [
        'timeKnown',
        'Known for',
        'ms',
        ({ knownMs }) => knownMs,
        'How much of the time ticks tell of. For the fleet: the average over its groups.',
      ],
    ],
  ],
  [
    'Decisions',
    [
      ['scaleUps', 'Scale-ups', 'count', ({ scaleUps }) => scaleUps, 'Ticks that decided on more runners.'],
      ['added', 'Runners to add', 'count', ({ added }) => added, 'How many more runners these decided on, in all.'],
      ['scaleDowns', 'Scale-downs', 'count', ({ scaleDowns }) => scaleDowns, 'Ticks that decided on fewer runners.'],
      [
        'takenOut',
        'Runners to take out',
        'count',
        ({ takenOut }) => takenOut,
        'How many fewer runners these decided on, in all.',
      ],
      [
        'limitedTicks',
        'Ticks with runners withheld',
        'count',
        ({ limitedTicks }) => limitedTicks,
        'Ticks in which a limit – max, a cap of the workspace, the hourly calls, a quarantine – kept runners back that were wanted.',
      ],
    ],
  ],
  [
    'Trouble',
    [
      [
        'quarantineTicks',
        'Ticks in quarantine',
        'count',
        ({ quarantineTicks }) => quarantineTicks,
        'Ticks in which a group held back because its runners do not start.',
      ],
      [
        'problemTicks',
        'Ticks with problems',
        'count',
        ({ problemTicks }) => problemTicks,
        'Ticks in which something of the group could not be read.',
      ],
      [
        'failedActions',
        'Actions that failed',
        'count',
        ({ failedActions }) => failedActions,
        'Additions and removals that failed; a later tick makes up for them.',
      ],
      ['ticks', 'Ticks', 'count', ({ ticks }) => ticks, 'Ticks that decided about the group.'],
      [
        'looks',
        'of these with a whole look',
        'count',
        ({ looks }) => looks,
        'Ticks that saw all of the group; the others held.',
      ],
    ],
  ],
];

/** Every figure of production, in the order of the table. */
export const PRODUCTION_FIGURES: readonly FigureDefinition[] = SECTIONS.flatMap(([section, rows]) =>
  rows.map(([id, label, unit, , meaning]) => ({ id, section, label, unit, meaning })),
);

/** A group's figures by their ids. */
export function tallyValues(tally: GroupTally): Readonly<Record<string, number>> {
  return Object.fromEntries(SECTIONS.flatMap(([, rows]) => rows.map(([id, , , value]) => [id, value(tally)])));
}

function hours(level: keyof GroupTally['levelMs']): (tally: GroupTally) => number {
  return ({ levelMs }) => levelMs[level] / HOUR_MS;
}
