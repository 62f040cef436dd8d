import { defineConfig } from 'vitest/config';

/** What needs a real Kubernetes API server; `npm run test:cluster` finds, fetches or builds one first. */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    globalSetup: ['test/cluster/global-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
