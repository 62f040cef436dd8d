/** Workspaces in the text of a report: a line for each where its caps or its bill matter to this tick. Pure. */
import type { Report, WorkspaceReport } from '#core/model/report.ts';
import { assumption } from '#core/reasons.ts';
import type { Line } from './layout.ts';

const CAPS: ReadonlySet<string> = new Set(['workspace-cap', 'peak-cap', 'concurrency-limit']);

/** A line for every workspace in which runners are added, or held back by a cap. */
export function workspaceLines({ groups, workspaces }: Report): readonly Line[] {
  const eventful = groups.filter(
    ({ decision, bounds }) => decision.action === 'scale-up' || bounds.some(({ code }) => CAPS.has(code)),
  );
  const names = new Set(eventful.map((group) => group.workspace));
  const told = workspaces?.filter(({ workspace }) => names.has(workspace)) ?? [];
  return told.map((entry) => ({ text: `workspace ${entry.workspace}: ${describe(entry)}`, tone: 'quiet' }));
}

/** `12 of 100 registered; 9 in use, soon 14, the month's peak is 9; 7 steps run, 9 at most this month; one more slot: USD 15 a month where slots are billed` */
function describe(entry: WorkspaceReport): string {
  const { registrations, assumed, maxRunners, slotsMatter } = entry;
  const registered = `${registrations} of ${maxRunners} registered${assumption(assumed)}`;
  return [registered, ...(slotsMatter ? describeSlots(entry) : [])].join('; ');
}

function describeSlots({
  inUse,
  expected,
  maxConcurrentRunners: most,
  running,
  concurrencyLimit: limit,
  peak,
  nextSlot,
}: WorkspaceReport): readonly string[] {
  const use = [
    `${inUse}${most === undefined ? '' : ` of at most ${most}`} in use`,
    ...(expected > inUse ? [`soon ${expected}`] : []),
    `the month's peak is ${peak.runners}`,
  ];
  const steps =
    running === undefined || peak.steps === undefined
      ? []
      : [`${running}${limit === undefined ? '' : ` of at most ${limit}`} steps run, ${peak.steps} at most this month`];
  const bill =
    nextSlot === undefined
      ? []
      : [`one more slot: ${nextSlot.currency} ${nextSlot.costs} a month where slots are billed`];
  return [use.join(', '), ...steps, ...bill];
}
