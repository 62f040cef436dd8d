/**
 * The loads under field conditions, with today's default rules beside those of 0.1.0. The short form plays one seed of all
 * rows but two; the long one ten seeds, and the shapes of real histories as well.
 */
import { type FieldGoal, GOALS, LONGEST_BLIND_SECONDS } from './field-goals.ts';
import { GOAL_ROWS, type Row, SHAPE_ROWS } from './field-rows.ts';
import { type Measured, measure } from './field-run.ts';
import { createProgress } from './progress.ts';
import { printTable } from './table.ts';

const HEAD = `Field conditions: late marks and lists, slow pick-up, 1,000 calls an hour, failures of a normal month
  waiting  from ready until a free runner is there (mean, 95th percentile); ×: registered hours per busy hour
  before   waiting and × with the rules of before; held: the most that it may come to; aim: what is not reached
  blind    the longest time without a look because calls were short; calls: the most in an hour
  one step each: runners go with their step, and Bitbucket allows 3,000 calls an hour for counting queues`;

const TITLES = ['load', 'before', '×', 'now', '95 %', '×', 'held', 'aim', '<60 s', 'blind', 'calls', 'per step'];

const CALLS = 1_000;
const SEEDS = 10;
/** What the short form leaves out: the first takes a third of the time of all, the second is a variant of another row. */
const LEFT_TO_LONG = ['30 repositories/queueAware', 'working day, fixed buffer/queueAware'];

/** Plays and prints them. Gives what must not be: a killed step, too many calls, no look for long, or more than is held. */
export async function playField(isLong: boolean): Promise<readonly string[]> {
  const rows = isLong ? [...GOAL_ROWS, ...SHAPE_ROWS] : GOAL_ROWS.filter(({ key }) => !LEFT_TO_LONG.includes(key));
  const seeds = Array.from({ length: isLong ? SEEDS : 1 }, (_, index) => index + 1);
  const progress = createProgress();
  const played: { readonly row: Row; readonly measured: Measured }[] = [];
  for (const row of rows) {
    progress.show(row.key);
    played.push({ row, measured: await measure(row, seeds) });
  }
  progress.clear();
  console.log(`\n${HEAD}\n`);
  printTable(
    TITLES,
    played.map(({ row: { key }, measured }) => cellsOf(key, measured)),
  );
  return played.flatMap(({ row: { key }, measured }) => faultsOf(key, measured));
}

function cellsOf(key: string, measured: Measured): string[] {
  const { before, most, aim } = GOALS[key] ?? {};
  return [
    key,
    before ? `${before.waitSeconds} s` : '',
    before ? `${before.timesBusy}` : '',
    `${measured.waitSeconds} s`,
    `${measured.p95Seconds} s`,
    `${measured.timesBusy}`,
    most ? heldIn(most) : '',
    aim ?? '',
    `${measured.withinMinute} %`,
    `${measured.blindSeconds} s`,
    `${measured.callsInAnHour}`,
    `${measured.registrationsPerStep}`,
  ];
}

function heldIn({ waitSeconds, timesBusy }: FieldGoal['most']): string {
  return [waitSeconds && `≤ ${waitSeconds} s`, timesBusy && `× ≤ ${timesBusy}`].filter(Boolean).join(', ');
}

function faultsOf(key: string, { killed, callsInAnHour, blindSeconds, ...figures }: Measured): readonly string[] {
  const { waitSeconds = Number.POSITIVE_INFINITY, timesBusy = Number.POSITIVE_INFINITY } = GOALS[key]?.most ?? {};
  return [
    ...(killed > 0 ? [`${key}: ${killed} steps killed`] : []),
    ...(callsInAnHour > CALLS ? [`${key}: ${callsInAnHour} calls in an hour of ${CALLS}`] : []),
    ...(blindSeconds > LONGEST_BLIND_SECONDS ? [`${key}: no look for ${blindSeconds} s`] : []),
    ...(figures.waitSeconds > waitSeconds
      ? [`${key}: waits ${figures.waitSeconds} s, more than ${waitSeconds} s`]
      : []),
    ...(figures.timesBusy > timesBusy ? [`${key}: × ${figures.timesBusy}, more than × ${timesBusy}`] : []),
  ];
}
