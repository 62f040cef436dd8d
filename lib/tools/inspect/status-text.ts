/** A status as a person reads it in a terminal. Pure. */
import { assumption } from '#core/reasons.ts';
import { counted, type Line, layLines, type TextOptions, type Tone } from '#text/layout.ts';
import { leftoverLines } from '#text/leftover-lines.ts';
import { CLASS_COLUMNS, classCells, sharedLine, sharedProblems, UNKNOWN_CELLS } from '#text/report.ts';
import { layTable, type TableColumn } from '#text/table.ts';
import type { GroupStatus, Status } from './status.ts';

const GROUP_COLUMNS: readonly TableColumn[] = [
  { title: 'GROUP', align: 'left', maxWidth: 28 },
  ...CLASS_COLUMNS,
  { title: 'MIN–MAX', align: 'right' },
];

const RUNNER_COLUMNS: readonly TableColumn[] = [
  { title: 'RUNNER OR JOB', align: 'left' },
  { title: 'CLASS', align: 'left' },
  { title: 'BITBUCKET', align: 'left' },
  { title: 'CLUSTER', align: 'left', maxWidth: 32 },
];

/** The groups, then every runner (`all`), or those in which Bitbucket and the cluster do not match. */
export function renderStatus(
  status: Status,
  { all }: { readonly all: boolean },
  options: TextOptions,
): readonly string[] {
  const heading = `Fleet at ${status.at.slice(0, 19).replace('T', ' ')} UTC`;
  const shared = sharedProblems(status.groups);
  const told = new Set(shared.map(({ problem }) => problem));
  const rows = status.groups.map((group) => groupRow(group, told));
  return [
    ...layLines([{ text: heading }, ...shared.map(sharedLine)], 0, options),
    '',
    ...layTable(GROUP_COLUMNS, 'DOES IT MATCH?', rows, options),
    ...status.groups.flatMap((group) => runnerTable(group, all, options)),
    '',
    ...layLines(
      [
        ...leftoverLines(status.leftovers ?? [], 'plan'),
        ...status.workspaces.map(workspaceLine),
        ...status.notes.map((note): Line => ({ text: `note: ${note}`, tone: 'warning' })),
      ],
      0,
      options,
    ),
  ];
}

function groupRow(group: GroupStatus, told: ReadonlySet<string>) {
  const counts = group.countsUnknown ? UNKNOWN_CELLS : classCells(group.counts);
  return {
    cells: [group.name, ...counts, `${group.min}–${group.max}`],
    tone: toneOf(group),
    sentences: [...verdictOn(group, told), ...windowOf(group)],
  };
}

function verdictOn(group: GroupStatus, told: ReadonlySet<string>): readonly Line[] {
  if (group.problems.length > 0) {
    const sentences = new Set(group.problems.map((problem) => (told.has(problem) ? 'see above' : problem)));
    return [...sentences].map((problem): Line => ({ text: `unknown: ${problem}`, tone: 'failure' }));
  }
  const amount = mismatching(group);
  return amount === 0
    ? [{ text: 'every runner has its Job, every Job its runner' }]
    : [{ text: `${counted(amount, 'mismatch', 'mismatches')}, see below`, tone: 'warning' }];
}

function windowOf({ window }: GroupStatus): readonly Line[] {
  if (window === undefined) return [];
  const until = window.until === undefined ? 'at all times' : `until ${window.until}`;
  return [{ text: `schedule: min and max are those of window ${window.name} ${until}`, tone: 'quiet' }];
}

function toneOf(group: GroupStatus): Tone {
  if (group.problems.length > 0) return 'failure';
  return mismatching(group) > 0 ? 'warning' : 'quiet';
}

function mismatching({ runners, orphanJobs }: GroupStatus): number {
  return runners.filter(({ mismatches }) => mismatches.length > 0).length + orphanJobs.length;
}

function runnerTable(group: GroupStatus, all: boolean, options: TextOptions): readonly string[] {
  const rows = [
    ...group.runners
      .filter(({ mismatches }) => all || mismatches.length > 0)
      .map(({ runner, class: name, bitbucket, cluster, mismatches }) => ({
        cells: [runner, name, bitbucket, cluster],
        sentences: mismatches.length === 0 ? [{ text: '–' }] : mismatches.map(warningLine),
      })),
    ...group.orphanJobs.map(({ job, cluster, mismatch }) => ({
      cells: [job, '–', 'not registered', cluster],
      sentences: [warningLine(mismatch)],
    })),
  ];
  if (rows.length === 0) return [];
  return [
    '',
    ...layLines([{ text: `Group ${group.name}`, tone: 'heading' }], 0, options),
    ...layTable(RUNNER_COLUMNS, 'DOES NOT MATCH', rows, options),
  ];
}

function warningLine(text: string): Line {
  return { text, tone: 'warning' };
}

function workspaceLine({ workspace, registrations, assumed, maxRunners }: Status['workspaces'][number]): Line {
  const registered = `${counted(registrations, 'registration')}${assumption(assumed)}`;
  return { text: `Workspace ${workspace}: ${registered} of at most ${maxRunners}` };
}
