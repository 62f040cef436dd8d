/** A clock for commands that stands still until a test moves it. */
import type { Clock } from '../../cli/io.ts';

export type ManualClock = Clock & {
  /** Moves on; whoever waited for that time goes on, and what is to be done every so often is done as often. */
  readonly advance: (ms: number) => void;
};

type Waiting = { due: number; readonly ring: () => void };

/** Begins at the time of this machine, since those who are called look at it too. */
export function manualClock(): ManualClock {
  const start = Date.now();
  const waiting = new Set<Waiting>();
  let elapsed = 0;
  const add = (ms: number, ring: () => void) => {
    const entry = { due: elapsed + ms, ring };
    waiting.add(entry);
    return entry;
  };
  return {
    now: () => start + elapsed,
    elapsed: () => elapsed,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const entry = add(ms, () => {
          waiting.delete(entry);
          resolve();
        });
        if (signal.aborted || ms <= 0) entry.ring();
        else signal.addEventListener('abort', entry.ring, { once: true });
      }),
    every: (ms, work) => {
      const entry: Waiting = add(ms, () => {
        entry.due += ms;
        work();
      });
      return () => waiting.delete(entry);
    },
    advance: (ms) => {
      const end = elapsed + ms;
      for (let next = earliest(waiting, end); next !== undefined; next = earliest(waiting, end)) {
        elapsed = next.due;
        next.ring();
      }
      elapsed = end;
    },
  };
}

/** Whose turn is next, up to a time. */
function earliest(waiting: ReadonlySet<Waiting>, end: number): Waiting | undefined {
  const due = [...waiting].filter((entry) => entry.due <= end);
  return due.sort((a, b) => a.due - b.due)[0];
}
