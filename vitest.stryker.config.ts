import { defineConfig } from 'vitest/config';

/**
 * The tests that mutation testing runs: the fast specifications of the pure part. The simulated worlds, the thousands
 * of comparisons with Atlassian's rule and the properties of every situation are left out: they find what nobody thought
 * of, but every mutant would wait for them.
 */
export default defineConfig({
  test: {
    include: [
      'test/core/decide/**/*.test.ts',
      'test/core/budget/{state,rule}.test.ts',
      'test/core/{plan,select,hash,report,memory,reasons}.test.ts',
      'test/core/schedule/{windows,bounds,shadow}.test.ts',
      'test/core/report-workspaces.test.ts',
      'test/core/observe/slots.test.ts',
    ],
    exclude: ['test/core/decide/atlassian.test.ts', 'test/core/decide/demand-properties.test.ts'],
  },
});
