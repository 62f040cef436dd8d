/** The figures of a policy in a scenario, and what exactly each of them is. */
import type { Figures } from '../laboratory/figures.ts';
import type { LevelDefinition } from './data.ts';
import { defineFigures, rowsOf } from './define-figures.ts';

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

const CALLS =
  'Calls that left the process. A policy that acts on the simulated world itself, as the bound does, makes none.';

const { ms, count, hours, money } = rowsOf<Figures>();

/** Every figure, in the order of the table, and a policy's values by their ids. */
export const { definitions: LABORATORY_FIGURES, valuesOf: figureValues } = defineFigures<Figures>({
  Waiting: {
    waitingMean: ms(
      'Mean',
      ({ waiting }) => waiting.meanMs,
      'From the moment a step is ready until a free runner fits it, on average over all steps that were taken or still wait at the end (with what they have waited so far). Steps that failed because nobody was online are not in it.',
    ),
    waitingP50: ms('Half within', ({ waiting }) => waiting.p50Ms, quantile('half of the steps')),
    waitingP95: ms('95 % within', ({ waiting }) => waiting.p95Ms, quantile('95 % of the steps')),
    waitingP99: ms('99 % within', ({ waiting }) => waiting.p99Ms, quantile('99 % of the steps')),
    waitingLongest: ms('Longest', ({ waiting }) => waiting.longestMs, 'The longest that any step waited; exact.'),
    pickUpMean: ms(
      'Pick-up, mean',
      ({ pickUp }) => pickUp.meanMs,
      'From the moment a free runner fits a step until it takes it, since runners ask for steps from time to time. Not part of waiting.',
    ),
    pickUpP95: ms('Pick-up, 95 % within', ({ pickUp }) => pickUp.p95Ms, 'The same of 95 % of the steps that began.'),
  },
  Steps: {
    stepsArrived: count(
      'Arrived',
      ({ steps }) => steps.arrived,
      'Steps that became ready; the same for every policy. Each is in exactly one of the rows below.',
    ),
    stepsFinished: count('Finished', ({ steps }) => steps.finished, 'Steps that ran to their end.'),
    stepsRunning: count('Still running', ({ steps }) => steps.running, 'Steps that ran when the scenario ended.'),
    stepsWaiting: count('Still waiting', ({ steps }) => steps.waiting, 'Steps that waited when the scenario ended.'),
    failedNoRunner: count(
      'Failed: no runner online',
      ({ steps }) => steps.failed.noRunner,
      'Steps that failed the moment they were ready, because no runner with their labels was online: Bitbucket does not let such a step wait.',
    ),
    failedExpired: count(
      'Failed: waited too long',
      ({ steps }) => steps.failed.expired,
      'Steps that waited as long as Bitbucket lets a step wait, and failed then.',
    ),
    failedKilled: count(
      'Killed',
      ({ steps }) => steps.failed.killed,
      'Steps whose runner was taken away while they ran.',
    ),
    failedCrashed: count(
      'Crashed',
      ({ steps }) => steps.failed.crashed,
      'Steps whose pod went down while they ran, through no doing of the policy.',
    ),
  },
  'Runner-hours': {
    hoursBusy: hours(
      'Busy',
      ({ runnerHours }) => runnerHours.busy,
      'Runners with a step, times the hours that they had one.',
    ),
    hoursIdle: hours('Idle', ({ runnerHours }) => runnerHours.idle, 'Runners online without a step, times hours.'),
    hoursStarting: hours(
      'Starting',
      ({ runnerHours }) => runnerHours.starting,
      'Runners registered and not yet online, times hours.',
    ),
    hoursUnavailable: hours(
      'Out of service',
      ({ runnerHours }) => runnerHours.unavailable,
      'Runners disabled or offline without a step, times hours.',
    ),
    hoursRegistered: hours('All', ({ runnerHours }) => runnerHours.registered, 'The sum of the four rows above.'),
    peak: count('Peak of runners', ({ peak }) => peak, 'The most registrations at once, all groups together.'),
  },
  Money: {
    moneyRunners: money(
      'Runners',
      ({ money }) => money.runners,
      "All runner-hours times the scenario's price of a runner-hour.",
    ),
    moneySlots: money(
      'Build slots',
      ({ money }) => money.slots,
      "For every month that was begun, the most steps that ran at once beyond the included slots, times the scenario's price of a slot. Every month counts as a whole one, also where the scenario is shorter.",
    ),
    moneyTotal: money(
      'Total',
      ({ money }) => money.total,
      "Runners and build slots together, in the scenario's currency.",
    ),
    nodesMonth: money(
      'Nodes for a month',
      ({ nodes }) => nodes?.aMonth,
      "What nodes cost in 30 days when the pods are packed on as few as their requests allow, at the scenario's price of a node. Not part of the total.",
    ),
    nodesIdleMonth: money(
      'Nodes for a month: idle runners',
      ({ nodes }) => nodes?.idleAMonth,
      'How much less that would be without the pods of idle runners.',
    ),
  },
  Effort: {
    created: count('Runners created', ({ runners }) => runners.created, 'Registrations that were made.'),
    removed: count(
      'Runners removed',
      ({ runners }) => runners.removed,
      'Registrations that went, for whatever reason.',
    ),
    callsBitbucket: count('Calls to Bitbucket', ({ calls }) => calls.bitbucket, CALLS),
    callsInAnHour: count(
      'Calls to Bitbucket in the busiest hour',
      ({ callsInAnHour }) => callsInAnHour,
      'The most that left the process in any 60 minutes, those of the warm-up too; 0 where they are not counted.',
    ),
    callsKubernetes: count('Calls to Kubernetes', ({ calls }) => calls.kubernetes, CALLS),
    callsAws: count('Calls to AWS', ({ calls }) => calls.aws, CALLS),
  },
});

function quantile(share: string): string {
  return `The time that ${share} did not wait longer than, by nearest rank, rounded up to a second; over the same steps as the mean.`;
}
