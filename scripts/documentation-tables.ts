/** The tables of docs/scaling.md, made from the rows that the tests run. */
import { CLASS_ROWS } from '#spec/classes.ts';
import { type DemandRow, IDLE_BUFFER_ROWS, QUEUE_AWARE_ROWS } from '#spec/demand.ts';
import { SCALING_ROWS, type ScalingRow } from '#spec/scaling.ts';
import { SHARE_ROWS } from '#spec/shares.ts';

/** The text with everything between `<!-- generated: NAME -->` and `<!-- end -->` made anew. */
export function fillTables(text: string): string {
  return Object.entries(TABLES).reduce((filled, [name, table]) => fill(filled, name, table()), text);
}

const TABLES: Readonly<Record<string, () => string>> = {
  classes: classTable,
  percentageRunnersIdle: scalingTable,
  idleBuffer: () => demandTable(IDLE_BUFFER_ROWS),
  queueAware: () => demandTable(QUEUE_AWARE_ROWS),
  shares: shareTable,
};

/** The text with one generated part made anew. */
export function fill(text: string, name: string, part: string): string {
  const start = `<!-- generated: ${name} -->`;
  const from = text.indexOf(start);
  const to = text.indexOf('<!-- end -->', from);
  if (from < 0 || to < 0) throw new Error(`there is no place for "${name}"`);
  return `${text.slice(0, from)}${start}\n\n${part}\n\n${text.slice(to)}`;
}

function classTable(): string {
  return markdown(
    ['case', 'status', 'step', 'Job', 'class', 'because'],
    CLASS_ROWS.map(({ name, runner, job = {}, class: kind, cause }) => [
      name,
      runner.cordoned ? 'cordoned' : (runner.statusText ?? runner.status ?? 'ONLINE'),
      runner.hasStep ? 'yes' : '',
      typeof job === 'string' ? job : (job.status ?? 'active'),
      kind,
      cause === undefined ? '' : `\`${cause}\``,
    ]),
  );
}

function scalingTable(): string {
  return markdown(
    ['case', 'seen', 'decision', 'reason', 'Atlassian’s instead'],
    SCALING_ROWS.map((row) => [...decisionCells(row, []), row.atlassian ?? '']),
  );
}

function shareTable(): string {
  return markdown(
    ['case', 'the groups want', 'room', 'they get'],
    SHARE_ROWS.map(({ name, claims, room, shares }) => [
      name,
      claims.map(([wanted, weight = 1, working = 0]) => claimText(wanted, weight, working)).join(' · '),
      String(room),
      shares.join(' · '),
    ]),
  );
}

function claimText(wanted: number, weight: number, working: number): string {
  const more = [...(weight === 1 ? [] : [`weight ${weight}`]), ...(working === 0 ? [] : [`has ${working}`])];
  return more.length === 0 ? String(wanted) : `${wanted} (${more.join(', ')})`;
}

function demandTable(rows: readonly DemandRow[]): string {
  return markdown(
    ['case', 'seen', 'decision', 'reason'],
    rows.map((row) => {
      const { queue, wantedBefore, restedMinutes } = row;
      const more = [
        ...(queue === undefined ? [] : [queue === 'unknown' ? 'queue unknown' : `${queue} waiting`]),
        ...(wantedBefore ? [`${wantedBefore.target} wanted until ${wantedBefore.untilMinutesAgo} min ago`] : []),
        ...(restedMinutes === undefined ? [] : [`idle for ${restedMinutes} of 5 min`]),
      ];
      return decisionCells(row, more);
    }),
  );
}

/** The first four cells of a decision. `more`: what was seen besides runners. */
function decisionCells(row: ScalingRow | DemandRow, more: readonly string[]): readonly string[] {
  return [
    row.name,
    seen(row, more),
    row.action === 'hold' ? `hold at ${row.to}` : `${row.action} to ${row.to}`,
    [`\`${row.reason}\``, ...(row.bounds ?? []).map((bound) => `bound by \`${bound}\``)].join(', '),
  ];
}

function seen({ seen: counts, over = {} }: ScalingRow | DemandRow, more: readonly string[]): string {
  const { strategy, ...limits } = over;
  const runners = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
  const settings = Object.entries({ ...limits, ...strategy }).map(([key, value]) => `${key} ${value}`);
  return [runners.length === 0 ? 'none' : runners.join(', '), ...more, ...settings].join('; ');
}

/** A table. */
export function markdown(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}
