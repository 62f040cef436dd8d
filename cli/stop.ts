/** Ending early and in order: the first signal asks for it, the second one is it. */
import type { Io } from './io.ts';

export type Stop = {
  readonly signal: AbortSignal;
  /** Ends early, without an error, when the signal comes. */
  readonly sleep: (ms: number) => Promise<void>;
  /** From then on signals are none of its business. */
  readonly release: () => void;
};

const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

/** Listens for SIGINT and SIGTERM. `onFirst` is told of the first. */
export function stopOnSignal({ signals, clock, exit }: Io, onFirst: () => void): Stop {
  const controller = new AbortController();
  const { signal } = controller;
  const stop = (name: keyof typeof SIGNALS) => {
    if (signal.aborted) exit(128 + SIGNALS[name]);
    else onFirst();
    controller.abort();
  };
  signals.on('SIGINT', stop).on('SIGTERM', stop);
  return {
    signal,
    sleep: (ms) => clock.sleep(ms, signal),
    release: () => {
      signals.off('SIGINT', stop).off('SIGTERM', stop);
    },
  };
}
