/** Many ticks of one group, told briefly: what stayed the same is one line, and every change is a line of its own. Pure. */
import type { Counts } from '#core/model/decision.ts';
import type { Instant } from '#core/model/observation.ts';
import type { GroupReport, TickRecord } from '#core/model/report.ts';

/** Ticks one after the other that came to the same: neither a number of the decision nor its kind of reason changed. */
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

/** Whatever acted, or failed, stands alone. */
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
