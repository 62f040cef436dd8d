/** `history export --from-ticks`: a history out of what the ticks saw. */

import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import { InputError } from '#core/errors.ts';
import { HOUR_MS } from '#core/time.ts';
import { watchTicks } from '#tools/history/from-ticks.ts';
import type { ExportPlan } from '#tools/history/journal.ts';
import { writeHistory } from '#tools/history/write.ts';
import type { ExitCode } from './failure.ts';
import { describeExport } from './history-text.ts';
import { environmentFor } from './options.ts';
import type { Terminal } from './terminal.ts';

/** Reads the records hour by hour, for each of them is large. */
export async function exportTicks(
  options: { readonly out: string; readonly state?: string; readonly json?: true },
  { workspace, from, to, anonymised }: ExportPlan,
  { print, tell, showProgress, io }: Terminal,
): Promise<ExitCode> {
  const environment = environmentFor(options, io.env);
  if (environment.stateStore === 'memory') {
    throw new InputError('State "memory" keeps no records; name the store that the ticks use with --state');
  }
  const state = await wire(environment, localConnectors(tell)).openState();
  const watch = watchTicks(workspace);
  let ticks = 0;
  for (let at = from; at < to; at += HOUR_MS) {
    const records = await state.listTicks({ from: at, to: Math.min(at + HOUR_MS, to) });
    for (const record of records) watch.take(record);
    ticks += records.length;
    if (io.stderr.isTTY) showProgress(`${Math.floor((100 * (at - from)) / (to - from))} %  ${ticks} ticks`);
  }
  if (io.stderr.isTTY) showProgress('');
  const { steps, gaps, omitted } = watch.end();
  await writeHistory(options.out, {
    header: { source: 'ticks', workspace, from, to, anonymised },
    steps,
    gaps,
    omitted,
  });
  const facts = { workspace, from, to, anonymised, steps: steps.length, gaps: gaps.length, omitted, ticks };
  if (options.json) print(JSON.stringify({ version: 1, file: options.out, isWhole: true, ...facts }));
  for (const line of [
    `${options.out}: ${steps.length} steps seen by ${ticks} ticks. They are as long as the ticks saw them, and how long they waited is not known.`,
    ...describeExport({ file: options.out, isWhole: true, calls: 0, ...facts }).slice(1),
  ])
    (options.json ? tell : print)(line);
  return 0;
}
