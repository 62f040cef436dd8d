/**
 * `npm run fuzz`: hostile input through everything that reads what others write, in a process with the memory of a function.
 * Half a minute; `-- --seconds N` for longer (five minutes are part of a release), and `--from CASE` to go on where an earlier run has
 * stopped, or to play one case again. A case is a function of its number. Stops when the process
 * has taken more than 512 MB, and exits with 1 then and when something does not hold.
 */
import './help.ts';

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** What Lambda leaves of 512 MB for V8's heap. */
const HEAP_MB = 460;

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '30' },
    inside: { type: 'boolean', default: false },
  },
});

async function play(): Promise<number> {
  const { excessMemory, faultOf } = await import('../test/fuzz/run.ts');
  const end = performance.now() + Number(values.seconds) * 1000;
  let number = Number(values.from);
  let faults = 0;
  let excess: string | undefined;
  for (; excess === undefined && performance.now() < end; number += 1) {
    // A process that dies leaves the number of the case that it died of.
    process.stdout.write(`\r${number}`);
    const fault = await faultOf(number);
    excess = excessMemory();
    for (const one of [fault, excess && `case ${number}: ${excess}`]) {
      if (one === undefined) continue;
      faults += 1;
      process.stdout.write(`\r${one}\n`);
    }
  }
  process.stdout.write(`\r${number - Number(values.from)} cases, ${faults} faults; go on with --from ${number}\n`);
  return faults === 0 ? 0 : 1;
}

if (values.inside) {
  process.exitCode = await play();
} else {
  const options = [`--max-old-space-size=${HEAP_MB}`, fileURLToPath(import.meta.url), '--inside'];
  const { status, signal } = spawnSync(process.execPath, [...options, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (signal !== null || (status ?? 1) > 1) process.stdout.write('\nThe process died of the case with this number.\n');
  process.exitCode = status ?? 1;
}
