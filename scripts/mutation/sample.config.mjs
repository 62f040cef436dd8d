/**
 * Mutation testing of a sample: the files that `scripts/mutate-changed.ts` chose, until the time is over. The limit is lower than
 * that of the whole, because survivors are not spread evenly: docs/decisions/0171-mutants-of-a-release.md.
 */
import whole from '../../stryker.config.mjs';

/** How far below the whole's limit a sample may score, in percent of its mutants. */
const MARGIN = 7;

export default {
  ...whole,
  plugins: [...whole.plugins, './scripts/mutation/deadline.ts'],
  reporters: [...whole.reporters, 'deadline'],
  thresholds: { ...whole.thresholds, break: whole.thresholds.break - MARGIN },
  // Of its own, so that `npm run mutate` may run beside it; Stryker leaves it behind when it is ended at the deadline.
  tempDirName: '.cache/mutation',
};
