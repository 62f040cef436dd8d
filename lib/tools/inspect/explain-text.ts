/** Explanations as a person reads them in a terminal. Pure. */
import type { Counts } from '#core/model/decision.ts';
import type { GroupReport } from '#core/model/report.ts';
import { counted, type Line, layLines, problemLines, type TextOptions, type Tone } from '#text/layout.ts';
import {
  boundLine,
  CLASS_COLUMNS,
  CLASSES,
  classCells,
  decisionOf,
  details,
  toneOf,
  UNKNOWN_CELLS,
} from '#text/report.ts';
import { actionSummary } from '#text/report-actions.ts';
import { layTable, type TableColumn } from '#text/table.ts';
import { timeText } from '#text/time.ts';
import type { Explanation, RunnerLine } from './explanation.ts';
import type { Span } from './timeline.ts';

const RUNNER_COLUMNS: readonly TableColumn[] = [
  { title: 'RUNNER', align: 'left' },
  { title: 'CLASS', align: 'left' },
];

const TIMELINE_COLUMNS: readonly TableColumn[] = [
  { title: 'TIME (UTC)', align: 'left' },
  { title: 'TICKS', align: 'right' },
  ...CLASS_COLUMNS,
  { title: 'DECISION', align: 'left' },
];

/** One tick's look at a group: what was seen, what was decided, what came of it. */
export function renderExplanation(explanation: Explanation, options: TextOptions): readonly string[] {
  const { tick, group, seen, nowDecides } = explanation;
  const heading = `Group ${group.name} at ${timeText(Date.parse(tick.at))} UTC (tick ${tick.id})`;
  const decided: readonly Line[] = [
    { text: `${decisionOf(group)}: ${group.decision.reason.text}`, tone: toneOf(group) },
    ...details(group, tick.mode),
    ...(nowDecides === undefined
      ? []
      : [{ text: `on the same observation this version would decide: ${nowDecides}`, tone: 'warning' } as const]),
  ];
  const wasLookedAt = group.decision.reason.code !== 'look-held-back';
  const counts = wasLookedAt ? countsText(group) : 'nothing of its runners: they were not looked at';
  const seenLines = [{ text: counts }, ...seen.more.map((text): Line => ({ text }))];
  const besides: readonly Line[] = [
    ...problemLines(explanation.problems),
    ...explanation.notes.map((text): Line => ({ text: `note: ${text}` })),
  ];
  return [
    ...section(heading, [], options),
    '',
    ...section('Seen', seenLines, options),
    ...runnerTable(seen.runners, options).map((line) => (line === '' ? line : `  ${line}`)),
    '',
    ...section('Decided', decided, options),
    ...(besides.length === 0 ? [] : ['', ...section('The tick besides', besides, options)]),
  ];
}

/** A group's ticks, what stayed the same told once. */
export function renderTimeline(name: string, spans: readonly Span[], options: TextOptions): readonly string[] {
  const ticks = spans.reduce((sum, span) => sum + span.ticks, 0);
  const rows = spans.map((span) => ({
    cells: [
      spanText(span),
      String(span.ticks),
      ...(span.group.countsUnknown ? UNKNOWN_CELLS : classCells(span.least, span.most)),
      decisionOf(span.group),
    ],
    tone: toneOf(span.group),
    sentences: [{ text: span.group.decision.reason.text }, ...events(span.group)],
  }));
  return [
    ...section(`Group ${name}, ${counted(ticks, 'tick')}`, [], options),
    '',
    ...layTable(TIMELINE_COLUMNS, 'WHY (the last of them)', rows, options),
  ];
}

function events(group: GroupReport): readonly Line[] {
  return [
    ...group.bounds.map(boundLine),
    ...group.troubles.map(({ text }): Line => ({ text: `trouble: ${text}`, tone: 'warning' })),
    ...actionSummary(group, 'apply'),
    ...problemLines(group.problems, group.decision.reason.text),
  ];
}

function section(title: string, lines: readonly Line[], options: TextOptions): readonly string[] {
  return [...layLines([{ text: title, tone: 'heading' }], 0, options), ...layLines(lines, 2, options)];
}

function runnerTable(runners: readonly RunnerLine[], options: TextOptions): readonly string[] {
  if (runners.length === 0) return [];
  const rows = runners.map((runner) => ({
    cells: [runner.runner, runner.class],
    tone: TONES[runner.class],
    sentences: [{ text: runner.text }],
  }));
  return layTable(RUNNER_COLUMNS, 'WHAT FOLLOWED FROM IT', rows, { ...options, width: options.width - 2 });
}

const TONES: Readonly<Record<keyof Counts, Tone>> = {
  busy: 'quiet',
  idle: 'quiet',
  starting: 'up',
  draining: 'down',
  dead: 'warning',
};

function countsText({ counts, countsUnknown }: GroupReport): string {
  if (countsUnknown) return 'nothing of its runners: they could not be listed';
  return CLASSES.map((name) => `${counts[name]} ${name}`).join(', ');
}

/** `11-23 10:02:00`, or `11-23 10:02:00 – 10:31:00`. */
function spanText({ from, to }: Span): string {
  const [start, end] = [timeText(from), timeText(to)];
  if (from === to) return start.slice(5);
  return `${start.slice(5)} – ${start.slice(0, 10) === end.slice(0, 10) ? end.slice(11) : end.slice(5)}`;
}
