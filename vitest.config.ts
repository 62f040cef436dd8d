import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need a Kubernetes control plane and an AWS emulator: npm run test:cluster, npm run test:deploy.
    exclude: ['test/cluster/**', 'test/deploy/**'],
    testTimeout: 20_000,
    coverage: {
      provider: 'v8',
      include: ['lib/**', 'functions/**', 'cli/**'],
      reporter: ['text-summary', 'html'],
    },
  },
});
