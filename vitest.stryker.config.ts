import { defineConfig } from 'vitest/config';

/**
 * The tests that mutation testing runs: the fast specifications of the pure part. The simulated worlds, the thousands
 * of comparisons with Atlassian's rule and the properties of every situation are left out: they find what nobody thought
 * of, but every mutant would wait for them.
 */
export default defineConfig({
  test: {
    include: [
      'test/decide/**/*.test.ts',
      'test/budget/{state,rule}.test.ts',
      'test/{plan,select,hash,report,memory,reasons}.test.ts',
      'test/schedule/{windows,bounds,shadow}.test.ts',
      'test/report-workspaces.test.ts',
      'test/observe/slots.test.ts',
    ],
    exclude: ['test/decide/atlassian.test.ts', 'test/decide/demand-properties.test.ts'],
  },
});
