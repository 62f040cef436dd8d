import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need a Kubernetes control plane: npm run test:cluster.
    exclude: ['test/cluster/**'],
    testTimeout: 20_000,
    coverage: {
      provider: 'v8',
      include: ['lib/**', 'functions/**', 'cli/**'],
      reporter: ['text-summary', 'html'],
    },
  },
});
