/**
 * `demo`: one working day in the laboratory's field conditions, under Atlassian's rule and under `queueAware`. In a terminal
 * it is two moving pictures side by side that take half a minute; anywhere else it is one line per decision, at once. Both
 * end with what the days came to.
 */
import { loadFleet } from '#config/load.ts';
import type { GroupReport } from '#core/model/report.ts';
import { duration, percent } from '#core/quantities.ts';
import { MINUTE_MS } from '#core/time.ts';
import { layColumns } from '#text/table.ts';
import { atlassianPolicy } from '#tools/laboratory/atlassian.ts';
import type { Figures } from '#tools/laboratory/figures.ts';
import { arrivalsOf, ownersOf } from '#tools/laboratory/load.ts';
import type { Policy } from '#tools/laboratory/policy.ts';
import { compare } from '#tools/laboratory/run.ts';
import { parseScenario, type Scenario } from '#tools/laboratory/scenario.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';
import type { World } from '#tools/simulator/world.ts';
import { drawFrame, type Happening, type Minute, type Paint } from './demo-picture.ts';

const MAX = 10;

/** The group of the original guide, with names instead of its placeholders and our strategy instead of its own. */
const CONFIG = `
constants:
  runner_cool_down_period: 300
groups:
  - name: "Runner group 1"
    workspace: "acme"
    labels: ["grp1"]
    namespace: "runners"
    strategy: "queueAware"
    parameters:
      min: 1
      max: ${MAX}
`;

/** A Monday from the first step to the last. */
const DAY = {
  name: 'a working day',
  start: '2026-11-09T06:00:00Z',
  span: '14h',
  loads: [{ kind: 'workingWeek', peakPerHour: 75, duration: { kind: 'lognormal', median: '4m', p95: '12m' } }],
};

const TITLE = `One working day of a group, min 1, max ${MAX}: Atlassian’s rule and queueAware`;

/** The whole day takes this long in a terminal at speed 1; the days are played before, in a few seconds. */
const SHOW_MS = 24_000;

/** How a demo is played. */
export type DemoOptions = {
  readonly seed: number;
  /** 2 is twice as fast; only matters in a terminal. */
  readonly speed: number;
  /** Exactly one JSON document, the figures of both days, instead of the show. */
  readonly json: boolean;
};

/** Where the demo shows itself. `screen` is undefined where nothing can move. */
export type Stage = {
  readonly screen: { readonly columns: number; readonly rows: number } | undefined;
  readonly paint: Paint;
  readonly write: (text: string) => void;
  /** Waits between two frames; ends early with the signal. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Ends the show early. */
  readonly signal: AbortSignal;
};

/** A day as it was played. */
type Day = { readonly policy: string; readonly minutes: readonly Minute[]; readonly figures: Figures };
type Days = { readonly theirs: Day; readonly ours: Day; readonly happenings: readonly TimedHappening[] };
type TimedHappening = Happening & { readonly minute: number };

/** Plays the day under both rules, shows it, and ends with the comparison. */
export async function playDemo(options: DemoOptions, stage: Stage): Promise<void> {
  const scenario = parseScenario({ ...DAY, seed: options.seed }, 'demo');
  const days = await playDays(scenario);
  if (options.json) {
    stage.write(`${JSON.stringify(documentOf(scenario, days), null, 2)}\n`);
    return;
  }
  if (stage.screen === undefined) printLines(days, stage);
  else await move(days, { ...stage, screen: stage.screen }, { start: scenario.start, speed: options.speed });
  stage.write(`${summary(scenario, days).join('\n')}\n`);
}

async function playDays(scenario: Scenario): Promise<Days> {
  const { fleet } = await loadFleet('demo', { readText: async () => CONFIG });
  const { start, span, loads, seed } = scenario;
  const theirs = watch(atlassianPolicy({ name: 'Atlassian’s rule', pollMs: MINUTE_MS }, fleet), start);
  const ours = watch(shippedPolicy('queueAware', fleet), start);
  const happenings: TimedHappening[] = [];
  const [first, second] = await compare({
    scenario,
    policies: [theirs.policy, ours.policy],
    openArrivals: () => arrivalsOf(loads, ownersOf(fleet.groups), { start, end: start + span }, seed),
    onReport: (_policy, { tick, groups }) => {
      const at = Date.parse(tick.at);
      const text = groups.map(happeningOf).find((line) => line !== undefined);
      if (at < start || text === undefined) return;
      happenings.push({ time: timeOfDay(at), text, minute: ours.minutes.length });
    },
  });
  if (first === undefined || second === undefined) throw new Error('a day was not played');
  return {
    theirs: { policy: first.policy, minutes: theirs.minutes, figures: first.figures },
    ours: { policy: second.policy, minutes: ours.minutes, figures: second.figures },
    happenings,
  };
}

/** The policy, and what each minute of its day looks like after it has acted; the warm-up is left out. */
function watch(policy: Policy, start: number) {
  const minutes: Minute[] = [];
  const watched: Policy = {
    ...policy,
    open: (stage) => {
      const { world } = stage;
      const actor = policy.open(stage);
      return {
        ...actor,
        tick: async () => {
          await actor.tick?.();
          if (world.now >= start) minutes.push(minuteOf(world));
        },
      };
    },
  };
  return { policy: watched, minutes };
}

function minuteOf({ bitbucket: { totals, waiting } }: World): Minute {
  const { busy, idle, starting, unavailable } = totals;
  return { busy, idle, starting, draining: unavailable, waiting: waiting.size };
}

function printLines({ ours, happenings }: Days, { write }: Stage): void {
  write(`${TITLE}.\nOne line per decision of queueAware that changes something.\n\n`);
  for (const { time, minute, text } of happenings) {
    const waiting = String(ours.minutes[minute]?.waiting ?? 0).padStart(2);
    write(`${time}  ${waiting} waiting  ${text}\n`);
  }
}

type Screening = Stage & { readonly screen: NonNullable<Stage['screen']> };

async function move(
  { theirs, ours, happenings }: Days,
  { screen, paint, write, sleep, signal }: Screening,
  { start, speed }: { readonly start: number; readonly speed: number },
): Promise<void> {
  const length = ours.minutes.length;
  // One row less than there are: below the last line stands the cursor.
  const size = { width: Math.min(screen.columns, 160), height: screen.rows - 1, paint };
  let drawn = 0;
  for (let minute = 0; minute < length && !signal.aborted; minute += 1) {
    const sides = [theirs, ours].map(({ policy, minutes }) => ({
      title: policy,
      minutes: minutes.slice(0, minute + 1),
    }));
    const past = happenings.filter((happening) => happening.minute <= minute);
    const lines = drawFrame({ time: timeOfDay(start + minute * MINUTE_MS), sides, happenings: past, max: MAX }, size);
    // Back to the top of the last frame, then line by line over it: nothing flickers and the scroll-back stays clean.
    const home = drawn === 0 ? '' : `\x1b[${drawn}A`;
    write(`${home}${lines.map((line) => `${line}\x1b[K`).join('\n')}\n`);
    drawn = lines.length;
    await sleep(SHOW_MS / length / speed);
  }
}

/** What a tick did, in one sentence; nothing for a quiet one. Marks on pods come and go too often to be worth a line. */
function happeningOf({ decision, plan }: GroupReport): string | undefined {
  const { action, from, to, reason } = decision;
  if (action !== 'hold') return `${action} ${from} → ${to}: ${reason.text}`;
  const removals = plan.filter((entry) => entry.action === 'remove' || entry.action === 'remove-job');
  const [first] = removals;
  return first === undefined ? undefined : `${first.action} ${removals.length}: ${first.reason.text}`;
}

function documentOf({ conditions, seed, span, prices }: Scenario, { theirs, ours }: Days): object {
  return {
    version: 1,
    scenario: { conditions, seed, spanMs: span, prices },
    policies: [theirs, ours].map(({ policy, figures }) => ({ name: policy, ...figures })),
  };
}

type Row = {
  readonly title: string;
  readonly of: (figures: Figures) => number;
  readonly show: (value: number) => string;
};

const hours = (value: number) => `${value.toFixed(1)} h`;
const money = (value: number) => value.toFixed(2);
const count = (value: number) => String(value);

const ROWS: readonly Row[] = [
  { title: 'waiting, mean', of: ({ waiting }) => waiting.meanMs, show: duration },
  { title: 'waiting, 95 % under', of: ({ waiting }) => waiting.p95Ms, show: duration },
  { title: 'waiting, longest', of: ({ waiting }) => waiting.longestMs, show: duration },
  { title: 'steps without a runner', of: ({ steps }) => steps.failed.noRunner, show: count },
  { title: 'steps lost', of: ({ steps: { failed } }) => failed.expired + failed.killed + failed.crashed, show: count },
  { title: 'runner-hours', of: ({ runnerHours }) => runnerHours.registered, show: hours },
  { title: 'of them idle', of: ({ runnerHours }) => runnerHours.idle, show: hours },
  { title: 'most runners at once', of: ({ peak }) => peak, show: count },
  { title: 'money, runners', of: (figures) => figures.money.runners, show: money },
  { title: 'money, slots of the month', of: (figures) => figures.money.slots, show: money },
  { title: 'money, together', of: (figures) => figures.money.total, show: money },
];

function summary({ seed, span, prices }: Scenario, { theirs, ours }: Days): readonly string[] {
  const table = layColumns(
    [
      { title: 'The day in figures', align: 'left' },
      { title: theirs.policy, align: 'right' },
      { title: ours.policy, align: 'right' },
      { title: 'difference', align: 'right' },
    ],
    ROWS.map(({ title, of, show }) => {
      const [before, after] = [of(theirs.figures), of(ours.figures)];
      return [title, show(before), show(after), differenceOf(after - before, before, show)];
    }),
  );
  return [
    '',
    ...table,
    '',
    `The same ${ours.figures.steps.arrived} steps in ${duration(span)}, seed ${seed}, in the laboratory’s field conditions: late lists and`,
    `marks, slow starts, faults at the rates of a normal month. A runner costs ${money(prices.runnerHour)} an hour, a slot ${money(prices.slotMonth)} a month.`,
    ...overMax(theirs),
    '',
    'Next: a dry run against your own workspace, README.md, “A first plan”.',
  ];
}

/** Why a day that breaks the group's bound may wait less than one that keeps it. */
function overMax({ policy, figures: { peak } }: Day): readonly string[] {
  if (peak <= MAX) return [];
  return [`${policy} had ${peak} runners where max is ${MAX}: it orders runners that start a second time.`];
}

function differenceOf(change: number, before: number, show: (value: number) => string): string {
  if (change === 0) return '0';
  const size = `${change < 0 ? '−' : '+'}${show(Math.abs(change))}`;
  return before === 0 ? size : `${size} (${change < 0 ? '−' : '+'}${percent(Math.abs(change) / before)})`;
}

function timeOfDay(at: number): string {
  return new Date(at).toISOString().slice(11, 16);
}
