/** One tick from the command line: the clock is read here and nowhere further in. */
import { randomUUID } from 'node:crypto';
import type { Wiring } from '#adapters/wiring.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Calls, Mode, Report } from '#core/model/report.ts';
import { reconcile } from '#core/reconcile.ts';
import { formatProblem, type InputProblem } from '#yaml/problem.ts';
import type { Terminal } from './terminal.ts';

/** What a command wants of a tick. Absent `groups`: all. `foresee` finds what else there is to say of its report. */
export type TickOptions = {
  readonly mode: Mode;
  readonly groups?: readonly string[];
  readonly foresee?: (report: Report, fleet: Fleet) => Promise<readonly string[]>;
};

/** Work that takes longer than this shows that it goes on. */
const PATIENCE_MS = 2_000;

/** Loads the configuration and runs a tick over it; its warnings and its progress go to stderr. */
export async function runTick(
  wiring: Wiring,
  { mode, groups, foresee = async () => [] }: TickOptions,
  terminal: Terminal,
): Promise<Report> {
  const { now, elapsed } = terminal.io.clock;
  const start = elapsed();
  return await withProgress(wiring, terminal, async () => {
    const { fleet, warnings } = await wiring.loadFleet();
    tellWarnings(warnings, terminal.tell);
    const ports = await wiring.openPorts(fleet, mode);
    const elapsedMs = () => elapsed() - start;
    const circumstances = () => ({ notes: wiring.credentialNotes(fleet) });
    const request = { fleet, mode, now: now(), tickId: randomUUID(), elapsedMs, circumstances };
    const report = await reconcile(groups === undefined ? request : { ...request, groups }, ports);
    return { ...report, notes: [...report.notes, ...(await foresee(report, fleet))] };
  });
}

/** Says how far it is while the work goes on, by the calls that were made since it began. */
export async function withProgress<T>(
  wiring: Wiring,
  { showProgress, io: { clock } }: Terminal,
  work: () => Promise<T>,
): Promise<T> {
  const start = clock.elapsed();
  const before = wiring.calls();
  const end = clock.every(PATIENCE_MS, () => {
    const seconds = Math.round((clock.elapsed() - start) / 1000);
    showProgress(`still working after ${seconds} s: ${callsSince(before, wiring.calls())} so far`);
  });
  try {
    return await work();
  } finally {
    end();
    showProgress('');
  }
}

/** One line for each thing that the author of the configuration should know. */
export function tellWarnings(warnings: readonly InputProblem[], tell: Terminal['tell']): void {
  for (const warning of warnings) tell(`warning: ${formatProblem(warning)}`);
}

function callsSince(before: Calls, { bitbucket, kubernetes, aws }: Calls): string {
  const made = [bitbucket - before.bitbucket, kubernetes - before.kubernetes, aws - before.aws];
  return `${made[0]} Bitbucket, ${made[1]} Kubernetes and ${made[2]} AWS calls`;
}
