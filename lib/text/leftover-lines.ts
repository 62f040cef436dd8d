/** What groups have left behind, in the text of a report or a status: how many runners, where, and what becomes of them. Pure. */
import type { LeftoverReport, Mode } from '#core/model/report.ts';
import { counted, type Line, problemLines } from './layout.ts';
import { actionLines } from './report-actions.ts';

/** `left over: 3 runners of group "old" in acme/shop (cluster main, namespace runners), 1 busy and 2 draining: …`, and what is done. */
export function leftoverLines(leftovers: readonly LeftoverReport[], mode: Mode): readonly Line[] {
  return leftovers.flatMap((left) => [
    { text: `left over: ${describe(left)}: ${left.reason.text}`, tone: 'warning' as const },
    ...actionLines(left, mode),
    ...problemLines(left.problems, left.reason.text),
  ]);
}

function describe({
  group,
  workspace,
  repository,
  cluster,
  namespace,
  counts,
  runners,
  reason,
}: LeftoverReport): string {
  const scope = repository === undefined ? workspace : `${workspace}/${repository}`;
  const where = `group "${group}" in ${scope} (cluster ${cluster}, namespace ${namespace})`;
  if (reason.code === 'partial-observation') return `an unknown number of runners of ${where}`;
  const classes = Object.entries(counts).filter(([, count]) => count > 0);
  return `${counted(runners.length, 'runner')} of ${where}, ${classes.map(([name, count]) => `${count} ${name}`).join(' and ')}`;
}
