/**
 * Outlives whoever started the control plane, and ends it when they cannot: its standard input closes when the other
 * side is gone, however that came about. `+PID` and `-PID` lines say what there is to end.
 *
 *   node guard.ts DIRECTORY
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const pids = new Set<number>();
const lines = createInterface(process.stdin);
lines.on('line', (line) => {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) pids.add(pid);
  else pids.delete(pid);
});
lines.on('close', () => {
  for (const pid of pids) end(pid);
  const [, , directory] = process.argv;
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
