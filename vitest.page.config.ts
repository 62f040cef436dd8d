import { defineConfig } from 'vitest/config';

/** What needs a real browser; test/tools/page/browser/browser.ts finds one or takes the one from the npm registry. */
export default defineConfig({
  test: {
    include: ['test/tools/page/browser/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
