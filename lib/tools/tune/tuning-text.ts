/** A tuning as text for a terminal and as one JSON document. Pure. */
import { duration, percent } from '#core/quantities.ts';
import { counted, layLines, type TextOptions, type Tone } from '#text/layout.ts';
import { layTable, type Row, type TableColumn } from '#text/table.ts';
import { meetsGoal } from './frontier.ts';
import { renderGoal, renderShare, renderSpan } from './goal.ts';
import type { Outcome } from './outcome.ts';
import { renderWindow } from './repeats.ts';
import { changesBetween, parametersOf, renderParameter, type Setting } from './setting.ts';
import { renderSpace } from './space.ts';
import type { Candidate, Tuning } from './tune.ts';

/** So many times fewer steps in the same time, as on a weekend. */
const QUIETER = 3;

/** What was found, for people. */
export function renderTuning(tuning: Tuning, options: TextOptions): readonly string[] {
  const { present, frontier, best, goal } = tuning;
  const isPresentShown = frontier.includes(present);
  const rows = [
    ...(isPresentShown ? [] : [rowOf(tuning, present, 'now')]),
    ...frontier.map((candidate) =>
      rowOf(
        tuning,
        candidate,
        candidate === best && meetsGoal(goal, best.training) ? '→' : candidate === present ? 'now' : '',
      ),
    ),
  ];
  return [
    ...layLines(introductionOf(tuning), 0, options),
    '',
    ...layTable(columnsOf(tuning), 'SETTING', rows, options),
    '',
    ...layLines(
      [...verdictOf(tuning), ...scheduleOf(tuning), ...NOTES].map((text) => ({ text })),
      0,
      options,
    ),
  ];
}

/** What was found, for machines; waiting times that no runner ended are null. */
export function tuningDocument(tuning: Tuning, group: string, diff?: string): object {
  const { goal, measure, present, frontier, best, schedule, training, holdOut, runs, settings, isExhaustive } = tuning;
  const isKept = meetsGoal(goal, best.training);
  return {
    version: 1,
    group,
    goal: { ...goal, text: renderGoal(goal) },
    measure,
    training,
    holdOut,
    turnMs: tuning.turns.everyMs,
    playedTogetherWith: tuning.peers,
    otherSteps: tuning.otherSteps,
    search: { goal: tuning.searched, runs, settings, isExhaustive },
    present: candidateDocument(present),
    frontier: frontier.map(candidateDocument),
    recommended: isKept ? frontier.indexOf(best) : null,
    nearest: isKept ? null : frontier.indexOf(best),
    holds: { training: isKept, holdOut: isKept && meetsGoal(goal, best.holdOut) },
    verdict: [...verdictOf(tuning), ...scheduleOf(tuning)],
    ...(schedule && {
      schedule: { ...candidateDocument(schedule), windows: schedule.windows.map(({ schedule: own }) => own) },
    }),
    ...(diff === undefined ? {} : { diff }),
  };
}

/** Why nothing can be recommended, with what comes nearest; undefined when something can. */
export function unmetGoal({ searched, best, present, settings, isExhaustive, measure }: Tuning): string | undefined {
  if (meetsGoal(searched, best.training)) return undefined;
  const tried = isExhaustive
    ? `none of the ${counted(settings, 'setting')} within the bounds`
    : `none of ${counted(settings, 'setting')} tried`;
  return `The goal cannot be had: ${tried} lets ${renderGoal(searched)}; the nearest is ${waitOf(best.training, searched.share)}, for ${costOf(best.training, measure)} a month, with ${differenceOf(present.setting, best.setting)}; allow more time, a higher max (--within) or another --strategy`;
}

/** Where it is the limit and not the rule that lets steps wait. */
function maxOf({ withheldByMax, setting: { values } }: Candidate): readonly string[] {
  if (withheldByMax === 0) return [];
  const { max = 0 } = values;
  return [
    `max ${max} binds: it withheld runners at ${percent(withheldByMax)} of the looks. See what more would bring with --within max=${max}..${2 * max}.`,
  ];
}

const NOTES = [
  '!: does not keep the goal. A month is 30 days like those that were played. A step that failed for lack of a runner, or with its runner, keeps no goal.',
];

function introductionOf(tuning: Tuning) {
  const { goal, searched, training, holdOut, turns, otherSteps, peers, spaces, runs, settings, isExhaustive } = tuning;
  const how = isExhaustive
    ? `All ${counted(settings, 'setting')} within the bounds were tried`
    : `${counted(settings, 'setting')} of those within the bounds were tried on the whole`;
  const others = otherSteps === 0 ? '' : ` (${counted(otherSteps, 'step')} of other groups not counted)`;
  const margin = searched.share === goal.share ? '' : `, searched for with a margin: ${renderShare(searched.share)}`;
  const together =
    peers.length === 0
      ? []
      : [`Played together with ${peers.join(', ')}, which share a limit of the workspace; costs are those of all.`];
  return [
    `Goal: ${renderGoal(goal)}${margin}.`,
    `Searched in every other ${duration(turns.everyMs)}, ${counted(training.steps, 'step')}; checked in those between, ${counted(holdOut.steps, 'step')}, which the search has not seen${others}.`,
    ...together,
    `${how}: ${counted(runs, 'run')}.`,
    ...spaces.map((space) => `${renderSpace(space)}.`),
  ].map((text) => ({ text }));
}

function columnsOf({ searched, measure }: Tuning): readonly TableColumn[] {
  const share = renderShare(searched.share);
  const cost = measure === 'money' ? 'COST A MONTH' : 'HOURS A MONTH';
  return [
    { title: '', align: 'left' },
    { title: `${share} WITHIN`, align: 'right' },
    { title: 'FAILED', align: 'right' },
    { title: cost, align: 'right' },
    { title: 'HELD OUT', align: 'right' },
    { title: 'FAILED', align: 'right' },
    { title: cost, align: 'right' },
  ];
}

function rowOf({ goal, measure, present, best }: Tuning, { setting, training, holdOut }: Candidate, mark: string): Row {
  const cells = [training, holdOut].flatMap((outcome) => [
    `${meetsGoal(goal, outcome) ? '' : '! '}${timeOf(outcome)}`,
    `${outcome.failed}`,
    amountOf(outcome, measure),
  ]);
  const tone: Tone = setting === best.setting ? 'up' : 'quiet';
  return { cells: [mark, ...cells], tone, sentences: [{ text: differenceOf(present.setting, setting) }] };
}

/** What the numbers mean, the recommendation first. */
function verdictOf(tuning: Tuning): readonly string[] {
  const { goal, searched, best, present, frontier, measure } = tuning;
  const unmet = unmetGoal(tuning);
  if (unmet !== undefined) return [unmet, ...maxOf(best)];
  const recommended = `Recommended (→): ${differenceOf(present.setting, best.setting)}. It is the cheapest that keeps the goal in the training part (${waitOf(best.training, searched.share)}), for ${costOf(best.training, measure)} a month${savingOf(tuning)}.`;
  if (meetsGoal(goal, best.holdOut)) {
    return [
      recommended,
      `It keeps the goal in the hold-out too: ${waitOf(best.holdOut, goal.share)}.`,
      ...quietOf(tuning),
      ...maxOf(best),
    ];
  }
  const steadier = frontier.find(({ training, holdOut }) => meetsGoal(goal, training) && meetsGoal(goal, holdOut));
  return [
    recommended,
    `It does NOT keep the goal in the hold-out: ${waitOf(best.holdOut, goal.share)}, ${renderShare(best.holdOut.keptShare)} in time.`,
    steadier === undefined
      ? 'No setting of the frontier keeps it in both: the two parts differ, or the goal is too near to what is possible.'
      : `The cheapest that keeps it in both: ${differenceOf(present.setting, steadier.setting)}, for ${costOf(steadier.training, measure)} a month.`,
    ...maxOf(best),
  ];
}

/** Windows that do better, as they are to be written. */
function scheduleOf({ schedule, present, measure, goal }: Tuning): readonly string[] {
  if (schedule === undefined) return [];
  const { setting, training, holdOut, windows } = schedule;
  const max = setting.values.max ?? 0;
  return [
    `Much comes at the same time of day. With ${differenceOf(present.setting, setting)} and a window for it the goal is kept in both parts, for ${costOf(training, measure)} a month (${waitOf(holdOut, goal.share)} in the hold-out). Write it into the group by hand; a diff leaves windows alone:`,
    `schedules: [${windows.map((window) => renderWindow(window, max)).join(', ')}]`,
  ];
}

/** A hold-out that is much quieter than what was searched proves little. */
function quietOf({ training, holdOut }: Tuning): readonly string[] {
  if (holdOut.steps * QUIETER >= training.steps) return [];
  return ['The hold-out has far fewer steps than the training part, so that proves little: take a longer history.'];
}

function savingOf({ best, present, measure, searched }: Tuning): string {
  if (best.setting === present.setting) return ', as now';
  const now = costOf(present.training, measure);
  const kept = meetsGoal(searched, present.training)
    ? 'which keeps it too'
    : `with ${waitOf(present.training, searched.share)}`;
  return `; now it is ${now}, ${kept}`;
}

function waitOf(outcome: Outcome, share: number): string {
  return `${renderShare(share)} within ${timeOf(outcome)}`;
}

function timeOf({ waitedMs }: Outcome): string {
  return Number.isFinite(waitedMs) ? renderSpan(Math.ceil(waitedMs / 1000) * 1000) : 'never';
}

function costOf(outcome: Outcome, measure: Tuning['measure']): string {
  return measure === 'money' ? amountOf(outcome, measure) : `${amountOf(outcome, measure)} runner-hours`;
}

function amountOf({ money, hours }: Outcome, measure: Tuning['measure']): string {
  return measure === 'money' ? money.toFixed(2) : hours.toFixed(1);
}

/** `min 3 → 1, coolDown 5m → 2m`, or all of another strategy's. */
function differenceOf(present: Setting, setting: Setting): string {
  const changes = changesBetween(present, setting).map(({ parameter, from, to }) => {
    const value = to === undefined ? 'learned' : renderParameter(parameter, to);
    return from === undefined ? `${parameter} ${value}` : `${parameter} ${renderParameter(parameter, from)} → ${value}`;
  });
  const strategy = present.strategy === setting.strategy ? [] : [setting.strategy];
  return [...strategy, ...changes].join(', ') || 'as it is now';
}

function candidateDocument({ setting, training, holdOut, withheldByMax }: Candidate): object {
  const settings = parametersOf(setting.strategy).flatMap((name) => {
    const value = setting.values[name];
    return value === undefined ? [] : [[name, value]];
  });
  return { strategy: setting.strategy, parameters: Object.fromEntries(settings), training, holdOut, withheldByMax };
}
