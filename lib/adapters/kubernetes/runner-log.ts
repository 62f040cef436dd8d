/** What the end of a runner's log shows of steps. Pure. The words are those of Atlassian's runner. */
import type { StepInLog } from '#core/ports.ts';

/** How much of a log is read. An answer that has `bytes` was cut off, and what came last is missing. */
export const LOG_TAIL = { lines: 2_000, bytes: 1_048_576 };

const BEGAN = 'Getting step StepId{';
const ENDED = 'Completing step with result Result{';

/** What these last lines show. Whose step it was does not matter: what began in this container and did not end is at work. */
export function stepInTail(tail: string): StepInLog {
  const began = tail.lastIndexOf(BEGAN);
  const ended = tail.lastIndexOf(ENDED);
  const isCutOff = Buffer.byteLength(tail) >= LOG_TAIL.bytes;
  if (began > ended) return isCutOff ? 'unreadable' : 'running';
  if (isCutOff) return 'unreadable';
  // A full tail without either may be the middle of a step that says much.
  const isWhole = tail.split('\n', LOG_TAIL.lines + 1).length <= LOG_TAIL.lines;
  return ended >= 0 || isWhole ? 'none-seen' : 'unreadable';
}
