import { defineConfig } from 'vitest/config';

/** What needs a real Kubernetes API server; `npm run test:cluster` finds, fetches or builds one first. */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    globalSetup: ['test/cluster/global-setup.ts'],
    // A test file has its namespace, and leaves nothing in the process.
    isolate: false,
    // Against what hangs, never a measure of speed.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
