/** Many ticks of one group in short: equal ticks in a row are one line, and every change has its own line. Pure. */
import type { Counts } from '#core/model/decision.ts';
import type { Instant } from '#core/model/observation.ts';
import type { GroupReport, TickRecord } from '#core/model/report.ts';

/** Ticks in a row with the same decision: its numbers and its kind of reason did not change. */
export type Span = {
  /** When the first and the last of them looked. */
  readonly from: Instant;
  readonly to: Instant;
  readonly ticks: number;
  /** The last one's report. */
  readonly group: GroupReport;
  /** The least and the most of each class. */
  readonly least: Counts;
  readonly most: Counts;
};

/** The spans of a group, oldest first; ticks that did not look at it are left out. */
export function timelineOf(records: readonly TickRecord[], name: string): readonly Span[] {
  const spans: Span[] = [];
  for (const { at, report } of records) {
    const group = report.groups.find((entry) => entry.name === name);
    if (group === undefined) continue;
    const before = spans.at(-1);
    if (before !== undefined && isContinued(before.group, group)) spans[spans.length - 1] = extend(before, group, at);
    else spans.push({ from: at, to: at, ticks: 1, group, least: group.counts, most: group.counts });
  }
  return spans;
}

/** Ticks that acted or failed are not merged. */
function isContinued(before: GroupReport, next: GroupReport): boolean {
  return signature(before) === signature(next) && isQuiet(before) && isQuiet(next);
}

function isQuiet({ plan, problems }: GroupReport): boolean {
  return plan.length === 0 && problems.length === 0;
}

function signature({ decision, bounds }: GroupReport): string {
  return [decision.action, decision.to, decision.reason.code, ...bounds.map(({ code }) => code)].join(' ');
}

function extend(span: Span, group: GroupReport, at: Instant): Span {
  return {
    ...span,
    to: at,
    ticks: span.ticks + 1,
    group,
    least: combine(span.least, group.counts, Math.min),
    most: combine(span.most, group.counts, Math.max),
  };
}

function combine(a: Counts, b: Counts, choose: (x: number, y: number) => number): Counts {
  return {
    busy: choose(a.busy, b.busy),
    idle: choose(a.idle, b.idle),
    starting: choose(a.starting, b.starting),
    draining: choose(a.draining, b.draining),
    dead: choose(a.dead, b.dead),
  };
}
