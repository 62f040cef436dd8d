/** `demo`: how the show of demo.ts is asked for. It needs no configuration, no workspace and no cluster. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Kind } from './demo-picture.ts';
import type { ExitCode } from './failure.ts';
import { wholeNumber } from './scenario-options.ts';
import { stopOnSignal } from './stop.ts';
import type { Terminal } from './terminal.ts';

const HELP = `
The same working day of one group in a simulated world, under Atlassian's rule and under queueAware, decided by the same code
that scales for real; then the difference in waiting, hours and money. Played in the laboratory's field conditions.

Examples:
  $ runner-autoscaler demo
  $ runner-autoscaler demo --speed 4 --seed 7
  $ runner-autoscaler demo --json

Exit code: 0 fine, also when interrupted; 2 wrong use.`;

type Options = { readonly seed: number; readonly speed: number; readonly json?: true };

const STYLES = {
  busy: 'green',
  idle: 'cyan',
  starting: 'yellow',
  draining: 'magenta',
  waiting: 'red',
  faint: 'dim',
  strong: 'bold',
} as const satisfies Record<Kind, string>;

/** Adds the command to the program. */
export function addDemo(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('demo')
    .description('watch a simulated working day under two rules, and what each comes to')
    .option('--speed <factor>', 'how fast it goes in a terminal', parsePositive, 1)
    .option('--seed <number>', 'another whole number, another day', wholeNumber, 1)
    .option('--json', 'print the figures of both as one JSON document')
    .addHelpText('after', HELP)
    .action(async (options: Options) => {
      await demo(options, terminal);
      finish(0);
    });
}

async function demo({ seed, speed, json }: Options, { style, draw, io }: Terminal): Promise<void> {
  // The simulated world is of no use to the other commands.
  const { playDemo } = await import('./demo.ts');
  const { stdout } = io;
  const stop = stopOnSignal(io, () => undefined);
  try {
    await playDemo(
      { seed, speed, json: json === true },
      {
        screen: stdout.isTTY ? { columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 } : undefined,
        paint: (kind, text) => style(STYLES[kind], text),
        write: draw,
        sleep: stop.sleep,
        signal: stop.signal,
      },
    );
  } finally {
    stop.release();
  }
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Give a number above 0.');
}
