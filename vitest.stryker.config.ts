import { defineConfig } from 'vitest/config';

/**
 * The tests that mutation testing runs: the fast specifications of what is mutated. Left out is what takes seconds (the
 * comparisons with Atlassian's rule, with a calendar and with a thousand groups, the properties of every situation, the
 * simulated worlds): it finds what nobody thought of, but every mutant would wait for it.
 */
export default defineConfig({
  test: {
    // Starting a worker for each file takes longer than its tests.
    isolate: false,
    // Against what hangs, never a measure of speed; a mutant without an end is Stryker's to stop.
    testTimeout: 600_000,
    include: [
      'test/core/**/*.test.ts',
      'test/adapters/{budget,http}/**/*.test.ts',
      // What strategies say of their parameters, and what windows hide from each other.
      'test/config/{strategies,problems,json-schema,schedule-shadow}.test.ts',
    ],
    exclude: [
      'test/adapters/budget/hours.test.ts',
      // The last of these builds a copy of the repository, which it cannot do in Stryker's.
      'test/core/decide/{atlassian,demand-properties,strategies/another}.test.ts',
      'test/core/observe/queue/thousand.test.ts',
      'test/core/schedule/rules.test.ts',
    ],
  },
});
