/** How far an export is, while it goes on: a line that moves on a terminal, and one now and then where there is none. */

import type { Instant } from '#core/model/observation.ts';
import { duration } from '#core/quantities.ts';
import type { FetchProgress } from '#tools/history/fetch.ts';
import type { Terminal } from './terminal.ts';

const BAR_WIDTH = 20;

/** Milliseconds between two lines, with and without a terminal. */
const EVERY_MS = { terminal: 250, file: 15_000 } as const;

/** Begins now. */
export function showExportProgress({ showProgress, tell, io: { clock, stderr } }: Terminal) {
  const startedAt = clock.elapsed();
  const everyMs = stderr.isTTY ? EVERY_MS.terminal : EVERY_MS.file;
  let shownAt = startedAt;
  let first: number | undefined;
  return {
    show: (progress: FetchProgress): void => {
      const now = clock.elapsed();
      first ??= progress.share;
      if (now - shownAt < everyMs) return;
      shownAt = now;
      showProgress(progressLine(progress, now - startedAt, progress.share - first));
    },
    /** A line of its own: it may be there for an hour. */
    wait: (until: Instant, why: string): void => {
      if (until - clock.now() < 1_000) return;
      tell(`waiting until ${new Date(until).toISOString().slice(11, 16)} UTC: ${why}`);
    },
    end: (): void => {
      if (stderr.isTTY) showProgress('');
    },
  };
}

/** `gained`: the share that the time spent so far has brought; an export that goes on began with more than nothing. */
export function progressLine({ repository, share, pipelines }: FetchProgress, spentMs: number, gained: number): string {
  const filled = Math.round(share * BAR_WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  const left = gained > 0 ? `, about ${duration((spentMs * (1 - share)) / gained)} left` : '';
  return `${bar} ${Math.floor(share * 100)} %  ${pipelines} pipelines, now ${repository}${left}`;
}
