/** `schedule`: when which bounds will hold. Reads the configuration and nothing else. */
import type { Command } from 'commander';
import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import type { Instant } from '#core/model/observation.ts';
import { formatWallTime } from '#core/schedule/zone.ts';
import { selectGroups } from '#core/select.ts';
import { type PlannedChange, plannedChanges } from '#tools/inspect/planned-changes.ts';
import { renderChanges } from '#tools/inspect/planned-changes-text.ts';
import type { ExitCode } from './failure.ts';
import { parseCount } from './option-values.ts';
import { type CommonOptions, environmentFor, withCommonOptions } from './options.ts';
import type { Terminal } from './terminal.ts';
import { tellWarnings } from './tick.ts';
import { parseTime } from './time.ts';

const HELP = `
Shows when the windows of the groups' schedules open and close next, on their own clocks and in UTC, and what becomes of
min and max. Of windows that are open at once the last one holds: one that opens beneath another changes nothing, and is
not shown.

Examples:
  $ runner-autoscaler schedule --next 10 --config runners_config.yaml
  $ runner-autoscaler schedule --group linux-large --at 2027-03-27T12:00
  $ runner-autoscaler schedule --json | jq -r '.changes[] | [.at, .group, .after.max] | @tsv'

Exit code: 0 fine, 1 the configuration could not be read from S3 or SSM, 2 wrong use or invalid configuration.`;

type ScheduleOptions = Omit<CommonOptions, 'state'> & { readonly next: number; readonly at?: Instant };

/** Adds the command to the program. */
export function addSchedule(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const now = terminal.io.clock.now();
  withCommonOptions(program.command('schedule'))
    .description('show when which min and max will hold')
    .option('--next <count>', 'so many changes', parseCount, 10)
    .option('--at <time>', 'from then on, UTC unless it says otherwise (default: now)', (text) => parseTime(text, now))
    .addHelpText('after', HELP)
    .action(async (options: ScheduleOptions) => {
      await showSchedule(options, now, terminal);
      finish(0);
    });
}

async function showSchedule(options: ScheduleOptions, now: Instant, terminal: Terminal): Promise<void> {
  const { group: names, next, at = now, json } = options;
  const { fleet, warnings } = await wire(
    environmentFor(options, terminal.io.env),
    localConnectors(terminal.tell),
  ).loadFleet();
  tellWarnings(warnings, terminal.tell);
  const groups = selectGroups(fleet, names === undefined ? {} : { groups: names });
  const changes = plannedChanges(groups, at, next);
  const lines = json ? [JSON.stringify(documentOf(changes, at))] : render(changes, terminal);
  for (const line of lines) terminal.print(line);
}

/** The answer of `schedule --json`. */
function documentOf(changes: readonly PlannedChange[], at: Instant) {
  return {
    version: 1,
    at: new Date(at).toISOString(),
    changes: changes.map((change) => ({
      ...change,
      at: new Date(change.at).toISOString(),
      local: formatWallTime(change.timezone, change.at),
    })),
  };
}

function render(changes: readonly PlannedChange[], { layout }: Terminal): readonly string[] {
  if (changes.length === 0) return ['Nothing changes: no group here has a schedule, or its windows are always open.'];
  return renderChanges(changes, layout);
}
