import { defineConfig } from 'vitest/config';

/**
 * The tests that mutation testing runs: the fast specifications of the pure part, against which every mutant is tried.
 * The simulated worlds are left out, since a mutant would wait for them a hundred times as long.
 */
export default defineConfig({
  test: {
    include: ['test/decide/**/*.test.ts', 'test/{plan,select,report,memory,reasons,scope}.test.ts'],
  },
});
