/**
 * A report as lines for a terminal: one line per group, one sentence of why, and beneath it what limited the decision
 * and what was, or would be, done. Pure. Sentences wrap; nothing is cut off, so no number is ever lost.
 */
import type { Counts } from '#core/model/decision.ts';
import type { BudgetReport, GroupReport, Mode, Report } from '#core/model/report.ts';
import { duration } from '#core/quantities.ts';
import { isLimit } from '#core/reasons.ts';
import { MINUTE_MS } from '#core/time.ts';
import { counted, type Line, layLines, problemLines, type TextOptions, type Tone } from './layout.ts';
import { leftoverLines } from './leftover-lines.ts';
import { actionLines } from './report-actions.ts';
import { layTable, type TableColumn } from './table.ts';
import { workspaceLines } from './workspace-lines.ts';

/** The classes of runners, in the order in which a report counts them. */
export const CLASSES = ['busy', 'idle', 'starting', 'draining', 'dead'] as const satisfies readonly (keyof Counts)[];

/** The columns of a table that counts runners by class. */
export const CLASS_COLUMNS: readonly TableColumn[] = CLASSES.map((name) => ({
  title: name.toUpperCase(),
  align: 'right',
}));

/** The cells under `CLASS_COLUMNS` where the counts are not known. */
export const UNKNOWN_CELLS: readonly string[] = CLASSES.map(() => '–');

/** The cells under `CLASS_COLUMNS`: a number each, or a range where `most` is more. */
export function classCells(least: Counts, most = least): readonly string[] {
  return CLASSES.map((name) => (least[name] === most[name] ? `${most[name]}` : `${least[name]}–${most[name]}`));
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'GROUP', align: 'left', maxWidth: 28 },
  ...CLASS_COLUMNS,
  { title: 'DECISION', align: 'left' },
];

/** The whole report: what tick it was, the table, the sum, and what went wrong. */
export function renderReport(report: Report, options: TextOptions): readonly string[] {
  if (report.tick.skipped !== undefined) {
    return layLines([heading(report), { text: `Skipped: ${report.tick.skipped}.`, tone: 'warning' }], 0, options);
  }
  const shared = sharedProblems(report.groups);
  return [
    ...layLines([heading(report), ...shared.map(sharedLine)], 0, options),
    '',
    ...table(report, new Set(shared.map(({ problem }) => problem)), options),
    '',
    ...layLines([{ text: summarise(report) }, ...tickLines(report)], 0, options),
  ];
}

/** One line for the tick, and beneath it only what happened: groups that scaled, acted or failed. */
export function renderTick(report: Report, options: TextOptions): readonly string[] {
  const time = report.tick.at.slice(11, 19);
  if (report.tick.skipped !== undefined) {
    return layLines([{ text: `${time}  skipped: ${report.tick.skipped}`, tone: 'warning' }], 0, options);
  }
  const { durationMs, calls } = report.tick;
  const total = calls.bitbucket + calls.kubernetes + calls.aws;
  const line = `${time}  ${summarise(report)} (${seconds(durationMs)}, ${total} calls)`;
  const shared = sharedProblems(report.groups);
  const told = new Set(shared.map(({ problem }) => problem));
  const eventful = report.groups.filter(
    (group) =>
      group.decision.action !== 'hold' || group.plan.length > 0 || group.problems.some((problem) => !told.has(problem)),
  );
  return [
    ...layLines([{ text: line }], 0, options),
    ...layLines(shared.map(sharedLine), 10, options),
    ...eventful.flatMap((group) => [
      ...layLines(
        [{ text: `${group.name}: ${decisionOf(group)}, ${why(group, told)}`, tone: toneOf(group) }],
        10,
        options,
      ),
      ...layLines(details(group, report.tick.mode), 12, options),
    ]),
    ...layLines(tickLines(report), 10, options),
  ];
}

function table(report: Report, told: ReadonlySet<string>, options: TextOptions): readonly string[] {
  if (report.groups.length === 0) return layLines([{ text: 'No group was looked at.', tone: 'warning' }], 0, options);
  const rows = report.groups.map((group) => ({
    cells: [group.name, ...(group.countsUnknown ? UNKNOWN_CELLS : classCells(group.counts)), decisionOf(group)],
    tone: toneOf(group),
    sentences: [{ text: why(group, told) }, ...details(group, report.tick.mode)],
  }));
  return layTable(COLUMNS, 'WHY', rows, options);
}

/** A problem that several groups have in the same words. */
type SharedProblem = { readonly problem: string; readonly groups: readonly string[] };

/** A wrong token, say, is one fault and not one for each group. */
export function sharedProblems(groups: readonly Pick<GroupReport, 'name' | 'problems'>[]): readonly SharedProblem[] {
  const found = groups.flatMap(({ name, problems }) => problems.map((problem) => ({ problem, name })));
  return [...Map.groupBy(found, ({ problem }) => problem)]
    .filter(([, those]) => those.length > 1)
    .map(([problem, those]) => ({ problem, groups: those.map(({ name }) => name) }));
}

/** More groups than this are counted instead of named. */
const MOST_NAMES = 3;

/** `problem of 30 groups (a, b, c, …): …` */
export function sharedLine({ problem, groups }: SharedProblem): Line {
  const more = groups.length > MOST_NAMES ? ', …' : '';
  const names = groups.slice(0, MOST_NAMES).join(', ');
  return { text: `problem of ${groups.length} groups (${names}${more}): ${problem}`, tone: 'failure' };
}

/** `scale-up 6 → 10`; `hold –` where it is not known what is held. */
export function decisionOf({ decision: { action, from, to }, countsUnknown }: GroupReport): string {
  if (countsUnknown) return 'hold –';
  return action === 'hold' ? `hold ${from}` : `${action} ${from} → ${to}`;
}

/** Failures stand out, and so does what changes. */
export function toneOf(group: GroupReport): Tone {
  if (group.problems.length > 0 || group.outcomes.some(({ status }) => status === 'failed')) return 'failure';
  if (group.decision.action === 'scale-up') return 'up';
  return group.decision.action === 'scale-down' ? 'down' : 'quiet';
}

/** The reason, or where to find it when all of it was told already. */
function why({ decision: { reason }, problems }: GroupReport, told: ReadonlySet<string> = new Set()): string {
  const isTold = problems.length > 0 && problems.every((problem) => told.has(problem));
  return isTold && reason.code === 'partial-observation'
    ? 'holding because not everything could be read: see above'
    : reason.text;
}

/** What limited the decision, what was done or would be, and what went wrong: a line each. */
export function details(group: GroupReport, mode: Mode): readonly Line[] {
  // A partial observation names its problems in its reason already; of a hold the reason may be its only bound.
  return [
    ...group.bounds.filter(({ text }) => text !== why(group)).map(boundLine),
    ...waitingLines(group),
    ...group.troubles.map((trouble): Line => ({ text: `trouble: ${trouble.text}`, tone: 'warning' })),
    ...actionLines(group, mode),
    ...problemLines(group.problems, why(group)),
  ];
}

/** How long steps waited, where any waited for long. */
function waitingLines({ waiting }: GroupReport): readonly Line[] {
  if (waiting === undefined || waiting.longestMs < MINUTE_MS) return [];
  const { steps, p50Ms, p95Ms, longestMs, still } = waiting;
  const text = `waiting: of ${counted(steps, 'step')} of the last hour, half waited at most ${duration(p50Ms)}, 95 % at most ${duration(p95Ms)}, one ${duration(longestMs)}; ${still} still wait`;
  return [{ text, tone: 'quiet' }];
}

/** A limit is a warning. */
export function boundLine({ code, text }: GroupReport['bounds'][number]): Line {
  return isLimit(code) ? { text: `limit: ${text}`, tone: 'warning' } : { text: `${code}: ${text}`, tone: 'quiet' };
}

function tickLines(report: Report): readonly Line[] {
  return [
    ...problemLines(report.problems),
    ...leftoverLines(report.leftovers ?? [], report.tick.mode),
    ...workspaceLines(report),
    ...(report.budgets ?? []).filter(isWorthTelling).map(budgetLine),
    ...report.notes.map((note): Line => ({ text: `note: ${note}`, tone: 'quiet' })),
  ];
}

/** Whether a budget runs short; others need no line. */
function isWorthTelling({ used, limit, throttledUntil, heldBack }: BudgetReport): boolean {
  return heldBack.length > 0 || throttledUntil !== undefined || used > limit * 0.8;
}

const HELD_BACK = { removal: 'removals', create: 'creates', look: 'looking', queue: 'queue counts' } as const;

/** `budget: ci/bitbucket has made 912 of its 1000 calls an hour, 88 left; held back: looking, queue counts` */
function budgetLine({ credential, used, limit, left, throttledUntil, heldBack }: BudgetReport): Line {
  const throttled =
    throttledUntil === undefined ? '' : `; Bitbucket throttles it until ${throttledUntil.slice(11, 19)} UTC`;
  const held = heldBack.length === 0 ? '' : `; held back: ${heldBack.map((what) => HELD_BACK[what]).join(', ')}`;
  const text = `budget: ${credential} has made ${used} of its ${limit} calls an hour, ${left} left${throttled}${held}`;
  return { text, tone: 'warning' };
}

function heading(report: Report): Line {
  const { id, at, mode, durationMs, calls } = report.tick;
  const what = mode === 'plan' ? 'Dry run' : 'Tick';
  const { bitbucket, kubernetes, aws } = calls;
  const total = `${bitbucket} Bitbucket, ${kubernetes} Kubernetes and ${aws} AWS calls`;
  return {
    text: `${what} of ${at.slice(0, 19).replace('T', ' ')} UTC (${seconds(durationMs)}, ${total}, id ${id})`,
    tone: 'quiet',
  };
}

/** `2 groups: 1 up, 1 hold; 5 runners: 4 busy, 1 idle` */
function summarise({ groups }: Report): string {
  const count = (action: string) => groups.filter(({ decision }) => decision.action === action).length;
  const decisions = [
    [count('scale-up'), 'up'],
    [count('scale-down'), 'down'],
    [count('hold'), 'hold'],
  ] as const;
  const sum = (name: keyof Counts) => groups.reduce((total, { counts }) => total + counts[name], 0);
  const classes = CLASSES.map((name) => [sum(name), name] as const);
  const runners = classes.reduce((total, [amount]) => total + amount, 0);
  const unknown = groups.filter(({ countsUnknown }) => countsUnknown).length;
  const others = unknown === 0 ? '' : `, unknown in ${counted(unknown, 'group')}`;
  return `${counted(groups.length, 'group')}${listed(decisions)}; ${counted(runners, 'runner')}${listed(classes)}${others}`;
}

function listed(entries: readonly (readonly [number, string])[]): string {
  const present = entries.filter(([amount]) => amount > 0).map(([amount, name]) => `${amount} ${name}`);
  return present.length === 0 ? '' : `: ${present.join(', ')}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
