import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need a Kubernetes control plane, an AWS emulator, a browser: npm run test:cluster, test:deploy, test:page.
    exclude: ['test/cluster/**', 'test/deploy/**', 'test/tools/page/browser/**'],
    testTimeout: 20_000,
    coverage: {
      provider: 'v8',
      include: ['lib/**', 'functions/**', 'cli/**'],
      reporter: ['text-summary', 'html'],
    },
  },
});
