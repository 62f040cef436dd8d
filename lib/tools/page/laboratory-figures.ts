/** The figures of a policy in a scenario, and what exactly each of them is. */
import type { Figures } from '../laboratory/figures.ts';
import type { LevelDefinition } from './data.ts';
import { defineFigures } from './define-figures.ts';

export const LABORATORY_LEVELS = [
  { id: 'busy', label: 'Busy', meaning: 'Registered runners with a step running on them.' },
  { id: 'idle', label: 'Idle', meaning: 'Registered runners that are online and have no step.' },
  { id: 'starting', label: 'Starting', meaning: 'Registered runners that have not been online yet: their pods start.' },
  {
    id: 'unavailable',
    label: 'Out of service',
    meaning: 'Registered runners that are disabled or offline and have no step.',
  },
] as const satisfies readonly LevelDefinition[];

/** Every figure, in the order of the table, and a policy's values by their ids. */
export const { definitions: LABORATORY_FIGURES, valuesOf: figureValues } = defineFigures<Figures>({
  Waiting: [
    [
      'waitingMean',
      'Mean',
      'ms',
      ({ waiting }) => waiting.meanMs,
      'From the moment a step is ready until a free runner fits it, on average over all steps that were taken or still wait at the end (with what they have waited so far). Steps that failed because nobody was online are not in it.',
    ],
    ['waitingP50', 'Half within', 'ms', ({ waiting }) => waiting.p50Ms, quantile('half of the steps')],
    ['waitingP95', '95 % within', 'ms', ({ waiting }) => waiting.p95Ms, quantile('95 % of the steps')],
    ['waitingP99', '99 % within', 'ms', ({ waiting }) => waiting.p99Ms, quantile('99 % of the steps')],
    ['waitingLongest', 'Longest', 'ms', ({ waiting }) => waiting.longestMs, 'The longest that any step waited; exact.'],
    [
      'pickUpMean',
      'Pick-up, mean',
      'ms',
      ({ pickUp }) => pickUp.meanMs,
      'From the moment a free runner fits a step until it takes it, since runners ask for steps from time to time. Not part of waiting.',
    ],
    [
      'pickUpP95',
      'Pick-up, 95 % within',
      'ms',
      ({ pickUp }) => pickUp.p95Ms,
      'The same of 95 % of the steps that began.',
    ],
  ],
  Steps: [
    [
      'stepsArrived',
      'Arrived',
      'count',
      ({ steps }) => steps.arrived,
      'Steps that became ready; the same for every policy. Each is in exactly one of the rows below.',
    ],
    ['stepsFinished', 'Finished', 'count', ({ steps }) => steps.finished, 'Steps that ran to their end.'],
    ['stepsRunning', 'Still running', 'count', ({ steps }) => steps.running, 'Steps that ran when the scenario ended.'],
    [
      'stepsWaiting',
      'Still waiting',
      'count',
      ({ steps }) => steps.waiting,
      'Steps that waited when the scenario ended.',
    ],
    [
      'failedNoRunner',
      'Failed: no runner online',
      'count',
      ({ steps }) => steps.failed.noRunner,
      'Steps that failed the moment they were ready, because no runner with their labels was online: Bitbucket does not let such a step wait.',
    ],
    [
      'failedExpired',
      'Failed: waited too long',
      'count',
      ({ steps }) => steps.failed.expired,
      'Steps that waited as long as Bitbucket lets a step wait, and failed then.',
    ],
    [
      'failedKilled',
      'Killed',
      'count',
      ({ steps }) => steps.failed.killed,
      'Steps whose runner was taken away while they ran.',
    ],
    [
      'failedCrashed',
      'Crashed',
      'count',
      ({ steps }) => steps.failed.crashed,
      'Steps whose pod went down while they ran, through no doing of the policy.',
    ],
  ],
  'Runner-hours': [
    [
      'hoursBusy',
      'Busy',
      'hours',
      ({ runnerHours }) => runnerHours.busy,
      'Runners with a step, times the hours that they had one.',
    ],
    [
      'hoursIdle',
      'Idle',
      'hours',
      ({ runnerHours }) => runnerHours.idle,
      'Runners online without a step, times hours.',
    ],
    [
      'hoursStarting',
      'Starting',
      'hours',
      ({ runnerHours }) => runnerHours.starting,
      'Runners registered and not yet online, times hours.',
    ],
    [
      'hoursUnavailable',
      'Out of service',
      'hours',
      ({ runnerHours }) => runnerHours.unavailable,
      'Runners disabled or offline without a step, times hours.',
    ],
    ['hoursRegistered', 'All', 'hours', ({ runnerHours }) => runnerHours.registered, 'The sum of the four rows above.'],
    ['peak', 'Peak of runners', 'count', ({ peak }) => peak, 'The most registrations at once, all groups together.'],
  ],
  Money: [
    [
      'moneyRunners',
      'Runners',
      'money',
      ({ money }) => money.runners,
      "All runner-hours times the scenario's price of a runner-hour.",
    ],
    [
      'moneySlots',
      'Build slots',
      'money',
      ({ money }) => money.slots,
      "For every month that was begun, the most steps that ran at once beyond the included slots, times the scenario's price of a slot. Every month counts as a whole one, also where the scenario is shorter.",
    ],
    [
      'moneyTotal',
      'Total',
      'money',
      ({ money }) => money.total,
      "Runners and build slots together, in the scenario's currency.",
    ],
    [
      'nodesMonth',
      'Nodes for a month',
      'money',
      ({ nodes }) => nodes?.aMonth,
      "What nodes cost in 30 days when the pods are packed on as few as their requests allow, at the scenario's price of a node. Not part of the total.",
    ],
    [
      'nodesIdleMonth',
      'Nodes for a month: idle runners',
      'money',
      ({ nodes }) => nodes?.idleAMonth,
      'How much less that would be without the pods of idle runners.',
    ],
  ],
  Effort: [
    ['created', 'Runners created', 'count', ({ runners }) => runners.created, 'Registrations that were made.'],
    [
      'removed',
      'Runners removed',
      'count',
      ({ runners }) => runners.removed,
      'Registrations that went, for whatever reason.',
    ],
    ['callsBitbucket', 'Calls to Bitbucket', 'count', ({ calls }) => calls.bitbucket, calls()],
    [
      'callsInAnHour',
      'Calls to Bitbucket in the busiest hour',
      'count',
      ({ callsInAnHour }) => callsInAnHour,
      'The most that left the process in any 60 minutes, those of the warm-up too; 0 where they are not counted.',
    ],
    ['callsKubernetes', 'Calls to Kubernetes', 'count', ({ calls }) => calls.kubernetes, calls()],
    ['callsAws', 'Calls to AWS', 'count', ({ calls }) => calls.aws, calls()],
  ],
});

function quantile(share: string): string {
  return `The time that ${share} did not wait longer than, by nearest rank, rounded up to a second; over the same steps as the mean.`;
}

function calls(): string {
  return 'Calls that left the process. A policy that acts on the simulated world itself, as the bound does, makes none.';
}
