/** The tables of docs/scaling.md, made from the rows that the tests run. */
import { CLASS_ROWS } from '../test/tables/classes.ts';
import { SCALING_ROWS, type ScalingRow } from '../test/tables/scaling.ts';

/** The text with everything between `<!-- generated: NAME -->` and `<!-- end -->` made anew. */
export function fillTables(text: string): string {
  return Object.entries(TABLES).reduce((filled, [name, table]) => fill(filled, name, table()), text);
}

const TABLES: Readonly<Record<string, () => string>> = { classes: classTable, percentageRunnersIdle: scalingTable };

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
      job === 'none' ? 'none' : (job.status ?? 'active'),
      kind,
      cause === undefined ? '' : `\`${cause}\``,
    ]),
  );
}

function scalingTable(): string {
  return markdown(
    ['case', 'seen', 'decision', 'reason', 'Atlassian’s instead'],
    SCALING_ROWS.map((row) => [
      row.name,
      seen(row),
      row.action === 'hold' ? `hold at ${row.to}` : `${row.action} to ${row.to}`,
      [`\`${row.reason}\``, ...(row.bounds ?? []).map((bound) => `bound by \`${bound}\``)].join(', '),
      row.atlassian ?? '',
    ]),
  );
}

function seen({ seen: counts, over = {} }: ScalingRow): string {
  const { strategy, ...limits } = over;
  const runners = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
  const settings = Object.entries({ ...limits, ...strategy }).map(([key, value]) => `${key} ${value}`);
  return [runners.length === 0 ? 'none' : runners.join(', '), ...settings].join('; ');
}

/** A table. */
export function markdown(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}
