/**
 * `demo`: a working day of the original guide's group in the simulated world, through the shipped line. In a terminal
 * it is a moving picture that takes half a minute; anywhere else it is one line per decision, at once.
 */
import { loadFleet } from '#config/load.ts';
import { CALLS_PER_HOUR } from '#core/budget/hour.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { GroupReport } from '#core/model/report.ts';
import { MINUTE_MS } from '#core/time.ts';
import { duration, percent } from '#core/words.ts';
import type { Arrival } from '#tools/arrival.ts';
import { latenessOf, pickUpsOf, settleConditions, startUpsOf } from '#tools/laboratory/conditions.ts';
import { tickIn } from '#tools/simulator/drive.ts';
import { workingDay } from '#tools/simulator/load.ts';
import { createRandom } from '#tools/simulator/random.ts';
import { WORLD_START, World } from '#tools/simulator/world.ts';
import { compareRules, comparisonLines, type DemoComparison } from './demo-comparison.ts';
import { drawFrame, type Happening, type Minute, type Paint } from './demo-picture.ts';

/** The group of the original guide, with names instead of its placeholders. */
const CONFIG = `
constants:
  runner_cool_down_period: 300
groups:
  - name: "Runner group 1"
    workspace: "acme"
    labels: ["grp1"]
    namespace: "runners"
    strategy: "percentageRunnersIdle"
    parameters:
      min: 1
      max: 10
      scaleUpThreshold: 0.5
      scaleDownThreshold: 0.2
      scaleUpMultiplier: 1.5
      scaleDownMultiplier: 0.5
`;

const OPENING_MINUTE = 6 * 60;
const CLOSING_MINUTE = 20 * 60;

/** The whole day takes this long in a terminal at speed 1. */
const SHOW_MS = 35_000;

/** How a demo is played. */
export type DemoOptions = {
  readonly seed: number;
  /** 2 is twice as fast; only matters in a terminal. */
  readonly speed: number;
  /** Exactly one JSON document, the day's figures, instead of the show. */
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

/** Plays the day and ends with its figures. */
export async function playDemo(options: DemoOptions, stage: Stage): Promise<void> {
  const { fleet } = await loadFleet('demo', { readText: async () => CONFIG });
  const field = settleConditions('field', { faults: 'none' });
  const world: World = new World({
    startupMs: startUpsOf(field, options.seed),
    pickUpMs: pickUpsOf(field, options.seed),
    callsPerHour: CALLS_PER_HOUR,
    faults: latenessOf(field, options.seed, () => world.now),
  });
  const arrivals = arrivalsOf(fleet, options.seed);
  for (const arrival of arrivals) world.submit(arrival, arrival.at);
  world.advance(OPENING_MINUTE * MINUTE_MS);

  const show = options.json
    ? silently
    : stage.screen === undefined
      ? printingLines(stage)
      : moving(stage, stage.screen, options.speed);
  for (let minute = OPENING_MINUTE; minute < CLOSING_MINUTE && !stage.signal.aborted; minute += 1) {
    const report = await tickIn(world, fleet);
    const [group] = report.groups;
    if (group !== undefined) await show({ world, group, time: timeOfDay(minute) });
    world.advance(MINUTE_MS);
  }
  const at = (minute: number) => WORLD_START + minute * MINUTE_MS;
  const day = { from: at(OPENING_MINUTE), to: at(CLOSING_MINUTE), seed: options.seed };
  // Who ends the show early wants the prompt.
  const rules = stage.signal.aborted ? undefined : await compareRules(fleet, arrivals, day);
  stage.write(options.json ? documentOf(world, rules) : textOf(world, rules));
}

type Moment = { readonly world: World; readonly group: GroupReport; readonly time: string };
type Show = (moment: Moment) => Promise<void>;

const silently: Show = async () => undefined;

function printingLines(stage: Stage): Show {
  stage.write('A working day of the guide’s group, min 1, max 10; one line per decision that changes something.\n\n');
  return async ({ world, group, time }) => {
    const happening = happeningOf(group);
    if (happening === undefined) return;
    const waiting = String(world.bitbucket.waiting.size).padStart(2);
    stage.write(`${time}  ${waiting} waiting  ${happening}\n`);
  };
}

function moving(stage: Stage, screen: NonNullable<Stage['screen']>, speed: number): Show {
  const minutes: Minute[] = [];
  const happenings: Happening[] = [];
  const frameMs = SHOW_MS / (CLOSING_MINUTE - OPENING_MINUTE) / speed;
  let drawn = 0;
  return async ({ world, group, time }) => {
    minutes.push({ counts: group.counts, waiting: world.bitbucket.waiting.size });
    const happening = happeningOf(group);
    if (happening !== undefined) happenings.push({ time, text: happening });
    const frame = { title: 'A working day of the guide’s group, min 1, max 10', time, minutes, happenings, max: 10 };
    // One row less than there are: below the last line stands the cursor.
    const size = { width: Math.min(screen.columns, 120), height: screen.rows - 1 };
    const lines = drawFrame(frame, { ...size, paint: stage.paint });
    // Back to the top of the last frame, then line by line over it: nothing flickers and the scroll-back stays clean.
    const home = drawn === 0 ? '' : `\x1b[${drawn}A`;
    stage.write(`${home}${lines.map((line) => `${line}\x1b[K`).join('\n')}\n`);
    drawn = lines.length;
    await stage.sleep(frameMs);
  };
}

/** What a tick did, in one sentence; nothing for a quiet one. Marks on pods come and go too often to be worth a line. */
function happeningOf({ decision, plan }: GroupReport): string | undefined {
  const { action, from, to, reason } = decision;
  if (action !== 'hold') return `${action} ${from} → ${to}: ${reason.text}`;
  const removals = plan.filter((entry) => entry.action === 'remove' || entry.action === 'remove-job');
  const [first] = removals;
  return first === undefined ? undefined : `${first.action} ${removals.length}: ${first.reason.text}`;
}

function arrivalsOf(fleet: Fleet, seed: number): readonly Arrival[] {
  const day = { midnight: WORLD_START, peakPerHour: 75, meanStepMs: 5 * MINUTE_MS };
  return fleet.groups.flatMap(({ scope, labels }) => workingDay({ ...day, scope, labels }, createRandom(seed)));
}

function documentOf(world: World, rules: DemoComparison | undefined): string {
  return `${JSON.stringify({ ...figuresOf(world), ...(rules && { rules: rulesOf(rules) }) }, null, 2)}\n`;
}

function textOf(world: World, rules: DemoComparison | undefined): string {
  const comparison = rules === undefined ? [] : ['', ...comparisonLines(rules)];
  return `${[...summary(world), ...comparison, '', NEXT].join('\n')}\n`;
}

const NEXT = 'Next: a dry run against your own workspace, README.md, “A first plan”.';

function rulesOf({ atlassian, queueAware }: DemoComparison) {
  return { atlassian, queueAware };
}

function figuresOf(world: World): object {
  const { steps, failed, waiting, runnerHours, peak } = world.figures();
  return { steps, failed, waiting, runnerHours, peak, calls: world.ports().calls() };
}

function summary(world: World): readonly string[] {
  const { steps, failed, waiting, runnerHours, peak } = world.figures();
  const { bitbucket, kubernetes } = world.ports().calls();
  const total = world.steps.length;
  const hours = (value: number) => `${value.toFixed(1)} h`;
  const shownMs = world.now - WORLD_START - OPENING_MINUTE * MINUTE_MS;
  return [
    '',
    'The day in figures',
    `  steps          ${total}: ${steps.finished} finished, ${steps.running} running, ${steps.waiting} waiting`,
    `  failed         ${failed.noRunner} for lack of a runner, ${failed.killed} killed by scaling, ${failed.crashed} crashed`,
    `  waiting        mean ${duration(waiting.meanMs)}, 95 % under ${duration(waiting.p95Ms)}, longest ${duration(waiting.longestMs)}`,
    `  runner-hours   ${hours(runnerHours.registered)}, of which ${hours(runnerHours.busy)} busy (${percent(runnerHours.busy / runnerHours.registered)})`,
    `  peak           ${peak} runners (max 10)`,
    `  calls          ${bitbucket} to Bitbucket, ${kubernetes} to the cluster in ${duration(shownMs)}`,
  ];
}

function timeOfDay(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
