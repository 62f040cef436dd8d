/** `run`: a tick every so often, for a laptop or a pod. Each tick reads the configuration anew. */

import { type Command, InvalidArgumentError } from 'commander';
import { localConnectors } from '#adapters/local.ts';
import { type Wiring, wire } from '#adapters/wiring.ts';
import { InputError } from '#core/errors.ts';
import { counted } from '#text/layout.ts';
import { renderTick } from '#text/report.ts';
import { parseDuration } from '#yaml/quantity.ts';
import { type ExitCode, tellFailure } from './failure.ts';
import { type CommonOptions, environmentFor, withCommonOptions } from './options.ts';
import { repeat } from './repeat.ts';
import { stopOnSignal } from './stop.ts';
import type { Terminal } from './terminal.ts';
import { runTick } from './tick.ts';

const HELP = `
Runs ticks until it is interrupted; it then finishes the running tick and ends with 0. A second signal ends it at once,
which is safe too: the next tick repairs what was left half done. A tick that fails is shown and the next one tries again.
With --json every tick is one line of JSON (NDJSON).

Examples:
  $ runner-autoscaler run --config runners_config.yaml --every 10s
  $ runner-autoscaler run --config runners_config.yaml --state sqlite:runner-state.sqlite --every 1m --json >> ticks.ndjson

Exit code: 0 ended by a signal, 2 wrong use or a configuration that is invalid from the start.`;

const MIN_EVERY_MS = 1_000;

type RunOptions = CommonOptions & { readonly every: number };

/** Adds the command to the program. */
export function addRun(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  withCommonOptions(program.command('run'))
    .option('--every <duration>', 'from the start of one tick to that of the next, such as 10s or 1m', parseEvery)
    .description('tick again and again')
    .addHelpText('after', HELP)
    .action(async (options: CommonOptions & { every?: number }) => {
      await run({ every: 10_000, ...options }, terminal);
      finish(0);
    });
}

function parseEvery(text: string): number {
  const ms = parseDuration(/^\d+$/.test(text) ? Number(text) : text);
  if (ms >= MIN_EVERY_MS) return ms;
  throw new InvalidArgumentError('Give a duration of at least one second, such as 10s or 1m.');
}

async function run({ every, ...options }: RunOptions, terminal: Terminal): Promise<void> {
  const wiring = wire(environmentFor(options, terminal.io.env), localConnectors(terminal.tell));
  const told = new Set<string>();
  // A warning about the configuration is worth saying once, not every ten seconds.
  const tell = (line: string) => {
    if (!told.has(line)) terminal.tell(line);
    told.add(line);
  };
  let ticks = 0;
  const round = async () => {
    try {
      await showTick(wiring, options, { ...terminal, tell });
    } catch (error) {
      // Wrong from the start is a wrong use; a file that is broken while we run is waited for.
      if (ticks === 0 && error instanceof InputError) throw error;
      tellFailure(error, options.json === true, terminal);
    }
    ticks += 1;
  };
  const { signal, sleep, release } = stopOnSignal(terminal.io, () =>
    terminal.tell('stopping as soon as the running tick is done; once more stops at once'),
  );
  try {
    await repeat(round, { everyMs: every, signal, now: terminal.io.clock.elapsed, sleep });
  } finally {
    release();
  }
  terminal.tell(`stopped after ${counted(ticks, 'tick')}`);
}

async function showTick(wiring: Wiring, { group: groups, json }: CommonOptions, terminal: Terminal): Promise<void> {
  const report = await runTick(wiring, { mode: 'apply', groups }, terminal);
  const lines = json ? [JSON.stringify(report)] : renderTick(report, terminal.layout);
  for (const line of lines) terminal.print(line);
}
