/** Mutation testing; docs/decisions/0005-mutation-testing.md says why these files and this limit. */

/** The core and the delivery, but for what holds only types; and what the report says of workspaces. */
export const mutate = [
  'lib/core/**/*.ts',
  '!lib/core/{ports,model/*}.ts',
  'lib/adapters/budget/{ledger,priority,state,throttle}.ts',
  'lib/adapters/http/**/*.ts',
  'lib/config/schedule-shadow.ts',
  'lib/text/workspace-lines.ts',
];

export default {
  mutate,
  // Downloaded programs, with links that the sandbox cannot copy; and what is built, maybe just now.
  ignorePatterns: ['.cache', 'dist', 'release'],
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.stryker.config.ts', related: false },
  coverageAnalysis: 'perTest',
  // Which of 2,800 tests reaches which of 8,600 mutants takes more memory than Node.js allows itself.
  testRunnerNodeArgs: ['--max-old-space-size=8192'],
  concurrency: 2,
  // A mutant of a module's constant runs every test of its file's readers: few mutants, and most of the time.
  ignoreStatic: true,
  // The whole suite takes a few seconds: whoever needs three more than that is in an endless loop.
  timeoutMS: 3000,
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { allowEmojis: false, logTests: false, reportTests: false },
  thresholds: { high: 100, low: 99, break: 99 },
  // Stryker would rewrite the paths in it with the compiler's JavaScript API, which TypeScript 7 no longer has;
  // nothing in the sandbox reads it.
  tsconfigFile: 'none',
  tempDirName: '.stryker-tmp',
};
